package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// sealPatience is how long after an upload's last change parts that S3 does not show may still be on their way into
// the object: somebody's completion of them may have been cut off from the database.
const sealPatience = time.Minute

// seal makes a whole upload an object under lock, or refuses it. It can be repeated after any interruption: what was
// done is found and not done again.
func (in *Intake) seal(ctx context.Context, u triage.Upload) (triage.Upload, error) {
	if u.Offset != u.Size {
		return u, in.refuse(ctx, u, fmt.Sprintf("The file ended after %d bytes, but %d were declared. Nothing was kept; choose the file again.", u.Offset, u.Size))
	}
	h, err := restore(u.Hash)
	if err != nil {
		return u, err
	}
	if triage.SHA256(h.Sum(nil)) != u.SHA256 {
		return u, in.refuse(ctx, u, "The file that arrived is not the file that was declared: its SHA-256 is a different one. Nothing was kept; choose the file again.")
	}
	var sealed triage.Upload
	err = in.store.Update(ctx, func(tx triage.Tx) error {
		cur, err := tx.Upload(ctx, u.ID)
		if err != nil {
			return err
		}
		if cur.State == triage.UploadSealed { // an earlier attempt got through, though nobody heard of it
			sealed = cur
			return nil
		}
		if cur.State != triage.UploadOpen || cur.Version != u.Version {
			return triage.Errorf(triage.Conflict, "This upload was changed meanwhile. Look at it again.")
		}
		now := in.now()
		blob, err := in.place(ctx, tx, cur, now)
		if err != nil {
			return err
		}
		cur.State, cur.Touched, cur.Parts = triage.UploadSealed, now, nil // the blob has their chunks
		if err := tx.SaveUpload(ctx, cur); err != nil {
			return err
		}
		cur.Version++
		sealed = cur
		return logEvent(ctx, tx, cur.Touched, custody.ExhibitSealed, string(cur.Owner), cur,
			custody.Detail{"name": cur.Name, "sha256": cur.SHA256.String(), "bytes": fmt.Sprint(cur.Size), "chunks": blob.Chunks.Sum(blob.Size).String()})
	})
	if errors.Is(err, errPartsLost) {
		in.Log.ErrorContext(ctx, "the object store lost parts of an upload", "upload", u.ID, "error", err)
		return u, in.refuse(ctx, u, "The store lost a part of this file before it was complete. Please send the file again.")
	}
	if err != nil {
		return u, fmt.Errorf("sealing upload %s: %w", u.ID, err)
	}
	// Where the bytes were stored already, these parts were not used.
	in.discard(ctx, u.ID, triage.Blob{SHA256: u.SHA256}.Key(), u.Multipart)
	return sealed, nil
}

// place makes sure, while the digest is locked, that its object exists once, is locked long enough and is on disk, and
// that the database knows it with its chunks. Everything it does to S3 is harmless if the transaction fails: what is at the
// key has been checked against the key.
func (in *Intake) place(ctx context.Context, tx triage.Tx, u triage.Upload, now time.Time) (triage.Blob, error) {
	blob, err := tx.LockBlob(ctx, u.SHA256)
	known := err == nil
	if err != nil && !errors.Is(err, triage.ErrNotFound) {
		return blob, err
	}
	if !known {
		blob = triage.Blob{SHA256: u.SHA256, Size: u.Size, Sealed: now}
	}
	if err := in.stored(ctx, blob, u, now); err != nil {
		return blob, err
	}
	if blob.RetainUntil, err = in.objects.retain(ctx, blob, now.Add(in.UploadLock)); err != nil {
		return blob, err
	}
	if err := in.objects.Sync(ctx); err != nil {
		return blob, err
	}
	chunks, err := in.chunks(ctx, blob, u)
	if err != nil {
		return blob, err
	}
	if known && blob.Chunks == nil {
		err = tx.KeepChunks(ctx, u.SHA256, chunks)
	}
	if err != nil {
		return blob, err
	}
	blob.Chunks = chunks
	if known {
		return blob, tx.ExtendBlob(ctx, u.SHA256, blob.RetainUntil)
	}
	return blob, tx.InsertBlob(ctx, blob)
}

// chunks are those of the upload's parts; an upload that began before there were chunks is measured.
func (in *Intake) chunks(ctx context.Context, blob triage.Blob, u triage.Upload) (list triage.Chunks, err error) {
	for _, p := range u.Parts {
		list = append(list, p.Chunks...)
	}
	if list.Fit(u.Size) {
		return list, nil
	}
	return in.objects.Measure(ctx, blob)
}

// stored makes the object of the upload's parts unless it is there already: left by an attempt that was interrupted, or by
// another upload. That one is not believed before every byte of it was read; what is something else stays, under its lock,
// and the upload's own bytes become a newer version.
func (in *Intake) stored(ctx context.Context, blob triage.Blob, u triage.Upload, now time.Time) error {
	_, err := in.objects.Measure(ctx, blob)
	altered := errors.Is(err, triage.ErrAltered)
	if altered {
		in.Log.ErrorContext(ctx, "what is stored is not what was sealed; it is stored anew", "upload", u.ID, "error", err)
	}
	if err == nil || !absent(err) {
		return err
	}
	return in.assemble(ctx, blob, u, now, altered)
}

// absent reports whether there is no object of a blob, or none that is the blob.
func absent(err error) bool {
	return errors.Is(err, triage.ErrNotFound) || errors.Is(err, triage.ErrAltered)
}

// assemble completes the multipart upload and believes it only when the object can be seen: a server that was killed
// while completing may say that it is done, or that it knows nothing. Where another object stood there before, or nobody
// says that it is done, what can be seen has to be read.
func (in *Intake) assemble(ctx context.Context, blob triage.Blob, u triage.Upload, now time.Time, stood bool) error {
	completed := in.objects.complete(ctx, blob.Key(), u.Multipart, u.Parts)
	if completed != nil && !errors.Is(completed, errPartsLost) {
		return completed
	}
	for range 5 {
		if err := in.shows(ctx, blob, stood || completed != nil); err == nil || !absent(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if now.Sub(u.Touched) < sealPatience {
		return unavailable(fmt.Errorf("completing %s: the object does not show yet (%v)", blob.Key(), completed))
	}
	return errors.Join(errPartsLost, completed)
}

// shows looks for the object of a blob, and reads it where it has to be doubted.
func (in *Intake) shows(ctx context.Context, blob triage.Blob, doubted bool) error {
	if doubted {
		_, err := in.objects.Measure(ctx, blob)
		return err
	}
	h, err := in.objects.head(ctx, blob.Key(), blob.Size)
	if err == nil && h.size != blob.Size {
		err = unavailable(fmt.Errorf("the object %s has %d bytes and not %d: look into the evidence bucket", blob.Key(), h.size, blob.Size))
	}
	return err
}

// refuse ends an upload and returns the reason as an error, or the error that kept it from ending.
func (in *Intake) refuse(ctx context.Context, u triage.Upload, why string) error {
	if err := in.end(ctx, u, triage.UploadRefused, why, string(u.Owner), custody.UploadRefused, in.now()); err != nil {
		return err
	}
	return triage.Errorf(triage.Invalid, "%s", why)
}
