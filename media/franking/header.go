package franking

import "crypto/subtle"

// Header is what a commitment says about its frame beside its content.
type Header struct {
	Origin
	Counter uint64
	Time    uint64 // milliseconds, by the sender's clock
	What    What
}

// Verifier checks commitments. It keeps buffers from one frame to the next, and is for one goroutine.
type Verifier struct {
	origin Origin
	sum    sum
}

// NewVerifier makes a verifier.
func NewVerifier() *Verifier {
	v := &Verifier{sum: newSum()}
	v.sum.of(&v.origin)
	return v
}

// Verify tells whether commitment is that of this header and frame, by the frame's opening.
func (v *Verifier) Verify(h *Header, opening, commitment *[32]byte, frame []byte) bool {
	if v.origin != h.Origin {
		v.origin = h.Origin
		v.sum.of(&h.Origin)
	}
	c := v.sum.commit(opening, h.Counter, h.Time, byte(h.What), frame)
	return subtle.ConstantTimeCompare(c[:], commitment[:]) == 1
}
