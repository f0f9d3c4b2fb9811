package triagetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertVisit(_ context.Context, v triage.Visit) error {
	if err := t.write("InsertVisit"); err != nil {
		return err
	}
	if err := t.visitable(v); err != nil {
		return err
	}
	return insert(t.visits, v.ID, v)
}

// visitable is what the database's trigger refuses: DESIGN I4.
func (t *tx) visitable(v triage.Visit) error {
	m := t.meetings[v.Meeting]
	if (v.State == triage.VisitRequested || v.State == triage.VisitApproved) && (m.Mode != triage.ModeStandard || !m.Ended.IsZero()) {
		return fmt.Errorf("meeting %s is not a standard meeting that goes on", v.Meeting)
	}
	return nil
}

func (t *tx) Visit(_ context.Context, id triage.VisitID) (triage.Visit, error) {
	return get(t.visits, id)
}

func (t *tx) SaveVisit(_ context.Context, v triage.Visit) error {
	if err := t.write("SaveVisit"); err != nil {
		return err
	}
	if err := t.visitable(v); err != nil {
		return err
	}
	old, err := guarded(t.visits, v.ID, func(v triage.Visit) int { return v.Version }, v.Version)
	if err != nil {
		return err
	}
	old.State, old.Approver, old.Answered, old.Answer, old.Ended, old.Version = v.State, v.Approver, v.Answered, v.Answer, v.Ended, v.Version+1
	t.visits[v.ID] = copyOf(old)
	return nil
}

func (t *tx) Visits(_ context.Context, c triage.CaseID) ([]triage.Visit, error) {
	return t.visitsOf(func(v triage.Visit) bool { return v.Case == c }), nil
}

func (t *tx) VisitsTo(_ context.Context, m triage.MeetingID, who account.ID) ([]triage.Visit, error) {
	return t.visitsOf(func(v triage.Visit) bool { return v.Meeting == m && v.Visitor == who }), nil
}

func (t *tx) WaitingVisits(_ context.Context, lanes []triage.Lane, for_ account.ID, since time.Time, limit int) ([]triage.Visit, error) {
	return find(t.visits, func(v triage.Visit) bool {
		c := t.cases[v.Case]
		return v.State == triage.VisitRequested && v.Requested.After(since) && v.Visitor != for_ && slices.Contains(lanes, c.Lane) && !c.State.Settled() &&
			t.visitable(v) == nil && !t.isParty(for_, c.ID)
	}, oldest(visitRequested, visitID), limit), nil
}

func (t *tx) Inside(_ context.Context, id triage.VisitID, since time.Time) error {
	if err := t.write("Inside"); err != nil {
		return err
	}
	if since.IsZero() {
		delete(t.inside, id)
		return nil
	}
	t.inside[id] = since
	return nil
}

// LostVisits is all that are inside: nobody keeps a meeting here.
func (t *tx) LostVisits(_ context.Context, limit int) ([]triage.Visit, error) {
	lost := func(v triage.Visit) bool { _, in := t.inside[v.ID]; return in }
	return find(t.visits, lost, oldest(func(v triage.Visit) time.Time { return t.inside[v.ID] }, visitID), limit), nil
}

func visitRequested(v triage.Visit) time.Time { return v.Requested }
func visitID(v triage.Visit) triage.VisitID   { return v.ID }

func (t *tx) visitsOf(which func(triage.Visit) bool) []triage.Visit {
	return find(t.visits, which, newest(visitRequested, visitID), 0)
}
