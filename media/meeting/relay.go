package meeting

import (
	"context"

	"github.com/proffer/proffer/triage/account"
)

// Relay joins the hubs of processes that share a store, called nodes, and tells this one's what others did.
//
// Each meeting is kept by one node at a time: the one in which it was opened first. Its room is there, and what clients of other nodes
// say goes there and back. So the board has one order, the roster one author, and the key of a standard meeting one drawer, however many
// nodes there are. When that node is gone, the next one that is asked for the meeting keeps it, and goes on as a server does that starts
// again.
type Relay interface {
	// Run tells r of everything from now on, until ctx ends; r does not keep it waiting. It is called once, before anything else.
	Run(ctx context.Context, r Receiver)
	// Keeper names the node that keeps a meeting: "" where it is this one, from now on if nobody else does. It waits until Run is
	// connected. It lasts as long as the node, or the meeting.
	Keeper(ctx context.Context, meeting string) (node string, err error)
	// Send brings data to another node, whole, and in the order of the calls. Where it fails, it may have arrived all the same.
	Send(ctx context.Context, node string, data []byte) error
	// Node is this node's own name, which no other has or had.
	Node() string
}

// Receiver is a Hub, as a Relay sees it.
type Receiver interface {
	// Barred says that something was decided about an account: what it may do is to be asked anew. It may be said more than once.
	Barred(who account.ID)
	// Take is data that another node sent.
	Take(node string, data []byte)
	// Gone says that a node with which data was exchanged is no more.
	Gone(node string)
	// Lost says that Run is connected, for the first time or again: what others said before is lost, and they may have taken this node
	// for gone, and keep its meetings now.
	Lost()
}

// Barred ends the sessions of an account that may not go on, and those in meetings that it hosts and may not host any more.
func (h *Hub) Barred(who account.ID) {
	h.calls.Go(func() {
		h.recheck(func(m Meeting, in account.ID) bool { return in == who || m.Host == who })
	})
}

// Lost gives up what others keep now, breaks off what went on with other nodes (clients go on by themselves), and looks at everybody anew.
func (h *Hub) Lost() {
	for _, p := range h.allPeers() {
		p.reset()
	}
	h.calls.Go(func() {
		for _, r := range h.all() {
			h.confirm(r)
		}
		h.recheck(func(Meeting, account.ID) bool { return true })
	})
}

// confirm holds what this node believes of one of its meetings against the store.
func (h *Hub) confirm(r *room) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	var node string
	var err error
	if h.Relay != nil {
		node, err = h.Relay.Keeper(ctx, r.id)
	}
	if err == nil && node != "" {
		h.Log.Info("another server keeps a meeting of this one's now", "meeting", r.id)
		h.drop(r)
		return
	}
	m, err2 := h.Store.LoadMeeting(ctx, r.id)
	if err != nil || err2 != nil {
		h.Log.Warn("whether a meeting is still this server's could not be read", "meeting", r.id, "err", err, "reading", err2)
		return
	}
	if m.State() == Ended {
		r.wasEnded(m, "The meeting is over.")
	}
}

// wasEnded follows an end that is in the store already.
func (r *room) wasEnded(m Meeting, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded.Load() && r.m.State() != Ended {
		r.m.Ended = m.Ended
		r.finished(why)
	}
}

// drop forgets a meeting that another node keeps. Its clients connect again.
func (h *Hub) drop(r *room) {
	h.mu.Lock()
	if h.rooms[r.id] == r {
		delete(h.rooms, r.id)
	}
	h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropKey()
	r.loseChairs(func(*Chair) string { return "This server lost its connection." })
	for s := range r.sessions {
		s.over = true
		s.out.finish()
	}
}

// recheck asks anew for some of the accounts that are here whether they still may be.
func (h *Hub) recheck(concerned func(m Meeting, in account.ID) bool) {
	for _, r := range h.all() {
		for _, s := range r.concerned(concerned) {
			ctx, cancel := context.WithTimeout(context.Background(), storeTime)
			s.Check(ctx)
			cancel()
		}
	}
}

func (r *room) concerned(is func(m Meeting, in account.ID) bool) (all []*Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sessions {
		if is(r.m, s.account) {
			all = append(all, s)
		}
	}
	return all
}
