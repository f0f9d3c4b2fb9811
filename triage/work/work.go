// Package work holds the bodies of background jobs, behind interfaces: preparing a clip, building a package, delivering a
// message, sweeping. Every body may run more than once, on any node, after any crash: it reads where things stand, does
// what is left, and writes the result in one transaction.
//
// What it defends against: a job that dies half way (nothing is half written), a clip that cannot be decoded (it becomes
// the exhibit's state in words, not a job that fails for ever), an outage of the store or of the objects (the error goes
// back to the queue, which tries again). It does not decide how often: storage/postgres adapts River for that.
package work

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/proffer/proffer/triage"
)

// Worker runs the jobs.
type Worker struct {
	Desk    *triage.Desk
	Decoder Decoder
	Builder Builder
	Mailer  Mailer // nil: no mail server is configured; messages stay in the outbox
	// Collect ends uploads that stand still; the sweep calls it.
	Collect func(ctx context.Context) error
	Log     *slog.Logger
}

// Decoder looks into clips, in a sandbox.
type Decoder interface {
	// Prepare probes a clip and makes the derivatives that it does not have. Each one is handed to keep as it is ready,
	// with its bytes open for reading; an error of keep ends the work and comes back. What cannot be decoded is not an
	// error but the Outcome's Failed.
	Prepare(ctx context.Context, clip io.Reader, size int64, have []triage.DerivativeKind, keep Keep) (Outcome, error)
}

// Keep stores a derivative whose bytes r yields.
type Keep = func(d triage.Derivative, r io.Reader) error

// Outcome is what preparing a clip found.
type Outcome struct {
	Probe  triage.Probe
	Failed string         // why nothing, or not all, could be decoded; "" when all went well
	Notes  string         // what is odd about the clip, in words, or ""
	Frames []triage.Frame // what its pictures are compared by
}

// Builder writes law-enforcement packages.
type Builder interface {
	// Build writes the package to w and returns the digest and the size of what it wrote. progress is told the bytes of
	// exhibits done. An error of kind Invalid or Conflict is final and told to people in its words; any other is tried
	// again.
	Build(ctx context.Context, id triage.PackageID, w io.Writer, progress func(done int64)) (triage.SHA256, int64, error)
}

// Mailer hands messages to a mail server.
type Mailer interface {
	Send(ctx context.Context, m triage.Message) error
}

// Sweep collects what time has overtaken.
func (w *Worker) Sweep(ctx context.Context, _ triage.Sweep) error {
	return errors.Join(w.Desk.Sweep(ctx), w.Collect(ctx))
}
