package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func decisionColumns(d *triage.Decision) []column {
	return []column{{"id", &d.ID}, {"case_id", &d.Case}, {"number", &d.Number}, {"decider", &d.Decider}, {"decided", &d.Decided},
		{"approver", opt(&d.Approver)}, {"answered", optTime{&d.Answered}}, {"answer", &d.Answer}, {"state", &d.State},
		{"supersedes", opt(&d.Supersedes)}, {"bulk", opt(&d.Bulk)}, {"version", &d.Version}}
}

// findingRow names the decision that a finding belongs to.
type findingRow struct {
	decision triage.DecisionID
	triage.Finding
}

func findingColumns(f *findingRow) []column {
	return []column{{"decision", &f.decision}, {"person", &f.Person}, {"policy", &f.Policy}, {"severity", &f.Severity},
		{"action", &f.Action}, {"days", &f.Days}, {"reasons", &f.Reasons}, {"spans", spans{&f.Spans}}}
}

func (t *tx) InsertDecision(ctx context.Context, d triage.Decision) error {
	// Without ON CONFLICT: a decision can break a rule that is checked only at commit.
	cols := decisionColumns(&d)
	if _, err := t.exec(ctx, insertSQL("decisions", cols), values(cols)...); err != nil {
		return err
	}
	for i, f := range d.Findings {
		cols := append(findingColumns(&findingRow{d.ID, f}), column{"number", i + 1})
		if err := t.insert(ctx, "decision_findings", cols); err != nil {
			return err
		}
	}
	t.touch(KindCase, string(d.Case), d.Case)
	return nil
}

func (t *tx) SaveDecision(ctx context.Context, d triage.Decision) error {
	t.touch(KindCase, string(d.Case), d.Case)
	return t.save(ctx, "decisions", string(d.ID), d.Version, only(decisionColumns(&d), "approver", "answered", "answer", "state"))
}

func (t *tx) Decision(ctx context.Context, id triage.DecisionID) (triage.Decision, error) {
	d, err := one(ctx, t, decisionColumns, "FROM decisions WHERE id = $1", id)
	if err != nil {
		return d, err
	}
	ds := []triage.Decision{d}
	err = t.findings(ctx, ds)
	return ds[0], err
}

func (t *tx) Decisions(ctx context.Context, c triage.CaseID) ([]triage.Decision, error) {
	ds, err := list(ctx, t, decisionColumns, "FROM decisions WHERE case_id = $1 ORDER BY number", c)
	if err != nil {
		return nil, err
	}
	return ds, t.findings(ctx, ds)
}

func (t *tx) findings(ctx context.Context, ds []triage.Decision) error {
	at := make(map[triage.DecisionID]*triage.Decision, len(ds))
	keys := make([]triage.DecisionID, len(ds))
	for i := range ds {
		keys[i], at[ds[i].ID] = ds[i].ID, &ds[i]
	}
	found, err := list(ctx, t, findingColumns, "FROM decision_findings WHERE decision = ANY($1) ORDER BY decision, number", ids(&keys))
	for _, f := range found {
		at[f.decision].Findings = append(at[f.decision].Findings, f.Finding)
	}
	return err
}

func enforcementColumns(e *triage.Enforcement) []column {
	return []column{{"id", &e.ID}, {"decision", &e.Decision}, {"case_id", &e.Case}, {"account", opt(&e.Account)}, {"host", opt(&e.Host)},
		{"kind", &e.Kind}, {"starts", &e.Starts}, {"ends", optTime{&e.Ends}}, {"reversed", optTime{&e.Reversed}}}
}

func (t *tx) InsertEnforcement(ctx context.Context, e triage.Enforcement) error {
	t.barred = append(t.barred, e.Account)
	return t.insert(ctx, "enforcements", enforcementColumns(&e))
}

func (t *tx) ReverseEnforcements(ctx context.Context, d triage.DecisionID, at time.Time) ([]triage.Enforcement, error) {
	rows, err := t.q.Query(ctx, `UPDATE enforcements SET reversed = $2 WHERE decision = $1 AND reversed IS NULL AND (ends IS NULL OR ends > $2)
		RETURNING `+names(enforcementColumns(new(triage.Enforcement))), d, at)
	if err != nil {
		return nil, mapError(err)
	}
	return collect(rows, enforcementColumns)
}

func (t *tx) Enforcements(ctx context.Context, c triage.CaseID) ([]triage.Enforcement, error) {
	return list(ctx, t, enforcementColumns, "FROM enforcements WHERE case_id = $1 ORDER BY starts, id", c)
}

func (t *tx) EnforcementsOn(ctx context.Context, id account.ID) ([]triage.Enforcement, error) {
	return list(ctx, t, enforcementColumns, "FROM enforcements WHERE account = $1 ORDER BY starts DESC, id", id)
}
