package e2ee

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// fixed are the names that vectors and fuzz seeds are made of.
type fixed struct {
	host, guest, identity *Device
	link, epoch           Secret
	hostJoin, guestJoin   private
	hostMessage           []byte
	guestMessage          []byte
}

const (
	fixedMeeting = "M-3K9QA-77ZPW"
	fixedTime    = 1_800_000_000_000
)

func fixtures() fixed {
	f := fixed{host: device(1), guest: device(2), identity: device(3), link: random(4).secret(), epoch: random(5).secret()}
	f.hostJoin, f.hostMessage = f.join(f.host, 6, f.hostCertificate())
	f.guestJoin, f.guestMessage = f.join(f.guest, 7, f.guestCertificate())
	return f
}

func (f *fixed) join(d *Device, seed uint64, c *Certificate) (private, []byte) {
	me, message, err := newJoin(d, fixedMeeting, IssueCertificate(f.identity, *c), &f.link, random(seed), fixedTime)
	if err != nil {
		panic(err)
	}
	return me, message
}

func (f *fixed) hostCertificate() *Certificate {
	return &Certificate{Device: f.host.Key, Account: "A-77ZPW-3K9QA", Name: "Hanna Holm", Organisation: "Northwind School", Issued: fixedTime - 1000, Expires: fixedTime + 86_400_000}
}

func (f *fixed) guestCertificate() *Certificate {
	return &Certificate{Device: f.guest.Key, Name: "Zoë 👋", Meeting: fixedMeeting, Issued: fixedTime, Expires: fixedTime + 86_400_000}
}

func (f *fixed) joinBody(message []byte) *JoinBody {
	m, err := DecodeMessage(message)
	if err != nil {
		panic(err)
	}
	b := new(JoinBody)
	if _, err := open(m.Signed, b); err != nil {
		panic(err)
	}
	return b
}

func (f *fixed) linkBody() *LinkBody {
	return &LinkBody{Meeting: fixedMeeting, Version: 7, Term: 1, Epoch: 3, Locked: true, Leader: f.hostJoin.J, Successors: []J{f.guestJoin.J}, Next: 6,
		Members: []Seat{{Index: 0, J: f.hostJoin.J}, {Index: 5, J: f.guestJoin.J}}, Secret: commitment(fixedMeeting, 1, 3, f.epoch),
		Previous: hash(contextLink, []byte("the link before")), Time: fixedTime + 2000}
}

// samples are one of each signed body but keys, by kind.
func (f *fixed) samples() []body {
	h := hash(contextLink, marshal(f.linkBody()))
	return []body{f.hostCertificate(), f.guestCertificate(), f.joinBody(f.hostMessage), f.joinBody(f.guestMessage), f.linkBody(),
		&Live{Meeting: fixedMeeting, J: f.guestJoin.J, Nonce: [16]byte{1, 2, 3}, Version: 7, Link: h, Time: fixedTime + 3000},
		&Live{Meeting: fixedMeeting, J: f.guestJoin.J, Nonce: [16]byte{4}, Time: fixedTime + 1},
		&Leave{Meeting: fixedMeeting, J: f.guestJoin.J, Time: fixedTime + 4000}, &Deny{Meeting: fixedMeeting, J: f.guestJoin.J, Time: fixedTime + 5000},
		&End{Meeting: fixedMeeting, Version: 7, Link: h, Time: fixedTime + 6000}, &Leader{Meeting: fixedMeeting, Term: 2, J: f.guestJoin.J, Last: h, Time: fixedTime + 7000},
		&Upgrade{Meeting: fixedMeeting, Host: f.hostJoin.J, Carried: []J{f.hostJoin.J, f.guestJoin.J}, Time: fixedTime + 8000},
		&Session{Meeting: fixedMeeting, Nonce: [16]byte{9}, Device: f.host.Key},
		&Testimony{Meeting: fixedMeeting, Report: sha256.Sum256([]byte(`{"words":"He insults everybody."}`)), Time: fixedTime + 9000}}
}

func fill(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

// plain are one of each message that is not signed.
func (f *fixed) plain() []body {
	return []body{&Hello{Certificate: []byte{1}, Proof: []byte{2, 3}}, &Post{Message: f.guestMessage}, &Fetch{From: 24}, &LiveMessage{Signed: []byte{4}},
		&Line{Frame: []byte{5}}, &LineFrom{J: f.guestJoin.J, Frame: []byte{6}}, &ChatLine{Text: "Grüße an alle\n👋"}, &ChatLine{Text: "only for you", To: f.hostJoin.J[:]},
		&Batch{Runs: []franking.Run{{Stream: 1, Sequence: 3, First: 70, Commitments: fill(64, 1)}, {Stream: 2, Sequence: 3, First: 200, Commitments: fill(32, 2)}}},
		&Stamped{J: f.guestJoin.J, Key: 20_783, At: fixedTime, Runs: []StampedRun{{Run: franking.Run{Stream: 1, Sequence: 3, First: 70, Commitments: fill(64, 1)}, MAC: [32]byte{3}}}},
		&Welcome{Meeting: fixedMeeting, Mode: 1, Nonce: [16]byte{7}, Identity: f.identity.Key, Window: 90}, &Entry{Number: 300, At: fixedTime, Message: []byte{8}},
		&Ticket{LiveKit: "wss://media.example.org", Token: "eyJ…"}, &Refused{What: "upgrade", Why: "The plan of this organisation does not allow it."},
		&Order{What: OrderHost, J: f.guestJoin.J[:], On: true}, &Order{What: OrderLock},
		&Lobby{Meeting: fixedMeeting, On: true, Waiting: []LobbySeat{{J: f.guestJoin.J, Name: "Gül Gast"}}},
		&Terms{Meeting: fixedMeeting, Why: "The plan of this organisation does not allow it.", Lost: []string{"The telephone +1 555 0100 will be shown out."}},
		&Phone{Meeting: fixedMeeting, Number: "+1 555 0100", PIN: "0123456789"},
		&Over{Cause: OverEnded, Why: "The host ended the meeting for everyone."},
		&Grant{Meeting: fixedMeeting, Epoch: 2, Key: f.epoch}, &Roster{Meeting: fixedMeeting, Epoch: 2, Hosts: []J{f.hostJoin.J}, Members: []RosterSeat{
			{Index: 0, Kind: Person, J: f.hostJoin.J, Name: "Hanna Holm"}, {Index: 1, Kind: Telephone, J: ConnectorJ("phone 1"), Name: "+1 555 0100"}}}}
}

func (f *fixed) keys(box Box) *Keys {
	return &Keys{Meeting: fixedMeeting, Term: 1, Epoch: 3, Link: hash(contextLink, marshal(f.linkBody())), Boxes: []Box{box}}
}

func emptyBox(to J) Box {
	return Box{To: to, Enc: make([]byte, hpkeEnc), Ciphertext: make([]byte, ciphertext)}
}

// anew makes an empty body of the same type.
func anew(b body) body {
	switch b.(type) {
	case *Certificate:
		return new(Certificate)
	case *JoinBody:
		return new(JoinBody)
	case *LinkBody:
		return new(LinkBody)
	case *Keys:
		return new(Keys)
	case *Live:
		return new(Live)
	case *Leave:
		return new(Leave)
	case *Deny:
		return new(Deny)
	case *End:
		return new(End)
	case *Leader:
		return new(Leader)
	case *Upgrade:
		return new(Upgrade)
	case *Testimony:
		return new(Testimony)
	case *Session:
		return new(Session)
	case *Hello:
		return new(Hello)
	case *Post:
		return new(Post)
	case *Fetch:
		return new(Fetch)
	case *Order:
		return new(Order)
	case *Line:
		return new(Line)
	case *Batch:
		return new(Batch)
	case *ChatLine:
		return new(ChatLine)
	}
	return control[kindOf(marshal(b))]()
}

func TestEveryBodyReadsItself(t *testing.T) {
	f := fixtures()
	for _, b := range append(append(f.samples(), f.plain()...), f.keys(emptyBox(f.guestJoin.J))) {
		data := marshal(b)
		back := anew(b)
		if err := unmarshal(data, back); err != nil || !bytes.Equal(marshal(back), data) {
			t.Errorf("%T: %v", b, err)
		}
		for name, bad := range damaged(data) {
			if err := unmarshal(bad, anew(b)); err == nil {
				t.Errorf("%T: %s was accepted: %x", b, name, bad)
			}
		}
	}
}

// damaged are encodings of the same, or nearly the same, that no decoder may take.
func damaged(data []byte) map[string][]byte {
	kind := int(data[1] & 0x1f)
	rest := data[2+kind:]
	return map[string][]byte{
		"a byte too many":             append(bytes.Clone(data), 0),
		"a byte too few":              data[:len(data)-1],
		"nothing":                     nil,
		"an array of no fixed length": append(append([]byte{0x9f}, data[1:]...), 0xff),
		"an array length in 2 bytes":  append([]byte{0x98, data[0] & 0x1f}, data[1:]...),
		"an element too many":         append(append([]byte{data[0] + 1}, data[1:]...), 0),
		"a tag":                       append([]byte{0xc1}, data...),
		"a long kind length":          append(append([]byte{data[0], 0x78, byte(kind)}, data[2:2+kind]...), rest...),
		"a kind as bytes":             append(append([]byte{data[0], 0x40 | byte(kind)}, data[2:2+kind]...), rest...),
		"another kind":                append(append([]byte{data[0], data[1], data[2] ^ 1}, data[3:2+kind]...), rest...),
		"null for a value":            append(bytes.Clone(data[:2+kind]), append([]byte{0xf6}, skip(rest)...)...),
		"a float for a value":         append(bytes.Clone(data[:2+kind]), append([]byte{0xf9, 0x3c, 0}, skip(rest)...)...),
		"a negative for a value":      append(bytes.Clone(data[:2+kind]), append([]byte{0x20}, skip(rest)...)...),
		"a map":                       {0xa0},
	}
}

// skip is what follows the first item, as far as these tests need it.
func skip(b []byte) []byte {
	n := int(b[0] & 0x1f)
	switch major := b[0] >> 5; {
	case n == 24:
		n = int(b[1])
		b = b[1:]
	case n == 25:
		n = int(b[1])<<8 | int(b[2])
		b = b[2:]
	case n == 27:
		return b[9:]
	case major == 0:
		return b[1:]
	}
	if b[0]>>5 == 0 || len(b) < 1+n {
		return b[1:]
	}
	return b[1+n:]
}

func TestTexts(t *testing.T) {
	for name, s := range map[string]string{"not in normal form C": "Zoe\u0308", "a control character": "a\u0007b", "a line break": "a\nb",
		"101 characters": strings.Repeat("é", 101), "no UTF-8": "a\xff"} {
		if text(s, maxName) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, s := range []string{"Zoë", strings.Repeat("é", 100), "李小龙", "👋"} {
		if err := text(s, maxName); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if words("two\nlines", 10) != nil || words("a\u0000b", 10) == nil {
		t.Error("words")
	}
}

func TestMessageForm(t *testing.T) {
	f := fixtures()
	for name, m := range map[string]Message{
		"an unknown kind": {Kind: "live", Signed: []byte{1}}, "a link without a mac": {Kind: "link", Signed: []byte{1}},
		"a leave with a mac": {Kind: "leave", Signed: []byte{1}, MAC: make([]byte, 32)}, "a short mac": {Kind: "join", MAC: make([]byte, 31)},
		"a long join": {Kind: "join", Signed: make([]byte, maxMessage)}, "long keys": {Kind: "keys", Signed: make([]byte, maxKeys)},
	} {
		if _, err := DecodeMessage(m.Encode()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	m, err := DecodeMessage(f.guestMessage)
	if err != nil {
		t.Fatal(err)
	}
	// A signature holds in its own context only.
	var c Certificate
	if _, err := open(m.Signed, &c); err != errSignature {
		t.Errorf("a join's signature was taken for a certificate's: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	f := fixtures()
	good := *f.hostCertificate()
	check := func(c Certificate, signer *Device, now uint64) error {
		_, err := OpenCertificate(IssueCertificate(signer, c), []Key{f.identity.Key}, f.host.Key, fixedMeeting, now)
		return err
	}
	if err := check(good, f.identity, fixedTime); err != nil {
		t.Fatal(err)
	}
	if err := check(good, f.identity, good.Issued-early); err != nil {
		t.Error("five minutes early is allowed")
	}
	bad := map[string]error{"another signer": check(good, f.guest, fixedTime), "too early": check(good, f.identity, good.Issued-early-1),
		"too late": check(good, f.identity, good.Expires)}
	for name, change := range map[string]func(*Certificate){
		"another device": func(c *Certificate) { c.Device[0] ^= 1 }, "another meeting": func(c *Certificate) { c.Meeting = "M-X" },
		"a guest for any meeting": func(c *Certificate) { c.Account, c.Organisation = "", "" }, "nobody": func(c *Certificate) { c.Name = "" },
		"a guest of an organisation": func(c *Certificate) { c.Account, c.Meeting = "", fixedMeeting },
	} {
		c := good
		change(&c)
		bad[name] = check(c, f.identity, fixedTime)
	}
	for name, err := range bad {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
