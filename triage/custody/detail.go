package custody

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a detail.
const (
	maxDetailKey   = 40       // bytes of a key
	maxDetailBytes = 64 << 10 // bytes of the canonical form
)

// Detail is what happened in words and values: names, notes, reasons, hashes of clips, addresses. It is the sensitive
// part of an event, stored beside the leaf and erased with its salt when retention ends.
//
// Keys are 1 to 40 bytes of a–z, 0–9 and _. Values are UTF-8 text without U+0000 (which PostgreSQL cannot keep).
type Detail map[string]string

// Salt keys the commitment of one event's detail. It is drawn afresh for each event and erased with the detail. Its
// length is fixed, since HMAC treats a key and the same key with zeros after it alike.
type Salt [32]byte

// NewSalt draws a salt.
func NewSalt() Salt {
	var s Salt
	rand.Read(s[:]) // never fails since Go 1.24
	return s
}

// Commitment is HMAC-SHA256(salt, DetailContext || "\n" || canonical detail).
type Commitment [sha256.Size]byte

// String is the commitment in lower-case hex.
func (c Commitment) String() string { return hex.EncodeToString(c[:]) }

// ErrDetailChanged means that a detail is not what its leaf commits to.
var ErrDetailChanged = errors.New("the detail of the entry was changed: it does not fit the hash in the log")

// Commit computes the commitment of the detail under a salt.
func (d Detail) Commit(s Salt) (Commitment, error) {
	b, err := d.Canonical()
	if err != nil {
		return Commitment{}, err
	}
	m := hmac.New(sha256.New, s[:])
	m.Write([]byte(DetailContext + "\n"))
	m.Write(b)
	return Commitment(m.Sum(nil)), nil
}

// Check returns nil if the detail under the salt is what c commits to, else ErrDetailChanged.
func (d Detail) Check(s Salt, c Commitment) error {
	got, err := d.Commit(s)
	if err != nil || !hmac.Equal(got[:], c[:]) {
		return ErrDetailChanged
	}
	return nil
}

// Canonical writes the detail as one JSON object of strings, by the JSON Canonicalization Scheme (RFC 8785): no space,
// keys sorted, and only what must be escaped is escaped. A nil and an empty detail are both "{}".
func (d Detail) Canonical() ([]byte, error) {
	b := []byte{'{'}
	for i, k := range slices.Sorted(maps.Keys(d)) {
		if k == "" || len(k) > maxDetailKey || strings.Trim(k, lowerLetters+"0123456789_") != "" {
			return nil, fmt.Errorf("the detail's key %q is not 1 to %d small letters, digits or underscores", k, maxDetailKey)
		}
		if v := d[k]; !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return nil, fmt.Errorf("the detail %q is not text", k)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, k)
		b = append(b, ':')
		b = appendJSON(b, d[k])
	}
	b = append(b, '}')
	if len(b) > maxDetailBytes {
		return nil, fmt.Errorf("the detail takes %d bytes; %d fit", len(b), maxDetailBytes)
	}
	return b, nil
}

// ParseDetail reads a detail and accepts nothing but the bytes that Canonical writes.
func ParseDetail(b []byte) (Detail, error) {
	errForm := errors.New("this is not the detail of a custody log entry in its one canonical form")
	if len(b) > maxDetailBytes || len(b) == 0 || b[0] != '{' {
		return nil, errForm
	}
	d := Detail{}
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, errForm
	}
	if again, err := d.Canonical(); err != nil || string(again) != string(b) {
		return nil, errForm
	}
	return d, nil
}

// appendJSON writes a string as RFC 8785 section 3.2.2.2 says.
func appendJSON(b []byte, s string) []byte {
	const special, letters = "\"\\\b\t\n\f\r", `"\btnfr`
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		if j := strings.IndexByte(special, c); j >= 0 {
			b = append(b, '\\', letters[j])
		} else if c < 0x20 {
			b = fmt.Appendf(b, `\u%04x`, c)
		} else {
			b = append(b, c)
		}
	}
	return append(b, '"')
}
