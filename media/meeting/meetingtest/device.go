package meetingtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
)

// Device signs whatever it is told to: an honest client's messages, and a liar's.
type Device struct {
	Private     ed25519.PrivateKey
	Key         meeting.Key
	Meeting     string
	Certificate []byte // of the server
}

// NewDevice draws a device for a meeting.
func NewDevice(id string) *Device {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &Device{Private: private, Key: meeting.Key(public), Meeting: id}
}

// Seed is what the device's key is made of.
func (d *Device) Seed() []byte { return d.Private.Seed() }

var encoding = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// Array encodes an array as the protocol does.
func Array(v ...any) []byte {
	b, err := encoding.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// contexts are the page's (§12), written out again: these are tests.
var contexts = map[string]string{"join": "proffer join v1", "link": "proffer link list v1", "keys": "proffer keys v1", "live": "proffer live v1",
	"leave": "proffer leave v1", "deny": "proffer deny v1", "end": "proffer end v1", "leader": "proffer leader v1", "upgrade": "proffer upgrade v1",
	"session": "proffer session v1"}

func digest(context string, x []byte) [32]byte {
	c := sha256.Sum256([]byte(context))
	return sha256.Sum256(append(c[:], x...))
}

// Signed signs a body of a kind; what follows the kind is given.
func (d *Device) Signed(kind string, body ...any) []byte {
	context, ok := contexts[kind]
	if !ok {
		panic(fmt.Sprintf("meetingtest: nothing of kind %q is signed", kind))
	}
	raw := Array(append([]any{kind}, body...)...)
	c, x := sha256.Sum256([]byte(context)), sha256.Sum256(raw)
	return Array(raw, d.Key[:], ed25519.Sign(d.Private, append(c[:], x[:]...)))
}

// Message is a board message of a kind.
func (d *Device) Message(kind string, mac []byte, body ...any) []byte {
	return Array(kind, d.Signed(kind, body...), append([]byte{}, mac...))
}

// Join makes a join and its name. Nobody could send keys to it.
func (d *Device) Join(mac []byte, now time.Time) (message []byte, j meeting.J) {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	body := []any{d.Meeting, d.Key[:], make([]byte, 1216), nonce, uint64(now.UnixMilli()), d.Certificate}
	return d.Message("join", mac, body...), meeting.J(digest(contexts["join"], Array(append([]any{"join"}, body...)...)))
}

// Link is what a list link says.
type Link struct {
	Version, Term, Epoch uint64
	Leader               meeting.J
	Successors, Members  []meeting.J // members sit in this order
	Previous             [32]byte
}

// Link makes a link that nobody but the server believes, and its hash.
func (d *Device) Link(l Link, now time.Time) (message []byte, hash [32]byte) {
	seats, successors := []any{}, []any{}
	for i, j := range l.Members {
		seats = append(seats, []any{uint64(i), j[:]})
	}
	for _, j := range l.Successors {
		successors = append(successors, j[:])
	}
	body := []any{d.Meeting, l.Version, l.Term, l.Epoch, false, l.Leader[:], successors, uint64(len(l.Members)), seats, make([]byte, 32), l.Previous[:],
		uint64(now.UnixMilli())}
	return d.Message("link", make([]byte, 32), body...), digest(contexts["link"], Array(append([]any{"link"}, body...)...))
}

// The messages of a control session.

// Hello opens a session.
func (d *Device) Hello(nonce [16]byte) []byte {
	return Array("hello", d.Certificate, d.Signed("session", d.Meeting, nonce[:], d.Key[:]))
}

// Post asks for an entry.
func Post(message []byte) []byte { return Array("post", message) }

// Fetch asks for entries.
func Fetch(from uint64) []byte { return Array("fetch", from) }

// Line is a line of chat.
func Line(frame []byte) []byte { return Array("line", frame) }

// Batch is a batch for the notary.
func Batch(runs ...franking.Run) []byte {
	all := make([]any, len(runs))
	for i, r := range runs {
		all[i] = []any{uint64(r.Stream), r.Sequence, r.First, r.Commitments}
	}
	return Array("batch", all)
}

// Live is a sign of life.
func (d *Device) Live(j meeting.J, now time.Time) []byte {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return Array("live", d.Signed("live", d.Meeting, j[:], nonce, uint64(0), make([]byte, 32), uint64(now.UnixMilli())))
}

// Order is a host's order; J zero where nobody is meant.
func Order(what string, j meeting.J, on bool) []byte {
	about := j[:]
	if j == (meeting.J{}) {
		about = []byte{}
	}
	return Array("order", what, about, on)
}

// Received reads what the server sent, as plain values: []any, []byte, string, uint64, bool.
func Received(data []byte) (v []any, err error) {
	err = cbor.Unmarshal(data, &v)
	return v, err
}
