package franking

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func filled(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

var (
	origin = Origin{Meeting: "M-3K9QA-77ZPW", Term: 1, Epoch: 300, Device: filled(0xdd), Join: filled(0x11), Stream: 23}
	header = Header{Origin: origin, Counter: 24, Time: 1 << 40, What: 0x18}
)

// TestCommitmentBytes compares with bytes that were put together by hand, from PROTOCOL.md section 7 and RFC 8949, and a second frame with the
// first: nothing of one may stay for the other.
func TestCommitmentBytes(t *testing.T) {
	name := "86" + // an array of 6
		"6d" + hex.EncodeToString([]byte("M-3K9QA-77ZPW")) +
		"01" + "19012c" + // term, epoch
		"5820" + strings.Repeat("dd", 32) +
		"5820" + strings.Repeat("11", 32) +
		"17" // stream
	first := "proffer franking v2" + strings.Repeat("\x00", 13) + hashOf(string(unhex(t, name)))
	k := NewKey(origin, filled(0x77))
	for _, plain := range []string{"plain", "", strings.Repeat("long", 1000), "plain"} {
		opening, commitment := k.Commit(header.Counter, header.Time, byte(header.What), []byte(plain))
		counter := "\x00\x00\x00\x00\x00\x00\x00\x18"
		r := hashOf("\x00\x00\x00\x01" + strings.Repeat("\x77", 32) + counter)
		c := hashOf(first + r + counter + "\x00\x00\x01\x00\x00\x00\x00\x00" + "\x18" + plain)
		if string(opening[:]) != r || string(commitment[:]) != c {
			t.Errorf("%.9q: got %x and %x, want %x and %x", plain, opening, commitment, r, c)
		}
		if !NewVerifier().Verify(&header, &opening, &commitment, []byte(plain)) {
			t.Errorf("%.9q: its own opening does not open it", plain)
		}
	}
}

func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return string(h[:])
}

// TestCommitBindsEverything changes each thing that a commitment covers, one at a time.
func TestCommitBindsEverything(t *testing.T) {
	opening, commitment := NewKey(origin, filled(0x77)).Commit(header.Counter, header.Time, byte(header.What), []byte("plain"))
	if !NewVerifier().Verify(&header, &opening, &commitment, []byte("plain")) {
		t.Fatal("nothing was changed, and it does not verify")
	}
	for name, change := range map[string]func(h *Header, r, c *[32]byte, p *string){
		"meeting":    func(h *Header, _, _ *[32]byte, _ *string) { h.Meeting = "M-3K9QA-77ZPX" },
		"term":       func(h *Header, _, _ *[32]byte, _ *string) { h.Term++ },
		"epoch":      func(h *Header, _, _ *[32]byte, _ *string) { h.Epoch++ },
		"device":     func(h *Header, _, _ *[32]byte, _ *string) { h.Device[31]++ },
		"join":       func(h *Header, _, _ *[32]byte, _ *string) { h.Join[31]++ },
		"stream":     func(h *Header, _, _ *[32]byte, _ *string) { h.Stream++ },
		"counter":    func(h *Header, _, _ *[32]byte, _ *string) { h.Counter++ },
		"time":       func(h *Header, _, _ *[32]byte, _ *string) { h.Time++ },
		"what":       func(h *Header, _, _ *[32]byte, _ *string) { h.What++ },
		"plaintext":  func(_ *Header, _, _ *[32]byte, p *string) { *p = "plaIn" },
		"longer":     func(_ *Header, _, _ *[32]byte, p *string) { *p = "plain " },
		"opening":    func(_ *Header, r, _ *[32]byte, _ *string) { r[31]++ },
		"commitment": func(_ *Header, _, c *[32]byte, _ *string) { c[31]++ },
	} {
		h, r, c, p := header, opening, commitment, "plain"
		change(&h, &r, &c, &p)
		if NewVerifier().Verify(&h, &r, &c, []byte(p)) {
			t.Errorf("another %s verifies", name)
		}
	}
}

// TestDerivedKeys checks that every part of the name of a stream makes other keys, and that the two keys differ.
func TestDerivedKeys(t *testing.T) {
	met := map[[32]byte]string{}
	derive := func(name string, o Origin, secret string, link [32]byte) {
		base, franking, err := o.DeriveKeys([]byte(secret), link)
		if err != nil {
			t.Fatal(err)
		}
		for key, kind := range map[[32]byte]string{base: "base key", franking: "franking key"} {
			if other := met[key]; other != "" {
				t.Errorf("the %s of %s is the %s", kind, name, other)
			}
			met[key] = kind + " of " + name
		}
	}
	derive("the origin", origin, "secret", filled(1))
	derive("another secret", origin, "secreT", filled(1))
	derive("another link", origin, "secret", filled(2))
	o := origin
	o.Meeting = "M-3K9QA-77ZPX"
	derive("another meeting", o, "secret", filled(1))
	o = origin
	o.Join = filled(0x12)
	derive("another join", o, "secret", filled(1))
	o = origin
	o.Stream++
	derive("another stream", o, "secret", filled(1))
}

func TestWhat(t *testing.T) {
	valid := map[What]bool{}
	for _, s := range []Source{Camera, Screen} {
		for _, key := range []bool{false, true} {
			valid[Describe(VP8, key, s)], valid[Describe(VP9, key, s)] = true, true
		}
	}
	valid[Describe(Opus, false, Microphone)], valid[Describe(Opus, false, ScreenSound)] = true, true
	valid[Describe(PCMU, false, Microphone)] = true
	for b := range 256 {
		w := What(b)
		if w.Valid() != valid[w] {
			t.Errorf("%#x: valid is %v", b, w.Valid())
		}
		if again := Describe(w.Codec(), w.Key(), w.Source()); again != w {
			t.Errorf("%#x became %#x", b, again)
		}
	}
}
