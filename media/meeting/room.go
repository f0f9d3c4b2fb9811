package meeting

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// room is one meeting that somebody of this process has a session in.
type room struct {
	h    *Hub
	id   string
	refs int       // guarded by Hub.mu
	idle time.Time // since when refs is 0; guarded by Hub.mu

	loaded atomic.Bool

	mu       sync.Mutex // guards what follows; held while an entry is written, so that the board has one order
	began    time.Time  // when this room was made
	m        Meeting
	window   account.Window // for how many seconds devices of hosts keep what they received: as it was set when the room was made
	last     uint64         // number of the board's last entry
	joins    map[J]*seat
	sessions map[*Session]bool
	expelled map[J]expulsion

	list list // of an E2EE meeting
	host J    // of the upgrade, or zeros

	roster    roster // of a standard meeting
	chairs    map[J]*Chair
	epoch     uint64 // of its key, or of the last one it had
	key       *[32]byte
	recording bool          // one is about to begin
	recorded  chan struct{} // closed when the newest coming or going of a visitor is in the log; nil before the first
}

// seat is a join on the board.
type seat struct {
	person
	order    uint64 // how many joins came before it
	noted    bool   // among those who were there
	left     bool   // by its own `leave`
	out      bool   // taken out; it never comes back
	ticketed bool   // has been given a ticket since it was last let in
	live     time.Time
	session  *Session  // that speaks for it, or nil
	gone     time.Time // since when there is none
}

// expulsion keeps somebody out of the media server's room for as long as a ticket may still be used.
type expulsion struct{ until, again time.Time }

func newRoom(h *Hub, id string, now time.Time) *room {
	return &room{h: h, id: id, began: now, joins: map[J]*seat{}, sessions: map[*Session]bool{}, expelled: map[J]expulsion{}, chairs: map[J]*Chair{}}
}

func (r *room) meeting() Meeting {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m
}

// load reads the meeting and its board, once.
func (r *room) load(ctx context.Context) error {
	if r.loaded.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	m, err := r.h.Store.LoadMeeting(ctx, r.id)
	if err != nil {
		return err
	}
	seated, err := r.h.Store.Seated(ctx, r.id)
	if err != nil {
		return err
	}
	es, last, err := r.h.Store.Outline(ctx, r.id)
	if err != nil {
		return err
	}
	if r.window, err = r.h.windowSet(ctx, m.Org); err != nil {
		return err
	}
	r.m, r.roster = m, roster{locked: m.Locked, lobby: m.Lobby, known: map[Key]Seated{}}
	for _, s := range seated {
		r.roster.known[s.Device] = s
	}
	for _, e := range es {
		if err := r.replay(e); err != nil {
			return err
		}
	}
	r.last = last
	r.loaded.Store(true)
	return nil
}

// replay takes an entry that was accepted before.
func (r *room) replay(e Entry) error {
	o, err := openMessage(e.Message)
	if err != nil {
		return err // the board was changed behind our back
	}
	r.apply(o, e)
	return nil
}

// sweep does what time has made due.
func (r *room) sweep(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	for s := range r.sessions {
		if age := now.Sub(s.since); !s.ready && age >= helloTime || s.join == nil && age >= joinTime {
			s.end(OverRefused, "Nobody joined the meeting in this session. Reload the page.")
		}
	}
	for j, x := range r.expelled {
		switch {
		case now.After(x.until):
			delete(r.expelled, j)
		case now.After(x.again):
			r.expelled[j] = expulsion{until: x.until, again: now.Add(ticketTime / 10)}
			r.remove(j)
		}
	}
	if r.m.State() != Standard {
		return
	}
	for j, p := range r.joins {
		if p.session == nil && !p.gone.IsZero() && now.Sub(p.gone) >= returnTime && r.roster.has(j) {
			r.depart(ctx, j)
		}
	}
}

// expel takes a join out of the media server's room, and keeps it out.
func (r *room) expel(j J) {
	now := r.h.now()
	if p := r.joins[j]; p != nil {
		p.ticketed = false
	}
	r.expelled[j] = expulsion{until: now.Add(ticketTime), again: now.Add(ticketTime / 10)}
	r.remove(j)
}

func (r *room) remove(j J) {
	r.h.call("take a participant out", func(ctx context.Context) error { return r.h.Rooms.Remove(ctx, r.id, j.Identity()) })
}

// attended notes that somebody was in the meeting, for reports.
func (r *room) attended(ctx context.Context, p *seat) {
	if p.noted {
		return
	}
	if err := r.h.Store.Attended(ctx, r.id, Attendee{Name: p.Name, Account: p.Account, Device: p.Device}, r.h.now()); err != nil {
		r.h.Log.WarnContext(ctx, "who was in a meeting could not be noted", "meeting", r.id, "err", err)
		return
	}
	p.noted = true
}

// ticket tells a join how to reach the media server.
func (r *room) ticket(p *seat) {
	if p.session == nil || p.ticketed {
		return
	}
	token, err := r.h.Rooms.Ticket(r.id, p.J.Identity())
	if err != nil {
		r.h.Log.Error("a ticket for the media server could not be made", "meeting", r.id, "err", err)
		p.session.refuse("ticket", "The media server cannot be reached right now. Reload the page in a minute.")
		return
	}
	delete(r.expelled, p.J)
	p.ticketed = true
	p.session.send(&Ticket{LiveKit: r.h.LiveKit, Token: token})
}

// finish ends the meeting for everyone by the server's own act.
func (r *room) finish(ctx context.Context, why string) error {
	if _, ok := Apply(r.m.State(), Finished); !ok {
		return errOver
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	now := r.h.now()
	if err := r.h.Store.EndMeeting(ctx, r.id, now); err != nil {
		return err
	}
	r.m.Ended = now
	r.finished(why)
	return nil
}

// finished tells everyone that the meeting is over.
func (r *room) finished(why string) {
	r.dropKey()
	r.loseChairs(func(*Chair) string { return why })
	r.unvisit(OverEnded, why)
	for s := range r.sessions {
		if s.ready {
			s.end(OverEnded, why)
		}
	}
	r.h.call("close a room", func(ctx context.Context) error { return r.h.Rooms.End(ctx, r.id) })
}

// unbind notes that a join's session is gone.
func (r *room) unbind(s *Session) {
	p := s.join
	if p == nil || p.session != s {
		return
	}
	p.session, p.gone, p.ticketed = nil, r.h.now(), false
	if r.m.State() == Standard && r.roster.unwait(p.J) {
		r.tellLobby()
	}
}

// tell sends a message to every session that is told what happens.
func (r *room) tell(b body, but *Session) {
	data := marshal(b)
	for s := range r.sessions {
		if s.sees && s != but {
			s.out.push(data)
		}
	}
}

// joined, departed and quiet are what the list asks of other joins.

func (r *room) joined(j J) (Key, bool) {
	p := r.joins[j]
	if p == nil {
		return Key{}, false
	}
	return p.Device, true
}

func (r *room) departed(j J) bool { return r.joins[j] != nil && r.joins[j].left }

// quiet counts from this room's own beginning: what was said to an earlier process is not known.
func (r *room) quiet(j J, now time.Time) time.Duration {
	at := r.began
	if p := r.joins[j]; p != nil && p.live.After(at) {
		at = p.live
	}
	return now.Sub(at)
}

// personOf is who is behind a join, by its certificate.
func (r *room) personOf(c *Certificate, j J) person {
	return person{J: j, Device: c.Device, Account: account.ID(c.Account), Name: c.Name, Owner: c.Account != "" && account.ID(c.Account) == r.m.Host}
}

var errBoard = errors.New("meeting: the board could not be read to its end")

// catchUp takes entries that are on the board and that this room does not know of: another process put them there, or the answer to a write
// was lost.
func (r *room) catchUp(ctx context.Context) error {
	for range 100 {
		es, err := r.h.Store.Entries(ctx, r.id, r.last+1, chunk, chunkBytes)
		if err != nil || len(es) == 0 {
			return err
		}
		for _, e := range es {
			o, err := openMessage(e.Message)
			if err != nil {
				return err
			}
			r.took(ctx, nil, o, e)
		}
	}
	return errBoard
}
