package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// TestLateCommitIsSequenced commits an event after a later one was sequenced: it is not missed.
func TestLateCommitIsSequenced(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	logEvent := func(tx triage.Tx, id string) error {
		e, err := custody.NewEvent(id, time.Now(), custody.CaseRead, custody.System, "", "", nil)
		if err != nil {
			return err
		}
		return tx.Log(ctx, e)
	}
	unsequenced := func() (ids []string) {
		s.update(func(ctx context.Context, tx triage.Tx) error {
			events, err := tx.Unsequenced(ctx, 10)
			for _, e := range events {
				ids = append(ids, e.ID)
			}
			if err != nil || len(ids) == 0 {
				return err
			}
			size, err := tx.TreeSize(ctx)
			if err != nil {
				return err
			}
			hashes := make([][32]byte, size+1) // a tree of one grows by one hash, then by two
			return tx.AppendLeaves(ctx, size, []triage.Leaf{{Index: size, Event: ids[0], Data: []byte("x")}}, hashes)
		})
		return ids
	}
	s.update(func(ctx context.Context, tx triage.Tx) error {
		if err := logEvent(tx, "E-early"); err != nil {
			return err
		}
		s.update(func(ctx context.Context, tx triage.Tx) error { return logEvent(tx, "E-late") })
		if got := unsequenced(); !slices.Equal(got, []string{"E-late"}) {
			t.Errorf("got %v while the other is not committed", got)
		}
		return nil
	})
	if got := unsequenced(); !slices.Equal(got, []string{"E-early"}) {
		t.Errorf("got %v, want the event that committed late", got)
	}
	if got := unsequenced(); got != nil {
		t.Errorf("got %v, want nothing left", got)
	}
}

// TestDeadlockIsRetried makes two transactions wait for each other: both commit.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, ann, ben := s.people()
	met := make(chan struct{}, 2)
	runs := make(chan int, 16)
	swap := func(first, second account.ID) error {
		n := 0
		return s.Update(t.Context(), func(tx triage.Tx) error {
			n++
			runs <- n
			if err := tx.SetRoles(t.Context(), first, nil); err != nil {
				return err
			}
			if n == 1 {
				met <- struct{}{}
				for len(met) < 2 {
					time.Sleep(time.Millisecond)
				}
			}
			return tx.SetRoles(t.Context(), second, nil)
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- swap(ann.ID, ben.ID) }()
	go func() { errs <- swap(ben.ID, ann.ID) }()
	if err := errors.Join(<-errs, <-errs); err != nil {
		t.Fatal(err)
	}
	if len(runs) != 3 {
		t.Errorf("the functions ran %d times, want 3: one of them twice", len(runs))
	}
}

// TestLostConnection ends every connection of the store: what had not been committed is run again, unnoticed.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, ann, _ := s.people()
	runs := 0
	s.update(func(ctx context.Context, tx triage.Tx) error {
		if runs++; runs == 1 {
			s.dropConnections()
		}
		return tx.SetRoles(ctx, ann.ID, account.Roles{account.Auditor})
	})
	if runs != 2 {
		t.Errorf("the function ran %d times, want 2", runs)
	}
}

// dropConnections does to the store's connections what a restart of the server does.
func (s subject) dropConnections() {
	s.t.Helper()
	if err := s.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		s.t.Fatal(err)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	if _, err := postgres.Open(t.Context(), "host="+t.TempDir()+" dbname=none", postgres.Options{Log: quiet()}); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("got %v, want an error of kind Unavailable", err)
	}
	s := open(t)
	s.Close()
	if err := s.Update(t.Context(), func(triage.Tx) error { return nil }); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("a closed store gave %v, want an error of kind Unavailable", err)
	}
}

// TestHostileText passes what PostgreSQL cannot keep.
func TestHostileText(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, text := range []string{"a\x00b", "a\xffb", `%_\`, "'; DROP TABLE cases; --"} {
		err := s.View(t.Context(), func(tx triage.Tx) error {
			_, err := tx.Queue(t.Context(), triage.QueueQuery{Lanes: triage.AllLanes, States: triage.AllStates, Text: text, Limit: 10})
			return err
		})
		if err != nil && !errors.Is(err, triage.ErrInvalid) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// TestMigrateTwice opens a database that is up to date, from several nodes at once.
func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	s := open(t)
	errs := make(chan error)
	for range 3 {
		go func() { errs <- s.Migrate(t.Context()) }()
	}
	if err := errors.Join(<-errs, <-errs, <-errs); err != nil {
		t.Fatal(err)
	}
}
