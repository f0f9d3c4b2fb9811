package triage

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage/custody"
)

// Reached is when a report last came to a state, as its reporter may know it. What happens inside the team is not told:
// who worked on it, that it was escalated or waits for a second person, and to which lane it belongs.
type Reached struct {
	State State // StateReceived, StateProcessing, StateQueued, StateClaimed or StateDecided
	At    time.Time
}

// whenReached reads from the custody log when a report came to where it stands. A case that went back into the queue has
// not come to what lies behind it any more.
func whenReached(ctx context.Context, tx Tx, v ReportView) ([]Reached, error) {
	events, err := tx.EventsOf(ctx, v.Report.Case)
	if err != nil {
		return nil, err
	}
	path := []Reached{{StateReceived, v.Report.Filed}}
	switch { // what the transaction that filed it did
	case len(v.Report.Exhibits) == 0 && v.State != StateReceived && v.State != StateProcessing: // unless it joined one that is being prepared
		path = append(path, Reached{StateQueued, v.Report.Filed})
	case v.State != StateReceived || len(v.Report.Exhibits) == 0:
		path = append(path, Reached{StateProcessing, v.Report.Filed})
	}
	var t trail
	for _, e := range events {
		if s := t.after(e.Event); s != "" {
			path = arrive(path, Reached{s, later(e.Time, v.Report.Filed)})
		}
	}
	if v.State.Settled() {
		path = arrive(path, Reached{StateDecided, later(v.inForce, v.Report.Filed)})
	}
	return path, nil
}

// trail follows a case through its events.
type trail struct {
	escalated bool
	claimant  string // "" while nobody holds the case
}

// after is the state that an event led to, in the reporter's words, or "" where it changed nothing for them.
func (t *trail) after(e custody.Event) State {
	switch e.Act {
	case custody.CaseClaimed:
		t.claimant = e.Actor
		return StateClaimed
	case custody.CaseEscalated:
		t.escalated, t.claimant = true, ""
		return StateClaimed
	case custody.CaseSkipped:
		if t.claimant != e.Actor { // passed over, not given back
			return ""
		}
	case custody.CaseQueued, custody.CaseReleased, custody.CaseLeaseExpired, custody.CaseMoved, custody.CaseRestored, custody.DecisionRejected:
	case custody.CaseReopened:
		t.escalated = false
	default:
		return ""
	}
	if t.claimant = ""; t.escalated { // it waits for a lead, which is review to the reporter
		return StateClaimed
	}
	return StateQueued
}

// arrive puts a state at the end of the path, or goes back to it; who is there already stays as long as they were.
func arrive(path []Reached, to Reached) []Reached {
	for i, r := range path {
		switch {
		case r.State == to.State && i == len(path)-1:
			return path
		case stage(r.State) >= stage(to.State):
			return append(path[:i], to)
		}
	}
	return append(path, to)
}

func stage(s State) int {
	for i, x := range []State{StateReceived, StateProcessing, StateQueued, StateClaimed} {
		if x == s {
			return i
		}
	}
	return 4
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
