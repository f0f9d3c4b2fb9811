package meeting

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/triage/account"
)

// Config is what a Hub is made of. Every field has to be set, but for Relay and those of connectors.
type Config struct {
	Store    Store
	Rooms    Rooms
	Standing Standing
	Rule     *Rule
	Identity *Identity
	Master   *Master
	Notary   *franking.Notary
	LiveKit  string           // address of the media server's signalling, such as "wss://proffer.example/livekit"
	Clock    func() time.Time // time.Now, but in tests
	Log      *slog.Logger
	Relay    Relay // nil: nobody else uses the store

	Record func(ctx context.Context, id string, by Orderer) error // begins to record a meeting, by Sit; nil: nothing is recorded here
	Number string                                                 // at which the telephone is; "": nobody dials in
}

// Hub holds the meetings that this node keeps (Relay) and somebody has a session in. It is safe for concurrent use.
type Hub struct {
	Config

	mu    sync.Mutex       // may be taken while a room's is held, and not the other way round
	rooms map[string]*room // guarded by mu, and so is refs of each
	peers map[string]*peer // guarded by mu
	runs  atomic.Uint64    // numbers that this process gives once
	ended chan struct{}    // closed when Run ends
	calls sync.WaitGroup   // to the media server
}

// NewHub makes a hub. Run has to be called once.
func NewHub(c Config) (*Hub, error) {
	if c.Store == nil || c.Rooms == nil || c.Standing == nil || c.Rule == nil || c.Identity == nil || c.Master == nil || c.Notary == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("meeting: a part of Config is not set")
	}
	return &Hub{Config: c, rooms: map[string]*room{}, peers: map[string]*peer{}, ended: make(chan struct{})}, nil
}

// Times of the hub.
const (
	KeepAlive = 15 * time.Second // how often a session's transport is tried, and the standing of its account

	sweepEvery = 2 * time.Second
	helloTime  = 15 * time.Second  // within which a session says who it is
	joinTime   = 60 * time.Second  // and joins
	returnTime = 30 * time.Second  // within which somebody whose session broke comes back to a standard meeting
	ticketTime = 130 * time.Second // for how long a ticket may still be used by who was taken out
	idleTime   = 10 * time.Minute  // after which an empty meeting is forgotten here
	storeTime  = 10 * time.Second  // of one call
)

// now is the time as the store keeps it: UTC, in microseconds.
func (h *Hub) now() time.Time { return h.Clock().UTC().Truncate(time.Microsecond) }

// Create makes a meeting. What is refused is a Refusal in words.
func (h *Hub) Create(ctx context.Context, m Meeting) (Meeting, error) {
	if why, err := h.Standing.MayHost(ctx, m.Host); err != nil {
		return m, err
	} else if why != "" {
		return m, refusal(Forbidden, "%s", why)
	}
	switch m.Mode {
	case Standard:
	case E2EE:
		if why, err := h.MayEncrypt(ctx, m.Org); err != nil {
			return m, err
		} else if why != "" {
			return m, refusal(Forbidden, "%s", why)
		}
		m.Lobby = false // of an E2EE meeting, the leader decides
	default:
		return m, refusal(Invalid, "Choose whether the meeting is end-to-end encrypted.")
	}
	return m, h.Store.CreateMeeting(ctx, m)
}

// MayEncrypt says why meetings of an organisation cannot be end-to-end encrypted; "" where they can.
func (h *Hub) MayEncrypt(ctx context.Context, org account.OrgID) (why string, err error) {
	o, err := h.Standing.Organisation(ctx, org)
	if err != nil {
		return "", err
	}
	if why, err = h.Rule.Denies(o); err != nil {
		h.Log.WarnContext(ctx, "the rule for end-to-end encryption failed; it denies", "organisation", o.ID, "err", err)
	}
	return why, nil
}

// Certify issues a certificate for a device that is to join a meeting.
func (h *Hub) Certify(ctx context.Context, id string, who Subject, device Key) ([]byte, error) {
	m, err := h.Store.LoadMeeting(ctx, id)
	if err != nil {
		return nil, err
	}
	if m.State() == Ended {
		return nil, errOver
	}
	if why, err := h.bars(ctx, m, who.Account); err != nil {
		return nil, err
	} else if why != "" {
		return nil, refusal(Forbidden, "%s", why)
	}
	if who, err = h.subject(ctx, m, who); err != nil {
		return nil, err
	}
	return h.Identity.Issue(who, device, id, h.now())
}

// bars says why somebody may not be in a meeting now.
func (h *Hub) bars(ctx context.Context, m Meeting, who account.ID) (why string, err error) {
	if why, err = h.Standing.MayHost(ctx, m.Host); err != nil || why != "" {
		if why != "" && who != m.Host {
			why = "The host of this meeting may not host meetings at present."
		}
		return why, err
	}
	if who == "" {
		return "", nil
	}
	return h.Standing.MayEnter(ctx, who, m.Host)
}

// End ends a meeting for everyone, by its host's word.
func (h *Hub) End(ctx context.Context, id string) error {
	if node, err := h.keeper(ctx, id); err != nil {
		return err
	} else if node != "" {
		return h.endFar(ctx, id, node)
	}
	r, err := h.enter(ctx, id)
	if err != nil {
		return err
	}
	defer h.leave(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finish(ctx, byHost)
}

const byHost = "The host ended the meeting for everyone."

// endFar ends a meeting that another node keeps, and tells it.
func (h *Hub) endFar(ctx context.Context, id, node string) error {
	m, err := h.Store.LoadMeeting(ctx, id)
	if err != nil {
		return err
	} else if m.State() == Ended {
		return errOver
	}
	if err := h.Store.EndMeeting(ctx, id, h.now()); err != nil {
		return err
	}
	h.peer(node).send(note{What: noteOver, Meeting: id, Data: []byte(byHost)})
	return nil
}

// Open begins a session in a meeting. Its welcome waits in Next.
func (h *Hub) Open(ctx context.Context, id string) (*Session, error) {
	if _, err := h.Store.LoadMeeting(ctx, id); err != nil {
		return nil, err
	}
	if node, err := h.keeper(ctx, id); err != nil {
		return nil, err
	} else if node != "" {
		return h.openFar(id, node), nil
	}
	return h.open(ctx, id, nil)
}

// keeper names the node that keeps a meeting; "" is this one.
func (h *Hub) keeper(ctx context.Context, id string) (node string, err error) {
	if h.Relay == nil {
		return "", nil
	}
	h.mu.Lock()
	_, here := h.rooms[id]
	h.mu.Unlock()
	if here {
		return "", nil
	}
	return h.Relay.Keeper(ctx, id)
}

// open begins a session in a meeting of this node. out is the way to a client of another one, or nil.
func (h *Hub) open(ctx context.Context, id string, out outlet) (*Session, error) {
	r, err := h.enter(ctx, id)
	if err != nil {
		return nil, err
	}
	s := newSession(r, h.now(), out)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sessions) >= maxSessions {
		defer h.leave(r)
		return nil, refusal(Crowded, "Too many people are in this meeting, or want to be. Try again later.")
	}
	r.sessions[s] = true
	mode := uint64(0)
	if r.m.Mode == E2EE {
		mode = 1
	}
	s.send(&Welcome{Meeting: id, Mode: mode, Nonce: s.nonce, Identity: h.Identity.Key(), Window: uint64(r.window)})
	return s, nil
}

// maxSessions bounds the sessions of one meeting in this process: a list has a thousand members, and some wait.
const maxSessions = 1200

// enter gives a meeting's room, loaded, and keeps it until leave.
func (h *Hub) enter(ctx context.Context, id string) (*room, error) {
	h.mu.Lock()
	r := h.rooms[id]
	if r == nil {
		r = newRoom(h, id, h.now())
		h.rooms[id] = r
	}
	r.refs++
	h.mu.Unlock()
	r.mu.Lock()
	err := r.load(ctx)
	r.mu.Unlock()
	if err != nil {
		h.leave(r)
		return nil, err
	}
	return r, nil
}

func (h *Hub) leave(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.refs--; r.refs == 0 {
		r.idle = h.now()
		if !r.loaded.Load() && h.rooms[r.id] == r {
			delete(h.rooms, r.id)
		}
	}
}

// Run does what time makes due, until ctx ends; then it ends every session.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	began, swept := h.now(), false
	if h.Relay != nil {
		h.calls.Go(func() { h.Relay.Run(ctx, h) })
	}
	for {
		select {
		case <-ctx.Done():
			h.close()
			return
		case <-tick.C:
		}
		now := h.now()
		h.sweep(ctx, now)
		if !swept && now.Sub(began) >= idleTime { // of an earlier process, whose people did not come back
			swept = true
			if err := h.Store.DestroyKeys(ctx, h.numbers()); err != nil {
				h.Log.WarnContext(ctx, "keys of empty standard meetings could not be destroyed", "err", err)
			}
		}
	}
}

func (h *Hub) numbers() (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.rooms {
		ids = append(ids, id)
	}
	return ids
}

func (h *Hub) all() (all []*room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		all = append(all, r)
	}
	return all
}

// sweep does what is due in every room, and forgets those that have been empty for long.
func (h *Hub) sweep(ctx context.Context, now time.Time) {
	h.mu.Lock()
	var all []*room
	for id, r := range h.rooms {
		if r.refs == 0 && now.Sub(r.idle) >= idleTime { // its key was destroyed when the last one was gone
			delete(h.rooms, id)
			continue
		}
		all = append(all, r)
	}
	h.mu.Unlock()
	for _, r := range all {
		r.mu.Lock()
		r.sweep(ctx, now)
		r.mu.Unlock()
	}
}

// close ends what is open when the process ends.
func (h *Hub) close() {
	for _, r := range h.all() {
		r.mu.Lock()
		for s := range r.sessions {
			s.out.finish()
		}
		r.mu.Unlock()
	}
	close(h.ended) // what waits for other nodes goes out
	for _, p := range h.allPeers() {
		p.hangUp()
	}
	h.calls.Wait()
}

// call calls the media server without keeping anybody waiting.
func (h *Hub) call(what string, f func(context.Context) error) {
	h.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		defer cancel()
		if err := f(ctx); err != nil {
			h.Log.Warn("the media server did not do what a meeting needed; it is tried again", "what", what, "err", err)
		}
	})
}
