package participant

import (
	"math"
	"testing"
	"time"
)

// TestWindow brings what the server says of the window into its bounds: a server that says more gets no more.
func TestWindow(t *testing.T) {
	for said, want := range map[uint64]time.Duration{0: 15 * time.Second, 15: 15 * time.Second, 90: 90 * time.Second, 121: 120 * time.Second, math.MaxUint64: 120 * time.Second} {
		for _, ring := range []bool{true, false} {
			p := &Participant{stamps: newStamps(ring)}
			if p.stamps.keep(said); p.Window() != want {
				t.Errorf("of %d the window is %v, want %v", said, p.Window(), want)
			}
		}
	}
}
