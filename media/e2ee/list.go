package e2ee

import (
	"fmt"
	"slices"
)

// List is the newest accepted link, and what is known by having followed the links before it.
type List struct {
	LinkBody
	Hash  Hash
	named Hash // hash of the link that named the epoch first (§5)
	seats map[J]uint64
}

// Has reports whether a join is a member.
func (l *List) Has(j J) bool {
	_, ok := l.seats[j]
	return ok
}

// Epoch is the name of the epoch that the list is in.
func (l *List) Epoch() EpochName {
	return EpochName{Term: l.Term, Epoch: l.LinkBody.Epoch, Link: l.named}
}

// at is the member with an index.
func (l *List) at(index uint64) (J, bool) {
	i, ok := slices.BinarySearchFunc(l.Members, index, func(s Seat, x uint64) int { return int(s.Index) - int(x) })
	if !ok {
		return J{}, false
	}
	return l.Members[i].J, true
}

// Facts is what a client knows beside its list when it holds a link against it.
type Facts struct {
	Meeting string
	Self    J
	Secret  *Secret                           // of the link; nil for a client that was carried over and has no key yet
	Join    func(J) *Join                     // a join on the board that holds (OpenJoin), or nil
	Carried func(J) bool                      // an `upgrade` names it
	Host    J                                 // who may make a first link while Secret is nil: the host of the upgrade
	Leader  *J                                // whom an accepted `leader` names for the next term
	Known   func(version uint64) (Mark, bool) // links accepted before
}

// Mark names a link that was accepted.
type Mark struct {
	Term   uint64
	Leader J
	Hash   Hash
}

// Refusal says by which rule of §4 a link was refused.
type Refusal struct {
	Cause RefusalCause
	Rule  int // 0 where no single rule speaks
	Why   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("e2ee: %s (§4, %d)", r.Why, r.Rule) }

// RefusalCause is what a client has to do about a refused link.
type RefusalCause int

// The causes.
const (
	Broken      RefusalCause = iota + 1 // drop and count it
	Again                               // seen before: nothing to do
	Ahead                               // links before it are missing
	NotListed                           // it holds and this client is not in it
	Equivocates                         // proof that the leader shows different lists
)

func refuse(rule int, why string) *Refusal { return &Refusal{Cause: Broken, Rule: rule, Why: why} }

// Accept holds a link against the list so far, nil before the first, and gives the new list or says why not (§4). It changes neither.
func Accept(l *List, m Message, f Facts) (*List, *Refusal) {
	n, err := openLink(m)
	if err != nil {
		return nil, refuse(1, "form or signature does not hold") // and no more: the words are counted by, and err has the sender's
	}
	rules := laterRules
	if l == nil {
		rules = firstRules
	}
	for _, rule := range rules {
		if r := rule(l, n, &f); r != nil {
			return nil, r
		}
	}
	return follow(l, n), nil
}

// follow makes the list that a link which holds leads to.
func follow(l *List, n *linkMessage) *List {
	next := &List{LinkBody: n.LinkBody, Hash: n.hash, named: n.hash, seats: make(map[J]uint64, len(n.Members))}
	if l != nil && l.Term == n.Term && l.LinkBody.Epoch == n.Epoch {
		next.named = l.named
	}
	for _, s := range n.Members {
		next.seats[s.J] = s.Index
	}
	return next
}

type rule func(l *List, n *linkMessage, f *Facts) *Refusal

// The order matters: what a stranger could forge is looked at only after signature and mac hold.
var (
	firstRules = []rule{rule1, rule2, ruleSelfFirst, rule8, ruleFirstLeader}
	laterRules = []rule{rule1, rule2, rule3, rule4, rule5, rule6, rule7, rule8, rule9}
)

// rule1: meeting and mac; the signature has been checked by openLink.
func rule1(_ *List, n *linkMessage, f *Facts) *Refusal {
	switch {
	case n.Meeting != f.Meeting:
		return refuse(1, "the link is of another meeting")
	case f.Secret != nil && !n.macHolds(*f.Secret):
		return refuse(1, "the link's mac does not hold: its leader does not know the meeting's link")
	}
	return nil
}

func (n *linkMessage) macHolds(link Secret) bool { return macHolds(link, contextLinkMAC, n.raw, n.mac) }

// rule2: the signer is the device of the leader; the rest has been checked by checkSeats.
func rule2(_ *List, n *linkMessage, f *Facts) *Refusal {
	if j := f.Join(n.Leader); j == nil || j.Device != n.signer {
		return refuse(2, "the link is not signed by its leader's device")
	}
	return nil
}

// rule3: the next version, naming this list; and the proof of two links in one place.
func rule3(l *List, n *linkMessage, f *Facts) *Refusal {
	mark, known := f.Known(n.Version)
	switch {
	case known && mark.Hash == n.hash:
		return &Refusal{Cause: Again, Rule: 3, Why: "the link is known"}
	case known && mark.Term == n.Term && mark.Leader == n.Leader:
		return &Refusal{Cause: Equivocates, Rule: 3, Why: "the leader signed two links of one version and term"}
	case n.Version > l.Version+1 && n.Leader == l.Leader: // of nobody else: a member could end the meeting for all with it
		return &Refusal{Cause: Ahead, Rule: 3, Why: "links before this one are missing"}
	case n.Version != l.Version+1 || n.Previous != l.Hash:
		return refuse(3, "the link does not continue this list")
	}
	return nil
}

// rule4: the leader of the term, or the one that an accepted `leader` names.
func rule4(l *List, n *linkMessage, f *Facts) *Refusal {
	same := f.Leader == nil && n.Term == l.Term && n.Leader == l.Leader
	next := f.Leader != nil && n.Term == l.Term+1 && n.Leader == *f.Leader
	if !same && !next {
		return refuse(4, "the link is not by the leader of this term, nor by one who took over")
	}
	return nil
}

// rule5: epochs rise by one, and only a new one may change members or secret.
func rule5(l *List, n *linkMessage, _ *Facts) *Refusal {
	switch {
	case n.Term != l.Term:
		if n.Epoch != 1 {
			return refuse(5, "a new term begins with epoch 1")
		}
	case n.Epoch == l.LinkBody.Epoch:
		if n.LinkBody.Secret != l.LinkBody.Secret || !slices.Equal(n.Members, l.Members) {
			return refuse(5, "members or secret change without a new epoch")
		}
	case n.Epoch != l.LinkBody.Epoch+1:
		return refuse(5, "epochs rise by one")
	case n.LinkBody.Secret == l.LinkBody.Secret:
		return refuse(5, "a new epoch has a new secret")
	}
	return nil
}

// rule6: indexes are given once.
func rule6(l *List, n *linkMessage, _ *Facts) *Refusal {
	if n.Next < l.Next {
		return refuse(6, "the next index falls")
	}
	for _, s := range n.Members {
		index, stays := l.seats[s.J]
		if stays && index != s.Index {
			return refuse(6, "a member's index changes")
		}
		if !stays && s.Index < l.Next {
			return refuse(6, "an index is given twice")
		}
	}
	return nil
}

func rule7(l *List, n *linkMessage, _ *Facts) *Refusal {
	if n.Time < l.Time {
		return refuse(7, "the link is older than the one before it")
	}
	return nil
}

// rule8: every new member's join is on the board and holds. Before the first key a carried client has no secret to check macs with, and
// checks them when it has (Member.prove).
func rule8(l *List, n *linkMessage, f *Facts) *Refusal {
	for _, s := range n.Members {
		if l != nil && l.Has(s.J) {
			continue
		}
		j := f.Join(s.J)
		if j == nil {
			return refuse(8, "a new member's join is not on the board, or does not hold")
		}
		if f.Secret != nil && !f.Carried(s.J) && !j.lettered(*f.Secret) {
			return refuse(8, "a new member did not know the meeting's link")
		}
	}
	return nil
}

// rule9 comes last: only a link that holds otherwise can say that this client was removed.
func rule9(_ *List, n *linkMessage, f *Facts) *Refusal {
	if !slices.ContainsFunc(n.Members, func(s Seat) bool { return s.J == f.Self }) {
		return &Refusal{Cause: NotListed, Rule: 9, Why: "this client is not in the list"}
	}
	return nil
}

// ruleSelfFirst is rule 9 for a first link, where it is no removal and saves the work of the others.
func ruleSelfFirst(l *List, n *linkMessage, f *Facts) *Refusal { return rule9(l, n, f) }

// ruleFirstLeader: without the secret, only the host of the upgrade may make the first link. With it, rules 1 and 8 say enough.
func ruleFirstLeader(_ *List, n *linkMessage, f *Facts) *Refusal {
	if f.Secret == nil && n.Leader != f.Host {
		return refuse(8, "a first link for a client that was carried over is made by the host of the upgrade")
	}
	return nil
}
