package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
)

// listen runs the hub and returns a subscription that has begun.
func listen(t *testing.T, s subject) <-chan postgres.Change {
	t.Helper()
	changes := s.Hub().Subscribe(t.Context())
	run(t, s.Hub().Run)
	next(t, changes, postgres.KindResync) // connected
	return changes
}

// run runs something until the test ends, and waits for its end.
func run(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// next waits for a change of a kind and fails on any other.
func next(t *testing.T, changes <-chan postgres.Change, kind postgres.ChangeKind) postgres.Change {
	t.Helper()
	select {
	case c := <-changes:
		if c.Kind != kind {
			t.Fatalf("got %+v, want one of kind %q", c, kind)
		}
		return c
	case <-time.After(30 * time.Second):
		t.Fatalf("no change of kind %q came", kind)
	}
	return postgres.Change{}
}

func TestHub(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	changes := listen(t, s)
	touch := func() {
		s.update(func(ctx context.Context, tx triage.Tx) error {
			c, err := tx.Case(ctx, "C-1")
			if err != nil {
				return err
			}
			return tx.SaveCase(ctx, c)
		})
	}
	_ = s.Update(t.Context(), func(tx triage.Tx) error { // does not commit: is not told
		_ = tx.InsertNote(t.Context(), triage.Note{ID: "N-1", Case: "C-1", Author: "A-2", At: time.Now()})
		return context.Canceled
	})
	touch()
	if got, want := next(t, changes, postgres.KindCase), (postgres.Change{Kind: postgres.KindCase, ID: "C-1", Case: "C-1",
		Lane: triage.LaneGeneral, Reporter: "A-1"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.update(func(ctx context.Context, tx triage.Tx) error {
		for done := range int64(50) { // throttled
			if err := tx.Progress(ctx, "P-1", done, 1000); err != nil {
				return err
			}
		}
		x, err := tx.Exhibit(ctx, "X-1")
		if err != nil {
			return err
		}
		return tx.SaveExhibit(ctx, x)
	})
	if got := next(t, changes, postgres.KindPackage); got.ID != "P-1" || got.Case != "C-1" {
		t.Errorf("got %+v", got)
	}
	next(t, changes, postgres.KindExhibit)

	s.dropConnections()
	next(t, changes, postgres.KindResync)
	touch()
	next(t, changes, postgres.KindCase)
}

// TestHubSlowSubscriber lets one subscriber sleep: the other misses nothing, and the sleeper is told that it did.
func TestHubSlowSubscriber(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.people()
	quick := listen(t, s)
	slow := s.Hub().Subscribe(t.Context())
	for i := range 100 {
		id := triage.CaseID(rune('A' + i))
		s.update(func(ctx context.Context, tx triage.Tx) error {
			return tx.InsertCase(ctx, triage.Case{ID: id, Lane: triage.LaneGeneral, State: triage.StateQueued, Opened: time.Now()})
		})
		if got := next(t, quick, postgres.KindCase); got.Case != id {
			t.Fatalf("got %+v, want case %s", got, id)
		}
	}
	next(t, slow, postgres.KindResync)
	if len(slow) >= 64 {
		t.Errorf("%d changes wait after the resync", len(slow))
	}
}

func TestHubUnsubscribe(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	changes := s.Hub().Subscribe(ctx)
	cancel()
	if c, open := <-changes; open {
		t.Errorf("got %+v from a subscription that ended", c)
	}
}
