package triage_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func TestFileReportLocksBeforeItCommits(t *testing.T) {
	w := newWorld(t)
	boom := errors.New("the transaction failed")
	w.store.FailNext("InsertReport", false)
	n := w.form("hate", w.upload())
	if _, err := w.FileReport(t.Context(), w.people["host"], n); err == nil {
		t.Fatal(boom)
	}
	if got := w.calls; !slices.Equal(got, []string{"retain", "sync"}) {
		t.Errorf("before the commit: %v", got)
	}
	r, err := w.FileReport(t.Context(), w.people["host"], n) // the same form again
	w.ok(err)
	if !has(w.acts(r.Case), custody.ReportSubmitted, custody.CaseOpened, custody.ExhibitSealed) {
		t.Errorf("events: %v", w.acts(r.Case))
	}
	again, err := w.FileReport(t.Context(), w.people["host"], n)
	if w.ok(err); again.ID != r.ID {
		t.Errorf("the same form filed %s and %s", r.ID, again.ID)
	}
	if len(r.Receipt) == 0 || w.state(r.Case) != triage.StateReceived {
		t.Errorf("receipt %q, state %s", r.Receipt, w.state(r.Case))
	}
}

func TestFileReportThatCommittedUnseen(t *testing.T) {
	w := newWorld(t)
	n := w.form("hate", w.upload())
	w.store.FailNext("InsertReport", true)
	r, err := w.FileReport(t.Context(), w.people["host"], n)
	if err != nil { // nothing was acknowledged; the host sends the form again
		r, err = w.FileReport(t.Context(), w.people["host"], n)
	}
	w.ok(err)
	rs, err := w.MyReports(t.Context(), w.people["host"], triage.ReportCursor{}, 10)
	if w.ok(err); len(rs) != 1 || rs[0].Report.ID != r.ID {
		t.Errorf("%d reports", len(rs))
	}
}

func TestFileReportRefuses(t *testing.T) {
	w := newWorld(t)
	taken := w.upload()
	_, err := w.FileReport(t.Context(), w.people["host"], w.form("hate", taken))
	w.ok(err)
	twice := w.upload()
	for name, n := range map[string]triage.NewReport{
		"a clip of another report": w.form("hate", taken),
		"a clip twice":             w.form("hate", twice, twice),
		"no such clip":             w.form("hate", "U-00000-00000"),
		"oneself": func() triage.NewReport {
			n := w.form("hate")
			n.People[0].Identifier = "host@test.example"
			return n
		}(),
		"an account out of the air": func() triage.NewReport {
			n := w.form("hate")
			n.People[0].Account = w.people["rui"].Account
			return n
		}(),
		"a meeting of nobody": func() triage.NewReport {
			n := w.form("hate")
			n.Meeting = "M-00000-00000"
			return n
		}(),
	} {
		if _, err := w.FileReport(t.Context(), w.people["host"], n); !errors.Is(err, triage.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddAndWithdrawUntilDecided(t *testing.T) {
	w := newWorld(t)
	r := w.file("hate")
	_, err := w.AddToReport(t.Context(), w.people["host"], r.ID, "more", nil)
	w.ok(err)
	_, err = w.AddToReport(t.Context(), w.people["mallory"], r.ID, "more", nil)
	w.is(triage.ErrNotFound, err)
	r, _ = w.decided(triage.ActWarn, 0)
	_, err = w.AddToReport(t.Context(), w.people["host"], r.ID, "more", nil)
	w.is(triage.ErrConflict, err)
	w.ok(w.Reopen(t.Context(), w.people["lena"], r.Case, "look again"))
	w.is(triage.ErrConflict, w.WithdrawReport(t.Context(), w.people["host"], r.ID)) // a decision is in force still
	r = w.file("hate")
	w.ok(w.WithdrawReport(t.Context(), w.people["host"], r.ID))
	w.is(triage.ErrConflict, w.WithdrawReport(t.Context(), w.people["host"], r.ID))
}

func TestClaims(t *testing.T) {
	w := newWorld(t)
	r := w.file("hate")
	rui, robin := w.people["rui"], w.people["robin"]
	_, err := w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	_, err = w.Claim(t.Context(), robin, r.Case)
	w.is(triage.ErrConflict, err)
	_, err = w.ClaimNext(t.Context(), robin)
	w.is(triage.ErrNotFound, err)
	w.now = w.now.Add(triage.LeaseTime - time.Second)
	_, err = w.Renew(t.Context(), rui, r.Case)
	w.ok(err)
	w.now = w.now.Add(triage.LeaseTime)
	_, err = w.Claim(t.Context(), robin, r.Case) // it ran out
	w.ok(err)
	_, err = w.Renew(t.Context(), rui, r.Case)
	w.is(triage.ErrConflict, err)
	_, err = w.Decide(t.Context(), rui, r.Case, w.finding(r, triage.ActWarn, 0))
	w.is(triage.ErrConflict, err)
	w.ok(w.Skip(t.Context(), robin, r.Case))
	_, err = w.ClaimNext(t.Context(), robin)
	w.is(triage.ErrNotFound, err)
	_, err = w.ClaimNext(t.Context(), rui)
	w.ok(err)
	w.ok(w.Release(t.Context(), rui, r.Case))
	w.ok(w.Release(t.Context(), rui, r.Case))
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	w.now = w.now.Add(2 * triage.LeaseTime)
	w.ok(w.Sweep(t.Context()))
	if w.state(r.Case) != triage.StateQueued || !has(w.acts(r.Case), custody.CaseLeaseExpired, custody.CaseSkipped, custody.CaseReleased) {
		t.Errorf("state %s, events %v", w.state(r.Case), w.acts(r.Case))
	}
}

func TestSevereDecisionsNeedTwo(t *testing.T) {
	w := newWorld(t)
	r, d := w.decided(triage.ActBan, 0)
	if w.state(r.Case) != triage.StateAwaiting || d.State != triage.DecisionProposed {
		t.Fatalf("%s, %s", w.state(r.Case), d.State)
	}
	_, err := w.ActorOf(t.Context(), w.people["mallory"].Account)
	w.ok(err) // nothing has been done yet
	w.is(triage.ErrForbidden, w.Answer(t.Context(), w.people["rui"], r.Case, d.ID, true, ""))
	w.is(triage.ErrInvalid, w.Answer(t.Context(), w.people["lena"], r.Case, d.ID, false, "no"))
	w.ok(w.Answer(t.Context(), w.people["lena"], r.Case, d.ID, true, ""))
	w.is(triage.ErrConflict, w.Answer(t.Context(), w.people["lena"], r.Case, d.ID, false, "on second thoughts"))
	_, err = w.ActorOf(t.Context(), w.people["mallory"].Account)
	w.is(triage.ErrForbidden, err)
	if !has(w.acts(r.Case), custody.DecisionMade, custody.DecisionApproved, custody.EnforcementStarted) {
		t.Errorf("events %v", w.acts(r.Case))
	}
	// A change is a new decision: the ban ends.
	w.ok(w.Reopen(t.Context(), w.people["lena"], r.Case, "the account was somebody else's"))
	_, err = w.Claim(t.Context(), w.people["robin"], r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), w.people["robin"], r.Case, w.finding(r, triage.ActNone, 0))
	w.ok(err)
	_, err = w.ActorOf(t.Context(), w.people["mallory"].Account)
	w.ok(err)
}

func TestSuspensionEndsByItself(t *testing.T) {
	w := newWorld(t)
	w.decided(triage.ActSuspend, triage.SevereSuspend) // one person may
	_, err := w.ActorOf(t.Context(), w.people["mallory"].Account)
	w.is(triage.ErrForbidden, err)
	w.now = w.now.Add(triage.SevereSuspend * 24 * time.Hour)
	_, err = w.ActorOf(t.Context(), w.people["mallory"].Account)
	w.ok(err)
	if _, d := w.decided(triage.ActSuspend, triage.SevereSuspend+1); d.State != triage.DecisionProposed {
		t.Errorf("a day more is %s", d.State)
	}
}

func TestNobodyWorksOnTheirOwnCase(t *testing.T) {
	w := newWorld(t)
	n := w.form("hate")
	n.People[0].Identifier = "robin@test.example"
	r, err := w.FileReport(t.Context(), w.people["host"], n)
	w.ok(err)
	robin := w.people["robin"]
	_, err = w.OpenCase(t.Context(), robin, r.Case)
	w.is(triage.ErrNotFound, err)
	_, err = w.Claim(t.Context(), robin, r.Case)
	w.is(triage.ErrNotFound, err)
	_, err = w.ClaimNext(t.Context(), robin)
	w.is(triage.ErrNotFound, err)
	own, err := w.FileReport(t.Context(), w.people["lena"], w.form("hate"))
	w.ok(err)
	_, err = w.Claim(t.Context(), w.people["rui"], own.Case)
	w.ok(err)
	d, err := w.Decide(t.Context(), w.people["rui"], own.Case, w.finding(own, triage.ActBan, 0))
	w.ok(err)
	w.is(triage.ErrNotFound, w.Answer(t.Context(), w.people["lena"], own.Case, d.ID, true, ""))
}

func TestChildSafetyCasesDoNotExistForOthers(t *testing.T) {
	w := newWorld(t)
	r := w.file("grooming")
	for _, name := range []string{"rui", "lena", "lior", "ada", "host"} {
		a := w.people[name]
		for what, err := range map[string]error{
			"open":  second(w.OpenCase(t.Context(), a, r.Case)),
			"claim": second(w.Claim(t.Context(), a, r.Case)),
			"next":  second(w.ClaimNext(t.Context(), a)),
			"note":  w.AddNote(t.Context(), a, r.Case, "hello"),
		} {
			if !errors.Is(err, triage.ErrNotFound) && !errors.Is(err, triage.ErrForbidden) {
				t.Errorf("%s by %s: %v", what, name, err)
			}
		}
		for _, tab := range triage.Tabs {
			q, err := w.ListQueue(t.Context(), a, tab, triage.QueueQuery{Limit: 10, Text: string(r.Case)})
			if err == nil && (len(q.Rows) > 0 || q.Counts[triage.TabOpen] > 0) {
				t.Errorf("%s sees it in %s: %+v", name, tab, q)
			}
		}
	}
	_, err := w.ClaimNext(t.Context(), w.people["cleo"])
	w.ok(err)
}

// TestMovedLaneTakesPackagesAlong asks for a package of a decided case which then goes to child safety.
func TestMovedLaneTakesPackagesAlong(t *testing.T) {
	w := newWorld(t)
	x := w.upload()
	r, err := w.FileReport(t.Context(), w.people["host"], w.form("hate", x))
	w.ok(err)
	_, _, err = w.BeginPreparing(t.Context(), r.Exhibits[0])
	w.ok(err)
	w.ok(w.FinishPreparing(t.Context(), r.Exhibits[0], triage.Prepared{}))
	rui, lena, lior := w.people["rui"], w.people["lena"], w.people["lior"]
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), rui, r.Case, w.finding(r, triage.ActRefer, 0))
	w.ok(err)
	p, err := w.RequestPackage(t.Context(), lior, triage.NewPackage{Case: r.Case, Exhibits: r.Exhibits, Recipient: "Police", Basis: "warrant", Scope: "All of the clip."})
	w.ok(err)
	w.is(triage.ErrForbidden, w.AnswerPackage(t.Context(), lior, p.ID, true, ""))
	w.ok(w.Reopen(t.Context(), lena, r.Case, "there is a child in it"))
	w.is(triage.ErrConflict, w.AnswerPackage(t.Context(), lena, p.ID, true, ""))
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	w.ok(w.Escalate(t.Context(), rui, r.Case, triage.LaneChildSafety, "there is a child in it"))
	_, err = w.OpenPackage(t.Context(), lior, p.ID)
	w.is(triage.ErrNotFound, err)
	ps, err := w.ListPackages(t.Context(), lena, 10)
	if w.ok(err); len(ps) > 0 {
		t.Errorf("a lead still sees %v", ps)
	}
}

func TestSignInLinks(t *testing.T) {
	w := newWorld(t)
	link, err := w.MintLink(t.Context(), w.people["rui"].Account, time.Minute)
	w.ok(err)
	token := link[len("http://test/sign-in/"):]
	_, err = w.SignIn(t.Context(), token)
	w.ok(err)
	_, err = w.SignIn(t.Context(), token)
	w.is(triage.ErrNotFound, err)
	link, err = w.MintLink(t.Context(), w.people["rui"].Account, time.Minute)
	w.ok(err)
	w.now = w.now.Add(2 * time.Minute)
	_, err = w.SignIn(t.Context(), link[len("http://test/sign-in/"):])
	w.is(triage.ErrNotFound, err)
	w.Demo = true
	link, err = w.MintLink(t.Context(), w.people["rui"].Account, time.Minute)
	w.ok(err)
	w.Demo = false
	_, err = w.SignIn(t.Context(), link[len("http://test/sign-in/"):])
	w.is(triage.ErrNotFound, err)
	contains(t, err.Error(), "demonstration")
}

func TestLogHoldsAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.decided(triage.ActWarn, 0)
	n, err := w.Sequence(t.Context())
	if w.ok(err); n == 0 {
		t.Fatal("nothing was sequenced")
	}
	w.file("grooming")
	w.now = w.now.Add(-time.Hour) // the clock goes back
	_, err = w.Sequence(t.Context())
	w.ok(err)
	ada := w.people["ada"]
	held, failure, err := w.VerifyLog(t.Context(), ada)
	if w.ok(err); failure != nil || held.Entries == 0 {
		t.Errorf("%v, %v", held, failure)
	}
	page, err := w.ReadLog(t.Context(), ada, 0, 1000)
	w.ok(err)
	if !slices.Contains(page.Withheld, true) || !slices.Contains(page.Withheld, false) {
		t.Error("an auditor without the role sees all, or nothing, of the log")
	}
	_, _, err = w.VerifyLog(t.Context(), w.people["rui"])
	w.is(triage.ErrForbidden, err)
}

func second[T any](_ T, err error) error { return err }
