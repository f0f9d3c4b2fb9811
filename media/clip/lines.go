package clip

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/proffer/proffer/media/franking"
)

// Limits of a file of lines (PROTOCOL.md section 18).
const (
	MaxLines   = 10_000 // of one sender
	maxSenders = 1000
	maxText    = 4000 // characters of a line
)

// Lines is what was written in a meeting's chat: a file of its own, beside a clip or without one, which opens the commitments of the lines.
//
//	lines = [ "lines", meeting, reporter: bstr, senders: [ 1* sender ], made: time ]
type Lines struct {
	_        struct{} `cbor:",toarray"`
	Kind     string
	Meeting  string
	Reporter []byte // the message of the reporter's join
	Senders  []SenderLines
	Made     uint64 // milliseconds
}

const kindLines = "lines"

// SenderLines is what one sender wrote.
//
//	sender = [ sender: bstr, lines: [ 1* line ], runs: [ * stamp ] ]
type SenderLines struct {
	_      struct{} `cbor:",toarray"`
	Sender []byte   // the message of the sender's join
	Lines  []ProofLine
	Runs   []StampedRun
}

// ProofLine is one line.
//
//	line = [ counter: uint, time, term: uint, epoch: uint, text: bstr, opening: bstr .size 32 ]
type ProofLine struct {
	_       struct{} `cbor:",toarray"`
	Counter uint64
	Time    uint64
	Term    uint16
	Epoch   uint32
	Text    []byte // the plaintext of section 8, which Words reads
	Opening [32]byte
}

// Words reads the plaintext of a line of chat (PROTOCOL.md section 8). to is empty for a line to everyone, or the J of whom alone it is for.
//
//	[ "line", text: tstr, to: bstr ]
func Words(plaintext []byte) (text string, to []byte, err error) {
	r := &reader{b: plaintext}
	r.array(3)
	kind := r.text()
	text, to = r.text(), r.bytes()
	if err := r.end(); err != nil {
		return "", nil, err
	}
	control := func(c rune) bool { return unicode.Is(unicode.Cc, c) && c != '\n' && c != '\t' }
	if kind != "line" || len(to) != 0 && len(to) != 32 || utf8.RuneCountInString(text) > maxText || !norm.NFC.IsNormalString(text) ||
		strings.ContainsFunc(text, control) {
		return "", nil, errors.New("clip: this is no line of chat")
	}
	return text, to, nil
}

// Sign encodes the lines and signs them with the device of the reporter's join, by sign(toSign).
func (l *Lines) Sign(device [32]byte, sign func([]byte) [64]byte) []byte {
	l.Kind = kindLines
	return seal(encode(l), device, sign)
}

// openLines reads a file of lines, checks its limits and gives the device that signed it.
func openLines(data []byte) (l *Lines, device [32]byte, err error) {
	body, device, err := openSigned(data)
	if err != nil {
		return nil, device, err
	}
	if l, err = decodeLines(body); err != nil {
		return nil, device, err
	}
	return l, device, l.check()
}

func decodeLines(body []byte) (*Lines, error) {
	r, l := &reader{b: body}, new(Lines)
	r.array(5)
	l.Kind, l.Meeting, l.Reporter = r.text(), r.text(), r.bytes()
	l.Senders = make([]SenderLines, r.items(maxSenders))
	for i := range l.Senders {
		s := &l.Senders[i]
		r.array(3)
		s.Sender = r.bytes()
		s.Lines = make([]ProofLine, r.items(MaxLines))
		for j := range s.Lines {
			r.line(&s.Lines[j])
		}
		s.Runs = r.runs()
	}
	l.Made = r.uint(maxTime)
	return l, r.end()
}

func (r *reader) line(l *ProofLine) {
	r.array(6)
	l.Counter, l.Time = r.uint(1<<48-1), r.uint(maxTime)
	l.Term, l.Epoch, l.Text = uint16(r.uint(1<<12-1)), uint32(r.uint(1<<24-1)), r.bytes()
	r.fixed(l.Opening[:])
}

func (l *Lines) check() error {
	if l.Kind != kindLines || len(l.Meeting) < 1 || len(l.Meeting) > 64 || len(l.Senders) < 1 {
		return errors.New("clip: this is no file of lines")
	}
	for i := range l.Senders {
		if err := l.Senders[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *SenderLines) check() error {
	if len(s.Lines) < 1 {
		return errors.New("clip: each sender in a file of lines has one")
	}
	for i := range s.Lines {
		if i > 0 && s.Lines[i].Counter <= s.Lines[i-1].Counter {
			return errors.New("clip: the lines of a sender are not in their order")
		}
		if _, _, err := Words(s.Lines[i].Text); err != nil {
			return err
		}
	}
	return checkRuns(s.Runs)
}

// Writer is somebody whose lines are reported.
type Writer struct {
	Join    [32]byte // J
	Message []byte   // of the join
}

// MakeLines makes the file of what writers wrote from a time to another (theirs, in milliseconds). p.Sender is not looked at. Who wrote nothing then
// is left out; ErrNothing: nobody did.
func (f *Frozen) MakeLines(writers []Writer, from, to uint64, p Parties) ([]byte, error) {
	l := &Lines{Meeting: p.Meeting, Reporter: p.Reporter, Made: p.Now}
	for _, w := range writers {
		if picked := f.written(w.Join, from, to); len(picked) > 0 {
			l.Senders = append(l.Senders, f.lines(w, picked))
		}
	}
	if len(l.Senders) == 0 {
		return nil, ErrNothing
	}
	return l.Sign(p.Device, p.Sign), nil
}

// written takes the lines of a sender from a time to another, in the order of their counters.
func (f *Frozen) written(join [32]byte, from, to uint64) []*Received {
	fs := slices.Clone(f.tracks[trackKey{join, chat}])
	fs = slices.DeleteFunc(fs, func(x *Received) bool {
		_, _, err := Words(x.Data)
		return err != nil || x.Time < from || x.Time > to || f.conflicts(join, x)
	})
	slices.SortFunc(fs, func(a, b *Received) int { return cmp.Compare(a.Counter, b.Counter) })
	return f.trim(join, fs)
}

func (f *Frozen) lines(w Writer, picked []*Received) SenderLines {
	s := SenderLines{Sender: w.Message, Runs: f.covering(w.Join, picked)}
	for _, x := range picked {
		s.Lines = append(s.Lines, ProofLine{Counter: x.Counter, Time: x.Time, Term: x.Term, Epoch: x.Epoch, Text: x.Data, Opening: x.Opening})
	}
	return s
}

// LinesVerdict is what was found about a file of lines. It is kept as JSON.
type LinesVerdict struct {
	Grade    Grade         `json:"grade"`
	Meeting  string        `json:"meeting,omitempty"`
	Reporter Member        `json:"reporter,omitzero"`
	Senders  []Member      `json:"senders,omitempty"`
	Lines    []LineVerdict `json:"lines,omitempty"` // in the order of their times
	Findings []Finding     `json:"findings,omitempty"`
}

// LineVerdict is what was found about one line. Only of a verified one it is known that its sender wrote it.
type LineVerdict struct {
	Sender  int    `json:"sender"` // its place in LinesVerdict.Senders
	Time    uint64 `json:"time"`   // the sender's, in milliseconds
	Text    string `json:"text"`
	To      string `json:"to,omitempty"`      // J, in hexadecimal, of whom alone it was for
	State   State  `json:"state"`             // StateVerified, StateUnstamped, StateLate or StateContradicted
	Missing uint64 `json:"missing,omitempty"` // how many lines between the sender's one before and this one are not in the file
}

// VerifyLines holds a file of lines against its stamps (PROTOCOL.md section 18). An error is the platform's: nothing was found out.
func VerifyLines(data []byte, p Platform) (LinesVerdict, error) {
	v := &linesVerifier{verifier: verifier{Platform: p, commitments: franking.NewVerifier(), keys: map[uint64]franking.NotaryKey{}}}
	l, signer, err := openLines(data)
	if err != nil {
		v.contradict("The file of lines cannot be used: %s.", reason(err))
		return v.linesVerdict(), nil
	}
	v.lines, v.signer, v.found.Meeting = l, signer, l.Meeting
	v.people()
	if err := v.presence(); err != nil {
		return LinesVerdict{}, err
	}
	for i := range l.Senders {
		v.sender(i)
	}
	return v.linesVerdict(), nil
}

// linesVerifier is the verification of one file of lines.
type linesVerifier struct {
	verifier
	lines *Lines
	found LinesVerdict
}

// people looks at who reports whom.
func (v *linesVerifier) people() {
	v.found.Reporter = v.reporter(v.lines.Reporter, v.lines.Meeting)
	for i := range v.lines.Senders {
		m, err := openSender(v.lines.Senders[i].Sender, v.lines.Meeting, v.Identity)
		switch {
		case err != nil:
			v.contradict("The file of lines does not say who is reported: %s.", reason(err))
		case slices.ContainsFunc(v.found.Senders, func(o Member) bool { return o.Join == m.Join }):
			v.contradict("The file of lines has a sender twice.")
		}
		v.found.Senders = append(v.found.Senders, m)
	}
}

// presence asks the platform for everyone over the times of the lines.
func (v *linesVerifier) presence() error {
	if v.Present == nil || len(v.out.Findings) > 0 {
		return nil
	}
	first, last := uint64(maxTime), uint64(0)
	for i := range v.lines.Senders {
		from, to := v.lines.Senders[i].span()
		if err := v.present(v.found.Senders[i], from, to); err != nil {
			return err
		}
		first, last = min(first, from), max(last, to)
	}
	return v.present(v.found.Reporter, first, last)
}

// span gives the first and the last time of the lines.
func (s *SenderLines) span() (first, last uint64) {
	first = maxTime
	for i := range s.Lines {
		first, last = min(first, s.Lines[i].Time), max(last, s.Lines[i].Time)
	}
	return first, last
}

// sender holds the lines of one sender against their stamps.
func (v *linesVerifier) sender(i int) {
	s, m := &v.lines.Senders[i], &v.found.Senders[i]
	c := trackCheck{streams: map[uint16]*stream{}}
	v.takeRuns(&c, &franking.Sender{Meeting: v.lines.Meeting, Account: m.Account, Device: m.Device, Join: m.Join}, s.Runs)
	wrong, back := 0, false
	for j := range s.Lines {
		l := &s.Lines[j]
		text, to, _ := Words(l.Text) // it was read before
		out := LineVerdict{Sender: i, Time: l.Time, Text: text, To: hex.EncodeToString(to), State: v.line(l, m, c.streams[0])}
		if j > 0 {
			out.Missing = l.Counter - s.Lines[j-1].Counter - 1
			back = back || l.Time <= s.Lines[j-1].Time
		}
		if out.State == StateContradicted {
			wrong++
		}
		v.found.Lines = append(v.found.Lines, out)
	}
	if wrong > 0 {
		v.contradict("%d of %d lines are not what their sender committed to.", wrong, len(s.Lines))
	}
	if back {
		v.note(Finding{AgainstSender, "The times of the lines go back while their numbers rise."})
	}
}

// line holds a line against its commitment.
func (v *linesVerifier) line(l *ProofLine, m *Member, s *stream) State {
	h := franking.Header{Origin: franking.Origin{Meeting: v.lines.Meeting, Term: l.Term, Epoch: l.Epoch, Device: m.Device, Join: m.Join},
		Counter: l.Counter, Time: l.Time}
	return v.state(s, &h, &l.Opening, l.Text)
}

func (v *linesVerifier) linesVerdict() LinesVerdict {
	out := v.found
	out.Findings = v.out.Findings
	slices.SortStableFunc(out.Lines, func(a, b LineVerdict) int { return cmp.Compare(a.Time, b.Time) })
	verified := 0
	for _, l := range out.Lines {
		if l.State == StateVerified {
			verified++
		}
	}
	against := slices.ContainsFunc(out.Findings, func(f Finding) bool { return f.Against == AgainstClip })
	switch {
	case against:
		out.Grade = Contradicted
	case verified == 0:
		out.Grade = Unverified
	case verified == len(out.Lines):
		out.Grade = Verified
	default:
		out.Grade = Partly
	}
	return out
}
