package triagetest

import (
	"cmp"
	"context"
	"time"

	"github.com/proffer/proffer/triage"
)

// seeded is the policies that a fresh store has.
func seeded() map[triage.PolicyID]triage.Policy {
	ps := map[triage.PolicyID]triage.Policy{}
	for _, p := range triage.DefaultPolicies {
		ps[p.ID] = p
	}
	return ps
}

func (t *tx) Policies(context.Context) ([]triage.Policy, error) {
	return find(t.policies, func(triage.Policy) bool { return true },
		func(a, b triage.Policy) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
		}, 0), nil
}

func (t *tx) InsertPolicy(_ context.Context, p triage.Policy) error {
	if err := t.write("InsertPolicy"); err != nil {
		return err
	}
	return insert(t.policies, p.ID, p)
}

func (t *tx) SavePolicy(_ context.Context, p triage.Policy) error {
	if err := t.write("SavePolicy"); err != nil {
		return err
	}
	old, err := guarded(t.policies, p.ID, func(p triage.Policy) int { return p.Version }, p.Version)
	if err != nil {
		return err
	}
	p.Lane = old.Lane
	p.Version++
	t.policies[p.ID] = copyOf(p)
	return nil
}

func (t *tx) Redate(_ context.Context, p triage.PolicyID, within time.Duration) error {
	if err := t.write("Redate"); err != nil {
		return err
	}
	for id, c := range t.cases {
		if c.Policy == p && c.Looked.IsZero() && !c.State.Settled() {
			c.Due = c.Opened.Add(within)
			c.Version++
			t.cases[id] = copyOf(c)
		}
	}
	return nil
}
