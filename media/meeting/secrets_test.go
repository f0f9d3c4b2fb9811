package meeting

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

func random32() (b [32]byte) { rand.Read(b[:]); return b }

// TestWrap holds that a wrapped key opens under its master key, for its meeting and epoch, and no other.
func TestWrap(t *testing.T) {
	m, key := NewMaster(random32()), random32()
	w := m.wrap("M-1", 7, key)
	if len(w) != 60 || bytes.Contains(w, key[:8]) || bytes.Equal(w, m.wrap("M-1", 7, key)) {
		t.Errorf("wrapped as %x", w)
	}
	if got, err := m.unwrap("M-1", 7, w); err != nil || got != key {
		t.Errorf("unwrapped %x, %v", got, err)
	}
	for name, open := range map[string]func() error{
		"another meeting":    func() error { _, err := m.unwrap("M-2", 7, w); return err },
		"another epoch":      func() error { _, err := m.unwrap("M-1", 8, w); return err },
		"another master key": func() error { _, err := NewMaster(random32()).unwrap("M-1", 7, w); return err },
		"a changed byte":     func() error { w[20] ^= 1; defer func() { w[20] ^= 1 }(); _, err := m.unwrap("M-1", 7, w); return err },
		"cut":                func() error { _, err := m.unwrap("M-1", 7, w[:59]); return err },
		"nothing":            func() error { _, err := m.unwrap("M-1", 7, nil); return err },
	} {
		if open() == nil {
			t.Errorf("it opens for %s", name)
		}
	}
}

func TestCertificates(t *testing.T) {
	id, now := NewIdentity(random32()), time.UnixMilli(1_800_000_000_000)
	device := Key{1}
	issue := func(who Subject) []byte {
		t.Helper()
		c, err := id.Issue(who, device, "M-1", now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := issue(Subject{Account: "A-1", Name: "Hanna\u202e Holm", Organisation: strings.Repeat("Ä", 300)})
	got, err := id.check(c, device, "M-1", millis(now))
	if err != nil || got.Name != "Hanna Holm" || got.Account != "A-1" || len([]rune(got.Organisation)) != maxName || got.Meeting != "M-1" {
		t.Errorf("%+v, %v", got, err)
	}
	if guest, err := id.check(issue(Subject{Name: "  Gerd "}), device, "M-1", millis(now)); err != nil || guest.Name != "Gerd" || guest.Account != "" {
		t.Errorf("%+v, %v", guest, err)
	}
	other := NewIdentity(random32())
	for name, check := range map[string]func() error{
		"by another identity": func() error { _, err := other.check(c, device, "M-1", millis(now)); return err },
		"for another device":  func() error { _, err := id.check(c, Key{2}, "M-1", millis(now)); return err },
		"for another meeting": func() error { _, err := id.check(c, device, "M-2", millis(now)); return err },
		"too early":           func() error { _, err := id.check(c, device, "M-1", millis(now)-early-1); return err },
		"too late":            func() error { _, err := id.check(c, device, "M-1", millis(now.Add(CertificateTime))); return err },
		"changed": func() error {
			_, err := id.check(append([]byte{c[0]}, c[2:]...), device, "M-1", millis(now))
			return err
		},
	} {
		if check() == nil {
			t.Errorf("a certificate holds %s", name)
		}
	}
	for _, name := range []string{"", " \u202e ", "\x00"} {
		if _, err := id.Issue(Subject{Name: name}, device, "M-1", now); err == nil {
			t.Errorf("a certificate for %q", name)
		}
	}
}
