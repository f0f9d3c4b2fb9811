package e2ee

import (
	"bytes"
	"testing"
)

// Each target proves of one decoder that what it accepts re-encodes to itself.

func fuzzBody(f *testing.F, make func() body) {
	fix := fixtures()
	_, kind := make().meta()
	for _, b := range append(append(fix.samples(), fix.plain()...), fix.keys(emptyBox(J{}))) {
		if _, k := b.meta(); k == kind {
			f.Add(marshal(b))
			for _, bad := range damaged(marshal(b)) {
				f.Add(bad)
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b := make()
		if unmarshal(in, b) == nil && !bytes.Equal(marshal(b), in) {
			t.Errorf("%x became %x", in, marshal(b))
		}
	})
}

func FuzzCertificate(f *testing.F) { fuzzBody(f, func() body { return new(Certificate) }) }
func FuzzJoin(f *testing.F)        { fuzzBody(f, func() body { return new(JoinBody) }) }
func FuzzLink(f *testing.F)        { fuzzBody(f, func() body { return new(LinkBody) }) }
func FuzzKeys(f *testing.F)        { fuzzBody(f, func() body { return new(Keys) }) }
func FuzzLive(f *testing.F)        { fuzzBody(f, func() body { return new(Live) }) }
func FuzzLeave(f *testing.F)       { fuzzBody(f, func() body { return new(Leave) }) }
func FuzzDeny(f *testing.F)        { fuzzBody(f, func() body { return new(Deny) }) }
func FuzzEnd(f *testing.F)         { fuzzBody(f, func() body { return new(End) }) }
func FuzzLeader(f *testing.F)      { fuzzBody(f, func() body { return new(Leader) }) }
func FuzzUpgrade(f *testing.F)     { fuzzBody(f, func() body { return new(Upgrade) }) }
func FuzzSession(f *testing.F)     { fuzzBody(f, func() body { return new(Session) }) }
func FuzzTestimony(f *testing.F)   { fuzzBody(f, func() body { return new(Testimony) }) }
func FuzzHello(f *testing.F)       { fuzzBody(f, func() body { return new(Hello) }) }
func FuzzPost(f *testing.F)        { fuzzBody(f, func() body { return new(Post) }) }
func FuzzFetch(f *testing.F)       { fuzzBody(f, func() body { return new(Fetch) }) }
func FuzzLine(f *testing.F)        { fuzzBody(f, func() body { return new(Line) }) }

func FuzzChatLine(f *testing.F) {
	f.Add(marshal(&ChatLine{Text: "a\nb"}))
	f.Fuzz(func(t *testing.T, in []byte) {
		if l, err := DecodeChatLine(in); err == nil && !bytes.Equal(marshal(&l), in) {
			t.Errorf("%x became %x", in, marshal(&l))
		}
	})
}

// FuzzControl covers welcome, entry, live, line, grant, roster, ticket and refused.
func FuzzControl(f *testing.F) {
	fix := fixtures()
	for _, b := range fix.plain() {
		f.Add(marshal(b))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if m, err := DecodeControl(in); err == nil && !bytes.Equal(marshal(m.(body)), in) {
			t.Errorf("%x became %x", in, marshal(m.(body)))
		}
	})
}

func FuzzMessage(f *testing.F) {
	fix := fixtures()
	f.Add(fix.guestMessage)
	f.Fuzz(func(t *testing.T, in []byte) {
		if m, err := DecodeMessage(in); err == nil && !bytes.Equal(m.Encode(), in) {
			t.Errorf("%x became %x", in, m.Encode())
		}
	})
}

func FuzzSigned(f *testing.F) {
	fix := fixtures()
	f.Add(IssueCertificate(fix.identity, *fix.hostCertificate()))
	f.Fuzz(func(t *testing.T, in []byte) {
		if s, err := DecodeSigned(in); err == nil && !bytes.Equal(encode(s), in) {
			t.Errorf("%x became %x", in, encode(s))
		}
	})
}

// FuzzMember feeds a client whatever a server may send: it must not panic, nor come to hold a key or go to standard by it.
func FuzzMember(f *testing.F) {
	fix := fixtures()
	f.Add(fix.hostMessage, marshal(&Live{}))
	f.Add(fix.guestMessage, []byte{})
	f.Fuzz(func(t *testing.T, message, live []byte) {
		m, _, err := NewMember(Config{Meeting: fixedMeeting, Device: fix.guest, Certificate: IssueCertificate(fix.identity, *fix.guestCertificate()), Identity: []Key{fix.identity.Key},
			Secret: &fix.link, Rand: random(7), Memory: newNote()}, fixedTime)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range [][]byte{fix.hostMessage, fix.guestMessage, message} {
			m.Step(fixedTime, &Entry{Number: uint64(i + 1), Message: b})
		}
		m.Step(fixedTime, &LiveMessage{Signed: live})
		if e, err := DecodeControl(message); err == nil {
			if e, ok := e.(Event); ok {
				m.Step(fixedTime, e)
			}
		}
		m.Step(fixedTime+40_000, Tick{})
		if len(m.Epochs()) > 0 || m.CanSend() || m.State() == Standard {
			t.Errorf("the client is %s and holds keys", m.State())
		}
	})
}
