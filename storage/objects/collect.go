package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Collected counts what one run of Collect did.
type Collected struct {
	Expired int // uploads that stood still for a day
	Sealed  int // whole uploads that an interruption had kept from being sealed
	Deleted int // sealed uploads that no report took before their lock ended
	Orphans int // multipart uploads and staging objects that no open upload owned
}

// openLimit is how many open uploads Collect looks at. Beyond it, it cannot tell what is an orphan and leaves all.
const openLimit = 100_000

// Collect ends uploads that have stood still for triage.UploadExpiry, deletes sealed ones that no report took before their
// lock ended, and removes what no open upload owns. It goes on
// after a failure and returns all of them. It may run on several nodes at once.
func (in *Intake) Collect(ctx context.Context, now time.Time) (Collected, error) {
	var c Collected
	var errs []error
	var stale, forgotten []triage.Upload
	errs = append(errs, in.store.View(ctx, func(tx triage.Tx) (err error) {
		if stale, err = tx.StaleUploads(ctx, now.Add(-triage.UploadExpiry), 500); err == nil {
			forgotten, err = tx.ForgottenUploads(ctx, now.Add(-in.UploadLock), 500)
		}
		return err
	}))
	for _, u := range stale {
		errs = append(errs, in.expire(ctx, u, now, &c))
	}
	for _, u := range forgotten {
		errs = append(errs, in.forget(ctx, u, now, &c))
	}
	errs = append(errs, in.collectOrphans(ctx, now, &c))
	if err := errors.Join(errs...); err != nil {
		return c, fmt.Errorf("collecting unfinished uploads: %w", err)
	}
	return c, nil
}

func (in *Intake) expire(ctx context.Context, u triage.Upload, now time.Time, c *Collected) error {
	unlock, err := in.lock(ctx, u.ID)
	if err != nil {
		return err
	}
	defer unlock()
	if u.Offset == u.Size {
		_, err := in.seal(ctx, u)
		switch triage.KindOf(err) {
		case triage.Invalid, triage.Conflict: // refused, or somebody else is at it
			return nil
		}
		if err == nil {
			c.Sealed++
		}
		return err
	}
	err = in.end(ctx, u, triage.UploadExpired, "", string(account.System), custody.UploadExpired, now)
	if errors.Is(err, triage.ErrConflict) {
		return nil // it moved on
	}
	if err == nil {
		c.Expired++
	}
	return err
}

// errLocked means that the bytes of a forgotten upload are under lock for a while yet.
var errLocked = errors.New("the bytes are locked still")

// forget ends a sealed upload that no report took, and deletes its bytes unless something else needs them.
func (in *Intake) forget(ctx context.Context, u triage.Upload, now time.Time, c *Collected) error {
	err := in.store.Update(ctx, func(tx triage.Tx) error {
		blob, err := tx.LockBlob(ctx, u.SHA256)
		if err != nil {
			return err
		}
		u.State, u.Touched = triage.UploadExpired, now
		if err := tx.SaveUpload(ctx, u); err != nil { // guards against a report that takes it just now
			return err
		}
		used, err := tx.BlobInUse(ctx, u.SHA256)
		if err == nil && !used {
			err = in.erase(ctx, tx, blob, now)
		}
		if err != nil {
			return err
		}
		return logEvent(ctx, tx, now, custody.UploadExpired, string(account.System), u, custody.Detail{"name": u.Name})
	})
	switch {
	case errors.Is(err, errLocked), errors.Is(err, triage.ErrConflict): // later, or never
		return nil
	case err == nil:
		c.Deleted++
	}
	return err
}

// erase deletes bytes that nothing needs any more. The object goes first: what is left after an interruption is a record
// without bytes, which the next run finds, and not bytes that nobody knows of.
func (in *Intake) erase(ctx context.Context, tx triage.Tx, blob triage.Blob, now time.Time) error {
	if blob.RetainUntil.After(now) {
		return errLocked
	}
	if err := in.objects.erase(ctx, blob.Key()); err != nil {
		return err
	}
	return tx.DeleteBlob(ctx, blob.SHA256)
}

// erase deletes every version of an evidence object, which S3 refuses as long as one is locked.
func (s *Store) erase(ctx context.Context, key string) error {
	return s.eraseFrom(ctx, s.evidence, key)
}

// DeleteDerivative deletes every version of what PutDerivative stored. What is not there is deleted already.
func (s *Store) DeleteDerivative(ctx context.Context, key string) error {
	return s.eraseFrom(ctx, s.derivative, key)
}

func (s *Store) eraseFrom(ctx context.Context, bucket, key string) error {
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	for o := range s.client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}) {
		if o.Err != nil {
			return fault(ctx, "listing the versions of "+key, o.Err)
		}
		if o.Key != key {
			continue
		}
		if err := s.client.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{VersionID: o.VersionID}); err != nil {
			return fault(ctx, "deleting version "+o.VersionID+" of "+key, err)
		}
	}
	return nil
}

// collectOrphans lists S3 first and the database after it: whatever is older than a day had its owner saved long ago.
func (in *Intake) collectOrphans(ctx context.Context, now time.Time, c *Collected) error {
	before := now.Add(-triage.UploadExpiry)
	multiparts, err := in.objects.multiparts(ctx, before)
	if err != nil {
		return err
	}
	staged, err := in.objects.staged(ctx, before)
	if err != nil || len(multiparts)+len(staged) == 0 {
		return err
	}
	var open []triage.Upload
	err = in.store.View(ctx, func(tx triage.Tx) (err error) {
		open, err = tx.StaleUploads(ctx, now.Add(triage.UploadExpiry), openLimit)
		return err
	})
	if err != nil {
		return err
	}
	if len(open) == openLimit {
		return fmt.Errorf("there are more than %d open uploads, so orphans cannot be told apart; they stay", openLimit)
	}
	owned := map[string]bool{}
	for _, u := range open {
		owned[u.Multipart] = true
		owned[string(u.ID)] = true
	}
	return in.removeOrphans(ctx, multiparts, staged, owned, c)
}

func (in *Intake) removeOrphans(ctx context.Context, multiparts []minio.ObjectMultipartInfo, staged []string, owned map[string]bool, c *Collected) error {
	var errs []error
	for _, m := range multiparts {
		if !owned[m.UploadID] {
			errs = append(errs, in.objects.abort(ctx, m.Key, m.UploadID))
			c.Orphans++
		}
	}
	for _, key := range staged {
		id, _, _ := strings.Cut(strings.TrimPrefix(key, stagingPrefix), "/")
		if !owned[id] {
			errs = append(errs, in.objects.removeStaging(ctx, key))
			c.Orphans++
		}
	}
	return errors.Join(errs...)
}

// multiparts lists multipart uploads of the evidence bucket that began before a time.
func (s *Store) multiparts(ctx context.Context, before time.Time) ([]minio.ObjectMultipartInfo, error) {
	var found []minio.ObjectMultipartInfo
	var key, id string
	for {
		tctx, cancel := context.WithTimeout(ctx, shortTimeout)
		list, err := s.core().ListMultipartUploads(tctx, s.evidence, "sha256/", key, id, "", 1000)
		cancel()
		if err != nil {
			return nil, fault(ctx, "listing unfinished uploads in the evidence bucket", err)
		}
		for _, m := range list.Uploads {
			if m.Initiated.Before(before) {
				found = append(found, m)
			}
		}
		if !list.IsTruncated {
			return found, nil
		}
		key, id = list.NextKeyMarker, list.NextUploadIDMarker
	}
}

// staged lists staging objects that were written before a time.
func (s *Store) staged(ctx context.Context, before time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	var found []string
	for o := range s.client.ListObjects(ctx, s.derivative, minio.ListObjectsOptions{Prefix: stagingPrefix, Recursive: true}) {
		if o.Err != nil {
			return nil, fault(ctx, "listing unfinished parts", o.Err)
		}
		if o.LastModified.Before(before) {
			found = append(found, o.Key)
		}
	}
	return found, nil
}
