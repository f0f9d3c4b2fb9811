package e2ee

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/sframe"
)

// A world is a model of meetings: clients that run the real Member, and a server as a test double, in model time. The double's honest
// behaviour is a board with one order for all; its lies are the fields of peer and the methods of lies_test.go.

const start = 1_800_000_000_000 // 2027

type world struct {
	t        *testing.T
	rng      *rand.Rand
	now      uint64
	meeting  string
	identity *Device
	link     Secret
	log      []posted // everything that was ever posted, in order
	peers    []*peer
	lag      uint64 // milliseconds that the network takes

	// What was seen of epochs: the invariants are over these.
	secrets map[EpochName]Secret
	names   map[Secret]EpochName
	members map[EpochName][]Seat
	bases   map[Secret]string
	lives   []lived
}

type posted struct {
	from    *peer
	message []byte
}

type lived struct {
	from   *peer
	signed []byte
}

type delivery struct {
	at    uint64
	event Event
}

// peer is one join and how the server treats it.
type peer struct {
	name     string
	w        *world
	m        *Member
	device   *Device
	memory   *note
	board    [][]byte
	inbox    []delivery
	sending  bool
	warnings []Warning
	changes  []Changed
	knocks   []J
	held     map[EpochName]Secret
	ever     map[EpochName]bool
	group    int  // peers of different groups hear nothing of each other
	deaf     bool // nothing reaches it
	mute     bool // nothing it sends reaches anybody
	hold     func(kind string, from *peer) bool
	delay    uint64   // milliseconds more
	gone     bool     // crashed: no ticks
	admits   bool     // its human lets everybody in who knocks
	known    bool     // counts as honest
	again    []option // how it opens the meeting when it comes back
	rec      *recorder
}

// note is a Memory in memory.
type note struct {
	meetings map[string]bool
	devices  map[string]map[Key]bool
	fail     bool
	wrote    func()
}

func newNote() *note {
	return &note{meetings: map[string]bool{}, devices: map[string]map[Key]bool{}}
}

func (n *note) Remember(meeting string) error {
	if n.wrote != nil {
		n.wrote()
	}
	if n.fail {
		return errors.New("the disk is full")
	}
	n.meetings[meeting] = true
	return nil
}
func (n *note) Remembered(meeting string) bool { return n.meetings[meeting] }
func (n *note) Meet(account string, device Key) bool {
	met := n.devices[account]
	if met == nil {
		met = map[Key]bool{}
		n.devices[account] = met
	}
	strange := len(met) > 0 && !met[device]
	met[device] = true
	return strange
}

// stream is a source of randomness that is the same in every run.
type stream struct{ *rand.ChaCha8 }

func random(seed uint64) stream {
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], seed)
	return stream{rand.NewChaCha8(s)}
}

func (s stream) secret() (out Secret) {
	s.Read(out[:])
	return out
}

func device(seed uint64) *Device {
	s := random(seed).secret()
	d, err := NewDevice(s[:])
	if err != nil {
		panic(err)
	}
	return d
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{t: t, rng: rand.New(random(seed)), now: start, meeting: "M-3K9QA-77ZPW", identity: device(seed + 1<<32), link: random(seed + 1<<33).secret(),
		lag: 50, secrets: map[EpochName]Secret{}, names: map[Secret]EpochName{}, members: map[EpochName][]Seat{}, bases: map[Secret]string{}}
}

func (w *world) certificate(d *Device, account, name string) []byte {
	c := Certificate{Device: d.Key, Account: account, Name: name, Issued: w.now - 1000, Expires: w.now + 24*3600*1000}
	if account == "" {
		c.Meeting = w.meeting
	}
	return IssueCertificate(w.identity, c)
}

// option changes how a peer opens the meeting.
type option func(*Config, *peer)

func hosting(c *Config, p *peer)   { c.Host, p.admits = true, true }
func noSecret(c *Config, _ *peer)  { c.Secret = nil }
func dishonest(_ *Config, p *peer) { p.known = false }
func withDevice(d *Device, n *note) option {
	return func(c *Config, p *peer) { c.Device, p.device, c.Memory, p.memory = d, d, n, n }
}

// join opens the meeting in a new client.
func (w *world) join(name string, options ...option) *peer {
	w.t.Helper()
	p := &peer{name: name, w: w, device: device(w.rng.Uint64()), memory: newNote(), held: map[EpochName]Secret{}, ever: map[EpochName]bool{}, known: true}
	cfg := Config{Meeting: w.meeting, Device: p.device, Identity: []Key{w.identity.Key}, Secret: &w.link, Rand: random(w.rng.Uint64()), Memory: p.memory}
	for _, o := range options {
		o(&cfg, p)
	}
	if cfg.Certificate == nil {
		cfg.Certificate = w.certificate(cfg.Device, "account of "+name, name)
	}
	if recording != nil && !strings.HasSuffix(w.t.Name(), "an_old_nonce") { // which that test makes old by hand
		p.rec = record(recording, w.t.Name()+" "+name, &cfg, w.now)
	}
	m, actions, err := NewMember(cfg, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	p.m = m
	if p.rec != nil {
		p.rec.step(w.now, nil, actions, m)
	}
	for _, e := range w.log {
		if w.reaches(e.from, p) {
			p.board = append(p.board, e.message)
		}
	}
	w.peers = append(w.peers, p)
	p.perform(actions)
	return p
}

func (w *world) reaches(from, to *peer) bool {
	return from == nil || from == to || (from.group == to.group && !to.deaf && !from.mute)
}

// post is the honest part of the server: one order, everyone told.
func (w *world) post(from *peer, message []byte) {
	w.log = append(w.log, posted{from, message})
	if from != nil && from.mute {
		return
	}
	for _, p := range w.peers {
		w.show(p, from, message)
	}
}

func (w *world) show(p, from *peer, message []byte) {
	if !w.reaches(from, p) || p.hold != nil && p.hold(kindOf(message), from) {
		return
	}
	p.board = append(p.board, message)
	p.send(&Entry{Number: uint64(len(p.board)), At: w.now, Message: message})
}

func (p *peer) send(e Event) {
	p.inbox = append(p.inbox, delivery{p.w.now + p.w.lag + p.delay, e})
}

func (p *peer) step(e Event) {
	actions := p.m.Step(p.w.now, e)
	if p.rec != nil {
		p.rec.step(p.w.now, e, actions, p.m)
	}
	p.perform(actions)
}

func (p *peer) perform(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case PostEntry:
			p.w.post(p, a.Message)
		case SendLive:
			p.w.relay(p, a.Signed)
		case FetchFrom:
			for i := a.From; i <= uint64(len(p.board)); i++ {
				p.send(&Entry{Number: i, At: p.w.now, Message: p.board[i-1]})
			}
		case Install:
			p.w.installed(p, a.Epoch)
		case Drop:
			delete(p.held, a.Name)
		case Sending:
			p.sending = a.On
		case Warning:
			p.warnings = append(p.warnings, a)
		case Changed:
			p.changes = append(p.changes, a)
			p.w.changed(p, a)
		case Knock:
			p.knocks = append(p.knocks, a.Join.J)
			if p.admits {
				p.send(Admit{a.Join.J})
			}
		case NewList:
			p.w.listed(p, a.List)
		}
	}
	p.w.invariants(p)
}

func (w *world) relay(from *peer, signed []byte) {
	w.lives = append(w.lives, lived{from, signed})
	for _, p := range w.peers {
		if p != from && w.reaches(from, p) && !(p.hold != nil && p.hold("live", from)) {
			p.send(&LiveMessage{Signed: signed})
		}
	}
}

// run lets model time pass.
func (w *world) run(ms uint64) {
	for end := w.now + ms; w.now < end; {
		w.now += 250
		for _, p := range slices.Clone(w.peers) {
			p.turn()
		}
	}
}

func (p *peer) turn() {
	if p.gone {
		return
	}
	var later []delivery
	due := p.inbox
	p.inbox = nil
	for _, d := range due {
		if d.at > p.w.now {
			later = append(later, d)
			continue
		}
		p.step(d.event)
	}
	p.inbox = append(later, p.inbox...)
	p.step(Tick{})
}

// The invariants.

// installed: members of one epoch hold one secret, no two epochs share one, and only who is on the epoch's list holds it.
func (w *world) installed(p *peer, e *Epoch) {
	w.t.Helper()
	if _, err := e.Keys(J{}, 1); err != nil {
		return // dropped again in the same step
	}
	p.held[e.Name], p.ever[e.Name] = e.secret, true
	if s, ok := w.secrets[e.Name]; ok && s != e.secret {
		w.t.Errorf("%s holds another secret of epoch %d.%d", p.name, e.Name.Term, e.Name.Epoch)
	}
	if n, ok := w.names[e.secret]; ok && n != e.Name {
		w.t.Errorf("two epochs share a secret: %v and %v", n, e.Name)
	}
	w.secrets[e.Name], w.names[e.secret] = e.secret, e.Name
	if e.Name.Term > 0 && !slices.ContainsFunc(w.members[e.Name], func(s Seat) bool { return s.J == p.m.J() }) {
		w.t.Errorf("%s holds the secret of an epoch on whose list it is not", p.name)
	}
}

// listed: in one epoch everybody has one list.
func (w *world) listed(p *peer, l *List) {
	if before, ok := w.members[l.Epoch()]; ok && !slices.Equal(before, l.Members) {
		w.t.Errorf("%s has another list of epoch %d.%d", p.name, l.Term, l.LinkBody.Epoch)
	}
	w.members[l.Epoch()] = l.Members
}

// changed: nothing leads back to standard, and nothing out of Out.
func (w *world) changed(p *peer, c Changed) {
	if c.From == Out || (c.To == Standard && c.From != New) {
		w.t.Errorf("%s went from %s to %s", p.name, c.From, c.To)
	}
	if c.From == Standard && c.To == Waiting && !p.memory.Remembered(w.meeting) && !p.memory.fail {
		w.t.Errorf("%s left the standard meeting without a lasting note", p.name)
	}
}

// invariants hold after every step.
func (w *world) invariants(p *peer) {
	w.t.Helper()
	if p.m == nil {
		return
	}
	if p.m.State() == Out && (p.m.CanSend() || len(p.m.Epochs()) > 0) {
		w.t.Errorf("%s is out and can send or holds keys", p.name)
	}
	for _, e := range p.m.Epochs() {
		if (e.Term == 0) != (p.m.State() == Standard) {
			w.t.Errorf("%s is %s and holds a key of term %d", p.name, p.m.State(), e.Term)
		}
	}
	if p.sending != p.m.CanSend() {
		w.t.Errorf("%s was told sending=%v and can=%v", p.name, p.sending, p.m.CanSend())
	}
	if kid, keys, err := p.m.SendKeys(0); err == nil {
		if sframe.UnpackKID(kid).Standard() != (p.m.State() == Standard) {
			w.t.Errorf("%s is %s and would send in term %d", p.name, p.m.State(), sframe.UnpackKID(kid).Term)
		}
		w.base(p, 0, keys)
	}
	if p.m.State() != Standard {
		if _, _, err := p.m.FrameKeys(1<<28 | 1); err == nil {
			w.t.Errorf("%s, %s, has a key for a frame of term 0", p.name, p.m.State())
		}
	}
}

// base: no two senders, streams or epochs share a base key.
func (w *world) base(p *peer, stream uint64, keys StreamKeys) {
	j := p.m.J()
	e := p.m.epochs[len(p.m.epochs)-1].Name
	owner := fmt.Sprintf("%x %d %v", j[:4], stream, e)
	if o, ok := w.bases[keys.Base]; ok && o != owner {
		w.t.Errorf("a base key belongs to %s and to %s", o, owner)
	}
	if keys.Base == keys.Franking {
		w.t.Error("base key and franking key are one")
	}
	w.bases[keys.Base] = owner
}

// boxes: nothing on any board was sealed to who is not on the list of that epoch.
func (w *world) boxes() {
	for _, e := range w.log {
		m, err := DecodeMessage(e.message)
		if err != nil || m.Kind != "keys" {
			continue
		}
		var k Keys
		if _, err := open(m.Signed, &k); err != nil {
			continue
		}
		seats, accepted := w.members[EpochName{k.Term, k.Epoch, k.Link}]
		for _, b := range k.Boxes {
			if accepted && !slices.ContainsFunc(seats, func(s Seat) bool { return s.J == b.To }) {
				w.t.Errorf("a box of epoch %d.%d is for somebody who is not on its list", k.Term, k.Epoch)
			}
		}
	}
}

// together: these peers are in one epoch and can hear each other.
func (w *world) together(peers ...*peer) {
	w.t.Helper()
	for _, p := range peers {
		if p.m.State() != In {
			c, why := p.m.Ended()
			w.t.Fatalf("%s is %s (%s %s), dropped %v, warnings %v", p.name, p.m.State(), c, why, p.m.Dropped, p.warnings)
		}
		first := peers[0].m
		if p.m.List().Epoch() != first.List().Epoch() || p.m.Code() != first.Code() {
			w.t.Fatalf("%s and %s are in different epochs or have different codes", p.name, peers[0].name)
		}
		stream, err := p.m.NextStream()
		if err != nil {
			w.t.Fatal(err)
		}
		kid, keys, err := p.m.SendKeys(stream)
		if err != nil {
			w.t.Fatalf("%s cannot send: %v", p.name, err)
		}
		w.base(p, stream, keys)
		for _, q := range peers {
			if j, got, err := q.m.FrameKeys(kid); err != nil || j != p.m.J() || got != keys {
				w.t.Fatalf("%s cannot open what %s sends: %v", q.name, p.name, err)
			}
		}
	}
}

func (p *peer) warned(c WarningCode) bool {
	return slices.ContainsFunc(p.warnings, func(w Warning) bool { return w.Code == c })
}

func (p *peer) out(t *testing.T, c Cause) {
	t.Helper()
	if got, _ := p.m.Ended(); p.m.State() != Out || got != c {
		t.Fatalf("%s is %s, %q; expected out, %q; dropped %v", p.name, p.m.State(), got, c, p.m.Dropped)
	}
}
