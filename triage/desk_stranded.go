package triage

import (
	"context"
	"slices"

	"github.com/proffer/proffer/triage/account"
)

// maxStranded is how many cases on members of staff are looked at.
const maxStranded = 100

// strandedFor lists, for a lead, the queued cases that nobody but a lead may take: every reviewer is a party to them, so
// none of them sees that there is one.
func strandedFor(ctx context.Context, tx Tx, a Actor) (ids []CaseID, err error) {
	if !a.Roles.Has(account.Lead) {
		return nil, nil
	}
	notLeads := func(x Actor) bool { return !x.Roles.Has(account.Lead) }
	return strandedCases(ctx, tx, []State{StateQueued}, notLeads, func(on Target) bool { return Can(a, CaseClaim, on) })
}

// strandedForAll counts, for an administrator who is no party to them, the cases that wait and that nobody at all may go on
// with: somebody else has to be given a role. Which they are, and of which lane, is not the administrator's to know.
func strandedForAll(ctx context.Context, tx Tx, a Actor) (int, error) {
	everybody := func(Actor) bool { return true }
	ids, err := strandedCases(ctx, tx, []State{StateQueued, StateEscalated, StateAwaiting}, everybody,
		func(on Target) bool { return !slices.Contains(on.Parties, a.Account) })
	return len(ids), err
}

// strandedCases lists the cases in some states that none of some staff may go on with and that may be told of. Only cases
// to which somebody on the staff is a party are looked at.
func strandedCases(ctx context.Context, tx Tx, in []State, among func(Actor) bool, told func(Target) bool) (out []CaseID, err error) {
	all, err := tx.Accounts(ctx, true)
	if err != nil {
		return nil, err
	}
	var ids []account.ID
	var staff []Actor
	for _, acc := range all {
		ids = append(ids, acc.ID)
		if a := actorOf(acc); among(a) {
			staff = append(staff, a)
		}
	}
	cs, err := tx.Naming(ctx, ids, in, maxStranded)
	for _, c := range cs {
		do, on, err := nextAct(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		if told(on) && !slices.ContainsFunc(staff, func(a Actor) bool { return Can(a, do, on) }) {
			out = append(out, c.ID)
		}
	}
	return out, err
}

// nextAct is what a waiting case waits for.
func nextAct(ctx context.Context, tx Tx, c Case) (Action, Target, error) {
	on, err := caseTarget(ctx, tx, c)
	if err != nil || c.State != StateAwaiting {
		return CaseClaim, on, err
	}
	ds, err := tx.Decisions(ctx, c.ID)
	for _, dec := range ds {
		if dec.State == DecisionProposed {
			on = on.Proposed(dec.Decider)
		}
	}
	return DecisionApprove, on, err
}
