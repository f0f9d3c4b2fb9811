package clip

import (
	"encoding/binary"
	"math"
)

// The part of EBML (RFC 8794) and Matroska (RFC 9559) that the one form of a clip needs. Numbers and sizes are in the fewest bytes.

// Identifiers of elements.
const (
	idEBML            = 0x1A45DFA3
	idEBMLVersion     = 0x4286
	idEBMLReadVersion = 0x42F7
	idEBMLMaxID       = 0x42F2
	idEBMLMaxSize     = 0x42F3
	idDocType         = 0x4282
	idDocTypeVersion  = 0x4287
	idDocTypeRead     = 0x4285
	idSegment         = 0x18538067
	idSeekHead        = 0x114D9B74
	idSeek            = 0x4DBB
	idSeekID          = 0x53AB
	idSeekPosition    = 0x53AC
	idInfo            = 0x1549A966
	idTimestampScale  = 0x2AD7B1
	idMuxingApp       = 0x4D80
	idWritingApp      = 0x5741
	idDuration        = 0x4489
	idTracks          = 0x1654AE6B
	idTrackEntry      = 0xAE
	idTrackNumber     = 0xD7
	idTrackUID        = 0x73C5
	idTrackType       = 0x83
	idFlagLacing      = 0x9C
	idCodecID         = 0x86
	idCodecPrivate    = 0x63A2
	idSeekPreRoll     = 0x56BB
	idVideo           = 0xE0
	idPixelWidth      = 0xB0
	idPixelHeight     = 0xBA
	idAudio           = 0xE1
	idSamplingRate    = 0xB5
	idChannels        = 0x9F
	idCluster         = 0x1F43B675
	idTimestamp       = 0xE7
	idSimpleBlock     = 0xA3
	idCues            = 0x1C53BB6B
	idCuePoint        = 0xBB
	idCueTime         = 0xB3
	idCuePositions    = 0xB7
	idCueTrack        = 0xF7
	idCuePosition     = 0xF1
)

// appendID appends an identifier, which has its length in its first bits.
func appendID(dst []byte, id uint32) []byte { return appendLeast(dst, uint64(id)) }

// appendLeast appends a number in the fewest bytes, at least one.
func appendLeast(dst []byte, n uint64) []byte {
	size := 1
	for size < 8 && n>>(8*size) != 0 {
		size++
	}
	for i := size - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// sizeLength is how many bytes an element's size takes; all ones is kept for unknown sizes (RFC 8794 section 6.2).
func sizeLength(n uint64) int {
	length := 1
	for n >= 1<<(7*length)-1 {
		length++
	}
	return length
}

func appendSize(dst []byte, n uint64) []byte { return appendSizeIn(dst, n, sizeLength(n)) }

// appendSizeIn appends a size in that many bytes.
func appendSizeIn(dst []byte, n uint64, length int) []byte {
	n |= 1 << (7 * length)
	for i := length - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// element appends a whole element.
func element(dst []byte, id uint32, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	dst = appendSize(appendID(dst, id), uint64(n))
	for _, c := range content {
		dst = append(dst, c...)
	}
	return dst
}

func elementUint(dst []byte, id uint32, n uint64) []byte {
	return element(dst, id, appendLeast(nil, n))
}

// elementUint8 has its number in eight bytes, so that its length is known before its value.
func elementUint8(dst []byte, id uint32, n uint64) []byte {
	return element(dst, id, binary.BigEndian.AppendUint64(nil, n))
}

func elementFloat(dst []byte, id uint32, f float64) []byte {
	return element(dst, id, binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
}

func elementText(dst []byte, id uint32, s string) []byte { return element(dst, id, []byte(s)) }
