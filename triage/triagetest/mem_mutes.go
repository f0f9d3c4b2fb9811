package triagetest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertMute(_ context.Context, m triage.Mute) error {
	if err := t.write("InsertMute"); err != nil {
		return err
	}
	return insert(t.mutes, m.ID, m)
}

func (t *tx) UndoMute(ctx context.Context, of account.ID, at time.Time) (int, error) {
	if err := t.write("UndoMute"); err != nil {
		return 0, err
	}
	ms, err := t.Mutes(ctx, of, at)
	for _, m := range ms {
		m.Undone = at
		t.mutes[m.ID] = copyOf(m)
	}
	return len(ms), err
}

func (t *tx) Mutes(_ context.Context, of account.ID, now time.Time) ([]triage.Mute, error) {
	return find(t.mutes, func(m triage.Mute) bool {
		return m.Undone.IsZero() && m.Until.After(now) && (of == "" || m.Account == of)
	},
		newest(func(m triage.Mute) time.Time { return m.At }, func(m triage.Mute) string { return m.ID }), 0), nil
}

func (t *tx) ReporterCounts(_ context.Context, without account.ID, since time.Time, limit int) ([]triage.ReporterCount, error) {
	counts := map[account.ID]triage.ReporterCount{}
	for _, r := range t.reports {
		who, known := t.accounts[r.Reporter]
		if !known || t.cases[r.Case].Lane != triage.LaneGeneral || r.Filed.Before(since) || t.isParty(without, r.Case) {
			continue
		}
		n := counts[r.Reporter]
		n.Account, n.Name = r.Reporter, who.Name
		n.Reports++
		if !r.Withdrawn.IsZero() {
			n.Withdrawn++
		}
		for _, d := range t.decisions {
			if d.Case != r.Case || d.State != triage.DecisionInForce {
				continue
			}
			n.Decided++
			if !slices.ContainsFunc(d.Findings, func(f triage.Finding) bool {
				return f.Action != triage.ActNone && slices.ContainsFunc(r.People, func(p triage.Person) bool { return p.ID == f.Person })
			}) {
				n.Unfounded++
			}
		}
		counts[r.Reporter] = n
	}
	return find(counts, func(triage.ReporterCount) bool { return true }, func(a, b triage.ReporterCount) int {
		return cmp.Or(cmp.Compare(b.Unfounded, a.Unfounded), cmp.Compare(b.Reports, a.Reports), cmp.Compare(a.Account, b.Account))
	}, limit), nil
}
