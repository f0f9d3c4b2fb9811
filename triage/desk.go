package triage

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

var noTime time.Time

// LeaseTime is how long a claim holds without being renewed.
const LeaseTime = 10 * time.Minute

// SkipTime is for how long a skipped case is not offered again to the one who skipped it.
const SkipTime = 4 * time.Hour

// movedWithin is how soon somebody should look at a case that was moved to the child-safety lane.
const movedWithin = time.Hour

// Desk is the use cases of Proffer. It is safe for use by many goroutines at once.
type Desk struct {
	Store   Store
	Objects Objects
	Signer  Signer
	Witness Witness
	Clock   Clock
	Log     *slog.Logger
	URL     string        // address of the application, for links in messages, without a slash at the end
	Demo    bool          // demonstration mode: links that MintLink makes work in this mode only
	Lock    time.Duration // how long evidence is locked once it is reported (PROFFER_EVIDENCE_LOCK)

	Platform Platform // what proofs of clips are held against; nil: nothing is verified here
	// RecordingsKeep is how long a recording is kept after it ended (PROFFER_RECORDINGS_KEEP).
	RecordingsKeep time.Duration
	UndoWithin     time.Duration // for how long a decision of one person can be undone; its notices wait for it. 0: it cannot, and they do not
	Budgets        Budgets       // of reviewers; nil: DefaultBudgets
	// Dice draws a number below n, for whether a decision gets a second opinion; nil: crypto/rand. Tests set it.
	Dice func(n int) int
}

// now is the time as the store keeps it: UTC, in microseconds.
func (d *Desk) now() time.Time { return d.Clock().UTC().Truncate(time.Microsecond) }

// repeatTime is for how long the same words of the same person are taken for one request, sent twice because its answer
// was lost.
const repeatTime = 10 * time.Minute

// maxAgain bounds how often updateAgain runs an act that others were quicker than.
const maxAgain = 4

// updateAgain is Store.Update for acts that nobody has to be asked about again when another was quicker: f is run anew, on
// what is stored then.
func (d *Desk) updateAgain(ctx context.Context, f func(Tx) error) (err error) {
	for range maxAgain {
		if err = d.Store.Update(ctx, f); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

// entry is an event before it has an id, a time and a salt.
type entry struct {
	Act     custody.Act
	Case    CaseID
	Subject string // kind/id
	Detail  custody.Detail
}

// record appends an event to the custody log within the transaction of the act it records.
func (d *Desk) record(ctx context.Context, tx Tx, by account.ID, e entry) error {
	return d.recordAt(ctx, tx, d.now(), by, e)
}

// recordAt is record for an act whose own record has a time, which is to be the leaf's: so the log proves it.
func (d *Desk) recordAt(ctx context.Context, tx Tx, at time.Time, by account.ID, e entry) error {
	ev, err := custody.NewEvent(NewID(prefixEvent), at, e.Act, string(by), string(e.Case), e.Subject, e.Detail)
	if err != nil {
		return err
	}
	return tx.Log(ctx, ev)
}

// caseTarget is the one way to what Can is asked about a case: no answer is right without its parties, nor, once it is settled, without
// those who are to say what they think of it before they see what was decided.
func caseTarget(ctx context.Context, tx Tx, c Case) (Target, error) {
	parties, err := tx.Parties(ctx, c.ID)
	on := c.target(parties)
	if err == nil && c.State.Settled() {
		on.Blind, err = tx.Blind(ctx, c.ID)
	}
	return on, err
}

// openCase fetches a case and what Can is asked about it, if the actor may do something on it.
func openCase(ctx context.Context, tx Tx, a Actor, do Action, id CaseID) (Case, Target, error) {
	c, on, err := caseOn(ctx, tx, id)
	if err != nil {
		return Case{}, Target{}, err
	}
	return c, on, Allow(a, do, on)
}

// caseOn fetches a case and what Can is asked about it, for those who ask something more than an action on it.
func caseOn(ctx context.Context, tx Tx, id CaseID) (c Case, on Target, err error) {
	if c, err = tx.Case(ctx, id); err != nil {
		return c, on, err
	}
	on, err = caseTarget(ctx, tx, c)
	return c, on, err
}

// loadCase is openCase for those who ask nothing more.
func loadCase(ctx context.Context, tx Tx, a Actor, do Action, id CaseID) (Case, error) {
	c, _, err := openCase(ctx, tx, a, do, id)
	return c, err
}

// send puts a message into the outbox and asks for its delivery, in the transaction of the act that it tells of.
func (d *Desk) send(ctx context.Context, tx Tx, to account.Account, about CaseID, subject, body string) error {
	return d.sendAs(ctx, tx, NewID(prefixMessage), to, about, subject, body)
}

// tellStaff sends a message to each member of staff who may do something.
func (d *Desk) tellStaff(ctx context.Context, tx Tx, do Action, on Target, about CaseID, subject, body string) error {
	staff, err := tx.Accounts(ctx, true)
	if err != nil {
		return err
	}
	for _, acc := range staff {
		if !Can(actorOf(acc), do, on) {
			continue
		}
		if err := d.send(ctx, tx, acc, about, subject, body); err != nil {
			return err
		}
	}
	return nil
}

// sendAs is send under a number that was drawn before.
func (d *Desk) sendAs(ctx context.Context, tx Tx, id string, to account.Account, about CaseID, subject, body string) error {
	m := Message{ID: id, To: to.ID, Address: to.Email, Subject: subject, Body: body, Case: about, Created: d.now(), State: MessageWaiting}
	if err := tx.InsertMessage(ctx, m); err != nil {
		return err
	}
	return tx.Enqueue(ctx, DeliverMessage{Message: m.ID})
}
