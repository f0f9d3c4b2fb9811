package meeting

import (
	"context"

	"github.com/proffer/proffer/triage/account"
)

// Relay tells this process's hub what others who use the same store did: other nodes of the installation, and other parts of this process.
type Relay interface {
	// Run tells r of everything from now on, until ctx ends. It is called once, and calls r from one goroutine or several; r does not
	// keep it waiting.
	Run(ctx context.Context, r Receiver)
}

// Receiver is a Hub, as a Relay sees it.
type Receiver interface {
	// Barred says that something was decided about an account: what it may do is to be asked anew. It may be said more than once.
	Barred(who account.ID)
	// Lost says that news of others may have been lost.
	Lost()
}

// Barred ends the sessions of an account that may not go on, and those in meetings that it hosts and may not host any more.
func (h *Hub) Barred(who account.ID) {
	h.calls.Go(func() {
		h.recheck(func(m Meeting, in account.ID) bool { return in == who || m.Host == who })
	})
}

// Lost looks at everybody anew.
func (h *Hub) Lost() {
	h.calls.Go(func() { h.recheck(func(Meeting, account.ID) bool { return true }) })
}

// recheck asks anew for some of the accounts that are here whether they still may be.
func (h *Hub) recheck(concerned func(m Meeting, in account.ID) bool) {
	h.mu.Lock()
	all := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		all = append(all, r)
	}
	h.mu.Unlock()
	for _, r := range all {
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
