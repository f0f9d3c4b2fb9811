package sframe

import (
	"bytes"
	"crypto/subtle"
	"slices"
	"sync"
)

// slack is how far a frame may be behind the newest that was accepted of its track, in milliseconds.
const slack = 1000

// Keys is the keyring of a meeting.
type Keys interface {
	// Find gives what opens frames of kid, or why there is none: NoEpoch or NoMember. It is asked for whatever key identifiers the
	// media server sends, before anything has opened, and must neither block nor grow with them without bound. It is called by
	// several goroutines.
	Find(kid KID) (Source, Fault)
}

// Source is a stream in an epoch: whose it is and what opens it.
type Source struct {
	Join     [32]byte // J of the sender, by the list of that epoch
	Key      *Key
	Franking Franking
}

// Frame is what a Receiver accepted.
type Frame struct {
	KID
	Join    [32]byte
	Counter uint64
	Time    uint64 // milliseconds, by the sender's clock
	What    byte   // franking.What has the words
	Data    []byte // the dst of Open with the encoded frame appended

	Opening, Commitment [32]byte // what a report of this frame needs
}

// Receiver opens the frames of one track. It belongs, from the first frame that it accepts, to one sender and one source of it.
type Receiver struct {
	keys Keys
	seen *Seen

	mu       sync.Mutex // over all that follows
	e2ee     bool       // never set back
	injected []byte     // how LiveKit's own frames end
	fixed    bool       // a frame has been accepted, and the four below are of the track
	from     origin     // the stream is the one last switched to
	source   byte
	time     uint64 // the highest that was accepted
	counts   Counts
	metadata [trailerSize + maxPrefix]byte
}

// NewReceiver makes the receiver of a track. Of an end-to-end encrypted meeting, it refuses the server's key.
func NewReceiver(keys Keys, seen *Seen, e2ee bool) *Receiver {
	return &Receiver{keys: keys, seen: seen, e2ee: e2ee}
}

// Upgrade makes the receiver refuse the server's key from now on. There is no way back.
func (r *Receiver) Upgrade() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.e2ee = true
}

// IgnoreInjected tells how the frames end that LiveKit makes itself. They are dropped like others, and counted apart.
func (r *Receiver) IgnoreInjected(trailer []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.injected = bytes.Clone(trailer)
}

// Counts tells how many frames were dropped, and why.
func (r *Receiver) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// Close ends the track. Its stream may go on in another Receiver.
func (r *Receiver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fixed {
		r.seen.leave(r.from)
	}
}

// Open opens a frame and appends what was encoded to dst. The error is a Fault: such a frame must not be shown.
func (r *Receiver) Open(dst, b []byte) (Frame, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, fault := r.open(dst, b)
	if fault != 0 {
		r.counts[fault]++
		return Frame{}, fault
	}
	return f, nil
}

func (r *Receiver) open(dst, b []byte) (Frame, Fault) {
	if len(r.injected) > 0 && bytes.HasSuffix(b, r.injected) {
		return Frame{}, Injected
	}
	p, fault := cut(b)
	if fault != 0 {
		return Frame{}, fault
	}
	if fault := r.expected(&p); fault != 0 {
		return Frame{}, fault
	}
	s, fault := r.keys.Find(p.kid)
	if fault != 0 {
		return Frame{}, fault
	}
	if r.fixed && (s.Join != r.from.join || p.what&sourceBits != r.source) {
		return Frame{}, OtherTrack
	}
	from := origin{s.Join, p.kid.Stream}
	if !r.seen.fresh(from, p.counter) {
		return Frame{}, Replayed
	}
	f, fault := r.decrypt(dst, &p, &s)
	if fault != 0 {
		return Frame{}, fault
	}
	if fault := r.seen.accept(from, p.counter, p.time); fault != 0 {
		return Frame{}, fault
	}
	r.follow(from, &p)
	return f, 0
}

// expected makes the checks that need no key: the mode, the age, and where another stream of the same sender may begin.
func (r *Receiver) expected(p *parts) Fault {
	switch {
	case p.kid.Standard() == r.e2ee:
		return WrongMode
	case !r.fixed:
		return 0
	case p.time+slack < r.time:
		return Stale
	case p.kid.Stream != r.from.stream && p.what&audioBit == 0 && p.what&keyBit == 0:
		return OtherLayer
	}
	return 0
}

// decrypt opens the frame and holds it against its commitment.
func (r *Receiver) decrypt(dst []byte, p *parts, s *Source) (Frame, Fault) {
	metadata := append(append(r.metadata[:0], p.trailer...), p.prefix...)
	dst = slices.Grow(dst, len(p.sealed)+Room)
	data, err := s.Key.Open(dst, p.sealed, metadata)
	if err != nil {
		return Frame{}, Unopened
	}
	f := Frame{KID: p.kid, Join: s.Join, Counter: p.counter, Time: p.time, What: p.what, Data: data}
	f.Opening, f.Commitment = s.Franking.Commit(p.counter, p.time, p.what, data[len(dst):])
	if !bytes.HasPrefix(data[len(dst):], p.prefix) || subtle.ConstantTimeCompare(f.Commitment[:], p.trailer[timeSize:timeSize+32]) != 1 {
		clear(data[len(dst):])
		return Frame{}, Uncommitted
	}
	return f, 0
}

// follow records what the track is, after a frame of it has been accepted.
func (r *Receiver) follow(from origin, p *parts) {
	if r.fixed && from != r.from {
		r.seen.leave(r.from)
	}
	r.fixed, r.from, r.source, r.time = true, from, p.what&sourceBits, max(r.time, p.time)
}
