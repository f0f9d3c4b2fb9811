package sframe

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// The header, RFC 9605 section 4.3:
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+------------+------------+
//	|X|  K  |Y|  C  |   KID...   |   CTR...   |
//	+-+-+-+-+-+-+-+-+------------+------------+
//
// X = 0: K is the key identifier. X = 1: the key identifier follows in K+1 bytes. Y, C and the counter likewise.
const (
	maxHeader = 1 + 8 + 8 // config byte, KID, CTR
	extended  = 0b1000    // X or Y, beside the three bits of K or C
)

// Header is what an SFrame header says.
type Header struct {
	KID     uint64
	Counter uint64
	Size    int // bytes that the header takes
}

var (
	errHeaderShort = errors.New("sframe: the header is cut off")
	errHeaderLong  = errors.New("sframe: the header is longer than its values need")
)

// AppendHeader appends the one encoding of a header.
func AppendHeader(dst []byte, kid, counter uint64) []byte {
	k, kidBytes := field(kid)
	c, counterBytes := field(counter)
	dst = append(dst, k<<4|c)
	dst = appendLast(dst, kid, kidBytes)
	return appendLast(dst, counter, counterBytes)
}

// field gives the four bits that stand for a value in the config byte, and how many bytes follow for it.
func field(v uint64) (nibble byte, size int) {
	if v < extended {
		return byte(v), 0
	}
	size = (bits.Len64(v) + 7) / 8 // section 4.3: the least number of bytes
	return extended | byte(size-1), size
}

func appendLast(dst []byte, v uint64, size int) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return append(dst, b[8-size:]...)
}

// ParseHeader reads the header at the start of a frame. It accepts what AppendHeader makes and nothing else.
func ParseHeader(b []byte) (Header, error) {
	if len(b) == 0 {
		return Header{}, errHeaderShort
	}
	kid, rest, err := parseField(b[0]>>4, b[1:])
	if err != nil {
		return Header{}, err
	}
	counter, rest, err := parseField(b[0]&0x0f, rest)
	if err != nil {
		return Header{}, err
	}
	return Header{KID: kid, Counter: counter, Size: len(b) - len(rest)}, nil
}

func parseField(nibble byte, b []byte) (v uint64, rest []byte, err error) {
	if nibble < extended {
		return uint64(nibble), b, nil
	}
	size := int(nibble&^extended) + 1
	if len(b) < size {
		return 0, nil, errHeaderShort
	}
	for _, x := range b[:size] {
		v = v<<8 | uint64(x)
	}
	if _, least := field(v); least != size { // section 4.3: the least number of bytes
		return 0, nil, errHeaderLong
	}
	return v, b[size:], nil
}
