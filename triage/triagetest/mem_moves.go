package triagetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/proffer/proffer/triage"
)

func (t *tx) InsertMove(_ context.Context, m triage.Move) error {
	if err := t.write("InsertMove"); err != nil {
		return err
	}
	if err := t.movable(m); err != nil {
		return err
	}
	if slices.ContainsFunc(t.moves, func(o triage.Move) bool { return o.ID == m.ID }) {
		return conflict()
	}
	t.moves = append(t.moves, copyOf(m))
	return nil
}

// movable is what the database's trigger refuses.
func (t *tx) movable(m triage.Move) error {
	from, into := t.cases[m.From], t.cases[m.Into]
	decided := false
	for _, d := range t.decisions {
		decided = decided || d.Case == m.From || d.Case == m.Into
	}
	if from.ID == "" || into.ID == "" || from.ID == into.ID || len(m.Reports) == 0 || from.Lane != into.Lane || from.Simulated != into.Simulated || decided {
		return fmt.Errorf("nothing moves between the cases %s and %s", m.From, m.Into)
	}
	return nil
}

func (t *tx) moveAt(id triage.MoveID) int {
	return slices.IndexFunc(t.moves, func(m triage.Move) bool { return m.ID == id })
}

func (t *tx) Move(_ context.Context, id triage.MoveID) (triage.Move, error) {
	i := t.moveAt(id)
	if i < 0 {
		return triage.Move{}, missing()
	}
	return copyOf(t.moves[i]), nil
}

func (t *tx) SaveMove(_ context.Context, m triage.Move) error {
	if err := t.write("SaveMove"); err != nil {
		return err
	}
	i := t.moveAt(m.ID)
	if i < 0 {
		return missing()
	}
	old := copyOf(t.moves[i])
	if old.Version != m.Version {
		return conflict()
	}
	if !old.Undone.IsZero() {
		return fmt.Errorf("move %s was undone already", m.ID)
	}
	if err := t.movable(old); err != nil {
		return err
	}
	old.Undone, old.UndoneBy, old.Version = m.Undone, m.UndoneBy, m.Version+1
	t.moves[i] = copyOf(old)
	return nil
}

func (t *tx) MovesOf(_ context.Context, c triage.CaseID) (out []triage.Move, _ error) {
	for _, m := range t.moves {
		if m.From == c || m.Into == c {
			out = append(out, copyOf(m))
		}
	}
	return out, nil
}

func (t *tx) MergedInto(_ context.Context, c triage.CaseID) ([]triage.Case, error) {
	return find(t.cases, func(x triage.Case) bool { return x.MergedInto == c }, func(a, b triage.Case) int { return cmp.Compare(a.ID, b.ID) }, 0), nil
}

func (t *tx) MoveReport(_ context.Context, r triage.Report, into triage.CaseID) error {
	if err := t.write("MoveReport"); err != nil {
		return err
	}
	old, err := guarded(t.reports, r.ID, func(r triage.Report) int { return r.Version }, r.Version)
	if err != nil {
		return err
	}
	last := triage.Move{}
	for _, m := range t.moves {
		if slices.Contains(m.Reports, r.ID) {
			last = m
		}
	}
	if !last.Undone.IsZero() {
		last.From, last.Into = last.Into, last.From
	}
	if last.From != old.Case || last.Into != into {
		return fmt.Errorf("no move on record takes report %s from case %s to %s", r.ID, old.Case, into)
	}
	old.Case = into
	old.Version++
	t.reports[r.ID] = copyOf(old)
	return nil
}

func (t *tx) MoveExhibit(_ context.Context, x triage.Exhibit, into triage.CaseID) error {
	if err := t.write("MoveExhibit"); err != nil {
		return err
	}
	old, err := guarded(t.exhibits, x.ID, func(x triage.Exhibit) int { return x.Version }, x.Version)
	if err != nil {
		return err
	}
	if t.reports[x.Report].Case != into {
		return fmt.Errorf("exhibit %s would be in another case than its report", x.ID)
	}
	for _, y := range t.exhibits {
		if y.Case == into && y.Number == x.Number {
			return conflict()
		}
	}
	old.Case, old.Number = into, x.Number
	old.Version++
	t.exhibits[x.ID] = copyOf(old)
	return nil
}

// wasIn reports whether a report moved into or out of a case once.
func (t *tx) wasIn(r triage.ReportID, c triage.CaseID) bool {
	return slices.ContainsFunc(t.moves, func(m triage.Move) bool { return (m.From == c || m.Into == c) && slices.Contains(m.Reports, r) })
}
