package e2ee

import (
	"errors"

	"github.com/proffer/proffer/media/franking"
)

// The messages of the control session (§10). Each is one CBOR array in one binary WebSocket message.

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

// LineFrom carries a chat frame from the server.
//
//	line-from = [ "line", J, frame: bstr ]
type LineFrom struct {
	_     struct{} `cbor:",toarray"`
	Kind  string
	J     J
	Frame []byte
}

// Batch tells the notary what this join has committed to (§15).
//
//	batch = [ "batch", runs: [ 1*64 run ] ]
type Batch struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	Runs []franking.Run
}

// Stamped is the notary's word for a batch (§15).
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

// maxRuns bounds the runs of a batch.
const maxRuns = 64

// ChatLine is the plaintext of a chat frame (§8).
//
//	chat-line = [ "line", text: tstr, to: bstr ]           ; to: empty for everyone, or a J
type ChatLine struct {
	_    struct{} `cbor:",toarray"`
	Kind string
	Text string
	To   []byte
}

// Welcome is the server's first word.
//
//	welcome = [ "welcome", meeting, mode: uint, nonce: bstr .size 16, identity-key: bstr .size 32, window: uint ]
type Welcome struct {
	_        struct{} `cbor:",toarray"`
	Kind     string
	Meeting  string
	Mode     uint64 // 0 standard, 1 E2EE: a hint, never an authority
	Nonce    [16]byte
	Identity Key
	Window   uint64 // for how many seconds devices of hosts keep what they received (§16): a wish of the server's, which clients bring into their bounds
}

// Entry is one entry of the board (§3).
//
//	entry = [ "entry", number: uint, at: time, message: bstr ]
type Entry struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Number  uint64
	At      uint64 // the server's time, of no consequence
	Message []byte
}

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

// Over is the server's last word in a session: it will not go on, and why. In an E2EE meeting it is a hint and no authority.
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

func (h *Hello) meta() (*string, string)       { return &h.Kind, "hello" }
func (o *Order) meta() (*string, string)       { return &o.Kind, "order" }
func (l *Lobby) meta() (*string, string)       { return &l.Kind, "lobby" }
func (t *Terms) meta() (*string, string)       { return &t.Kind, "terms" }
func (p *Phone) meta() (*string, string)       { return &p.Kind, "phone" }
func (o *Over) meta() (*string, string)        { return &o.Kind, "over" }
func (p *Post) meta() (*string, string)        { return &p.Kind, "post" }
func (f *Fetch) meta() (*string, string)       { return &f.Kind, "fetch" }
func (l *LiveMessage) meta() (*string, string) { return &l.Kind, "live" }
func (l *Line) meta() (*string, string)        { return &l.Kind, "line" }
func (l *LineFrom) meta() (*string, string)    { return &l.Kind, "line" }
func (l *ChatLine) meta() (*string, string)    { return &l.Kind, "line" }
func (w *Welcome) meta() (*string, string)     { return &w.Kind, "welcome" }
func (e *Entry) meta() (*string, string)       { return &e.Kind, "entry" }
func (t *Ticket) meta() (*string, string)      { return &t.Kind, "ticket" }
func (r *Refused) meta() (*string, string)     { return &r.Kind, "refused" }

func (h *Hello) check() error              { return nil }
func (p *Post) check() error               { return nil }
func (f *Fetch) check() error              { return between(1, maxInteger, f.From) }
func (l *LiveMessage) check() error        { return nil }
func (b *Batch) meta() (*string, string)   { return &b.Kind, "batch" }
func (s *Stamped) meta() (*string, string) { return &s.Kind, "stamped" }

func (b *Batch) check() error {
	for i := range b.Runs {
		if !b.Runs[i].Valid() {
			return errRun
		}
	}
	return countOfRuns(len(b.Runs))
}

func (s *Stamped) check() error {
	for i := range s.Runs {
		if !s.Runs[i].Run.Valid() {
			return errRun
		}
	}
	return firstError(whole(s.Key, s.At), countOfRuns(len(s.Runs)))
}

var errRun = errors.New("e2ee: a run has 1 to 256 commitments of 32 bytes")

func countOfRuns(n int) error {
	if n < 1 || n > maxRuns {
		return errors.New("e2ee: a batch has 1 to 64 runs")
	}
	return nil
}

func (l *Line) check() error     { return nil }
func (l *LineFrom) check() error { return nil }
func (w *Welcome) check() error {
	return firstError(meetingNumber(w.Meeting), between(0, 1, w.Mode), whole(w.Window))
}
func (e *Entry) check() error   { return firstError(between(1, maxInteger, e.Number), whole(e.At)) }
func (t *Ticket) check() error  { return firstError(text(t.LiveKit, 1000), text(t.Token, maxMessage)) }
func (r *Refused) check() error { return firstError(text(r.What, 100), text(r.Why, 1000)) }

func (o *Order) check() error {
	if len(o.J) != 0 && len(o.J) != len(J{}) {
		return errors.New("e2ee: an order is about one join or about none")
	}
	return text(o.What, 24)
}

func (l *Lobby) check() error {
	if len(l.Waiting) > maxMembers {
		return errors.New("e2ee: a lobby has at most 1,000 people")
	}
	for _, w := range l.Waiting {
		if err := text(w.Name, maxName); err != nil {
			return err
		}
	}
	return meetingNumber(l.Meeting)
}

func (t *Terms) check() error {
	if len(t.Lost) > maxMembers {
		return errors.New("e2ee: terms name at most 1,000 things")
	}
	for _, l := range t.Lost {
		if err := text(l, 1000); err != nil {
			return err
		}
	}
	return firstError(meetingNumber(t.Meeting), text(t.Why, 1000))
}

func (p *Phone) check() error {
	return firstError(meetingNumber(p.Meeting), text(p.Number, maxName), text(p.PIN, maxName))
}

func (o *Over) check() error { return firstError(text(o.Cause, 24), text(o.Why, 1000)) }

func (l *ChatLine) check() error {
	if len(l.To) != 0 && len(l.To) != len(J{}) {
		return errors.New("e2ee: a line is for everyone or for one member")
	}
	return words(l.Text, maxLine)
}

// control makes a value for each kind that a client receives.
var control = map[string]func() body{
	"welcome": func() body { return new(Welcome) }, "entry": func() body { return new(Entry) },
	"live": func() body { return new(LiveMessage) }, "line": func() body { return new(LineFrom) },
	"grant": func() body { return new(Grant) }, "roster": func() body { return new(Roster) },
	"ticket": func() body { return new(Ticket) }, "refused": func() body { return new(Refused) },
	"lobby": func() body { return new(Lobby) }, "terms": func() body { return new(Terms) },
	"phone": func() body { return new(Phone) }, "stamped": func() body { return new(Stamped) }, "over": func() body { return new(Over) },
}

// DecodeControl reads a message of the server: a *Welcome, *Entry, *LiveMessage, *LineFrom, *Grant, *Roster, *Ticket,
// *Stamped, *Refused, *Lobby, *Terms, *Phone or *Over.
func DecodeControl(data []byte) (any, error) {
	make, ok := control[kindOf(data)]
	if !ok {
		return nil, errors.New("e2ee: no message that a server sends")
	}
	b := make()
	if err := unmarshal(data, b); err != nil {
		return nil, err
	}
	return b, nil
}

// kindOf is the text that is the first element of an array, or "" if there is none of less than 24 bytes.
func kindOf(data []byte) string {
	const array, text = 4 << 5, 3 << 5
	if len(data) < 2 || data[0]&0xe0 != array || data[1]&0xe0 != text || len(data) < 2+int(data[1]&0x1f) {
		return ""
	}
	return string(data[2 : 2+int(data[1]&0x1f)])
}

// EncodeControl gives the bytes of a message of the control session, such as a *Hello or a *Post.
func EncodeControl(b body) []byte { return marshal(b) }

// Prove makes the proof of a hello: that this session, opened by this nonce of the server's welcome, is the device's (§10).
func (d *Device) Prove(meeting string, nonce [16]byte) []byte {
	signed, _ := d.sign(&Session{Meeting: meeting, Nonce: nonce, Device: d.Key})
	return signed
}

// DecodeChatLine reads the plaintext of a chat frame (§8).
func DecodeChatLine(data []byte) (ChatLine, error) {
	var l ChatLine
	err := unmarshal(data, &l)
	return l, err
}
