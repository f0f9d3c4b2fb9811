package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func verificationColumns(v *triage.Verification) []column {
	return []column{{"id", &v.ID}, {"exhibit", &v.Exhibit}, {"asker", &v.By}, {"asked", &v.Asked}, {"done", optTime{&v.Done}}, {"trust", &v.Trust},
		{"verdict", textBytes{&v.Verdict}}, {"differs", &v.Differs}, {"failed", &v.Failed}}
}

func (t *tx) InsertVerification(ctx context.Context, v triage.Verification) error {
	return t.insert(ctx, "verifications", verificationColumns(&v))
}

func (t *tx) FinishVerification(ctx context.Context, v triage.Verification) error {
	_, err := scalar[string](ctx, t, `UPDATE verifications SET done = $2, trust = $3, verdict = $4, differs = $5, failed = $6
		WHERE id = $1 AND done IS NULL RETURNING id`, v.ID, v.Done, v.Trust, textBytes{&v.Verdict}, v.Differs, v.Failed)
	return err
}

func (t *tx) Verifications(ctx context.Context, x triage.ExhibitID) ([]triage.Verification, error) {
	return list(ctx, t, verificationColumns, "FROM verifications WHERE exhibit = $1 ORDER BY asked, id", x)
}
