package triage_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func TestRequestPackageRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lior := w.people["lior"]
	open := w.file("hate")
	r, other := w.settled("hate", "rui"), w.settled("hate", "rui")
	w.is(triage.ErrForbidden, second(w.RequestPackage(t.Context(), w.people["lena"], w.ask(r, "All of the clip."))))
	w.is(triage.ErrConflict, second(w.RequestPackage(t.Context(), lior, w.ask(open, "All of the clip."))))
	before := len(w.acts(r.Case))
	for name, c := range map[string]struct {
		field  string
		change func(*triage.NewPackage)
	}{
		"nothing":               {"exhibits", func(n *triage.NewPackage) { n.Exhibits = nil }},
		"another case's clip":   {"exhibits", func(n *triage.NewPackage) { n.Exhibits = append(n.Exhibits, other.Exhibits...) }},
		"no such clip":          {"exhibits", func(n *triage.NewPackage) { n.Exhibits = []triage.ExhibitID{"X-00000-00000"} }},
		"to nobody":             {"recipient", func(n *triage.NewPackage) { n.Recipient = "\u202e" }},
		"on no basis":           {"basis", func(n *triage.NewPackage) { n.Basis = "because" }},
		"without saying enough": {"scope", func(n *triage.NewPackage) { n.Scope = "all" }},
	} {
		n := w.ask(r, "All of the clip.")
		c.change(&n)
		_, err := w.RequestPackage(t.Context(), lior, n)
		var fe triage.FieldErrors
		if !errors.As(err, &fe) || len(fe) != 1 || fe[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := w.acts(r.Case); len(after) != before {
		t.Errorf("refusals left %v", after[before:])
	}
}

// TestPackageRequestInDoubt sends a request again whose answer was lost: it waits for one approval, not for two.
func TestPackageRequestInDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lior := w.people["lior"]
	r := w.settled("hate", "rui")
	w.store.FailNext("InsertPackage", true)
	w.is(triage.ErrUnavailable, second(w.RequestPackage(t.Context(), lior, w.ask(r, "All of the clip."))))
	p, err := w.RequestPackage(t.Context(), lior, w.ask(r, " All of the clip. "))
	w.ok(err)
	ps, err := w.ListPackages(t.Context(), lior, 10)
	if w.ok(err); len(ps) != 1 || ps[0].ID != p.ID {
		t.Errorf("%d packages", len(ps))
	}
	w.ok(second(w.RequestPackage(t.Context(), lior, w.ask(r, "Another part of it."))))
	w.ok(w.AnswerPackage(t.Context(), w.people["lena"], p.ID, false, "it is not signed"))
	again, err := w.RequestPackage(t.Context(), lior, w.ask(r, "All of the clip.")) // a refused one is asked for anew
	if w.ok(err); again.ID == p.ID {
		t.Error("a refused package stands for the new request")
	}
}

// TestPackageLife takes a package from its request to its download, with everything twice, and by those who may not.
func TestPackageLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lior, lena, sam := w.people["lior"], w.people["lena"], w.people["sam"]
	r := w.settled("hate", "rui")
	w.store.Jobs()
	n := len(w.acts(r.Case))
	p, err := w.RequestPackage(t.Context(), lior, w.ask(r, "All of the clip."))
	w.ok(err)
	w.is(triage.ErrConflict, second(w.DownloadPackage(t.Context(), lior, p.ID)))
	w.is(triage.ErrForbidden, w.AnswerPackage(t.Context(), lior, p.ID, true, ""))
	w.is(triage.ErrForbidden, w.AnswerPackage(t.Context(), w.people["rui"], p.ID, true, ""))
	w.is(triage.ErrInvalid, w.AnswerPackage(t.Context(), lena, p.ID, false, "no"))
	_, done, err := w.BeginBuilding(t.Context(), p.ID)
	if w.ok(err); !done || len(w.store.Jobs()) > 0 {
		t.Error("a package is built that nobody approved")
	}
	w.ok(w.AnswerPackage(t.Context(), lena, p.ID, true, ""))
	w.is(triage.ErrConflict, w.AnswerPackage(t.Context(), sam, p.ID, false, "I would not have"))
	if jobs := w.store.Jobs(); !slices.Equal(jobs, []triage.Job{triage.BuildPackage{Package: p.ID}}) {
		t.Errorf("%v", jobs)
	}
	w.is(triage.ErrConflict, w.RetryPackage(t.Context(), lior, p.ID))
	for range 2 {
		_, done, err := w.BeginBuilding(t.Context(), p.ID)
		if w.ok(err); done {
			t.Error("there is nothing to build")
		}
	}
	for range 2 {
		w.ok(w.FinishBuilding(t.Context(), p.ID, "", triage.SHA256{}, 0, "The disk is full."))
	}
	w.is(triage.ErrForbidden, w.RetryPackage(t.Context(), lena, p.ID))
	w.ok(w.RetryPackage(t.Context(), lior, p.ID))
	w.is(triage.ErrConflict, w.RetryPackage(t.Context(), lior, p.ID))
	_, _, err = w.BeginBuilding(t.Context(), p.ID)
	w.ok(err)
	for _, size := range []int64{7, 8} {
		w.ok(w.FinishBuilding(t.Context(), p.ID, builtKey, sha256.Sum256([]byte(builtBytes)), size, ""))
	}
	w.ok(w.FinishBuilding(t.Context(), p.ID, "", triage.SHA256{}, 0, "Given up."))
	w.is(triage.ErrForbidden, second(w.DownloadPackage(t.Context(), lena, p.ID)))
	for range 2 {
		w.ok(second(w.DownloadPackage(t.Context(), lior, p.ID)))
	}
	v, err := w.OpenPackage(t.Context(), lior, p.ID)
	if w.ok(err); v.Package.State != triage.PackageReady || v.Package.Size != 7 || v.Package.Approver != lena.Account {
		t.Errorf("%+v", v.Package)
	}
	w.is(triage.ErrConflict, w.RetryPackage(t.Context(), lior, p.ID))
	want := []custody.Act{custody.ActSigned, custody.PackageRequested, custody.ActSigned, custody.PackageApproved, custody.PackageFailed, custody.PackageRetried,
		custody.ExhibitExported, custody.PackageBuilt,
		custody.PackageDownloaded, custody.PackageDownloaded}
	if got := w.acts(r.Case)[n:]; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	w.ok(w.Reopen(t.Context(), lena, r.Case, "look again"))
	w.is(triage.ErrConflict, second(w.DownloadPackage(t.Context(), lior, p.ID)))
	w.is(triage.ErrConflict, second(w.RequestPackage(t.Context(), lior, w.ask(r, "All of the clip."))))
}

// TestReopenedBeforeItIsBuilt reopens a case whose package was approved: it fails, in words and in the log.
func TestReopenedBeforeItIsBuilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.settled("hate", "rui")
	p, err := w.RequestPackage(t.Context(), w.people["lior"], w.ask(r, "All of the clip."))
	w.ok(err)
	w.ok(w.AnswerPackage(t.Context(), w.people["lena"], p.ID, true, ""))
	w.ok(w.Reopen(t.Context(), w.people["lena"], r.Case, "look again"))
	for range 2 {
		_, done, err := w.BeginBuilding(t.Context(), p.ID)
		if w.ok(err); !done {
			t.Error("it is built")
		}
	}
	acts := w.acts(r.Case)
	if !slices.Equal(acts[len(acts)-2:], []custody.Act{custody.CaseReopened, custody.PackageFailed}) {
		t.Errorf("%v", acts)
	}
}

// TestSequenceThatFails has the end of a full batch fail: it is no progress, and nothing is lost.
func TestSequenceThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const full = 1000 // as many as one transaction takes
	w.ok(w.Store.Update(t.Context(), func(tx triage.Tx) error {
		for range full {
			e, err := custody.NewEvent(triage.NewID("E"), w.now, custody.CaseRead, "system", "", "", nil)
			if err := errors.Join(err, tx.Log(t.Context(), e)); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, persists := range []bool{false, true} {
		w.store.FailNext("InsertCheckpoint", persists)
		n, err := w.Sequence(t.Context())
		if w.is(triage.ErrUnavailable, err); n != 0 {
			t.Errorf("%d events, says a failure: the sequencer would go on without a pause", n)
		}
	}
	n, err := w.Sequence(t.Context())
	if w.ok(err); n >= full {
		t.Errorf("%d events, after %d were committed", n, full)
	}
	held, failure, err := w.VerifyLog(t.Context(), w.people["ada"])
	if w.ok(err); failure != nil || held.Entries < full {
		t.Errorf("%v, %v", failure, held)
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, plain := w.file("csam"), w.file("hate")
	_, err := w.Sequence(t.Context())
	w.ok(err)
	small, err := w.ReadLog(t.Context(), w.people["ada"], 0, 1)
	w.ok(err)
	w.now = w.now.Add(-24 * time.Hour)
	w.settled("hate", "rui")
	_, err = w.Sequence(t.Context())
	w.ok(err)
	for c, hidden := range map[triage.CaseID]bool{secret.Case: true, plain.Case: false} {
		var id string
		w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
			es, err := tx.EventsOf(t.Context(), c)
			id = es[0].ID
			return err
		}))
		p, err := w.ProveEvent(t.Context(), w.people["ada"], id)
		w.ok(err)
		if (p.Leaf == nil) != hidden {
			t.Errorf("hidden %v: leaf %q", hidden, p.Leaf)
		}
		w.is(triage.ErrForbidden, second(w.ProveEvent(t.Context(), w.people["lena"], id)))
	}
	w.is(triage.ErrNotFound, second(w.ProveEvent(t.Context(), w.people["ada"], "E-00000-00000")))
	for _, size := range []int64{-1, 0, 1 << 60} {
		_, _, err := w.ProveConsistency(t.Context(), w.people["ada"], size)
		w.is(triage.ErrInvalid, err)
	}
	_, signed, err := w.ProveConsistency(t.Context(), w.people["ada"], small.Size)
	w.ok(err)
	head, err := w.Signer.OpenCheckpoint(signed)
	if w.ok(err); head.Time.Before(small.Head.Time) || head.Tree.N <= small.Size {
		t.Errorf("%v after %v", head, small.Head)
	}
}

// TestStalePackageDoesNotLeave decides a case anew after packages of every state were made: none of them goes on, and one
// that is asked for under the new decision does.
func TestStalePackageDoesNotLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lior, lena := w.people["lior"], w.people["lena"]
	r := w.settled("hate", "rui")
	ask := func(scope string, until func(triage.PackageID)) triage.PackageID {
		t.Helper()
		p, err := w.RequestPackage(t.Context(), lior, w.ask(r, scope))
		w.ok(err)
		until(p.ID)
		return p.ID
	}
	approve := func(id triage.PackageID) { t.Helper(); w.ok(w.AnswerPackage(t.Context(), lena, id, true, "")) }
	build := func(failed string) func(triage.PackageID) {
		return func(id triage.PackageID) {
			t.Helper()
			approve(id)
			_, done, err := w.BeginBuilding(t.Context(), id)
			if w.ok(err); done {
				t.Error("it is not built")
			}
			w.ok(w.FinishBuilding(t.Context(), id, builtKey, sha256.Sum256([]byte(builtBytes)), int64(len(builtBytes)), failed))
		}
	}
	requested := ask("The first part.", func(triage.PackageID) {})
	approved, ready, failed := ask("The second part.", approve), ask("The third part.", build("")), ask("The fourth part.", build("The disk is full."))
	held := func(id triage.PackageID) string {
		t.Helper()
		v, err := w.OpenPackage(t.Context(), lior, id)
		w.ok(err)
		if v.Held != "" && (v.CanDownload || v.CanRetry) {
			t.Errorf("%s is held, and offered: %+v", id, v)
		}
		return v.Held
	}
	if v, err := w.OpenPackage(t.Context(), lior, ready); err != nil || v.Held != "" || !v.CanDownload {
		t.Errorf("%+v, %v", v, err)
	}
	w.ok(w.Reopen(t.Context(), lena, r.Case, "we were wrong about it"))
	_, err := w.Claim(t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), w.people["rui"], r.Case, w.finding(r, triage.ActNone, 0))
	w.ok(err)
	w.is(triage.ErrConflict, w.AnswerPackage(t.Context(), lena, requested, true, ""))
	w.is(triage.ErrConflict, second(w.DownloadPackage(t.Context(), lior, ready)))
	w.is(triage.ErrConflict, w.RetryPackage(t.Context(), lior, failed))
	_, done, err := w.BeginBuilding(t.Context(), approved)
	if w.ok(err); !done {
		t.Error("an approval of before is built")
	}
	for _, id := range []triage.PackageID{requested, approved, ready, failed} {
		contains(t, held(id), "decided anew")
	}
	w.ok(w.AnswerPackage(t.Context(), lena, requested, false, "it is out of date"))
	fresh := ask("The third part.", build("")) // in the words of the stale one
	if held(fresh) != "" || fresh == ready {
		t.Errorf("%s: %q", fresh, held(fresh))
	}
	w.ok(second(w.DownloadPackage(t.Context(), lior, fresh)))
}

// TestPackageOfBefore has a package whose request did not keep its decision: it is asked for anew.
func TestPackageOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.settled("hate", "rui")
	p := triage.Package{ID: "P-00000-00001", Case: r.Case, Lane: triage.LaneGeneral, Exhibits: r.Exhibits, Recipient: "Police", Basis: "warrant",
		Scope: "All of the clip.", Requester: w.people["lior"].Account, Requested: w.now, State: triage.PackageRequested}
	w.ok(w.Store.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertPackage(t.Context(), p) }))
	w.is(triage.ErrConflict, w.AnswerPackage(t.Context(), w.people["lena"], p.ID, true, ""))
	fresh, err := w.RequestPackage(t.Context(), w.people["lior"], w.ask(r, "All of the clip."))
	if w.ok(err); fresh.ID == p.ID {
		t.Error("the old request stands for the new one")
	}
}
