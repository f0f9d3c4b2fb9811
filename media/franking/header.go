package franking

import "crypto/subtle"

// Header is what a commitment says about its frame beside its content:
//
//	hdr = cbor([ meeting, term, epoch, device, J, stream, counter, time, what, length of the plaintext, prefix ])
type Header struct {
	Origin
	Counter uint64
	Time    uint64 // milliseconds, by the sender's clock
	What    What
	Length  int    // of the plaintext, which is the frame without its prefix
	Prefix  []byte // the first bytes of the frame, which travelled clear
}

const headerFields = 11

// appendOrigin appends what is the same in every header of a stream and epoch: the head of the array and six of its fields.
func (o *Origin) appendOrigin(dst []byte) []byte {
	dst = appendHead(dst, majorArray, headerFields)
	dst = appendText(dst, o.Meeting)
	dst = appendUint(dst, uint64(o.Term))
	dst = appendUint(dst, uint64(o.Epoch))
	dst = appendBytes(dst, o.Device[:])
	dst = appendBytes(dst, o.Join[:])
	return appendUint(dst, uint64(o.Stream))
}

func appendFrame(dst []byte, counter, time uint64, what byte, prefix []byte, length int) []byte {
	dst = appendUint(dst, counter)
	dst = appendUint(dst, time)
	dst = appendUint(dst, uint64(what))
	dst = appendUint(dst, uint64(length))
	return appendBytes(dst, prefix)
}

// Append appends the encoded header.
func (h *Header) Append(dst []byte) []byte {
	return appendFrame(h.appendOrigin(dst), h.Counter, h.Time, byte(h.What), h.Prefix, h.Length)
}

// Verifier checks commitments. It keeps buffers from one frame to the next, and is for one goroutine.
type Verifier struct {
	mac *mac
	buf []byte
}

// NewVerifier makes a verifier.
func NewVerifier() *Verifier { return &Verifier{mac: newMAC()} }

// Verify tells whether commitment is that of this header and plaintext, by the frame's opening.
func (v *Verifier) Verify(h *Header, opening, commitment *[32]byte, plaintext []byte) bool {
	if h.Length != len(plaintext) {
		return false
	}
	v.buf = h.Append(v.buf[:0])
	c := v.mac.commit(opening, v.buf, plaintext)
	return subtle.ConstantTimeCompare(c[:], commitment[:]) == 1
}
