package e2ee

import (
	"slices"
	"sort"
)

// leadership is what only a leader needs. It is kept from the start, so that a successor knows whom it has seen.
type leadership struct {
	admit    map[J]uint64 // to be let in, since when
	knocked  map[J]bool   // shown to the human
	refused  map[J]bool   // by the human
	removed  map[J]bool   // by the human
	known    map[Key]bool // devices that were let in before and did not lose that
	order    []J          // successors, by the human's choice
	locked   bool
	heir     J // leave as soon as the list names it first
	sent     *sentLink
	rekeyed  uint64 // when the epoch began
	starts   bool   // this client upgrades the meeting, and makes the first list
	startsAt uint64 // at the latest
}

// sentLink is a link on its way to the board. There is one at most, and it is sent again unchanged: a leader that signed two links of one
// version would be taken for a liar (§4).
type sentLink struct {
	link, keys []byte
	hash       Hash
	version    uint64
	term       uint64
	secret     Secret // of the epoch that it names
	epoch      bool   // it names a new epoch
	at         uint64
}

func newLeadership() leadership {
	return leadership{admit: map[J]uint64{}, knocked: map[J]bool{}, refused: map[J]bool{}, removed: map[J]bool{}, known: map[Key]bool{}}
}

// leads reports whether this client leads, or has been accepted to lead the next term.
func (m *Member) leads() bool {
	if m.newLeader != nil {
		return *m.newLeader == m.me.J
	}
	return m.list != nil && m.list.Leader == m.me.J
}

// begins reports whether this client makes the first list: the host of an upgrade when those who stay are there, or the host of a meeting
// that nobody leads (§4).
func (m *Member) begins() bool {
	switch {
	case m.state != Waiting || !m.posted || m.secret == nil:
		return false
	case m.lead.starts:
		return m.now >= m.lead.startsAt || m.allCarriedLive()
	case !m.cfg.Host:
		return false
	}
	return m.seen == nil || m.now-m.seenAt >= lost
}

// serve does the leader's part: a link whenever one is due (§4).
func (m *Member) serve() {
	s := m.lead.sent
	switch {
	case !m.leads() && !m.begins():
		return
	case m.lead.heir != (J{}) && len(m.list.Successors) > 0 && m.list.Successors[0] == m.lead.heir:
		m.leave()
	case s != nil && s.term == m.nextTerm() && s.version == m.nextVersion():
		m.again(s)
	case m.due():
		m.publish()
	}
}

// again sends what has not come back.
func (m *Member) again(s *sentLink) {
	if m.now-s.at < repost {
		return
	}
	s.at = m.now
	m.do(PostEntry{s.link})
	if s.keys != nil {
		m.do(PostEntry{s.keys})
	}
}

func (m *Member) nextVersion() uint64 {
	if m.list == nil {
		return 1
	}
	return m.list.Version + 1
}

func (m *Member) nextTerm() uint64 {
	switch {
	case m.list == nil:
		return 1
	case m.newLeader != nil:
		return m.list.Term + 1
	}
	return m.list.Term
}

// due reports whether a link has to be made now.
func (m *Member) due() bool {
	switch {
	case m.list == nil:
		return true
	case m.newLeader != nil:
		return m.allMembersLive() || m.now-m.newLeaderAt >= keysWithin
	case m.now-m.linkAt >= linkEvery, m.list.Locked != m.lead.locked:
		return true
	case slices.ContainsFunc(m.list.Members, func(s Seat) bool { return m.gone(s.J) }):
		return true
	case !slices.Equal(m.list.Successors, m.successors(m.list.Members)):
		return true
	}
	return m.batchReady()
}

// batchReady: joins that arrive within half a second are let in together (§4).
func (m *Member) batchReady() bool {
	for j, since := range m.lead.admit {
		if m.now-since >= batch && m.admittable(j) {
			return true
		}
	}
	return false
}

// gone reports whether a member must be left out (§4, removal).
func (m *Member) gone(j J) bool {
	_, split := m.split[j]
	return j != m.me.J && (m.left[j] || m.lead.removed[j] || split || m.quiet(j) >= silence || m.mute(j))
}

// mute: a new leader cannot seal to a member that gave it no nonce.
func (m *Member) mute(j J) bool {
	return m.newLeader != nil && m.lives[j] == nil && m.now-m.newLeaderAt >= keysWithin
}

// allMembersLive reports whether a new leader has a nonce of everyone who stays.
func (m *Member) allMembersLive() bool {
	return !slices.ContainsFunc(m.list.Members, func(s Seat) bool { return s.J != m.me.J && m.lives[s.J] == nil && !m.gone(s.J) })
}

// admissible reports whether a join may be let in if the human agrees: it holds, it knew the link or was carried over, and it is not a past
// one.
func (m *Member) admissible(j J) bool {
	join := m.joins[j]
	return join != nil && j != m.me.J && !m.left[j] && !m.lead.refused[j] && !m.lead.removed[j] && m.since[j] == 0 &&
		m.secret != nil && (m.carried[j] || join.lettered(*m.secret))
}

// full reports whether there is no seat or no index left.
func (m *Member) full() bool {
	return m.list != nil && (len(m.list.Members) >= maxMembers || m.list.Next > maxIndex)
}

// admittable reports whether it can be let in by the next link.
func (m *Member) admittable(j J) bool {
	l := m.lives[j]
	return !m.lead.locked && !m.full() && m.admissible(j) && l != nil && m.now-l.at < silence && m.joins[j].Certificate.at(m.now)
}

// consider looks at a join that has come or given a sign of life: known devices and those carried over are let in at once, the human is
// asked about others.
func (m *Member) consider(j J) {
	if _, asked := m.lead.admit[j]; asked || !m.leads() && !m.lead.starts || !m.admissible(j) || m.lead.knocked[j] || m.lives[j] == nil {
		return
	}
	if m.full() {
		m.warn(WarnFull, J{})
	}
	if m.carried[j] || m.lead.known[m.joins[j].Device] {
		m.lead.admit[j] = m.now
		return
	}
	m.lead.knocked[j] = true
	m.do(Knock{m.joins[j]})
}

// seats are the members of the next link: those who stay with their indexes, then those who are let in (§4, 6).
func (m *Member) seats() (members []Seat, next uint64) {
	if m.list == nil {
		members, next = []Seat{{J: m.me.J}}, 1
	} else {
		next = m.list.Next
		for _, s := range m.list.Members {
			if !m.gone(s.J) {
				members = append(members, s)
			}
		}
	}
	for _, j := range m.batch() {
		if len(members) >= maxMembers || next > maxIndex {
			break
		}
		members = append(members, Seat{Index: next, J: j})
		next++
	}
	return members, next
}

// batch is who is let in now, by the time at which that was decided.
func (m *Member) batch() []J {
	var all []J
	for j := range m.lead.admit {
		if m.admittable(j) {
			if !m.joins[j].sealable() {
				m.drop("join with a key that nothing can be sealed to")
				m.lead.refused[j] = true
				continue
			}
			all = append(all, j)
		}
	}
	sort.Slice(all, func(a, b int) bool {
		if x, y := m.lead.admit[all[a]], m.lead.admit[all[b]]; x != y {
			return x < y
		}
		return slices.Compare(all[a][:], all[b][:]) < 0
	})
	return all
}

// successors is who leads when this leader is gone: by the human's order, then accounts, then guests, each by index (§4).
func (m *Member) successors(members []Seat) []J {
	var chosen, accounts, guests []J
	for _, s := range members {
		switch {
		case s.J == m.me.J:
		case slices.Contains(m.lead.order, s.J):
			chosen = append(chosen, s.J)
		case m.joins[s.J].Certificate.Guest():
			guests = append(guests, s.J)
		default:
			accounts = append(accounts, s.J)
		}
	}
	slices.SortFunc(chosen, func(a, b J) int { return slices.Index(m.lead.order, a) - slices.Index(m.lead.order, b) })
	all := slices.Concat(chosen, accounts, guests)
	return all[:min(len(all), maxSuccessors)]
}

// publish makes the next link, and the keys where it names a new epoch.
func (m *Member) publish() {
	members, next := m.seats()
	b := &LinkBody{Meeting: m.cfg.Meeting, Version: m.nextVersion(), Term: m.nextTerm(), Epoch: 1, Locked: m.lead.locked, Leader: m.me.J,
		Successors: m.successors(members), Next: next, Members: members, Time: m.now}
	s := &sentLink{version: b.Version, term: b.Term, epoch: true, at: m.now}
	if l := m.list; l != nil {
		b.Previous, b.Time = l.Hash, max(m.now, l.Time)
		if b.Term == l.Term {
			s.epoch = !slices.Equal(members, l.Members) || m.now-m.lead.rekeyed >= rekeyEvery
			b.Epoch, b.Secret = l.LinkBody.Epoch, l.LinkBody.Secret
		}
	}
	if s.epoch && !m.newEpoch(b, s) {
		return
	}
	message, hash := signLink(m.cfg.Device, b, *m.secret)
	s.link, s.hash = message.Encode(), hash
	if s.epoch && len(members) > 1 {
		s.keys = m.sealKeys(b, s)
	}
	m.lead.sent, s.at = s, 0
	m.again(s)
}

// newEpoch draws a secret and commits the link to it (§5).
func (m *Member) newEpoch(b *LinkBody, s *sentLink) bool {
	if err := draw(m.cfg.Rand, s.secret[:]); err != nil {
		m.drop("randomness")
		return false
	}
	if m.list != nil && b.Term == m.list.Term {
		b.Epoch++
	}
	b.Secret = commitment(b.Meeting, b.Term, b.Epoch, s.secret)
	return true
}

// sealKeys seals the epoch's secret to every member but the leader (§3.2).
func (m *Member) sealKeys(b *LinkBody, s *sentLink) []byte {
	k := &Keys{Meeting: b.Meeting, Term: b.Term, Epoch: b.Epoch, Link: s.hash}
	for _, seat := range b.Members {
		if seat.J == m.me.J {
			continue
		}
		var live [16]byte
		if l := m.lives[seat.J]; l != nil {
			live = l.Nonce
		}
		box, err := sealBox(m.joins[seat.J].hpke, infoOf(b, s.hash, seat.J), seat.J, live, s.secret, *m.secret)
		if err != nil {
			m.drop("join with a key that nothing can be sealed to") // a former leader let it in: it stays without keys
			continue
		}
		k.Boxes = append(k.Boxes, box)
	}
	if len(k.Boxes) == 0 {
		return nil
	}
	return m.cfg.Device.message(k)
}

// settleLead does what an accepted link means for this client's own leading.
func (m *Member) settleLead(before *List) {
	m.forgetDevices(before)
	for _, s := range m.list.Members {
		m.lead.known[m.joins[s.J].Device] = true
		delete(m.lead.admit, s.J)
		delete(m.lead.knocked, s.J)
	}
	if m.list.Leader != m.me.J { // whoever leads next goes on as it was
		m.lead.locked, m.lead.order = m.list.Locked, m.list.Successors
	} else if before == nil || before.Leader != m.me.J {
		m.greetLobby()
	}
	if before == nil || before.Epoch() != m.list.Epoch() {
		m.lead.rekeyed = m.now
	}
	s := m.lead.sent
	if s == nil || s.version > m.list.Version {
		return
	}
	if s.hash == m.list.Hash && s.epoch {
		m.install(&Epoch{Name: m.list.Epoch(), Meeting: m.cfg.Meeting, secret: s.secret})
	}
	s.secret = Secret{}
	m.lead.sent = nil
}

// forgetDevices: who was taken out without having left waits for the human's word when it comes back. A leader knows its own reasons.
func (m *Member) forgetDevices(before *List) {
	if before == nil {
		return
	}
	for _, s := range before.Members {
		lost := m.list.Leader == m.me.J && !m.lead.removed[s.J]
		if !m.list.Has(s.J) && !m.left[s.J] && !lost {
			delete(m.lead.known, m.joins[s.J].Device)
		}
	}
}

// greetLobby asks about everyone who waits, when this client begins to lead.
func (m *Member) greetLobby() {
	for j := range m.joins {
		if l := m.lives[j]; l != nil && m.now-l.at < silence {
			m.consider(j)
		}
	}
}

// deny tells a join that it is not let in.
func (m *Member) deny(j J) {
	if m.joins[j] == nil || m.list != nil && m.list.Has(j) {
		m.tell(WarnNotAllowed, j)
		return
	}
	m.lead.refused[j] = true
	delete(m.lead.admit, j)
	m.do(PostEntry{m.cfg.Device.message(&Deny{Meeting: m.cfg.Meeting, J: j, Time: m.now})})
}

// remove takes a device's joins out with the next link.
func (m *Member) remove(j J) {
	if j == m.me.J || !m.list.Has(j) {
		m.tell(WarnNotAllowed, j)
		return
	}
	for _, s := range m.list.Members { // its other tabs, too
		if m.joins[s.J].Device == m.joins[j].Device && s.J != m.me.J {
			m.lead.removed[s.J] = true
		}
	}
}

// handOver puts a member first in the succession; serve leaves when the list says so.
func (m *Member) handOver(to J) {
	if to == m.me.J || !m.list.Has(to) {
		m.tell(WarnNotAllowed, to)
		return
	}
	m.lead.order = append([]J{to}, slices.DeleteFunc(m.lead.order, func(j J) bool { return j == to })...)
	m.lead.heir = to
}

// endForAll ends the meeting.
func (m *Member) endForAll() {
	if m.list == nil {
		m.tell(WarnNotAllowed, J{})
		return
	}
	m.do(PostEntry{m.cfg.Device.message(&End{Meeting: m.cfg.Meeting, Version: m.list.Version, Link: m.list.Hash, Time: m.now})})
	m.move(CauseEnded)
}
