package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/triagetest"
)

// database is the store in memory with a hook: saved runs after each commit that saved an upload.
type database struct {
	*triagetest.MemStore
	saved func(triage.Upload)
}

func newDatabase() *database { return &database{MemStore: triagetest.NewStore(nil)} }

func (d *database) Update(ctx context.Context, f func(triage.Tx) error) error {
	watched := &watchedTx{}
	err := d.MemStore.Update(ctx, func(tx triage.Tx) error {
		watched.Tx = tx
		return f(watched)
	})
	if watched.upload.ID != "" && d.saved != nil && err == nil {
		d.saved(watched.upload)
	}
	return err
}

type watchedTx struct {
	triage.Tx
	upload triage.Upload
}

func (t *watchedTx) SaveUpload(ctx context.Context, u triage.Upload) error {
	t.upload = u
	return t.Tx.SaveUpload(ctx, u)
}

// uploads are those of an account that were not cancelled.
func (n *node) uploads(who account.ID) (us []triage.Upload) {
	must(n.t, n.db.View(n.t.Context(), func(tx triage.Tx) (err error) {
		us, err = tx.UploadsOf(n.t.Context(), who)
		return err
	}))
	return us
}

func (n *node) blob(sum triage.SHA256) (b triage.Blob, err error) {
	err = n.db.MemStore.Update(n.t.Context(), func(tx triage.Tx) (err error) {
		b, err = tx.LockBlob(n.t.Context(), sum)
		return err
	})
	return b, err
}

func (n *node) events() (es []custody.Event) {
	must(n.t, n.db.MemStore.Update(n.t.Context(), func(tx triage.Tx) (err error) {
		es, err = tx.Unsequenced(n.t.Context(), 1000)
		return err
	}))
	return es
}

func (n *node) checkActs(want ...custody.Act) {
	n.t.Helper()
	var got []string
	for _, e := range n.events() {
		got = append(got, string(e.Act))
	}
	var wanted []string
	for _, a := range want {
		wanted = append(wanted, string(a))
	}
	if strings.Join(got, " ") != strings.Join(wanted, " ") {
		n.t.Errorf("logged %v, want %v", got, wanted)
	}
}

// node is one node with its stores and a client.
type node struct {
	t      testing.TB
	db     *database
	s3     *Store
	in     *Intake
	server *httptest.Server
}

func newNode(t testing.TB, s3 *Store, db *database, c IntakeConfig) *node {
	t.Helper()
	in, err := NewIntake(db, s3, c)
	must(t, err)
	h := in.Handler(func(r *http.Request) (triage.Actor, error) {
		who := r.Header.Get("X-Test-Account")
		if who == "" {
			return triage.Actor{}, triage.Errorf(triage.Forbidden, "Sign in first.")
		}
		return triage.Actor{Account: account.ID(who)}, nil
	})
	n := &node{t: t, db: db, s3: s3, in: in, server: httptest.NewServer(h)}
	t.Cleanup(n.server.Close)
	return n
}

func testNode(t *testing.T) *node {
	t.Helper()
	t.Parallel()
	return newNode(t, sharedStore(t), newDatabase(), IntakeConfig{})
}

func clip(seed uint64, size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	r.Read(b)
	return b
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func metadata(name string, data []byte) string {
	sum := sha256.Sum256(data)
	return "filename " + b64(name) + ",sha256 " + b64(hex.EncodeToString(sum[:]))
}

type answer struct {
	status int
	body   string
	header http.Header
}

// do sends one request as tus-js-client would.
func (n *node) do(method, path, who string, header map[string]string, body io.Reader) answer {
	n.t.Helper()
	a, err := n.try(method, path, who, header, body)
	must(n.t, err)
	return a
}

func (n *node) try(method, path, who string, header map[string]string, body io.Reader) (answer, error) {
	req, err := http.NewRequest(method, n.server.URL+path, body)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("X-Test-Account", who)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := n.server.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(b), res.Header}, err
}

func (n *node) create(who string, declared []byte, size int) string {
	n.t.Helper()
	a := n.do("POST", "/uploads/", who, map[string]string{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": metadata("clip.webm", declared)}, nil)
	if a.status != 201 {
		n.t.Fatalf("creation answered %d %s", a.status, a.body)
	}
	return a.header.Get("Location")
}

func (n *node) patch(path, who string, offset int, data []byte) answer {
	n.t.Helper()
	return n.do("PATCH", path, who, patchHeader(offset), bytes.NewReader(data))
}

func patchHeader(offset int) map[string]string {
	return map[string]string{"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/offset+octet-stream"}
}

func (n *node) offset(path, who string) int {
	n.t.Helper()
	a := n.do("HEAD", path, who, nil, nil)
	if a.status != 200 {
		n.t.Fatalf("HEAD answered %d", a.status)
	}
	o, err := strconv.Atoi(a.header.Get("Upload-Offset"))
	must(n.t, err)
	return o
}

func (n *node) upload(path string) triage.Upload {
	n.t.Helper()
	u, err := n.in.load(n.t.Context(), triage.UploadID(strings.TrimPrefix(path, "/uploads/")))
	must(n.t, err)
	return u
}

// checkSealed fails unless the upload is sealed, its bytes are stored once under a lock, and nothing is left beside.
func (n *node) checkSealed(path string, data []byte) {
	n.t.Helper()
	u := n.upload(path)
	if u.State != triage.UploadSealed {
		n.t.Fatalf("the upload is %s (%s), not sealed", u.State, u.Why)
	}
	b, err := n.blob(u.SHA256)
	must(n.t, err)
	if b.Size != int64(len(data)) || !bytes.Equal(b.Chunks, triage.Chunks(nil).Append(data)) {
		n.t.Fatalf("the blob is %+v", b)
	}
	n.checkBound(u, b)
	r, err := n.s3.OpenEvidence(n.t.Context(), b)
	must(n.t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	must(n.t, err)
	if !bytes.Equal(got, data) {
		n.t.Fatal("the stored bytes are not the ones that were sent")
	}
	h, err := n.s3.head(n.t.Context(), b.Key(), -1)
	must(n.t, err)
	if h.until.Before(u.Touched.Add(n.in.UploadLock)) || !h.until.Equal(b.RetainUntil) {
		n.t.Fatalf("the lock ends %s, the database says %s", h.until, b.RetainUntil)
	}
	n.checkNothingLeft()
}

// checkBound fails unless the log names the chunks with which the upload was sealed.
func (n *node) checkBound(u triage.Upload, b triage.Blob) {
	n.t.Helper()
	for _, e := range n.events() {
		if e.Subject == "upload/"+string(u.ID) && e.Act == custody.ExhibitSealed {
			if got := e.Detail["chunks"]; got != b.Chunks.Sum(b.Size).String() {
				n.t.Fatalf("the log names the chunks %q", got)
			}
			return
		}
	}
	n.t.Fatal("the log does not say that the upload was sealed")
}

func (n *node) checkNothingLeft() {
	n.t.Helper()
	ctx := n.t.Context()
	m, err := n.s3.multiparts(ctx, time.Now().Add(time.Hour))
	must(n.t, err)
	st, err := n.s3.staged(ctx, time.Now().Add(time.Hour))
	must(n.t, err)
	if len(m) != 0 || len(st) != 0 {
		n.t.Fatalf("left behind: multiparts %v, staging %v", m, st)
	}
}

func (n *node) objects() (keys []string) {
	for o := range n.s3.client.ListObjects(n.t.Context(), n.s3.evidence, minio.ListObjectsOptions{Recursive: true}) {
		must(n.t, o.Err)
		keys = append(keys, o.Key)
	}
	return keys
}
