package sframe

import (
	"errors"
	"slices"
	"sync"
)

// Franking makes commitments for one stream in one epoch (PROTOCOL.md section 7; *franking.Key does). The commitment must depend on
// every argument, on the stream and on its key; opening is what reveals it later, and nothing else. It is called by several goroutines.
type Franking interface {
	Commit(counter, time uint64, what byte, frame []byte) (opening, commitment [32]byte)
}

var (
	errNoStreams = errors.New("sframe: this join has used all its stream numbers: join anew")
	errOneChat   = errors.New("sframe: this join has its chat already")
	errStream    = errors.New("sframe: the key is of another stream")
	errBack      = errors.New("sframe: the key is of an epoch that this stream has left")
)

// Streams gives out the stream numbers of one join, each once. A join has one Streams, made with it and lost with it.
type Streams struct {
	mu   sync.Mutex
	last uint16
	chat bool
}

// Sender gives the sender of the next stream. Every transform, worker, simulcast layer and restart needs its own.
func (s *Streams) Sender() (*Sender, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == 1<<16-1 {
		return nil, errNoStreams
	}
	s.last++
	return &Sender{stream: s.last}, nil
}

// Chat gives the sender of stream 0, once.
func (s *Streams) Chat() (*Sender, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chat {
		return nil, errOneChat
	}
	s.chat = true
	return &Sender{}, nil
}

// Sender seals the frames of one stream. It is the only one that may: no nonce repeats because each stream has one Sender, and a
// Sender never sets its counter back, not even for a new key. It may be used by several goroutines.
type Sender struct {
	stream uint16

	mu       sync.Mutex // over all that follows
	kid      KID        // of the newest key
	key      *Key       // nil: nothing is sent
	franking Franking
	counter  uint64 // of the next frame
	time     uint64 // of the last frame, in milliseconds
	drops    Drops
	recorded []byte // commitments since the last call of Commitments; nil until Record
	first    uint64 // the counter of the first of them
	metadata [trailerSize + maxPrefix]byte
}

// Stream is the number of the stream.
func (s *Sender) Stream() uint16 { return s.stream }

// Use makes the sender go on under another key at once. It never goes back to an older epoch, nor from an end-to-end encrypted
// meeting to a standard one.
func (s *Sender) Use(key *Key, f Franking) error {
	kid := UnpackKID(key.kid)
	if kid.Stream != s.stream {
		return errStream
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kid.before(s.kid) {
		return errBack
	}
	s.kid, s.key, s.franking = kid, key, f
	return nil
}

// maxRecorded bounds what is recorded where nobody asks, in bytes: a minute and more of any stream. What comes then is in no batch.
const maxRecorded = 32 << 13

// Record makes the sender keep its commitments for the notary (PROTOCOL.md section 15).
func (s *Sender) Record() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recorded == nil {
		s.recorded = make([]byte, 0, 64*32)
	}
}

// Commitments appends to dst what the sender has committed to since the last call, 32 bytes for each frame, and gives the counter of the
// first: every counter that a Sender uses up has a commitment.
func (s *Sender) Commitments(dst []byte) (first uint64, commitments []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst = append(dst, s.recorded...)
	s.recorded = s.recorded[:0]
	return s.first, dst
}

func (s *Sender) record(counter uint64, commitment *[32]byte) {
	if s.recorded == nil || len(s.recorded) >= maxRecorded {
		return
	}
	if len(s.recorded) == 0 {
		s.first = counter
	}
	s.recorded = append(s.recorded, commitment[:]...)
}

// Stop forgets the key. Frames are dropped until Use.
func (s *Sender) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.franking = nil, nil
}

// Drops tells how many frames were not sent, and why.
func (s *Sender) Drops() Drops {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drops
}

// Seal appends the sealed frame to dst. at is when it was captured, in milliseconds by the sender's clock. The error is a Drop: such
// a frame must not be sent at all.
func (s *Sender) Seal(dst []byte, at uint64, what byte, frame []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix, d := s.admit(at, what, frame)
	if d != 0 {
		s.drops[d]++
		return dst, d
	}
	counter := s.counter
	s.counter++ // before its use: whatever happens from here, it is used
	s.time = max(at, s.time+1)

	_, commitment := s.franking.Commit(counter, s.time, what, frame)
	s.record(counter, &commitment)
	metadata := appendMetadata(s.metadata[:0], s.time, &commitment, what, frame[:prefix])
	dst = slices.Grow(dst, len(frame)+Room)
	dst = append(dst, frame[:prefix]...)
	dst = s.key.Seal(dst, counter, metadata, frame)
	return append(dst, metadata[:trailerSize]...), nil
}

// admit tells how long the frame's clear prefix is, or why it cannot be sealed.
func (s *Sender) admit(at uint64, what byte, frame []byte) (prefix int, d Drop) {
	prefix, ok := prefixOf(what)
	switch {
	case s.key == nil:
		return 0, NoKey
	case !ok || (what == line) != (s.stream == 0):
		return 0, BadWhat
	case len(frame) < prefix:
		return 0, ShortFrame
	case s.counter >= maxCounter:
		return 0, Spent
	case max(at, s.time+1) >= maxTime:
		return 0, BadClock
	}
	return prefix, 0
}
