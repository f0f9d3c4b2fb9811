package franking_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// element is one of GF(2^128) as GHASH writes it (NIST SP 800-38D section 6.3): bit 0 is the highest of hi.
type element struct{ hi, lo uint64 }

func fromBytes(b []byte) element {
	var block [16]byte
	copy(block[:], b)
	return element{binary.BigEndian.Uint64(block[:8]), binary.BigEndian.Uint64(block[8:])}
}

func (e element) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, e.hi), e.lo)
}

func (e element) plus(o element) element { return element{e.hi ^ o.hi, e.lo ^ o.lo} }

func (e element) times(o element) (z element) {
	v := o
	for i := range 128 {
		word := [2]uint64{e.hi, e.lo}[i/64]
		if word>>(63-i%64)&1 == 1 {
			z = z.plus(v)
		}
		carry := v.lo & 1
		v = element{v.hi >> 1, v.lo>>1 | v.hi<<63}
		if carry == 1 {
			v.hi ^= 0xe1 << 56
		}
	}
	return z
}

// inverse is e^(2^128 - 2).
func (e element) inverse() element {
	z, square := element{1 << 63, 0}, e
	for range 127 {
		square = square.times(square)
		z = z.times(square)
	}
	return z
}

// opened is AES-GCM under one key and nonce, taken apart.
type opened struct {
	h, mask element // the hash key, and what hides the tag
}

func takeApart(t *testing.T, key, nonce []byte) opened {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	var h, mask [16]byte
	block.Encrypt(h[:], h[:])
	block.Encrypt(mask[:], append(bytes.Clone(nonce), 0, 0, 0, 1))
	return opened{fromBytes(h[:]), fromBytes(mask[:])}
}

// tag is the tag of these additional data and ciphertext. It is linear in every block: that is the attack.
func (o opened) tag(aad, ciphertext []byte) (z element) {
	for _, part := range [][]byte{aad, ciphertext} {
		for len(part) > 0 {
			n := min(16, len(part))
			z = z.plus(fromBytes(part[:n])).times(o.h)
			part = part[n:]
		}
	}
	lengths := element{uint64(len(aad)) * 8, uint64(len(ciphertext)) * 8}
	return z.plus(lengths).times(o.h).plus(o.mask)
}

// collide changes the last block of the ciphertext so that it has one tag under both keys: the tags differ by some d, and a last block
// that differs by x changes them by x·h² each, so x·(h₁² + h₂²) = d.
func collide(one, two opened, aad, ciphertext []byte) (tag []byte) {
	d := one.tag(aad, ciphertext).plus(two.tag(aad, ciphertext))
	x := d.times(one.h.times(one.h).plus(two.h.times(two.h)).inverse())
	last := ciphertext[len(ciphertext)-16:]
	copy(last, fromBytes(last).plus(x).bytes())
	return one.tag(aad, ciphertext).bytes()
}

// audience is somebody whom the attacker gave an epoch secret of their own.
type audience struct {
	key        *sframe.Key
	commits    *franking.Key
	aes, nonce []byte
}

var kid = sframe.KID{Term: 1, Epoch: 1, Index: 0, Stream: 1}

func newAudience(t *testing.T, secret string) audience {
	t.Helper()
	o := franking.Origin{Meeting: "M-3K9QA-77ZPW", Term: 1, Epoch: 1, Stream: 1}
	base, frank, err := o.DeriveKeys([]byte(secret), [32]byte{})
	check(t, err)
	packed, err := kid.Pack()
	check(t, err)
	a := audience{commits: franking.NewKey(o, frank)}
	a.key, err = sframe.NewKey(base[:], packed)
	check(t, err)
	// RFC 9605 section 4.4.2, once more: the attacker needs the AES key itself. With counter 0 the nonce is the salt.
	prk, err := hkdf.Extract(sha512.New, base[:], nil)
	check(t, err)
	label := string(binary.BigEndian.AppendUint64(nil, packed)) + "\x00\x05"
	a.aes, err = hkdf.Expand(sha512.New, prk, "SFrame 1.0 Secret key "+label, 32)
	check(t, err)
	a.nonce, err = hkdf.Expand(sha512.New, prk, "SFrame 1.0 Secret salt "+label, 12)
	check(t, err)
	return a
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Find makes the audience a keyring of sframe's.
func (a audience) Find(sframe.KID) (sframe.Source, sframe.Fault) {
	return sframe.Source{Key: a.key, Franking: a.commits}, 0
}

// TestInvisibleSalamanders makes one frame that opens for two audiences as two different things: SFrame alone lets it pass, and the
// commitment stops it, whosever commitment the attacker puts in.
func TestInvisibleSalamanders(t *testing.T) {
	one, two := newAudience(t, "the secret of one"), newAudience(t, "the secret of the other")
	shown := []byte("what the first audience hears; the last block is up to the attack...............")
	ciphertext := encrypt(t, one, shown)
	what := byte(franking.Describe(franking.Opus, false, franking.Microphone))
	packed, err := kid.Pack()
	check(t, err)
	header := sframe.AppendHeader(nil, packed, 0)

	forge := func(commitment [32]byte) (sealed, trailer []byte) {
		trailer = append(binary.BigEndian.AppendUint64(nil, 1), commitment[:]...)
		trailer = append(trailer, what, 2)
		aad := append(bytes.Clone(header), trailer...)
		body := bytes.Clone(ciphertext)
		tag := collide(takeApart(t, one.aes, one.nonce), takeApart(t, two.aes, two.nonce), aad, body)
		return append(append(bytes.Clone(header), body...), tag...), trailer
	}

	sealed, trailer := forge([32]byte{})
	first, err := one.key.Open(nil, sealed, trailer)
	check(t, err)
	second, err := two.key.Open(nil, sealed, trailer)
	check(t, err)
	if !bytes.Equal(first[:len(first)-16], shown[:len(shown)-16]) || bytes.Equal(first, second) {
		t.Fatalf("the attack does not work: %q and %q", first, second)
	}

	_, c1 := one.commits.Commit(0, 1, what, first)
	_, c2 := two.commits.Commit(0, 1, what, second)
	if c1 == c2 {
		t.Error("both audiences find the same commitment")
	}
	for name, c := range map[string][32]byte{"none": {}, "the first audience's": c1, "the second audience's": c2} {
		sealed, trailer := forge(c)
		for i, a := range []audience{one, two} {
			_, err := sframe.NewReceiver(a, &sframe.Seen{}, true).Open(nil, append(bytes.Clone(sealed), trailer...))
			if !errors.Is(err, sframe.Uncommitted) {
				t.Errorf("commitment %s, audience %d: %v", name, i+1, err)
			}
		}
	}
}

// encrypt is AES-GCM's keystream of the audience, without its tag.
func encrypt(t *testing.T, a audience, plain []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(a.aes)
	check(t, err)
	gcm, err := cipher.NewGCM(block)
	check(t, err)
	return gcm.Seal(nil, a.nonce, plain, nil)[:len(plain)]
}
