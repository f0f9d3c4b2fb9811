// Package cliptest makes meetings for tests of clips and proofs: people with devices and joins, a notary, and frames that are committed to and
// stamped as in a meeting, with made-up content.
package cliptest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
)

// World is a meeting with its server's keys.
type World struct {
	Meeting  string
	Identity ed25519.PrivateKey
	Notary   *franking.Notary
	Start    uint64 // milliseconds
	rand     *rand.ChaCha8
	secret   [32]byte
}

// Secret is the notary's.
func (w *World) Secret() [32]byte { return w.secret }

// New makes a meeting; the same seed makes the same one.
func New(meeting string, seed byte) *World {
	r := rand.NewChaCha8([32]byte{seed})
	w := &World{Meeting: meeting, rand: r, Start: uint64(time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC).UnixMilli())}
	w.Identity = ed25519.NewKeyFromSeed(w.bytes(32))
	w.secret = [32]byte(w.bytes(32))
	w.Notary = franking.NewNotary(w.secret)
	return w
}

func (w *World) bytes(n int) []byte {
	b := make([]byte, n)
	w.rand.Read(b)
	return b
}

// Platform checks with this world's keys.
func (w *World) Platform() clip.Platform {
	return clip.Platform{Identity: [32]byte(w.Identity.Public().(ed25519.PublicKey)), Notary: w.Notary.Key}
}

// Person is somebody with a device and a join.
type Person struct {
	Private ed25519.PrivateKey
	Device  [32]byte
	Account string
	Join    [32]byte // J
	Message []byte   // of the join
	world   *World
	streams uint16
}

// Person makes somebody. account is "" for a guest.
func (w *World) Person(account, name string) *Person {
	p := &Person{Private: ed25519.NewKeyFromSeed(w.bytes(32)), Account: account, world: w}
	p.Device = [32]byte(p.Private.Public().(ed25519.PublicKey))
	organisation := "Example School"
	if account == "" {
		organisation = ""
	}
	certificate := signed(w.Identity, "proffer certificate v1", []any{"certificate", p.Device[:], account, name, organisation, w.Meeting,
		w.Start - 1000, w.Start + 86_400_000})
	body := encode([]any{"join", w.Meeting, p.Device[:], w.bytes(1216), w.bytes(16), w.Start, certificate})
	p.Join = hash("proffer join v1", body)
	p.Message = encode([]any{"join", signedBody(p.Private, "proffer join v1", body), w.bytes(32)})
	return p
}

// Connector makes a caller by telephone, or another machine of the server's.
func (w *World) Connector(number string) *Person {
	p := &Person{Join: franking.ConnectorJoin(number), world: w}
	p.Message = p.Join[:]
	return p
}

// Sign signs what clip hands over.
func (p *Person) Sign(b []byte) [64]byte { return [64]byte(ed25519.Sign(p.Private, b)) }

// Parties are for a report of this person about another.
func (p *Person) Parties(sender *Person) clip.Parties {
	return clip.Parties{Meeting: p.world.Meeting, Reporter: p.Message, Sender: sender.Message, Device: p.Device, Sign: p.Sign,
		Now: p.world.Start + 600_000}
}

// Stream sends frames of one source.
type Stream struct {
	person   *Person
	key      *franking.Key
	origin   franking.Origin
	source   franking.Source
	codec    franking.Codec
	counter  uint64
	sequence uint64
	first    uint64
	waiting  []byte
}

// Stream begins another stream of the person.
func (p *Person) Stream(source franking.Source, codec franking.Codec) *Stream {
	p.streams++
	o := franking.Origin{Meeting: p.world.Meeting, Term: 1, Epoch: 1, Device: p.Device, Join: p.Join, Stream: p.streams}
	return &Stream{person: p, origin: o, key: franking.NewKey(o, [32]byte(p.world.bytes(32))), source: source, codec: codec}
}

// Chat begins the person's lines of chat: stream 0. Send takes what Line makes.
func (p *Person) Chat() *Stream {
	o := franking.Origin{Meeting: p.world.Meeting, Term: 1, Epoch: 1, Device: p.Device, Join: p.Join}
	return &Stream{person: p, origin: o, key: franking.NewKey(o, [32]byte(p.world.bytes(32)))}
}

// Line is the plaintext of a line of chat. to is empty for everyone, or a J.
func Line(text string, to ...byte) []byte {
	return encode([]any{"line", text, append([]byte{}, to...)})
}

// Send commits to a frame and gives it as a receiver has it.
func (s *Stream) Send(time uint64, key bool, data []byte) clip.Received {
	what := franking.Describe(s.codec, key, s.source)
	opening, commitment := s.key.Commit(s.counter, time, byte(what), data)
	f := clip.Received{Join: s.person.Join, What: what, Stream: s.origin.Stream, Term: s.origin.Term, Epoch: s.origin.Epoch, Counter: s.counter,
		Time: time, Data: data, Opening: opening, Commitment: commitment}
	s.counter++
	s.waiting = append(s.waiting, commitment[:]...)
	return f
}

// Skip uses up a counter whose frame nobody receives, but the notary knows of it.
func (s *Stream) Skip(time uint64) { s.Send(time, false, s.person.world.bytes(40)) }

// Stamp has the notary stamp what was sent since the last time.
func (s *Stream) Stamp(at uint64) []clip.StampedRun {
	if len(s.waiting) == 0 {
		return nil
	}
	run := franking.Run{Stream: s.origin.Stream, Sequence: s.sequence, First: s.first, Commitments: s.waiting}
	s.sequence, s.first, s.waiting = s.sequence+1, s.counter, nil
	from := franking.Sender{Meeting: s.origin.Meeting, Account: s.person.Account, Device: s.person.Device, Join: s.person.Join}
	stamp := s.person.world.Notary.Stamp(&from, &run, time.UnixMilli(int64(at)))
	return []clip.StampedRun{{Key: stamp.Key, At: stamp.At, Stream: run.Stream, Sequence: run.Sequence, First: run.First,
		Commitments: run.Commitments, MAC: stamp.MAC}}
}

// Talk fills a ring with so many seconds of the person's camera and microphone: 20 pictures a second with a key frame every 2 seconds, 50 packets
// of sound, a stamp every 250 ms.
func (p *Person) Talk(ring *clip.Ring, seconds int) {
	camera, microphone := p.Stream(franking.Camera, franking.VP8), p.Stream(franking.Microphone, franking.Opus)
	start := p.world.Start + 10_000
	for ms := range uint64(seconds * 1000) {
		now := time.UnixMilli(int64(start + ms))
		if ms%50 == 0 {
			ring.Add(camera.Send(start+ms, ms%2000 == 0, p.world.Picture(ms%2000 == 0)), now)
		}
		if ms%20 == 0 {
			ring.Add(microphone.Send(start+ms, false, p.world.bytes(60)), now)
		}
		if ms%250 == 249 {
			ring.Stamped(p.Join, camera.Stamp(start+ms))
			ring.Stamped(p.Join, microphone.Stamp(start+ms))
		}
	}
}

// Write fills a ring with lines of chat of the person, one a second, each stamped.
func (p *Person) Write(ring *clip.Ring, lines ...string) {
	chat, at := p.Chat(), p.world.Start+10_000
	for _, text := range lines {
		ring.Add(chat.Send(at, false, Line(text)), time.UnixMilli(int64(at)))
		ring.Stamped(p.Join, chat.Stamp(at+200))
		at += 1000
	}
}

// Picture makes the bytes of a frame of VP8 that only its header makes one, of 320 × 240 pixels.
func (w *World) Picture(key bool) []byte {
	b := w.bytes(700)
	b[0] |= 1
	if key {
		copy(b, []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a})
		binary.LittleEndian.PutUint16(b[6:], 320)
		binary.LittleEndian.PutUint16(b[8:], 240)
	}
	return b
}

func encode(v any) []byte {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := m.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cliptest: %v", err))
	}
	return b
}

func hash(context string, x []byte) [32]byte {
	c := sha256.Sum256([]byte(context))
	return sha256.Sum256(append(c[:], x...))
}

func signed(key ed25519.PrivateKey, context string, body any) []byte {
	return signedBody(key, context, encode(body))
}

func signedBody(key ed25519.PrivateKey, context string, body []byte) []byte {
	c, h := sha256.Sum256([]byte(context)), sha256.Sum256(body)
	signature := ed25519.Sign(key, append(c[:], h[:]...))
	return encode([]any{body, []byte(key.Public().(ed25519.PublicKey)), signature})
}
