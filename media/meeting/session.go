package meeting

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Session is one client's control session (§10). Receive and Check are called by whoever reads the transport, Next by whoever writes it,
// and Close once at the end.
type Session struct {
	h     *Hub
	id    string // of the meeting
	room  *room  // nil where another node keeps the meeting
	nonce [16]byte
	out   outlet
	queue *queue // out, where the client is connected to this node
	since time.Time

	far    *peer  // the node that keeps the meeting, or nil
	number uint64 // of the session, for that node
	farMu  sync.Mutex

	// Guarded by room.mu.
	ready   bool // said hello
	device  Key
	account account.ID
	join    *seat  // the one it speaks for, or nil
	sees    bool   // is sent what happens on the board
	wanted  uint64 // the fetch that waits until it does, or 0
	over    bool
	limits  limits
}

func newSession(r *room, now time.Time, out outlet) *Session {
	s := &Session{h: r.h, id: r.id, room: r, out: out, since: now, limits: newLimits()}
	if out == nil {
		s.queue = newQueue()
		s.out = s.queue
	}
	rand.Read(s.nonce[:]) // never fails since Go 1.24
	return s
}

// send queues a message.
func (s *Session) send(b body) { s.out.push(marshal(b)) }

// Next waits for the next message to the client. It fails with io.EOF after the last word, and with ErrSlow where the client was cut off.
func (s *Session) Next(ctx context.Context) ([]byte, error) {
	return s.queue.next(ctx, func(ctx context.Context, from, to uint64) ([]Entry, error) {
		return s.h.Store.Entries(ctx, s.id, from, min(chunk, int(to-from+1)), chunkBytes)
	})
}

// Close forgets the session; its transport is gone.
func (s *Session) Close() {
	if s.far != nil {
		s.farClose()
		return
	}
	r := s.room
	r.mu.Lock()
	s.out.finish()
	s.over = true
	delete(r.sessions, s)
	r.unbind(s)
	r.mu.Unlock()
	r.h.leave(r)
}

// end says the last word.
func (s *Session) end(cause, why string) {
	if s.over {
		return
	}
	s.over = true
	s.send(&Over{Cause: cause, Why: why})
	s.out.finish()
}

func (s *Session) refuse(what, why string) { s.send(&Refused{What: what, Why: why}) }

// received does what each kind of message asks for; a hello is apart.
var received = map[string]func(*room, context.Context, *Session, body, time.Time){
	"post": (*room).posted, "fetch": (*room).fetched, "live": (*room).lived, "line": (*room).lined, "batch": (*room).batched, "order": (*room).ordered,
}

// Receive takes one message of the client.
func (s *Session) Receive(ctx context.Context, data []byte) {
	if s.far != nil {
		s.farReceive(data)
		return
	}
	r := s.room
	b, err := decodeControl(data)
	if hello, ok := b.(*Hello); ok {
		s.hello(ctx, hello)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.over:
	case err != nil:
		s.end(OverRefused, "The server could not read what this client sent. Reload the page.")
	case !s.ready:
		s.end(OverRefused, "A session begins by saying whose it is. Reload the page.")
	default:
		ctx, cancel := context.WithTimeout(ctx, storeTime)
		defer cancel()
		_, kind := b.meta()
		received[kind](r, ctx, s, b, r.h.now())
	}
}

// hello takes the proof that the session is a device's (§10).
func (s *Session) hello(ctx context.Context, hello *Hello) {
	r := s.room
	proof := new(Proof)
	signed, err := open(hello.Proof, proof)
	holds := err == nil && signed.Signer == proof.Device && proof.Meeting == r.id && proof.Nonce == s.nonce
	var c *Certificate
	if holds {
		c, err = r.h.Identity.check(hello.Certificate, proof.Device, r.id, millis(r.h.now()))
	}
	var why string
	if holds && err == nil {
		why, err = r.h.bars(ctx, r.meeting(), account.ID(c.Account))
		if err != nil {
			r.h.Log.WarnContext(ctx, "the standing of an account could not be read", "err", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.over:
	case s.ready || !holds || err != nil:
		s.end(OverRefused, "The server does not take this device’s word for who uses it. Reload the page.")
	case why != "":
		s.end(OverRefused, why)
	case r.m.State() == Ended && r.m.Mode == Standard:
		s.end(OverEnded, errOver.Why)
	default:
		s.ready, s.device, s.account = true, proof.Device, account.ID(c.Account)
	}
}

// Check looks whether who speaks in the session still may; it is called at every KeepAlive, and when something was decided (Barred).
func (s *Session) Check(ctx context.Context) {
	if s.far != nil {
		s.far.send(note{What: noteSay, Sessions: []uint64{s.number}})
		return
	}
	r := s.room
	r.mu.Lock()
	ready, who, m := s.ready && !s.over, s.account, r.m
	r.mu.Unlock()
	if !ready {
		return
	}
	why, err := r.h.bars(ctx, m, who)
	if err != nil {
		r.h.Log.WarnContext(ctx, "the standing of an account could not be read", "err", err)
		return
	}
	if why == "" && r.overstays(ctx, s) {
		why = "Your visit is over."
	}
	if why == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.end(OverRefused, why)
	if s.join != nil {
		s.join.out = true
		r.depart(ctx, s.join.J)
	}
}
