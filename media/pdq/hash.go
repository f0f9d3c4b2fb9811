package pdq

import (
	"encoding/hex"
	"errors"
	"math/bits"
)

// Hash is 256 bits, of which half are set but for pictures of one colour. Bit k of the reference is bit k%64 of word k/64.
type Hash [4]uint64

// Thresholds of the reference.
const (
	MatchDistance = 31 // bits of 256: at most so many differ in a match
	MinQuality    = 50 // of 100: below, a hash is not to be matched
)

var errHex = errors.New("pdq: a hash is 64 hexadecimal digits")

// Parse reads a hash as the reference prints it: 64 hexadecimal digits, bit 255 first.
func Parse(s string) (h Hash, err error) {
	var b [32]byte
	if len(s) != hex.EncodedLen(len(b)) {
		return h, errHex
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return h, errHex
	}
	return FromBytes(b), nil
}

// FromBytes reads 32 bytes, bit 255 first.
func FromBytes(b [32]byte) (h Hash) {
	for i, x := range b {
		h[3-i/8] |= uint64(x) << (56 - 8*(i%8))
	}
	return h
}

// Bytes is the hash as 32 bytes, bit 255 first.
func (h Hash) Bytes() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(h[3-i/8] >> (56 - 8*(i%8)))
	}
	return b
}

// String is the hash as the reference prints it.
func (h Hash) String() string { return hex.EncodeToString(h.Bytes()) }

// Distance is in how many of 256 bits two hashes differ.
func (h Hash) Distance(g Hash) int {
	return bits.OnesCount64(h[0]^g[0]) + bits.OnesCount64(h[1]^g[1]) + bits.OnesCount64(h[2]^g[2]) + bits.OnesCount64(h[3]^g[3])
}

// Matches reports whether two pictures are near by the reference's threshold.
func (h Hash) Matches(g Hash) bool { return h.Distance(g) <= MatchDistance }
