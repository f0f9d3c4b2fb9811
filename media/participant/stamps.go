package participant

import (
	"sync"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// batchEvery is how often what was sealed goes to the notary (PROTOCOL.md section 15).
const batchEvery = 250 * time.Millisecond

// stamps is what the notary is told and tells: batches of what this join sends, and stamps of what the others do, held against what came.
type stamps struct {
	batches franking.Batcher // of run's goroutine alone

	mu      sync.Mutex // over all that follows
	watches map[stream]*franking.Watch
	joins   map[e2ee.J][]byte // the message of each join that was on the board
	ring    *clip.Ring        // nil: this participant keeps none
	frozen  []*clip.Frozen    // that still take stamps
	window  time.Duration     // for how long the ring, and those of hosts, keep what was received; 0 before the server has said it
}

// stream is one sender's.
type stream struct {
	join   e2ee.J
	number uint16
}

// newStamps keeps a ring on wish, of the default window until the server says which one it is.
func newStamps(ring bool) *stamps {
	s := &stamps{watches: map[stream]*franking.Watch{}, joins: map[e2ee.J][]byte{}}
	if ring {
		s.ring = clip.NewRing(clip.DefaultWindow)
	}
	return s
}

// keep takes the server's word for how long the ring keeps what was received, within what a ring allows.
func (s *stamps) keep(seconds uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = time.Duration(min(max(seconds, uint64(clip.MinWindow/time.Second)), uint64(clip.MaxWindow/time.Second))) * time.Second
	if s.ring != nil {
		s.ring.SetWindow(s.window)
	}
}

// opened takes note of a frame that passed every check, and tells whether its stream may be shown.
func (s *stamps) opened(f *Frame) franking.Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := stream{f.Join, f.Stream}
	w := s.watches[k]
	if w == nil {
		w = &franking.Watch{}
		s.watches[k] = w
	}
	now := time.Now()
	w.Frame(f.Counter, f.Time, f.Commitment, now)
	if s.ring != nil {
		data := append([]byte(nil), f.Data...)
		s.ring.Add(clip.Received{Join: f.Join, What: franking.Describe(f.Codec, f.Key, f.Source), Stream: f.Stream, Term: f.Term, Epoch: f.Epoch,
			Counter: f.Counter, Time: f.Time, Data: data, Opening: f.Opening, Commitment: f.Commitment}, now)
	}
	return w.Standing(now)
}

// stamped takes the stamps of a sender's runs. Frames may come after their stamps.
func (s *stamps) stamped(m *e2ee.Stamped) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joins[m.J] == nil && len(s.watches) > maxStreams {
		return
	}
	runs := make([]clip.StampedRun, len(m.Runs))
	for i := range m.Runs {
		r := &m.Runs[i]
		runs[i] = clip.StampedRun{Key: m.Key, At: m.At, Stream: r.Run.Stream, Sequence: r.Run.Sequence, First: r.Run.First, Commitments: r.Run.Commitments, MAC: r.MAC}
		k := stream{m.J, r.Run.Stream}
		w := s.watches[k]
		if w == nil {
			w = &franking.Watch{}
			s.watches[k] = w
		}
		w.Stamped(&r.Run, m.At)
	}
	if s.ring != nil {
		s.ring.Stamped(m.J, runs)
	}
	for _, f := range s.frozen {
		f.Stamped(m.J, runs)
	}
}

// resumed says that another control session has begun.
func (s *stamps) resumed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.watches {
		w.Resumed()
	}
}

// maxStreams bounds what a server can make this client remember of streams that do not exist.
const maxStreams = 4096

// standing tells whether a stream may be shown now.
func (s *stamps) standing(j e2ee.J, number uint16) franking.Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watches[stream{j, number}]; w != nil {
		return w.Standing(time.Now())
	}
	return franking.Unproven
}

// noted keeps the message of a join, which a report about it needs.
func (s *stamps) noted(message []byte) {
	j, err := clip.JoinOf(message)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joins[j] = message
}

// has reports whether the message of a join was on the board.
func (s *stamps) has(j e2ee.J) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joins[j] != nil
}

// forget erases everything; this participant leaves.
func (s *stamps) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring != nil {
		s.ring.Clear()
	}
	s.ring, s.frozen = nil, nil
	clear(s.watches)
}

// batch tells the notary what was sealed since the last time. It is called by run's goroutine.
func (p *Participant) batch() {
	for _, s := range p.room.ring.all() {
		if first, commitments := s.Commitments(nil); len(commitments) > 0 {
			p.stamps.batches.Add(s.Stream(), first, commitments)
		}
	}
	if !p.up {
		return
	}
	if runs := p.stamps.batches.Next(); len(runs) > 0 {
		p.send(e2ee.EncodeControl(&e2ee.Batch{Runs: runs}))
	}
}

// stamped takes the notary's word, about this join or another.
func (p *Participant) stamped(m *e2ee.Stamped) {
	if m.J != p.J() {
		p.stamps.stamped(m)
		if p.stamps.has(m.J) {
			p.lines.stamped(m)
		}
		return
	}
	for i := range m.Runs {
		p.stamps.batches.Stamped(&m.Runs[i].Run)
	}
}
