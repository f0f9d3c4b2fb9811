package passkey

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// StatementContext is the first line of every statement, and so part of what every challenge hashes.
const StatementContext = "proffer passkey statement v1"

// Statement is what a passkey signs: the challenge is the SHA-256 of its encoding, so the signature is one over exactly this.
//
//	proffer passkey statement v1
//	act decision.approved
//	subject decision/D-XXXXX-XXXXX
//	case C-XXXXX-XXXXX
//	digest <64 hexadecimal digits, or empty>
//	account A-XXXXX-XXXXX
//	time 2026-11-26T10:00:00.123456Z
//	nonce <32 hexadecimal digits>
type Statement struct {
	Act     string    // of the custody log
	Subject string    // kind/id; "" at a sign-in
	Case    string    // "" where it is about none
	Digest  [32]byte  // of what is proposed, approved or made; zero: none
	Account string    // who signs; "" at a sign-in, where the passkey says it
	Time    time.Time // when it was asked for, UTC, in microseconds
	Nonce   [16]byte
}

// NewNonce draws a nonce.
func NewNonce() (n [16]byte) {
	rand.Read(n[:]) // never fails since Go 1.24
	return n
}

const statementTime = "2006-01-02T15:04:05.000000Z"

// Encode writes the statement in its one form.
func (s Statement) Encode() []byte {
	digest := ""
	if s.Digest != [32]byte{} {
		digest = hex.EncodeToString(s.Digest[:])
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nact %s\nsubject %s\ncase %s\ndigest %s\naccount %s\ntime %s\nnonce %x\n", StatementContext, s.Act, s.Subject, s.Case, digest,
		s.Account, s.Time.UTC().Format(statementTime), s.Nonce)
	return b.Bytes()
}

// Challenge is the SHA-256 of the encoding.
func (s Statement) Challenge() [32]byte { return sha256.Sum256(s.Encode()) }

var errStatement = errors.New("not a statement of a passkey")

// ParseStatement reads an encoding; it accepts what Encode writes and nothing else.
func ParseStatement(b []byte) (s Statement, err error) {
	if len(b) > 1024 {
		return s, errStatement
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) != 9 {
		return s, errStatement
	}
	var digest, at, nonce string
	for i, f := range []struct {
		name string
		to   *string
	}{{"act", &s.Act}, {"subject", &s.Subject}, {"case", &s.Case}, {"digest", &digest}, {"account", &s.Account}, {"time", &at}, {"nonce", &nonce}} {
		value, ok := strings.CutPrefix(lines[i+1], f.name+" ")
		if !ok {
			return s, errStatement
		}
		*f.to = value
	}
	if s.Time, err = time.Parse(statementTime, at); err != nil {
		return s, errStatement
	}
	d, derr := hex.DecodeString(digest)
	n, nerr := hex.DecodeString(nonce)
	if derr != nil || nerr != nil || len(d) != 0 && len(d) != len(s.Digest) || len(n) != len(s.Nonce) {
		return s, errStatement
	}
	copy(s.Digest[:], d)
	copy(s.Nonce[:], n)
	if !bytes.Equal(s.Encode(), b) {
		return s, errStatement
	}
	return s, nil
}
