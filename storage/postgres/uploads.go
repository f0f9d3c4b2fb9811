package postgres

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func uploadColumns(u *triage.Upload) []column {
	return []column{{"id", &u.ID}, {"owner", &u.Owner}, {"name", &u.Name}, {"size", &u.Size}, {"sha256", hash(&u.SHA256)},
		{`"offset"`, &u.Offset}, {"multipart", &u.Multipart}, {"parts", &u.Parts}, {"tail", &u.Tail}, {"tail_sum", hash(&u.TailSum)}, {"hash", &u.Hash},
		{"state", &u.State}, {"why", &u.Why}, {"exhibit", opt(&u.Exhibit)}, {"created", &u.Created}, {"touched", &u.Touched},
		{"version", &u.Version}}
}

func (t *tx) InsertUpload(ctx context.Context, u triage.Upload) error {
	return t.insert(ctx, "uploads", uploadColumns(&u))
}

func (t *tx) Upload(ctx context.Context, id triage.UploadID) (triage.Upload, error) {
	return one(ctx, t, uploadColumns, "FROM uploads WHERE id = $1", id)
}

func (t *tx) SaveUpload(ctx context.Context, u triage.Upload) error {
	return t.save(ctx, "uploads", string(u.ID), u.Version, only(uploadColumns(&u), `"offset"`, "multipart", "parts", "tail", "tail_sum", "hash",
		"state", "why", "exhibit", "touched"))
}

func (t *tx) UploadsOf(ctx context.Context, owner account.ID) ([]triage.Upload, error) {
	return list(ctx, t, uploadColumns,
		"FROM uploads WHERE owner = $1 AND exhibit IS NULL AND state <> 'cancelled' ORDER BY created DESC, id", owner)
}

func (t *tx) DeclaredSince(ctx context.Context, owner account.ID, since time.Time) (int64, error) {
	return scalar[int64](ctx, t, "SELECT coalesce(sum(size), 0)::bigint FROM uploads WHERE owner = $1 AND created >= $2 AND state IN ('open', 'sealed')",
		owner, since)
}

func (t *tx) StaleUploads(ctx context.Context, before time.Time, limit int) ([]triage.Upload, error) {
	return list(ctx, t, uploadColumns, "FROM uploads WHERE state = 'open' AND touched < $1 ORDER BY touched, id LIMIT $2", before, limit)
}

func (t *tx) ForgottenUploads(ctx context.Context, before time.Time, limit int) ([]triage.Upload, error) {
	return list(ctx, t, uploadColumns,
		"FROM uploads WHERE state = 'sealed' AND exhibit IS NULL AND touched < $1 ORDER BY touched, id LIMIT $2", before, limit)
}

func blobColumns(b *triage.Blob) []column {
	return []column{{"sha256", hash(&b.SHA256)}, {"size", &b.Size}, {"sealed", &b.Sealed}, {"retain_until", &b.RetainUntil},
		{"chunks", (*[]byte)(&b.Chunks)}}
}

// lockBlobs is the first key of the advisory locks on digests; the second is the digest's first four bytes. Two digests
// that share these merely wait for each other.
const lockBlobs = 1

func (t *tx) LockBlob(ctx context.Context, sum triage.SHA256) (triage.Blob, error) {
	low := int32(binary.BigEndian.Uint32(sum[:4]))
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", int32(lockBlobs), low); err != nil {
		return triage.Blob{}, err
	}
	return t.Blob(ctx, sum)
}

func (t *tx) InsertBlob(ctx context.Context, b triage.Blob) error {
	return t.insert(ctx, "blobs", blobColumns(&b))
}

func (t *tx) Blob(ctx context.Context, sum triage.SHA256) (triage.Blob, error) {
	return one(ctx, t, blobColumns, "FROM blobs WHERE sha256 = $1", hash(&sum))
}

func (t *tx) KeepChunks(ctx context.Context, sum triage.SHA256, c triage.Chunks) error {
	tag, err := t.exec(ctx, "UPDATE blobs SET chunks = $2 WHERE sha256 = $1 AND chunks IS NULL", hash(&sum), []byte(c))
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	if _, err := t.Blob(ctx, sum); err != nil {
		return err
	}
	return triage.Errorf(triage.Conflict, "The chunks of these bytes are kept already.")
}

func (t *tx) BlobInUse(ctx context.Context, sum triage.SHA256) (bool, error) {
	return scalar[bool](ctx, t, `SELECT EXISTS (SELECT FROM exhibits WHERE sha256 = $1) OR EXISTS (SELECT FROM exhibits WHERE proof = $1)
		OR EXISTS (SELECT FROM uploads WHERE sha256 = $1 AND state = 'sealed' AND exhibit IS NULL)`, hash(&sum))
}

func (t *tx) DeleteBlob(ctx context.Context, sum triage.SHA256) error {
	_, err := scalar[bool](ctx, t, "DELETE FROM blobs WHERE sha256 = $1 RETURNING true", hash(&sum))
	return err
}

func (t *tx) ExtendBlob(ctx context.Context, sum triage.SHA256, until time.Time) error {
	_, err := scalar[time.Time](ctx, t, "UPDATE blobs SET retain_until = greatest(retain_until, $2) WHERE sha256 = $1 RETURNING retain_until",
		hash(&sum), until)
	return err
}
