package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

func testRouting(_ *testing.T, w *world) {
	hosts := triage.WorkQueue{ID: "QU-1", Lane: triage.LaneGeneral, Name: "hosts", Members: []account.ID{w.ann.ID}}
	closed := triage.WorkQueue{ID: "QU-2", Lane: triage.LaneGeneral, Name: "Hosts", Closed: true}
	hidden := triage.WorkQueue{ID: "QU-3", Lane: triage.LaneChildSafety, Name: "Hosts"}
	rule := func(id triage.RuleID, lane triage.Lane, position int, queue string) triage.RoutingRule {
		return triage.RoutingRule{ID: id, Lane: lane, Position: position, By: w.ann.ID, Changed: w.at(1),
			Rule: routing.Rule{Name: "n", Condition: "true", Queue: queue, Points: 5}}
	}
	second, first, other := rule("RU-1", triage.LaneGeneral, 1, ""), rule("RU-2", triage.LaneGeneral, 0, "QU-1"), rule("RU-3", triage.LaneChildSafety, 0, "QU-3")
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertWorkQueue(ctx, hosts))
		w.ok(tx.InsertWorkQueue(ctx, closed)) // a closed one keeps no name from others
		w.ok(tx.InsertWorkQueue(ctx, hidden))
		w.fails(tx.InsertWorkQueue(ctx, triage.WorkQueue{ID: "QU-4", Lane: triage.LaneGeneral, Name: "HOSTS"}), triage.ErrConflict)
		is(w, []triage.WorkQueue{hosts, closed, hidden})(tx.WorkQueues(ctx))
		for _, r := range []triage.RoutingRule{second, first, other} {
			w.ok(tx.InsertRoutingRule(ctx, r))
		}
		is(w, []triage.RoutingRule{other, first, second})(tx.RoutingRules(ctx))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		hosts.Name, hosts.Members = "Abusive hosts", []account.ID{w.ann.ID, w.ben.ID}
		w.ok(tx.SaveWorkQueue(ctx, hosts))
		w.fails(tx.SaveWorkQueue(ctx, hosts), triage.ErrConflict)
		hosts.Version++
		is(w, []triage.WorkQueue{hosts, closed, hidden})(tx.WorkQueues(ctx))
		second.On, second.Tried, second.Condition = true, w.at(3), "report.clips > 0"
		w.ok(tx.SaveRoutingRule(ctx, second))
		w.fails(tx.SaveRoutingRule(ctx, second), triage.ErrConflict)
		second.Version++
		w.ok(tx.DeleteRoutingRule(ctx, other.ID))
		w.fails(tx.DeleteRoutingRule(ctx, other.ID), triage.ErrNotFound)
		is(w, []triage.RoutingRule{first, second})(tx.RoutingRules(ctx))
	})
}

func testQueuesAndDeferral(_ *testing.T, w *world) {
	plain := w.addCase(triage.LaneGeneral, triage.StateQueued, 30, 0)
	queued := w.addCase(triage.LaneGeneral, triage.StateQueued, 60, 1)
	deferred := w.addCase(triage.LaneGeneral, triage.StateQueued, 90, 2)
	general := []triage.Lane{triage.LaneGeneral}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertWorkQueue(ctx, triage.WorkQueue{ID: "QU-1", Lane: triage.LaneGeneral, Name: "Hosts", Members: []account.ID{w.ann.ID}}))
		queued.Queue, queued.Placed, queued.Reasons = "QU-1", true, []routing.Reason{{Points: 60, Words: "the policy"}}
		w.ok(tx.SaveCase(ctx, queued))
		deferred.Deferred = w.at(30)
		w.ok(tx.SaveCase(ctx, deferred))
		queued.Version++
		deferred.Version++
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, queued)(tx.Case(ctx, queued.ID))
		is(w, queued)(tx.NextCase(ctx, general, w.ann.ID, w.at(29), w.at(0)))
		is(w, plain)(tx.NextCase(ctx, general, w.ben.ID, w.at(29), w.at(0)))
		is(w, deferred)(tx.NextCase(ctx, general, w.ben.ID, w.at(30), w.at(0)))
		count := func(q triage.QueueQuery) int {
			q.Lanes, q.States = general, []triage.State{triage.StateQueued}
			return must(tx.Count(ctx, q, 10))
		}
		equal(w, count(triage.QueueQuery{Queue: "QU-1"}), 1)
		equal(w, count(triage.QueueQuery{Queue: triage.NoQueue}), 2)
		equal(w, count(triage.QueueQuery{Awake: w.at(29)}), 2)
		equal(w, count(triage.QueueQuery{Awake: w.at(30)}), 3)
		q := must(tx.WorkQueues(ctx))[0]
		q.Members = nil
		w.ok(tx.SaveWorkQueue(ctx, q))
		is(w, queued)(tx.NextCase(ctx, general, w.ben.ID, w.at(29), w.at(0))) // a queue without members is everybody's
		q.Version++
		q.Members, q.Closed = []account.ID{w.ann.ID}, true
		w.ok(tx.SaveWorkQueue(ctx, q))
		is(w, queued)(tx.NextCase(ctx, general, w.ben.ID, w.at(29), w.at(0))) // and so is a closed one
	})
}
