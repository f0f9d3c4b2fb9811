package franking

import (
	"bytes"
	"testing"
)

func TestBatcher(t *testing.T) {
	var b Batcher
	if got := b.Next(); len(got) != 0 {
		t.Fatalf("nothing makes %v", got)
	}
	b.Add(1, 5, bytes.Repeat([]byte{1}, 32*300))
	b.Add(2, 0, bytes.Repeat([]byte{2}, 32))
	runs := b.Next()
	if len(runs) != 3 || runs[0].First != 5 || runs[0].Count() != 256 || runs[1].First != 261 || runs[1].Sequence != 1 || runs[2].Stream != 2 || runs[2].Sequence != 0 {
		t.Fatalf("the runs are %v", runs)
	}
	b.Stamped(&runs[0])
	b.Add(1, 305, make([]byte, 32))
	if again := b.Next(); len(again) != 1 || again[0].Sequence != 2 {
		t.Errorf("what was sent is sent again without need: %v", again)
	}
	b.Lost()
	if again := b.Next(); len(again) != 3 || again[0].Sequence != 1 {
		t.Errorf("after a loss %v is sent", again)
	}
	for i := range 100_000 {
		b.Add(3, uint64(i), make([]byte, 32))
	}
	if len(b.unstamped) > maxUnstamped {
		t.Errorf("%d runs are kept", len(b.unstamped))
	}
	if n := len(b.Next()); n != MaxRuns {
		t.Errorf("a batch has %d runs", n)
	}
}
