package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey/passkeytest"
	"github.com/proffer/proffer/triage/triagetest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// world is the application over a real database and a real object store.
type world struct {
	t       testing.TB
	store   *postgres.Store
	dsn     string // of its database
	objects *objects.Store
	desk    *triage.Desk
	signing *triagetest.Signing // the same, with a passkey for everybody
	config  Config
	server  *httptest.Server
	log     *logBuffer
	rooms   *testRooms
	seeds   [3][32]byte // of identity, master key and notary
	stops   []func()    // of hubs, in the order of their start
	org     account.Organisation
	mu      sync.Mutex
	ahead   time.Duration // how far the desk's clock is ahead; guarded by mu
	stopped time.Time     // where it stands still; zero: it goes; guarded by mu
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type ringSigner struct{ ring *custody.Ring }

func (s ringSigner) SignReceipt(r custody.Receipt) ([]byte, error) {
	return custody.SignReceipt(r, s.ring.Signer(custody.RoleReceipt))
}
func (s ringSigner) SignCheckpoint(t tlog.Tree, at time.Time) ([]byte, error) {
	return custody.SignCheckpoint(t, at, s.ring.Signer(custody.RoleLog))
}
func (s ringSigner) OpenCheckpoint(b []byte) (custody.Checkpoint, error) {
	return custody.OpenCheckpoint(b, s.LogKeys())
}
func (s ringSigner) LogKeys() note.Verifiers { return s.ring.Verifiers(custody.RoleLog) }

// hubChanges is the store's hub as the edge takes it.
type hubChanges struct{ hub *postgres.Hub }

func (c hubChanges) Subscribe(ctx context.Context) <-chan Change {
	in, out := c.hub.Subscribe(ctx), make(chan Change, 64)
	go func() {
		defer close(out)
		for x := range in {
			select {
			case out <- Change{ChangeKind(x.Kind), x.ID, x.Case, x.Lane, x.Reporter, x.Was}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// testAssets names the bundle's files without hashes: the pages' own tests cover the bundle.
type testAssets struct{ http.Handler }

func (testAssets) Path(name string) string { return "/static/" + name }
func (testAssets) Name() string            { return "0000 0000 0000 0000 0000" }

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, log: &logBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	clock := func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.stopped.IsZero() {
			return w.stopped
		}
		return time.Now().Add(w.ahead)
	}
	var err error
	w.dsn = embeddedtest.Postgres(t)
	w.store, err = postgres.Open(ctx, w.dsn, postgres.Options{Log: log, Clock: clock})
	must(t, err)
	t.Cleanup(w.store.Close)
	s3 := embeddedtest.S3(t)
	w.objects, err = objects.Open(ctx, objects.Config{Endpoint: s3.Endpoint, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey, TLS: true,
		TLSConfig: s3.TLS, PathStyle: true, EvidenceBucket: s3.Evidence, DerivativeBucket: s3.Derivative})
	must(t, err)
	ring, err := custody.OpenRing(t.TempDir()+"/keys", "proffer.example")
	must(t, err)
	intake, err := objects.NewIntake(w.store, w.objects, objects.IntakeConfig{Log: log})
	must(t, err)
	w.desk = &triage.Desk{Store: w.store, Objects: w.objects, Signer: ringSigner{ring}, Witness: custody.NewWitness(ring), Clock: clock, Log: log, Dice: func(n int) int { return n },
		URL: "http://proffer.example", Lock: time.Hour, RecordingsKeep: 30 * 24 * time.Hour}
	w.signing = triagetest.NewSigning(w.desk)
	hub := w.store.Hub()
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); hub.Run(running) }()
	t.Cleanup(func() { stop(); <-done })
	static := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "asset") })
	w.config = Config{Desk: w.desk, Sessions: w.store.Sessions(), Changes: hubChanges{hub}, Assets: testAssets{static}, Uploads: intake.Handler,
		Meetings: w.hub(ring), Media: http.NotFoundHandler(), PublicKeys: ring.PublicKeys, Ready: w.store.Ping, URL: "http://proffer.example", Log: log, Demo: true, Proxies: []string{"127.0.0.0/8"},
		Limits: Limits{ReportsMinute: 1000, ReportsHour: 1000, UploadsMinute: 1000, GuestMinute: 6}}
	w.org, err = w.desk.AddOrganisation(ctx, "Acme School", account.PlanBusiness, true)
	must(t, err)
	w.server = w.serve(w.config)
	return w
}

// serve starts a server with a changed configuration.
func (w *world) serve(c Config) *httptest.Server {
	w.t.Helper()
	s := httptest.NewUnstartedServer(nil)
	c.Addr = s.Listener.Addr().String()
	h, err := New(c)
	must(w.t, err)
	s.Config.Handler = h
	s.Start()
	w.t.Cleanup(s.Close)
	return s
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// stopClock has the desk's clock stand still from now on.
func (w *world) stopClock() {
	now := w.desk.Clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = now
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person makes an account.
func (w *world) person(name string, roles ...account.Role) account.Account {
	w.t.Helper()
	email := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '.'
	}, strings.ToLower(name))
	email = strings.Join(strings.FieldsFunc(email, func(r rune) bool { return r == '.' }), ".") + "@example.org"
	acc, err := w.desk.AddAccount(w.t.Context(), account.System, name, email, w.org.ID, roles)
	must(w.t, err)
	return acc
}

func (w *world) actor(acc account.Account) triage.Actor {
	return triage.Actor{Account: acc.ID, Org: acc.Org, Name: acc.Name, Roles: acc.Roles}
}

// browser is a signed-in browser, or a stranger's where cookie is "".
type browser struct {
	w      *world
	base   string
	cookie string
	key    *passkeytest.Authenticator // once something had to be signed
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
}

func (a answer) cookie(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (w *world) stranger() *browser { return &browser{w: w, base: w.server.URL} }

// signIn follows a sign-in link as a browser does.
func (w *world) signIn(acc account.Account) *browser {
	w.t.Helper()
	b := w.stranger()
	a := b.post(w.link(acc), nil)
	if c := a.cookie("proffer"); a.status == http.StatusSeeOther && c != nil {
		b.cookie = "proffer=" + c.Value
		return b
	}
	w.t.Fatalf("signing in as %s answered %d %s", acc.Name, a.status, a.body)
	return nil
}

func (w *world) link(acc account.Account) string {
	w.t.Helper()
	link, err := w.desk.MintLink(w.t.Context(), acc.ID, time.Hour)
	must(w.t, err)
	return strings.TrimPrefix(link, w.desk.URL)
}

func (b *browser) get(path string) answer { b.w.t.Helper(); return b.send("GET", path, nil, nil) }

func (b *browser) post(path string, form url.Values) answer {
	b.w.t.Helper()
	return b.send("POST", path, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, strings.NewReader(form.Encode()))
}

// send sends one request, from an address of its own so that rate limits do not meet.
func (b *browser) send(method, path string, header map[string]string, body io.Reader) answer {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.w.t.Context(), time.Minute)
	defer cancel()
	res := b.open(ctx, method, path, header, body)
	defer res.Body.Close()
	if res.Header.Get("Content-Type") == "text/event-stream" {
		return answer{res.StatusCode, "", res.Header}
	}
	text, err := io.ReadAll(res.Body)
	must(b.w.t, err)
	return answer{res.StatusCode, string(text), res.Header}
}

func (b *browser) open(ctx context.Context, method, path string, header map[string]string, body io.Reader) *http.Response {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	must(b.w.t, err)
	req.Header.Set("X-Forwarded-For", "10."+strconv.Itoa(rand.IntN(256))+"."+strconv.Itoa(rand.IntN(256))+"."+strconv.Itoa(rand.IntN(256)))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if b.cookie != "" {
		req.Header.Add("Cookie", b.cookie)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	must(b.w.t, err)
	return res
}

// errDry undoes a transaction whose result is as good as committed for the test.
var errDry = errors.New("dry run")

// dryStore runs every update and then undoes it, so that each cell of the matrix meets the same state.
type dryStore struct{ triage.Store }

func (d dryStore) Update(ctx context.Context, f func(triage.Tx) error) error {
	err := d.Store.Update(ctx, func(tx triage.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return errDry
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}
