package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testViews(_ *testing.T, w *world) {
	own := triage.View{ID: "VW-1", Owner: w.ann.ID, Name: "Hate", Tab: triage.TabOpen, Ask: triage.FindAsk{Policy: "hate", Text: "a\\b'"}, Made: w.at(1)}
	shared := triage.View{ID: "VW-2", Owner: w.ben.ID, Name: "A shared one", Shared: true, Made: w.at(2),
		Ask: triage.FindAsk{State: triage.StateQueued, Older: 3, From: w.at(0).Truncate(24 * 3600e9), Reviewer: triage.Myself}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertView(ctx, own))
		w.ok(tx.InsertView(ctx, shared))
		w.fails(tx.InsertView(ctx, own), triage.ErrConflict)
		is(w, own)(tx.SavedView(ctx, own.ID))
		refused[triage.View](w, triage.ErrNotFound)(tx.SavedView(ctx, "VW-3"))
		is(w, []triage.View{shared, own})(tx.Views(ctx, w.ann.ID))
		is(w, []triage.View{shared})(tx.Views(ctx, w.ben.ID))
		own.Name, own.Ask.Text = "Z", "not saved"
		w.ok(tx.SaveView(ctx, own))
		w.fails(tx.SaveView(ctx, own), triage.ErrConflict)
		own.Version, own.Ask.Text = 1, "a\\b'"
		is(w, own)(tx.SavedView(ctx, own.ID))
		shared.Deleted = w.at(3)
		w.ok(tx.SaveView(ctx, shared))
		is(w, []triage.View{own})(tx.Views(ctx, w.ann.ID))
		shared.Version = 1
		is(w, shared)(tx.SavedView(ctx, shared.ID))
	})
}
