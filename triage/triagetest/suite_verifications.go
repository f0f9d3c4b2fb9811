package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testVerifications(t *testing.T, w *world) {
	x := w.addExhibit(w.addReport(w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0), 1, triage.Person{Name: "Mallory"}), 1)
	first := triage.Verification{ID: "J-1", Exhibit: x.ID, By: w.ann.ID, Asked: w.at(1)}
	second := triage.Verification{ID: "J-2", Exhibit: x.ID, By: w.ben.ID, Asked: w.at(3)}
	w.update(func(ctx context.Context, tx triage.Tx) {
		empty(w, must(tx.Verifications(ctx, x.ID)))
		w.ok(tx.InsertVerification(ctx, first))
		is(w, []triage.Verification{first})(tx.Verifications(ctx, x.ID))
	})
	w.fails(w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertVerification(t.Context(), second) }), triage.ErrConflict) // one at a time
	w.update(func(ctx context.Context, tx triage.Tx) {
		first.Done, first.Trust, first.Verdict, first.Differs = w.at(2), triage.TrustPartly, []byte(`{ "b": 1, "a": 2}`), "the meeting is another"
		w.ok(tx.FinishVerification(ctx, first))
		w.ok(tx.InsertVerification(ctx, second))
		is(w, []triage.Verification{first, second})(tx.Verifications(ctx, x.ID))
		w.fails(tx.FinishVerification(ctx, first), triage.ErrNotFound) // what was found is never changed
		w.fails(tx.FinishVerification(ctx, triage.Verification{ID: "J-9", Done: w.at(2), Failed: "why"}), triage.ErrNotFound)
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		second.Done, second.Failed = w.at(4), "It was away."
		w.ok(tx.FinishVerification(ctx, second))
		is(w, []triage.Verification{first, second})(tx.Verifications(ctx, x.ID))
	})
}
