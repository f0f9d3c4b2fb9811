package e2ee

import (
	"maps"
	"slices"
)

// Bounds of what a server can make a client keep.
const (
	maxEarly      = 1000     // entries behind a hole
	maxEarlyBytes = 16 << 20 // and their size
	maxJoins      = 1 << 14  // of a meeting: four times the indexes
	maxUpgrades   = 100
)

// entry takes the board's entries in the order of their numbers, and asks for those that are missing (§10).
func (m *Member) entry(e *Entry) {
	switch {
	case e.Number < m.board.next:
		m.drop("entry seen before")
		return
	case e.Number > m.board.next && (len(m.board.early) >= maxEarly || m.board.bytes+len(e.Message) > maxEarlyBytes):
		m.drop("entry too early")
		return
	}
	m.board.bytes += len(e.Message) - len(m.board.early[e.Number])
	m.board.early[e.Number] = e.Message
	for m.state != Out {
		message, ok := m.board.early[m.board.next]
		if !ok {
			break
		}
		delete(m.board.early, m.board.next)
		m.board.bytes -= len(message)
		m.board.next++
		m.message(message)
	}
}

// askForHole asks again, once a second, for what is missing, and takes a hole that stays for a loss (§4, 3).
func (m *Member) askForHole() {
	switch {
	case m.board.hole.to >= m.board.next:
		if m.now-m.board.hole.since >= silence && m.e2ee() {
			m.move(CauseGap)
		} else if m.now-m.board.asked >= second {
			m.fetch()
		}
	case len(m.board.early) > 0:
		m.board.hole = lag{to: slices.Max(slices.Collect(maps.Keys(m.board.early))), since: m.now}
		m.fetch()
	}
}

func (m *Member) fetch() {
	m.board.asked = m.now
	m.do(FetchFrom{m.board.next})
}

// handlers of the board's messages, by kind.
var handlers = map[string]func(*Member, Message){
	"join": (*Member).joined, "link": (*Member).link, "keys": (*Member).keys, "leave": (*Member).leaving, "deny": (*Member).denied,
	"end": (*Member).ended, "leader": (*Member).claimed, "upgrade": (*Member).upgraded,
}

func (m *Member) message(data []byte) {
	msg, err := DecodeMessage(data)
	if err != nil {
		m.drop("form")
		return
	}
	handlers[msg.Kind](m, msg)
}

// joined keeps a join that holds. When it is this client's own, everything older on the board has been read.
func (m *Member) joined(msg Message) {
	j, err := OpenJoin(msg, m.cfg.Meeting, m.cfg.Identity)
	if err != nil {
		m.drop("join")
		return
	}
	if m.joins[j.J] != nil || len(m.joins) >= maxJoins {
		m.drop("join seen before, or too many")
		return
	}
	m.joins[j.J] = j
	if j.J == m.me.J {
		m.posted, m.livedAt = true, 0
	}
	m.consider(j.J)
	m.obey()
}

// by checks a message that a join's own device has signed, and its meeting.
func (m *Member) by(j J, s Signed, meeting string) bool {
	join := m.joins[j]
	return join != nil && join.Device == s.Signer && meeting == m.cfg.Meeting
}

func (m *Member) leaving(msg Message) {
	var b Leave
	if s, err := open(msg.Signed, &b); err != nil || !m.by(b.J, s, b.Meeting) {
		m.drop("leave")
		return
	}
	m.left[b.J] = true
}

// denied is believed of the leader of the newest list that this client is not in (§3.4).
func (m *Member) denied(msg Message) {
	var b Deny
	s, err := open(msg.Signed, &b)
	switch {
	case err != nil || m.state != Waiting || m.seen == nil || !m.by(m.seen.Leader, s, b.Meeting):
		m.drop("deny")
	case b.J == m.me.J:
		m.move(CauseDenied)
	}
}

// ended is believed of the leader of the newest list, about a link that this client knows (§3.4).
func (m *Member) ended(msg Message) {
	var b End
	s, err := open(msg.Signed, &b)
	leader, last := m.leaderKnown()
	mark, known := m.marks[b.Version]
	if err != nil || !m.by(leader, s, b.Meeting) || (b.Link != last && !(known && mark.Hash == b.Link)) {
		m.drop("end")
		return
	}
	m.move(CauseEnded)
}

// leaderKnown is who leads by the newest list that this client has seen, and that list's hash.
func (m *Member) leaderKnown() (J, Hash) {
	switch {
	case m.list != nil:
		return m.list.Leader, m.list.Hash
	case m.seen != nil:
		return m.seen.Leader, m.seen.hash
	}
	return J{}, Hash{}
}

// leave ends this client's part.
func (m *Member) leave() {
	if m.posted {
		m.do(PostEntry{m.cfg.Device.message(&Leave{Meeting: m.cfg.Meeting, J: m.me.J, Time: m.now})})
	}
	m.move(CauseLeft)
}

// sendLive sends a sign of life with a fresh nonce, from the time on that the others have this join (§3.3).
func (m *Member) sendLive() {
	if !m.e2ee() || !m.posted || (m.livedAt != 0 && m.now-m.livedAt < liveEvery) {
		return
	}
	l := Live{Meeting: m.cfg.Meeting, J: m.me.J, Time: m.now}
	if err := draw(m.cfg.Rand, l.Nonce[:]); err != nil {
		m.drop("randomness")
		return
	}
	if m.list != nil {
		l.Version, l.Link = m.list.Version, m.list.Hash
	}
	m.nonces = slices.DeleteFunc(m.nonces, func(n nonce) bool { return m.now-n.at > nonceAge })
	m.nonces = append(m.nonces, nonce{l.Nonce, m.now})
	m.livedAt = m.now
	signed, _ := m.cfg.Device.sign(&l)
	m.do(SendLive{signed})
}

// live takes the sign of life of another.
func (m *Member) live(signed []byte) {
	var l Live
	s, err := open(signed, &l)
	switch before := m.lives[l.J]; {
	case err != nil || !m.by(l.J, s, l.Meeting):
		m.drop("live")
		return
	case before != nil && l.Time <= before.Time: // a replay would keep the dead alive
		m.drop("live seen before")
		return
	}
	m.lives[l.J] = &sign{Live: l, at: m.now}
	m.calm(WarnUnheard, l.J)
	m.consider(l.J)
	m.compare(l)
}
