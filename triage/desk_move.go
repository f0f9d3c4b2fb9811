package triage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Fields of the forms of a merge and a split.
const (
	FieldOther   = "other"   // the number of the case to merge
	FieldReports = "reports" // those to split off
	FieldReason  = "moved"   // why
)

// Merge moves all reports of another case, with everything that hangs on them, into this one; the other ends as merged into it. Its number,
// notes and history stay. Refused are cases that differ in lane or people, that somebody decided on, or that somebody else works on.
func (d *Desk) Merge(ctx context.Context, a Actor, id, other CaseID, reason string) (m Move, err error) {
	if reason, err = moveReason(reason); err != nil {
		return m, err
	}
	err = d.updateAgain(ctx, func(tx Tx) error {
		into, err := d.arrangeable(ctx, tx, a, id)
		if err != nil {
			return err
		}
		from, err := d.mergeable(ctx, tx, a, into, other)
		if err != nil {
			return err
		}
		rs, err := tx.ReportsOf(ctx, from.ID)
		if err != nil {
			return err
		}
		m = d.newMove(MoveMerge, from.ID, into.ID, a, reason)
		m.Kept.Case, m.Kept.Before = into.ID, into.standing()
		into.absorb(from)
		m.Kept.After = into.standing()
		if err := from.endIn(into.ID); err != nil {
			return err
		}
		if err := d.move(ctx, tx, &m, rs, into, from); err != nil {
			return err
		}
		return d.recordBoth(ctx, tx, m, a, custody.CaseMerged, custody.CaseAbsorbed, custody.Detail{"reason": reason})
	})
	return m, err
}

// Split moves some reports of a case, not all, with everything that hangs on them into a case of their own, which is as urgent.
func (d *Desk) Split(ctx context.Context, a Actor, id CaseID, reports []ReportID, reason string) (m Move, err error) {
	if reason, err = moveReason(reason); err != nil {
		return m, err
	}
	err = d.updateAgain(ctx, func(tx Tx) error {
		c, err := d.arrangeable(ctx, tx, a, id)
		if err != nil {
			return err
		}
		rs, err := tx.ReportsOf(ctx, id)
		if err != nil {
			return err
		}
		going, staying, err := divide(rs, reports)
		if err != nil {
			return err
		}
		fresh := d.splitOff(c, going)
		m = d.newMove(MoveSplit, id, fresh.ID, a, reason)
		m.At = fresh.Opened // packages hold the two against each other
		m.Kept.Case, m.Kept.Before = id, c.standing()
		c.Policy = policyOf(staying, c.Policy)
		m.Kept.After = c.standing()
		if err := tx.InsertCase(ctx, fresh); err != nil {
			return err
		}
		if err := d.move(ctx, tx, &m, going, c); err != nil {
			return err
		}
		return d.recordBoth(ctx, tx, m, a, custody.CaseSplit, custody.CaseOpened, custody.Detail{"reason": reason})
	})
	return m, err
}

// splitOff is the case that some reports of a case go into. Nothing becomes less urgent by it, and what was looked at stays so.
func (d *Desk) splitOff(c Case, rs []Report) Case {
	fresh := Case{ID: CaseID(NewID(prefixCase)), Lane: c.Lane, Policy: policyOf(rs, c.Policy), State: StateQueued, Priority: c.Priority, Reasons: c.Reasons, Queue: c.Queue,
		Placed: c.Placed, Opened: d.now(), Due: c.Due,
		Simulated: c.Simulated, Follows: c.Follows}
	if !c.Looked.IsZero() {
		fresh.Looked = fresh.Opened
	}
	fresh.escalate(c.Escalated)
	return fresh
}

// divide parts the reports of a case into those that go and those that stay, of which both are some.
func divide(rs []Report, going []ReportID) (go_, stay []Report, err error) {
	for _, r := range rs {
		if slices.Contains(going, r.ID) {
			go_ = append(go_, r)
		} else {
			stay = append(stay, r)
		}
	}
	slices.Sort(going)
	switch {
	case len(go_) == 0:
		return nil, nil, fieldError(FieldReports, "Choose the reports that go into a case of their own.")
	case len(go_) != len(slices.Compact(going)):
		return nil, nil, fieldError(FieldReports, "One of these reports is not in this case any more. Look again and choose anew.")
	case len(stay) == 0:
		return nil, nil, fieldError(FieldReports, "At least one report has to stay: the case would be empty.")
	}
	return go_, stay, nil
}

// UndoMove undoes a merge or a split, as long as nobody decided on either case since. The move stays on record.
func (d *Desk) UndoMove(ctx context.Context, a Actor, id MoveID) (m Move, err error) {
	err = d.updateAgain(ctx, func(tx Tx) error {
		var from, into Case
		if m, from, into, err = d.undoable(ctx, tx, a, id); err != nil {
			return err
		}
		rs, err := tx.ReportsOf(ctx, m.Into)
		if err != nil {
			return err
		}
		rs = slices.DeleteFunc(rs, func(r Report) bool { return !slices.Contains(m.Reports, r.ID) })
		if m.Kind == MoveSplit {
			return d.undoSplit(ctx, tx, a, m, rs, from, into)
		}
		return d.undoMerge(ctx, tx, a, m, rs, from, into)
	})
	return m, err
}

func (d *Desk) undoMerge(ctx context.Context, tx Tx, a Actor, m Move, rs []Report, from, into Case) error {
	taken, err := tx.EventsOn(ctx, into.ID, "case/"+string(into.ID), custody.CaseClaimed)
	if err != nil {
		return err
	}
	into.restore(m.Kept, slices.ContainsFunc(taken, func(e LoggedEvent) bool { return e.Time.After(m.At) }))
	from.MergedInto = ""
	if err := from.advance(StepRestore); err != nil {
		return err
	}
	if err := d.moveBack(ctx, tx, a, m, rs, into, from); err != nil {
		return err
	}
	return d.recordBoth(ctx, tx, m, a, custody.CaseRestored, custody.CaseUnmerged, custody.Detail{"undoes": string(m.ID)})
}

// undoSplit ends the case that was split off in the one that it came from.
func (d *Desk) undoSplit(ctx context.Context, tx Tx, a Actor, m Move, rs []Report, from, into Case) error {
	from.restore(m.Kept, true)
	from.absorb(into)
	if err := into.endIn(from.ID); err != nil {
		return err
	}
	if err := d.moveBack(ctx, tx, a, m, rs, into, from); err != nil {
		return err
	}
	return d.recordBoth(ctx, tx, m, a, custody.CaseAbsorbed, custody.CaseMerged, custody.Detail{"undoes": string(m.ID)})
}

// endIn ends a case in another.
func (c *Case) endIn(other CaseID) error {
	c.MergedInto = other
	return c.advance(StepMerge)
}

func (d *Desk) newMove(kind MoveKind, from, into CaseID, a Actor, reason string) Move {
	return Move{ID: MoveID(NewID(prefixMove)), Kind: kind, From: from, Into: into, Reason: reason, By: a.Account, At: d.now()}
}

// move keeps a move of some reports, saves its cases, and moves the reports. The cases come first: whoever did something on one of them
// meanwhile was quicker, and this is tried anew on what is there then.
func (d *Desk) move(ctx context.Context, tx Tx, m *Move, rs []Report, saved ...Case) error {
	if err := saveCases(ctx, tx, saved); err != nil {
		return err
	}
	xs, err := exhibitsOf(ctx, tx, m.From, rs)
	if err != nil {
		return err
	}
	m.Kept.Numbers = map[ExhibitID]int{}
	for _, x := range xs {
		m.Kept.Numbers[x.ID] = x.Number
	}
	for _, r := range rs {
		m.Reports = append(m.Reports, r.ID)
	}
	if err := tx.InsertMove(ctx, *m); err != nil {
		return err
	}
	return d.relocate(ctx, tx, m.By, rs, xs, m.From, m.Into, nil)
}

// moveBack undoes move.
func (d *Desk) moveBack(ctx context.Context, tx Tx, a Actor, m Move, rs []Report, saved ...Case) error {
	if err := saveCases(ctx, tx, saved); err != nil {
		return err
	}
	xs, err := exhibitsOf(ctx, tx, m.Into, rs)
	if err != nil {
		return err
	}
	m.Undone, m.UndoneBy = d.now(), a.Account
	if err := tx.SaveMove(ctx, m); err != nil {
		return err
	}
	return d.relocate(ctx, tx, a.Account, rs, xs, m.Into, m.From, m.Kept.Numbers)
}

// saveCases saves in the order of the numbers, so that of two moves at once one waits for the other.
func saveCases(ctx context.Context, tx Tx, cs []Case) error {
	slices.SortFunc(cs, func(a, b Case) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range cs {
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// exhibitsOf is the exhibits that some reports brought into a case.
func exhibitsOf(ctx context.Context, tx Tx, c CaseID, rs []Report) ([]Exhibit, error) {
	xs, err := tx.ExhibitsOf(ctx, c)
	return slices.DeleteFunc(xs, func(x Exhibit) bool {
		return !slices.ContainsFunc(rs, func(r Report) bool { return r.ID == x.Report })
	}), err
}

// relocate moves reports and their exhibits, which get their numbers of before (was) back where these are free. Each is on record where it went.
func (d *Desk) relocate(ctx context.Context, tx Tx, by account.ID, rs []Report, xs []Exhibit, from, into CaseID, was map[ExhibitID]int) error {
	there, err := tx.ExhibitsOf(ctx, into)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if err := tx.MoveReport(ctx, r, into); err != nil {
			return err
		}
		detail := custody.Detail{"from": string(from), "into": string(into)}
		if err := d.record(ctx, tx, by, entry{custody.ReportMoved, into, "report/" + string(r.ID), detail}); err != nil {
			return err
		}
	}
	for _, x := range renumber(xs, there, was) {
		if err := tx.MoveExhibit(ctx, x, into); err != nil {
			return err
		}
		detail := custody.Detail{"from": string(from), "into": string(into), "number": strconv.Itoa(x.Number)}
		if err := d.record(ctx, tx, by, entry{custody.ExhibitMoved, into, "exhibit/" + string(x.ID), detail}); err != nil {
			return err
		}
	}
	return nil
}

// recordBoth records what became of each of a move's cases, with the other's number. The subject is the move, so that what is in a lane that
// somebody may not know of is kept from them also where the case that an entry belongs to is open to them. A case that was split off is opened.
func (d *Desk) recordBoth(ctx context.Context, tx Tx, m Move, a Actor, from, into custody.Act, detail custody.Detail) error {
	for _, x := range []struct {
		c   CaseID
		act custody.Act
		key string
	}{{m.From, from, "into"}, {m.Into, into, "from"}} {
		said := custody.Detail{x.key: string(m.Other(x.c))}
		for k, v := range detail {
			said[k] = v
		}
		subject, by, at := "move/"+string(m.ID), a.Account, d.now()
		if x.act == custody.CaseOpened {
			subject, at = "case/"+string(x.c), m.At
		}
		if err := d.recordAt(ctx, tx, at, by, entry{x.act, x.c, subject, said}); err != nil {
			return err
		}
	}
	return nil
}

func moveReason(s string) (string, error) {
	s = account.CleanText(s)
	if n := len([]rune(s)); n < 10 || n > MaxNote {
		return s, fieldError(FieldReason, "Say why in 10 to %d characters: it stays with both cases.", MaxNote)
	}
	return s, refuseKey(FieldReason, s)
}

// arrangeable fetches a case that the actor may merge, split, or undo such of.
func (d *Desk) arrangeable(ctx context.Context, tx Tx, a Actor, id CaseID) (Case, error) {
	c, err := loadCase(ctx, tx, a, CaseMerge, id)
	if err != nil {
		return c, err
	}
	return c, d.settledNothing(ctx, tx, c)
}

// settledNothing says why nothing may be moved into or out of a case, if so. A second opinion, a package, an appeal are about a decision, so
// there is none of them where nobody ever decided.
func (d *Desk) settledNothing(ctx context.Context, tx Tx, c Case) error {
	switch c.State {
	case StateQueued, StateClaimed, StateEscalated:
	case StateReceived, StateProcessing:
		return Errorf(Conflict, "Clips of case %s are still being prepared. Wait until it is in the queue.", c.ID)
	case StateMerged:
		return Errorf(Conflict, "Case %s was merged into another one. Open that one, or undo the merge.", c.ID)
	default:
		return Errorf(Conflict, "Case %s is “%s”: what was decided stays as it is, with the reports that it was about.", c.ID, strings.ToLower(c.State.Title()))
	}
	if ds, err := tx.Decisions(ctx, c.ID); err != nil {
		return err
	} else if len(ds) > 0 {
		return Errorf(Conflict, "Somebody decided on case %s: what was decided stays as it is, with the reports that it was about.", c.ID)
	}
	vs, err := tx.Visits(ctx, c.ID)
	if err == nil && slices.ContainsFunc(vs, func(v Visit) bool { return v.Open(d.now()) || v.Waits(d.now()) }) {
		err = Errorf(Conflict, "Staff enter the meeting of case %s, or asked to. Wait until the visit is over, or end it.", c.ID)
	}
	return err
}

// mergeable fetches the other case of a merge. One that the actor may not know of is answered like one that does not exist.
func (d *Desk) mergeable(ctx context.Context, tx Tx, a Actor, into Case, other CaseID) (Case, error) {
	if other == into.ID {
		return Case{}, fieldError(FieldOther, "That is this case. Write the number of the other one.")
	}
	from, err := loadCase(ctx, tx, a, CaseMerge, other)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return from, fieldError(FieldOther, "There is no case under that number that you could merge. Check the number.")
	} else if err != nil {
		return from, err
	}
	if err := d.settledNothing(ctx, tx, from); err != nil {
		return from, err
	}
	return from, alikeEnough(ctx, tx, from, into)
}

// alikeEnough says why two cases cannot become one, if so.
func alikeEnough(ctx context.Context, tx Tx, from, into Case) error {
	switch {
	case from.Lane != into.Lane:
		return fieldError(FieldOther, "The two cases are in different lanes. Move one of them first.")
	case from.Simulated != into.Simulated:
		return fieldError(FieldOther, "One of the two cases is a sample, the other is not.")
	}
	rs, err := tx.ReportsOf(ctx, from.ID)
	if err != nil {
		return err
	}
	own, err := tx.ReportsOf(ctx, into.ID)
	if err != nil {
		return err
	}
	if !samePeople(own, rs) {
		return fieldError(FieldOther, "Nobody is reported in both cases. Cases are merged where they are about the same person.")
	}
	n := 0
	for _, id := range []CaseID{from.ID, into.ID} {
		xs, err := tx.ExhibitsOf(ctx, id)
		if err != nil {
			return err
		}
		n += len(xs)
	}
	if n > maxCaseExhibits {
		return fieldError(FieldOther, "Together they would have %d exhibits; a case takes %d.", n, maxCaseExhibits)
	}
	return nil
}

// undoable fetches a move with its cases, or says why it cannot be undone. A move of a case that the actor may not know of does not exist.
func (d *Desk) undoable(ctx context.Context, tx Tx, a Actor, id MoveID) (m Move, from, into Case, err error) {
	if err = Allow(a, CaseMerge, Target{}); err != nil {
		return m, from, into, err
	}
	var held error
	if m, err = tx.Move(ctx, id); err == nil {
		from, held = loadCase(ctx, tx, a, CaseMerge, m.From)
		into, err = loadCase(ctx, tx, a, CaseMerge, m.Into)
	}
	for _, err := range []error{held, err} { // before it is said that somebody holds the other one
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
			return Move{}, from, into, Errorf(NotFound, "There is nothing here under that number, or it is not yours to see.")
		}
	}
	if err = cmp.Or(err, held); err != nil {
		return m, from, into, err
	}
	return m, from, into, d.stillUndone(ctx, tx, m, from, into)
}

func (d *Desk) stillUndone(ctx context.Context, tx Tx, m Move, from, into Case) error {
	if !m.Undone.IsZero() {
		return Errorf(Conflict, "This was undone already. Reload to see where it stands.")
	}
	if from.Lane != into.Lane {
		return Errorf(Conflict, "The two cases are in different lanes now, so nothing moves between them.")
	}
	if m.Kind == MoveSplit {
		if err := d.settledNothing(ctx, tx, from); err != nil {
			return err
		}
	}
	if err := d.settledNothing(ctx, tx, into); err != nil {
		return err
	}
	rs, err := tx.ReportsOf(ctx, m.Into)
	if err != nil {
		return err
	}
	moved := func(r Report) bool { return slices.Contains(m.Reports, r.ID) }
	joined := slices.ContainsFunc(rs, func(r Report) bool { return !moved(r) })
	rs = slices.DeleteFunc(rs, func(r Report) bool { return !moved(r) })
	switch {
	case len(rs) != len(m.Reports):
		return Errorf(Conflict, "Something changed since then. Where other merges or splits came after it, undo those first.") // not where anything went
	case m.Kind == MoveSplit && joined:
		return Errorf(Conflict, "Another report joined the case that was split off. Merge the two cases instead.")
	}
	return nil
}
