package participant

import "time"

// clock gives the time at which frames are captured: read once and carried on by a monotonic clock (PROTOCOL.md section 6).
type clock struct{ start time.Time }

func newClock() clock { return clock{time.Now()} }

// now is the time in milliseconds.
func (c clock) now() uint64 { return uint64(c.start.Add(time.Since(c.start)).UnixMilli()) }
