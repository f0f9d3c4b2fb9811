package sframe

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

// unhex is a byte string that JSON holds in hexadecimal.
type unhex []byte

func (h *unhex) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

func (h unhex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

type rfcVectors struct {
	Header []struct {
		KID, Ctr uint64
		Encoded  unhex
	}
	SFrame []struct {
		Suite    int `json:"cipher_suite"`
		KID, Ctr uint64
		BaseKey  unhex `json:"base_key"`
		Key      unhex `json:"sframe_key"`
		Salt     unhex `json:"sframe_salt"`
		Metadata unhex
		PT, CT   unhex
	}
}

// readRFC reads the vectors of the SFrame working group, or skips where the folder is missing outside of CI.
func readRFC(t *testing.T) (v rfcVectors) {
	t.Helper()
	b, err := os.ReadFile("../../../shared/vectors/sframe-rfc9605.json")
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the shared vectors are not here")
	}
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorsOfHeaders(t *testing.T) {
	v := readRFC(t).Header
	if len(v) < 200 {
		t.Fatalf("only %d vectors", len(v))
	}
	for _, c := range v {
		if got := AppendHeader(nil, c.KID, c.Ctr); !bytes.Equal(got, c.Encoded) {
			t.Errorf("KID %d, counter %d: got %x, want %x", c.KID, c.Ctr, got, c.Encoded)
		}
		h, err := ParseHeader(append(c.Encoded[:len(c.Encoded):len(c.Encoded)], "more"...))
		if want := (Header{c.KID, c.Ctr, len(c.Encoded)}); err != nil || h != want {
			t.Errorf("%x: got %v %v, want %v", c.Encoded, h, err, want)
		}
	}
}

func TestVectorsOfSuite5(t *testing.T) {
	met := 0
	for _, c := range readRFC(t).SFrame {
		if c.Suite != suite {
			continue
		}
		met++
		key, salt, err := deriveKeySalt(c.BaseKey, c.KID)
		if err != nil || !bytes.Equal(key, c.Key) || !bytes.Equal(salt, c.Salt) {
			t.Errorf("derived %x and %x, %v; want %x and %x", key, salt, err, c.Key, c.Salt)
		}
		k := newKey(t, c.BaseKey, c.KID)
		if got := k.Seal([]byte("before"), c.Ctr, c.Metadata, c.PT); string(got) != "before"+string(c.CT) {
			t.Errorf("sealed %x, want %x", got, c.CT)
		}
		if got, err := k.Open([]byte("before"), c.CT, c.Metadata); err != nil || string(got) != "before"+string(c.PT) {
			t.Errorf("opened %q, %v; want %q", got, err, c.PT)
		}
	}
	if met == 0 {
		t.Error("no vector of suite 5")
	}
}

func newKey(t testing.TB, base []byte, kid uint64) *Key {
	t.Helper()
	k, err := NewKey(base, kid)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestHeaderHasOneEncoding tries every config byte with fields of every kind: whatever is accepted is what AppendHeader makes.
func TestHeaderHasOneEncoding(t *testing.T) {
	accepted := 0
	for config := range 256 {
		for _, field := range []string{"\x00", "\x07", "\x08", "\xff", "\x01\x00\x00\x00\x00\x00\x00\x00\x00"} {
			b := append([]byte{byte(config)}, bytes.Repeat([]byte(field), 16)...)
			h, err := ParseHeader(b)
			if err != nil {
				continue
			}
			accepted++
			if got := AppendHeader(nil, h.KID, h.Counter); !bytes.Equal(got, b[:h.Size]) {
				t.Errorf("%x was accepted as %v, whose encoding is %x", b[:h.Size], h, got)
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing was accepted")
	}
}

func TestHeaderRefuses(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":                            "",
		"a KID that is cut off":              "\x90\x01",
		"a counter that is cut off":          "\x09\x01",
		"a KID below 8 in a byte of its own": "\x80\x07",
		"a counter below 8 in its own byte":  "\x08\x07",
		"a KID with a zero before it":        "\x90\x00\xff",
		"a counter with a zero before it":    "\x09\x00\xff",
	} {
		if h, err := ParseHeader([]byte(b)); err == nil {
			t.Errorf("%s was accepted: %v", name, h)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	k := newKey(t, []byte("base"), math.MaxUint64)
	sealed := k.Seal(nil, 1<<40, []byte("metadata"), []byte("plaintext"))
	open := func(name string, b, metadata []byte) {
		t.Helper()
		if got, err := k.Open([]byte("kept"), b, metadata); err == nil || string(got) != "kept" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 0x40
		open("a changed byte", changed, []byte("metadata"))
		open("a cut", sealed[:i], []byte("metadata"))
	}
	open("other metadata", sealed, []byte("metadatA"))
	open("another KID", newKey(t, []byte("base"), 9).Seal(nil, 1<<40, []byte("metadata"), []byte("plaintext")), []byte("metadata"))
}

func FuzzParseHeader(f *testing.F) {
	for _, v := range []uint64{0, 7, 8, 255, 256, 1<<48 - 1, math.MaxUint64} {
		f.Add(AppendHeader(nil, v, v))
		f.Add(AppendHeader(nil, v, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		if got := AppendHeader(nil, h.KID, h.Counter); h.Size > len(b) || !bytes.Equal(got, b[:h.Size]) {
			t.Errorf("%x was accepted as %v, whose encoding is %x", b, h, got)
		}
	})
}

// FuzzOpen hands Open anything: it must not panic, and nothing opens but what was sealed.
func FuzzOpen(f *testing.F) {
	k := newKey(f, []byte("base"), 300)
	sealed := k.Seal(nil, 5, []byte("metadata"), []byte("plaintext"))
	f.Add(sealed, []byte("metadata"))
	f.Add(sealed[:4], []byte{})
	f.Fuzz(func(t *testing.T, b, metadata []byte) {
		plain, err := k.Open(nil, b, metadata)
		if err == nil && (!bytes.Equal(b, sealed) || string(metadata) != "metadata" || string(plain) != "plaintext") {
			t.Errorf("%x opened as %q", b, plain)
		}
	})
}
