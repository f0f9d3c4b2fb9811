package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func bulkColumns(b *triage.Bulk) []column {
	return []column{{"id", &b.ID}, {"by", &b.By}, {"policy", &b.Policy}, {"action", &b.Action}, {"severity", &b.Severity}, {"reasons", &b.Reasons},
		{"made", &b.Made}, {"confirmed", optTime{&b.Confirmed}}, {"version", &b.Version}}
}

func bulkItemColumns(x *triage.BulkItem) []column {
	return []column{{"case_id", &x.Case}, {"basis", &x.Basis}, {"outcome", &x.Outcome}, {"why", &x.Why}, {"decision", opt(&x.Decision)}}
}

func (t *tx) InsertBulk(ctx context.Context, b triage.Bulk) error {
	if err := t.insert(ctx, "bulks", bulkColumns(&b)); err != nil {
		return err
	}
	for i, x := range b.Items {
		cols := append(bulkItemColumns(&x), column{"bulk", &b.ID}, column{"number", i + 1})
		if err := t.insert(ctx, "bulk_items", cols); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Bulk(ctx context.Context, id triage.BulkID) (triage.Bulk, error) {
	b, err := one(ctx, t, bulkColumns, "FROM bulks WHERE id = $1", id)
	if err != nil {
		return b, err
	}
	b.Items, err = list(ctx, t, bulkItemColumns, "FROM bulk_items WHERE bulk = $1 ORDER BY number", id)
	return b, err
}

func (t *tx) SaveBulk(ctx context.Context, b triage.Bulk) error {
	return t.save(ctx, "bulks", string(b.ID), b.Version, only(bulkColumns(&b), "confirmed"))
}

func (t *tx) SaveBulkItem(ctx context.Context, b triage.BulkID, was triage.BulkOutcome, item triage.BulkItem) error {
	tag, err := t.exec(ctx, "UPDATE bulk_items SET outcome = $4, why = $5, decision = $6 WHERE bulk = $1 AND case_id = $2 AND outcome = $3",
		b, item.Case, was, item.Outcome, item.Why, opt(&item.Decision))
	if err == nil && tag.RowsAffected() == 0 {
		return triage.Errorf(triage.Conflict, "Somebody was quicker. Reload to see where it stands.")
	}
	return err
}
