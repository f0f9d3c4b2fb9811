package objects

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// chunked seals bytes and returns their blob with its chunks.
func chunked(t testing.TB, s *Store, data []byte) triage.Blob {
	t.Helper()
	b := put(t, s, data, time.Hour)
	b.Chunks = triage.Chunks(nil).Append(data)
	return b
}

// TestAnyRange reads ranges drawn at random, and those around the ends of chunks, and compares each with the same slice of
// the original.
func TestAnyRange(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, triage.ChunkSize - 1, triage.ChunkSize, triage.ChunkSize + 1, 3*triage.ChunkSize + 4711} {
		data := clip(uint64(size), size)
		r, err := s.OpenEvidence(t.Context(), chunked(t, s, data))
		must(t, err)
		defer r.Close()
		if err := iotest.TestReader(r, data); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		edges := []int{0, 1, triage.ChunkSize - 1, triage.ChunkSize, triage.ChunkSize + 1, 2 * triage.ChunkSize, size - 1, size}
		for i := range 200 {
			from, to := rng.IntN(size+1), rng.IntN(size+1)
			if i%2 == 0 {
				from, to = min(size, edges[rng.IntN(len(edges))]), min(size, edges[rng.IntN(len(edges))])
			}
			from, to = min(from, to), max(from, to)
			_, err := r.Seek(int64(from), io.SeekStart)
			must(t, err)
			got := make([]byte, to-from)
			if _, err := io.ReadFull(r, got); err != nil && to > from || !bytes.Equal(got, data[from:to]) {
				t.Fatalf("bytes %d to %d of %d are others: %v", from, to, size, err)
			}
		}
	}
}

// TestFlippedOnDisk changes single bits of an original under the gateway's feet: every chunk but the changed one can be
// read, and of that one not a byte.
func TestFlippedOnDisk(t *testing.T) {
	t.Parallel()
	g, s := ownGateway(t)
	const changed = 2
	data := clip(70, 4*triage.ChunkSize+99)
	b := chunked(t, s, data)
	file := embeddedtest.OnDisk(t, g.dir, b.SHA256.String())
	for _, at := range []int64{changed * triage.ChunkSize, changed*triage.ChunkSize + 12345, (changed+1)*triage.ChunkSize - 1} {
		embeddedtest.Flip(t, file, at)
		r, err := s.OpenEvidence(t.Context(), b)
		must(t, err)
		got, err := io.ReadAll(r)
		if !errors.Is(err, triage.ErrAltered) || !bytes.Equal(got, data[:changed*triage.ChunkSize]) {
			t.Errorf("byte %d: reading ended after %d bytes with %v", at, len(got), err)
		}
		for number := range b.Size/triage.ChunkSize + 1 {
			_, err := r.Seek(number*triage.ChunkSize+50, io.SeekStart)
			must(t, err)
			one := make([]byte, 1)
			if n, err := r.Read(one); (number == changed) != (n == 0 && errors.Is(err, triage.ErrAltered)) {
				t.Errorf("byte %d: chunk %d is read with %v", at, number, err)
			}
		}
		must(t, r.Close())
		if _, err := s.Measure(t.Context(), b); !errors.Is(err, triage.ErrAltered) {
			t.Errorf("byte %d: measuring: %v", at, err)
		}
		plain := b
		plain.Chunks = nil
		if _, err := s.OpenEvidence(t.Context(), plain); !errors.Is(err, triage.ErrAltered) {
			t.Errorf("byte %d: opening without chunks: %v", at, err)
		}
		embeddedtest.Flip(t, file, at) // back again
	}
	checkBytes(t, s, b, data)
	must(t, os.Truncate(file, b.Size-1))
	if _, err := s.OpenEvidence(t.Context(), b); !errors.Is(err, triage.ErrAltered) {
		t.Errorf("a shorter original: %v", err)
	}
}

func TestForeignChunks(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	data := clip(71, triage.ChunkSize+10)
	b := chunked(t, s, data)
	for name, list := range map[string]triage.Chunks{"too few": b.Chunks[:32], "too many": append(b.Chunks[:64:64], b.Chunks[:32]...), "none": {}} {
		b.Chunks = list
		if _, err := s.OpenEvidence(t.Context(), b); !errors.Is(err, triage.ErrAltered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHiddenByAnotherVersion puts bytes of the same size on top of an original with the keys of the store: the original is
// found behind them.
func TestHiddenByAnotherVersion(t *testing.T) {
	t.Parallel()
	s := sharedStore(t)
	data := clip(72, 2*triage.ChunkSize+5)
	b := chunked(t, s, data)
	other := clip(73, len(data))
	copy(other, data[:triage.ChunkSize]) // the second chunk is the first to differ
	_, err := s.client.PutObject(t.Context(), s.evidence, b.Key(), bytes.NewReader(other), b.Size, minio.PutObjectOptions{})
	must(t, err)
	checkBytes(t, s, b, data)
	b.Chunks = nil
	checkBytes(t, s, b, data)
}

// TestSealedRange answers a request for a range whose chunk was changed.
func TestSealedRange(t *testing.T) {
	t.Parallel()
	g, s := ownGateway(t)
	data := clip(74, 2*triage.ChunkSize)
	b := chunked(t, s, data)
	embeddedtest.Flip(t, embeddedtest.OnDisk(t, g.dir, b.SHA256.String()), triage.ChunkSize)
	r, err := s.OpenEvidence(t.Context(), b)
	must(t, err)
	defer r.Close()
	for from, want := range map[int]int{100: 50, triage.ChunkSize + 100: 0, triage.ChunkSize - 10: 10} {
		req := httptest.NewRequest("GET", "/", nil)
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+49))
		w := httptest.NewRecorder()
		http.ServeContent(w, req, "", time.Time{}, r)
		if !bytes.Equal(w.Body.Bytes(), data[from:from+want]) {
			t.Errorf("from %d: %d bytes left", from, w.Body.Len())
		}
	}
}

// TestStrangeObjectAtTheKey has something else standing where a clip is to be stored, which the database does not know:
// it is read, not believed, and the clip is stored all the same.
func TestStrangeObjectAtTheKey(t *testing.T) {
	n := testNode(t)
	data, other := clip(75, minPartSize+70), clip(76, minPartSize+70)
	key := triage.Blob{SHA256: sha256.Sum256(data)}.Key()
	id, err := n.s3.begin(t.Context(), key, time.Now().Add(time.Hour))
	must(t, err)
	p, err := n.s3.putPart(t.Context(), key, id, 1, other)
	must(t, err)
	must(t, n.s3.complete(t.Context(), key, id, []triage.UploadPart{p}))
	path := n.create("A-1", data, len(data))
	if a := n.patch(path, "A-1", 0, data); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	n.checkSealed(path, data)
}

// TestAlteredIsStoredAnew uploads the bytes of an original again that was changed on disk meanwhile.
func TestAlteredIsStoredAnew(t *testing.T) {
	t.Parallel()
	g, s3 := ownGateway(t)
	n := newNode(t, s3, newDatabase(), IntakeConfig{})
	data := clip(77, minPartSize+70)
	first := n.create("A-1", data, len(data))
	n.patch(first, "A-1", 0, data)
	n.checkSealed(first, data)
	b, err := n.blob(sha256.Sum256(data))
	must(t, err)
	embeddedtest.Flip(t, embeddedtest.OnDisk(t, g.dir, b.SHA256.String()), 5)
	r, err := n.s3.OpenEvidence(t.Context(), b)
	must(t, err)
	defer r.Close()
	if n, err := r.Read(make([]byte, 9)); n > 0 || !errors.Is(err, triage.ErrAltered) {
		t.Fatalf("%d bytes of a changed chunk were read: %v", n, err)
	}
	second := n.create("A-2", data, len(data))
	if a := n.patch(second, "A-2", 0, data); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	n.checkSealed(second, data)
}

// TestBlobWithoutChunks uploads bytes that were sealed before there were chunks.
func TestBlobWithoutChunks(t *testing.T) {
	n := testNode(t)
	data := clip(78, minPartSize+70)
	b := put(t, n.s3, data, time.Hour)
	must(t, n.db.MemStore.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertBlob(t.Context(), b) }))
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data)
	n.checkSealed(path, data)
}

// TestUploadFromBefore is whole in parts that have no chunks, as an older version of the program left them.
func TestUploadFromBefore(t *testing.T) {
	n := testNode(t)
	data := clip(79, minPartSize+70)
	path := n.create("A-1", data, len(data))
	n.db.saved = func(u triage.Upload) {
		if u.State == triage.UploadOpen && u.Parts != nil {
			n.db.saved = nil
			u.Version++
			u.Parts[0].Chunks = nil
			must(t, n.db.MemStore.Update(t.Context(), func(tx triage.Tx) error { return tx.SaveUpload(t.Context(), u) }))
		}
	}
	n.patch(path, "A-1", 0, data)
	for o := n.offset(path, "A-1"); o < len(data); o = n.offset(path, "A-1") {
		n.patch(path, "A-1", o, data[o:])
	}
	n.checkSealed(path, data)
}

// TestChangedWhileItWaits changes the tail of an upload where it waits for the next request, under no lock.
func TestChangedWhileItWaits(t *testing.T) {
	n := testNode(t)
	data := clip(80, minPartSize+1000)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:minPartSize+500])
	key := stagingKey(n.upload(path))
	must(t, n.s3.putStaging(t.Context(), key, clip(81, 500)))
	a := n.patch(path, "A-1", minPartSize+500, data[minPartSize+500:])
	if a.status != 400 || !strings.Contains(a.body, "send the file again") {
		t.Fatalf("answer %+v", a)
	}
	n.checkActs(custody.UploadStarted, custody.UploadRefused)
	if d := n.events()[1].Detail; !strings.Contains(d["why"], "send the file again") || d["name"] != "clip.webm" {
		t.Errorf("logged as %v", d)
	}
	n.checkNothingLeft()
}
