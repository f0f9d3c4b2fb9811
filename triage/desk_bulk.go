package triage

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// BulkView is a bulk with what the actor may see of its cases.
type BulkView struct {
	Bulk
	Rows []BulkRow
	Undo bool // something of it can be undone still
}

// BulkRow is one case of a bulk.
type BulkRow struct {
	BulkItem
	Known  bool // the actor may see the case; otherwise nothing but its number is shown
	Policy PolicyID
	State  State
	People []Person
}

// PlanBulk makes the preview of a bulk: what would be done to which case, and which are left out and why.
func (d *Desk) PlanBulk(ctx context.Context, a Actor, b Bulk, cases []CaseID) (Bulk, error) {
	if err := Allow(a, BulkDecide, Target{}); err != nil {
		return b, err
	}
	b = Bulk{ID: BulkID(NewID(prefixBulk)), By: a.Account, Policy: b.Policy, Action: b.Action, Severity: b.Severity, Reasons: b.Reasons, Made: d.now()}
	for _, id := range cases {
		if !slices.ContainsFunc(b.Items, func(x BulkItem) bool { return x.Case == id }) {
			b.Items = append(b.Items, BulkItem{Case: id})
		}
	}
	if err := b.check(); err != nil {
		return b, err
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		for i := range b.Items {
			at := &b.Items[i]
			c, rs, err := d.fits(ctx, tx, a, b, at.Case)
			if at.Outcome, at.Why, at.Basis = BulkPlanned, "", ""; err == nil {
				at.Basis = basis(c, rs)
			} else if why, ok := leftOut(err); ok {
				at.Outcome, at.Why = BulkLeftOut, why
			} else {
				return err
			}
		}
		return tx.InsertBulk(ctx, b)
	})
	return b, err
}

// leftOut is why a case is not in a bulk, in words; false where something failed.
func leftOut(err error) (why string, ok bool) {
	switch KindOf(err) {
	case Invalid, NotFound, Forbidden, Conflict:
		var e *Error
		errors.As(err, &e)
		return e.Msg, true
	}
	return "", false
}

// fits fetches a case that a bulk can decide now, or says why it cannot.
func (d *Desk) fits(ctx context.Context, tx Tx, a Actor, b Bulk, id CaseID) (c Case, rs []Report, err error) {
	c, on, err := openCase(ctx, tx, a, CaseClaim, id)
	if err != nil {
		return c, nil, err
	}
	if !Can(a, BulkDecide, Target{Lane: c.Lane}) {
		return c, nil, Errorf(Forbidden, "Child-safety cases are never decided in bulk.")
	}
	if err := d.undecided(ctx, tx, a, c); err != nil {
		return c, nil, err
	}
	if c.Policy != b.Policy {
		return c, nil, Errorf(Conflict, "It was reported as “%s”.", c.Policy.Title())
	}
	if err := d.wanted(ctx, tx, a, c); err != nil {
		return c, nil, err
	}
	if rs, err = tx.ReportsOf(ctx, id); err != nil {
		return c, nil, err
	}
	fs := b.findings(peopleOf(rs))
	if err := validateFindings(fs, peopleOf(rs), c.Lane); err != nil {
		return c, nil, err
	}
	if severe, err := d.severe(ctx, tx, a, Decision{Findings: fs}, rs); err != nil || severe {
		return c, nil, cmpErr(err, Errorf(Conflict, "It needs a second person."))
	}
	return c, rs, d.lookedAt(ctx, tx, a, on, b, c)
}

// undecided says why a case cannot be decided by the actor right now, as far as its state goes.
func (d *Desk) undecided(ctx context.Context, tx Tx, a Actor, c Case) error {
	switch {
	case c.State.Settled():
		return Errorf(Conflict, "It is decided already.")
	case c.State == StateAwaiting:
		return Errorf(Conflict, "A severe decision on it waits for a second person.")
	case c.State == StateReceived || c.State == StateProcessing:
		return Errorf(Conflict, "Its clips are still being prepared.")
	case c.Escalated:
		return Errorf(Conflict, "It was escalated: somebody has to decide it by itself.")
	case c.State == StateClaimed && c.Claimant != a.Account && !c.Free(d.now()):
		names, err := tx.Names(ctx, []account.ID{c.Claimant})
		return cmpErr(err, Errorf(Conflict, "%s holds it.", names[c.Claimant]))
	}
	ds, err := tx.Decisions(ctx, c.ID)
	if err == nil && slices.ContainsFunc(ds, func(x Decision) bool { return x.State == DecisionInForce }) {
		return Errorf(Conflict, "It was decided before and taken up again: a new decision replaces that one, so take it by itself.")
	}
	return err
}

// lookedAt asks that the actor has opened the case, where a bulk demands it.
func (d *Desk) lookedAt(ctx context.Context, tx Tx, a Actor, on Target, b Bulk, c Case) error {
	if !b.looks() {
		return nil
	}
	es, err := tx.EventsOn(ctx, c.ID, "case/"+string(c.ID), custody.CaseRead)
	if err != nil || slices.ContainsFunc(es, func(e LoggedEvent) bool { return e.Actor == string(a.Account) }) {
		return err
	}
	if why := d.withinBudget(ctx, tx, a, c.Policy); errors.Is(why, ErrForbidden) {
		return Errorf(Forbidden, "You have not opened it, and your time for clips like its own is spent for this shift.")
	} else if why != nil {
		return why
	}
	return Errorf(Conflict, "You have not opened it: look at it first.")
}

// OpenBulk shows a bulk to whoever made it.
func (d *Desk) OpenBulk(ctx context.Context, a Actor, id BulkID) (v BulkView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		b, err := openBulk(ctx, tx, a, id)
		if err != nil {
			return err
		}
		v = BulkView{Bulk: b, Undo: b.Count(BulkDecided) > 0 && d.now().Before(b.Confirmed.Add(UndoTime))}
		for _, x := range b.Items {
			row, err := bulkRow(ctx, tx, a, x)
			if err != nil {
				return err
			}
			v.Rows = append(v.Rows, row)
		}
		return nil
	})
	return v, err
}

func openBulk(ctx context.Context, tx Tx, a Actor, id BulkID) (Bulk, error) {
	b, err := tx.Bulk(ctx, id)
	if err != nil {
		return b, err
	}
	return b, Allow(a, BulkDecide, Target{Owner: b.By})
}

func bulkRow(ctx context.Context, tx Tx, a Actor, x BulkItem) (row BulkRow, err error) {
	row.BulkItem = x
	c, err := loadCase(ctx, tx, a, QueueRead, x.Case)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return row, nil
	} else if err != nil {
		return row, err
	}
	rs, err := tx.ReportsOf(ctx, c.ID)
	row.Known, row.Policy, row.State, row.People = true, c.Policy, c.State, peopleOf(rs)
	return row, err
}

// PreviewBulk lists cases that were chosen, before anything is said about them.
func (d *Desk) PreviewBulk(ctx context.Context, a Actor, cases []CaseID) (rows []BulkRow, err error) {
	if err := Allow(a, BulkDecide, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		rows = nil
		for _, id := range cases[:min(len(cases), MaxBulk)] {
			row, err := bulkRow(ctx, tx, a, BulkItem{Case: id})
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

// ConfirmBulk decides the cases of a preview, each in a transaction of its own. It can be repeated after an interruption, and by
// two presses at once: no case is decided twice.
func (d *Desk) ConfirmBulk(ctx context.Context, a Actor, id BulkID) error {
	var b Bulk
	err := d.updateAgain(ctx, func(tx Tx) (err error) {
		if b, err = openBulk(ctx, tx, a, id); err != nil || !b.Confirmed.IsZero() {
			return err
		}
		if !d.now().Before(b.Made.Add(BulkLife)) {
			return Errorf(Invalid, "This preview is older than an hour, and much may have changed. Select the cases again.")
		}
		b.Confirmed = d.now()
		if err := tx.SaveBulk(ctx, b); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, b.Confirmed, a.Account, entry{custody.BulkConfirmed, "", "bulk/" + string(id),
			custody.Detail{"cases": strconv.Itoa(b.Count(BulkPlanned)), "action": string(b.Action), "policy": string(b.Policy)}})
	})
	if err != nil {
		return err
	}
	for _, x := range b.Items {
		if x.Outcome != BulkPlanned {
			continue
		}
		err := d.Store.Update(ctx, func(tx Tx) error { return d.bulkOne(ctx, tx, a, b, x) })
		if err := d.leaveOut(ctx, b.ID, x, err); err != nil {
			return err
		}
	}
	return nil
}

// bulkOne decides one case of a bulk, as its person would: claim, then decide.
func (d *Desk) bulkOne(ctx context.Context, tx Tx, a Actor, b Bulk, x BulkItem) error {
	x.Outcome, x.Decision = BulkDecided, DecisionID(NewID(prefixDecision))
	if err := tx.SaveBulkItem(ctx, b.ID, BulkPlanned, x); err != nil {
		return err
	}
	c, rs, err := d.fits(ctx, tx, a, b, x.Case)
	if err != nil {
		return err
	}
	if basis(c, rs) != x.Basis {
		return Errorf(Conflict, "It has changed since the preview.")
	}
	if !c.HeldBy(a.Account, d.now()) {
		if err := d.claim(ctx, tx, a, &c); err != nil {
			return err
		}
	}
	var dec Decision
	c, rs, severe, err := d.draft(ctx, tx, a, x.Case, b.findings(peopleOf(rs)), &dec)
	if err != nil || severe {
		return cmpErr(err, Errorf(Conflict, "It needs a second person."))
	}
	dec.ID, dec.Bulk = x.Decision, b.ID
	return d.decide(ctx, tx, c, &dec, rs)
}

// leaveOut notes why a case could not be decided; err is what bulkOne came to. What another request has done meanwhile stays.
func (d *Desk) leaveOut(ctx context.Context, id BulkID, x BulkItem, err error) error {
	if err == nil {
		return nil
	}
	why, ok := leftOut(err)
	if !ok {
		return err
	}
	x.Outcome, x.Why = BulkLeftOut, why
	err = d.Store.Update(ctx, func(tx Tx) error { return tx.SaveBulkItem(ctx, id, BulkPlanned, x) })
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// UndoBulk undoes what a bulk decided: on one case, or on all of them ("") where that is still possible. It says how many were undone.
func (d *Desk) UndoBulk(ctx context.Context, a Actor, id BulkID, only CaseID) (undone int, err error) {
	var b Bulk
	if err := d.Store.View(ctx, func(tx Tx) (err error) { b, err = openBulk(ctx, tx, a, id); return err }); err != nil {
		return 0, err
	}
	if only != "" && !slices.ContainsFunc(b.Items, func(x BulkItem) bool { return x.Case == only }) {
		return 0, Errorf(NotFound, "That case is not in this bulk.")
	}
	for _, x := range b.Items {
		if x.Outcome != BulkDecided || only != "" && x.Case != only {
			continue
		}
		err := d.Store.Update(ctx, func(tx Tx) error {
			if err := d.undo(ctx, tx, a, x.Case, x.Decision); err != nil {
				return err
			}
			x.Outcome, x.Why = BulkUndone, ""
			return tx.SaveBulkItem(ctx, id, BulkDecided, x)
		})
		if err == nil {
			undone++
		} else if err := d.keepUndone(ctx, id, x, err); err != nil {
			return undone, err
		}
	}
	return undone, nil
}

// keepUndone notes why a decision could not be undone.
func (d *Desk) keepUndone(ctx context.Context, id BulkID, x BulkItem, err error) error {
	why, ok := leftOut(err)
	if !ok {
		return err
	}
	x.Outcome, x.Why = BulkDecided, strings.TrimSpace("Not undone. "+why)
	err = d.Store.Update(ctx, func(tx Tx) error { return tx.SaveBulkItem(ctx, id, BulkDecided, x) })
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}
