package meeting

import (
	"bytes"
	"testing"
)

// Each target proves of one decoder that what it accepts re-encodes to itself.

func fuzzBody(f *testing.F, kind string, make func() body) {
	v := readVectors(f)
	for _, x := range v.Signed {
		if x.Kind == kind {
			f.Add(unhex(f, x.Body))
		}
	}
	for _, x := range v.Refused {
		if x.Kind == kind {
			f.Add(unhex(f, x.Body))
		}
	}
	for _, x := range v.Plain {
		if x.Kind == kind {
			f.Add(unhex(f, x.Message))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b := make()
		if unmarshal(in, b) == nil && !bytes.Equal(marshal(b), in) {
			t.Errorf("%x became %x", in, marshal(b))
		}
	})
}

func FuzzCertificate(f *testing.F) {
	fuzzBody(f, "certificate", func() body { return new(Certificate) })
}
func FuzzJoin(f *testing.F)    { fuzzBody(f, "join", func() body { return new(Join) }) }
func FuzzLink(f *testing.F)    { fuzzBody(f, "link", func() body { return new(Link) }) }
func FuzzKeys(f *testing.F)    { fuzzBody(f, "keys", func() body { return new(Keys) }) }
func FuzzLive(f *testing.F)    { fuzzBody(f, "live", func() body { return new(Live) }) }
func FuzzLeave(f *testing.F)   { fuzzBody(f, "leave", func() body { return new(Leave) }) }
func FuzzDeny(f *testing.F)    { fuzzBody(f, "deny", func() body { return new(Deny) }) }
func FuzzEnd(f *testing.F)     { fuzzBody(f, "end", func() body { return new(End) }) }
func FuzzLeader(f *testing.F)  { fuzzBody(f, "leader", func() body { return new(Leader) }) }
func FuzzUpgrade(f *testing.F) { fuzzBody(f, "upgrade", func() body { return new(Upgrade) }) }
func FuzzProof(f *testing.F)   { fuzzBody(f, "session", func() body { return new(Proof) }) }

// FuzzControl covers everything that a client sends.
func FuzzControl(f *testing.F) {
	for _, x := range readVectors(f).Plain {
		f.Add(unhex(f, x.Message))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if b, err := decodeControl(in); err == nil && !bytes.Equal(marshal(b), in) {
			t.Errorf("%x became %x", in, marshal(b))
		}
	})
}

// FuzzMessage covers what an entry carries, and signatures.
func FuzzMessage(f *testing.F) {
	for _, x := range readVectors(f).Messages {
		f.Add(unhex(f, x.Message))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := decodeMessage(in)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(m), in) {
			t.Errorf("%x became %x", in, encode(m))
		}
		if o, err := openMessage(in); err == nil && o.kind != m.Kind {
			t.Errorf("a %s was opened as a %s", m.Kind, o.kind)
		}
	})
}

func FuzzSigned(f *testing.F) {
	for _, x := range readVectors(f).Signed {
		f.Add(unhex(f, x.Signed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s Signed
		if strict(in, maxKeys, &s) == nil && !bytes.Equal(encode(s), in) {
			t.Errorf("%x became %x", in, encode(s))
		}
	})
}
