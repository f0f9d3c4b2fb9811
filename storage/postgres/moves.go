package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func moveColumns(m *triage.Move) []column {
	return []column{{"id", &m.ID}, {"kind", &m.Kind}, {"from_case", &m.From}, {"into_case", &m.Into}, {"reports", ids(&m.Reports)}, {"reason", &m.Reason},
		{"by", &m.By}, {"at", &m.At}, {"kept", &m.Kept}, {"undone", optTime{&m.Undone}}, {"undone_by", opt(&m.UndoneBy)}, {"version", &m.Version}}
}

func (t *tx) InsertMove(ctx context.Context, m triage.Move) error {
	return t.insert(ctx, "case_moves", moveColumns(&m))
}

func (t *tx) Move(ctx context.Context, id triage.MoveID) (triage.Move, error) {
	return one(ctx, t, moveColumns, "FROM case_moves WHERE id = $1", id)
}

func (t *tx) SaveMove(ctx context.Context, m triage.Move) error {
	return t.save(ctx, "case_moves", string(m.ID), m.Version, only(moveColumns(&m), "undone", "undone_by"))
}

func (t *tx) MovesOf(ctx context.Context, c triage.CaseID) ([]triage.Move, error) {
	return list(ctx, t, moveColumns, "FROM case_moves WHERE from_case = $1 OR into_case = $1 ORDER BY number", c)
}

func (t *tx) MergedInto(ctx context.Context, c triage.CaseID) ([]triage.Case, error) {
	return list(ctx, t, caseColumns, "FROM cases WHERE merged_into = $1 ORDER BY id", c)
}

// MoveReport leaves it to the database's triggers what goes along, and whether there is a move on record.
func (t *tx) MoveReport(ctx context.Context, r triage.Report, into triage.CaseID) error {
	t.touch(KindReport, string(r.ID), into)
	return t.save(ctx, "reports", string(r.ID), r.Version, []column{{"case_id", &into}})
}

func (t *tx) MoveExhibit(ctx context.Context, x triage.Exhibit, into triage.CaseID) error {
	t.touch(KindExhibit, string(x.ID), into)
	return t.save(ctx, "exhibits", string(x.ID), x.Version, []column{{"case_id", &into}, {"number", &x.Number}})
}
