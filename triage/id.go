package triage

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
)

// crockford is Crockford's base 32: no I, L, O or U, so that an identifier can be read out over a telephone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Prefixes of identifiers. A number never counts upwards: gaps in a sequence would tell everyone how many cases the
// child-safety lane holds (DESIGN I10).
const (
	prefixAccount       = "A"
	prefixRecovery      = "B"
	prefixCase          = "C"
	prefixMove          = "CM"
	prefixDecision      = "D"
	prefixEvent         = "E"
	prefixEnforcement   = "F"
	prefixSignature     = "G"
	prefixOverride      = "H"
	prefixVerification  = "J"
	prefixPasskey       = "K"
	prefixVisit         = "L"
	prefixMeeting       = "M"
	prefixNote          = "N"
	prefixOrg           = "O"
	prefixPackage       = "P"
	prefixMute          = "Q"
	prefixReport        = "R"
	prefixMessage       = "S"
	prefixToken         = "T"
	prefixUpload        = "U"
	prefixRecording     = "V"
	prefixPerson        = "W"
	prefixExhibit       = "X"
	prefixRecordingFile = "Y"
	prefixOpinion       = "Z"
	prefixQueue         = "QU" // the letters are used up
	prefixRule          = "RU"
	prefixView          = "VW"
	prefixBulk          = "BU"
)

// NewID draws an identifier with 50 random bits: prefix, dash, and two groups of five Crockford characters.
func NewID(prefix string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	n := binary.BigEndian.Uint64(b[:])
	out := make([]byte, 0, len(prefix)+12)
	out = append(out, prefix...)
	for i := range 10 {
		if i%5 == 0 {
			out = append(out, '-')
		}
		out = append(out, crockford[n&31])
		n >>= 5
	}
	return string(out)
}

// ParseID accepts an identifier as people type it (any case, O for 0, I and L for 1, without dashes) and returns its
// one canonical form, or false if it is none with that prefix.
func ParseID(prefix, s string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	s = strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(s), "-", ""))
	s, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) != 10 {
		return "", false
	}
	s = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(s)
	if strings.Trim(s, crockford) != "" {
		return "", false
	}
	return prefix + "-" + s[:5] + "-" + s[5:], true
}
