package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func testPolicies(_ *testing.T, w *world) {
	waits, looked := w.addCase(triage.LaneGeneral, triage.StateQueued, 30, 0), w.addCase(triage.LaneGeneral, triage.StateQueued, 30, 1)
	done := w.addCase(triage.LaneGeneral, triage.StateDecided, 30, 2)
	spam := triage.Policy{ID: "spam", Title: "Spam", Help: "Unwanted.", Lane: triage.LaneGeneral, Level: 2, Priority: 10, LookWithin: time.Hour, DecideWithin: time.Hour, Position: 13}
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, triage.DefaultPolicies)(tx.Policies(ctx)) // what a fresh store has
		w.ok(tx.InsertPolicy(ctx, spam))
		w.fails(tx.InsertPolicy(ctx, spam), triage.ErrConflict)
		looked.Looked = w.at(3)
		w.ok(tx.SaveCase(ctx, looked))
		looked.Version++
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		hate := triage.DefaultPolicies[3]
		hate.Title, hate.LookWithin, hate.Retired = "Hatred", 2*time.Hour, true
		w.ok(tx.SavePolicy(ctx, hate))
		w.fails(tx.SavePolicy(ctx, hate), triage.ErrConflict)
		hate.Version++
		all := must(tx.Policies(ctx))
		equal(w, all[3], hate)
		equal(w, all[13], spam)
		w.ok(tx.Redate(ctx, waits.Policy, 90*time.Second))
		waits.Due, waits.Version = waits.Opened.Add(90*time.Second), waits.Version+1
		is(w, waits)(tx.Case(ctx, waits.ID))
		is(w, looked)(tx.Case(ctx, looked.ID))
		is(w, done)(tx.Case(ctx, done.ID))
	})
}
