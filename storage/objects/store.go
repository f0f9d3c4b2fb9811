package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
)

var _ triage.Objects = (*Store)(nil)

// stagingPrefix is where Intake keeps unfinished parts in the derivative bucket; nothing else may be written there.
const stagingPrefix = "staging/"

// held is what S3 says of one evidence object.
type held struct {
	size    int64
	version string    // "" where the bucket has no versions
	etag    string    // without quotes
	until   time.Time // end of the compliance lock; zero when there is none
}

// head asks for one evidence object; NotFound or Unavailable. Where a bucket keeps versions, as S3 object lock wants
// it, somebody with the keys can hide an object behind a deletion mark or another version, though not remove it: then
// the original is the oldest version. size is the size that the object has, or -1 if any will do.
func (s *Store) head(ctx context.Context, key string, size int64) (held, error) {
	h, err := s.stat(ctx, s.evidence, key, "")
	if hidden := missing(err) || err == nil && size >= 0 && h.size != size; !hidden {
		return h, fault(ctx, "looking for "+key, err)
	}
	version, listErr := s.oldest(ctx, key)
	if listErr != nil {
		return held{}, listErr
	}
	if version == "" || version == h.version {
		return h, fault(ctx, "looking for "+key, err)
	}
	h, err = s.stat(ctx, s.evidence, key, version)
	return h, fault(ctx, "looking for version "+version+" of "+key, err)
}

func (s *Store) stat(ctx context.Context, bucket, key, version string) (held, error) {
	ctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	info, err := s.client.StatObject(ctx, bucket, key, minio.StatObjectOptions{VersionID: version})
	if err != nil {
		return held{}, err
	}
	h := held{size: info.Size, version: info.VersionID, etag: info.ETag}
	// GetObjectRetention fails on some servers, so the lock is read from the object's headers (DESIGN §3).
	if info.Headers.Get("X-Amz-Object-Lock-Mode") == string(minio.Compliance) {
		h.until, err = time.Parse(time.RFC3339, info.Headers.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	}
	return h, err
}

// oldest is the first version of an evidence object, or "" if there is none.
func (s *Store) oldest(ctx context.Context, key string) (version string, err error) {
	tctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	var at time.Time
	for o := range s.client.ListObjects(tctx, s.evidence, minio.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}) {
		if o.Err != nil {
			return "", fault(ctx, "listing the versions of "+key, o.Err)
		}
		if o.Key == key && !o.IsDeleteMarker && (version == "" || !o.LastModified.After(at)) {
			version, at = o.VersionID, o.LastModified // newest first, so of equal times the last is the oldest
		}
	}
	return version, nil
}

// OpenDerivative opens what PutDerivative stored, for reading and seeking. It fails with NotFound when there is nothing and
// with Unavailable when S3 does not answer; reading may fail with Unavailable too. Close it.
func (s *Store) OpenDerivative(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	h, err := s.stat(ctx, s.derivative, key, "")
	if err != nil {
		return nil, fault(ctx, "opening "+key, err)
	}
	return s.reader(ctx, s.derivative, key, h), nil
}

// PutDerivative stores or replaces a derivative or a package; size -1 when it is not known. An error of r comes back
// as it is, and then nothing was stored.
func (s *Store) PutDerivative(ctx context.Context, key, contentType string, r io.Reader, size int64) error {
	if strings.HasPrefix(key, stagingPrefix) {
		return fmt.Errorf("the key %q belongs to uploads", key)
	}
	src := &source{r: r}
	_, err := s.client.PutObject(ctx, s.derivative, key, src, size, minio.PutObjectOptions{
		ContentType: contentType,
		PartSize:    uint64(s.partSize), // without it, an unknown size would take buffers of half a gibibyte
		// The parts are sent while the next is read; this holds three parts in memory.
		NumThreads: 3, ConcurrentStreamParts: true,
	})
	if src.err != nil {
		return fmt.Errorf("reading what was to be stored as %s: %w", key, src.err)
	}
	return fault(ctx, "storing "+key, err)
}

// source remembers the error of a reader, to tell it from an error of S3. It hides every other method of the reader.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Retain moves the end of a blob's compliance lock later and returns only when S3 says that the lock holds. An end
// that is not later changes nothing. S3 keeps whole seconds; the end is rounded up to them. Where somebody hid the
// original behind another version, versitygw does not show its lock, and Retain fails rather than trust it.
func (s *Store) Retain(ctx context.Context, b triage.Blob, until time.Time) error {
	_, err := s.retain(ctx, b, until)
	return err
}

// retain is Retain, and returns the end that S3 holds.
func (s *Store) retain(ctx context.Context, b triage.Blob, until time.Time) (time.Time, error) {
	key := b.Key()
	until = until.UTC().Add(time.Second - 1).Truncate(time.Second)
	h, err := s.head(ctx, key, sizeOf(b))
	if err != nil || !h.until.Before(until) {
		return h.until, err
	}
	mode := minio.Compliance
	tctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	putErr := s.client.PutObjectRetention(tctx, s.evidence, key, minio.PutObjectRetentionOptions{
		Mode: &mode, RetainUntilDate: &until, VersionID: h.version,
	})
	// Somebody may have moved it even later meanwhile, which S3 refuses to undo: only what holds now counts.
	h, err = s.head(ctx, key, sizeOf(b))
	if err == nil && h.until.Before(until) {
		if putErr == nil {
			putErr = errors.New("the object store accepted the lock but does not hold it")
		}
		err = fault(ctx, "extending the object lock of "+key, putErr)
	}
	return h.until, err
}

// Sync returns when what was acknowledged before has reached the disk.
func (s *Store) Sync(ctx context.Context) error {
	if s.sync == nil {
		return nil
	}
	if err := s.sync(); err != nil {
		return unavailable(fmt.Errorf("writing the object store's data to disk: %w", err))
	}
	return nil
}

// sizeOf is the blob's size, or -1 where the caller did not say it.
func sizeOf(b triage.Blob) int64 {
	if b.Size == 0 {
		return -1
	}
	return b.Size
}
