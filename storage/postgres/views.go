package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// asked keeps a search as JSON in a text column.
type asked struct{ p *triage.FindAsk }

// ScanText implements pgtype.TextScanner.
func (a asked) ScanText(v pgtype.Text) error {
	*a.p = triage.FindAsk{}
	return json.Unmarshal([]byte(v.String), a.p)
}

// TextValue implements pgtype.TextValuer.
func (a asked) TextValue() (pgtype.Text, error) {
	b, err := json.Marshal(*a.p)
	return pgtype.Text{String: string(b), Valid: true}, err
}

func viewColumns(v *triage.View) []column {
	return []column{{"id", &v.ID}, {"owner", &v.Owner}, {"name", &v.Name}, {"shared", &v.Shared}, {"tab", &v.Tab}, {"ask", asked{&v.Ask}},
		{"made", &v.Made}, {"deleted", optTime{&v.Deleted}}, {"version", &v.Version}}
}

func (t *tx) InsertView(ctx context.Context, v triage.View) error {
	return t.insert(ctx, "saved_views", viewColumns(&v))
}

func (t *tx) SavedView(ctx context.Context, id triage.ViewID) (triage.View, error) {
	return one(ctx, t, viewColumns, "FROM saved_views WHERE id = $1", id)
}

func (t *tx) SaveView(ctx context.Context, v triage.View) error {
	return t.save(ctx, "saved_views", string(v.ID), v.Version, only(viewColumns(&v), "name", "shared", "deleted"))
}

func (t *tx) Views(ctx context.Context, of account.ID) ([]triage.View, error) {
	return list(ctx, t, viewColumns, `FROM saved_views WHERE deleted IS NULL AND (shared OR owner = $1) ORDER BY name COLLATE "C", id`, of)
}
