package e2ee

import "slices"

// grant takes a standard key, if this client may take one at all (§9).
func (m *Member) grant(g Grant) {
	if !m.mayBeStandard(g.Meeting) {
		return
	}
	if len(m.epochs) > 0 && m.epochs[len(m.epochs)-1].Name.Epoch >= g.Epoch {
		m.drop("grant of an epoch that is known")
		return
	}
	if m.move(CauseGrant) {
		m.use(StandardEpoch(g))
	}
	m.obey()
}

// mayBeStandard reports whether a grant or a roster may be looked at. The lasting note is read each time: another tab may have written it.
func (m *Member) mayBeStandard(meeting string) bool {
	switch {
	case meeting != m.cfg.Meeting:
		m.drop("another meeting's grant or roster")
		return false
	case m.e2ee():
		m.drop("grant or roster in an end-to-end encrypted meeting")
		m.warn(WarnDowngrade, J{})
		return false
	case m.cfg.Memory.Remembered(m.cfg.Meeting):
		m.turn()
		m.warn(WarnDowngrade, J{})
		m.warn(WarnNeedsLink, J{})
		return false
	}
	return true
}

// turn leaves the standard meeting for good: stop, note, delete (§9). The order is the page's.
func (m *Member) turn() {
	m.send(false)
	m.remember()
	m.erase()
	m.roster = nil
	if m.state == New {
		m.move(CauseLink)
	} else {
		m.move(CauseUpgrade)
	}
	m.livedAt = 0
}

func (m *Member) rostered(r *Roster) {
	if !m.mayBeStandard(r.Meeting) {
		return
	}
	m.roster = r
	m.obey()
}

// upgraded keeps an upgrade whose signature holds. In a meeting that is end-to-end encrypted it only says who needed no link to be let in:
// the leader's word, in the list, decides whether they were.
func (m *Member) upgraded(msg Message) {
	b := new(Upgrade)
	s, err := open(msg.Signed, b)
	if err != nil || !m.by(b.Host, s, b.Meeting) {
		m.drop("upgrade")
		return
	}
	for _, j := range b.Carried {
		if m.joins[j] != nil { // who is carried over has joined before
			m.named[j] = true
		}
	}
	byHost := m.roster != nil && slices.Contains(m.roster.Hosts, b.Host)
	if !m.e2ee() && (byHost || len(m.upgrades) < maxUpgrades) { // others cannot sign so many that the host's is lost
		m.upgrades = append(m.upgrades, b)
		m.obey()
	}
}

func (m *Member) carry(b *Upgrade) {
	for _, j := range b.Carried {
		m.carried[j] = true
	}
}

// obey follows the first upgrade by a host of the roster. Whichever of the two came first.
func (m *Member) obey() {
	if m.state != Standard || m.roster == nil {
		return
	}
	i := slices.IndexFunc(m.upgrades, func(u *Upgrade) bool { return slices.Contains(m.roster.Hosts, u.Host) })
	if i < 0 {
		return
	}
	u := m.upgrades[i]
	m.turn()
	m.host = u.Host
	m.carry(u)
	if !m.carried[m.me.J] {
		m.move(CauseNotCarried)
	}
}

// startUpgrade is the host's own part (§9): a link secret, the upgrade, and then a list of those who are there.
func (m *Member) startUpgrade(carry []J) {
	if m.state != Standard || !m.posted || m.roster == nil || !slices.Contains(m.roster.Hosts, m.me.J) {
		m.tell(WarnNotAllowed, J{})
		return
	}
	var secret Secret
	if err := draw(m.cfg.Rand, secret[:]); err != nil {
		m.drop("randomness")
		return
	}
	u := &Upgrade{Meeting: m.cfg.Meeting, Host: m.me.J, Carried: m.staying(carry), Time: m.now}
	m.turn()
	m.secret, m.host = &secret, m.me.J
	m.carry(u)
	m.lead.starts, m.lead.startsAt = true, m.now+carryWait
	m.do(PostEntry{m.cfg.Device.message(u)})
}

// staying is who is carried over: the host first, then people of the roster whom the human has confirmed, never connectors.
func (m *Member) staying(carry []J) []J {
	all := []J{m.me.J}
	for _, s := range m.roster.Members {
		if s.Kind == Person && s.J != m.me.J && slices.Contains(carry, s.J) && m.joins[s.J] != nil && !m.left[s.J] {
			all = append(all, s.J)
		}
	}
	return all
}

func (m *Member) allCarriedLive() bool {
	for j := range m.carried {
		if j != m.me.J && m.lives[j] == nil && !m.left[j] {
			return false
		}
	}
	return true
}
