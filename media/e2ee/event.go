package e2ee

// Event is what happens to a Member: what the server sends (*Entry, *LiveMessage, *Grant, *Roster, as DecodeControl gives them), the
// passing of time (Tick), or what its human decides.
type Event interface{ happen(m *Member) }

type (
	// Tick says that time has passed. At least four a second, or what should take 2 s takes longer.
	Tick struct{}
	// Admit lets a waiting join in.
	Admit struct{ J J }
	// Refuse keeps a waiting join out.
	Refuse struct{ J J }
	// Remove takes a member out; its device waits for the human's word if it comes back.
	Remove struct{ J J }
	// Lock says whether nobody is let in.
	Lock struct{ On bool }
	// Succession says who leads when this leader is gone, in order. Without one it is accounts by index, then guests.
	Succession struct{ Order []J }
	// HandOver makes a member the first successor and then leaves.
	HandOver struct{ To J }
	// EndForAll ends the meeting.
	EndForAll struct{}
	// Leaving leaves the meeting.
	Leaving struct{}
	// GoE2EE upgrades a standard meeting and carries over those whom the human was shown and has confirmed: the roster is the server's
	// word, and could have a device of its own. The page asks the server first whether the plan allows it: there is no way back.
	GoE2EE struct{ Carry []J }
)

func (Tick) happen(*Member) {}

func (e *Entry) happen(m *Member)       { m.entry(e) }
func (l *LiveMessage) happen(m *Member) { m.live(l.Signed) }
func (g *Grant) happen(m *Member)       { m.grant(*g) }
func (r *Roster) happen(m *Member)      { m.rostered(r) }

func (d Admit) happen(m *Member)      { m.asLeader(func() { m.lead.admit[d.J] = m.now }) }
func (d Refuse) happen(m *Member)     { m.asLeader(func() { m.deny(d.J) }) }
func (d Remove) happen(m *Member)     { m.asLeader(func() { m.remove(d.J) }) }
func (d Lock) happen(m *Member)       { m.asLeader(func() { m.lead.locked = d.On }) }
func (d Succession) happen(m *Member) { m.asLeader(func() { m.lead.order = d.Order }) }
func (d HandOver) happen(m *Member)   { m.asLeader(func() { m.handOver(d.To) }) }
func (EndForAll) happen(m *Member)    { m.asLeader(m.endForAll) }
func (Leaving) happen(m *Member)      { m.leave() }
func (d GoE2EE) happen(m *Member)     { m.startUpgrade(d.Carry) }

// asLeader does what only a leader may decide.
func (m *Member) asLeader(do func()) {
	if !m.leads() {
		m.tell(WarnNotLeader, J{})
		return
	}
	do()
}
