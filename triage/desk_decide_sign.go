package triage

import (
	"context"

	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// AskDecide asks for the decider's passkey, if the decision would be severe; nil where it would not.
func (d *Desk) AskDecide(ctx context.Context, a Actor, id CaseID, findings []Finding) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		var dec Decision
		asked = nil
		_, _, severe, err := d.draft(ctx, tx, a, id, findings, &dec)
		if err != nil || !severe {
			return err
		}
		asked, err = d.ask(ctx, tx, a, dec.statementOf(custody.DecisionMade))
		return err
	})
	return asked, err
}

// signProposal gives a severe decision the number under which its decider signed it.
func (d *Desk) signProposal(ctx context.Context, tx Tx, a Actor, dec *Decision, answer []byte) error {
	return d.signedAs(ctx, tx, a, answer, "decision", func(number string) passkey.Statement {
		dec.ID = DecisionID(number)
		return dec.statementOf(custody.DecisionMade)
	})
}

// AskAnswer asks for the second person's passkey.
func (d *Desk) AskAnswer(ctx context.Context, a Actor, id CaseID, decision DecisionID) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		_, dec, err := toAnswer(ctx, tx, a, id, decision)
		if err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, dec.statementOf(custody.DecisionApproved))
		return err
	})
	return asked, err
}
