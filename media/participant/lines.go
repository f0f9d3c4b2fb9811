package participant

import (
	"bytes"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// Limits of the lines that wait for their stamps (PROTOCOL.md section 15).
const (
	lineTime  = time.Second // how long a line waits
	mostLines = 500         // how many do
)

// LineID is a line's place among what its sender wrote.
type LineID struct {
	From    e2ee.J
	Counter uint64
}

// waitingLines is the lines of chat that were opened and that the notary has not vouched for: a line that everybody has read and no report can prove
// would be worth writing. It is for one goroutine.
type waitingLines struct {
	tell    func(Event)
	watches map[e2ee.J]*franking.Watch
	waiting map[LineID]*waitingLine
	order   []LineID // of arrival; those that wait no longer, too
}

type waitingLine struct {
	Line
	since time.Time
	late  bool // told as withheld
}

func newWaitingLines(tell func(Event)) *waitingLines {
	return &waitingLines{tell: tell, watches: map[e2ee.J]*franking.Watch{}, waiting: map[LineID]*waitingLine{}}
}

// add takes a line that was opened. Its stamp may have come already.
func (w *waitingLines) add(l Line, commitment [32]byte, now time.Time) {
	w.waiting[l.LineID] = &waitingLine{Line: l, since: now}
	w.order = append(w.order, l.LineID)
	w.watch(l.From).Frame(l.Counter, l.Time, commitment, now)
	w.tick(now)
}

// stamped takes the stamps of a sender's lines.
func (w *waitingLines) stamped(m *e2ee.Stamped) {
	for i := range m.Runs {
		if r := &m.Runs[i].Run; r.Stream == 0 {
			w.watch(m.J).Stamped(r, m.At)
		}
	}
}

// resumed says that another control session has begun.
func (w *waitingLines) resumed() {
	for _, x := range w.watches {
		x.Resumed()
	}
}

// tick tells of what has waited long enough, and forgets the oldest of too many.
func (w *waitingLines) tick(now time.Time) {
	for len(w.order) > 0 && (w.waiting[w.order[0]] == nil || len(w.order) > mostLines) {
		if x := w.waiting[w.order[0]]; x != nil {
			w.late(x, franking.Overdue)
			delete(w.waiting, w.order[0])
		}
		w.order = w.order[1:]
	}
	for _, id := range w.order {
		if x := w.waiting[id]; x != nil && now.Sub(x.since) > lineTime {
			w.late(x, franking.Overdue)
		}
	}
}

// close tells of all that is left: no stamp can come any more.
func (w *waitingLines) close() {
	for _, id := range w.order {
		if x := w.waiting[id]; x != nil {
			w.late(x, franking.Overdue)
		}
	}
}

// late tells of a line that has no good stamp.
func (w *waitingLines) late(x *waitingLine, why franking.Standing) {
	if x.late {
		return
	}
	x.late, x.Standing = true, why
	w.tell(x.Line)
}

func (w *waitingLines) watch(j e2ee.J) *franking.Watch {
	if w.watches[j] == nil {
		w.watches[j] = &franking.Watch{Judged: func(counter uint64, s franking.Standing) { w.judged(LineID{j, counter}, s) }}
	}
	return w.watches[j]
}

// judged hears what a stamp says of a line.
func (w *waitingLines) judged(id LineID, s franking.Standing) {
	x := w.waiting[id]
	if x == nil {
		return
	}
	delete(w.waiting, id)
	switch {
	case s != franking.Proven:
		w.late(x, s)
	case x.late:
		w.tell(LineProven{id})
	default:
		x.Standing = s
		w.tell(x.Line)
	}
}

// line opens a line of chat. What does not open is left out and counted, and so is an own line that the server gives back (PROTOCOL.md
// section 8), under whatever name.
func (p *Participant) line(m *e2ee.LineFrom) {
	me := p.member.J()
	l, f, err := p.chat.open(m.J, m.Frame)
	switch {
	case err != nil:
		p.member.Dropped["line"]++
		p.log.Info("a line of chat was refused", "err", err)
		return
	case m.J == me:
		p.member.Dropped["line: own"]++
		return
	}
	if len(l.To) > 0 && !bytes.Equal(l.To, me[:]) {
		return
	}
	p.stamps.wrote(clip.Received{Join: f.Join, What: franking.What(f.What), Stream: f.Stream, Term: f.Term, Epoch: f.Epoch,
		Counter: f.Counter, Time: f.Time, Data: f.Data, Opening: f.Opening, Commitment: f.Commitment})
	p.lines.add(Line{LineID: LineID{m.J, f.Counter}, Name: withCertificate(p.member, Person{J: m.J}).Name, Text: l.Text, Mine: len(l.To) > 0,
		Time: f.Time}, f.Commitment, time.Now())
}

// wrote keeps a line in the ring.
func (s *stamps) wrote(f clip.Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring != nil {
		s.ring.Add(f, time.Now())
	}
}
