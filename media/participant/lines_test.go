package participant

import (
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// TestWaitingLines holds that a line is told of once it is stamped, that what is stamped too late, as something else or never is told of as such, and
// that a stamp which comes in the end is told of, too.
func TestWaitingLines(t *testing.T) {
	var told []Event
	j := e2ee.J{1}
	w := newWaitingLines(func(e Event) { told = append(told, e) })
	begin := time.UnixMilli(1_800_000_000_000)
	at := func(d time.Duration) (time.Time, uint64) { x := begin.Add(d); return x, uint64(x.UnixMilli()) }
	write := func(counter uint64, since time.Duration) Line {
		now, ms := at(since)
		l := Line{LineID: LineID{j, counter}, Text: "line", Time: ms}
		w.add(l, [32]byte{byte(counter)}, now)
		return l
	}
	stamp := func(counter uint64, commitment byte, since time.Duration) {
		_, ms := at(since)
		w.stamped(&e2ee.Stamped{J: j, At: ms, Runs: []e2ee.StampedRun{{Run: franking.Run{Sequence: counter, First: counter, Commitments: append([]byte{commitment}, make([]byte, 31)...)}}}})
	}
	expect := func(what string, want ...Event) {
		t.Helper()
		if !slices.Equal(told, want) {
			t.Errorf("%s: told is %+v, want %+v", what, told, want)
		}
		told = nil
	}
	tick := func(since time.Duration) { now, _ := at(since); w.tick(now) }
	as := func(l Line, s franking.Standing) Line { l.Standing = s; return l }

	l := write(0, 0)
	expect("before its stamp")
	stamp(0, 0, 100*time.Millisecond)
	expect("with its stamp", as(l, franking.Proven))

	l = write(1, time.Second)
	tick(1900 * time.Millisecond)
	expect("under a second")
	tick(2100 * time.Millisecond)
	tick(2200 * time.Millisecond)
	expect("over a second", as(l, franking.Overdue))
	stamp(1, 1, 2300*time.Millisecond)
	expect("a late stamp", LineProven{l.LineID})

	l = write(2, 3*time.Second)
	stamp(2, 2, 9*time.Second)
	expect("another time", as(l, franking.OutOfTime))
	stamp(3, 3, 10*time.Second)
	l = write(3, 10*time.Second)
	expect("a stamp before its line", as(l, franking.Proven))
	l = write(4, 10*time.Second)
	stamp(4, 99, 10*time.Second)
	expect("another commitment", as(l, franking.Conflicting))
	l = write(5, 10*time.Second)
	stamp(5, 5, 10*time.Second)
	expect("for good", as(l, franking.Conflicting))

	for i := range uint64(2 * mostLines) {
		write(10+i, 11*time.Second)
	}
	if len(told) < mostLines || len(w.waiting) > mostLines+1 || len(w.order) > mostLines+1 {
		t.Errorf("a flood: %d told, %d wait, %d are remembered", len(told), len(w.waiting), len(w.order))
	}
	told = nil
	w.close()
	if len(told) == 0 || len(told) > mostLines+1 {
		t.Errorf("%d are told of at the end", len(told))
	}
}
