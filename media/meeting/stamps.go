package meeting

import (
	"context"
	"time"

	"github.com/proffer/proffer/media/franking"
)

// What members say besides the board: lines of chat (§8), and batches for the notary (§15).

// present tells whether who speaks in a session is in the meeting now.
func (r *room) present(s *Session) bool {
	return r.takesPart(s) && (r.m.Mode == Standard || r.list.version > 0)
}

// takesPart is present, and also of who is carried over by an upgrade while there is no list yet: what they sent a moment ago has to be stamped, or it
// is overdue with everybody for good.
func (r *room) takesPart(s *Session) bool {
	return s.join != nil && !s.join.left && !s.join.out && r.m.State() != Ended &&
		(r.roster.has(s.join.J) && r.m.Mode == Standard || r.m.Mode == E2EE && r.list.members[s.join.J])
}

// lined relays a line of chat, of somebody who is in, to all others.
func (r *room) lined(_ context.Context, s *Session, b body, now time.Time) {
	switch {
	case !r.present(s):
		s.refuse("line", "Only who is in the meeting can write to it.")
	case !s.limits.lines.take(1, now):
		s.refuse("line", "That was too much at once. Wait a moment, then send it again.")
	default:
		r.tell(&LineFrom{J: s.join.J, Frame: b.(*Line).Frame}, s)
	}
}

// batched stamps what somebody who is in has committed to, and tells everyone, them too.
func (r *room) batched(_ context.Context, s *Session, b body, now time.Time) {
	runs := b.(*Batch).Runs
	n := 0
	for i := range runs {
		n += runs[i].Count()
	}
	switch {
	case !r.takesPart(s):
		s.refuse("batch", "Only who is in the meeting has its frames stamped.")
	case !s.limits.batches.take(1, now) || !s.limits.commitments.take(float64(n), now):
		s.refuse("batch", "That was too much at once: what this client sends is not stamped, and others do not show it.")
	default:
		r.stamp(franking.Sender{Meeting: r.id, Account: string(s.join.Account), Device: s.join.Device, Join: s.join.J}, runs, now)
	}
}

// stamp has the notary stamp runs of a sender, and pushes them.
func (r *room) stamp(from franking.Sender, runs []franking.Run, now time.Time) {
	out := &Stamped{J: from.Join, Runs: make([]StampedRun, len(runs))}
	for i := range runs {
		stamp := r.h.Notary.Stamp(&from, &runs[i], now)
		out.Key, out.At = stamp.Key, stamp.At
		out.Runs[i] = StampedRun{Run: runs[i], MAC: stamp.MAC}
	}
	r.tell(out, nil)
}

// Stamp has runs of a connector stamped.
func (c *Chair) Stamp(runs []franking.Run) {
	r := c.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.in && !c.out {
		r.stamp(franking.Sender{Meeting: r.id, Join: c.j}, runs, r.h.now())
	}
}
