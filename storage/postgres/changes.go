package postgres

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// channel is the name under which changes are notified.
const channel = "proffer_changes"

// ChangeKind says what changed.
type ChangeKind string

// The kinds of changes.
const (
	KindCase    ChangeKind = "case" // its state, notes or decisions
	KindReport  ChangeKind = "report"
	KindExhibit ChangeKind = "exhibit"
	KindPackage ChangeKind = "package" // its state or progress

	// KindResync stands for changes that could not be told apart: the subscriber was slow, or the connection to
	// PostgreSQL was lost for a while. Whoever gets it reads anew what it shows.
	KindResync ChangeKind = "resync"
)

// Change says that something was changed by a transaction that committed. It holds numbers only; Lane lets a handler keep
// it from those who may not know of the case, and Reporter lets a host follow their own report: one Change goes out for
// each reporter of the case. Was lets those who saw the case before it moved lanes see it go.
type Change struct {
	Kind     ChangeKind    `json:"kind"`
	ID       string        `json:"id,omitempty"` // of the case, report, exhibit or package
	Case     triage.CaseID `json:"case,omitempty"`
	Lane     triage.Lane   `json:"lane,omitempty"`
	Reporter account.ID    `json:"reporter,omitempty"`
	Was      triage.Lane   `json:"was,omitempty"` // the lane that the case left; "" where it stayed in its own
}

// changed is one change that the transaction will tell of when it commits.
type changed struct {
	kind ChangeKind
	id   string
	of   triage.CaseID
	was  triage.Lane
}

func (t *tx) touch(kind ChangeKind, id string, of triage.CaseID) {
	t.tell(changed{kind: kind, id: id, of: of})
}

func (t *tx) tell(c changed) {
	if !slices.Contains(t.changed, c) {
		t.changed = append(t.changed, c)
	}
}

// notify queues the notifications; PostgreSQL sends them if and when the transaction commits. The number of reporters
// told of one case is bounded; the rest see the change when they next look.
func (t *tx) notify(ctx context.Context) error {
	if err := t.notifyBarred(ctx); err != nil || len(t.changed) == 0 {
		return err
	}
	var kinds, things, cases, lanes []string
	for _, c := range t.changed {
		kinds, things, cases, lanes = append(kinds, string(c.kind)), append(things, c.id), append(cases, string(c.of)), append(lanes, string(c.was))
	}
	_, err := t.exec(ctx, `SELECT pg_notify('`+channel+`', json_build_object('kind', w.kind, 'id', w.id, 'case', c.id, 'lane', c.lane,
			'reporter', coalesce(r.reporter, ''), 'was', w.was)::text)
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS w (kind, id, case_id, was, n) JOIN cases c ON c.id = w.case_id
		LEFT JOIN LATERAL (SELECT DISTINCT reporter FROM reports WHERE case_id = c.id LIMIT 50) r ON true ORDER BY w.n`, kinds, things, cases, lanes)
	return err
}

// progressEvery is how often the progress of one package is told; a build reports it far more often.
const progressEvery = 500 * time.Millisecond

// throttle lets one event of a key through in each period.
type throttle struct {
	every time.Duration
	mu    sync.Mutex
	last  map[string]time.Time // guarded by mu
}

func (t *throttle) allow(key string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := now.Sub(t.last[key]); d >= 0 && d < t.every {
		return false
	}
	for k, at := range t.last {
		if now.Sub(at) > time.Minute {
			delete(t.last, k)
		}
	}
	if t.last == nil {
		t.last = map[string]time.Time{}
	}
	t.last[key] = now
	return true
}
