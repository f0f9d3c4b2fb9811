package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

// away flips the lowest n bits of a hash.
func away(h pdq.Hash, n int) pdq.Hash {
	for k := range n {
		h[k/64] ^= 1 << (k % 64)
	}
	return h
}

func frame(second int, h pdq.Hash) triage.Frame {
	return triage.Frame{At: time.Duration(second) * time.Second, Hash: h, Quality: 90}
}

// testKnownClips holds that a clip is known by the same bytes, or as near, from decided cases only, in the lanes that are asked for,
// and not to their parties.
func testKnownClips(t *testing.T, w *world) {
	now := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 9)
	old := w.addCase(triage.LaneGeneral, triage.StateClosed, 50, 0)
	x := w.addExhibit(w.addReport(now, 9, triage.Person{Name: "Mallory"}), 1)
	was := w.addReport(old, 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	y := w.addExhibit(was, 1)
	q := triage.KnownQuery{Lanes: triage.AllLanes, Without: w.ann.ID, Limit: 5}
	with := func(q triage.KnownQuery, want ...triage.Exhibit) {
		t.Helper()
		w.view(func(ctx context.Context, tx triage.Tx) {
			is(w, want)(tx.ExhibitsWith(ctx, y.SHA256, now.ID, q))
			var near []triage.NearExhibit
			for _, e := range want {
				near = append(near, triage.NearExhibit{Exhibit: e, Share: 93})
			}
			is(w, near)(tx.ExhibitsNear(ctx, x, q))
		})
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.PutNear(ctx, x.ID, y.ID, 81))
		w.ok(tx.PutNear(ctx, y.ID, x.ID, 93)) // is another time found
	})
	with(q) // is not decided
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: old.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(5), State: triage.DecisionInForce,
			Findings: []triage.Finding{{Person: was.People[0].ID, Policy: "hate", Severity: "low", Action: triage.ActWarn}}}))
	})
	with(q, y)
	with(triage.KnownQuery{Lanes: []triage.Lane{triage.LaneChildSafety}, Limit: 5})
	with(triage.KnownQuery{Limit: 5})
	with(triage.KnownQuery{Lanes: triage.AllLanes, Without: w.ben.ID, Limit: 5})
	with(triage.KnownQuery{Lanes: []triage.Lane{triage.LaneGeneral}, Limit: 1}, y)
	w.view(func(ctx context.Context, tx triage.Tx) { // within one case nothing is known by itself
		empty(w, must(tx.ExhibitsWith(ctx, y.SHA256, old.ID, q)))
		empty(w, must(tx.ExhibitsNear(ctx, y, q)))
	})
}

func testFramesNear(t *testing.T, w *world) {
	r := w.addReport(w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0), 1, triage.Person{Name: "Mallory"})
	one, two, none := w.addExhibit(r, 1), w.addExhibit(r, 2), w.addExhibit(r, 3)
	h := pdq.Hash{0x0123456789abcdef, 1, 2, 0xfedcba9876543210}
	spread := h // 31 bits, so that most bands differ
	for k := range 31 {
		spread[k*8/64] ^= 1 << (k * 8 % 64)
	}
	first := triage.Print{MD5: triage.MD5{7}, Frames: []triage.Frame{frame(0, away(h, 32)), frame(1, away(h, 9)), frame(2, away(h, 9))}}
	second := triage.Print{Frames: []triage.Frame{frame(0, spread), frame(61, away(h, 200))}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(first0(tx.Print(ctx, one.ID)), triage.ErrNotFound)
		w.ok(tx.PutPrint(ctx, one.ID, second))
		w.ok(tx.PutPrint(ctx, one.ID, first)) // is prepared again
		w.ok(tx.PutPrint(ctx, two.ID, second))
		w.ok(tx.PutPrint(ctx, none.ID, triage.Print{}))
	})
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, first)(tx.Print(ctx, one.ID))
		is(w, second)(tx.Print(ctx, two.ID))
		is(w, triage.Print{})(tx.Print(ctx, none.ID))
		near, far := triage.FrameNear{Exhibit: one.ID, At: time.Second, Distance: 9}, triage.FrameNear{Exhibit: two.ID, Distance: 31}
		got := must(tx.FramesNear(ctx, h, 9))
		if len(got) != 2 || got[0] != near && got[0] != far || got[1] != near && got[1] != far || got[0] == got[1] {
			t.Errorf("near it are %+v", got)
		}
		is(w, got[:1])(tx.FramesNear(ctx, h, 1))
		empty(w, must(tx.FramesNear(ctx, away(h, 120), 9)))
	})
}

func first0[T any](_ T, err error) error { return err }
