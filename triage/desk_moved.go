package triage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/custody"
)

// MoveView is a move as the page of one of its cases shows it.
type MoveView struct {
	Move
	MayUndo bool   // by their role
	Held    string // why the actor cannot undo it, in words; "" where they can
}

// Mergeable is a case that could be merged into another.
type Mergeable struct {
	Case
	People      []string // reported in both
	SameMeeting bool
	Reports     int
}

// Limits of suggestions: how many are shown, and how many cases on the same people are looked at for them.
const (
	maxMergeable = 5
	maxLookedAt  = 20
)

// openCases are the states of the cases in which reports may move.
var openCases = []State{StateQueued, StateClaimed, StateEscalated}

// viewMoves adds what moved in and out of the case, what could be merged into it, and where it ended, and takes out the events that would
// tell of a case that the actor may not open. It needs the view's reports and events.
func (d *Desk) viewMoves(ctx context.Context, tx Tx, a Actor, v *CaseView) error {
	ms, err := tx.MovesOf(ctx, v.Case.ID)
	if err != nil {
		return err
	}
	k := openable{ctx: ctx, tx: tx, a: a, cases: map[CaseID]bool{v.Case.ID: true}}
	for _, m := range ms {
		if open, err := k.open(m.Other(v.Case.ID)); err != nil {
			return err
		} else if !open {
			continue
		}
		if m.Reports, err = k.reports(m.Reports); err != nil {
			return err
		}
		m.Kept = Kept{} // tells of what lies elsewhere by now
		v.Moves = append(v.Moves, MoveView{m, Can(a, CaseMerge, Target{Lane: v.Case.Lane}), d.heldBack(ctx, tx, a, m)})
	}
	if len(ms) > 0 {
		if v.Events, err = k.events(v.Events); err != nil {
			return err
		}
	}
	if v.Case.State == StateMerged {
		v.MergedInto = v.Case.MergedInto
		return nil
	}
	return d.viewMergeable(ctx, tx, a, v)
}

// heldBack says why the actor cannot undo a move.
func (d *Desk) heldBack(ctx context.Context, tx Tx, a Actor, m Move) string {
	var said *Error
	if _, _, _, err := d.undoable(ctx, tx, a, m.ID); errors.As(err, &said) {
		return said.Msg
	} else if err != nil {
		return "It cannot be undone now."
	}
	return ""
}

// openable remembers which cases an actor may open.
type openable struct {
	ctx   context.Context
	tx    Tx
	a     Actor
	cases map[CaseID]bool
}

func (k openable) open(c CaseID) (bool, error) {
	open, asked := k.cases[c]
	if asked {
		return open, nil
	}
	open, err := mayRead(k.ctx, k.tx, k.a, c)
	k.cases[c] = open
	return open, err
}

// reports is those of some reports that lie in cases that the actor may open.
func (k openable) reports(ids []ReportID) (out []ReportID, err error) {
	for _, id := range ids {
		r, err := k.tx.Report(k.ctx, id)
		if err != nil {
			return nil, err
		}
		if open, err := k.open(r.Case); err != nil {
			return nil, err
		} else if open {
			out = append(out, id)
		}
	}
	return out, nil
}

// events is those that tell of no case that the actor may not open: neither by number, nor by what lies in it now.
func (k openable) events(es []LoggedEvent) (out []LoggedEvent, err error) {
	subjects := map[string]bool{}
	for _, e := range es {
		open, asked := subjects[e.Subject]
		if !asked {
			if open, err = k.subject(e.Subject); err != nil {
				return nil, err
			}
			subjects[e.Subject] = open
		}
		for _, key := range []string{"from", "into"} {
			if other, ok := ParseID(prefixCase, e.Detail[key]); ok && open {
				if open, err = k.open(CaseID(other)); err != nil {
					return nil, err
				}
			}
		}
		if open {
			out = append(out, e)
		}
	}
	return out, nil
}

// subject reports whether the actor may know of what an event is about, as it lies now.
func (k openable) subject(s string) (bool, error) {
	of, err := casesOf(k.ctx, k.tx, s)
	for _, c := range of {
		if open, err := k.open(c); err != nil || !open {
			return false, err
		}
	}
	return err == nil, err
}

// casesOf is the cases in which the report or exhibit of an event's subject lies now, or between which a move was; none for other subjects.
func casesOf(ctx context.Context, tx Tx, subject string) (of []CaseID, err error) {
	kind, id, _ := strings.Cut(subject, "/")
	switch kind {
	case "report":
		r, err := tx.Report(ctx, ReportID(id))
		return []CaseID{r.Case}, err
	case "exhibit":
		x, err := tx.Exhibit(ctx, ExhibitID(id))
		return []CaseID{x.Case}, err
	case "move":
		m, err := tx.Move(ctx, MoveID(id))
		return []CaseID{m.From, m.Into}, err
	}
	return nil, nil
}

// viewMergeable finds the open cases of the same lane about the same people, those of the same meeting first.
func (d *Desk) viewMergeable(ctx context.Context, tx Tx, a Actor, v *CaseView) error {
	v.CanMerge = Can(a, CaseMerge, v.On) && slices.Contains(openCases, v.Case.State) && len(v.Decisions) == 0
	if !v.CanMerge {
		return nil
	}
	seen := map[CaseID]bool{v.Case.ID: true}
	for _, p := range v.People {
		rs, err := tx.ReportsOn(ctx, p, v.Case.ID, []Lane{v.Case.Lane}, 50)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if seen[r.Case] || !slices.Contains(openCases, r.State) || len(seen) > maxLookedAt {
				continue
			}
			seen[r.Case] = true
			m, ok, err := d.suggested(ctx, tx, a, v, r.Case)
			if err != nil {
				return err
			}
			if ok {
				v.Mergeable = append(v.Mergeable, m)
			}
		}
	}
	slices.SortFunc(v.Mergeable, func(x, y Mergeable) int {
		switch {
		case x.SameMeeting && !y.SameMeeting:
			return -1
		case y.SameMeeting && !x.SameMeeting:
			return 1
		}
		return cmp.Or(y.Opened.Compare(x.Opened), cmp.Compare(x.ID, y.ID))
	})
	v.Mergeable = v.Mergeable[:min(len(v.Mergeable), maxMergeable)]
	return nil
}

func (d *Desk) suggested(ctx context.Context, tx Tx, a Actor, v *CaseView, id CaseID) (m Mergeable, ok bool, err error) {
	var refused FieldErrors
	var said *Error
	if m.Case, err = d.mergeable(ctx, tx, a, v.Case, id); errors.As(err, &refused) || errors.As(err, &said) && said.Kind == Conflict {
		return m, false, nil
	} else if err != nil {
		return m, false, err
	}
	rs, err := tx.ReportsOf(ctx, id)
	m.Reports = len(rs)
	for _, r := range rs {
		m.SameMeeting = m.SameMeeting || r.Meeting != "" && slices.ContainsFunc(v.Reports, func(o Report) bool { return o.Meeting == r.Meeting })
		for _, p := range r.People {
			if samePeople([]Report{{People: []Person{p}}}, v.Reports) && !slices.Contains(m.People, p.Name) {
				m.People = append(m.People, p.Name)
			}
		}
	}
	return m, true, err
}

// notesOf is the notes of a case and of those that were merged into it, oldest first: they stay with the case that they were written on.
func notesOf(ctx context.Context, tx Tx, c CaseID) ([]Note, error) {
	ns, err := tx.Notes(ctx, c)
	if err != nil {
		return nil, err
	}
	merged, err := tx.MergedInto(ctx, c)
	if err != nil || len(merged) == 0 {
		return ns, err
	}
	for _, m := range merged {
		more, err := notesOf(ctx, tx, m.ID)
		if err != nil {
			return nil, err
		}
		ns = append(ns, more...)
	}
	slices.SortStableFunc(ns, func(a, b Note) int { return a.At.Compare(b.At) })
	return ns, nil
}

// takeMergedAlong moves the cases that were merged into a case into its lane: their pages say where they ended (DESIGN I10).
func (d *Desk) takeMergedAlong(ctx context.Context, tx Tx, a Actor, c Case) error {
	merged, err := tx.MergedInto(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, m := range merged {
		if m.Lane == c.Lane {
			continue
		}
		m.Lane, m.Queue, m.Placed = c.Lane, "", false // a queue is of one lane
		if err := tx.SaveCase(ctx, m); err != nil {
			return err
		}
		if err := d.record(ctx, tx, a.Account, entry{custody.CaseMoved, m.ID, "case/" + string(m.ID), custody.Detail{"lane": string(m.Lane), "with": string(c.ID)}}); err != nil {
			return err
		}
		if err := d.takeMergedAlong(ctx, tx, a, m); err != nil {
			return err
		}
	}
	return nil
}
