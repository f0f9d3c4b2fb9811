package franking

import (
	"bytes"
	"testing"
	"time"
)

func TestNotary(t *testing.T) {
	old, fresh := [32]byte{1}, [32]byte{2}
	from := Sender{Meeting: "M-3K9QA-77ZPW", Account: "A-1", Device: [32]byte{3}, Join: [32]byte{4}}
	run := Run{Stream: 5, Sequence: 6, First: 7, Commitments: bytes.Repeat([]byte{8}, 96)}
	at := time.Date(2026, 11, 26, 23, 59, 59, 0, time.UTC)
	stamp := NewNotary(old).Stamp(&from, &run, at)
	n := NewNotary(old, fresh) // after a rotation
	key, ok := n.Key(stamp.Key)
	if !ok || !key.Holds(&from, &run, &stamp) {
		t.Fatal("an old stamp does not hold any more")
	}
	if next := n.Stamp(&from, &run, at.Add(2*time.Second)); next.Key == stamp.Key || next.Key>>keyOfDay != 1 || next.Key&(1<<keyOfDay-1) != stamp.Key&(1<<keyOfDay-1)+1 {
		t.Errorf("the next day's stamp by the next secret names key %#x after %#x", next.Key, stamp.Key)
	}
	if _, ok := n.Key(2 << keyOfDay); ok {
		t.Error("there is a key of a generation that is to come")
	}
	for what, change := range map[string]func(s *Sender, r *Run, st *Stamp){
		"meeting":     func(s *Sender, r *Run, st *Stamp) { s.Meeting += "X" },
		"account":     func(s *Sender, r *Run, st *Stamp) { s.Account = "" },
		"device":      func(s *Sender, r *Run, st *Stamp) { s.Device[0]++ },
		"join":        func(s *Sender, r *Run, st *Stamp) { s.Join[0]++ },
		"stream":      func(s *Sender, r *Run, st *Stamp) { r.Stream++ },
		"sequence":    func(s *Sender, r *Run, st *Stamp) { r.Sequence++ },
		"first":       func(s *Sender, r *Run, st *Stamp) { r.First++ },
		"count":       func(s *Sender, r *Run, st *Stamp) { r.Commitments = r.Commitments[:64] },
		"commitments": func(s *Sender, r *Run, st *Stamp) { r.Commitments[0]++ },
		"time":        func(s *Sender, r *Run, st *Stamp) { st.At++ },
		"day":         func(s *Sender, r *Run, st *Stamp) { st.At += 86_400_000 },
		"mac":         func(s *Sender, r *Run, st *Stamp) { st.MAC[31]++ },
	} {
		s, r, st := from, run, stamp
		r.Commitments = bytes.Clone(run.Commitments)
		change(&s, &r, &st)
		if key.Holds(&s, &r, &st) {
			t.Errorf("a stamp holds with another %s", what)
		}
	}
}
