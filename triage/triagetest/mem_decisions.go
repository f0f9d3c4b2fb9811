package triagetest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertDecision(_ context.Context, d triage.Decision) error {
	if err := t.write("InsertDecision"); err != nil {
		return err
	}
	for _, e := range t.decisions {
		if e.Case == d.Case && e.Number == d.Number {
			return conflict()
		}
	}
	return insert(t.decisions, d.ID, d)
}

func (t *tx) Decision(_ context.Context, id triage.DecisionID) (triage.Decision, error) {
	return get(t.decisions, id)
}

func (t *tx) SaveDecision(_ context.Context, d triage.Decision) error {
	if err := t.write("SaveDecision"); err != nil {
		return err
	}
	old, err := guarded(t.decisions, d.ID, func(d triage.Decision) int { return d.Version }, d.Version)
	if err != nil {
		return err
	}
	old.Approver, old.Answered, old.Answer, old.State = d.Approver, d.Answered, d.Answer, d.State
	old.Version++
	t.decisions[d.ID] = copyOf(old)
	return nil
}

func (t *tx) Decisions(_ context.Context, c triage.CaseID) ([]triage.Decision, error) {
	return find(t.decisions, func(d triage.Decision) bool { return d.Case == c },
		func(a, b triage.Decision) int { return cmp.Compare(a.Number, b.Number) }, 0), nil
}

func starts(e triage.Enforcement) time.Time     { return e.Starts }
func enforcementID(e triage.Enforcement) string { return e.ID }

func (t *tx) InsertEnforcement(_ context.Context, e triage.Enforcement) error {
	if err := t.write("InsertEnforcement"); err != nil {
		return err
	}
	return insert(t.enforcements, e.ID, e)
}

func (t *tx) ReverseEnforcements(_ context.Context, d triage.DecisionID, at time.Time) ([]triage.Enforcement, error) {
	if err := t.write("ReverseEnforcements"); err != nil {
		return nil, err
	}
	ended := find(t.enforcements, func(e triage.Enforcement) bool {
		return e.Decision == d && e.Reversed.IsZero() && (e.Ends.IsZero() || e.Ends.After(at))
	}, oldest(starts, enforcementID), 0)
	for i := range ended {
		ended[i].Reversed = copyOf(at)
		t.enforcements[ended[i].ID] = ended[i]
	}
	return ended, nil
}

func (t *tx) Enforcements(_ context.Context, c triage.CaseID) ([]triage.Enforcement, error) {
	return find(t.enforcements, func(e triage.Enforcement) bool { return e.Case == c }, oldest(starts, enforcementID), 0), nil
}

func (t *tx) EnforcementsOn(_ context.Context, id account.ID) ([]triage.Enforcement, error) {
	return find(t.enforcements, func(e triage.Enforcement) bool { return e.Account == id }, newest(starts, enforcementID), 0), nil
}

func requested(p triage.Package) time.Time        { return p.Requested }
func packageID(p triage.Package) triage.PackageID { return p.ID }

func (t *tx) InsertPackage(_ context.Context, p triage.Package) error {
	if err := t.write("InsertPackage"); err != nil {
		return err
	}
	return insert(t.packages, p.ID, p)
}

func (t *tx) Package(_ context.Context, id triage.PackageID) (triage.Package, error) {
	return get(t.packages, id)
}

func (t *tx) SavePackage(_ context.Context, p triage.Package) error {
	if err := t.write("SavePackage"); err != nil {
		return err
	}
	old, err := guarded(t.packages, p.ID, func(p triage.Package) int { return p.Version }, p.Version)
	if err != nil {
		return err
	}
	old.Approver, old.Answered, old.Answer, old.State = p.Approver, p.Answered, p.Answer, p.State
	old.Done, old.Total, old.Why, old.Key = p.Done, p.Total, p.Why, p.Key
	old.SHA256, old.Size, old.Built = p.SHA256, p.Size, p.Built
	old.Version++
	t.packages[p.ID] = copyOf(old)
	return nil
}

func (t *tx) Progress(_ context.Context, id triage.PackageID, done, total int64) error {
	if err := t.write("Progress"); err != nil {
		return err
	}
	p, err := get(t.packages, id)
	if err == nil {
		p.Done, p.Total = done, total
		t.packages[id] = p
	}
	return err
}

func (t *tx) Packages(_ context.Context, q triage.PackageQuery) ([]triage.Package, error) {
	return find(t.packages, func(p triage.Package) bool {
		return slices.Contains(q.Lanes, p.Lane) && (q.State == "" || p.State == q.State) && !t.isParty(q.Without, p.Case)
	}, newest(requested, packageID), q.Limit), nil
}

func (t *tx) PackagesOf(_ context.Context, c triage.CaseID) ([]triage.Package, error) {
	return find(t.packages, func(p triage.Package) bool { return p.Case == c }, newest(requested, packageID), 0), nil
}
