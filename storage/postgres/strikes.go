package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) StrikesOn(ctx context.Context, of account.ID, since time.Time) ([]triage.Strike, error) {
	return list(ctx, t, func(s *triage.Strike) []column {
		return []column{{"d.case_id", &s.Case}, {"f.policy", &s.Policy}, {"f.action", &s.Action}, {"d.decided", &s.Decided}}
	}, `FROM report_people p JOIN decision_findings f ON f.person = p.id JOIN decisions d ON d.id = f.decision
		WHERE p.account = $1 AND d.state = 'in force' AND f.action <> 'none' AND d.decided >= $2 ORDER BY d.decided DESC, f.decision, f.number`, of, since)
}

// spans keeps stretches of exhibits as JSON in a text column; none is "".
type spans struct{ p *[]triage.Span }

// ScanText implements pgtype.TextScanner.
func (s spans) ScanText(v pgtype.Text) error {
	*s.p = nil
	if v.String == "" {
		return nil
	}
	return json.Unmarshal([]byte(v.String), s.p)
}

// TextValue implements pgtype.TextValuer.
func (s spans) TextValue() (pgtype.Text, error) {
	if len(*s.p) == 0 {
		return pgtype.Text{Valid: true}, nil
	}
	b, err := json.Marshal(*s.p)
	return pgtype.Text{String: string(b), Valid: true}, err
}
