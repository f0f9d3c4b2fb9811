package objects

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// TestCommitFailsAfterCompletion lets the transaction that seals fail when the object exists already: once leaving
// nothing, once after it was committed all the same.
func TestCommitFailsAfterCompletion(t *testing.T) {
	for name, commits := range map[string]bool{"nothing is written": false, "it is written": true} {
		t.Run(name, func(t *testing.T) {
			n := testNode(t)
			data := clip(40, minPartSize+500)
			path := n.create("A-1", data, len(data))
			n.db.FailNext("InsertBlob", commits)
			if !commits {
				n.db.FailNext("InsertBlob", false)
			}
			if a := n.patch(path, "A-1", 0, data); a.status != 503 {
				t.Fatalf("answer %+v", a)
			}
			if keys := n.objects(); len(keys) != 1 {
				t.Fatalf("objects %v", keys)
			}
			if !commits { // the page asks again while it still fails
				if a := n.do("HEAD", path, "A-1", nil, nil); a.status != 503 {
					t.Fatalf("answer %+v", a)
				}
			}
			if o := n.offset(path, "A-1"); o != len(data) {
				t.Fatalf("offset %d", o)
			}
			n.checkSealed(path, data)
			n.checkActs(custody.UploadStarted, custody.ExhibitSealed)
			if keys := n.objects(); len(keys) != 1 {
				t.Fatalf("objects %v", keys)
			}
		})
	}
}

// TestDatabaseFailsDuringUpload lets saves of parts fail in both ways, and goes on from what HEAD says.
func TestDatabaseFailsDuringUpload(t *testing.T) {
	n := testNode(t)
	data := clip(41, 4*minPartSize+10)
	path := n.create("A-1", data, len(data))
	for i := range 30 {
		o := n.head(path)
		if o == len(data) && n.upload(path).State == triage.UploadSealed {
			break
		}
		if o < 0 {
			continue
		}
		if i < 8 {
			n.db.FailNext("SaveUpload", i%2 == 0)
		}
		n.try("PATCH", path, "A-1", patchHeader(o), bytes.NewReader(data[o:]))
	}
	if _, err := n.in.Collect(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	n.checkSealed(path, data)
	n.checkActs(custody.UploadStarted, custody.ExhibitSealed)
}

// head is the offset, or -1 where the server does not say.
func (n *node) head(path string) int {
	n.t.Helper()
	a := n.do("HEAD", path, "A-1", nil, nil)
	if a.status != 200 {
		return -1
	}
	return n.offset(path, "A-1")
}

// TestS3KilledDuringUpload kills the S3 server between and within requests, and goes on when it is back.
func TestS3KilledDuringUpload(t *testing.T) {
	t.Parallel()
	g, s3 := ownGateway(t)
	n := newNode(t, s3, newDatabase(), IntakeConfig{})
	size := 4*minPartSize + 77
	data := clip(42, size)
	path := n.create("A-1", data, size)
	n.patch(path, "A-1", 0, data[:minPartSize+55])

	killed := false
	body := readerFunc(func(p []byte) (int, error) { // kills while the request is under way
		if !killed {
			g.kill()
			killed = true
		}
		return 0, nil
	})
	rest := &limited{data: data[minPartSize+55:], before: body}
	a, err := n.try("PATCH", path, "A-1", patchHeader(minPartSize+55), rest)
	if err == nil && (a.status != 503 || !strings.Contains(a.body, "try again")) {
		t.Fatalf("answer %+v", a)
	}
	o := n.offset(path, "A-1") // the state is in the database, so the page can ask
	if o < minPartSize+55 || o >= size {
		t.Fatalf("offset %d", o)
	}
	g.start(t)
	if a := n.patch(path, "A-1", o, data[o:]); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	n.checkSealed(path, data)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// limited reads data after a call of before.
type limited struct {
	data   []byte
	before readerFunc
	r      *bytes.Reader
}

func (l *limited) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = bytes.NewReader(l.data)
		l.before(nil)
	}
	return l.r.Read(p)
}

// TestS3GoneWhenSealing has every byte safe, but the server is away for the last step.
func TestS3GoneWhenSealing(t *testing.T) {
	t.Parallel()
	g, s3 := ownGateway(t)
	n := newNode(t, s3, newDatabase(), IntakeConfig{})
	data := clip(43, 2*minPartSize)
	path := n.create("A-1", data, len(data))
	n.db.saved = func(u triage.Upload) {
		if u.Offset == u.Size && u.State == triage.UploadOpen {
			g.kill()
		}
	}
	if a := n.patch(path, "A-1", 0, data); a.status != 503 {
		t.Fatalf("answer %+v", a)
	}
	g.start(t)
	if o := n.offset(path, "A-1"); o != len(data) {
		t.Fatalf("offset %d", o)
	}
	n.checkSealed(path, data)
}

// TestPartsLost takes the parts away behind the intake's back: the host is told in words and can start again.
func TestPartsLost(t *testing.T) {
	n := testNode(t)
	data := clip(44, 2*minPartSize+5)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:minPartSize])
	u := n.upload(path)
	must(t, n.s3.abort(t.Context(), triage.Blob{SHA256: u.SHA256}.Key(), u.Multipart))
	a := n.patch(path, "A-1", minPartSize, data[minPartSize:])
	if a.status != 400 || !strings.Contains(a.body, "send the file again") {
		t.Fatalf("answer %+v", a)
	}
	n.checkNothingLeft()
	again := n.create("A-1", data, len(data))
	n.patch(again, "A-1", 0, data)
	n.checkSealed(again, data)
}

// TestCompletionThatNeverShows is a server that was killed while it completed: it says done, and there is nothing.
func TestCompletionThatNeverShows(t *testing.T) {
	t.Parallel()
	var later time.Duration
	clock := func() time.Time { return time.Now().Add(later) }
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{Clock: clock})
	data := clip(45, 1000)
	path := n.create("A-1", data, len(data))
	n.db.saved = func(u triage.Upload) {
		if u.Offset == u.Size && u.State == triage.UploadOpen {
			n.s3.abort(t.Context(), triage.Blob{SHA256: u.SHA256}.Key(), u.Multipart)
		}
	}
	if a := n.patch(path, "A-1", 0, data); a.status != 503 {
		t.Fatalf("answer %+v", a)
	}
	later = 2 * sealPatience
	if a := n.do("HEAD", path, "A-1", nil, nil); a.status != 400 {
		t.Fatalf("answer %+v", a)
	}
	if u := n.upload(path); u.State != triage.UploadRefused {
		t.Fatalf("upload %+v", u)
	}
}

func TestCancel(t *testing.T) {
	n := testNode(t)
	data := clip(46, minPartSize+300)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:minPartSize+100])
	id := n.upload(path).ID
	if err := n.in.Cancel(t.Context(), triage.Actor{Account: "A-2"}, id); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("a stranger's cancel: %v", err)
	}
	if a := n.do("DELETE", path, "A-1", nil, nil); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	n.checkNothingLeft()
	must(t, n.in.Cancel(t.Context(), triage.Actor{Account: "A-1"}, id))
	if a := n.do("HEAD", path, "A-1", nil, nil); a.status != 404 {
		t.Errorf("answer %+v", a)
	}
	n.checkActs(custody.UploadStarted, custody.UploadCancelled)
	// What is sealed stays.
	sealed := n.create("A-1", data, len(data))
	n.patch(sealed, "A-1", 0, data)
	if a := n.do("DELETE", sealed, "A-1", nil, nil); a.status != 409 {
		t.Errorf("answer %+v", a)
	}
	n.checkSealed(sealed, data)
}

// TestCancelWhileSending breaks off the request that sends.
func TestCancelWhileSending(t *testing.T) {
	n := testNode(t)
	data := clip(47, 2*minPartSize)
	path := n.create("A-1", data, len(data))
	sent, cancelled := make(chan answer, 1), make(chan struct{})
	body := &limited{data: data[:minPartSize], before: func([]byte) (int, error) { return 0, nil }}
	go func() {
		a, _ := n.try("PATCH", path, "A-1", patchHeader(0), io.MultiReader(body, failingReader(func() bool { <-cancelled; return true })))
		sent <- a
	}()
	for len(n.upload(path).Parts) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if a := n.do("DELETE", path, "A-1", nil, nil); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	close(cancelled)
	<-sent
	n.checkNothingLeft()
}

func TestCollect(t *testing.T) {
	n := testNode(t)
	ctx := t.Context()
	data := clip(48, minPartSize+300)
	stale := n.create("A-1", data, len(data))
	n.patch(stale, "A-1", 0, data[:minPartSize+100])
	if c, err := n.in.Collect(ctx, time.Now().Add(23*time.Hour)); err != nil || c != (Collected{}) {
		t.Fatalf("collected %+v, %v", c, err)
	}
	if n.upload(stale).State != triage.UploadOpen {
		t.Fatal("a young upload was collected")
	}
	// A multipart upload and a staging object that nobody owns.
	_, err := n.s3.begin(ctx, triage.Blob{SHA256: triage.SHA256{9}}.Key(), time.Now().Add(time.Hour))
	must(t, err)
	must(t, n.s3.putStaging(ctx, "staging/U-XXXXX-XXXXX/00", []byte("x")))
	c, err := n.in.Collect(ctx, time.Now().Add(25*time.Hour))
	if err != nil || c != (Collected{Expired: 1, Orphans: 2}) {
		t.Fatalf("collected %+v, %v", c, err)
	}
	n.checkNothingLeft()
	if u := n.upload(stale); u.State != triage.UploadExpired {
		t.Fatalf("upload %+v", u)
	}
	n.checkActs(custody.UploadStarted, custody.UploadExpired)
	if a := n.patch(stale, "A-1", minPartSize+100, data[minPartSize+100:]); a.status != 404 {
		t.Errorf("answer %+v", a)
	}
}

// TestOrphansOfLivingUploads makes sure that an upload that is slow but alive keeps its parts.
func TestOrphansOfLivingUploads(t *testing.T) {
	t.Parallel()
	var later time.Duration
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{Clock: func() time.Time { return time.Now().Add(later) }})
	data := clip(49, 2*minPartSize)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:10])
	later = 30 * time.Hour
	n.patch(path, "A-1", 10, data[10:minPartSize+20])
	if c, err := n.in.Collect(t.Context(), time.Now().Add(31*time.Hour)); err != nil || c != (Collected{}) {
		t.Fatalf("collected %+v, %v", c, err)
	}
	n.patch(path, "A-1", minPartSize+20, data[minPartSize+20:])
	n.checkSealed(path, data)
}

// TestForgotten lets the lock of a sealed clip end that no report took: one whose bytes an exhibit shares only ends, the
// other is deleted, and as long as the lock holds nothing is.
func TestForgotten(t *testing.T) {
	t.Parallel()
	const lock = 3 * time.Second // S3 is told an hour more, so that an upload may take its time
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{UploadLock: lock - time.Hour})
	free, shared := clip(90, 2000), clip(91, 2000)
	var paths []string
	for _, data := range [][]byte{free, shared} {
		path := n.create("A-1", data, len(data))
		n.patch(path, "A-1", 0, data)
		paths = append(paths, path)
	}
	must(t, n.db.MemStore.Update(t.Context(), func(tx triage.Tx) error {
		return tx.InsertExhibit(t.Context(), triage.Exhibit{ID: "X-1", Case: "C-1", Number: 1, SHA256: sha256.Sum256(shared)})
	}))
	if c, err := n.in.Collect(t.Context(), time.Now()); err != nil || c.Deleted > 1 || len(n.objects()) != 2 {
		t.Fatalf("before the lock ended: %+v, %v", c, err)
	}
	if _, err := n.in.Collect(t.Context(), time.Now().Add(time.Hour)); err == nil { // with a clock that is wrong
		t.Error("locked bytes were deleted")
	}
	for n.upload(paths[0]).State != triage.UploadExpired {
		_, err := n.in.Collect(t.Context(), time.Now())
		must(t, err)
		time.Sleep(50 * time.Millisecond)
	}
	if keys := n.objects(); len(keys) != 1 || keys[0] != (triage.Blob{SHA256: sha256.Sum256(shared)}).Key() {
		t.Errorf("left is %v", keys)
	}
	if _, err := n.blob(sha256.Sum256(free)); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("the database still knows the bytes: %v", err)
	}
	if u := n.upload(paths[1]); u.State != triage.UploadExpired {
		t.Errorf("the upload whose bytes are shared is %s", u.State)
	}
	again := n.create("A-1", free, len(free)) // nothing of it is in the way
	n.patch(again, "A-1", 0, free)
	n.checkSealed(again, free)
}
