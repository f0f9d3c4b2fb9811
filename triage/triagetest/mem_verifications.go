package triagetest

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
)

func (t *tx) InsertVerification(_ context.Context, v triage.Verification) error {
	if err := t.write("InsertVerification"); err != nil {
		return err
	}
	for _, o := range t.verifications {
		if v.Done.IsZero() && o.Exhibit == v.Exhibit && o.Done.IsZero() {
			return conflict()
		}
	}
	return insert(t.verifications, v.ID, v)
}

func (t *tx) FinishVerification(_ context.Context, v triage.Verification) error {
	if err := t.write("FinishVerification"); err != nil {
		return err
	}
	have, err := get(t.verifications, v.ID)
	if err == nil && !have.Done.IsZero() {
		err = missing()
	}
	if err != nil {
		return err
	}
	have.Done, have.Trust, have.Verdict, have.Differs, have.Failed = v.Done, v.Trust, v.Verdict, v.Differs, v.Failed
	t.verifications[v.ID] = copyOf(have)
	return nil
}

func (t *tx) Verifications(_ context.Context, x triage.ExhibitID) ([]triage.Verification, error) {
	return find(t.verifications, func(v triage.Verification) bool { return v.Exhibit == x },
		oldest(func(v triage.Verification) time.Time { return v.Asked }, func(v triage.Verification) string { return v.ID }), 0), nil
}
