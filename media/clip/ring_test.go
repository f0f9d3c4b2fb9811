package clip_test

import (
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
)

// TestRingWindow brings a ring's window into its bounds, and shortens it while it runs.
func TestRingWindow(t *testing.T) {
	began := time.UnixMilli(1_800_000_000_000)
	fill := func(r *clip.Ring, from, to int) {
		for s := from; s <= to; s++ {
			r.Add(clip.Received{Join: [32]byte{1}, What: franking.Describe(franking.VP8, true, franking.Camera), Stream: 1, Counter: uint64(s), Time: uint64(s) * 1000, Data: []byte{0x10}},
				began.Add(time.Duration(s)*time.Second))
		}
	}
	r := clip.NewRing(time.Hour)
	fill(r, 0, 200)
	if n := r.Held(); n < 120 || n > 122 {
		t.Errorf("of an hour a ring keeps %d s, not 120", n)
	}
	r.SetWindow(30 * time.Second)
	fill(r, 201, 201)
	if n := r.Held(); n < 30 || n > 32 {
		t.Errorf("made shorter, a ring keeps %d s, not 30", n)
	}
	r.SetWindow(0)
	fill(r, 202, 260)
	if n := r.Held(); n < 15 || n > 17 {
		t.Errorf("of nothing a ring keeps %d s, not 15", n)
	}
}
