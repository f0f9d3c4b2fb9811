package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func testReviewers(_ *testing.T, w *world) {
	c, child := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0), w.addCase(triage.LaneChildSafety, triage.StateQueued, 90, 1)
	x, y := w.addExhibit(w.addReport(c, 1, triage.Person{Name: "One"}), 1), w.addExhibit(w.addReport(child, 1, triage.Person{Name: "Two"}), 1)
	lanes := []triage.Lane{triage.LaneGeneral, triage.LaneChildSafety}
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, triage.DefaultPreferences)(tx.Preferences(ctx, w.ann.ID))
		mine := triage.Preferences{Grey: true, Small: true, OptOuts: []triage.PolicyID{"hate", "nudity"}}
		w.ok(tx.SavePreferences(ctx, w.ann.ID, triage.Preferences{Blur: true}))
		w.ok(tx.SavePreferences(ctx, w.ann.ID, mine))
		is(w, mine)(tx.Preferences(ctx, w.ann.ID))
		is(w, triage.DefaultPreferences)(tx.Preferences(ctx, w.ben.ID))
		refused[triage.Case](w, triage.ErrNotFound)(tx.NextCase(ctx, lanes, w.ann.ID, w.at(5), w.at(-60))) // all is hate
		equal(w, must(tx.NextCase(ctx, lanes, w.ben.ID, w.at(5), w.at(-60))).ID, child.ID)
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		for i, of := range []triage.ExhibitID{x.ID, y.ID, x.ID} {
			w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: of, Account: w.ann.ID, Session: "s", From: time.Second, To: time.Duration(i+2) * time.Second, At: w.at(10 - i)}))
		}
		w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: x.ID, Account: w.ben.ID, Session: "s", To: time.Second, At: w.at(9)}))
		is(w, []triage.Exposure{{At: w.at(9), Policy: "hate", Lane: triage.LaneChildSafety, Length: 2 * time.Second},
			{At: w.at(10), Policy: "hate", Lane: triage.LaneGeneral, Length: time.Second}})(tx.Exposures(ctx, w.ann.ID, w.at(9)))
	})
	lift := func(id string, minute int) triage.Override {
		return triage.Override{ID: id, Account: w.ben.ID, Group: triage.BudgetShift, Reason: "A raid.", By: w.ann.ID, At: w.at(minute), Until: w.at(minute + 60)}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertOverride(ctx, lift("H-1", 1)))
		w.ok(tx.InsertOverride(ctx, lift("H-2", 2)))
		w.fails(tx.InsertOverride(ctx, lift("H-1", 3)), triage.ErrConflict)
		is(w, []triage.Override{lift("H-2", 2), lift("H-1", 1)})(tx.Overrides(ctx, w.ben.ID, w.at(60)))
		is(w, []triage.Override{lift("H-2", 2)})(tx.Overrides(ctx, "", w.at(61)))
		empty(w, must(tx.Overrides(ctx, w.ann.ID, w.at(1))))
	})
}

func testStrikes(_ *testing.T, w *world) {
	c, other := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0), w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 1)
	r := w.addReport(c, 1, triage.Person{Name: "Ben", Account: w.ben.ID}, triage.Person{Name: "Ann", Account: w.ann.ID})
	q := w.addReport(other, 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	decision := func(id triage.DecisionID, of triage.Case, n, minute int, s triage.DecisionState, fs ...triage.Finding) triage.Decision {
		return triage.Decision{ID: id, Case: of.ID, Number: n, Decider: w.ann.ID, Decided: w.at(minute), State: s, Findings: fs}
	}
	finding := func(p triage.Person, policy triage.PolicyID, do triage.ActionKind) triage.Finding {
		return triage.Finding{Person: p.ID, Policy: policy, Action: do}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, decision("D-1", c, 1, 5, triage.DecisionRefused, finding(r.People[0], "hate", triage.ActBan))))
		w.ok(tx.InsertDecision(ctx, decision("D-2", c, 2, 6, triage.DecisionInForce, finding(r.People[0], "hate", triage.ActWarn), finding(r.People[1], "hate", triage.ActWarn))))
		w.ok(tx.InsertDecision(ctx, decision("D-3", other, 1, 7, triage.DecisionInForce, finding(q.People[0], "nudity", triage.ActNone))))
		one := triage.Strike{Case: c.ID, Policy: "hate", Action: triage.ActWarn, Decided: w.at(6)}
		is(w, []triage.Strike{one})(tx.StrikesOn(ctx, w.ben.ID, w.at(6)))
		empty(w, must(tx.StrikesOn(ctx, w.ben.ID, w.at(7))))
		empty(w, must(tx.StrikesOn(ctx, w.child.ID, w.at(0))))
	})
}
