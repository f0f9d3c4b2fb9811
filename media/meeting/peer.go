package meeting

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// peer is another node, as far as this one has to do with it: clients of this node in meetings that it keeps, and the other way round. No
// room's lock is taken while mu is held.
type peer struct {
	h    *Hub
	node string
	wake chan struct{} // holds one when something waits
	end  chan struct{} // closed when the node is gone

	mu      sync.Mutex
	waiting []note
	bytes   int // of waiting
	run     uint64
	sent    uint64              // number of the last batch of run
	here    map[uint64]*Session // of clients of this node
	there   map[uint64]*caller  // of clients of that node

	theirRun, took uint64 // what came from it; 0: nothing yet
}

// Peer waits.
const (
	sendAgain = time.Second     // after a note could not be sent
	lastWords = 2 * time.Second // for what waits when this process ends
)

// peer gives the peer of a name.
func (h *Hub) peer(node string) *peer {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.peers[node]
	if p == nil {
		p = &peer{h: h, node: node, wake: make(chan struct{}, 1), end: make(chan struct{}), run: h.nextRun(),
			here: map[uint64]*Session{}, there: map[uint64]*caller{}}
		h.peers[node] = p
		h.calls.Go(p.speak)
	}
	return p
}

// nextRun gives a number that this process has not given before.
func (h *Hub) nextRun() uint64 { return h.runs.Add(1) }

func (h *Hub) allPeers() (all []*peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.peers {
		all = append(all, p)
	}
	return all
}

// Gone breaks off what went on with a node that is no more.
func (h *Hub) Gone(node string) {
	h.mu.Lock()
	p := h.peers[node]
	delete(h.peers, node)
	h.mu.Unlock()
	if p != nil {
		h.Log.Warn("another server that holds meetings with this one is gone", "server", node)
		close(p.end)
		p.hangUp()
	}
}

// reset forgets what went on with the node, and says so. Clients of this one connect again.
func (p *peer) reset() {
	p.hangUp()
	p.mu.Lock()
	p.waiting, p.bytes, p.run, p.sent = nil, 0, p.h.nextRun(), 0
	p.mu.Unlock()
	p.send(note{What: noteNothing})
}

// hangUp ends what goes on with the node. What is still said of it is answered by an end of each session.
func (p *peer) hangUp() {
	p.mu.Lock()
	here, there := p.here, p.there
	p.here, p.there = map[uint64]*Session{}, map[uint64]*caller{}
	p.mu.Unlock()
	for _, s := range here {
		s.queue.finish()
	}
	for _, c := range there {
		c.in.finish()
	}
}

// send queues a note. The same bytes for many sessions, one after another, are one note.
func (p *peer) send(n note) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.waiting) - 1; last >= 0 && p.waiting[last].joins(n) {
		p.waiting[last].Sessions = append(p.waiting[last].Sessions, n.Sessions...)
		return
	}
	p.waiting, p.bytes = append(p.waiting, n), p.bytes+len(n.Data)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// joins reports whether another note says the same to other sessions.
func (n note) joins(next note) bool {
	same := len(n.Data) == len(next.Data) && (len(n.Data) == 0 || &n.Data[0] == &next.Data[0])
	return n.What == next.What && same && n.From == next.From && n.To == next.To && (n.What == notePush || n.What == noteRange) &&
		len(n.Sessions) < maxSessions && !slices.Contains(n.Sessions, next.Sessions[0])
}

// speak sends what waits, until the node or this process is gone.
func (p *peer) speak() {
	for {
		select {
		case <-p.wake:
			p.flush(context.Background())
		case <-p.end:
			return
		case <-p.h.ended:
			ctx, cancel := context.WithTimeout(context.Background(), lastWords)
			defer cancel()
			p.flush(ctx)
			return
		}
	}
}

// flush sends all that waits. What cannot be sent is sent again.
func (p *peer) flush(ctx context.Context) {
	for ctx.Err() == nil {
		b, ok := p.next()
		if !ok {
			return
		}
		data := p.h.Master.courier.seal(p.h.Relay.Node(), p.node, b)
		for p.deliver(ctx, data) != nil && p.current(b.Run) {
			select {
			case <-time.After(sendAgain):
			case <-p.end:
				return
			case <-p.h.ended:
				return
			}
		}
	}
}

func (p *peer) deliver(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err := p.h.Relay.Send(ctx, p.node, data)
	if err != nil {
		p.h.Log.WarnContext(ctx, "another server could not be told what happens in meetings; it is tried again", "server", p.node, "err", err)
		if p.behind() {
			p.reset()
		}
	}
	return err
}

func (p *peer) behind() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes > maxWaitBytes
}

// current reports whether what is to be sent is still of this run.
func (p *peer) current(run uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run == run
}

// next takes the next batch.
func (p *peer) next() (b batch, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, size := 0, 0
	for n < len(p.waiting) && n < maxBatchNotes && (n == 0 || size+p.waiting[n].size() <= batchBytes) {
		size += p.waiting[n].size()
		n++
	}
	if n == 0 {
		return b, false
	}
	p.sent++
	b = batch{Run: p.run, Number: p.sent, Notes: p.waiting[:n:n]}
	for _, x := range b.Notes {
		p.bytes -= len(x.Data)
	}
	p.waiting = p.waiting[n:]
	return b, true
}

// size is about how many bytes the note is.
func (n note) size() int { return len(n.Data) + len(n.Meeting) + 9*len(n.Sessions) + 40 }

// Take takes what another node sent.
func (h *Hub) Take(node string, data []byte) {
	b, err := h.Master.courier.open(node, h.Relay.Node(), data)
	if err != nil {
		h.Log.Warn("what another server sent was dropped", "server", node, "err", err)
		return
	}
	p := h.peer(node)
	if !p.follows(b) {
		return
	}
	for _, n := range b.Notes {
		if take := takes[n.What]; take != nil {
			take(p, n)
		}
	}
}

// follows reports whether a batch is new. What went on is broken off where something is missing before it, and where the other node has
// broken it off: then this one begins no new run, which the other would have to answer with another.
func (p *peer) follows(b batch) bool {
	p.mu.Lock()
	known, anew, missed := p.theirRun != 0, p.theirRun != b.Run, p.theirRun == b.Run && b.Number > p.took+1
	if !anew && b.Number <= p.took {
		p.mu.Unlock()
		return false
	}
	p.theirRun, p.took = b.Run, b.Number
	p.mu.Unlock()
	switch {
	case missed:
		p.reset()
	case known && anew:
		p.hangUp()
	}
	return true
}

// takes does what each note says.
var takes = map[noteKind]func(*peer, note){
	noteOpen: (*peer).opened, noteSay: (*peer).said, noteClose: (*peer).closed,
	notePush: (*peer).pushed, noteRange: (*peer).pushed, noteEnd: (*peer).pushed, noteOver: (*peer).wasOver,
}

func (p *peer) opened(n note) {
	for _, number := range n.Sessions {
		c := &caller{p: p, number: number, in: newQueue()}
		p.mu.Lock()
		p.there[number] = c
		p.mu.Unlock()
		p.h.calls.Go(func() { c.serve(n.Meeting) })
	}
}

func (p *peer) said(n note) {
	for _, number := range n.Sessions {
		if c := p.caller(number); c != nil {
			c.in.push(append([]byte{}, n.Data...))
		} else {
			p.send(note{What: noteEnd, Sessions: []uint64{number}}) // its client connects again
		}
	}
}

func (p *peer) closed(n note) {
	for _, number := range n.Sessions {
		if c := p.caller(number); c != nil {
			c.in.finish()
		}
	}
}

func (p *peer) caller(number uint64) *caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.there[number]
}

// pushed gives clients of this node what is meant for them.
func (p *peer) pushed(n note) {
	for _, number := range n.Sessions {
		p.mu.Lock()
		s := p.here[number]
		p.mu.Unlock()
		switch {
		case s == nil && n.What != noteEnd:
			p.send(note{What: noteClose, Sessions: []uint64{number}})
		case s == nil:
		case n.What == notePush:
			s.queue.push(n.Data)
		case n.What == noteRange:
			s.queue.pushRange(n.From, n.To)
		default:
			s.queue.finish()
		}
	}
}

// wasOver follows an end that another node put into the store.
func (p *peer) wasOver(n note) {
	p.h.mu.Lock()
	r := p.h.rooms[n.Meeting]
	p.h.mu.Unlock()
	if r != nil {
		p.h.calls.Go(func() { r.wasEnded(Meeting{Ended: p.h.now()}, string(n.Data)) })
	}
}

// caller is a session in a meeting of this node whose client is connected to another one.
type caller struct {
	p      *peer
	number uint64
	in     *queue // what the client said; empty: it is to be asked anew whether it may be here
}

// serve is what a transport does for a session, until the client or its node is gone.
func (c *caller) serve(meeting string) {
	s, err := c.open(meeting)
	if err != nil {
		why := "The server cannot let you in right now. Try again in a minute."
		if refused, ok := errors.AsType[*Refusal](err); ok {
			why = refused.Why
			c.push(marshal(&Over{Cause: OverRefused, Why: why}))
		} else {
			c.p.h.Log.Warn("a session of another server could not be opened", "meeting", meeting, "err", err)
		}
		c.finish()
		c.forget()
		return
	}
	for {
		data, err := c.in.next(context.Background(), nil)
		if err != nil {
			break
		}
		c.take(s, data)
	}
	s.Close()
	c.forget()
}

func (c *caller) take(s *Session, data []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*storeTime)
	defer cancel()
	if len(data) == 0 {
		s.Check(ctx)
		return
	}
	s.Receive(ctx, data)
}

var errElsewhere = errors.New("meeting: another server keeps this meeting")

// open opens the session, if this node keeps the meeting.
func (c *caller) open(meeting string) (*Session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if node, err := c.p.h.keeper(ctx, meeting); err != nil {
		return nil, err
	} else if node != "" {
		return nil, errElsewhere
	}
	return c.p.h.open(ctx, meeting, c)
}

func (c *caller) forget() {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	delete(c.p.there, c.number)
}

func (c *caller) tell(n note) {
	n.Sessions = []uint64{c.number}
	c.p.send(n)
}

func (c *caller) push(data []byte)            { c.tell(note{What: notePush, Data: data}) }
func (c *caller) pushEntry(e Entry, _ []byte) { c.pushRange(e.Number, e.Number) }
func (c *caller) pushRange(from, to uint64) {
	if from <= to {
		c.tell(note{What: noteRange, From: from, To: to})
	}
}
func (c *caller) finish() { c.tell(note{What: noteEnd}) }

// openFar opens a session of a client of this node in a meeting that another keeps.
func (h *Hub) openFar(id, node string) *Session {
	p := h.peer(node)
	q := newQueue()
	s := &Session{h: h, id: id, far: p, number: h.runs.Add(1), out: q, queue: q, since: h.now(), limits: newLimits()}
	p.mu.Lock()
	p.here[s.number] = s
	p.mu.Unlock()
	p.send(note{What: noteOpen, Sessions: []uint64{s.number}, Meeting: id})
	return s
}

// farReceive passes on what the client sent, as much as a meeting's own session would take.
func (s *Session) farReceive(data []byte) {
	s.farMu.Lock()
	defer s.farMu.Unlock()
	now := s.h.now()
	if !s.limits.far.take(1, now) || !s.limits.bytes.take(float64(len(data)), now) {
		s.queue.cut()
		return
	}
	if len(data) == 0 {
		data = []byte{0} // no message either
	}
	s.far.send(note{What: noteSay, Sessions: []uint64{s.number}, Data: data})
}

func (s *Session) farClose() {
	s.queue.finish()
	s.far.mu.Lock()
	delete(s.far.here, s.number)
	s.far.mu.Unlock()
	s.far.send(note{What: noteClose, Sessions: []uint64{s.number}})
}
