package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestSameBytesOnManyNodes seals one clip on four nodes at the same moment, with the database's real locks: it is
// stored once, nobody fails, and the record is resumable where a reader breaks off.
func TestSameBytesOnManyNodes(t *testing.T) {
	t.Parallel()
	s3, dsn, ctx := sharedStore(t), embeddedtest.Postgres(t), t.Context()
	data := clip(60, 2*minPartSize+7)
	actor := triage.Actor{Account: "A-00000-00001"}
	var nodes [4]*Intake
	for i := range nodes {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		must(t, err)
		t.Cleanup(db.Close)
		if i == 0 {
			must(t, db.Update(ctx, func(tx triage.Tx) error { return insertHost(ctx, tx, actor.Account) }))
		}
		nodes[i], err = NewIntake(db, s3, IntakeConfig{})
		must(t, err)
	}
	broken := half(t, nodes[0], actor, data)
	errs, ids := make(chan error, len(nodes)), make([]triage.UploadID, len(nodes))
	for i, in := range nodes {
		go func() {
			id, err := in.Put(ctx, actor, "clip.webm", bytes.NewReader(data), int64(len(data)), sha256.Sum256(data))
			ids[i] = id
			errs <- err
		}()
	}
	for range nodes {
		must(t, <-errs)
	}
	u, err := nodes[3].load(ctx, broken)
	must(t, err)
	must(t, nodes[3].write(ctx, &u, bytes.NewReader(data[u.Offset:])))
	_, err = nodes[3].seal(ctx, u)
	must(t, err)
	for _, id := range append(ids, broken) {
		if u, err := nodes[1].load(ctx, id); err != nil || u.State != triage.UploadSealed {
			t.Errorf("upload %s is %s, %v", id, u.State, err)
		}
	}
	n := &node{t: t, s3: s3}
	if keys := n.objects(); len(keys) != 1 {
		t.Errorf("stored as %v", keys)
	}
	n.checkNothingLeft()
}

func insertHost(ctx context.Context, tx triage.Tx, id account.ID) error {
	o := account.Organisation{ID: "O-00000-00001", Name: "Host", Plan: account.PlanBusiness, Window: account.DefaultWindow, Created: time.Now()}
	if err := tx.InsertOrganisation(ctx, o); err != nil {
		return err
	}
	return tx.InsertAccount(ctx, account.Account{ID: id, Org: o.ID, Name: "Host", Email: "host@example.org", Created: time.Now()})
}

// half begins an upload and breaks off in the middle of the second part.
func half(t *testing.T, in *Intake, by triage.Actor, data []byte) triage.UploadID {
	t.Helper()
	u, err := in.create(t.Context(), by, declaration{name: "clip.webm", size: int64(len(data)), sha256: sha256.Sum256(data)})
	must(t, err)
	must(t, in.write(t.Context(), &u, io.LimitReader(bytes.NewReader(data), minPartSize+3)))
	if u.Offset != minPartSize+3 || u.Tail != 3 {
		t.Fatalf("upload %+v", u)
	}
	return u.ID
}
