package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testMutes(_ *testing.T, w *world) {
	c, hidden := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0), w.addCase(triage.LaneChildSafety, triage.StateQueued, 50, 0)
	r := w.addReport(c, 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	w.addReport(hidden, 1, triage.Person{Name: "Mo"})
	mute := func(id string, minute int) triage.Mute {
		return triage.Mute{ID: id, Account: w.host.ID, Reason: "In bad faith.", By: w.ann.ID, At: w.at(minute), Until: w.at(minute + 60)}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: c.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(2), State: triage.DecisionInForce,
			Findings: []triage.Finding{{Person: r.People[0].ID, Policy: "hate", Action: triage.ActNone}}}))
		is(w, []triage.ReporterCount{{Account: w.host.ID, Name: w.host.Name, Reports: 1, Decided: 1, Unfounded: 1}})(tx.ReporterCounts(ctx, w.ann.ID, w.at(1), 5))
		empty(w, must(tx.ReporterCounts(ctx, w.ben.ID, w.at(1), 5))) // the case is about them
		empty(w, must(tx.ReporterCounts(ctx, w.ann.ID, w.at(2), 5)))
		w.ok(tx.InsertMute(ctx, mute("Q-1", 1)))
		w.ok(tx.InsertMute(ctx, mute("Q-2", 2)))
		is(w, []triage.Mute{mute("Q-2", 2), mute("Q-1", 1)})(tx.Mutes(ctx, w.host.ID, w.at(5)))
		is(w, []triage.Mute{mute("Q-2", 2)})(tx.Mutes(ctx, "", w.at(61)))
		empty(w, must(tx.Mutes(ctx, w.ann.ID, w.at(5))))
		is(w, 1)(tx.UndoMute(ctx, w.host.ID, w.at(61)))
		is(w, 0)(tx.UndoMute(ctx, w.host.ID, w.at(61)))
		empty(w, must(tx.Mutes(ctx, "", w.at(61))))
	})
}
