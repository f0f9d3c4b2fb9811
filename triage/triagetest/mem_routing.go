package triagetest

import (
	"cmp"
	"context"
	"strings"

	"github.com/proffer/proffer/triage"
)

func (t *tx) WorkQueues(context.Context) ([]triage.WorkQueue, error) {
	return find(t.workQueues, func(triage.WorkQueue) bool { return true }, func(a, b triage.WorkQueue) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	}, 0), nil
}

// taken reports whether another open queue of the lane has the name.
func (t *tx) taken(q triage.WorkQueue) bool {
	for _, o := range t.workQueues {
		if o.ID != q.ID && o.Lane == q.Lane && !o.Closed && !q.Closed && strings.EqualFold(o.Name, q.Name) {
			return true
		}
	}
	return false
}

func (t *tx) InsertWorkQueue(_ context.Context, q triage.WorkQueue) error {
	if err := t.write("InsertWorkQueue"); err != nil {
		return err
	}
	if t.taken(q) {
		return conflict()
	}
	return insert(t.workQueues, q.ID, q)
}

func (t *tx) SaveWorkQueue(_ context.Context, q triage.WorkQueue) error {
	if err := t.write("SaveWorkQueue"); err != nil {
		return err
	}
	old, err := guarded(t.workQueues, q.ID, func(q triage.WorkQueue) int { return q.Version }, q.Version)
	if err != nil {
		return err
	}
	q.Lane = old.Lane
	q.Version++
	t.workQueues[q.ID] = copyOf(q)
	return nil
}

func (t *tx) RoutingRules(context.Context) ([]triage.RoutingRule, error) {
	return find(t.routingRules, func(triage.RoutingRule) bool { return true }, func(a, b triage.RoutingRule) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
	}, 0), nil
}

func (t *tx) InsertRoutingRule(_ context.Context, r triage.RoutingRule) error {
	if err := t.write("InsertRoutingRule"); err != nil {
		return err
	}
	return insert(t.routingRules, r.ID, r)
}

func (t *tx) SaveRoutingRule(_ context.Context, r triage.RoutingRule) error {
	if err := t.write("SaveRoutingRule"); err != nil {
		return err
	}
	old, err := guarded(t.routingRules, r.ID, func(r triage.RoutingRule) int { return r.Version }, r.Version)
	if err != nil {
		return err
	}
	r.Lane = old.Lane
	r.Version++
	t.routingRules[r.ID] = copyOf(r)
	return nil
}

func (t *tx) DeleteRoutingRule(_ context.Context, id triage.RuleID) error {
	if err := t.write("DeleteRoutingRule"); err != nil {
		return err
	}
	if _, ok := t.routingRules[id]; !ok {
		return missing()
	}
	delete(t.routingRules, id)
	return nil
}
