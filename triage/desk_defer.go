package triage

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// MaxDefer is for how long a case can be put off at once.
const MaxDefer = 14 * 24 * time.Hour

// Defer puts off a case that the actor holds: it goes back to its queue, and nobody is offered it before a time. It keeps its due
// time, and anybody who may can claim it sooner.
func (d *Desk) Defer(ctx context.Context, a Actor, id CaseID, until time.Time, words string) error {
	words, err := noteWords(words)
	if err != nil {
		return err
	}
	until = until.UTC().Truncate(time.Microsecond)
	if now := d.now(); !until.After(now) || until.After(now.Add(MaxDefer)) {
		return fieldError("until", "Choose a time within the next %d days.", int(MaxDefer.Hours()/24))
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		c, err := d.workOn(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := c.advance(StepRelease); err != nil {
			return err
		}
		c.Deferred = until
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := tx.InsertNote(ctx, Note{NewID(prefixNote), id, a.Account, d.now(), words}); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.CaseDeferred, id, "case/" + string(id), custody.Detail{"until": factTime(until), "words": words}})
	})
}

// Place puts a case into a queue by hand, or back to everybody ("" or NoQueue). No rule moves it from there.
func (d *Desk) Place(ctx context.Context, a Actor, id CaseID, to QueueID) error {
	if to == NoQueue {
		to = ""
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		c, err := loadCase(ctx, tx, a, CaseClaim, id)
		if err != nil {
			return err
		}
		if c.State.Settled() {
			return Errorf(Conflict, "This case is settled: no queue holds it any more.")
		}
		if err := othersTake(ctx, tx, a, c); err != nil { // or anybody could take it by way of another queue
			return err
		}
		qs, err := queuesIn(ctx, tx, []Lane{c.Lane})
		if err != nil {
			return err
		}
		if to != "" && !slices.ContainsFunc(qs, func(q WorkQueue) bool { return q.ID == to && !q.Closed }) {
			return fieldError("queue", "Choose an open queue of this lane.")
		}
		if c.Queue == to && c.Placed {
			return nil
		}
		c.Queue, c.Placed = to, true
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.CasePlaced, id, "case/" + string(id), custody.Detail{"queue": string(to)}})
	})
}

// othersTake refuses to give somebody a case of a queue whose members are others. A lead may take any.
func othersTake(ctx context.Context, tx Tx, a Actor, c Case) error {
	if c.Queue == "" || Can(a, TeamLead, Target{Lane: c.Lane}) {
		return nil
	}
	all, err := tx.WorkQueues(ctx)
	if i := slices.IndexFunc(all, func(q WorkQueue) bool { return q.ID == c.Queue }); err == nil && i >= 0 && !all[i].takes(a.Account) {
		return Errorf(Conflict, "This case is in the queue “%s”, which others take. Ask a lead to add you to it, or take another case.", account.CleanName(all[i].Name, MaxName))
	}
	return err
}
