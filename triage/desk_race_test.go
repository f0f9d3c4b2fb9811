package triage_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// overPostgres is a world over a real database: only there do two transactions really run at once, each without seeing
// what the other has not committed.
func overPostgres(t *testing.T) *world {
	t.Helper()
	return newWorldOver(t, func(triage.Clock) triage.Store {
		s, err := postgres.Open(t.Context(), embeddedtest.Postgres(t), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	})
}

// rounds is how often each race is run: enough to lose every one of them, were it not guarded.
const rounds = 25

// TestClipsPreparedAtOnce finishes two clips of one case at once: one of them has to be the last.
func TestClipsPreparedAtOnce(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	for range rounds {
		r, err := w.FileReport(t.Context(), w.people["host"], w.form("hate", w.upload(), w.upload()))
		w.ok(err)
		w.each(r.Exhibits, func(x triage.ExhibitID) error { _, _, err := w.BeginPreparing(t.Context(), x); return err })
		w.each(r.Exhibits, func(x triage.ExhibitID) error { return w.FinishPreparing(t.Context(), x, triage.Prepared{}) })
		if s := w.state(r.Case); s != triage.StateQueued {
			t.Fatalf("both clips are prepared, and the case is %s for ever", s)
		}
	}
}

// each runs f for every exhibit at once, again where it lost against another, as the queue does with jobs.
func (w *world) each(xs []triage.ExhibitID, f func(triage.ExhibitID) error) {
	w.t.Helper()
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() {
			err := f(x)
			for errors.Is(err, triage.ErrConflict) {
				err = f(x)
			}
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestNothingIsAddedToADecidedReport adds and decides at once: what was added before is before the reviewer's eyes, or it
// is refused.
func TestNothingIsAddedToADecidedReport(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	for range rounds {
		r := w.file("hate")
		c, err := w.Claim(t.Context(), w.people["rui"], r.Case)
		w.ok(err)
		var added, withdrawn, decided error
		var wg sync.WaitGroup
		wg.Go(func() { _, added = w.AddToReport(t.Context(), w.people["host"], r.ID, "more", nil) })
		wg.Go(func() { withdrawn = w.WithdrawReport(t.Context(), w.people["host"], r.ID) })
		wg.Go(func() {
			_, decided = w.Decide(t.Context(), w.people["rui"], c.ID, w.finding(r, triage.ActNone, 0))
		})
		wg.Wait()
		for what, err := range map[string]error{"added": added, "withdrawn": withdrawn, "decided": decided} {
			if err != nil && !errors.Is(err, triage.ErrConflict) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		acts := w.acts(r.Case)
		for i, act := range acts {
			if act == "decision.made" && i < len(acts)-1 {
				for _, later := range acts[i:] {
					if later == "report.amended" || later == "report.withdrawn" {
						t.Fatalf("the report was changed after the decision: %v", acts)
					}
				}
			}
		}
		if added == nil && withdrawn == nil && decided == nil {
			t.Log("all three, one after the other")
		}
	}
}
