package objects

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func TestWholeUpload(t *testing.T) {
	for _, size := range []int{1, 1000, minPartSize - 1, minPartSize, minPartSize + 1, 2 * minPartSize, 5*minPartSize + 7} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			n := testNode(t)
			data := clip(1, size)
			path := n.create("A-1", data, size)
			if a := n.patch(path, "A-1", 0, data); a.status != 204 || a.header.Get("Upload-Offset") != strconv.Itoa(size) {
				t.Fatalf("answer %+v", a)
			}
			n.checkSealed(path, data)
			n.checkActs(custody.UploadStarted, custody.ExhibitSealed)
			if e := n.events()[1]; e.Subject != "upload/"+string(n.upload(path).ID) || e.Actor != "A-1" || e.Detail["name"] != "clip.webm" {
				t.Fatalf("event %+v", e)
			}
			if o := n.offset(path, "A-1"); o != size {
				t.Fatalf("offset %d after sealing", o)
			}
		})
	}
}

func TestCreationWithUpload(t *testing.T) {
	n := testNode(t)
	data := clip(2, 70_000)
	a := n.do("POST", "/uploads/", "A-1", map[string]string{
		"Upload-Length": "70000", "Upload-Metadata": metadata("a", data), "Content-Type": "application/offset+octet-stream",
	}, bytes.NewReader(data))
	if a.status != 201 {
		t.Fatalf("answer %+v", a)
	}
	n.checkSealed(a.header.Get("Location"), data)
}

// TestResume breaks off at odd places and goes on, each time on another node.
func TestResume(t *testing.T) {
	t.Parallel()
	s3, db := sharedStore(t), newDatabase()
	nodes := []*node{newNode(t, s3, db, IntakeConfig{}), newNode(t, s3, db, IntakeConfig{})}
	size := 3*minPartSize + 1234
	data := clip(3, size)
	path := nodes[0].create("A-1", data, size)
	cuts := []int{0, 1, 2, 4095, minPartSize - 1, minPartSize, minPartSize + 1, 2*minPartSize + 77, 3*minPartSize - 1, 3*minPartSize + 1, size - 1, size}
	for i := range len(cuts) - 1 {
		n := nodes[i%2]
		if o := n.offset(path, "A-1"); o != cuts[i] {
			t.Fatalf("offset %d, want %d", o, cuts[i])
		}
		if a := n.patch(path, "A-1", cuts[i], data[cuts[i]:cuts[i+1]]); a.status != 204 {
			t.Fatalf("at %d: %+v", cuts[i], a)
		}
	}
	nodes[1].checkSealed(path, data)
}

// TestBrokenConnection drops the connection in the middle of a request: what arrived stays.
func TestBrokenConnection(t *testing.T) {
	n := testNode(t)
	size := 2*minPartSize + 100
	data := clip(4, size)
	path := n.create("A-1", data, size)
	arrived := minPartSize + 4321
	body := io.MultiReader(bytes.NewReader(data[:arrived]), failingReader(func() bool { return len(n.upload(path).Parts) == 1 }))
	req, err := http.NewRequest("PATCH", n.server.URL+path, body)
	must(t, err)
	req.ContentLength = int64(size)
	for k, v := range patchHeader(0) {
		req.Header.Set(k, v)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("X-Test-Account", "A-1")
	if res, err := n.server.Client().Do(req); err == nil {
		res.Body.Close()
		t.Fatal("the connection did not break")
	}
	o := n.offset(path, "A-1")
	if o < minPartSize || o > arrived {
		t.Fatalf("offset %d after %d bytes", o, arrived)
	}
	if a := n.patch(path, "A-1", o, data[o:]); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	n.checkSealed(path, data)
}

// failingReader fails as soon as a condition holds.
type failingReader func() bool

func (f failingReader) Read([]byte) (int, error) {
	for range 1000 {
		if f() {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, errors.New("the cable was pulled")
}

func TestOneBytePatches(t *testing.T) {
	n := testNode(t)
	data := clip(5, 23)
	path := n.create("A-1", data, len(data))
	for i := range data {
		if a := n.patch(path, "A-1", i, data[i:i+1]); a.status != 204 {
			t.Fatalf("byte %d: %+v", i, a)
		}
	}
	n.checkSealed(path, data)
}

func TestOneBytePatchesAroundAPart(t *testing.T) {
	n := testNode(t)
	data := clip(6, minPartSize+3)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:minPartSize-2])
	for i := minPartSize - 2; i < len(data); i++ {
		if a := n.patch(path, "A-1", i, data[i:i+1]); a.status != 204 {
			t.Fatalf("byte %d: %+v", i, a)
		}
	}
	n.checkSealed(path, data)
}

func TestWrongHash(t *testing.T) {
	n := testNode(t)
	data, other := clip(7, 50_000), clip(8, 50_000)
	path := n.create("A-1", other, len(data))
	a := n.patch(path, "A-1", 0, data)
	if a.status != 400 || !strings.Contains(a.body, "not the file that was declared") {
		t.Fatalf("answer %+v", a)
	}
	if u := n.upload(path); u.State != triage.UploadRefused || !strings.Contains(u.Why, "SHA-256") {
		t.Fatalf("upload %+v", u)
	}
	n.checkNothingLeft()
	if keys := n.objects(); len(keys) != 0 {
		t.Fatalf("kept %v", keys)
	}
	if a := n.do("PATCH", path, "A-1", patchHeader(50_000), nil); a.status != 400 {
		t.Fatalf("a refused upload answered %+v", a)
	}
	// The same name may be tried again, with the right file.
	again := n.create("A-1", data, len(data))
	n.patch(again, "A-1", 0, data)
	n.checkSealed(again, data)
}

func TestTooManyBytes(t *testing.T) {
	n := testNode(t)
	data := clip(9, 5000)
	path := n.create("A-1", data, len(data))
	if a := n.patch(path, "A-1", 0, append(data, 'x')); a.status != 413 {
		t.Fatalf("answer %+v", a)
	}
	if o := n.offset(path, "A-1"); o != 0 {
		t.Fatalf("offset %d", o)
	}
	n.patch(path, "A-1", 0, data)
	n.checkSealed(path, data)
}

// TestSameBytesTwice sends one clip as two people at once: it is stored once, and nobody is told that it is known.
func TestSameBytesTwice(t *testing.T) {
	n := testNode(t)
	data := clip(10, minPartSize+99)
	var paths [2]string
	var wg sync.WaitGroup
	for i, who := range []string{"A-1", "A-2"} {
		paths[i] = n.create(who, data, len(data))
		if o := n.offset(paths[i], who); o != 0 {
			t.Fatalf("the offset %d skips bytes", o)
		}
		wg.Go(func() {
			if a, err := n.try("PATCH", paths[i], who, patchHeader(0), bytes.NewReader(data)); err != nil || a.status != 204 {
				t.Errorf("answer %+v, %v", a, err)
			}
		})
	}
	wg.Wait()
	third := n.create("A-3", data, len(data))
	n.patch(third, "A-3", 0, data)
	for _, p := range append(paths[:], third) {
		n.checkSealed(p, data)
	}
	if keys := n.objects(); len(keys) != 1 {
		t.Fatalf("stored as %v", keys)
	}
}

func TestOffsetJump(t *testing.T) {
	n := testNode(t)
	data := clip(11, 1000)
	path := n.create("A-1", data, len(data))
	n.patch(path, "A-1", 0, data[:400])
	for _, o := range []int{0, 399, 401, 999, 1000, 1 << 40} {
		if a := n.patch(path, "A-1", o, data[400:401]); a.status != 409 {
			t.Errorf("offset %d: %+v", o, a)
		}
	}
	n.patch(path, "A-1", 400, data[400:])
	n.checkSealed(path, data)
}

func TestForeignUpload(t *testing.T) {
	n := testNode(t)
	data := clip(12, 1000)
	path := n.create("A-1", data, len(data))
	for _, a := range []answer{
		n.do("HEAD", path, "A-2", nil, nil), n.patch(path, "A-2", 0, data), n.do("DELETE", path, "A-2", nil, nil),
		n.do("HEAD", "/uploads/U-00000-00000", "A-1", nil, nil), n.do("HEAD", "/uploads/../x", "A-1", nil, nil),
		n.do("HEAD", strings.ToLower(path), "A-1", nil, nil), n.do("HEAD", path+"/", "A-1", nil, nil),
	} {
		if a.status != 404 {
			t.Errorf("answer %+v", a)
		}
	}
	for _, a := range []answer{n.do("HEAD", path, "", nil, nil), n.patch(path, "", 0, data)} {
		if a.status != 403 {
			t.Errorf("a stranger was told %+v", a)
		}
	}
	for _, a := range []answer{n.do("GET", path, "A-1", nil, nil), n.do("GET", "/uploads/", "A-1", nil, nil), n.do("PUT", path, "A-1", nil, nil)} {
		if a.status != 405 {
			t.Errorf("answer %+v", a)
		}
	}
	n.patch(path, "A-1", 0, data)
	n.checkSealed(path, data)
}

// TestTwoNodesAtOnce lets two nodes take the same upload's bytes at the same time: neither harms the other.
func TestTwoNodesAtOnce(t *testing.T) {
	t.Parallel()
	s3, db := sharedStore(t), newDatabase()
	nodes := []*node{newNode(t, s3, db, IntakeConfig{}), newNode(t, s3, db, IntakeConfig{})}
	data := clip(13, 3*minPartSize+5)
	path := nodes[0].create("A-1", data, len(data))
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() {
			a, err := n.try("PATCH", path, "A-1", patchHeader(0), bytes.NewReader(data))
			if err == nil && a.status != 204 && a.status != 409 {
				t.Errorf("answer %+v", a)
			}
		})
	}
	wg.Wait()
	for nodes[0].upload(path).State == triage.UploadOpen { // as the page does after 409
		o := nodes[0].offset(path, "A-1")
		if a := nodes[0].patch(path, "A-1", o, data[o:]); a.status != 204 {
			t.Fatalf("at %d: %+v", o, a)
		}
	}
	if _, err := nodes[0].in.Collect(t.Context(), time.Now().Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	nodes[1].checkSealed(path, data)
	nodes[1].checkActs(custody.UploadStarted, custody.ExhibitSealed)
}

func TestPut(t *testing.T) {
	n := testNode(t)
	data := clip(14, minPartSize+17)
	id, err := n.in.Put(t.Context(), triage.Actor{Account: "A-1"}, "a.webm", bytes.NewReader(data), int64(len(data)), sha256.Sum256(data))
	must(t, err)
	n.checkSealed("/uploads/"+string(id), data)
	if _, err := n.in.Put(t.Context(), triage.Actor{Account: "A-1"}, "a.webm", bytes.NewReader(data[1:]), int64(len(data)), sha256.Sum256(data)); !errors.Is(err, triage.ErrInvalid) {
		t.Errorf("a clip that ends too early: %v", err)
	}
	short := data[:1000]
	if _, err := n.in.Put(t.Context(), triage.Actor{Account: "A-1"}, "a.webm", bytes.NewReader(short), int64(len(data)), sha256.Sum256(short)); !errors.Is(err, triage.ErrInvalid) {
		t.Errorf("a clip whose size is wrong: %v", err)
	}
	n.checkNothingLeft()
}

// TestDay fills an account's day with clips that reports took, or that were given up.
func TestDay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{MaxDay: 100, Clock: func() time.Time { return now }})
	begin := func(who string, size int) answer {
		return n.do("POST", "/uploads/", who, map[string]string{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": metadata("a", clip(40, size))}, nil)
	}
	taken := n.create("A-1", clip(41, 60), 60)
	if a := n.patch(taken, "A-1", 0, clip(41, 60)); a.status != 204 {
		t.Fatalf("answer %+v", a)
	}
	must(t, n.db.Update(t.Context(), func(tx triage.Tx) error {
		u, err := tx.Upload(t.Context(), n.upload(taken).ID)
		must(t, err)
		u.Exhibit = "X-1" // a report took it
		return tx.SaveUpload(t.Context(), u)
	}))
	if a := begin("A-1", 41); a.status != 403 || !strings.Contains(a.body, "tomorrow") {
		t.Fatalf("beyond the day's bytes: %d %s", a.status, a.body)
	}
	given := begin("A-1", 40)
	if given.status != 201 || begin("A-1", 1).status != 403 || begin("A-2", 100).status != 201 {
		t.Fatal("the day's last bytes, or those of somebody else, are not told apart")
	}
	if a := n.do("DELETE", given.header.Get("Location"), "A-1", nil, nil); a.status != 204 {
		t.Fatalf("cancelling: %d", a.status)
	}
	if a := begin("A-1", 40); a.status != 201 {
		t.Fatalf("bytes that were given up count: %d %s", a.status, a.body)
	}
	now = now.Add(day + time.Second)
	if a := begin("A-1", 41); a.status != 201 {
		t.Fatalf("a day later: %d %s", a.status, a.body)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	free := int64(1100)
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{MinFree: 1000, Free: func() (int64, error) { return free, nil }})
	begin := func(size int) answer {
		return n.do("POST", "/uploads/", "A-1", map[string]string{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": metadata("a", clip(42, size))}, nil)
	}
	if a := begin(101); a.status != 507 || !strings.Contains(a.body, "no room") || len(n.uploads("A-1")) != 0 {
		t.Fatalf("a clip beyond the room: %d %s", a.status, a.body)
	}
	if a := begin(100); a.status != 201 {
		t.Fatalf("a clip that fits: %d %s", a.status, a.body)
	}
}
