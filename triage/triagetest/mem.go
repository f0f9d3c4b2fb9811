package triagetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// MemStore is a triage.Store in memory. It is safe for concurrent use: updates run one after the other, each on its own
// copy, and a View reads what was committed when it began.
type MemStore struct {
	now     triage.Clock
	writing sync.Mutex            // held by the one Update that runs
	state   atomic.Pointer[state] // what is committed; never changed in place

	mu     sync.Mutex
	faults []fault // guarded by mu
}

var _ triage.Store = (*MemStore)(nil)

// NewStore makes an empty store. clock dates sign-in links and tells which sessions have expired; nil is time.Now.
func NewStore(clock triage.Clock) *MemStore {
	if clock == nil {
		clock = time.Now
	}
	s := &MemStore{now: clock}
	s.state.Store((&state{policies: seeded()}).clone())
	return s
}

// fault is one failure to come.
type fault struct {
	where   string
	persist bool
}

// FailNext makes one Update to come fail with an error of kind triage.Unavailable after its function returned nil. With
// persist the transaction commits all the same, as when the connection is lost between COMMIT and its answer; without,
// it leaves nothing behind. where is the name of a Tx method that writes, such as "SaveCase": the next Update that
// calls it fails. "" is the next Update whatever it does.
func (s *MemStore) FailNext(where string, persist bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{where, persist})
}

// takeFault finds the first fault that applies to an Update which called these methods, and uses it up.
func (s *MemStore) takeFault(called []string) (fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.where == "" || slices.Contains(called, f.where) {
			s.faults = slices.Delete(s.faults, i, i+1)
			return f, true
		}
	}
	return fault{}, false
}

// Jobs takes every enqueued job out, oldest first, as a worker would that begins them all.
func (s *MemStore) Jobs() []triage.Job {
	s.writing.Lock()
	defer s.writing.Unlock()
	next := s.state.Load().clone()
	jobs := next.jobs
	next.jobs = nil
	s.state.Store(next)
	return jobs
}

// AddSession keeps a session, as the HTTP edge does at sign-in.
func (s *MemStore) AddSession(session account.Session) {
	s.writing.Lock()
	defer s.writing.Unlock()
	next := s.state.Load().clone()
	next.sessions[session.ID] = copyOf(session)
	s.state.Store(next)
}

// View implements triage.Store.
func (s *MemStore) View(ctx context.Context, f func(triage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(&tx{state: s.state.Load(), now: s.now, readOnly: true})
}

// Update implements triage.Store.
func (s *MemStore) Update(ctx context.Context, f func(triage.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{state: s.state.Load().clone(), now: s.now}
	if err := f(t); err != nil {
		return err
	}
	failed, ok := s.takeFault(t.called)
	if !ok || failed.persist {
		s.state.Store(t.state)
	}
	if ok {
		return triage.Errorf(triage.Unavailable, "The database does not answer right now (injected fault). Try again.")
	}
	return nil
}

// tx is one transaction; it implements triage.Tx.
type tx struct {
	*state
	now      triage.Clock
	readOnly bool
	called   []string // the methods that wrote
}

var _ triage.Tx = (*tx)(nil)

// write is called first by every method that writes.
func (t *tx) write(method string) error {
	if t.readOnly {
		return triage.Errorf(triage.Invalid, "%s was called in a View, which only reads.", method)
	}
	t.called = append(t.called, method)
	return nil
}

// Enqueue implements triage.Tx.
func (t *tx) Enqueue(_ context.Context, j triage.Job) error {
	if err := t.write("Enqueue"); err != nil {
		return err
	}
	if !slices.Contains(t.jobs, j) {
		t.jobs = append(t.jobs, j)
	}
	return nil
}
