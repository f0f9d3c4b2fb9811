package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func workQueueColumns(q *triage.WorkQueue) []column {
	return []column{{"id", &q.ID}, {"lane", &q.Lane}, {"name", &q.Name}, {"members", ids(&q.Members)}, {"closed", &q.Closed}, {"version", &q.Version}}
}

func (t *tx) WorkQueues(ctx context.Context) ([]triage.WorkQueue, error) {
	return list(ctx, t, workQueueColumns, "FROM work_queues ORDER BY lower(name), id")
}

func (t *tx) InsertWorkQueue(ctx context.Context, q triage.WorkQueue) error {
	return t.insert(ctx, "work_queues", workQueueColumns(&q))
}

func (t *tx) SaveWorkQueue(ctx context.Context, q triage.WorkQueue) error {
	return t.save(ctx, "work_queues", string(q.ID), q.Version, only(workQueueColumns(&q), "name", "members", "closed"))
}

func ruleColumns(r *triage.RoutingRule) []column {
	return []column{{"id", &r.ID}, {"lane", &r.Lane}, {"position", &r.Position}, {"name", &r.Name}, {"condition", &r.Condition}, {"queue", opt(&r.Queue)},
		{"points", &r.Points}, {"switched_on", &r.On}, {"tried", optTime{&r.Tried}}, {"by", &r.By}, {"changed", &r.Changed}, {"version", &r.Version}}
}

func (t *tx) RoutingRules(ctx context.Context) ([]triage.RoutingRule, error) {
	return list(ctx, t, ruleColumns, "FROM routing_rules ORDER BY lane, position, id")
}

func (t *tx) InsertRoutingRule(ctx context.Context, r triage.RoutingRule) error {
	return t.insert(ctx, "routing_rules", ruleColumns(&r))
}

func (t *tx) SaveRoutingRule(ctx context.Context, r triage.RoutingRule) error {
	return t.save(ctx, "routing_rules", string(r.ID), r.Version,
		only(ruleColumns(&r), "position", "name", "condition", "queue", "points", "switched_on", "tried", "by", "changed"))
}

func (t *tx) DeleteRoutingRule(ctx context.Context, id triage.RuleID) error {
	tag, err := t.exec(ctx, "DELETE FROM routing_rules WHERE id = $1", id)
	if err == nil && tag.RowsAffected() == 0 {
		return triage.Errorf(triage.NotFound, "There is no such rule.")
	}
	return err
}
