package triage_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

// again files a report with a clip whose bytes were sealed before.
func (w *world) again(policy triage.PolicyID, person string) triage.Report {
	w.t.Helper()
	w.clips--
	n := w.form(policy, w.upload())
	n.MeetingName, n.People = "Another choir", []triage.Person{{Name: person}}
	return w.fileAs("host", n)
}

// TestKnownClip holds that a clip whose bytes were decided before is known as such, to those who may know of that case.
func TestKnownClip(t *testing.T) {
	w := newWorld(t)
	first := w.settled("hate", "rui")
	again := w.again("hate", "Somebody else")
	known := func(who string, c triage.CaseID) []triage.Known {
		t.Helper()
		v, err := w.OpenCase(t.Context(), w.people[who], c)
		w.ok(err)
		return v.Exhibits[0].Known
	}
	ks := known("rui", again.Case)
	if len(ks) != 1 || ks[0].Case != first.Case || len(ks[0].Finding) != 1 || ks[0].Finding[0].Action != triage.ActRefer {
		t.Fatalf("known as %+v", ks)
	}
	if ks := known("rui", first.Case); len(ks) != 0 {
		t.Errorf("what is not decided makes it known: %+v", ks)
	}
	hidden := w.again("csam", "Somebody hidden")
	if ks := known("cleo", hidden.Case); len(ks) != 0 {
		t.Errorf("who may not read the other case is told %+v", ks)
	}
	if ks := known("sam", hidden.Case); len(ks) != 1 {
		t.Errorf("who may read both is told %+v", ks)
	}
	if ks := known("rui", again.Case); len(ks) != 1 {
		t.Errorf("beside a hidden case it is known as %+v", ks)
	}
}

// TestKnownBehindOthers holds that a decided clip is found behind as many as a page shows that are not decided, or not to be seen.
func TestKnownBehindOthers(t *testing.T) {
	w := newWorld(t)
	first := w.settled("hate", "rui")
	for range 6 {
		w.now = w.now.Add(time.Minute)
		w.again("hate", "Somebody else")
	}
	last := w.again("hate", "Somebody else")
	v, err := w.OpenCase(t.Context(), w.people["rui"], last.Case)
	w.ok(err)
	if ks := v.Exhibits[0].Known; len(ks) != 1 || ks[0].Case != first.Case || !ks[0].Same {
		t.Errorf("known as %+v", ks)
	}
}

// seen is a clip of as many seconds, each with a picture of its own; changed of them are others than in any other clip.
func seen(seed uint64, seconds, changed int) (p triage.Print) {
	for i := range seconds {
		from := seed
		if i < changed {
			from = seed + 1<<40 + uint64(seconds)<<20
		}
		r := rand.New(rand.NewPCG(from, uint64(i)))
		p.Frames = append(p.Frames, triage.Frame{At: time.Duration(i) * time.Second, Hash: pdq.Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}, Quality: 80})
	}
	return p
}

// printed files a report with a clip that looks so, and does what the jobs do.
func (w *world) printed(policy triage.PolicyID, p triage.Print) triage.Report {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	n := w.form(policy, w.upload())
	n.MeetingName, n.People = "Choir of "+w.now.String(), []triage.Person{{Name: "Somebody " + w.now.String()}}
	r := w.fileAs("host", n)
	w.prepare(r, p)
	return r
}

func (w *world) prepare(r triage.Report, p triage.Print) {
	w.t.Helper()
	for _, x := range w.exhibitsOf(r.Case) {
		_, done, err := w.BeginPreparing(w.t.Context(), x.ID)
		w.ok(err)
		if done {
			continue
		}
		w.ok(w.FinishPreparing(w.t.Context(), x.ID, triage.Prepared{Print: &p, Trust: triage.TrustUnverified}))
		w.ok(w.MatchExhibit(w.t.Context(), triage.MatchExhibit{Exhibit: x.ID}))
	}
}

func (w *world) exhibitsOf(c triage.CaseID) (xs []triage.Exhibit) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) (err error) {
		xs, err = tx.ExhibitsOf(w.t.Context(), c)
		return err
	}))
	return xs
}

// TestNearClip holds that a clip of which at least 80 % of the pictures are those of a decided one is known as near it, both ways
// round, and to nobody who may not know of that case; blank pictures, which have no hash, match nothing.
func TestNearClip(t *testing.T) {
	w := newWorld(t)
	old := w.printed("hate", seen(1, 20, 0))
	w.decideAs("rui", old)
	known := func(who string, r triage.Report) []triage.Known {
		t.Helper()
		v, err := w.OpenCase(t.Context(), w.people[who], r.Case)
		w.ok(err)
		return v.Exhibits[0].Known
	}
	near := w.printed("hate", seen(1, 20, 3))
	if ks := known("rui", near); len(ks) != 1 || ks[0].Case != old.Case || ks[0].Share != 85 || ks[0].Same || len(ks[0].Finding) != 1 {
		t.Errorf("near it is %+v", ks)
	}
	for what, p := range map[string]triage.Print{"too many others": seen(1, 20, 5), "a short piece": seen(1, 15, 0), "another": seen(9, 20, 0), "blank": {}, "blank as well": {}} {
		if ks := known("rui", w.printed("hate", p)); len(ks) != 0 {
			t.Errorf("%s is known as %+v", what, ks)
		}
	}
	hidden := w.printed("csam", seen(1, 20, 1))
	if ks := known("cleo", hidden); len(ks) != 0 {
		t.Errorf("who may not read the other case is told %+v", ks)
	}
	if ks := known("sam", hidden); len(ks) != 1 || ks[0].Share != 95 {
		t.Errorf("who may read both is told %+v", ks)
	}
}

func (w *world) decideAs(who string, r triage.Report) {
	w.t.Helper()
	_, err := w.Claim(w.t.Context(), w.people[who], r.Case)
	w.ok(err)
	_, err = w.Decide(w.t.Context(), w.people[who], r.Case, w.finding(r, triage.ActRefer, 0))
	w.ok(err)
}
