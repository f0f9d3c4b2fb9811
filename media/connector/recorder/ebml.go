package recorder

import (
	"encoding/binary"
	"math"
)

// The elements that are written (RFC 8794, RFC 9559), by their identifiers.
const (
	idEBML           = 0x1A45DFA3
	idEBMLVersion    = 0x4286
	idEBMLRead       = 0x42F7
	idEBMLMaxID      = 0x42F2
	idEBMLMaxSize    = 0x42F3
	idDocType        = 0x4282
	idDocTypeVersion = 0x4287
	idDocTypeRead    = 0x4285
	idSegment        = 0x18538067
	idInfo           = 0x1549A966
	idTimestampScale = 0x2AD7B1
	idDateUTC        = 0x4461
	idMuxingApp      = 0x4D80
	idWritingApp     = 0x5741
	idTracks         = 0x1654AE6B
	idTrackEntry     = 0xAE
	idTrackNumber    = 0xD7
	idTrackUID       = 0x73C5
	idTrackType      = 0x83
	idFlagLacing     = 0x9C
	idCodecID        = 0x86
	idCodecPrivate   = 0x63A2
	idSeekPreRoll    = 0x56BB
	idVideo          = 0xE0
	idPixelWidth     = 0xB0
	idPixelHeight    = 0xBA
	idAudio          = 0xE1
	idSampling       = 0xB5
	idChannels       = 0x9F
	idBitDepth       = 0x6264
	idCluster        = 0x1F43B675
	idTimestamp      = 0xE7
	idSimpleBlock    = 0xA3
)

// unknownSize is the size of a segment whose end is not known yet (RFC 8794, section 6.2).
var unknownSize = []byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// appendID appends an identifier, which has its length in it.
func appendID(b []byte, id uint32) []byte {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], id)
	n := 0
	for four[n] == 0 {
		n++
	}
	return append(b, four[n:]...)
}

// appendSize appends a size in as few bytes as it takes (RFC 8794, section 4).
func appendSize(b []byte, n uint64) []byte {
	width := 1
	for n >= 1<<(7*width)-1 { // all ones is the unknown size
		width++
	}
	v := n | 1<<(7*width)
	for i := width - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// element is an element with its content.
func element(id uint32, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	b := appendSize(appendID(make([]byte, 0, n+12), id), uint64(n))
	for _, c := range content {
		b = append(b, c...)
	}
	return b
}

func number(id uint32, n uint64) []byte {
	width := 1
	for n>>(8*width) > 0 && width < 8 {
		width++
	}
	var eight [8]byte
	binary.BigEndian.PutUint64(eight[:], n)
	return element(id, eight[8-width:])
}

func text(id uint32, s string) []byte { return element(id, []byte(s)) }

func float(id uint32, f float64) []byte {
	return element(id, binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
}
