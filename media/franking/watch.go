package franking

import (
	"maps"
	"time"
)

// Standing is whether a stream may be shown (PROTOCOL.md section 15).
type Standing int

// The standings of a stream.
const (
	Unproven    Standing = iota // none of its frames has been found in a stamp yet
	Proven                      // it may be shown
	Overdue                     // a frame is over a second old and in no stamp
	OutOfTime                   // the newest frame that was stamped says a time over two seconds from its stamp's
	Conflicting                 // its sender committed to something else than it sent; for good
)

// Times of PROTOCOL.md section 15.
const (
	stampTime = time.Second // how long a received frame may be in no stamp
	drift     = 2000        // how far frame and stamp may be apart, in milliseconds
)

// maxWatched bounds the frames, and the stamped commitments, that a Watch remembers: more than half a minute of any stream.
const maxWatched = 4096

// Watch holds what was received of one stream against what was stamped. It is for one goroutine.
type Watch struct {
	// Judged hears of each frame that was held against its stamp: Proven, OutOfTime or Conflicting. It may be nil.
	Judged func(counter uint64, s Standing)

	sequence uint64 // the next that is taken
	standing Standing
	missed   bool          // stamps may have been missed before the next run
	waiting  fifo[heard]   // received, in no stamp yet
	stamped  fifo[promise] // stamped, not received yet
}

type heard struct {
	commitment [32]byte
	time       uint64
	at         time.Time // of arrival
}

type promise struct {
	commitment [32]byte
	at         uint64 // the stamp's
}

// Frame takes note of a frame that was opened. now is when it arrived.
func (w *Watch) Frame(counter, sent uint64, commitment [32]byte, now time.Time) {
	if p, ok := w.stamped.take(counter); ok {
		w.judge(counter, commitment, p.commitment, sent, p.at)
		return
	}
	w.waiting.put(counter, heard{commitment, sent, now})
}

// Stamped takes a run of the stream that was stamped at a time of the server's, in milliseconds. Runs of old sequences are not taken.
func (w *Watch) Stamped(r *Run, at uint64) {
	if r.Sequence < w.sequence {
		return
	}
	w.sequence = r.Sequence + 1
	if w.missed {
		w.waiting.drop(r.First)
		w.missed = false
	}
	for i := range r.Count() {
		counter := r.First + uint64(i)
		c, _ := r.Of(counter)
		if h, ok := w.waiting.take(counter); ok {
			w.judge(counter, h.commitment, c, h.time, at)
		} else {
			w.stamped.put(counter, promise{c, at})
		}
	}
}

func (w *Watch) judge(counter uint64, sent, stamped [32]byte, time, at uint64) {
	switch {
	case w.standing == Conflicting || sent != stamped:
		w.standing = Conflicting
	case time > at+drift || at > time+drift:
		w.standing = OutOfTime
	default:
		w.standing = Proven
	}
	if w.Judged != nil {
		w.Judged(counter, w.standing)
	}
}

// Resumed says that another control session has begun: what was stamped between the two is not said again, so frames before the next run are owed no
// stamp.
func (w *Watch) Resumed() { w.missed = true }

// Standing tells whether the stream may be shown now.
func (w *Watch) Standing(now time.Time) Standing {
	if oldest, ok := w.waiting.oldest(); ok && w.standing != Conflicting && now.Sub(oldest.at) > stampTime {
		return Overdue
	}
	return w.standing
}

// fifo is a map that forgets what came first when it is full.
type fifo[V any] struct {
	all   map[uint64]V
	order []uint64 // what was taken stays until it comes to the front
}

func (f *fifo[V]) put(k uint64, v V) {
	if f.all == nil {
		f.all = map[uint64]V{}
	}
	if _, ok := f.all[k]; ok {
		return // the first one counts
	}
	f.all[k] = v
	f.order = append(f.order, k)
	f.trim()
	if len(f.all) > maxWatched {
		delete(f.all, f.order[0])
		f.order = f.order[1:]
	}
}

func (f *fifo[V]) take(k uint64) (v V, ok bool) {
	v, ok = f.all[k]
	delete(f.all, k)
	f.trim()
	return v, ok
}

// drop takes all below k.
func (f *fifo[V]) drop(k uint64) {
	maps.DeleteFunc(f.all, func(at uint64, _ V) bool { return at < k })
	f.trim()
}

// trim lets what was taken go from the front.
func (f *fifo[V]) trim() {
	for len(f.order) > 0 {
		if _, ok := f.all[f.order[0]]; ok {
			return
		}
		f.order = f.order[1:]
	}
}

func (f *fifo[V]) oldest() (v V, ok bool) {
	if len(f.order) == 0 {
		return v, false
	}
	return f.all[f.order[0]], true
}
