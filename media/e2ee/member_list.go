package e2ee

// facts are what the client knows beside its list (§4).
func (m *Member) facts() Facts {
	return Facts{Meeting: m.cfg.Meeting, Self: m.me.J, Secret: m.secret, Join: m.Join, Host: m.host, Leader: m.newLeader,
		Carried: func(j J) bool { return m.carried[j] || m.named[j] },
		Known: func(version uint64) (Mark, bool) {
			mark, ok := m.marks[version]
			return mark, ok
		}}
}

// link holds a link against the list.
func (m *Member) link(msg Message) {
	if !m.e2ee() {
		m.drop("link in a standard meeting")
		return
	}
	l, refusal := Accept(m.list, msg, m.facts())
	if refusal != nil {
		m.refused(refusal, msg)
		return
	}
	m.accept(l)
	if m.secret == nil {
		if n, err := openLink(msg); err == nil {
			m.unproven = append(m.unproven, n)
		}
	}
}

// refused does what §13 says about a link that does not hold.
func (m *Member) refused(r *Refusal, msg Message) {
	if r.Cause == Broken {
		m.drop("link: " + r.Why)
	}
	switch {
	case r.Cause == Equivocates:
		m.move(CauseEquivocation)
	case r.Cause == Ahead:
		m.behind(m.list.Version + 1)
	case r.Cause == NotListed && m.list != nil:
		m.move(CauseRemoved)
	case r.Cause == NotListed:
		m.look(msg)
	}
}

// look notes who leads while this client is not on the list: for `deny`, `end`, and for a host who finds nobody leading.
func (m *Member) look(msg Message) {
	n, err := openLink(msg)
	if err != nil || m.secret == nil && n.Leader != m.host {
		return
	}
	if m.seen == nil || m.seen.Leader != n.Leader {
		m.livedAt = 0 // this leader has not heard of who waits
	}
	m.seen, m.seenAt = n, m.now
}

// accept follows a link that holds.
func (m *Member) accept(l *List) {
	before := m.list
	m.list, m.linkAt, m.seen = l, m.now, nil
	m.marks[l.Version] = Mark{Term: l.Term, Leader: l.Leader, Hash: l.Hash}
	for _, s := range l.Members {
		m.greet(before, s.J)
	}
	for j := range m.split {
		if !l.Has(j) {
			delete(m.split, j)
		}
	}
	if before != nil && before.Term != l.Term {
		m.newLeader = nil
	}
	m.do(NewList{l})
	m.calm(WarnStale, J{})
	m.sayLeader(before)
	m.stage(before)
	m.settleLead(before)
	for j, claim := range m.claims {
		if claim.Version <= l.Version {
			delete(m.claims, j)
			m.compare(claim)
		}
	}
}

// stage moves the state on: a first link, or one that names a new epoch.
func (m *Member) stage(before *List) {
	switch {
	case before == nil:
		m.move(CauseListed)
		m.keysDue, m.livedAt = m.now+keysWithin, 0
	case before.Epoch() != m.list.Epoch():
		m.move(CauseEpoch)
		if m.keysDue == 0 { // not moved on by further epochs: a leader could keep senders in an old one for ever
			m.keysDue = m.now + keysWithin
		}
	case m.state == In: // it may have been stopped while no link came
		m.send(true)
	}
}

// greet notes a new member and tells people of a strange device (§2).
func (m *Member) greet(before *List, j J) {
	if before != nil && before.Has(j) {
		return
	}
	m.since[j] = m.now
	if c := m.joins[j].Certificate; !c.Guest() && m.cfg.Memory.Meet(c.Account, m.joins[j].Device) {
		m.warn(WarnNewDevice, j)
	}
}

// sayLeader tells people that another leads, and so that the code is another.
func (m *Member) sayLeader(before *List) {
	if before == nil || before.Leader == m.list.Leader {
		return
	}
	m.calm(WarnLeader, m.list.Leader)
	m.warn(WarnLeader, m.list.Leader)
}

// compare holds what a sign of life says of the list against what this client knows, or comes to know (§4).
func (m *Member) compare(l Live) {
	j := l.J
	if m.list == nil || j == m.me.J || l.Version == 0 {
		return
	}
	mark, known := m.marks[l.Version]
	switch {
	case !known:
		if _, waits := m.claims[j]; !waits && l.Version > m.list.Version {
			m.claims[j] = l
		}
	case mark.Hash == l.Link:
	case j == mark.Leader && j == m.list.Leader: // it has signed two lists for one place
		m.move(CauseEquivocation)
	case m.list.Has(j):
		if m.split[j] == 0 {
			m.split[j] = m.now
		}
		m.warn(WarnSplit, j)
	default:
		m.warn(WarnApart, j)
	}
}

// watchList holds the times within which links must come (§4).
func (m *Member) watchList() {
	if m.list == nil {
		return
	}
	age := m.now - m.linkAt
	if m.lag.to <= m.list.Version {
		m.lag = lag{}
		m.behind(m.leaderSays())
	}
	switch {
	case m.lag.to != 0 && m.now-m.lag.since >= silence:
		m.move(CauseGap)
	case m.list.Leader == m.me.J && m.newLeader == nil && age >= silence:
		m.move(CauseCutOff)
	case age >= lost:
		m.move(CauseNoLeader)
	case age >= stale:
		m.send(false)
		m.warn(WarnStale, J{})
	}
}

// behind notes that there is a newer link than this client was given.
func (m *Member) behind(version uint64) {
	if m.lag.to == 0 && version > m.list.Version {
		m.lag = lag{to: version, since: m.now}
	}
}

// leaderSays is the newest version by the leader's own sign of life. Nobody else's word counts: a member could end the meeting for all.
func (m *Member) leaderSays() uint64 {
	if l := m.lives[m.list.Leader]; l != nil && m.list.Leader != m.me.J {
		return l.Version
	}
	return 0
}

// watchMembers watches the others: who names another list must be left out, who is listed should be heard (§4).
func (m *Member) watchMembers() {
	if m.list == nil {
		return
	}
	for _, since := range m.split {
		if m.now-since >= splitFor {
			m.move(CauseEquivocation)
			return
		}
	}
	for _, s := range m.list.Members {
		if s.J != m.me.J && m.quiet(s.J) >= unheard {
			m.warn(WarnUnheard, s.J)
		}
	}
}

// quiet is for how long nothing was heard of a member.
func (m *Member) quiet(j J) uint64 {
	at := m.since[j]
	if l := m.lives[j]; l != nil {
		at = max(at, l.at)
	}
	return m.now - at
}
