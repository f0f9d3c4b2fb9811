package export

import (
	"fmt"
	"strings"
)

// Mark says what one line of a verdict found.
type Mark int

// The marks.
const (
	Holds   Mark = iota + 1 // it was checked and holds
	Fails                   // it was checked and does not hold
	Unknown                 // it could not be checked with what is at hand
	Remark                  // not a finding: something the reader should know
)

// Line is one finding in words.
type Line struct {
	Mark Mark
	Text string
}

// Verdict is what a verification found, for people.
type Verdict struct {
	What        string // what was looked at, such as "law-enforcement package"
	Number      string // of the package, once it is read
	Signer      string // name of the key that signed the package, once that is known to hold
	Lines       []Line
	Holds       bool // nothing fails
	SignerKnown bool // it is signed by a key that came from outside
}

// ExitCode is 0 if all holds and the signer is known, 2 if all holds but the signer is not known, and 1 otherwise.
func (v *Verdict) ExitCode() int {
	switch {
	case !v.Holds:
		return 1
	case !v.SignerKnown:
		return 2
	}
	return 0
}

// String is the verdict for a terminal. What was read from the file is shown without control characters.
func (v *Verdict) String() string {
	var b strings.Builder
	for _, l := range v.Lines {
		mark := map[Mark]string{Holds: "holds  ", Fails: "FAILS  ", Unknown: "unknown", Remark: "note   "}[l.Mark]
		fmt.Fprintf(&b, "%s  %s\n", mark, plain(l.Text))
	}
	switch v.ExitCode() {
	case 0:
		fmt.Fprintf(&b, "\nEverything holds: this %s is genuine and unchanged.\n", plain(v.name()))
	case 1:
		fmt.Fprintf(&b, "\nThis %s does NOT hold. Do not rely on it; get it again from the platform.\n", v.What)
	default:
		fmt.Fprintf(&b, "\nConsistent, signer unknown: this %s fits together, but anyone could have made it. "+
			"Get PLATFORM.pub from the platform itself and run again with --key PLATFORM.pub.\n", v.What)
	}
	return b.String()
}

// name is what was looked at, with its number and who signed it.
func (v *Verdict) name() string {
	name := v.What
	if v.Number != "" {
		name += " " + v.Number
	}
	if v.Signer != "" {
		name += ", signed by " + v.Signer + ","
	}
	return name
}

// plain takes out what could move a terminal's cursor or turn text around.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || invisible(r) {
			return '�'
		}
		return r
	}, s)
}

func (v *Verdict) holds(format string, args ...any) { v.line(Holds, format, args...) }

func (v *Verdict) fails(format string, args ...any) {
	v.Holds = false
	v.line(Fails, format, args...)
}

func (v *Verdict) unknown(format string, args ...any) { v.line(Unknown, format, args...) }
func (v *Verdict) remark(format string, args ...any)  { v.line(Remark, format, args...) }

// Limits of what a verdict says, whatever a hostile file makes it say: bytes of a line, and lines of one list.
const (
	maxLine = 2000
	maxList = 100
)

func (v *Verdict) line(m Mark, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "…"
	}
	v.Lines = append(v.Lines, Line{m, text})
}

// check adds a line that holds if nothing is wrong, and one for each thing that is.
func (v *Verdict) check(wrong []string, format string, args ...any) bool {
	if len(wrong) == 0 {
		v.holds(format, args...)
		return true
	}
	for _, w := range wrong[:min(len(wrong), maxList)] {
		v.fails("%s", sentence(w))
	}
	if n := len(wrong) - maxList; n > 0 {
		v.remark("There is more that does not hold: %d findings are not shown.", n)
	}
	return false
}

// sentence makes a message a sentence.
func sentence(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' && !strings.HasPrefix(s, "data/") && !strings.Contains(strings.SplitN(s, " ", 2)[0], ".") {
		s = upper(s)
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
