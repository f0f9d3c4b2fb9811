package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
)

func policyColumns(p *triage.Policy) []column {
	return []column{{"id", &p.ID}, {"title", &p.Title}, {"help", &p.Help}, {"lane", &p.Lane}, {"level", &p.Level}, {"priority", &p.Priority}, {"weight", &p.Weight},
		{"dsa", &p.DSA}, {"dsa_word", &p.Keyword}, {"ncmec_type", &p.NCMECType}, {"look_within", nanos{&p.LookWithin}}, {"decide_within", nanos{&p.DecideWithin}},
		{"retired", &p.Retired}, {"position", &p.Position}, {"version", &p.Version}}
}

func (t *tx) Policies(ctx context.Context) ([]triage.Policy, error) {
	return list(ctx, t, policyColumns, "FROM policies ORDER BY position, id")
}

func (t *tx) InsertPolicy(ctx context.Context, p triage.Policy) error {
	return t.insert(ctx, "policies", policyColumns(&p))
}

func (t *tx) SavePolicy(ctx context.Context, p triage.Policy) error {
	return t.save(ctx, "policies", string(p.ID), p.Version,
		only(policyColumns(&p), "title", "help", "level", "priority", "weight", "look_within", "decide_within", "retired", "position"))
}

func (t *tx) Redate(ctx context.Context, p triage.PolicyID, within time.Duration) error {
	_, err := t.exec(ctx, `UPDATE cases SET due = opened + $2 * interval '1 second', version = version + 1
		WHERE policy = $1 AND looked IS NULL AND state NOT IN ('decided', 'closed', 'merged')`, p, within.Seconds())
	return err
}
