package embedded_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/proffer/proffer/storage/embedded"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
)

const bucket = "evidence"

func s3Client(t *testing.T, s *embedded.S3) *minio.Client {
	t.Helper()
	c, err := minio.New(s.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Secure: true,
		Transport: &http.Transport{TLSClientConfig: s.TLS}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lockedBucket is a gateway of the test's own with an empty bucket that keeps locks.
func lockedBucket(t *testing.T, dir string) (*embedded.S3, *minio.Client) {
	t.Helper()
	s := embeddedtest.StartS3(t, dir)
	c := s3Client(t, s)
	if err := c.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func put(t *testing.T, c *minio.Client, key, body string, o minio.PutObjectOptions) (version string) {
	t.Helper()
	info, err := c.PutObject(t.Context(), bucket, key, strings.NewReader(body), int64(len(body)), o)
	if err != nil {
		t.Fatal(err)
	}
	return info.VersionID
}

func stat(t *testing.T, c *minio.Client, key, version string) minio.ObjectInfo {
	t.Helper()
	st, err := c.StatObject(t.Context(), bucket, key, minio.StatObjectOptions{VersionID: version})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// refusedTo reports that an act against a lock must have failed.
func refusedTo(t *testing.T, what string, err error) {
	t.Helper()
	if minio.ToErrorResponse(err).StatusCode != http.StatusForbidden {
		t.Errorf("to %s: %v, want a refusal", what, err)
	}
}

func remove(ctx context.Context, c *minio.Client, key, version string) error {
	return c.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: true})
}

func TestS3ComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	s, c := lockedBucket(t, dir)
	version := put(t, c, "k", "bytes", minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: time.Now().Add(time.Hour)})
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gateway after it was killed", func() error {
		_, err := c.StatObject(t.Context(), bucket, "k", minio.StatObjectOptions{})
		return err
	})
	stop(t, s.Stop)
	before := s.Endpoint
	s = embeddedtest.StartS3(t, dir)
	if s.Endpoint != before {
		t.Errorf("the address changed from %s to %s", before, s.Endpoint)
	}
	if st := stat(t, s3Client(t, s), "k", ""); st.Size != 5 {
		t.Errorf("after a restart: %+v", st)
	}
	stop(t, s.Stop)
	taken, err := net.Listen("tcp", before)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s = embeddedtest.StartS3(t, dir)
	defer stop(t, s.Stop)
	if s.Endpoint == before {
		t.Error("it says that it listens where somebody else does")
	}
	refusedTo(t, "delete after restarts", remove(t.Context(), s3Client(t, s), "k", version))
}

func TestS3Retention(t *testing.T) {
	s, c := lockedBucket(t, filepath.Join(t.TempDir(), "s3"))
	defer stop(t, s.Stop)
	ctx, until := t.Context(), time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	lock := minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: until, PartSize: 5 << 20}
	bodies := map[string]string{"whole": "bytes", "multipart": strings.Repeat("x", 11<<20)}
	for key, body := range bodies {
		version := put(t, c, key, body, lock)
		refusedTo(t, "delete "+key, remove(ctx, c, key, version))
		mode := minio.Compliance
		retain := func(end time.Time) error {
			return c.PutObjectRetention(ctx, bucket, key, minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &end, GovernanceBypass: true})
		}
		refusedTo(t, "shorten the lock of "+key, retain(until.Add(-30*time.Minute)))
		if err := retain(until.Add(time.Hour)); err != nil {
			t.Errorf("extending the lock of %s: %v", key, err)
		}
		st := stat(t, c, key, "")
		want := until.Add(time.Hour).Format(time.RFC3339)
		if st.Metadata.Get("X-Amz-Object-Lock-Mode") != "COMPLIANCE" || st.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date") != want {
			t.Errorf("%s: %v, want a lock until %s", key, st.Metadata, want)
		}
		if st.Size != int64(len(body)) {
			t.Errorf("%s has %d bytes", key, st.Size)
		}
	}
	if err := c.SuspendVersioning(ctx, bucket); err == nil {
		t.Error("versions could be turned off, and then locked objects overwritten")
	}
	if err := c.RemoveBucket(ctx, bucket); err == nil {
		t.Error("a bucket with locked objects could be deleted")
	}
}

// TestS3Overwrite shows what storage/objects relies on: a second PutObject makes a new version and hides the locked one,
// which stays, cannot be deleted, and shows again when what hides it has gone.
func TestS3Overwrite(t *testing.T) {
	s, c := lockedBucket(t, filepath.Join(t.TempDir(), "s3"))
	defer stop(t, s.Stop)
	ctx := t.Context()
	first := put(t, c, "k", "original", minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: time.Now().Add(time.Hour)})
	second := put(t, c, "k", "other", minio.PutObjectOptions{})
	if st := stat(t, c, "k", ""); st.VersionID != second {
		t.Errorf("the newest version is %s, want %s", st.VersionID, second)
	}
	if st := stat(t, c, "k", first); st.Size != int64(len("original")) {
		t.Errorf("the original: %+v", st)
	}
	refusedTo(t, "delete the hidden original", remove(ctx, c, "k", first))
	if err := remove(ctx, c, "k", second); err != nil {
		t.Errorf("what hides it: %v", err)
	}
	st := stat(t, c, "k", "")
	if st.VersionID != first || st.Metadata.Get("X-Amz-Object-Lock-Mode") != "COMPLIANCE" {
		t.Errorf("afterwards the newest is %s with %v", st.VersionID, st.Metadata)
	}
	if err := remove(ctx, c, "k", ""); err != nil { // a deletion mark, not a deletion
		t.Errorf("a deletion mark: %v", err)
	}
	refusedTo(t, "delete the original behind a mark", remove(ctx, c, "k", first))
}

func TestS3LegalHold(t *testing.T) {
	s, c := lockedBucket(t, filepath.Join(t.TempDir(), "s3"))
	defer stop(t, s.Stop)
	version := put(t, c, "k", "bytes", minio.PutObjectOptions{})
	hold := func(status minio.LegalHoldStatus) {
		t.Helper()
		if err := c.PutObjectLegalHold(t.Context(), bucket, "k", minio.PutObjectLegalHoldOptions{Status: &status}); err != nil {
			t.Fatal(err)
		}
	}
	hold(minio.LegalHoldEnabled)
	if st := stat(t, c, "k", ""); st.Metadata.Get("X-Amz-Object-Lock-Legal-Hold") != "ON" {
		t.Errorf("the hold does not show: %v", st.Metadata)
	}
	refusedTo(t, "delete what is held", remove(t.Context(), c, "k", version))
	hold(minio.LegalHoldDisabled)
	if err := remove(t.Context(), c, "k", version); err != nil {
		t.Errorf("after the hold: %v", err)
	}
}

// TestS3Secrets: keys are in files of mode 0600 below folders of mode 0700, never in a command line or an environment.
func TestS3Secrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	s := embeddedtest.StartS3(t, dir)
	defer stop(t, s.Stop)
	for _, name := range []string{"", "identity.json", "gateway.key"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: %v, %v", name, st, err)
		}
	}
	for _, of := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.Pid()), of))
		if err != nil || strings.Contains(string(b), s.SecretKey) {
			t.Errorf("%s: %q, %v", of, b, err)
		}
	}
}
