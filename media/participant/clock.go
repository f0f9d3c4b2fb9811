package participant

import (
	"sync/atomic"
	"time"
)

// clock gives the time at which frames are captured: read once and carried on by a monotonic clock (PROTOCOL.md section 6).
type clock struct {
	start time.Time
	by    *atomic.Int64 // how far it was moved, in milliseconds
}

func newClock() clock { return clock{time.Now(), new(atomic.Int64)} }

// now is the time in milliseconds.
func (c clock) now() uint64 {
	return uint64(c.start.Add(time.Since(c.start)).UnixMilli() + c.by.Load())
}

// nearStamps is how far a clock may be from the server's before it is moved (PROTOCOL.md section 15), in milliseconds.
const nearStamps = 500

// meet moves the clock, once, to the time at which the server put this client's join on the board: frames' times have to be near their stamps'.
func (c clock) meet(at uint64) {
	if by := int64(at) - int64(c.now()); by > nearStamps || by < -nearStamps {
		c.by.CompareAndSwap(0, by)
	}
}
