package meeting

import (
	"context"
	"strings"
)

// Visits of staff in standard meetings: for a case, with a reason, by two people's decision, and seen by everybody (DESIGN I4). An end-to-end
// encrypted meeting has no way in for them; nothing here is reached in one.

// StaffName is the name that the people of a meeting see of a member of staff who visits it: whom they abuse next is not theirs to know. Nobody else
// takes part under it.
const StaffName = "Trust and safety staff"

// visitors says why staff leave at an upgrade.
const visitors = "Nobody enters an end-to-end encrypted meeting but whom its own people let in, so staff of this service leave."

// subject is who a certificate is to be about: staff on a visit are nameless, and nobody else is called like them.
func (h *Hub) subject(ctx context.Context, m Meeting, who Subject) (Subject, error) {
	if who.Account != "" && who.Account != m.Host && m.State() == Standard {
		visiting, err := h.Standing.Visiting(ctx, who.Account, m.ID)
		if err != nil {
			return who, err
		}
		if visiting {
			who.Name, who.Organisation = StaffName, ""
			return who, nil
		}
	}
	if strings.EqualFold(strings.TrimSpace(who.Name), StaffName) {
		return who, refusal(Forbidden, "The staff of this service go by that name. Choose another.")
	}
	return who, nil
}

// visit lets a member of staff in, whatever lock and lobby say, or sends them away. With them begins a new epoch: they can open nothing of before.
func (r *room) visit(ctx context.Context, p *seat) {
	open, err := r.h.Standing.Visiting(ctx, p.Account, r.id)
	switch {
	case err != nil:
		r.failed(ctx, p.session, "a visit", err)
	case !open:
		p.out = true
		p.session.end(OverDenied, "This visit is over. The page of the case says more.")
	case !r.roster.people():
		p.session.end(OverDenied, "Nobody is in this meeting now. Enter when somebody is.")
	case len(r.roster.seats) >= maxMembers:
		p.session.end(OverDenied, "The meeting is full.")
	default:
		p.Staff = true
		r.admit(ctx, p)
		r.tellHosts(ctx)
		r.visited(p, true)
	}
}

// visited has it recorded that a visitor came in, or is out: one after the other, in this order.
func (r *room) visited(p *seat, in bool) {
	who, before, done := p.Account, r.recorded, make(chan struct{})
	r.recorded = done
	r.h.calls.Go(func() {
		defer close(done)
		if before != nil {
			<-before // which ends within storeTime
		}
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		defer cancel()
		if err := r.h.Standing.Visited(ctx, who, r.id, in); err != nil {
			r.h.Log.Error("a visit could not be recorded", "meeting", r.id, "account", who, "in", in, "err", err)
		}
	})
}

// unvisit shows all visitors out.
func (r *room) unvisit(cause, why string) {
	for _, s := range r.roster.seats {
		p := r.joins[s.J]
		if s.kind != Staff || p == nil {
			continue
		}
		p.out = true
		r.expel(s.J)
		r.visited(p, false)
		if p.session != nil {
			p.session.end(cause, why)
		}
	}
}

// overstays reports whether a session is that of a visitor whose visit is over.
func (r *room) overstays(ctx context.Context, s *Session) bool {
	r.mu.Lock()
	staff := s.join != nil && s.join.Staff
	r.mu.Unlock()
	if !staff {
		return false
	}
	open, err := r.h.Standing.Visiting(ctx, s.account, r.id)
	if err != nil {
		r.h.Log.WarnContext(ctx, "a visit could not be read", "meeting", r.id, "err", err)
		return false
	}
	return !open
}
