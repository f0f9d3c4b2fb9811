package triagetest

import (
	"context"
	"slices"

	"github.com/proffer/proffer/triage"
)

func (t *tx) InsertBulk(_ context.Context, b triage.Bulk) error {
	if err := t.write("InsertBulk"); err != nil {
		return err
	}
	return insert(t.bulks, b.ID, b)
}

func (t *tx) Bulk(_ context.Context, id triage.BulkID) (triage.Bulk, error) { return get(t.bulks, id) }

func (t *tx) SaveBulk(_ context.Context, b triage.Bulk) error {
	if err := t.write("SaveBulk"); err != nil {
		return err
	}
	old, err := guarded(t.bulks, b.ID, func(b triage.Bulk) int { return b.Version }, b.Version)
	if err != nil {
		return err
	}
	old.Confirmed = b.Confirmed
	old.Version++
	t.bulks[b.ID] = copyOf(old)
	return nil
}

func (t *tx) SaveBulkItem(_ context.Context, id triage.BulkID, was triage.BulkOutcome, item triage.BulkItem) error {
	if err := t.write("SaveBulkItem"); err != nil {
		return err
	}
	b, err := get(t.bulks, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(b.Items, func(x triage.BulkItem) bool { return x.Case == item.Case && x.Outcome == was })
	if i < 0 {
		return conflict()
	}
	b.Items[i].Outcome, b.Items[i].Why, b.Items[i].Decision = item.Outcome, item.Why, item.Decision
	t.bulks[id] = copyOf(b)
	return nil
}
