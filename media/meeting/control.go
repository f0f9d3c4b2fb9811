package meeting

import (
	"errors"
	"fmt"

	"github.com/proffer/proffer/media/franking"
)

// The messages of the control session (§10). Each is one CBOR array in one binary WebSocket message.

// What clients send.

// Hello opens a session.
//
//	hello = [ "hello", certificate: bstr, proof: bstr ]    ; proof: signed session
type Hello struct {
	_           struct{} `cbor:",toarray"`
	Kind        string
	Certificate []byte
	Proof       []byte
}

// Post asks for an entry on the board.
//
//	post = [ "post", message: bstr ]
type Post struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Message []byte
}

// Fetch asks for the entries from a number on.
//
//	fetch = [ "fetch", from: uint ]
type Fetch struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	From uint64
}

// LiveMessage carries a sign of life, in both directions.
//
//	live-message = [ "live", signed: bstr ]
type LiveMessage struct {
	_      struct{} `cbor:",toarray"`
	Kind   string
	Signed []byte
}

// Line carries a chat frame to the server.
//
//	line = [ "line", frame: bstr ]
type Line struct {
	_     struct{} `cbor:",toarray"`
	Kind  string
	Frame []byte
}

// Batch tells the notary what the sender of a session has committed to (§15).
//
//	batch = [ "batch", runs: [ 1*64 run ] ]
type Batch struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	Runs []franking.Run
}

// maxRuns bounds the runs of a batch.
const maxRuns = 64

// Order is what a host of a standard meeting tells the server to do (§9). What is one of the Order… words; J is empty where nobody is meant.
//
//	order = [ "order", what: tstr, J: bstr, on: bool ]
type Order struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	What string
	J    []byte
	On   bool
}

// What an Order may ask for.
const (
	OrderAdmit  = "admit"  // let J in; off: refuse
	OrderRemove = "remove" // take J out
	OrderHost   = "host"   // make J a co-host; off: no longer
	OrderLock   = "lock"   // let nobody in
	OrderLobby  = "lobby"  // who comes waits until a host lets them in
	OrderRecord = "record" // begin to record on the server; off: stop
	OrderEnd    = "end"    // for everyone
)

// What the server sends.

// Welcome is the server's first word.
//
//	welcome = [ "welcome", meeting, mode: uint, nonce: bstr .size 16, identity-key: bstr .size 32, window: uint ]
type Welcome struct {
	_        struct{} `cbor:",toarray"`
	Kind     string
	Meeting  string
	Mode     uint64 // 0 standard, 1 E2EE
	Nonce    [16]byte
	Identity Key
	Window   uint64 // for how many seconds devices of hosts keep what they received (§16)
}

// EntryMessage is one entry of the board (§3).
//
//	entry = [ "entry", number: uint, at: time, message: bstr ]
type EntryMessage struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Number  uint64
	At      uint64
	Message []byte
}

// LineFrom carries a chat frame from the server.
//
//	line-from = [ "line", J, frame: bstr ]
type LineFrom struct {
	_     struct{} `cbor:",toarray"`
	Kind  string
	J     J
	Frame []byte
}

// Stamped is the notary's word for a batch, to everyone in the meeting (§15).
//
//	stamped = [ "stamped", J, key: uint, at: time, runs: [ 1*64 [ run, mac: bstr .size 32 ] ] ]
type Stamped struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	J    J
	Key  uint64
	At   uint64
	Runs []StampedRun
}

// StampedRun is a run with its stamp's mac.
type StampedRun struct {
	_   struct{} `cbor:",toarray"`
	Run franking.Run
	MAC [32]byte
}

// Grant hands out the key of a standard meeting (§9).
//
//	grant = [ "grant", meeting, epoch: uint, key: bstr .size 32 ]
type Grant struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Epoch   uint64
	Key     [32]byte
}

// Roster is who takes part in a standard meeting (§9).
//
//	roster = [ "roster", meeting, epoch: uint, hosts: [ * J ], members: [ * [ index: uint, kind: uint, J, name: tstr ] ] ]
type Roster struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Epoch   uint64
	Hosts   []J // who may upgrade the meeting
	Members []RosterSeat
}

// RosterSeat is one line of a roster.
type RosterSeat struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Kind  uint64
	J     J
	Name  string
}

// Kinds of participants of a standard meeting (§9).
const (
	Person uint64 = iota
	Recorder
	Telephone
	Staff // of the service, on a visit that two of them decided on: a person, with a device
)

// Ticket says how to reach the media server.
//
//	ticket = [ "ticket", livekit: tstr, token: tstr ]
type Ticket struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	LiveKit string
	Token   string
}

// Refused says in words why the server did not do something.
//
//	refused = [ "refused", what: tstr, why: tstr ]
type Refused struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	What string
	Why  string
}

// Lobby tells a host of a standard meeting who waits, and tells those who wait that they do: to them the list is empty (§9).
//
//	lobby = [ "lobby", meeting, locked: bool, on: bool, waiting: [ * [ J, name: tstr ] ] ]
type Lobby struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Locked  bool
	On      bool
	Waiting []LobbySeat
}

// LobbySeat is somebody who waits.
type LobbySeat struct {
	_    struct{} `cbor:",toarray"`
	J    J
	Name string
}

// Terms tells a host of a standard meeting whether it may be upgraded, and what will stop if it is (§9).
//
//	terms = [ "terms", meeting, may: bool, why: tstr, lost: [ * tstr ] ]
type Terms struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	May     bool
	Why     string // why not
	Lost    []string
}

// Phone tells a host of a standard meeting how people dial in (§9).
//
//	phone = [ "phone", meeting, number: tstr, pin: tstr ]
type Phone struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Number  string
	PIN     string
}

// Over is the server's last word in a session.
//
//	over = [ "over", cause: tstr, why: tstr ]
type Over struct {
	_     struct{} `cbor:",toarray"`
	Kind  string
	Cause string // one of the Over… words
	Why   string // for people
}

// Why a session is Over.
const (
	OverEnded    = "ended"    // the meeting, for everyone
	OverRemoved  = "removed"  // this join, by a host
	OverDenied   = "denied"   // this join was not let in
	OverReplaced = "replaced" // another session speaks for this join
	OverRefused  = "refused"  // this device, account or message
)

func (h *Hello) meta() (*string, string)        { return &h.Kind, "hello" }
func (p *Post) meta() (*string, string)         { return &p.Kind, "post" }
func (f *Fetch) meta() (*string, string)        { return &f.Kind, "fetch" }
func (l *LiveMessage) meta() (*string, string)  { return &l.Kind, "live" }
func (l *Line) meta() (*string, string)         { return &l.Kind, "line" }
func (b *Batch) meta() (*string, string)        { return &b.Kind, "batch" }
func (s *Stamped) meta() (*string, string)      { return &s.Kind, "stamped" }
func (o *Order) meta() (*string, string)        { return &o.Kind, "order" }
func (w *Welcome) meta() (*string, string)      { return &w.Kind, "welcome" }
func (e *EntryMessage) meta() (*string, string) { return &e.Kind, "entry" }
func (l *LineFrom) meta() (*string, string)     { return &l.Kind, "line" }
func (g *Grant) meta() (*string, string)        { return &g.Kind, "grant" }
func (r *Roster) meta() (*string, string)       { return &r.Kind, "roster" }
func (t *Ticket) meta() (*string, string)       { return &t.Kind, "ticket" }
func (r *Refused) meta() (*string, string)      { return &r.Kind, "refused" }
func (l *Lobby) meta() (*string, string)        { return &l.Kind, "lobby" }
func (t *Terms) meta() (*string, string)        { return &t.Kind, "terms" }
func (p *Phone) meta() (*string, string)        { return &p.Kind, "phone" }
func (o *Over) meta() (*string, string)         { return &o.Kind, "over" }

func (h *Hello) check() error       { return nil }
func (p *Post) check() error        { return nil }
func (f *Fetch) check() error       { return between(1, maxInteger, f.From) }
func (l *LiveMessage) check() error { return nil }

func (l *Line) check() error {
	if len(l.Frame) > maxFrame {
		return errors.New("meeting: a line of chat is too long")
	}
	return nil
}

func (b *Batch) check() error {
	if len(b.Runs) < 1 || len(b.Runs) > maxRuns {
		return errors.New("meeting: a batch has 1 to 64 runs")
	}
	for i := range b.Runs {
		if !b.Runs[i].Valid() {
			return errors.New("meeting: a run has 1 to 256 commitments of 32 bytes")
		}
	}
	return nil
}

func (s *Stamped) check() error { return whole(s.Key, s.At) }

func (o *Order) check() error {
	if len(o.J) != 0 && len(o.J) != len(J{}) {
		return errors.New("meeting: an order is about one join or about none")
	}
	return text(o.What, 24)
}

// What the server sends it makes itself; these checks hold it to the page, and the vectors to both.

func (w *Welcome) check() error {
	return firstError(number(w.Meeting), between(0, 1, w.Mode), whole(w.Window))
}
func (e *EntryMessage) check() error {
	return firstError(between(1, maxInteger, e.Number), whole(e.At))
}
func (l *LineFrom) check() error { return nil }
func (g *Grant) check() error {
	return firstError(number(g.Meeting), between(1, maxEpoch, g.Epoch))
}
func (t *Ticket) check() error  { return firstError(text(t.LiveKit, 1000), text(t.Token, maxMessage)) }
func (r *Refused) check() error { return firstError(text(r.What, 100), text(r.Why, 1000)) }
func (p *Phone) check() error {
	return firstError(number(p.Meeting), text(p.Number, maxName), text(p.PIN, maxName))
}

func (o *Over) check() error { return firstError(text(o.Cause, 24), text(o.Why, 1000)) }

func (r *Roster) check() error {
	if len(r.Members) > maxMembers || len(r.Hosts) > maxMembers {
		return errors.New("meeting: a roster has at most 1,000 members")
	}
	joins := make([]J, 0, len(r.Members))
	for i, s := range r.Members {
		if i > 0 && s.Index <= r.Members[i-1].Index {
			return errors.New("meeting: the indexes of a roster rise")
		}
		if err := firstError(between(0, maxIndex, s.Index), between(Person, Telephone, s.Kind), text(s.Name, maxName)); err != nil {
			return err
		}
		joins = append(joins, s.J)
	}
	if len(setOf(joins)) != len(joins) || len(setOf(r.Hosts)) != len(r.Hosts) {
		return errors.New("meeting: a join is in the roster twice")
	}
	return firstError(number(r.Meeting), between(1, maxEpoch, r.Epoch))
}

func (l *Lobby) check() error {
	if len(l.Waiting) > maxMembers {
		return errors.New("meeting: a lobby has at most 1,000 people")
	}
	for _, w := range l.Waiting {
		if err := text(w.Name, maxName); err != nil {
			return err
		}
	}
	return number(l.Meeting)
}

func (t *Terms) check() error {
	if len(t.Lost) > maxMembers {
		return errors.New("meeting: terms name at most 1,000 things")
	}
	for _, l := range t.Lost {
		if err := text(l, 1000); err != nil {
			return err
		}
	}
	return firstError(number(t.Meeting), text(t.Why, 1000))
}

// incoming makes a value for each kind that a client sends.
var incoming = map[string]func() body{
	"hello": func() body { return new(Hello) }, "post": func() body { return new(Post) }, "fetch": func() body { return new(Fetch) },
	"live": func() body { return new(LiveMessage) }, "line": func() body { return new(Line) }, "order": func() body { return new(Order) },
	"batch": func() body { return new(Batch) },
}

// decodeControl reads a message of a client: a *Hello, *Post, *Fetch, *LiveMessage, *Line, *Batch or *Order.
func decodeControl(data []byte) (body, error) {
	kind := kindOf(data)
	make, ok := incoming[kind]
	if !ok {
		return nil, fmt.Errorf("meeting: %.20q is no message that a client sends", kind)
	}
	b := make()
	if err := unmarshal(data, b); err != nil {
		return nil, err
	}
	return b, nil
}
