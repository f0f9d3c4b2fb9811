package franking

import (
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	c := func(n byte) [32]byte { return [32]byte{n} }
	run := func(sequence, first uint64, cs ...byte) *Run {
		r := &Run{Stream: 1, Sequence: sequence, First: first}
		for _, n := range cs {
			x := c(n)
			r.Commitments = append(r.Commitments, x[:]...)
		}
		return r
	}
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	const sent = 1_000_000
	for what, x := range map[string]struct {
		do   func(w *Watch)
		when int
		want Standing
	}{
		"nothing came":           {func(w *Watch) {}, 5000, Unproven},
		"a frame without stamp":  {func(w *Watch) { w.Frame(0, sent, c(1), at(0)) }, 900, Unproven},
		"a frame for too long":   {func(w *Watch) { w.Frame(0, sent, c(1), at(0)) }, 1100, Overdue},
		"stamped after":          {func(w *Watch) { w.Frame(0, sent, c(1), at(0)); w.Stamped(run(0, 0, 1), sent+200) }, 9000, Proven},
		"stamped before":         {func(w *Watch) { w.Stamped(run(0, 0, 1), sent+200); w.Frame(0, sent, c(1), at(300)) }, 9000, Proven},
		"stamped, not received":  {func(w *Watch) { w.Stamped(run(0, 0, 1), sent+200) }, 9000, Unproven},
		"another commitment":     {func(w *Watch) { w.Frame(0, sent, c(1), at(0)); w.Stamped(run(0, 0, 2), sent+200) }, 100, Conflicting},
		"stamped too late":       {func(w *Watch) { w.Frame(0, sent, c(1), at(0)); w.Stamped(run(0, 0, 1), sent+2001) }, 2100, OutOfTime},
		"a time from the future": {func(w *Watch) { w.Frame(0, sent+9000, c(1), at(0)); w.Stamped(run(0, 0, 1), sent+200) }, 300, OutOfTime},
		"an old sequence again": {func(w *Watch) {
			w.Stamped(run(5, 10, 1), sent)
			w.Frame(0, sent, c(9), at(0))
			w.Stamped(run(4, 0, 9), sent+100)
		}, 1500, Overdue},
		"silence after a proof": {func(w *Watch) { w.Frame(0, sent, c(1), at(0)); w.Stamped(run(0, 0, 1), sent+200) }, 3_600_000, Proven},
		"late stamps catch up": {func(w *Watch) {
			w.Frame(0, sent, c(1), at(0))
			w.Frame(1, sent+1500, c(2), at(1500))
			w.Stamped(run(0, 0, 1, 2), sent+1700)
		}, 1800, Proven},
		"lost frames do not matter": {func(w *Watch) { w.Frame(3, sent, c(4), at(0)); w.Stamped(run(0, 0, 1, 2, 3, 4), sent+100) }, 2000, Proven},
		"stamps missed between two sessions": {func(w *Watch) {
			w.Frame(0, sent, c(1), at(0))
			w.Stamped(run(0, 0, 1), sent+200)
			w.Frame(1, sent+250, c(2), at(250))
			w.Resumed()
			w.Frame(2, sent+900, c(3), at(900))
			w.Stamped(run(2, 2, 3), sent+1000)
		}, 9000, Proven},
		"a hole in one session": {func(w *Watch) {
			w.Frame(0, sent, c(1), at(0))
			w.Stamped(run(0, 0, 1), sent+200)
			w.Resumed()
			w.Stamped(run(1, 1, 9), sent+300)
			w.Frame(2, sent+400, c(3), at(400))
			w.Stamped(run(3, 3, 4), sent+600)
		}, 1500, Overdue},
		"nothing stamped in the next session": {func(w *Watch) {
			w.Frame(0, sent, c(1), at(0))
			w.Resumed()
		}, 1500, Overdue},
		"a conflict is for good": {func(w *Watch) {
			w.Frame(0, sent, c(1), at(0))
			w.Stamped(run(0, 0, 2), sent+200)
			w.Frame(1, sent, c(3), at(300))
			w.Stamped(run(1, 1, 3), sent+400)
		}, 500, Conflicting},
	} {
		w := &Watch{}
		x.do(w)
		if got := w.Standing(at(x.when)); got != x.want {
			t.Errorf("%s: %v, want %v", what, got, x.want)
		}
	}
}

func TestWatchIsBounded(t *testing.T) {
	w := &Watch{}
	for i := range uint64(100_000) {
		w.Frame(i, i, [32]byte{}, time.UnixMilli(int64(i)))
		w.Stamped(&Run{Sequence: i, First: 1<<40 + i, Commitments: make([]byte, 32)}, i)
	}
	if len(w.waiting.all) > maxWatched || len(w.waiting.order) > 2*maxWatched || len(w.stamped.all) > maxWatched {
		t.Errorf("%d frames and %d stamps are kept", len(w.waiting.all), len(w.stamped.all))
	}
}
