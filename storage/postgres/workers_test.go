package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
)

// handlers does nothing, as a base for tests.
func handlers() postgres.Handlers {
	return postgres.Handlers{
		PrepareExhibit: func(context.Context, triage.PrepareExhibit) error { return nil },
		PreparePreview: func(context.Context, triage.PreparePreview) error { return nil },
		BuildPackage:   func(context.Context, triage.BuildPackage) error { return nil },
		DeliverMessage: func(context.Context, triage.DeliverMessage) error { return nil },
		SendLink:       func(context.Context, triage.SendLink) error { return nil },
		Sweep:          func(context.Context, triage.Sweep) error { return nil },
		ThinBoards:     func(context.Context) error { return nil },
		OnFinalFailure: func(context.Context, triage.Job, error) error { return nil },
	}
}

// work runs workers until the test ends or stop is called.
func work(t *testing.T, s subject, h postgres.Handlers) (stop func()) {
	t.Helper()
	w, err := postgres.NewWorkers(s.Store, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func (s subject) enqueue(j triage.Job) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx triage.Tx) error { return tx.Enqueue(ctx, j) })
}

// wait receives, or fails when nothing comes.
func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(60 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

func TestWorkersRunAndRetry(t *testing.T) {
	t.Parallel()
	s := open(t)
	prepared, swept, thinned := make(chan triage.ExhibitID, 9), make(chan bool, 9), make(chan bool, 9)
	tries := 0
	h := handlers()
	h.PrepareExhibit = func(_ context.Context, j triage.PrepareExhibit) error {
		if tries++; tries == 1 {
			return errors.New("the object store does not answer")
		}
		prepared <- j.Exhibit
		return nil
	}
	h.Sweep = func(context.Context, triage.Sweep) error { swept <- true; return nil }
	h.ThinBoards = func(context.Context) error { thinned <- true; return nil }
	s.enqueue(triage.PrepareExhibit{Exhibit: "X-1"})
	work(t, s, h)
	wait(t, thinned)
	if got := wait(t, prepared); got != "X-1" {
		t.Errorf("got %s", got)
	}
	wait(t, swept) // the periodic job runs on start
}

// TestEnqueueWhileRunning enqueues a job equal to one that runs: what changed meanwhile may be too late for that one.
func TestEnqueueWhileRunning(t *testing.T) {
	t.Parallel()
	s := open(t)
	began, goOn := make(chan bool, 9), make(chan bool, 9)
	h := handlers()
	h.BuildPackage = func(context.Context, triage.BuildPackage) error { began <- true; <-goOn; return nil }
	work(t, s, h)
	s.enqueue(triage.BuildPackage{Package: "P-1"})
	wait(t, began)
	s.enqueue(triage.BuildPackage{Package: "P-1"})
	goOn <- true
	wait(t, began)
	goOn <- true
}

// TestEnqueueHoldsBackTheWaitingJob enqueues a job that waits already: it does not begin before the transaction commits.
func TestEnqueueHoldsBackTheWaitingJob(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, ann, _ := s.people()
	s.enqueue(triage.DeliverMessage{Message: "S-1"})
	found := make(chan error, 9)
	h := handlers()
	h.DeliverMessage = func(ctx context.Context, j triage.DeliverMessage) error {
		found <- s.View(ctx, func(tx triage.Tx) error { _, err := tx.Message(ctx, j.Message); return err })
		return nil
	}
	s.update(func(ctx context.Context, tx triage.Tx) error {
		if err := tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1"}); err != nil {
			return err
		}
		other := make(chan triage.Message, 1)
		h := h
		h.BuildPackage = func(context.Context, triage.BuildPackage) error { other <- triage.Message{}; return nil }
		work(t, s, h)
		s.enqueue(triage.BuildPackage{Package: "P-1"})
		wait(t, other) // a later job of the same queue has run
		return tx.InsertMessage(ctx, triage.Message{ID: "S-1", To: ann.ID, Created: time.Now(), State: triage.MessageWaiting})
	})
	if err := wait(t, found); err != nil {
		t.Errorf("the job began before the transaction that wants it: %v", err)
	}
}

// TestFinalFailure gives a job up: at once where no attempt can succeed, else after the last attempt, and tells of it.
func TestFinalFailure(t *testing.T) {
	t.Parallel()
	s := open(t)
	told := make(chan triage.Job, 9)
	h := handlers()
	h.PrepareExhibit = func(context.Context, triage.PrepareExhibit) error {
		return triage.Errorf(triage.Invalid, "This is no clip.")
	}
	h.BuildPackage = func(context.Context, triage.BuildPackage) error { return errors.New("out of order") }
	h.DeliverMessage = func(context.Context, triage.DeliverMessage) error { panic("a bug") }
	h.OnFinalFailure = func(_ context.Context, j triage.Job, cause error) error {
		if cause == nil {
			t.Error("no cause was told")
		}
		told <- j
		return nil
	}
	s.enqueue(triage.PrepareExhibit{Exhibit: "X-1"})
	s.enqueue(triage.BuildPackage{Package: "P-1"})
	s.enqueue(triage.DeliverMessage{Message: "S-1"})
	if err := s.sql("UPDATE river_job SET attempt = max_attempts - 1 WHERE kind <> 'prepare_exhibit'"); err != nil {
		t.Fatal(err)
	}
	work(t, s, h)
	got := map[triage.Job]bool{wait(t, told): true, wait(t, told): true, wait(t, told): true}
	if !got[triage.PrepareExhibit{Exhibit: "X-1"}] || !got[triage.BuildPackage{Package: "P-1"}] || !got[triage.DeliverMessage{Message: "S-1"}] {
		t.Errorf("told of %v", got)
	}
}

// TestOrphans starts with jobs that a process left running when it died: they run again; those of a live one do not.
func TestOrphans(t *testing.T) {
	t.Parallel()
	s := open(t)
	began, goOn := make(chan triage.PackageID, 9), make(chan bool)
	h := handlers()
	h.BuildPackage = func(_ context.Context, j triage.BuildPackage) error { began <- j.Package; <-goOn; return nil }
	prepared, told := make(chan triage.ExhibitID, 9), make(chan triage.Job, 9)
	h.PrepareExhibit = func(_ context.Context, j triage.PrepareExhibit) error { prepared <- j.Exhibit; return nil }
	h.OnFinalFailure = func(_ context.Context, j triage.Job, _ error) error { told <- j; return nil }
	work(t, s, h)
	s.enqueue(triage.BuildPackage{Package: "P-alive"})
	wait(t, began)

	// Jobs that were running from the start: enqueued ones could be taken by the live process before they are said to be another's.
	if err := s.sql(`INSERT INTO river_job (kind, args, queue, state, attempted_at, attempted_by, attempt, max_attempts)
		VALUES ('prepare_exhibit', '{"exhibit": "X-dead"}', 'media', 'running', now(), '{a,process-that-died}', 1, 25),
		       ('prepare_exhibit', '{"exhibit": "X-spent"}', 'media', 'running', now(), '{a,process-that-died}', 25, 25)`); err != nil {
		t.Fatal(err)
	}
	work(t, s, h)
	if got := wait(t, prepared); got != "X-dead" {
		t.Errorf("got %s", got)
	}
	if got := wait(t, told); got != (triage.PrepareExhibit{Exhibit: "X-spent"}) {
		t.Errorf("told of %v", got)
	}
	if len(began) != 0 {
		t.Error("the job of a live process was run twice")
	}
	close(goOn)
}

// TestStopGivesJobsBack stops in the middle of a job that will not end: it waits for the next start, with no attempt lost.
func TestStopGivesJobsBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	began := make(chan bool, 9)
	h := handlers()
	h.BuildPackage = func(ctx context.Context, _ triage.BuildPackage) error { began <- true; <-ctx.Done(); return ctx.Err() }
	stop := work(t, s, h)
	s.enqueue(triage.BuildPackage{Package: "P-1"})
	wait(t, began)
	stop()
	for _, row := range s.ask("SELECT state::text, attempt::text FROM river_job WHERE kind = 'build_package'") {
		if row != [2]string{"available", "0"} && row != [2]string{"scheduled", "0"} {
			t.Errorf("the job is %v after stopping", row)
		}
	}
}
