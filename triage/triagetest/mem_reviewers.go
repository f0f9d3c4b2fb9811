package triagetest

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) Preferences(_ context.Context, of account.ID) (triage.Preferences, error) {
	if p, ok := t.preferences[of]; ok {
		return copyOf(p), nil
	}
	return triage.DefaultPreferences, nil
}

func (t *tx) SavePreferences(_ context.Context, of account.ID, p triage.Preferences) error {
	if err := t.write("SavePreferences"); err != nil {
		return err
	}
	t.preferences[of] = copyOf(p)
	return nil
}

func (t *tx) Exposures(ctx context.Context, of account.ID, since time.Time) (out []triage.Exposure, _ error) {
	for _, x := range t.exhibits {
		ws, err := t.Watches(ctx, x.ID)
		if err != nil {
			return nil, err
		}
		c := t.cases[x.Case]
		for _, w := range ws {
			if w.Account == of && !w.At.Before(since) {
				out = append(out, triage.Exposure{At: w.At, Policy: c.Policy, Lane: c.Lane, Length: w.To - w.From})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b triage.Exposure) int { return a.At.Compare(b.At) })
	return out, nil
}

func (t *tx) InsertOverride(_ context.Context, o triage.Override) error {
	if err := t.write("InsertOverride"); err != nil {
		return err
	}
	return insert(t.overrides, o.ID, o)
}

func (t *tx) Overrides(_ context.Context, of account.ID, now time.Time) ([]triage.Override, error) {
	return find(t.overrides, func(o triage.Override) bool { return o.Until.After(now) && (of == "" || o.Account == of) },
		newest(func(o triage.Override) time.Time { return o.At }, func(o triage.Override) string { return o.ID }), 0), nil
}

func (t *tx) StrikesOn(_ context.Context, of account.ID, since time.Time) (out []triage.Strike, _ error) {
	mine := map[triage.PersonID]bool{}
	for _, r := range t.reports {
		for _, p := range r.People {
			mine[p.ID] = p.Account == of
		}
	}
	decided := func(d triage.Decision) time.Time { return d.Decided }
	for _, d := range find(t.decisions, func(d triage.Decision) bool { return d.State == triage.DecisionInForce && !d.Decided.Before(since) },
		newest(decided, func(d triage.Decision) triage.DecisionID { return d.ID }), 0) {
		for _, f := range d.Findings {
			if mine[f.Person] && f.Action != triage.ActNone {
				out = append(out, triage.Strike{Case: d.Case, Policy: f.Policy, Action: f.Action, Decided: d.Decided})
			}
		}
	}
	return out, nil
}
