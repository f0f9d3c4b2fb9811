package participant

import "testing"

func TestClockMeetsTheServers(t *testing.T) {
	for ahead, want := range map[int64]int64{0: 0, 400: 0, -400: 0, 90_000: 90_000, -90_000: -90_000} {
		c := newClock()
		before := int64(c.now())
		c.meet(uint64(before + ahead))
		if moved := int64(c.now()) - before; moved < want-20 || moved > want+200 {
			t.Errorf("a server %d ms ahead moves the clock by %d", ahead, moved)
		}
	}
}
