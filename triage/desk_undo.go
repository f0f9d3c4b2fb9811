package triage

import (
	"context"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Undoable reports whether the actor can undo a decision that they took just now: one that needed no second person, replaced none and told no liaison.
// What protects people begins at once all the same; only the notices wait.
func (d *Desk) Undoable(a Actor, dec Decision) bool {
	return dec.Decider == a.Account && dec.Bulk == "" && d.alone(dec) && d.now().Before(dec.Decided.Add(d.UndoWithin))
}

// offerUndo notes which decision of a settled case the actor can undo.
func (d *Desk) offerUndo(a Actor, v *CaseView) {
	for _, dec := range v.Decisions {
		if v.Case.State.Settled() && d.Undoable(a, dec) {
			v.Undo = dec.ID
		}
	}
}

// alone reports whether a decision in force is one that whoever took it could undo.
func (d *Desk) alone(dec Decision) bool {
	return dec.State == DecisionInForce && dec.Approver == "" && dec.Supersedes == "" && !dec.Severe() && !dec.refers()
}

// UndoDecision takes a decision that needed no second person back, within UndoTime, by whoever took it, and before anybody was told of it.
// It stays on record; its effects end, its notices are not sent, and the case is back in the queue.
func (d *Desk) UndoDecision(ctx context.Context, a Actor, id CaseID, decision DecisionID) error {
	return d.Store.Update(ctx, func(tx Tx) error { return d.undo(ctx, tx, a, id, decision) })
}

func (d *Desk) undo(ctx context.Context, tx Tx, a Actor, id CaseID, decision DecisionID) error {
	c, dec, err := d.toUndo(ctx, tx, a, id, decision)
	if err != nil {
		return err
	}
	if err := withdraw(ctx, tx, dec); err != nil {
		return err
	}
	if err := c.advance(StepUndo); err != nil {
		return err
	}
	if err := tx.SaveCase(ctx, c); err != nil {
		return err
	}
	dec.State = DecisionUndone
	if err := tx.SaveDecision(ctx, dec); err != nil {
		return err
	}
	if err := d.reverse(ctx, tx, dec, custody.Detail{"undone": string(dec.ID)}); err != nil {
		return err
	}
	return d.record(ctx, tx, a.Account, entry{custody.DecisionUndone, id, "decision/" + string(dec.ID), custody.Detail{"bulk": string(dec.Bulk)}})
}

// toUndo is a decision that the actor may take back.
func (d *Desk) toUndo(ctx context.Context, tx Tx, a Actor, id CaseID, decision DecisionID) (c Case, dec Decision, err error) {
	c, on, err := openCase(ctx, tx, a, CaseRead, id)
	if err != nil {
		return c, dec, err
	}
	if dec, err = tx.Decision(ctx, decision); err != nil {
		return c, dec, err
	}
	if dec.Case != id {
		return c, dec, Errorf(NotFound, "There is no such decision on this case.")
	}
	if err := Allow(a, DecisionUndo, on.Proposed(dec.Decider)); err != nil {
		return c, dec, err
	}
	ps, err := tx.PackagesOf(ctx, id)
	switch {
	case err != nil:
		return c, dec, err
	case dec.State != DecisionInForce || !c.State.Settled():
		return c, dec, Errorf(Conflict, "The case has moved on, so there is nothing to undo.")
	case dec.Approver != "" || dec.Severe():
		return c, dec, Errorf(Conflict, "Two people took this decision. A lead can take the case up again, so that a new one replaces it.")
	case dec.refers():
		return c, dec, Errorf(Conflict, "The liaison was told of it already. A lead can take the case up again, so that a new decision replaces it.")
	case dec.Supersedes != "":
		return c, dec, Errorf(Conflict, "It replaced an earlier decision, which has ended. A lead can take the case up again, so that a new one is taken.")
	case !d.now().Before(dec.Decided.Add(UndoTime)):
		return c, dec, Errorf(Conflict, "It was taken more than %d minutes ago. A lead can take the case up again, so that a new one replaces it.", int(UndoTime.Minutes()))
	case len(ps) > 0:
		return c, dec, Errorf(Conflict, "A package was asked for because of it. A lead can take the case up again.")
	}
	return c, dec, nil
}

// withdraw keeps the notices of a decision from being sent. When one went out, or was tried, the decision stands: somebody was told.
func withdraw(ctx context.Context, tx Tx, dec Decision) error {
	ms, err := tx.NoticesOf(ctx, dec.ID)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if m.State != MessageWaiting || m.Tries > 0 {
			return Errorf(Conflict, "Somebody was told of it already. A lead can take the case up again, so that a new decision replaces it.")
		}
		m.State = MessageWithdrawn
		if err := tx.SaveMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// reverse ends what a decision did; why goes into the log.
func (d *Desk) reverse(ctx context.Context, tx Tx, dec Decision, why custody.Detail) error {
	ended, err := tx.ReverseEnforcements(ctx, dec.ID, d.now())
	if err != nil {
		return err
	}
	for _, e := range ended {
		if err := d.record(ctx, tx, account.System, entry{custody.EnforcementReversed, dec.Case, "enforcement/" + e.ID, why}); err != nil {
			return err
		}
	}
	return nil
}

// notify is send for those whom a decision concerns. It waits until the decision cannot be undone any more.
func (d *Desk) notify(ctx context.Context, tx Tx, dec Decision, to account.Account, subject, body string) error {
	m := Message{ID: NewID(prefixMessage), To: to.ID, Address: to.Email, Subject: subject, Body: body, Case: dec.Case, Decision: dec.ID,
		Created: d.now(), State: MessageWaiting}
	if err := tx.InsertMessage(ctx, m); err != nil {
		return err
	}
	job := DeliverMessage{Message: m.ID}
	switch {
	case dec.Bulk != "":
		job.NotBefore = dec.Decided.Add(UndoTime + undoSafe)
	case d.UndoWithin > 0 && d.alone(dec):
		job.NotBefore = dec.Decided.Add(d.UndoWithin + undoSlack)
	}
	return tx.Enqueue(ctx, job)
}
