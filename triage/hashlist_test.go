package triage_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

func TestParseHashes(t *testing.T) {
	a, b := strings.Repeat("0a", 32), strings.Repeat("0B", 32)
	got, err := triage.ParseHashes(triage.HashSHA256, []byte("\ufeffHash,label\r\n"+a+",\"Known, \"\"so\"\"\"\r\n\r\n"+b+"\n"))
	if err != nil || len(got) != 2 || got[0].Label != `Known, "so"` || got[1].Number != 2 || got[1].Hex() != strings.ToLower(b) || got[1].Label != "" {
		t.Errorf("%+v, %v", got, err)
	}
	for file, want := range map[string]string{
		"":                                 "no hash",
		"hash,label\n":                     "no hash",
		a + "\nfff\n":                      "Line 2: the first column is not SHA-256",
		a + "\n" + b + "\n\n" + a + "\n":   "Line 4 has the same hash as line 1",
		a + "\n" + strings.ToUpper(a):      "Line 2 has the same hash",
		a + ",x,y":                         "more than two columns",
		a + ",\"x\n":                       "Line 1 is not CSV",
		a + "," + strings.Repeat("x", 201): "more than 200",
		a + ",\" x\"":                      "spaces too many",
		a + ",x\u202ey":                    "invisible",
		a + ";x":                           "Line 1",
		a + "\nhash,label":                 "Line 2",
		"\xff":                             "UTF-8",
		strings.Repeat("\n", triage.MaxHashFile+1): "12 MiB",
	} {
		if got, err := triage.ParseHashes(triage.HashSHA256, []byte(file)); err == nil || got != nil || !strings.Contains(wordsOf(err), want) {
			t.Errorf("%.90q: %d entries, %v, want %q", file, len(got), wordsOf(err), want)
		}
	}
	many := strings.Repeat("x\n", 50)
	if _, err := triage.ParseHashes(triage.HashMD5, []byte(many)); strings.Count(wordsOf(err), "Line") != 10 {
		t.Errorf("of 50 bad lines it says %s", wordsOf(err))
	}
	var long strings.Builder
	for i := range triage.MaxHashes + 1 {
		fmt.Fprintf(&long, "%032x\n", i)
	}
	if _, err := triage.ParseHashes(triage.HashMD5, []byte(long.String())); !strings.Contains(wordsOf(err), "at most 100000") {
		t.Errorf("too many: %v", wordsOf(err))
	}
}

// wordsOf is all that an error tells people.
func wordsOf(err error) string {
	fe, _ := err.(triage.FieldErrors)
	var all []string
	for _, e := range fe {
		all = append(all, e.Msg)
	}
	return strings.Join(all, " | ")
}

// FuzzParseHashes holds that what is accepted reads the same when it is written out again, and that what is not says why.
func FuzzParseHashes(f *testing.F) {
	f.Add(0, []byte("hash,label\n"+strings.Repeat("0a", 32)+",x\n"))
	f.Add(1, []byte(strings.Repeat("0a", 16)))
	f.Add(2, []byte(strings.Repeat("0a", 32)+",\"a\nb\""))
	f.Fuzz(func(t *testing.T, n int, file []byte) {
		kind := triage.HashKinds[uint(n)%3]
		got, err := triage.ParseHashes(kind, file)
		if err != nil {
			if got != nil || wordsOf(err) == "" {
				t.Fatalf("%d entries and %v", len(got), err)
			}
			return
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		for _, e := range got {
			_ = w.Write([]string{e.Hex(), e.Label})
		}
		w.Flush()
		if again, err := triage.ParseHashes(kind, []byte(b.String())); err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("%+v became %+v, %v", got, again, err)
		}
	})
}

// importList has somebody import a list of one hash.
func (w *world) importList(who string, lane triage.Lane, kind triage.HashKind, hash string) triage.HashList {
	w.t.Helper()
	w.people["admin"] = triage.Actor{Account: w.people["ada"].Account, Name: "admin", Roles: account.Roles{account.Administrator}}
	l, err := w.ImportHashList(w.t.Context(), w.people[who], triage.NewHashList{Lane: lane, Source: "Partner", Label: "Known", Kind: kind, File: []byte(hash + ",Number 7\n")})
	w.ok(err)
	return l
}

func (w *world) listedAs(who string, c triage.CaseID) []triage.Listed {
	w.t.Helper()
	v, err := w.OpenCase(w.t.Context(), w.people[who], c)
	w.ok(err)
	return v.Exhibits[0].Listed
}

// TestHashList follows a list: what is there is matched by the job, what comes later on the way in, and it decides nothing.
func TestHashList(t *testing.T) {
	w := newWorld(t)
	clip := seen(1, 9, 0)
	clip.MD5 = triage.MD5{1, 2, 3}
	before := w.printed("hate", clip)
	far := clip.Frames[4].Hash
	far[0] ^= 1<<31 - 1 // 31 bits
	lists := []triage.HashList{
		w.importList("admin", triage.LaneGeneral, triage.HashPDQ, far.String()),
		w.importList("admin", triage.LaneGeneral, triage.HashMD5, "01020300000000000000000000000000"),
		w.importList("admin", triage.LaneGeneral, triage.HashSHA256, w.exhibitsOf(before.Case)[0].SHA256.String()),
	}
	if ls := w.listedAs("rui", before.Case); len(ls) != 0 {
		t.Errorf("before the job it is on %+v", ls)
	}
	for _, l := range lists {
		for range 2 { // a job may run twice
			w.ok(w.MatchList(t.Context(), triage.MatchList{List: l.ID}))
		}
	}
	ls := w.listedAs("rui", before.Case)
	if len(ls) != 3 || ls[0].Source != "Partner" || ls[0].Holds != "Known" || ls[0].Label != "Number 7" {
		t.Fatalf("it is on %+v", ls)
	}
	for _, m := range ls {
		if m.Kind == triage.HashPDQ && (m.Distance != 31 || m.At != 4*time.Second) {
			t.Errorf("the picture is %+v", m)
		}
	}
	after := w.printed("hate", clip)
	if ls := w.listedAs("rui", after.Case); len(ls) != 2 { // other bytes
		t.Errorf("what came later is on %+v", ls)
	}
	if c := w.caseOf(after.Case); c.State != triage.StateQueued || c.Lane != triage.LaneGeneral {
		t.Errorf("a match made it %+v", c)
	}
	v, err := w.OpenHashList(t.Context(), w.people["lena"], lists[0].ID)
	w.ok(err)
	if len(v.Matches) != 2 || v.Done != 1 || v.Change || !v.Cases {
		t.Errorf("the list's page has %+v", v)
	}
	if v, err = w.OpenHashList(t.Context(), w.people["admin"], lists[0].ID); err != nil || len(v.Matches) != 0 || v.Cases || !v.Change {
		t.Errorf("an administrator, who opens no case, is shown %+v, %v", v, err)
	}
	w.is(triage.ErrForbidden, w.RemoveHashList(t.Context(), w.people["lena"], lists[0].ID))
	w.ok(w.RemoveHashList(t.Context(), w.people["admin"], lists[0].ID))
	w.ok(w.MatchList(t.Context(), triage.MatchList{List: lists[0].ID})) // its job comes too late
	if ls := w.listedAs("rui", before.Case); len(ls) != 2 {
		t.Errorf("of a list that is gone there is %+v", ls)
	}
	if !has(w.acts(""), custody.HashListImported, custody.HashListRemoved) || !has(w.acts(before.Case), custody.ExhibitListed) {
		t.Error("it is not on record")
	}
	_, err = w.ImportHashList(t.Context(), w.people["admin"], triage.NewHashList{Kind: triage.HashMD5, File: []byte("x")})
	if err == nil || !strings.Contains(wordsOf(err), "Line 1") {
		t.Errorf("a bad list: %v", err)
	}
	_, err = w.ImportHashList(t.Context(), w.people["rui"], triage.NewHashList{})
	w.is(triage.ErrForbidden, err)
}

// TestHiddenHashList holds that a list of the child-safety lane does not exist without that lane: not as a list, a match, a hit of
// a search or an event, and that cases that somebody may still work on move there with their match.
func TestHiddenHashList(t *testing.T) {
	w := newWorld(t)
	sam := w.people["sam"]
	states := map[string]triage.Report{}
	for _, s := range []string{"queued", "held", "decided"} {
		states[s] = w.printed("hate", seen(1, 4, 0))
	}
	n := w.form("threat", w.upload())
	states["waiting"] = w.fileAs("host", n)
	w.prepare(states["waiting"], seen(1, 4, 0))
	_, err := w.Claim(t.Context(), w.people["rui"], states["held"].Case)
	w.ok(err)
	w.decideAs("robin", states["decided"])
	_, err = w.Claim(t.Context(), w.people["robin"], states["waiting"].Case)
	w.ok(err)
	proposed, err := w.Decide(t.Context(), w.people["robin"], states["waiting"].Case, w.finding(states["waiting"], triage.ActBan, 0))
	w.ok(err)
	hash := seen(1, 4, 0).Frames[2].Hash
	list := w.importList("sam", triage.LaneChildSafety, triage.HashPDQ, hash.String())
	w.ok(w.MatchList(t.Context(), triage.MatchList{List: list.ID}))
	later := w.printed("hate", seen(1, 4, 0))
	for what, r := range map[string]triage.Report{"queued": states["queued"], "held": states["held"], "decided": states["decided"], "waiting": states["waiting"], "later": later} {
		c := w.caseOf(r.Case)
		if c.Lane != triage.LaneChildSafety || c.State != triage.StateQueued || c.Priority != 100 || c.Claimant != "" {
			t.Errorf("%s: it is %+v", what, c)
		}
		if _, err := w.OpenCase(t.Context(), w.people["rui"], r.Case); err == nil {
			t.Errorf("%s: it is still there for a reviewer", what)
		}
		if ls := w.listedAs("cleo", r.Case); len(ls) != 1 {
			t.Errorf("%s: it is on %+v", what, ls)
		}
		if !has(w.acts(r.Case), custody.CaseMoved, custody.ExhibitListed) {
			t.Errorf("%s: it has %v", what, w.acts(r.Case))
		}
	}
	if v := w.view(states["decided"].Case); v.Decisions[0].State != triage.DecisionInForce || !has(w.acts(v.Case.ID), custody.CaseReopened) {
		t.Errorf("what was settled has %+v", v.Decisions)
	}
	if v := w.view(states["waiting"].Case); v.Decisions[0].State != triage.DecisionLapsed || !has(w.acts(v.Case.ID), custody.DecisionLapsed) {
		t.Errorf("what waited has %+v", v.Decisions)
	}
	if err := w.Answer(t.Context(), sam, states["waiting"].Case, proposed.ID, true, ""); err == nil {
		t.Error("what lapsed can be approved")
	}
	for _, who := range []string{"rui", "lena", "lior", "admin", "ada", "host"} {
		if ls, _, err := w.HashLists(t.Context(), w.people[who]); len(ls) != 0 {
			t.Errorf("%s is listed %+v, %v", who, ls, err)
		}
		if _, err := w.OpenHashList(t.Context(), w.people[who], list.ID); err == nil {
			t.Errorf("%s opens it", who)
		}
		if err := w.RemoveHashList(t.Context(), w.people[who], list.ID); err == nil {
			t.Errorf("%s removes it", who)
		}
		if f, err := w.Find(t.Context(), w.people[who], triage.FindAsk{Text: hash.String(), Limit: 20}); err == nil && (len(f.Lists) > 0 || len(f.Rows) > 1) {
			t.Errorf("%s finds %+v", who, f)
		}
	}
	w.is(triage.ErrNotFound, w.RemoveHashList(t.Context(), w.people["admin"], list.ID)) // as if it were not there
	_, err = w.ImportHashList(t.Context(), w.people["admin"], triage.NewHashList{Lane: triage.LaneChildSafety, Source: "Partner", Label: "Known", Kind: triage.HashMD5,
		File: []byte(strings.Repeat("00", 16))})
	w.is(triage.ErrInvalid, err)
	f, err := w.Find(t.Context(), sam, triage.FindAsk{Text: hash.String(), Limit: 20})
	if err != nil || len(f.Lists) != 1 || len(f.Rows) != 5 {
		t.Errorf("who has the lane finds %d lists and %d cases, %v", len(f.Lists), len(f.Rows), err)
	}
	v, err := w.OpenHashList(t.Context(), w.people["cleo"], list.ID)
	if err != nil || len(v.Matches) != 5 || !v.Change {
		t.Errorf("by that role alone one sees %+v, %v", v.Matches, err)
	}
	w.importList("cleo", triage.LaneChildSafety, triage.HashMD5, strings.Repeat("01", 16))
	_, err = w.ImportHashList(t.Context(), w.people["cleo"], triage.NewHashList{Lane: triage.LaneGeneral, Source: "Partner", Label: "Known", Kind: triage.HashMD5,
		File: []byte(strings.Repeat("00", 16))})
	w.is(triage.ErrInvalid, err) // their lane only
}

// TestMatchListGoesOn holds that a job that died begins where it stopped, and that hashes of another list's are none of its.
func TestMatchListGoesOn(t *testing.T) {
	w := newWorld(t)
	r := w.printed("hate", seen(1, 4, 0))
	var file strings.Builder
	for i := range 250 {
		h := pdq.Hash{uint64(i) << 32, 0xffff, uint64(i)}
		if i == 240 {
			h = seen(1, 4, 0).Frames[0].Hash
		}
		fmt.Fprintln(&file, h)
	}
	w.importList("admin", triage.LaneGeneral, triage.HashMD5, strings.Repeat("02", 16))
	l, err := w.ImportHashList(t.Context(), w.people["admin"], triage.NewHashList{Lane: triage.LaneGeneral, Source: "S", Label: "L", Kind: triage.HashPDQ, File: []byte(file.String())})
	w.ok(err)
	w.store.FailNext("PutMatch", false)
	if err := w.MatchList(t.Context(), triage.MatchList{List: l.ID}); err == nil {
		t.Fatal("it did not fail")
	}
	w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
		now, err := tx.HashList(context.Background(), l.ID)
		if now.Done != 200 {
			t.Errorf("%d were done", now.Done)
		}
		return err
	}))
	w.ok(w.MatchList(t.Context(), triage.MatchList{List: l.ID}))
	if ls := w.listedAs("rui", r.Case); len(ls) != 1 || ls[0].Entry != 241 {
		t.Errorf("it is on %+v", ls)
	}
}
