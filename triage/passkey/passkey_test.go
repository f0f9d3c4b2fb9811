package passkey_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage/passkey"
	"github.com/proffer/proffer/triage/passkey/passkeytest"
)

const address = "https://proffer.example:8443"

func site(t *testing.T) passkey.Site {
	t.Helper()
	s, err := passkey.NewSite(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statement() passkey.Statement {
	return passkey.Statement{Act: "decision.approved", Subject: "decision/D-1", Case: "C-1", Digest: [32]byte{7}, Account: "A-1",
		Time: time.Date(2026, 11, 26, 10, 0, 0, 123456000, time.UTC), Nonce: [16]byte{9}}
}

func TestRegisterAndSign(t *testing.T) {
	s, a, c := site(t), passkeytest.New(address, "A-1"), statement().Challenge()
	a.Count = 1
	key, err := s.Register(c, a.Register(c[:]))
	if err != nil || !bytes.Equal(key.Credential, a.Credential) || !bytes.Equal(key.Public, a.Public()) || key.Count != 1 {
		t.Fatalf("got %+v, %v", key, err)
	}
	if got, err := passkey.ChallengeOf(a.Register(c[:])); err != nil || got != c {
		t.Errorf("the challenge of a registration is %x, %v", got, err)
	}
	as, err := passkey.Read(a.Sign(c[:]))
	if err != nil || as.Challenge != c || string(as.User) != "A-1" || as.Count != 3 {
		t.Fatalf("got %+v, %v", as, err)
	}
	if err := s.Verify(as, key.Public); err != nil {
		t.Fatal(err)
	}
}

// TestRefused holds that nothing but this passkey, on this site, over this challenge, by a verified person counts.
func TestRefused(t *testing.T) {
	s, c := site(t), statement().Challenge()
	good := passkeytest.New(address, "A-1")
	for name, spoil := range map[string]func(*passkeytest.Authenticator, *passkey.Assertion){
		"no user verification": func(a *passkeytest.Authenticator, _ *passkey.Assertion) { a.Unverified = true },
		"another origin":       func(a *passkeytest.Authenticator, _ *passkey.Assertion) { a.Origin = "https://evil.example" },
		"another port":         func(a *passkeytest.Authenticator, _ *passkey.Assertion) { a.Origin = "https://proffer.example" },
		"another site":         func(a *passkeytest.Authenticator, _ *passkey.Assertion) { a.Site = "evil.example" },
		"another challenge":    func(_ *passkeytest.Authenticator, as *passkey.Assertion) { as.Challenge[0] ^= 1 },
		"another signature":    func(_ *passkeytest.Authenticator, as *passkey.Assertion) { as.Signature[9] ^= 1 },
		"other data":           func(_ *passkeytest.Authenticator, as *passkey.Assertion) { as.AuthData[36] ^= 1 },
		"another passkey": func(_ *passkeytest.Authenticator, as *passkey.Assertion) {
			*as, _ = passkey.Read(passkeytest.New(address, "A-1").Sign(c[:]))
		},
		"a registration's words": func(a *passkeytest.Authenticator, as *passkey.Assertion) {
			as.ClientData = bytes.Replace(as.ClientData, []byte("webauthn.get"), []byte("webauthn.create"), 1)
		},
	} {
		a := *good
		spoil(&a, &passkey.Assertion{Signature: make([]byte, 64), AuthData: make([]byte, 64)})
		as, err := passkey.Read(a.Sign(c[:]))
		if err != nil {
			t.Fatal(err)
		}
		spoil(&a, &as)
		if err := s.Verify(as, good.Public()); err == nil {
			t.Errorf("%s: verified", name)
		}
		if name == "no user verification" || strings.HasPrefix(name, "another origin") || name == "another site" {
			if _, err := s.Register(c, a.Register(c[:])); err == nil {
				t.Errorf("%s: registered", name)
			}
		}
	}
	if _, err := s.Register([32]byte{1}, good.Register(c[:])); err == nil {
		t.Error("registered with another challenge")
	}
}

func TestUnreadable(t *testing.T) {
	for _, bad := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat(" ", passkey.MaxAnswer) + "{}"} {
		if _, err := passkey.Read([]byte(bad)); err == nil {
			t.Errorf("Read(%.40q) succeeds", bad)
		}
		if _, err := site(t).Register([32]byte{}, []byte(bad)); !errors.Is(err, passkey.ErrUnreadable) {
			t.Errorf("Register(%.40q): %v", bad, err)
		}
		if _, err := passkey.ChallengeOf([]byte(bad)); err == nil {
			t.Errorf("ChallengeOf(%.40q) succeeds", bad)
		}
	}
}

func FuzzStatement(f *testing.F) {
	f.Add(statement().Encode())
	f.Add(passkey.Statement{Act: "session.started", Time: statement().Time}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := passkey.ParseStatement(b); err == nil && !bytes.Equal(s.Encode(), b) {
			t.Errorf("%q reads as %+v, which is written %q", b, s, s.Encode())
		}
	})
}

// FuzzAnswers feeds what browsers send: it is read without a panic, and nothing that was not signed is verified.
func FuzzAnswers(f *testing.F) {
	a, c := passkeytest.New(address, "A-1"), statement().Challenge()
	f.Add(a.Sign(c[:]))
	f.Add(a.Register(c[:]))
	s, err := passkey.NewSite(address)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = passkey.ChallengeOf(b)
		if as, err := passkey.Read(b); err == nil && s.Verify(as, a.Public()) == nil && as.Challenge != c {
			t.Errorf("%q is verified", b)
		}
		_, _ = s.Register(c, b)
	})
}
