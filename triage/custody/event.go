package custody

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// System is the actor of jobs and clocks.
const System = "system"

// Limits of what a leaf holds, in bytes.
const (
	maxID   = 64
	maxLeaf = 1024
)

// timeLayout writes UTC to the microsecond, which is what PostgreSQL keeps.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Leaf is the part of an event that goes into the tree and is never erased. It holds ids, act, time and a salted hash,
// and never a name, a note, or a raw hash of something short (DESIGN I6).
//
// Its one encoding is text: eight lines, each ended by a line feed (U+000A), with one space between label and value.
//
//	proffer custody v1
//	id <id>                 1 to 64 bytes of A–Z a–z 0–9 . _ -, the first a letter or digit
//	time <time>             2006-01-02T15:04:05.000000Z: UTC, always six digits, year 1970 to 9999
//	act <act>               one of Acts
//	actor <id>              an account's id, or "system"
//	case <id>               or "-" where the event belongs to no case
//	subject <kind>/<id>     kind is 1 to 32 bytes of a–z and _; or "-" where there is no subject
//	detail <64 hex>         Commitment, lower case; there always is one, so that no detail shows as little as a long one
//
// The position in the log is not in the leaf: it is given when the event is
// sequenced, and the tree binds it.
type Leaf struct {
	ID      string    // unique in the log; opaque
	Time    time.Time // whole microseconds; written in UTC
	Act     Act
	Actor   string // account id or System
	Case    string // case id or ""
	Subject string // what was acted upon, such as "exhibit/X-…", or ""

	// Commitment is to the detail, under the event's salt.
	Commitment Commitment
}

// Event is one act: the leaf, and beside it what can be erased.
type Event struct {
	Leaf
	Salt   Salt   // zero once erased
	Detail Detail // nil once erased; NewEvent never leaves it nil
}

// ErrUnknownAct is returned by ParseLeaf for a well-formed leaf whose act this version does not know.
var ErrUnknownAct = errors.New("the entry names an act that this version of Proffer does not know; use a newer one to read it")

var errLeaf = errors.New("this is not a custody log entry in its one canonical form")

// NewEvent makes the event of an act, with a fresh salt. The time is cut to microseconds and kept in UTC. It fails if
// an id or the detail cannot be written in canonical form.
func NewEvent(id string, at time.Time, act Act, actor, caseID, subject string, d Detail) (Event, error) {
	if d == nil {
		d = Detail{}
	}
	e := Event{Salt: NewSalt(), Detail: d}
	c, err := d.Commit(e.Salt)
	if err != nil {
		return Event{}, fmt.Errorf("custody event %s: %w", act, err)
	}
	e.Leaf = Leaf{id, at.UTC().Truncate(time.Microsecond), act, actor, caseID, subject, c}
	if err := e.Leaf.Validate(); err != nil {
		return Event{}, fmt.Errorf("custody event %s: %w", act, err)
	}
	return e, nil
}

// Erased reports whether the detail and its salt are gone. A salt of zeros does not occur otherwise.
func (e Event) Erased() bool { return e.Salt == Salt{} }

// CheckDetail reports whether the stored detail is what the leaf commits to. An erased event passes: there is
// nothing left to check, unless detail was left behind without its salt.
func (e Event) CheckDetail() error {
	if e.Erased() {
		if e.Detail != nil {
			return errors.New("the detail of the entry is there but its salt is not, so it cannot be checked")
		}
		return nil
	}
	return e.Detail.Check(e.Salt, e.Commitment)
}

// Validate reports what keeps the leaf from being written in its canonical form.
func (l Leaf) Validate() error {
	switch {
	case !validID(l.ID):
		return fmt.Errorf("the entry's id %q is not 1 to %d letters, digits, dots, dashes or underscores", l.ID, maxID)
	case l.Time.Nanosecond()%1000 != 0:
		return errors.New("the entry's time is not in whole microseconds")
	case l.Time.UTC().Year() < 1970 || l.Time.UTC().Year() > 9999:
		return errors.New("the entry's time is not between the years 1970 and 9999")
	case !validID(l.Actor):
		return fmt.Errorf("the actor %q is not an id", l.Actor)
	case l.Case != "" && !validID(l.Case):
		return fmt.Errorf("the case %q is not an id", l.Case)
	case l.Subject != "" && !validSubject(l.Subject):
		return fmt.Errorf("the subject %q is not of the form kind/id", l.Subject)
	}
	if _, ok := l.Act.Info(); !ok {
		return fmt.Errorf("%w: %q", ErrUnknownAct, l.Act)
	}
	return nil
}

// Encode writes the leaf in its canonical form.
func (l Leaf) Encode() ([]byte, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 320)
	for _, s := range []string{
		LeafContext, "\nid ", l.ID, "\ntime ", l.Time.UTC().Format(timeLayout), "\nact ", string(l.Act),
		"\nactor ", l.Actor, "\ncase ", orDash(l.Case), "\nsubject ", orDash(l.Subject), "\ndetail ",
	} {
		b = append(b, s...)
	}
	b = hex.AppendEncode(b, l.Commitment[:])
	return append(b, '\n'), nil
}

// RecordHash is the leaf's hash in the tree: SHA-256(0x00 || encoding), RFC 6962 section 2.1.
func (l Leaf) RecordHash() (tlog.Hash, error) {
	b, err := l.Encode()
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.RecordHash(b), nil
}

// ParseLeaf reads a leaf and accepts nothing but the bytes that Encode writes.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) > maxLeaf {
		return Leaf{}, errLeaf
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) != 9 || lines[0] != LeafContext || lines[8] != "" {
		return Leaf{}, errLeaf
	}
	var v [7]string
	for i, label := range []string{"id ", "time ", "act ", "actor ", "case ", "subject ", "detail "} {
		s, ok := strings.CutPrefix(lines[i+1], label)
		if !ok || s == "" {
			return Leaf{}, errLeaf
		}
		v[i] = s
	}
	at, ok := parseTime(v[1])
	sum, err := hex.DecodeString(v[6])
	if !ok || err != nil || len(sum) != len(Commitment{}) {
		return Leaf{}, errLeaf
	}
	l := Leaf{v[0], at, Act(v[2]), v[3], fromDash(v[4]), fromDash(v[5]), Commitment(sum)}
	again, err := l.Encode()
	if errors.Is(err, ErrUnknownAct) && validAct(v[2]) {
		return Leaf{}, err
	}
	if err != nil || string(again) != string(b) {
		return Leaf{}, errLeaf
	}
	return l, nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func fromDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// parseTime reads timeLayout and accepts one spelling only: time.Parse alone would take a comma for the point.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(timeLayout, s)
	return t, err == nil && t.Format(timeLayout) == s && t.Year() >= 1970
}

func validID(s string) bool {
	if s == "" || len(s) > maxID || !isAlnum(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '.' && s[i] != '_' && s[i] != '-' {
			return false
		}
	}
	return true
}

func validSubject(s string) bool {
	kind, id, ok := strings.Cut(s, "/")
	return ok && kind != "" && len(kind) <= 32 && strings.Trim(kind, lowerLetters+"_") == "" && validID(id)
}

func validAct(s string) bool {
	return s != "" && len(s) <= maxID && strings.Trim(s, lowerLetters+"_.") == ""
}

const lowerLetters = "abcdefghijklmnopqrstuvwxyz"

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
