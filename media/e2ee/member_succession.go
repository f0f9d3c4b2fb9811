package e2ee

// Change of leader (§4). Whoever takes over waits longer than the others need to believe it, so that a message that is under way decides
// nothing; and the board's order is the same for all.

// leaderMissed reports whether the leader has left, or no link was accepted for so long.
func (m *Member) leaderMissed(wait uint64) bool {
	return m.left[m.list.Leader] || m.now-m.linkAt >= wait
}

// passedOver reports whether a successor is out of the running: it left, or gave no sign of life for so long.
func (m *Member) passedOver(j J, wait uint64) bool {
	if j == m.me.J {
		return false
	}
	return m.left[j] || m.quiet(j) >= wait
}

// takeOver claims the lead when this client is next.
func (m *Member) takeOver() {
	if m.state != In && m.state != Rekeying || m.list.Leader == m.me.J || m.newLeader != nil && *m.newLeader == m.me.J || m.list.Term >= maxTerm {
		return
	}
	if !m.leaderMissed(silence) || m.leaderSays() > m.list.Version || m.now-m.claimedAt < repost || !m.next() {
		return
	}
	m.claimedAt = m.now
	m.do(PostEntry{m.cfg.Device.message(&Leader{Meeting: m.cfg.Meeting, Term: m.list.Term + 1, J: m.me.J, Last: m.list.Hash, Time: m.now})})
}

// next reports whether this client is the first successor that is alive.
func (m *Member) next() bool {
	for _, j := range m.list.Successors {
		if j == m.me.J {
			return true
		}
		if !m.passedOver(j, fresh) {
			return false
		}
	}
	return false
}

// claimed holds a `leader` against the list (§4). Until its first link nothing else changes.
func (m *Member) claimed(msg Message) {
	var b Leader
	s, err := open(msg.Signed, &b)
	if err != nil || m.list == nil || !m.by(b.J, s, b.Meeting) || !m.believes(&b) {
		m.drop("leader")
		return
	}
	m.newLeader, m.newLeaderAt = &b.J, m.now
	m.livedAt = 0 // the new leader needs a nonce of everyone, at once
}

// believes reports whether this client, too, misses the leader, and the one who claims to lead is next.
func (m *Member) believes(b *Leader) bool {
	if b.Term != m.list.Term+1 || b.Last != m.list.Hash || !m.leaderMissed(missed) || m.left[b.J] {
		return false
	}
	if m.newLeader != nil && !m.passedOver(*m.newLeader, lenient) {
		return false
	}
	for _, j := range m.list.Successors {
		if j == b.J {
			return true
		}
		if !m.passedOver(j, lenient) {
			return false
		}
	}
	return false
}
