package meeting

import (
	"slices"
	"time"
)

// list is what the server makes of the links on the board (§4). It cannot check their macs, so it goes by what it can check, as clients
// do: who may make the first link, that each continues the one before, and that another leads only when the leader is missed. What
// does not continue the list is not put on the board: honest clients would drop it, and a stranger could otherwise have people taken out
// of the media server's room.
type list struct {
	version, term, epoch uint64
	hash                 Hash
	leader               J
	successors           []J
	members              map[J]bool
	at                   time.Time // when its newest link came
	claim                *J        // whom an accepted `leader` names for the next term
	keys                 Hash      // of the newest keys message, so that the same bytes are not kept twice
}

// Times of §4. The server sees an entry before any client does. So it may wait longer than those who believe a `leader` (20 s and 15 s),
// lest it believe one that they do not, and not as long as the one who sends it (30 s and 20 s).
const (
	missed  = 25 * time.Second // without a link, a `leader` of another is believed
	lenient = 17 * time.Second // without a sign of life, a successor is passed over
	lost    = 60 * time.Second // without a link everyone is out, and a host may begin anew
)

// author is what the list needs to know of who posts.
type author struct {
	J    J
	Host bool // of the meeting, or of the upgrade: may make a first list
}

// peers answers what the list asks of other joins.
type peers interface {
	joined(J) (Key, bool)             // the device of a join on the board
	departed(J) bool                  // by its own `leave`
	quiet(J, time.Time) time.Duration // how long it has given no sign of life
}

// empty reports whether there is no list that anybody could be in.
func (l *list) empty(now time.Time) bool { return l.version == 0 || now.Sub(l.at) >= lost }

// acceptLink says why a link cannot be on the board; "" where it can.
func (l *list) acceptLink(n *Link, by author, signer Key, among peers, now time.Time) (why string) {
	if device, ok := among.joined(n.Leader); !ok || device != signer || n.Leader != by.J {
		return "A link of the list is made by the leader’s own join."
	}
	for _, s := range n.Members {
		if _, ok := among.joined(s.J); !ok {
			return "The list names a join that is not on the board."
		}
	}
	switch {
	case n.Version == 1:
		if !by.Host || !l.empty(now) {
			return "Only a host makes the first list, and only while there is none."
		}
	case n.Version != l.version+1 || n.Previous != l.hash:
		return "The link does not continue the list that is on the board."
	case n.Term == l.term && (n.Leader != l.leader || l.claim != nil), n.Term == l.term+1 && (l.claim == nil || *l.claim != n.Leader),
		n.Term != l.term && n.Term != l.term+1:
		return "The link is not by the one who leads."
	}
	return ""
}

// follow takes a link that is on the board.
func (l *list) follow(n *Link, hash Hash, at time.Time) {
	members := make(map[J]bool, len(n.Members))
	for _, s := range n.Members {
		members[s.J] = true
	}
	*l = list{version: n.Version, term: n.Term, epoch: n.Epoch, hash: hash, leader: n.Leader, successors: n.Successors, members: members, at: at, keys: l.keys}
}

// acceptKeys says why keys cannot be on the board; "" where they can.
func (l *list) acceptKeys(k *Keys, by J) (why string) {
	switch {
	case l.version == 0 || by != l.leader:
		return "Only the leader hands out keys."
	case k.Term != l.term || k.Epoch != l.epoch || len(k.Boxes) > len(l.members):
		return "The keys are not of the list that is on the board."
	}
	return ""
}

// acceptClaim says why a `leader` cannot be on the board; "" where it can.
func (l *list) acceptClaim(c *Leader, among peers, now time.Time) (why string) {
	switch {
	case l.version == 0 || c.Term != l.term+1 || c.Last != l.hash:
		return "Who takes over goes on from the list that is on the board."
	case now.Sub(l.at) < missed && !among.departed(l.leader):
		return "The leader has not been missed."
	case l.claim != nil && *l.claim != c.J && !l.passed(*l.claim, among, now):
		return "Somebody else has taken over."
	}
	for _, j := range l.successors {
		if j == c.J {
			return ""
		}
		if !l.passed(j, among, now) {
			break
		}
	}
	return "Somebody else is next to take over."
}

func (l *list) passed(j J, among peers, now time.Time) bool {
	return among.departed(j) || among.quiet(j, now) >= lenient
}

// gone lists who was a member of an older list and is none of this one.
func (l *list) gone(before map[J]bool) (out []J) {
	for j := range before {
		if !l.members[j] {
			out = append(out, j)
		}
	}
	slices.SortFunc(out, func(a, b J) int { return slices.Compare(a[:], b[:]) })
	return out
}
