package e2ee

import (
	"io"
	"slices"
)

// Times of §4 and §5, in milliseconds.
const (
	second     = 1000
	liveEvery  = 9 * second // at the latest every 10 s
	linkEvery  = 9 * second
	batch      = second / 2 // joins that arrive together are admitted together
	keysWithin = 10 * second
	oldKeys    = 10 * second
	nonceAge   = 60 * second
	rekeyEvery = 290 * second // with the next heartbeat: at the latest every 5 minutes
	silence    = 30 * second  // without a sign of life: left out; without a link: the leader is missed; a gap: a loss
	stale      = 35 * second  // without a link: stop sending
	lost       = 60 * second  // without a link: over
	missed     = 20 * second  // from here on a `leader` of another is believed; it waits for silence
	fresh      = 20 * second  // a successor that was live within this leads before those after it
	lenient    = 15 * second  // and this is enough for others to pass over it
	splitFor   = 10 * second  // how long a member with another list may stay listed
	unheard    = 60 * second
	carryWait  = 5 * second
	repost     = 5 * second
)

// Memory is what outlives the page (§2, §9). Its calls are made within a Step and must not call back.
type Memory interface {
	// Remember notes that a meeting is end-to-end encrypted, for good. It returns nil only when the note outlives a crash, and for
	// every tab. Nothing takes a note back.
	Remember(meeting string) error
	// Remembered reports whether a meeting was noted. When that cannot be known, it says true.
	Remembered(meeting string) bool
	// Meet notes that an account takes part with a device, and reports whether this client has met the account before, but never
	// with this device.
	Meet(account string, device Key) (strange bool)
}

// Config is what a Member is made of.
type Config struct {
	Meeting     string
	Device      *Device
	Certificate []byte    // of the device, signed by an identity key
	Identity    []Key     // the identity keys that this client has accepted for the server
	Secret      *Secret   // of the link's fragment; nil if it had none
	Host        bool      // this device made the meeting, and leads it if nobody does
	Rand        io.Reader // must not fail and must not repeat
	Memory      Memory
}

// Member is one join's session in one meeting, from the page's opening to its end. It is not safe for concurrent use.
type Member struct {
	cfg    Config
	state  State
	cause  Cause  // of Out
	now    uint64 // the latest time that a Step was given
	me     private
	posted bool // this join has come back from the board
	secret *Secret
	out    []Action
	warned map[Warning]bool

	board   board
	joins   map[J]*Join
	left    map[J]bool // by their own `leave`
	lives   map[J]*sign
	nonces  []nonce // of this join, newest last
	livedAt uint64

	list        *List
	marks       map[uint64]Mark
	linkAt      uint64         // when the newest link was accepted
	since       map[J]uint64   // when a member was first seen on a list
	claims      map[J]Live     // what others say of links that this client has not accepted yet: the first of each
	split       map[J]uint64   // members that named another hash, since when
	lag         lag            // what is known to be missing
	newLeader   *J             // whom an accepted `leader` names
	newLeaderAt uint64         // when that was accepted
	claimedAt   uint64         // when this client last claimed to lead
	seen        *linkMessage   // the newest link of a list without this client, while waiting
	seenAt      uint64         // when it was seen
	unproven    []*linkMessage // accepted before the secret was known

	epochs  []*Epoch // held, oldest first
	keysDue uint64   // when the key of the list's epoch must have come, or 0
	sending bool
	streams uint64 // the last number given

	roster   *Roster
	upgrades []*Upgrade // whose signatures hold
	carried  map[J]bool // by the upgrade that this client obeyed or made: let in without the link
	named    map[J]bool // by any upgrade: nobody is let in for it, but a leader's list may have them
	host     J          // of the upgrade that this client obeyed

	lead leadership

	// Dropped counts what was refused, by its kind, for the panel (§3).
	Dropped map[string]int
}

// board is what has been read of the board.
type board struct {
	next  uint64            // the next entry's number
	early map[uint64][]byte // entries after a hole
	bytes int               // that they have together
	hole  lag               // what is behind a hole must be reached in time, however slowly the hole is filled
	asked uint64            // when it was last asked for
}

// sign is the newest sign of life of a join.
type sign struct {
	Live
	at uint64 // when it came, by this client's clock
}

// lag says that a link is known to exist and has not been accepted.
type lag struct{ to, since uint64 }

type nonce struct {
	value [16]byte
	at    uint64
}

// NewMember makes a join and posts it. now is the time in milliseconds.
func NewMember(cfg Config, now uint64) (*Member, []Action, error) {
	me, message, err := newJoin(cfg.Device, cfg.Meeting, cfg.Certificate, cfg.Secret, cfg.Rand, now)
	if err != nil {
		return nil, nil, err
	}
	m := &Member{cfg: cfg, state: New, now: now, me: me, secret: cfg.Secret, warned: map[Warning]bool{}, board: board{next: 1, early: map[uint64][]byte{}},
		joins: map[J]*Join{}, left: map[J]bool{}, lives: map[J]*sign{}, marks: map[uint64]Mark{}, since: map[J]uint64{}, split: map[J]uint64{},
		carried: map[J]bool{}, named: map[J]bool{}, claims: map[J]Live{}, lead: newLeadership(), Dropped: map[string]int{}}
	if cfg.Secret != nil {
		m.remember()
		m.move(CauseLink)
	} else if cfg.Memory.Remembered(cfg.Meeting) {
		m.move(CauseLink)
		m.warn(WarnNeedsLink, J{})
	}
	m.do(PostEntry{message}, FetchFrom{1})
	return m, m.take(), nil
}

// Step takes one event at a time and gives what is to be done. After Out it does nothing.
func (m *Member) Step(now uint64, e Event) []Action {
	m.now = max(m.now, now)
	if m.state != Out {
		e.happen(m)
		m.settle()
	}
	return m.take()
}

// settle does what time or the event has made due.
func (m *Member) settle() {
	for _, duty := range []func(){m.sendLive, m.askForHole, m.dropOldKeys, m.watchKeys, m.watchList, m.watchMembers, m.takeOver, m.serve} {
		if m.state == Out {
			return
		}
		duty()
	}
}

func (m *Member) do(a ...Action) { m.out = append(m.out, a...) }

func (m *Member) take() []Action {
	out := m.out
	m.out = nil
	return out
}

// warn tells people once.
func (m *Member) warn(c WarningCode, about J) {
	w := Warning{Code: c, About: about, Words: warnings[c]}
	if !m.warned[w] {
		m.warned[w] = true
		m.do(w)
	}
}

// tell answers a human's decision, each time.
func (m *Member) tell(c WarningCode, about J) {
	m.do(Warning{Code: c, About: about, Words: warnings[c]})
}

// calm lets a warning be given again.
func (m *Member) calm(c WarningCode, about J) {
	delete(m.warned, Warning{Code: c, About: about, Words: warnings[c]})
}

func (m *Member) drop(kind string) { m.Dropped[kind]++ }

// move takes a step of the state machine, and reports whether there is one.
func (m *Member) move(c Cause) bool {
	next, ok := Apply(m.state, c)
	if !ok {
		m.drop("cause: " + string(c))
		return false
	}
	from := m.state
	if next == Out {
		m.erase()
		m.me.hpke = nil
		m.cause = c
	}
	m.state = next
	if from != next {
		m.do(Changed{From: from, To: next, Cause: c, Words: endings[c]})
	}
	return true
}

// erase stops sending and forgets every key.
func (m *Member) erase() {
	m.send(false)
	for _, e := range m.epochs {
		m.forget(e)
	}
	m.epochs, m.keysDue = nil, 0
	if m.lead.sent != nil {
		m.lead.sent.secret = Secret{}
		m.lead.sent = nil
	}
}

// send allows or forbids sending.
func (m *Member) send(on bool) {
	if m.sending != on {
		m.sending = on
		m.do(Sending{on})
	}
}

// e2ee reports whether this client has taken the meeting to be end-to-end encrypted. It is never unset: no state that makes it true leads
// to one that does not, and Out is final.
func (m *Member) e2ee() bool { return m.state != New && m.state != Standard }

// remember writes the lasting note (§9). If that fails the meeting is end-to-end encrypted all the same.
func (m *Member) remember() {
	if err := m.cfg.Memory.Remember(m.cfg.Meeting); err != nil {
		m.warn(WarnNotNoted, J{})
	}
}

// State is where the client stands.
func (m *Member) State() State { return m.state }

// Ended is why the state is Out.
func (m *Member) Ended() (Cause, string) { return m.cause, endings[m.cause] }

// J is the name of this join.
func (m *Member) J() J { return m.me.J }

// List is the newest list that was accepted, or nil. It must not be changed.
func (m *Member) List() *List { return m.list }

// Roster is the newest roster of a standard meeting, or nil. It must not be changed.
func (m *Member) Roster() *Roster { return m.roster }

// Join is a join on the board that holds, or nil.
func (m *Member) Join(j J) *Join { return m.joins[j] }

// Link is the secret of the meeting's link, as soon as it is known: of the fragment, of the first box, or of this client's own upgrade.
func (m *Member) Link() (Secret, bool) {
	if m.secret == nil {
		return Secret{}, false
	}
	return *m.secret, true
}

// Code is the security code, or "" before there is a list.
func (m *Member) Code() string {
	if m.list == nil {
		return ""
	}
	return SecurityCode(m.cfg.Meeting, m.joins[m.list.Leader].Device, m.list.Leader)
}

// CanSend reports whether frames may be sent now.
func (m *Member) CanSend() bool { return m.sending }

// Epochs names the epochs whose frames can be opened now, oldest first.
func (m *Member) Epochs() []EpochName {
	var names []EpochName
	for _, e := range m.epochs {
		names = append(names, e.Name)
	}
	return names
}

// Leads reports whether this client leads the meeting.
func (m *Member) Leads() bool { return m.leads() }

// Lobby is who waits for the leader's human, in the order of their names' hashes.
func (m *Member) Lobby() []*Join {
	var all []*Join
	for j := range m.lead.knocked {
		if m.admissible(j) {
			all = append(all, m.joins[j])
		}
	}
	slices.SortFunc(all, func(a, b *Join) int { return slices.Compare(a.J[:], b.J[:]) })
	return all
}
