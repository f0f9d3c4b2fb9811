package triagetest

import (
	"cmp"
	"context"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertView(_ context.Context, v triage.View) error {
	if err := t.write("InsertView"); err != nil {
		return err
	}
	return insert(t.saved, v.ID, v)
}

func (t *tx) SavedView(_ context.Context, id triage.ViewID) (triage.View, error) {
	return get(t.saved, id)
}

func (t *tx) SaveView(_ context.Context, v triage.View) error {
	if err := t.write("SaveView"); err != nil {
		return err
	}
	old, err := guarded(t.saved, v.ID, func(v triage.View) int { return v.Version }, v.Version)
	if err != nil {
		return err
	}
	old.Name, old.Shared, old.Deleted = v.Name, v.Shared, v.Deleted
	old.Version++
	t.saved[v.ID] = copyOf(old)
	return nil
}

func (t *tx) Views(_ context.Context, of account.ID) ([]triage.View, error) {
	return find(t.saved, func(v triage.View) bool { return v.Deleted.IsZero() && (v.Shared || v.Owner == of) },
		func(a, b triage.View) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }, 0), nil
}
