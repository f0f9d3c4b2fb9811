package clip

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/media/franking"
)

// Limits of a ring (PROTOCOL.md section 16).
const (
	DefaultWindow = 60 * time.Second
	MinWindow     = 15 * time.Second
	MaxWindow     = 120 * time.Second
	MaxRing       = 512 << 20 // bytes of frames; beyond, the oldest go before their time
)

// Received is a frame as a receiver opened it, or a line of chat: a frame of stream 0 whose What is 0 and whose Data is its plaintext.
type Received struct {
	Join                [32]byte // of the sender
	What                franking.What
	Stream              uint16
	Term                uint16
	Epoch               uint32
	Counter             uint64
	Time                uint64 // the sender's, in milliseconds
	Data                []byte // the whole encoded frame; the ring keeps it
	Opening, Commitment [32]byte

	at time.Time // by this receiver's clock
}

// Ring keeps what a host's device received in the last seconds, in memory. It holds openings of frames and never a key. It may be used by
// several goroutines.
type Ring struct {
	window time.Duration

	mu     sync.Mutex
	tracks map[trackKey][]*Received // in order of arrival
	runs   map[streamKey][]StampedRun
	bytes  int64
	pruned time.Time
}

type trackKey struct {
	join   [32]byte
	source franking.Source
}

// chat stands for the source of the lines of chat, which have none.
const chat franking.Source = 7

// source is what a frame is kept under.
func (f *Received) source() franking.Source {
	if f.What == 0 {
		return chat
	}
	return f.What.Source()
}

func video(s franking.Source) bool { return s == franking.Camera || s == franking.Screen }

type streamKey struct {
	join   [32]byte
	stream uint16
}

// NewRing makes an empty ring for a window.
func NewRing(window time.Duration) *Ring {
	return &Ring{window: min(max(window, MinWindow), MaxWindow), tracks: map[trackKey][]*Received{}, runs: map[streamKey][]StampedRun{}}
}

// SetWindow changes for how long frames are kept; what is too old for it by now is gone with the next frame.
func (r *Ring) SetWindow(window time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window, r.pruned = min(max(window, MinWindow), MaxWindow), time.Time{}
}

// pruneEvery is how often what is out of the window is looked for: the ring may hold that much more.
const pruneEvery = 500 * time.Millisecond

// Bytes is how much media the ring holds.
func (r *Ring) Bytes() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// Add keeps a frame, and forgets what is out of the window now. Pictures before a key frame, which nobody could decode, are not kept.
func (r *Ring) Add(f Received, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.at = now
	k := trackKey{f.Join, f.source()}
	if fs := r.tracks[k]; len(fs) > 0 || !video(k.source) || f.What.Key() {
		r.tracks[k] = append(fs, &f)
		r.bytes += int64(len(f.Data))
	}
	if now.Sub(r.pruned) >= pruneEvery {
		r.prune(now)
		r.pruned = now
	}
	for r.bytes > MaxRing {
		r.shed()
	}
}

// Stamped keeps the stamps of a sender's runs. They may come before or after the frames.
func (r *Ring) Stamped(join [32]byte, runs []StampedRun) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range runs {
		k := streamKey{join, run.Stream}
		r.runs[k] = append(r.runs[k], run)
	}
}

// Clear forgets everything; the client leaves.
func (r *Ring) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tracks)
	clear(r.runs)
	r.bytes = 0
}

// prune drops groups of pictures that are out of the window with the key frame that follows them, sound with the pictures before it, and stamps
// of what is gone.
func (r *Ring) prune(now time.Time) {
	oldest := now.Add(-r.window)
	for k, fs := range r.tracks {
		if video(k.source) {
			r.drop(k, staleGroups(fs, oldest))
		}
	}
	for k, fs := range r.tracks {
		if video(k.source) {
			continue
		}
		pictures := r.tracks[trackKey{k.join, k.source - 1}] // lines have none
		n := 0
		for n < len(fs) && fs[n].at.Before(oldest) && (len(pictures) == 0 || fs[n].Time < pictures[0].Time) {
			n++
		}
		r.drop(k, n)
	}
	r.pruneRuns(oldest)
}

// staleGroups counts the frames before the last key frame that is out of the window.
func staleGroups(fs []*Received, oldest time.Time) (n int) {
	for i, f := range fs {
		if !f.at.Before(oldest) {
			return n
		}
		if f.What.Key() {
			n = i
		}
	}
	return len(fs) // nothing has come for a whole window
}

func (r *Ring) drop(k trackKey, n int) {
	fs := r.tracks[k]
	for _, f := range fs[:n] {
		r.bytes -= int64(len(f.Data))
	}
	if n == len(fs) {
		delete(r.tracks, k)
		return
	}
	clear(fs[:n]) // so that they can be collected
	r.tracks[k] = fs[n:]
}

// pruneRuns drops the stamps that are older than any frame they could be of.
func (r *Ring) pruneRuns(oldest time.Time) {
	first := map[streamKey]uint64{}
	for k, fs := range r.tracks {
		for _, f := range fs {
			s := streamKey{k.join, f.Stream}
			if was, ok := first[s]; !ok || f.Counter < was {
				first[s] = f.Counter
			}
		}
	}
	late := uint64(oldest.Add(-stampWait).UnixMilli())
	for k, runs := range r.runs {
		counter, held := first[k]
		runs = slices.DeleteFunc(runs, func(run StampedRun) bool {
			return held && run.First+uint64(len(run.Commitments)/32) <= counter || !held && run.At < late
		})
		if len(runs) == 0 {
			delete(r.runs, k)
			continue
		}
		r.runs[k] = runs
	}
}

// stampWait is how much longer than the window stamps are kept whose frames have not come.
const stampWait = 10 * time.Second

// shed drops the oldest group of the largest track.
func (r *Ring) shed() {
	var largest trackKey
	most := 0
	for k, fs := range r.tracks {
		size := 0
		for _, f := range fs {
			size += len(f.Data)
		}
		if size > most {
			largest, most = k, size
		}
	}
	fs := r.tracks[largest]
	n := 1
	for n < len(fs) && fs[0].What.Key() && !fs[n].What.Key() {
		n++
	}
	r.drop(largest, n)
}

// Frozen is what a ring held when it was frozen.
type Frozen struct {
	at     time.Time
	tracks map[trackKey][]*Received
	runs   map[streamKey][]StampedRun
}

// Freeze gives what the ring holds now; the ring goes on. Stamps of the newest frames come up to a second later, by Frozen.Stamped.
func (r *Ring) Freeze(now time.Time) *Frozen {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &Frozen{now, map[trackKey][]*Received{}, map[streamKey][]StampedRun{}}
	for k, fs := range r.tracks {
		f.tracks[k] = slices.Clone(fs)
	}
	for k, runs := range r.runs {
		f.runs[k] = slices.Clone(runs)
	}
	return f
}

// Stamped takes stamps that came after the ring was frozen.
func (f *Frozen) Stamped(join [32]byte, runs []StampedRun) {
	for _, run := range runs {
		k := streamKey{join, run.Stream}
		f.runs[k] = append(f.runs[k], run)
	}
}

// Senders gives everyone of whom there is something, in no order.
func (f *Frozen) Senders() (all [][32]byte) {
	for k := range f.tracks {
		if !slices.Contains(all, k.join) {
			all = append(all, k.join)
		}
	}
	return all
}

// pick takes the frames of a track from a time to another: pictures from the key frame at or before it, each later than the one before.
func (f *Frozen) pick(k trackKey, from, to uint64) []*Received {
	fs := slices.Clone(f.tracks[k])
	slices.SortStableFunc(fs, func(a, b *Received) int { return cmp.Compare(a.Time, b.Time) })
	pictures := video(k.source)
	begin := 0
	if pictures {
		begin = firstKey(fs, from)
	} else {
		for begin < len(fs) && fs[begin].Time < from {
			begin++
		}
	}
	out := fs[:0]
	for _, x := range fs[begin:] {
		n := len(out)
		switch {
		case x.Time > to:
			return f.trim(k.join, out)
		case n > 0 && (x.Time <= out[n-1].Time || x.What.Codec() != out[0].What.Codec()),
			pictures && (n == 0 || x.Stream != out[n-1].Stream) && !x.What.Key():
			continue // of a layer that was left, or behind a key frame that is not there
		case f.conflicts(k.join, x):
			continue // the sender's doing; nobody was shown it
		}
		out = append(out, x)
	}
	return f.trim(k.join, out)
}

// trim leaves out the newest frames if their stamps have not come: they had no time to.
func (f *Frozen) trim(join [32]byte, fs []*Received) []*Received {
	n := len(fs)
	for n > 0 && fs[n-1].at.After(f.at.Add(-stampTime)) && !f.stamped(join, fs[n-1]) {
		n--
	}
	return fs[:n]
}

// stampTime is how long a frame may be in no stamp (PROTOCOL.md section 15).
const stampTime = time.Second

func (f *Frozen) stamped(join [32]byte, x *Received) bool {
	return slices.ContainsFunc(f.runs[streamKey{join, x.Stream}], func(s StampedRun) bool {
		run := s.Run()
		_, ok := run.Of(x.Counter)
		return ok
	})
}

// conflicts tells whether the sender had another commitment stamped than the frame came with.
func (f *Frozen) conflicts(join [32]byte, x *Received) bool {
	return slices.ContainsFunc(f.runs[streamKey{join, x.Stream}], func(s StampedRun) bool {
		run := s.Run()
		c, ok := run.Of(x.Counter)
		return ok && c != x.Commitment
	})
}

// firstKey finds the last key frame at or before a time, or else the first one.
func firstKey(fs []*Received, from uint64) int {
	at := len(fs)
	for i, f := range fs {
		if f.What.Key() && (at == len(fs) || f.Time <= from) {
			at = i
		}
	}
	return at
}
