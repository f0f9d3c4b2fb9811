package sframe

import "encoding/binary"

// A frame, PROTOCOL.md section 6:
//
//	prefix      0, 3 or 10 bytes: the first of the encoded frame, clear
//	header      RFC 9605 section 4.3      \
//	ciphertext  the whole frame            > what Key seals and opens
//	tag         16                        /
//	trailer     time (8) || commitment (32) || what (1) || version of the layout (1)
//
// SFrame's metadata is trailer || prefix.
const (
	maxPrefix   = 10
	timeSize    = 8
	trailerSize = timeSize + 32 + 1 + 1
	version     = 2

	maxCounter = 1 << 48 // counters are below; a stream that has come so far is spent
	maxTime    = 1 << 53 // times are below, so that every implementation can hold them

	// Room is by how much the unused capacity of a buffer must exceed the length of a frame, so that sealing or opening it into that
	// buffer allocates nothing.
	Room = maxHeader + tagSize + trailerSize + nonceSize + maxHeader + trailerSize + 2*maxPrefix
)

// what = codec << 4 | key << 3 | source. media/franking has the words; here it matters only how a frame is cut.
const (
	vp8, vp9, opus, pcmu = 1, 2, 3, 4
	keyBit               = 1 << 3
	sourceBits           = keyBit - 1
	lastSource           = 3
	audioBit             = 1 // sources 1 and 3 are sound
	microphone           = 1
	line                 = 0 // the what of a line of chat
)

// prefixOf tells how many bytes stay clear. ok is false where bits are set that mean nothing, or codec and source do not go together.
func prefixOf(what byte) (n int, ok bool) {
	key, source := what&keyBit != 0, what&sourceBits
	audio := source&audioBit != 0
	switch what >> 4 {
	case vp8:
		if key {
			return 10, source <= lastSource && !audio
		}
		return 3, source <= lastSource && !audio
	case vp9:
		return 0, source <= lastSource && !audio
	case opus:
		return 0, source <= lastSource && audio && !key
	case pcmu:
		return 0, source == microphone && !key
	}
	return 0, what == line
}

// appendMetadata appends trailer || prefix. The trailer itself is the first trailerSize bytes of it.
func appendMetadata(dst []byte, time uint64, commitment *[32]byte, what byte, prefix []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, time)
	dst = append(dst, commitment[:]...)
	return append(append(dst, what, version), prefix...)
}

// parts is a frame that has been cut, and not been believed.
type parts struct {
	prefix, sealed, trailer []byte // sealed: header, ciphertext and tag
	kid                     KID
	counter, time           uint64
	what                    byte
}

// cut takes a frame apart, in the order of the checks of PROTOCOL.md section 6. It accepts one encoding of everything.
func cut(b []byte) (parts, Fault) {
	if len(b) < 1+tagSize+trailerSize {
		return parts{}, Short
	}
	body, trailer := b[:len(b)-trailerSize], b[len(b)-trailerSize:]
	if trailer[trailerSize-1] != version {
		return parts{}, Layout
	}
	p := parts{trailer: trailer, what: trailer[trailerSize-2], time: binary.BigEndian.Uint64(trailer)}
	n, ok := prefixOf(p.what)
	if !ok || p.time >= maxTime {
		return parts{}, Reserved
	}
	if len(body) < n+1+n+tagSize {
		return parts{}, Short
	}
	p.prefix, p.sealed = body[:n], body[n:]
	h, err := ParseHeader(p.sealed)
	if err != nil || h.Counter >= maxCounter {
		return parts{}, BadHeader
	}
	p.kid, p.counter = UnpackKID(h.KID), h.Counter
	if (p.what == line) != (p.kid.Stream == 0) {
		return parts{}, Reserved
	}
	return p, 0
}
