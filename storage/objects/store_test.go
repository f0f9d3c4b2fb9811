package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
)

// put seals bytes as the intake does.
func put(t testing.TB, s *Store, data []byte, lock time.Duration) triage.Blob {
	t.Helper()
	b := triage.Blob{SHA256: sha256.Sum256(data), Size: int64(len(data))}
	ctx := t.Context()
	id, err := s.begin(ctx, b.Key(), time.Now().Add(lock))
	must(t, err)
	p, err := s.putPart(ctx, b.Key(), id, 1, data)
	must(t, err)
	must(t, s.complete(ctx, b.Key(), id, []triage.UploadPart{p}))
	return b
}

// TestObjectLockHolds does with the keys of the store what should be impossible, and what versions allow.
func TestObjectLockHolds(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	ctx := t.Context()
	data := clip(30, 5000)
	b := put(t, s, data, time.Hour)
	h, err := s.head(ctx, b.Key(), b.Size)
	must(t, err)
	mode, earlier := minio.Compliance, time.Now().Add(time.Minute)
	if err := s.client.RemoveObject(ctx, s.evidence, b.Key(), minio.RemoveObjectOptions{VersionID: h.version, GovernanceBypass: true}); err == nil {
		t.Error("locked evidence was deleted")
	}
	if err := s.client.PutObjectRetention(ctx, s.evidence, b.Key(), minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &earlier}); err == nil {
		t.Error("the lock was shortened")
	}
	checkBytes(t, s, b, data)
	if _, err := s.client.PutObject(ctx, s.evidence, b.Key(), strings.NewReader("other"), 5, minio.PutObjectOptions{}); err == nil {
		t.Log("this server keeps versions")
	}
	checkBytes(t, s, b, data)
	if err := s.client.RemoveObject(ctx, s.evidence, b.Key(), minio.RemoveObjectOptions{}); err == nil {
		t.Log("this server hides behind deletion marks")
	}
	checkBytes(t, s, b, data)
}

func checkBytes(t testing.TB, s *Store, b triage.Blob, want []byte) {
	t.Helper()
	r, err := s.OpenEvidence(t.Context(), b)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Fatal("the stored bytes changed")
	}
}

func TestRetain(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	ctx := t.Context()
	b := put(t, s, clip(31, 100), time.Hour)
	later := time.Now().Add(1000*time.Hour + 500*time.Millisecond)
	must(t, s.Retain(ctx, b, later))
	h, err := s.head(ctx, b.Key(), -1)
	must(t, err)
	if h.until.Before(later) || h.until.After(later.Add(time.Second)) {
		t.Errorf("the lock ends %s, not %s", h.until, later)
	}
	must(t, s.Retain(ctx, b, time.Now())) // an earlier end changes nothing
	if again, err := s.head(ctx, b.Key(), -1); err != nil || !again.until.Equal(h.until) {
		t.Errorf("the lock ends %s, %v", again.until, err)
	}
	missing := triage.Blob{SHA256: triage.SHA256{1}}
	if err := s.Retain(ctx, missing, later); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("retaining nothing: %v", err)
	}
}

func TestOpenRefusesBucketWithoutLock(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	c := sharedConfig(t)
	must(t, s.client.MakeBucket(t.Context(), c.EvidenceBucket, minio.MakeBucketOptions{}))
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no object lock") {
		t.Errorf("a bucket without object lock: %v", err)
	}
	c = sharedConfig(t)
	for range 2 { // buckets that exist are opened
		s, err := Open(t.Context(), c)
		must(t, err)
		must(t, s.Ping(t.Context()))
	}
	c.DerivativeBucket = c.EvidenceBucket
	if _, err := Open(t.Context(), c); err == nil {
		t.Error("one bucket for both was accepted")
	}
}

func TestReadSeek(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	data := clip(32, 300_000)
	b := put(t, s, data, time.Hour)
	r, err := s.OpenEvidence(t.Context(), b)
	must(t, err)
	defer r.Close()
	if err := iotest.TestReader(r, data); err != nil {
		t.Error(err)
	}
	req := httptest.NewRequest("GET", "/", nil)
	req.Header.Set("Range", "bytes=100000-100009")
	w := httptest.NewRecorder()
	http.ServeContent(w, req, "", time.Time{}, r)
	if w.Code != 206 || !bytes.Equal(w.Body.Bytes(), data[100000:100010]) {
		t.Errorf("a range was answered %d", w.Code)
	}
	if _, err := s.OpenEvidence(t.Context(), triage.Blob{}); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("nothing was opened: %v", err)
	}
}

func TestDerivatives(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	ctx := t.Context()
	for name, size := range map[string]int{"small": 10, "empty": 0, "parts": 2*minPartSize + 9} {
		data := clip(33, size)
		for _, declared := range []int64{int64(size), -1} {
			must(t, s.PutDerivative(ctx, "x/"+name, "image/jpeg", io.MultiReader(bytes.NewReader(data)), declared))
			r, err := s.OpenDerivative(ctx, "x/"+name)
			must(t, err)
			got, err := io.ReadAll(r)
			must(t, err)
			must(t, r.Close())
			if !bytes.Equal(got, data) {
				t.Errorf("%s with size %d came back with %d bytes", name, declared, len(got))
			}
		}
	}
	broken := errors.New("broken")
	err := s.PutDerivative(ctx, "x/broken", "a/b", io.MultiReader(bytes.NewReader(clip(1, 6<<20)), iotest.ErrReader(broken)), -1)
	if !errors.Is(err, broken) {
		t.Errorf("the reader's error came back as %v", err)
	}
	if _, err := s.OpenDerivative(ctx, "x/broken"); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("half a derivative was stored: %v", err)
	}
	if err := s.PutDerivative(ctx, "staging/U-1/x", "a/b", strings.NewReader(""), 0); err == nil {
		t.Error("the place of uploads was written to")
	}
}

// TestS3Away kills the server and stops another: both are told as Unavailable within seconds, and a long read survives
// a restart.
func TestS3Away(t *testing.T) {
	t.Parallel()
	g, s := ownGateway(t)
	data := clip(34, 24<<20) // more than the connection holds
	b := put(t, s, data, time.Hour)
	r, err := s.OpenEvidence(t.Context(), b)
	must(t, err)
	defer r.Close()
	first := make([]byte, 1000)
	_, err = io.ReadFull(r, first)
	must(t, err)

	g.kill()
	for name, f := range s.calls(b) {
		if err := f(t.Context()); !errors.Is(err, triage.ErrUnavailable) {
			t.Errorf("%s without a server: %v", name, err)
		}
	}
	_, err = io.ReadAll(r)
	if !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("reading without a server: %v", err)
	}
	g.start(t)
	_, err = r.Seek(1000, io.SeekStart)
	must(t, err)
	rest, err := io.ReadAll(r)
	must(t, err)
	if !bytes.Equal(append(first, rest...), data) {
		t.Error("the bytes after the restart are others")
	}

	pause(t, g.s3.Pid())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Ping(ctx); !errors.Is(err, triage.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("a server that hangs: %v", err)
	}
	must(t, syscall.Kill(g.s3.Pid(), syscall.SIGCONT))
	must(t, s.Ping(t.Context()))
}

// pause stops a process and returns once it stands still: the signal alone may come after the next answer.
func pause(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		must(t, err)
		if strings.Contains(string(stat), ") T ") { // proc_pid_stat(5)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *Store) calls(b triage.Blob) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"ping":   s.Ping,
		"open":   func(ctx context.Context) error { _, err := s.OpenEvidence(ctx, b); return err },
		"retain": func(ctx context.Context) error { return s.Retain(ctx, b, time.Now().Add(9*time.Hour)) },
		"put": func(ctx context.Context) error {
			return s.PutDerivative(ctx, "k", "a/b", strings.NewReader("x"), 1)
		},
	}
}

func TestSyncFailureIsTold(t *testing.T) {
	t.Parallel()
	c := sharedConfig(t)
	c.Sync = func() error { return errors.New("disk") }
	s, err := Open(t.Context(), c)
	must(t, err)
	if err := s.Sync(t.Context()); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	// Nothing is called sealed before it is on disk.
	n := newNode(t, s, newDatabase(), IntakeConfig{})
	data := clip(35, 100)
	path := n.create("A-1", data, 100)
	if a := n.patch(path, "A-1", 0, data); a.status != 503 {
		t.Errorf("answer %+v", a)
	}
	s.sync = func() error { return nil }
	if o := n.offset(path, "A-1"); o != 100 {
		t.Errorf("offset %d", o)
	}
	n.checkSealed(path, data)
}
