package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testBulks(_ *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0)
	r := w.addReport(c, 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	b := triage.Bulk{ID: "BU-1", By: w.ann.ID, Policy: "hate", Action: triage.ActWarn, Severity: triage.SeverityLow, Reasons: "Of some length.", Made: w.at(1),
		Items: []triage.BulkItem{{Case: c.ID, Basis: "version 0"}, {Case: "C-none", Outcome: triage.BulkLeftOut, Why: "There is none."}}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertBulk(ctx, b))
		w.fails(tx.InsertBulk(ctx, b), triage.ErrConflict)
		is(w, b)(tx.Bulk(ctx, b.ID))
		refused[triage.Bulk](w, triage.ErrNotFound)(tx.Bulk(ctx, "BU-2"))
		b.Confirmed = w.at(2)
		w.ok(tx.SaveBulk(ctx, b))
		w.fails(tx.SaveBulk(ctx, b), triage.ErrConflict)
		b.Version = 1
		dec := triage.Decision{ID: "D-1", Case: c.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(2), State: triage.DecisionInForce, Bulk: b.ID,
			Findings: []triage.Finding{{Person: r.People[0].ID, Policy: "hate", Action: triage.ActWarn, Severity: triage.SeverityLow}}}
		w.ok(tx.InsertDecision(ctx, dec))
		is(w, dec)(tx.Decision(ctx, dec.ID))
		done := triage.BulkItem{Case: c.ID, Basis: "not saved", Outcome: triage.BulkDecided, Decision: dec.ID}
		w.ok(tx.SaveBulkItem(ctx, b.ID, triage.BulkPlanned, done))
		w.fails(tx.SaveBulkItem(ctx, b.ID, triage.BulkPlanned, done), triage.ErrConflict)
		w.fails(tx.SaveBulkItem(ctx, b.ID, triage.BulkPlanned, triage.BulkItem{Case: "C-other"}), triage.ErrConflict)
		b.Items[0].Outcome, b.Items[0].Decision = triage.BulkDecided, dec.ID
		is(w, b)(tx.Bulk(ctx, b.ID))

		notice := triage.Message{ID: "S-1", To: w.ben.ID, Address: "b@example.org", Case: c.ID, Decision: dec.ID, Created: w.at(2), State: triage.MessageWaiting}
		w.ok(tx.InsertMessage(ctx, notice))
		is(w, []triage.Message{notice})(tx.NoticesOf(ctx, dec.ID))
		empty(w, must(tx.NoticesOf(ctx, "D-2")))
		empty(w, must(tx.Deliverable(ctx, 9)))
		notice.State = triage.MessageWithdrawn
		w.ok(tx.SaveMessage(ctx, notice))
		if got := must(tx.Deliverable(ctx, 9)); len(got) != 1 {
			w.t.Fatalf("%d cases wait for nothing, want 1", len(got))
		}
		dec.State = triage.DecisionUndone
		w.ok(tx.SaveDecision(ctx, dec))
		dec.Version++
		is(w, dec)(tx.Decision(ctx, dec.ID))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1", NotBefore: w.at(600)}))
	})
}
