package triage

import (
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

// Case is what reviewers work on: one or more reports about the same people.
type Case struct {
	ID        CaseID
	Lane      Lane
	Policy    PolicyID // as reported; the decision names its own
	State     State
	Priority  int              // 0-100, see Desk.rate
	Reasons   []routing.Reason // why that much; none of cases from before reasons were kept
	Queue     QueueID          // whose members take it; "" is for everybody
	Placed    bool             // somebody chose the queue, so that no rule chooses another
	Opened    time.Time
	Due       time.Time // service level: when somebody should have looked
	Looked    time.Time // when somebody first took it up; zero: nobody yet
	Claimant  account.ID
	Lease     time.Time // end of the claim; zero without one
	Deferred  time.Time // until when nobody is offered it; zero: it was not put off
	Escalated bool      // waits for a lead; survives a release
	Simulated bool
	Follows   CaseID // the settled case about the same person and meeting that its first report came too late for; "" mostly
	// MergedInto is the case that this one's reports went into, of the same lane; "" unless it is in StateMerged.
	MergedInto CaseID
	Version    int
}

// target is the case as Can sees it, with its parties: caseTarget fetches them. An escalated case stays one while a lead
// holds it, also when that claim runs out.
func (c Case) target(parties []account.ID) Target {
	on := Target{Lane: c.Lane, Claimant: c.Claimant, State: c.State, Parties: parties}
	if c.Escalated && c.State == StateClaimed {
		on.State = StateEscalated
	}
	return on
}

// HeldBy reports whether the account holds a lease that has not run out.
func (c Case) HeldBy(id account.ID, now time.Time) bool {
	return c.Claimant == id && now.Before(c.Lease)
}

// Free reports whether the case may be claimed at that moment: nobody holds it, or the lease ran out.
func (c Case) Free(now time.Time) bool {
	return c.State == StateQueued || c.State == StateEscalated || (c.State == StateClaimed && !now.Before(c.Lease))
}

// Note is what staff wrote to each other on a case.
type Note struct {
	ID     string
	Case   CaseID
	Author account.ID
	At     time.Time
	Words  string
}
