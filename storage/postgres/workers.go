package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/proffer/proffer/triage"
)

// How many jobs a node runs at once, and how long one of each kind may take.
const (
	mediaWorkers   = 2
	previewWorkers = 1
	defaultWorkers = 8

	// These two are longer than all that media/derive may take for it (derive.Limits): the staging of a large clip and a
	// probe for both, then twelve stills and a poster of 30 s each and a waveform of 5 min, or a preview of 30 min.
	prepareTimeout = 30 * time.Minute
	previewTimeout = 45 * time.Minute
	matchTimeout   = 10 * time.Minute
	buildTimeout   = 2 * time.Hour
	deliverTimeout = time.Minute
	sweepTimeout   = 5 * time.Minute
	thinTimeout    = 10 * time.Minute // what is left is for the next time
	finalTimeout   = 30 * time.Second // of OnFinalFailure

	// stuckAfter is River's own net under everything; orphans of a dead process are found within seconds, see orphans.go.
	stuckAfter = buildTimeout + time.Hour

	softStop      = 5 * time.Second // what jobs under way get to finish before they are cancelled
	sweepEvery    = time.Minute
	thinEvery     = time.Hour
	maxRetryWait  = time.Minute
	stopRetryWait = time.Second

	// overtimes is how often a job that keeps a media worker busy may run out of its time: what took too long three times
	// would only keep others waiting.
	overtimes = 3
)

// errOvertime is the reason of an attempt that ran out of its time. River keeps its words, by which overtimes are counted.
var errOvertime = fmt.Errorf("it took too long: %w", context.DeadlineExceeded)

// errDied is the reason of a job whose process died on every attempt.
var errDied = errors.New("the process ended during every attempt")

// Handlers are the bodies of the background jobs. Each may be run more than once for the same job. An error means
// another attempt after a while; one of kind triage.Invalid means that no attempt can succeed.
type Handlers struct {
	PrepareExhibit func(context.Context, triage.PrepareExhibit) error
	PreparePreview func(context.Context, triage.PreparePreview) error
	VerifyExhibit  func(context.Context, triage.VerifyExhibit) error
	MatchExhibit   func(context.Context, triage.MatchExhibit) error
	MatchList      func(context.Context, triage.MatchList) error
	RateCases      func(context.Context, triage.RateCases) error
	BuildPackage   func(context.Context, triage.BuildPackage) error
	DeliverMessage func(context.Context, triage.DeliverMessage) error
	SendLink       func(context.Context, triage.SendLink) error
	Sweep          func(context.Context, triage.Sweep) error
	ThinBoards     func(context.Context) error // every thinEvery; see Store.ThinBoards

	// OnFinalFailure is told when a job is given up, so that what it was for can say so. Where it fails itself, the last
	// attempt is made again: nothing is given up in silence.
	OnFinalFailure func(ctx context.Context, j triage.Job, cause error) error
}

// Workers works the job queue on this node.
type Workers struct {
	store  *Store
	client *river.Client[pgx.Tx]
	cancel context.CancelFunc // ends the watch over orphans
	done   chan struct{}      // closed when that watch ended
}

// NewWorkers prepares to work the queue; nothing runs before Start.
func NewWorkers(s *Store, h Handlers) (*Workers, error) {
	all := river.NewWorkers()
	river.AddWorker(all, &worker[triage.PrepareExhibit]{work: h.PrepareExhibit, final: h.OnFinalFailure, timeout: prepareTimeout, overtimes: overtimes})
	river.AddWorker(all, &worker[triage.PreparePreview]{work: h.PreparePreview, final: h.OnFinalFailure, timeout: previewTimeout, overtimes: overtimes})
	river.AddWorker(all, &worker[triage.VerifyExhibit]{work: h.VerifyExhibit, final: h.OnFinalFailure, timeout: prepareTimeout, overtimes: overtimes})
	river.AddWorker(all, &worker[triage.MatchExhibit]{work: h.MatchExhibit, final: h.OnFinalFailure, timeout: matchTimeout, overtimes: overtimes})
	river.AddWorker(all, &worker[triage.MatchList]{work: h.MatchList, final: h.OnFinalFailure, timeout: buildTimeout})
	river.AddWorker(all, &worker[triage.RateCases]{work: h.RateCases, final: h.OnFinalFailure, timeout: buildTimeout})
	river.AddWorker(all, &worker[triage.BuildPackage]{work: h.BuildPackage, final: h.OnFinalFailure, timeout: buildTimeout})
	river.AddWorker(all, &worker[triage.DeliverMessage]{work: h.DeliverMessage, final: h.OnFinalFailure, timeout: deliverTimeout})
	river.AddWorker(all, &worker[triage.SendLink]{work: h.SendLink, final: h.OnFinalFailure, timeout: deliverTimeout})
	river.AddWorker(all, &worker[triage.Sweep]{work: s.sweeper(h.Sweep), final: h.OnFinalFailure, timeout: sweepTimeout})
	river.AddWorker(all, &worker[thinBoards]{work: func(ctx context.Context, _ thinBoards) error { return h.ThinBoards(ctx) }, final: h.OnFinalFailure, timeout: thinTimeout})
	client, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{
		ID:     "proffer-" + rand.Text(),
		Logger: riverLog(s.log),
		Queues: map[string]river.QueueConfig{
			queueMedia: {MaxWorkers: mediaWorkers}, queuePreview: {MaxWorkers: previewWorkers}, queueDefault: {MaxWorkers: defaultWorkers},
		},
		Workers:              all,
		MaxAttempts:          maxAttempts,
		RetryPolicy:          retryPolicy{},
		JobTimeout:           buildTimeout,
		RescueStuckJobsAfter: stuckAfter,
		SoftStopTimeout:      softStop,
		PeriodicJobs:         []*river.PeriodicJob{periodic(sweepEvery, triage.Sweep{}), periodic(thinEvery, thinBoards{})},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the workers: %w", err)
	}
	return &Workers{store: s, client: client}, nil
}

// thinBoards is the job of Store.ThinBoards.
type thinBoards struct{}

// Kind names the job in the jobs table.
func (thinBoards) Kind() string { return "thin_boards" }

// periodic enqueues a job again and again, unless one has not ended yet.
func periodic(every time.Duration, j triage.Job) *river.PeriodicJob {
	unfinished := []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled}
	return river.NewPeriodicJob(river.PeriodicInterval(every), func() (river.JobArgs, *river.InsertOpts) {
		o := insertOpts(j)
		o.UniqueOpts = river.UniqueOpts{ByState: unfinished, ByQueue: true}
		return j, o
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

// sweeper adds the store's own cleaning to the domain's.
func (s *Store) sweeper(sweep func(context.Context, triage.Sweep) error) func(context.Context, triage.Sweep) error {
	return func(ctx context.Context, j triage.Sweep) error {
		return errors.Join(s.Sessions().clean(ctx), sweep(ctx, j))
	}
}

// Start puts back what a process that died left half done, and begins to work. It returns at once; ctx ends the work
// like Stop does.
func (w *Workers) Start(ctx context.Context) error {
	watch, cancel := context.WithCancel(ctx)
	o, err := w.store.newOrphanage(watch, w.client.ID())
	if err != nil {
		cancel()
		return err
	}
	w.cancel, w.done = cancel, make(chan struct{})
	go func() {
		defer close(w.done)
		o.run(watch)
	}()
	if err := w.client.Start(ctx); err != nil {
		cancel()
		<-w.done
		return fmt.Errorf("starting the workers: %w", err)
	}
	return nil
}

// Stop takes no new jobs, gives those under way a few seconds, cancels the rest (they are tried again by the next
// start) and returns when all have ended or ctx has.
func (w *Workers) Stop(ctx context.Context) error {
	err := w.client.Stop(ctx)
	w.cancel()
	<-w.done
	return err
}

// worker adapts one kind of job.
type worker[J triage.Job] struct {
	river.WorkerDefaults[J]
	work      func(context.Context, J) error
	final     func(context.Context, triage.Job, error) error
	timeout   time.Duration
	overtimes int // attempts that may run out of time; 0: all
}

// Timeout implements river.Worker.
func (w *worker[J]) Timeout(*river.Job[J]) time.Duration { return w.timeout }

// Work implements river.Worker.
func (w *worker[J]) Work(ctx context.Context, job *river.Job[J]) error {
	err := errDied
	if job.Attempt <= job.MaxAttempts { // more: put back by the orphanage after the last attempt
		if err = w.attempt(ctx, job.Args); err == nil {
			return nil
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return river.JobSnooze(stopRetryWait) // this node stops: no fault of the job, and no attempt lost
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", errOvertime, err)
		}
		if job.Attempt < job.MaxAttempts && !errors.Is(err, triage.ErrInvalid) && !w.spent(err, job.Errors) {
			return err
		}
	}
	if w.final != nil {
		told, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalTimeout)
		defer cancel()
		if ferr := w.final(told, job.Args, err); ferr != nil {
			return river.JobSnooze(maxRetryWait)
		}
	}
	return river.JobCancel(err)
}

// spent reports whether the attempt that ends with err is one too many of those that ran out of time.
func (w *worker[J]) spent(err error, before []rivertype.AttemptError) bool {
	if w.overtimes == 0 || !errors.Is(err, errOvertime) {
		return false
	}
	n := 1
	for _, e := range before {
		if strings.HasPrefix(e.Error, errOvertime.Error()) {
			n++
		}
	}
	return n >= w.overtimes
}

// attempt runs the body; a panic is a failure like any other, so that the last one is told too.
func (w *worker[J]) attempt(ctx context.Context, j J) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job %s panicked: %v\n%s", j.Kind(), p, debug.Stack())
		}
	}()
	return w.work(ctx, j)
}

// retryPolicy doubles the wait from one second to one minute, with jitter.
type retryPolicy struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	tries := min(max(len(job.Errors), job.Attempt-1), 6)
	return time.Now().UTC().Add(jitter(min(time.Second<<tries, maxRetryWait*2/3)))
}
