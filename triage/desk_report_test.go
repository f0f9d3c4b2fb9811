package triage_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// reports lists one's own reports.
func (w *world) reports(who string) []triage.ReportView {
	w.t.Helper()
	vs, err := w.MyReports(w.t.Context(), w.people[who], triage.ReportCursor{}, 100)
	w.ok(err)
	return vs
}

func TestObjectsAwayFilesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.form("hate", w.upload())
	w.away = true
	_, err := w.FileReport(t.Context(), w.people["host"], n)
	w.is(triage.ErrUnavailable, err)
	if len(w.reports("host")) > 0 || len(w.store.Jobs()) > 0 {
		t.Error("a report exists whose clip is not locked")
	}
	w.away = false
	r, err := w.FileReport(t.Context(), w.people["host"], n)
	if w.ok(err); len(r.Receipt) == 0 {
		t.Error("no receipt")
	}
}

// TestFormSentByManyAtOnce sends one form from many windows at once; over PostgreSQL the transactions really overlap.
func TestFormSentByManyAtOnce(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*world{"memory": newWorld(t), "PostgreSQL": overPostgres(t)} {
		n := w.form("hate", w.upload(), w.upload())
		ids := make([]triage.ReportID, 8)
		receipts := make([][]byte, len(ids))
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				form := n
				form.People = slices.Clone(n.People)
				r, err := w.FileReport(t.Context(), w.people["host"], form)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				ids[i], receipts[i] = r.ID, r.Receipt
			})
		}
		wg.Wait()
		vs := w.reports("host")
		if len(vs) != 1 || len(vs[0].Exhibits) != 2 {
			t.Fatalf("%s: %d reports", name, len(vs))
		}
		for i := range ids {
			if ids[i] != vs[0].Report.ID || !bytes.Equal(receipts[i], vs[0].Report.Receipt) {
				t.Errorf("%s: window %d got another receipt", name, i)
			}
		}
	}
}

// TestOneClipForTwoReports attaches one clip to two forms at once: one of them gets it.
func TestOneClipForTwoReports(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	for range rounds {
		x := w.upload()
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			n := w.form("hate", x)
			wg.Go(func() { _, errs[i] = w.FileReport(t.Context(), w.people["host"], n) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v and %v", errs[0], errs[1])
		}
	}
}

func TestOneKeyOfTwoPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.form("hate")
	mine, err := w.FileReport(t.Context(), w.people["host"], n)
	w.ok(err)
	n.People = []triage.Person{{Name: "Somebody"}}
	theirs, err := w.FileReport(t.Context(), w.people["rui"], n)
	if w.ok(err); theirs.ID == mine.ID || theirs.Reporter == mine.Reporter {
		t.Errorf("a guessed key gave away %s", mine.ID)
	}
}

func TestUploadsThatCannotBeAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*triage.Upload){
		"of somebody else": func(u *triage.Upload) { u.Owner = w.people["rui"].Account },
		"open":             func(u *triage.Upload) { u.State = triage.UploadOpen },
		"refused":          func(u *triage.Upload) { u.State = triage.UploadRefused },
		"cancelled":        func(u *triage.Upload) { u.State = triage.UploadCancelled },
		"expired":          func(u *triage.Upload) { u.State = triage.UploadExpired },
	} {
		u := triage.Upload{ID: triage.UploadID(triage.NewID("U")), Owner: w.people["host"].Account, Name: "x", Size: 1, State: triage.UploadSealed}
		change(&u)
		w.ok(w.Store.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertUpload(t.Context(), u) }))
		_, err := w.FileReport(t.Context(), w.people["host"], w.form("hate", u.ID))
		var fe triage.FieldErrors
		if !errors.As(err, &fe) || fe[0].Field != "clips" {
			t.Errorf("%s: %v", name, err)
		}
		r := w.file("hate")
		if _, err := w.AddToReport(t.Context(), w.people["host"], r.ID, "more", []triage.UploadID{u.ID}); !errors.Is(err, triage.ErrInvalid) {
			t.Errorf("%s, added: %v", name, err)
		}
	}
	if slices.Contains(w.calls, "retain") {
		t.Error("a clip that could not be attached was locked")
	}
}

func TestMeetingsAndTheirPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host, mallory := w.people["host"], w.people["mallory"]
	mine, err := w.AddMeeting(t.Context(), triage.Meeting{Org: host.Org, Host: host.Account, Title: "Choir", Mode: triage.ModeE2EE, Started: w.now},
		[]triage.Attendee{{Name: "Guest"}, {Name: "Mallory", Account: mallory.Account}, {Name: "Host", Account: host.Account}})
	w.ok(err)
	theirs, err := w.AddMeeting(t.Context(), triage.Meeting{Org: host.Org, Host: mallory.Account, Title: "Theirs", Started: w.now}, nil)
	w.ok(err)
	try := func(m triage.MeetingID, p triage.Person) (triage.Report, error) {
		n := w.form("hate")
		n.Meeting, n.People = m, []triage.Person{p}
		return w.FileReport(t.Context(), host, n)
	}
	r, err := try(mine.ID, triage.Person{Name: "Mallory", Account: mallory.Account})
	if w.ok(err); r.People[0].Account != mallory.Account || r.MeetingName != "Choir" || r.MeetingMode != triage.ModeE2EE {
		t.Errorf("%+v", r)
	}
	for name, c := range map[string]struct {
		field string
		m     triage.MeetingID
		p     triage.Person
	}{
		"another host's meeting":     {"meeting", theirs.ID, triage.Person{Name: "Mallory"}},
		"no meeting of that number":  {"meeting", "M-ZZZZZ-ZZZZZ", triage.Person{Name: "Mallory"}},
		"an account not in it":       {"people", mine.ID, triage.Person{Name: "Rui", Account: w.people["rui"].Account}},
		"an account without one":     {"people", "", triage.Person{Name: "Rui", Account: w.people["rui"].Account}},
		"no such account":            {"people", mine.ID, triage.Person{Name: "X", Account: "A-00000-00000"}},
		"oneself, by account":        {"people", mine.ID, triage.Person{Name: "X", Account: host.Account}},
		"oneself, by e-mail":         {"people", "", triage.Person{Name: "X", Identifier: "host@test.example"}},
		"oneself, in other letters":  {"people", "", triage.Person{Name: "X", Identifier: " HOST@Test.Example\u200b "}},
		"oneself, as somebody known": {"people", mine.ID, triage.Person{Name: "Mallory", Identifier: "Host@test.example"}},
	} {
		_, err := try(c.m, c.p)
		var fe triage.FieldErrors
		if !errors.As(err, &fe) || fe[0].Field != c.field {
			t.Errorf("%s: %v, want an error on %s", name, err, c.field)
		}
	}
}

// TestFileReportInDoubt loses every commit of the filing, once with and once without its effect; the host sends the form
// again, and has one report with one receipt and one of everything.
func TestFileReportInDoubt(t *testing.T) {
	t.Parallel()
	for _, persists := range []bool{true, false} {
		w := newWorld(t)
		n := w.form("hate", w.upload())
		w.store.FailNext("InsertReport", persists)
		first, err := w.FileReport(t.Context(), w.people["host"], n)
		if persists != (err == nil) {
			t.Fatalf("persists %v: %v", persists, err)
		}
		again, err := w.FileReport(t.Context(), w.people["host"], n)
		if w.ok(err); persists && (again.ID != first.ID || !bytes.Equal(again.Receipt, first.Receipt)) {
			t.Errorf("two receipts: %s, %s", first.ID, again.ID)
		}
		if vs := w.reports("host"); len(vs) != 1 || len(vs[0].Exhibits) != 1 {
			t.Errorf("persists %v: %d reports", persists, len(vs))
		}
		mail, err := w.MyMail(t.Context(), w.people["host"])
		if w.ok(err); len(mail) != 1 {
			t.Errorf("persists %v: %d messages", persists, len(mail))
		}
		w.logs(again.Case, custody.ReportSubmitted, custody.CaseOpened, custody.ExhibitSealed)
	}
}

// TestRepeatedRequests sends again what got no answer although it was done: nothing is doubled.
func TestRepeatedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, x := w.file("hate"), w.upload()
	host, rui := w.people["host"], w.people["rui"]
	twice := func(what string, f func() error) {
		t.Helper()
		w.store.FailNext("Log", true)
		w.is(triage.ErrUnavailable, f())
		if err := f(); err != nil {
			t.Errorf("%s, sent again: %v", what, err)
		}
	}
	twice("words", func() error { return second(w.AddToReport(t.Context(), host, r.ID, "more", nil)) })
	twice("a clip", func() error {
		return second(w.AddToReport(t.Context(), host, r.ID, "more", []triage.UploadID{x}))
	})
	twice("a note", func() error { return w.AddNote(t.Context(), rui, r.Case, "I know this one") })
	v, err := w.OpenCase(t.Context(), rui, r.Case)
	if w.ok(err); len(v.Reports[0].Additions) != 2 || len(v.Notes) != 1 || len(v.Exhibits) != 1 {
		t.Errorf("%d additions, %d notes, %d exhibits", len(v.Reports[0].Additions), len(v.Notes), len(v.Exhibits))
	}
	w.now = w.now.Add(time.Hour) // by now it is meant
	w.ok(second(w.AddToReport(t.Context(), host, r.ID, "more", nil)))
	w.ok(w.AddNote(t.Context(), rui, r.Case, "I know this one"))
	w.ok(w.AddNote(t.Context(), w.people["robin"], r.Case, "I know this one"))
	v, err = w.OpenCase(t.Context(), rui, r.Case)
	if w.ok(err); len(v.Reports[0].Additions) != 3 || len(v.Notes) != 3 {
		t.Errorf("%d additions, %d notes", len(v.Reports[0].Additions), len(v.Notes))
	}
}

func TestAdditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := w.people["host"]
	r, err := w.FileReport(t.Context(), host, w.form("hate", w.upload()))
	w.ok(err)
	w.calls = nil
	more, err := w.AddToReport(t.Context(), host, r.ID, "one more", []triage.UploadID{w.upload(), w.upload()})
	w.ok(err)
	if !slices.Equal(w.calls, []string{"retain", "retain", "sync"}) || len(more.Additions[0].Receipt) == 0 {
		t.Errorf("%v, receipt %q", w.calls, more.Additions[0].Receipt)
	}
	v, err := w.OpenCase(t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	for i, x := range v.Exhibits {
		if x.Number != i+1 {
			t.Errorf("exhibit %d has number %d", i+1, x.Number)
		}
	}
	for name, err := range map[string]error{
		"nothing":        second(w.AddToReport(t.Context(), host, r.ID, " \u200b", nil)),
		"too many words": second(w.AddToReport(t.Context(), host, r.ID, strings.Repeat("x", triage.MaxNote+1), nil)),
	} {
		if !errors.Is(err, triage.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.is(triage.ErrNotFound, w.WithdrawReport(t.Context(), w.people["mallory"], r.ID))
	w.is(triage.ErrNotFound, second(w.MyReport(t.Context(), w.people["mallory"], r.ID)))
	for i := range 60 {
		if _, err = w.AddToReport(t.Context(), host, r.ID, strings.Repeat("x", i+1), nil); err != nil {
			break
		}
	}
	w.is(triage.ErrInvalid, err) // there is an end to it
}

// TestAddedClipOfAQueuedCase adds a clip after the case was queued: the case does not move, the clip is prepared.
func TestAddedClipOfAQueuedCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.file("hate")
	more, err := w.AddToReport(t.Context(), w.people["host"], r.ID, "", []triage.UploadID{w.upload()})
	w.ok(err)
	x := more.Additions[0].Exhibits[0]
	for range 2 {
		_, done, err := w.BeginPreparing(t.Context(), x)
		if w.ok(err); done || w.state(r.Case) != triage.StateQueued {
			t.Errorf("done %v, %s", done, w.state(r.Case))
		}
	}
	for range 2 {
		w.ok(w.FinishPreparing(t.Context(), x, triage.Prepared{Failed: true, Why: "It is empty."}))
	}
	if w.state(r.Case) != triage.StateQueued {
		t.Errorf("%s", w.state(r.Case))
	}
	w.logs(r.Case, custody.ReportSubmitted, custody.CaseOpened, custody.ExhibitSealed, custody.ReportAmended, custody.ExhibitFailed)
	_, err = w.Claim(t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), w.people["rui"], r.Case, w.finding(r, triage.ActNone, 0))
	w.ok(err)
	for range 2 { // of a decided case too, and once
		_, err = w.RetryExhibit(t.Context(), w.people["rui"], x)
	}
	w.is(triage.ErrConflict, err)
	_, done, err := w.BeginPreparing(t.Context(), x)
	w.ok(err)
	w.ok(w.FinishPreparing(t.Context(), x, triage.Prepared{Probe: triage.Probe{Container: "webm"}}))
	if done || w.state(r.Case) != triage.StateDecided {
		t.Errorf("done %v, %s", done, w.state(r.Case))
	}
}

// TestWhatAReporterSees shows the outcome without its reasons, and nothing of who worked on it.
func TestWhatAReporterSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.decided(triage.ActWarn, 0)
	v, err := w.MyReport(t.Context(), w.people["host"], r.ID)
	w.ok(err)
	if v.Open || len(v.Outcome) != 1 || v.Outcome[0].Action != triage.ActWarn || v.Outcome[0].Reasons != "" {
		t.Errorf("%+v", v)
	}
	mail, err := w.MyMail(t.Context(), w.people["mallory"])
	w.ok(err)
	for _, secret := range []string{"rui", "host", string(r.Case), string(r.ID), string(w.people["host"].Account)} {
		if len(mail) != 1 || strings.Contains(strings.ReplaceAll(mail[0].Body, "from a host", ""), secret) {
			t.Errorf("the reported person is told of %q: %+v", secret, mail)
		}
	}
	mail, err = w.MyMail(t.Context(), w.people["host"])
	w.ok(err)
	for _, m := range mail {
		if len(mail) != 2 || strings.Contains(m.Body, "These are the reasons") || strings.Contains(m.Body, "rui") {
			t.Errorf("the reporter is told %q", m.Body)
		}
	}
}

// TestOneReportOf25People files and decides the largest report there can be, in the longest letters.
func TestOneReportOf25People(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.form("hate")
	n.People, n.Words, n.MeetingName = nil, strings.Repeat("𝔚", triage.MaxWords), strings.Repeat("𝔗", triage.MaxTitle)
	for i := range triage.MaxPeople {
		n.People = append(n.People, triage.Person{Name: strings.Repeat("𝔐", triage.MaxName-1) + string(rune('A'+i)), Identifier: strings.Repeat("𝔦", 254)})
	}
	acc, err := w.AddAccount(t.Context(), account.System, "Known", "known@test.example", w.people["host"].Org, nil)
	w.ok(err)
	n.People[3].Identifier = "known@test.example"
	r, err := w.FileReport(t.Context(), w.people["host"], n)
	w.ok(err)
	_, err = w.Claim(t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	var fs []triage.Finding
	for _, p := range r.People {
		fs = append(fs, triage.Finding{Person: p.ID, Policy: "intimate-imagery", Severity: triage.SeverityCritical, Action: triage.ActRefer, Reasons: strings.Repeat("\"𝔯", triage.MaxReasons/2)})
	}
	fs[3].Action = triage.ActBan
	dec, err := w.Decide(t.Context(), w.people["rui"], r.Case, fs)
	w.ok(err)
	w.ok(w.Answer(t.Context(), w.people["lena"], r.Case, dec.ID, true, strings.Repeat("𝔴", triage.MaxNote)))
	_, err = w.ActorOf(t.Context(), acc.ID)
	w.is(triage.ErrForbidden, err)
	want := []custody.Act{custody.ReportSubmitted, custody.CaseOpened, custody.CaseClaimed, custody.ActSigned, custody.DecisionMade}
	want = append(want, slices.Repeat([]custody.Act{custody.DecisionFinding}, triage.MaxPeople)...)
	w.logs(r.Case, append(want, custody.ActSigned, custody.DecisionApproved, custody.EnforcementStarted)...)
}

// TestAnotherFormUnderOneKey sends a second, different report with the key of the first: it is neither acknowledged nor
// lost, however it differs, and is filed under a key of its own.
func TestAnotherFormUnderOneKey(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*world{"memory": newWorld(t), "PostgreSQL": overPostgres(t)} {
		n := w.form("hate", w.upload())
		first, err := w.FileReport(t.Context(), w.people["host"], n)
		w.ok(err)
		x := w.upload()
		for what, change := range map[string]func(*triage.NewReport){
			"words":    func(n *triage.NewReport) { n.Words = "Something else." },
			"a clip":   func(n *triage.NewReport) { n.Uploads = []triage.UploadID{x} },
			"no clip":  func(n *triage.NewReport) { n.Uploads = nil },
			"a person": func(n *triage.NewReport) { n.People = []triage.Person{{Name: "Trudy"}} },
			"policy":   func(n *triage.NewReport) { n.Policy = "threat" },
			"time":     func(n *triage.NewReport) { n.Occurred = n.Occurred.Add(-time.Minute) },
			"meeting":  func(n *triage.NewReport) { n.MeetingName = "Book club" },
		} {
			other := n
			change(&other)
			_, err := w.FileReport(t.Context(), w.people["host"], other)
			var fe triage.FieldErrors
			if !errors.As(err, &fe) || fe[0].Field != "key" || !strings.Contains(fe[0].Msg, string(first.ID)) {
				t.Errorf("%s, other %s: %v", name, what, err)
			}
		}
		if vs := w.reports("host"); len(vs) != 1 {
			t.Errorf("%s: %d reports", name, len(vs))
		}
		other := w.form("threat", x)
		r, err := w.FileReport(t.Context(), w.people["host"], other)
		if w.ok(err); r.ID == first.ID {
			t.Errorf("%s: under its own key it is the first report still", name)
		}
		again, err := w.FileReport(t.Context(), w.people["host"], n)
		if w.ok(err); again.ID != first.ID {
			t.Errorf("%s: the first form is %s now", name, again.ID)
		}
	}
}
