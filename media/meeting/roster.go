package meeting

import (
	"cmp"
	"slices"

	"github.com/proffer/proffer/triage/account"
)

// person is who is behind a join, by its certificate.
type person struct {
	J       J
	Device  Key
	Account account.ID // "" for guests
	Name    string
	Owner   bool // the meeting's own host
	Staff   bool // on a visit; set when the join is let in, and not by its certificate
}

// kind is what a person is in the roster.
func (p person) kind() uint64 {
	if p.Staff {
		return Staff
	}
	return Person
}

// roster is who takes part in a standard meeting: the server's own list, its lobby and its lock (§9). Pure: it decides, and what it decides
// is carried out by room.
type roster struct {
	locked, lobby bool
	seats         []rosterSeat // by index
	waiting       []person     // in the order in which they came
	known         map[Key]Seated
}

type rosterSeat struct {
	person
	index uint64
	kind  uint64
}

// verdict is what becomes of somebody who comes.
type verdict int

const (
	letIn verdict = iota
	waits
	denied // the meeting is locked
)

// maxWaiting is how many can wait: a lobby message names them all.
const maxWaiting = maxMembers

// arrive decides what becomes of a join. Hosts are let in at once, and so is who was let in before on the same device; who was
// removed or refused waits for a host's word, lobby or not.
func (r *roster) arrive(p person) verdict {
	before, known := r.standing(p)
	switch {
	case p.Owner || known && before.In && before.Host:
		return letIn
	case r.locked || len(r.seats) >= maxMembers || len(r.waiting) >= maxWaiting:
		return denied
	case known && before.In:
		return letIn
	case r.lobby || known:
		return waits
	}
	return letIn
}

// standing is what was decided about somebody before: about this device, or that the account was put out with another.
func (r *roster) standing(p person) (Seated, bool) {
	if s, ok := r.known[p.Device]; ok && s.Account == p.Account {
		return s, true
	}
	for _, s := range r.known {
		if p.Account != "" && s.Account == p.Account && !s.In {
			return s, true
		}
	}
	return Seated{}, false
}

// seat lets a join in. Its index is how many joins came before it on the board, so that it has the same after a restart, and none is given
// twice. When those are used up (they are 12 bits of the KID, §5), it gets one that is free, and crowded says that this needs a new epoch.
func (r *roster) seat(p person, order uint64) (crowded bool) {
	r.unwait(p.J)
	if crowded = order > maxIndex || r.taken(order); crowded {
		for order = 0; r.taken(order); {
			order++
		}
	}
	r.insert(rosterSeat{person: p, index: order, kind: p.kind()})
	return crowded
}

// seatConnector lets a connector in, at the highest index that is free. This needs a new epoch.
func (r *roster) seatConnector(p person, kind uint64) {
	index := uint64(maxIndex)
	for r.taken(index) {
		index--
	}
	r.insert(rosterSeat{person: p, index: index, kind: kind})
}

func (r *roster) taken(index uint64) bool {
	return slices.ContainsFunc(r.seats, func(s rosterSeat) bool { return s.index == index })
}

func (r *roster) insert(s rosterSeat) {
	at, _ := slices.BinarySearchFunc(r.seats, s.index, func(s rosterSeat, x uint64) int { return cmp.Compare(s.index, x) })
	r.seats = slices.Insert(r.seats, at, s)
}

// people reports whether anybody is in who is neither a connector nor of staff.
func (r *roster) people() bool {
	return slices.ContainsFunc(r.seats, func(s rosterSeat) bool { return s.kind == Person })
}

func (r *roster) wait(p person) { r.unwait(p.J); r.waiting = append(r.waiting, p) }

// unwait reports whether the join waited.
func (r *roster) unwait(j J) bool {
	n := len(r.waiting)
	r.waiting = slices.DeleteFunc(r.waiting, func(p person) bool { return p.J == j })
	return len(r.waiting) < n
}

// unseat reports whether the join was in.
func (r *roster) unseat(j J) bool {
	n := len(r.seats)
	r.seats = slices.DeleteFunc(r.seats, func(s rosterSeat) bool { return s.J == j })
	return len(r.seats) < n
}

func (r *roster) has(j J) bool { return r.at(j) != nil }

func (r *roster) at(j J) *rosterSeat {
	i := slices.IndexFunc(r.seats, func(s rosterSeat) bool { return s.J == j })
	if i < 0 {
		return nil
	}
	return &r.seats[i]
}

func (r *roster) waiter(j J) *person {
	i := slices.IndexFunc(r.waiting, func(p person) bool { return p.J == j })
	if i < 0 {
		return nil
	}
	return &r.waiting[i]
}

// hosts reports whether a join is let in and may command.
func (r *roster) hosts(j J) bool {
	s := r.at(j)
	return s != nil && s.kind == Person && (s.Owner || r.known[s.Device].Host && r.known[s.Device].Account == s.Account)
}

// sameDevice lists the joins that are in or wait on a device.
func (r *roster) sameDevice(d Key) (all []J) {
	for _, s := range r.seats {
		if s.Device == d {
			all = append(all, s.J)
		}
	}
	for _, p := range r.waiting {
		if p.Device == d {
			all = append(all, p.J)
		}
	}
	return all
}

// message is the roster as clients are told of it.
func (r *roster) message(meeting string, epoch uint64) *Roster {
	m := &Roster{Meeting: meeting, Epoch: epoch}
	for _, s := range r.seats {
		m.Members = append(m.Members, RosterSeat{Index: s.index, Kind: s.kind, J: s.J, Name: s.Name})
		if r.hosts(s.J) {
			m.Hosts = append(m.Hosts, s.J)
		}
	}
	return m
}

// lobbyMessage is the lobby as hosts are told of it, or as those who wait are.
func (r *roster) lobbyMessage(meeting string, toHost bool) *Lobby {
	m := &Lobby{Meeting: meeting, Locked: r.locked, On: r.lobby}
	if toHost {
		for _, p := range r.waiting {
			m.Waiting = append(m.Waiting, LobbySeat{J: p.J, Name: p.Name})
		}
	}
	return m
}

// lost says what will stop when the meeting is upgraded: what is in it and is no person.
func (r *roster) lost() (words []string) {
	for _, s := range r.seats {
		switch s.kind {
		case Recorder:
			words = append(words, s.Name+": "+features[Recording])
		case Telephone:
			words = append(words, s.Name+": "+features[DialIn])
		case Staff:
			words = append(words, s.Name+": "+visitors)
		}
	}
	return words
}
