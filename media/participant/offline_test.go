package participant

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// A participant without a network: a test is its server, and steps it by hand.

const offlineMeeting = "M-1"

// desk is a meeting's board, and who reads it.
type desk struct {
	t        *testing.T
	identity *e2ee.Device
	board    [][]byte
	p        *Participant
	other    *e2ee.Member
}

func (d *desk) device() *e2ee.Device {
	d.t.Helper()
	seed := make([]byte, 32)
	rand.Read(seed)
	device, err := e2ee.NewDevice(seed)
	if err != nil {
		d.t.Fatal(err)
	}
	return device
}

func (d *desk) member(name string, secret *e2ee.Secret, host bool, memory e2ee.Memory) (*e2ee.Member, []e2ee.Action) {
	d.t.Helper()
	device := d.device()
	certificate := e2ee.IssueCertificate(d.identity, e2ee.Certificate{Device: device.Key, Name: name, Meeting: offlineMeeting, Issued: now(), Expires: now() + 3_600_000})
	m, actions, err := e2ee.NewMember(e2ee.Config{Meeting: offlineMeeting, Device: device, Certificate: certificate, Identity: []e2ee.Key{d.identity.Key}, Secret: secret,
		Host: host, Rand: rand.Reader, Memory: memory}, now())
	if err != nil {
		d.t.Fatal(err)
	}
	return m, actions
}

// offline makes an end-to-end encrypted meeting with its host, a participant whose session is up, and a guest, a bare member.
func offline(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	d.identity = d.device()
	f, err := openFolder(t.TempDir(), "http://proffer.example")
	if err != nil {
		t.Fatal(err)
	}
	p := &Participant{cfg: Config{Link: Link{Server: "http://proffer.example", Meeting: offlineMeeting}}, log: slog.New(slog.DiscardHandler), folder: f,
		events: make(chan Event, maxEvents), asks: make(chan func()), done: make(chan struct{}), next: 1, ctx: context.Background()}
	var secret e2ee.Secret
	rand.Read(secret[:])
	var actions []e2ee.Action
	p.member, actions = d.member("Hanna\u202e Host", &secret, true, f)
	if err := p.open(d.device(), nil); err != nil {
		t.Fatal(err)
	}
	d.p = p
	p.perform(actions)
	p.received(&sessionUp{&e2ee.Welcome{Window: 60}})
	other, err := openFolder(t.TempDir(), "http://proffer.example")
	if err != nil {
		t.Fatal(err)
	}
	d.other, actions = d.member("Gerd", &secret, false, other)
	d.serve(keepAll)
	d.hear(actions)
	return d
}

func keepAll(string) bool { return true }

// serve takes what the participant sent, and puts those of its posts on the board that keep says.
func (d *desk) serve(keep func(kind string) bool) (posted []string) {
	d.t.Helper()
	for {
		select {
		case data := <-d.p.session.out:
			switch kind, message := sent(d.t, data); kind {
			case "live":
				d.hear(d.other.Step(now(), &e2ee.LiveMessage{Signed: message}))
			case "fetch":
				for i, m := range d.board {
					d.p.received(&e2ee.Entry{Number: uint64(i + 1), At: now(), Message: m})
				}
			case "post":
				msg, err := e2ee.DecodeMessage(message)
				if err != nil {
					d.t.Fatal(err)
				}
				posted = append(posted, msg.Kind)
				if keep(msg.Kind) {
					d.put(message)
				}
			}
		default:
			return posted
		}
	}
}

// sent is the kind of what a client sent, and the bytes that it carries.
func sent(t *testing.T, data []byte) (kind string, carried []byte) {
	t.Helper()
	var v []any
	if err := cbor.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	carried, _ = v[1].([]byte)
	return v[0].(string), carried
}

// put puts a message on the board, once, and tells both of it.
func (d *desk) put(message []byte) {
	if slices.ContainsFunc(d.board, func(m []byte) bool { return string(m) == string(message) }) {
		return
	}
	d.board = append(d.board, message)
	e := &e2ee.Entry{Number: uint64(len(d.board)), At: now(), Message: message}
	d.p.received(e)
	d.hear(d.other.Step(now(), e))
}

// hear does what the guest wants done.
func (d *desk) hear(actions []e2ee.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case e2ee.PostEntry:
			d.put(a.Message)
		case e2ee.SendLive:
			d.p.received(&e2ee.LiveMessage{Signed: a.Signed})
			d.hear(d.other.Step(now(), &e2ee.LiveMessage{Signed: a.Signed}))
		case e2ee.FetchFrom:
			for i, m := range d.board {
				d.hear(d.other.Step(now(), &e2ee.Entry{Number: uint64(i + 1), At: now(), Message: m}))
			}
		}
	}
}

// until lets time pass for both until something holds.
func (d *desk) until(what string, keep func(string) bool, holds func() bool) {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("%s did not happen; the participant is %s, the guest %s", what, d.p.member.State(), d.other.State())
		}
		d.p.step(e2ee.Tick{})
		d.serve(keep)
		d.hear(d.other.Step(now(), e2ee.Tick{}))
	}
}

// TestKeysOfABrokenSession breaks the session when the board has the link and not its keys: they are posted again in the next one.
func TestKeysOfABrokenSession(t *testing.T) {
	d := offline(t)
	d.until("a list", keepAll, func() bool { return d.p.member.State() == e2ee.In })
	guest := d.other.J()
	d.until("a sign of life", keepAll, func() bool { return len(d.p.member.Lobby()) == 1 })
	d.p.step(e2ee.Admit{J: guest})
	lost := 0
	d.until("a list of two", func(kind string) bool { lost += map[string]int{"keys": 1}[kind]; return kind != "keys" },
		func() bool { return d.p.member.List().Has(guest) && lost > 0 })
	d.p.received(&sessionDown{})
	if d.other.State() != e2ee.Listed {
		t.Fatalf("the guest is %s", d.other.State())
	}
	d.p.received(&sessionUp{&e2ee.Welcome{Window: 60}})
	if posted := d.serve(keepAll); !slices.Equal(posted, []string{"join", "keys"}) {
		t.Errorf("posted again were %q", posted)
	}
	if d.other.State() != e2ee.In {
		t.Errorf("the guest is %s", d.other.State())
	}
	if d.p.received(&sessionUp{&e2ee.Welcome{Window: 60}}); len(d.p.unseen) != 0 {
		t.Errorf("%d posts have not come back", len(d.p.unseen))
	}
	d.chats()
	d.names()
}

// chats holds that an own line that the server gives back is neither shown nor believed to be another's.
func (d *desk) chats() {
	frame, err := d.p.chat.seal("hello", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.drain()
	d.p.received(&e2ee.LineFrom{J: d.p.member.J(), Frame: frame})
	second, err := d.p.chat.seal("again", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.p.received(&e2ee.LineFrom{J: d.other.J(), Frame: second})
	for _, e := range d.drain() {
		if l, ok := e.(Line); ok {
			d.t.Errorf("shown is %+v", l)
		}
	}
	if dropped := d.p.member.Dropped; dropped["line: own"] != 1 || dropped["line"] != 1 {
		d.t.Errorf("dropped are %v", dropped)
	}
}

// names holds that nobody's name turns the words around it.
func (d *desk) names() {
	me := d.p.View().People[0]
	if !me.Me || me.Name != "Hanna Host" {
		d.t.Errorf("the host is %+v", me)
	}
	f, err := openFolder(d.t.TempDir(), "http://proffer.example")
	if err != nil {
		d.t.Fatal(err)
	}
	d.p.member, _ = d.member("Hanna", nil, false, f) // in a standard meeting
	d.p.received(&e2ee.Lobby{Meeting: offlineMeeting, Waiting: []e2ee.LobbySeat{{Name: "\u2067Otto\u2069"}}})
	waits := slices.ContainsFunc(d.drain(), func(e Event) bool { l, ok := e.(Lobby); return ok && l.Waiting[0].Name == "Otto" })
	if !waits {
		d.t.Error("nobody waits, or under another name")
	}
}

func (d *desk) drain() (all []Event) {
	for {
		select {
		case e := <-d.p.events:
			all = append(all, e)
		default:
			return all
		}
	}
}

func TestLegible(t *testing.T) {
	turns := "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	if got := e2ee.Legible("A" + turns + "b \u05d0\u0301é" + turns); got != "Ab \u05d0\u0301é" || strings.ContainsAny(got, turns) {
		t.Errorf("%q", got)
	}
}

// TestGap holds that behind a frame of video that was not sent nothing goes until the next key frame, and that sound has no such thing.
func TestGap(t *testing.T) {
	for _, source := range []franking.Source{franking.Camera, franking.Microphone} {
		mine, _, _ := pair()
		sender, err := new(sframe.Streams).Sender()
		if err != nil {
			t.Fatal(err)
		}
		mine.add(sender)
		o, err := newOutgoing(source, nil, sender, newClock())
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			may, muted, key bool
			video, sound    bool // it goes
		}{
			{true, false, true, true, true}, {true, false, false, true, true},
			{false, false, false, false, false}, {true, false, false, false, true}, {true, false, true, true, true}, // not allowed to send for a frame
			{true, true, false, false, false}, {true, false, false, false, true}, {true, false, false, false, true}, {true, false, true, true, true}, // muted for one
			{false, false, true, false, false}, {true, false, false, false, true}, {true, false, true, true, true}, {true, false, false, true, true}, // at a key frame
		} {
			mine.send(step.may)
			o.muted.Store(step.muted)
			want := step.video
			if source == franking.Microphone {
				want = step.sound
			}
			if _, ok := o.seal(&Sample{Data: make([]byte, 100), Key: step.key && source == franking.Camera}); ok != want {
				t.Errorf("source %d, frame %d: it goes: %v", source, i, ok)
			}
		}
		behind, want := o.behind.Load(), uint64(4)
		if source == franking.Microphone {
			want = 0
		}
		if behind != want {
			t.Errorf("source %d: %d frames are counted, want %d", source, behind, want)
		}
	}
}
