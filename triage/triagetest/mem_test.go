package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func TestMemStore(t *testing.T) {
	Run(t, func(testing.TB) Subject { return NewStore(nil) })
}

func TestMemStoreFaults(t *testing.T) {
	s := NewStore(nil)
	w := newWorld(t, s)
	c := w.addCase(triage.LaneGeneral, triage.StateQueued, 1, 0)
	save := func(priority int) error {
		return s.Update(t.Context(), func(tx triage.Tx) error {
			c := must(tx.Case(t.Context(), c.ID))
			c.Priority = priority
			return tx.SaveCase(t.Context(), c)
		})
	}
	stored := func() (p int) {
		w.view(func(ctx context.Context, tx triage.Tx) { p = must(tx.Case(ctx, c.ID)).Priority })
		return p
	}
	s.FailNext("SaveCase", false)
	w.addReport(c, 1) // another method: does not fail
	w.fails(save(2), triage.ErrUnavailable)
	equal(w, stored(), 1)
	s.FailNext("", true)
	w.fails(save(3), triage.ErrUnavailable)
	equal(w, stored(), 3)
	w.ok(save(4))
	equal(w, stored(), 4)
}
