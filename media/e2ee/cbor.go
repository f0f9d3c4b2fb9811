package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/text/unicode/norm"
)

// Limits of §1, §3 and §4.
const (
	maxMessage    = 64 << 10
	maxKeys       = 2 << 20
	maxName       = 100
	maxMembers    = 1000
	maxSuccessors = 16
	maxIndex      = 1<<12 - 1
	maxTerm       = 1<<12 - 1
	maxEpoch      = 1<<24 - 1
	maxStream     = 1<<16 - 1
	maxInteger    = 1<<53 - 1
	maxLine       = 4000
)

var (
	encoding = encodingMode()
	decoding = decodingMode()
)

// encodingMode is core deterministic encoding (RFC 8949, section 4.2.1) without null: an empty string or array is one.
func encodingMode() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	m, err := o.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}

func decodingMode() cbor.DecMode {
	m, err := cbor.DecOptions{IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, MaxNestedLevels: 5,
		MaxArrayElements: 4 * maxMembers}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// encode gives the one encoding of a value that this package made.
func encode(v any) []byte {
	b, err := encoding.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("e2ee: %T does not encode: %v", v, err)) // our own types always do
	}
	return b
}

// body is an array whose first element is its kind.
type body interface {
	// meta gives the field that holds the kind, and what it must hold.
	meta() (field *string, kind string)
	// check holds the values against the page; form alone has been checked.
	check() error
}

// marshal encodes a body under its kind.
func marshal(b body) []byte {
	field, kind := b.meta()
	*field = kind
	return encode(b)
}

// unmarshal reads a body and refuses every input that does not re-encode to itself (§1).
func unmarshal(data []byte, b body) error {
	if err := strict(data, limit(b), b); err != nil {
		return err
	}
	if field, kind := b.meta(); *field != kind {
		return fmt.Errorf("e2ee: this is a %.20q and not a %q", *field, kind)
	}
	return b.check()
}

// limit is the most bytes that a body may have; an entry and a post may carry keys.
func limit(b body) int {
	switch b.(type) {
	case *Keys:
		return maxKeys
	case *Entry, *Post:
		return maxKeys + 64
	}
	return maxMessage
}

func strict(data []byte, limit int, v any) error {
	if len(data) > limit {
		return errors.New("e2ee: the message is longer than the protocol allows")
	}
	if err := decoding.Unmarshal(data, v); err != nil {
		return fmt.Errorf("e2ee: not a message of the protocol: %w", err)
	}
	if !bytes.Equal(encode(v), data) {
		return errors.New("e2ee: the message is not in its one deterministic encoding")
	}
	return nil
}

var errInteger = errors.New("e2ee: an integer is out of its range")

// between checks integers against a range; all must be in it.
func between(low, high uint64, values ...uint64) error {
	for _, v := range values {
		if v < low || v > high {
			return errInteger
		}
	}
	return nil
}

// whole checks times and counters: below 2^53 (§1).
func whole(values ...uint64) error { return between(0, maxInteger, values...) }

// text checks words that people see: UTF-8 in normal form C, at most max characters, no control characters.
func text(s string, max int) error {
	switch {
	case !utf8.ValidString(s) || !norm.NFC.IsNormalString(s):
		return errors.New("e2ee: a text is not UTF-8 in normal form C")
	case utf8.RuneCountInString(s) > max:
		return errors.New("e2ee: a text is too long")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("e2ee: a text has control characters")
	}
	return nil
}

// words checks what people write to each other: text that may have several lines.
func words(s string, max int) error {
	return text(strings.NewReplacer("\n", " ", "\t", " ").Replace(s), max)
}

// meetingNumber checks a meeting's number: 1 to 64 bytes of visible ASCII would do, the page allows any text (§1).
func meetingNumber(s string) error {
	if len(s) < 1 || len(s) > 64 {
		return errors.New("e2ee: a meeting's number has 1 to 64 bytes")
	}
	return text(s, 64)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
