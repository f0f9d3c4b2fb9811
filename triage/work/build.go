package work

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/proffer/proffer/triage"
)

var errHalfBuilt = errors.New("the building of the package broke off")

// Build builds one approved package and stores it.
func (w *Worker) Build(ctx context.Context, j triage.BuildPackage) error {
	p, done, err := w.Desk.BeginBuilding(ctx, j.Package)
	if err != nil || done {
		return err
	}
	// A job can run twice at once. Each run writes an object of its own, so that neither replaces what the other recorded.
	key := fmt.Sprintf("package/%s/%s.zip", p.ID, rand.Text())
	sum, size, err := w.stream(ctx, p, key)
	var told *triage.Error
	if errors.As(err, &told) && (told.Kind == triage.Invalid || told.Kind == triage.Conflict) {
		return w.Desk.FinishBuilding(ctx, p.ID, "", triage.SHA256{}, 0, told.Msg)
	}
	if err == nil {
		err = w.Desk.Objects.Sync(ctx) // the record says that it is there: after a power cut, too
	}
	if err != nil {
		return fmt.Errorf("building package %s: %w", p.ID, err)
	}
	return w.Desk.FinishBuilding(ctx, p.ID, key, sum, size, "")
}

// GiveUpBuilding is called when the queue stops trying.
func (w *Worker) GiveUpBuilding(ctx context.Context, j triage.BuildPackage, cause error) error {
	w.Log.Error("a package could not be built", "package", j.Package, "err", cause)
	return w.Desk.FinishBuilding(ctx, j.Package, "", triage.SHA256{}, 0,
		"The package could not be built, although it was tried many times. Build it again, or ask an administrator to look into the server's log.")
}

// stream builds straight into the bucket: nothing of a package is ever on this machine's disk or whole in memory.
func (w *Worker) stream(ctx context.Context, p triage.Package, key string) (sum triage.SHA256, size int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pr, pw := io.Pipe()
	var stored error
	var wg sync.WaitGroup
	wg.Go(func() {
		stored = w.Desk.Objects.PutDerivative(ctx, key, "application/zip", pr, -1)
		pr.CloseWithError(stored)
	})
	// Building happens in the job's own goroutine, where a panic ends the job and not the server; what it left half
	// written is not stored then.
	defer wg.Wait()
	defer pw.CloseWithError(errHalfBuilt)
	sum, size, err = w.Builder.Build(ctx, p.ID, pw, w.progress(ctx, p))
	pw.CloseWithError(err)
	wg.Wait()
	if err == nil {
		err = stored
	}
	return sum, size, err
}

// progress tells the store at most twice a second how far the building has come.
func (w *Worker) progress(ctx context.Context, p triage.Package) func(int64) {
	var last time.Time
	return func(done int64) {
		if now := time.Now(); now.Sub(last) >= 500*time.Millisecond {
			last = now
			if err := w.Desk.BuildProgress(ctx, p.ID, done, p.Total); err != nil {
				w.Log.Warn("the progress of a package could not be noted", "package", p.ID, "err", err)
			}
		}
	}
}
