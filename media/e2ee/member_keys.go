package e2ee

import (
	"errors"
	"slices"

	"github.com/proffer/proffer/media/sframe"
)

// keys opens this client's box of a keys message (§5).
func (m *Member) keys(msg Message) {
	var k Keys
	s, err := open(msg.Signed, &k)
	if err != nil || k.Meeting != m.cfg.Meeting || m.list == nil {
		m.drop("keys")
		return
	}
	name := EpochName{Term: k.Term, Epoch: k.Epoch, Link: k.Link}
	if m.holds(name) { // sent again, or this client's own
		return
	}
	if name != m.list.Epoch() || s.Signer != m.joins[m.list.Leader].Device {
		m.drop("keys of another epoch")
		return
	}
	i := slices.IndexFunc(k.Boxes, func(b Box) bool { return b.To == m.me.J })
	if i < 0 {
		m.drop("keys without a box for this join")
		return
	}
	if err := m.openBox(&k.Boxes[i], name); err != nil {
		m.drop("keys that do not hold")
		m.warn(WarnBadKeys, m.list.Leader)
	}
}

// openBox checks that the box answers a nonce of this join and fits the list (§5), and installs its epoch.
func (m *Member) openBox(b *Box, name EpochName) error {
	if !m.answers(b.Live) {
		return errors.New("e2ee: the box answers to no nonce of the last minute")
	}
	epoch, link, err := b.open(m.me.hpke, infoOf(&m.list.LinkBody, name.Link, m.me.J))
	switch {
	case err != nil:
		return err
	case commitment(m.cfg.Meeting, name.Term, name.Epoch, epoch) != m.list.Secret:
		return errors.New("e2ee: the secret does not fit the commitment in the list")
	case m.secret != nil && *m.secret != link:
		return errors.New("e2ee: the box has another link's secret")
	}
	if m.secret == nil && !m.prove(link) {
		m.move(CauseForged)
		return nil
	}
	m.install(&Epoch{Name: name, Meeting: m.cfg.Meeting, secret: epoch})
	return nil
}

// prove checks, for a client that was carried over, what it had to accept before it knew the link's secret (§4, rules 1 and 8).
func (m *Member) prove(link Secret) bool {
	for _, l := range m.unproven {
		if !l.macHolds(link) {
			return false
		}
	}
	for _, s := range m.list.Members {
		if !m.carried[s.J] && !m.joins[s.J].lettered(link) {
			return false
		}
	}
	m.secret, m.unproven = &link, nil
	return true
}

func (m *Member) answers(live [16]byte) bool {
	return slices.ContainsFunc(m.nonces, func(n nonce) bool { return n.value == live && m.now-n.at <= nonceAge })
}

func (m *Member) holds(name EpochName) bool {
	return slices.ContainsFunc(m.epochs, func(e *Epoch) bool { return e.Name == name })
}

// install takes an epoch into use at once, and sets the end of the ones before it (§5).
func (m *Member) install(e *Epoch) {
	if !m.move(CauseKeys) {
		return
	}
	m.use(e)
	m.calm(WarnNoKeys, J{})
}

func (m *Member) use(e *Epoch) {
	for _, old := range m.epochs {
		if old.dropAt == 0 {
			old.dropAt = m.now + oldKeys
		}
	}
	m.epochs = append(m.epochs, e)
	m.keysDue = 0
	m.do(Install{e})
	m.send(true)
}

func (m *Member) dropOldKeys() {
	m.epochs = slices.DeleteFunc(m.epochs, func(e *Epoch) bool {
		due := e.dropAt != 0 && m.now >= e.dropAt
		if due {
			m.forget(e)
		}
		return due
	})
}

func (m *Member) forget(e *Epoch) {
	e.erase()
	m.do(Drop{e.Name})
}

// watchKeys holds the 10 s within which the key of a new epoch must come (§4, §5).
func (m *Member) watchKeys() {
	if m.keysDue == 0 || m.now < m.keysDue {
		return
	}
	if m.state == Listed {
		m.move(CauseNoKeys)
		return
	}
	m.send(false)
	m.warn(WarnNoKeys, J{})
}

// Errors of the hand-over of keys.
var (
	ErrNotSending = errors.New("e2ee: sending is stopped; the frame must be dropped")
	ErrStreams    = errors.New("e2ee: this join has used all its stream numbers; join anew")
	ErrStream     = errors.New("e2ee: this stream number was not given out by this join")
	ErrKID        = errors.New("e2ee: no key for this frame; it must be dropped")
)

// NextStream gives a stream number that this join has not used: one for every transform, worker, layer and restart (§5).
func (m *Member) NextStream() (uint64, error) {
	if m.streams >= maxStream {
		return 0, ErrStreams
	}
	m.streams++
	return m.streams, nil
}

// SendKeys gives the key identifier and the keys with which a stream is sent now. Stream 0 is the chat.
func (m *Member) SendKeys(stream uint64) (uint64, StreamKeys, error) {
	index, ok := m.index()
	switch {
	case stream > m.streams:
		return 0, StreamKeys{}, ErrStream
	case !m.sending || len(m.epochs) == 0 || !ok:
		return 0, StreamKeys{}, ErrNotSending
	}
	e := m.epochs[len(m.epochs)-1]
	kid, err := sframe.KID{Term: uint16(e.Name.Term), Epoch: uint32(e.Name.Epoch), Index: uint16(index), Stream: uint16(stream)}.Pack()
	if err != nil {
		return 0, StreamKeys{}, err
	}
	keys, err := e.Keys(m.me.J, stream)
	return kid, keys, err
}

// FrameKeys gives who sent a frame and its stream's keys: only for a kept epoch and for who is a member now (§6).
func (m *Member) FrameKeys(kid uint64) (J, StreamKeys, error) {
	k := sframe.UnpackKID(kid)
	if k.Standard() == m.e2ee() { // §5: an end-to-end encrypted meeting has no term 0, a standard one no other
		return J{}, StreamKeys{}, ErrKID
	}
	j, ok := m.sender(uint64(k.Index))
	i := slices.IndexFunc(m.epochs, func(e *Epoch) bool { return e.Name.Term == uint64(k.Term) && e.Name.Epoch == uint64(k.Epoch) })
	if !ok || i < 0 {
		return J{}, StreamKeys{}, ErrKID
	}
	keys, err := m.epochs[i].Keys(j, uint64(k.Stream))
	return j, keys, err
}

// index is this client's own, in the list or the roster.
func (m *Member) index() (uint64, bool) {
	if m.e2ee() {
		if m.list == nil {
			return 0, false
		}
		i, ok := m.list.seats[m.me.J]
		return i, ok
	}
	return m.roster.index(m.me.J)
}

// sender is who has an index now.
func (m *Member) sender(index uint64) (J, bool) {
	if m.e2ee() {
		if m.list == nil {
			return J{}, false
		}
		return m.list.at(index)
	}
	return m.roster.at(index)
}

func (r *Roster) index(j J) (uint64, bool) {
	if r == nil {
		return 0, false
	}
	i := slices.IndexFunc(r.Members, func(s RosterSeat) bool { return s.J == j })
	if i < 0 {
		return 0, false
	}
	return r.Members[i].Index, true
}

func (r *Roster) at(index uint64) (J, bool) {
	if r == nil {
		return J{}, false
	}
	i := slices.IndexFunc(r.Members, func(s RosterSeat) bool { return s.Index == index })
	if i < 0 {
		return J{}, false
	}
	return r.Members[i].J, true
}
