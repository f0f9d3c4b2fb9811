package clip

import (
	"errors"
	"unicode/utf8"
)

// reader reads deterministic CBOR (RFC 8949 section 4.2.1) and nothing else: heads in the fewest bytes, no tags, no indefinite lengths. A proof has
// thousands of frames, and a decoder for any type takes as long as hashing the clip; what this one accepts has one encoding by itself.
// After the first error every read gives zeros.
type reader struct {
	b   []byte
	err error
}

const (
	majorUint   = 0
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	simpleFalse = 7<<5 | 20
	simpleTrue  = 7<<5 | 21
)

var errWire = errors.New("clip: not in the deterministic encoding of the protocol")

func (r *reader) fail() { r.b, r.err = nil, errWire }

// head reads the head of an item of a major type.
func (r *reader) head(major byte) uint64 {
	if len(r.b) == 0 || r.b[0]>>5 != major {
		r.fail()
		return 0
	}
	info := r.b[0] & 0x1f
	r.b = r.b[1:]
	if info < 24 {
		return uint64(info)
	}
	size := 1 << (info - 24)
	if info > 27 || len(r.b) < size {
		r.fail()
		return 0
	}
	var n uint64
	for _, b := range r.b[:size] {
		n = n<<8 | uint64(b)
	}
	r.b = r.b[size:]
	if size == 1 && n < 24 || size > 1 && n>>(4*size) == 0 { // it would have been shorter
		r.fail()
		return 0
	}
	return n
}

// uint reads a number of at most max.
func (r *reader) uint(max uint64) uint64 {
	n := r.head(majorUint)
	if n > max {
		r.fail()
		return 0
	}
	return n
}

// maxTime bounds times and counters (PROTOCOL.md section 1).
const maxTime = 1<<53 - 1

// array reads the head of an array of exactly n items.
func (r *reader) array(n int) {
	if r.head(majorArray) != uint64(n) {
		r.fail()
	}
}

// items reads the head of an array of at most max items, each of which takes at least one byte.
func (r *reader) items(max int) int {
	n := r.head(majorArray)
	if n > uint64(max) || n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

// bytes reads a byte string; it is a part of what is read.
func (r *reader) bytes() []byte { return r.string(majorBytes) }

func (r *reader) string(major byte) []byte {
	n := r.head(major)
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// text reads UTF-8.
func (r *reader) text() string {
	b := r.string(majorText)
	if !utf8.Valid(b) {
		r.fail()
		return ""
	}
	return string(b)
}

// fixed reads a byte string of exactly len(into) bytes.
func (r *reader) fixed(into []byte) {
	b := r.bytes()
	if len(b) != len(into) {
		r.fail()
		return
	}
	copy(into, b)
}

func (r *reader) bool() bool {
	if len(r.b) == 0 || r.b[0] != simpleFalse && r.b[0] != simpleTrue {
		r.fail()
		return false
	}
	t := r.b[0] == simpleTrue
	r.b = r.b[1:]
	return t
}

// end gives the error, also where something is left.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail()
	}
	return r.err
}
