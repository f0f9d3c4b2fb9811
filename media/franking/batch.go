package franking

import "slices"

// MaxRuns is how many runs a batch may have (PROTOCOL.md section 15).
const MaxRuns = 64

// maxUnstamped bounds the runs that a Batcher keeps until they are stamped: five minutes of four streams. Beyond, the oldest go.
const maxUnstamped = 4800

// Batcher puts a join's commitments into batches, and sends again what was not stamped when a session broke. It is for one goroutine.
type Batcher struct {
	sequences map[uint16]uint64 // the next of each stream
	unstamped []Run             // in order
	sent      int               // so many of them were given out in this session
}

// Add takes the commitments of frames of a stream whose counters follow each other, 32 bytes each.
func (b *Batcher) Add(stream uint16, first uint64, commitments []byte) {
	if b.sequences == nil {
		b.sequences = map[uint16]uint64{}
	}
	for len(commitments) > 0 {
		n := min(len(commitments), MaxRun*32)
		b.unstamped = append(b.unstamped, Run{Stream: stream, Sequence: b.sequences[stream], First: first, Commitments: slices.Clone(commitments[:n])})
		b.sequences[stream]++
		first += uint64(n / 32)
		commitments = commitments[n:]
	}
	if over := len(b.unstamped) - maxUnstamped; over > 0 {
		b.unstamped = slices.Delete(b.unstamped, 0, over)
		b.sent = max(0, b.sent-over)
	}
}

// Next gives the runs of the next batch; none where all were sent.
func (b *Batcher) Next() []Run {
	n := min(len(b.unstamped)-b.sent, MaxRuns)
	runs := slices.Clone(b.unstamped[b.sent : b.sent+n])
	b.sent += n
	return runs
}

// Stamped says that a run has come back.
func (b *Batcher) Stamped(r *Run) {
	i := slices.IndexFunc(b.unstamped, func(u Run) bool { return u.Stream == r.Stream && u.Sequence == r.Sequence })
	if i < 0 {
		return
	}
	b.unstamped = slices.Delete(b.unstamped, i, i+1)
	if i < b.sent {
		b.sent--
	}
}

// Lost says that the session broke: what has not come back is sent again in the next one.
func (b *Batcher) Lost() { b.sent = 0 }
