package triage_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/triagetest"
)

// world is a desk with real signing keys and a clock that is moved by hand.
type world struct {
	*triagetest.Signing
	t      *testing.T
	store  *triagetest.MemStore // nil in a world over PostgreSQL
	now    time.Time
	mu     sync.Mutex
	calls  []string                 // of the objects, in order; guarded by mu
	clips  byte                     // made so far, so that no two have the same bytes
	bytes  map[triage.SHA256][]byte // of evidence, where a test needs them
	away   bool                     // the object store does not answer
	people map[string]triage.Actor
	folder string // of the keys
}

type ring struct{ *custody.Ring }

func (r ring) SignReceipt(x custody.Receipt) ([]byte, error) {
	return custody.SignReceipt(x, r.Signer(custody.RoleReceipt))
}

func (r ring) SignCheckpoint(t tlog.Tree, at time.Time) ([]byte, error) {
	return custody.SignCheckpoint(t, at, r.Signer(custody.RoleLog))
}

func (r ring) OpenCheckpoint(b []byte) (custody.Checkpoint, error) {
	return custody.OpenCheckpoint(b, r.LogKeys())
}

func (r ring) LogKeys() note.Verifiers { return r.Verifiers(custody.RoleLog) }

// objects notes what is asked of the object store.
type objects struct{ w *world }

func (o objects) OpenEvidence(_ context.Context, b triage.Blob) (io.ReadSeekCloser, error) {
	if data, ok := o.w.bytes[b.SHA256]; ok {
		return bytesCloser{strings.NewReader(string(data))}, nil
	}
	return nil, triage.Errorf(triage.Unavailable, "no bytes in this test")
}

func (o objects) Measure(context.Context, triage.Blob) (triage.Chunks, error) {
	return nil, triage.Errorf(triage.Unavailable, "no bytes in this test")
}

// builtKey is the key of the one package that these objects hold, builtBytes what it is.
const (
	builtKey   = "package/P/1.zip"
	builtBytes = "package"
)

type bytesCloser struct{ *strings.Reader }

func (bytesCloser) Close() error { return nil }

func (o objects) OpenDerivative(_ context.Context, key string) (io.ReadSeekCloser, error) {
	if key == builtKey || strings.HasPrefix(key, "recordings/") {
		return bytesCloser{strings.NewReader(builtBytes)}, nil
	}
	return nil, triage.Errorf(triage.NotFound, "no bytes in this test")
}

func (o objects) Retain(context.Context, triage.Blob, time.Time) error { return o.w.call("retain") }

func (o objects) PutDerivative(context.Context, string, string, io.Reader, int64) error { return nil }

func (o objects) DeleteDerivative(_ context.Context, key string) error {
	return o.w.call("delete " + key)
}

func (o objects) Sync(context.Context) error { return o.w.call("sync") }

func (w *world) call(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return triage.Errorf(triage.Unavailable, "The evidence store does not answer. Try again.")
	}
	w.calls = append(w.calls, what)
	return nil
}

// newWorld is a world in memory.
func newWorld(t *testing.T) *world {
	t.Helper()
	var store *triagetest.MemStore
	w := newWorldOver(t, func(clock triage.Clock) triage.Store {
		store = triagetest.NewStore(clock)
		return store
	})
	w.store = store
	return w
}

func newWorldOver(t *testing.T, open func(triage.Clock) triage.Store) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), people: map[string]triage.Actor{}, bytes: map[triage.SHA256][]byte{}}
	clock := func() time.Time { return w.now }
	w.folder = t.TempDir()
	keys, err := custody.OpenRing(w.folder, "test.example")
	if err != nil {
		t.Fatal(err)
	}
	w.Signing = triagetest.NewSigning(&triage.Desk{Store: open(clock), Objects: objects{w}, Signer: ring{keys}, Witness: custody.NewWitness(keys), Clock: clock,
		URL: "http://test", Lock: time.Hour, Log: slog.New(slog.DiscardHandler), Dice: func(n int) int { return n }})
	org, err := w.AddOrganisation(t.Context(), "Org", account.PlanBusiness, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, roles := range map[string]account.Roles{"host": nil, "mallory": nil, "rui": {account.Reviewer}, "robin": {account.Reviewer},
		"lena": {account.Lead}, "lex": {account.Lead}, "lior": {account.Liaison}, "cleo": {account.ChildSafety}, "ada": {account.Auditor},
		"sam": {account.ChildSafety, account.Lead, account.Liaison}} {
		acc, err := w.AddAccount(t.Context(), account.System, name, name+"@test.example", org.ID, roles)
		if err != nil {
			t.Fatal(err)
		}
		w.people[name] = triage.Actor{Account: acc.ID, Org: org.ID, Name: name, Roles: roles}
		if _, err := w.Key(t.Context(), acc.ID); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// upload makes a sealed upload of the host.
func (w *world) upload() triage.UploadID {
	w.t.Helper()
	w.clips++
	u := triage.Upload{ID: triage.UploadID(triage.NewID("U")), Owner: w.people["host"].Account, Name: "clip.webm", Size: 7,
		SHA256: triage.SHA256{w.clips}, State: triage.UploadSealed, Created: w.now, Touched: w.now}
	err := w.Store.Update(w.t.Context(), func(tx triage.Tx) error {
		if err := tx.InsertUpload(w.t.Context(), u); err != nil {
			return err
		}
		if _, err := tx.LockBlob(w.t.Context(), u.SHA256); err == nil {
			return nil
		}
		return tx.InsertBlob(w.t.Context(), triage.Blob{SHA256: u.SHA256, Size: u.Size, Sealed: w.now, RetainUntil: w.now.Add(time.Minute)})
	})
	w.ok(err)
	return u.ID
}

func (w *world) form(policy triage.PolicyID, uploads ...triage.UploadID) triage.NewReport {
	return triage.NewReport{Key: triage.NewID("K") + "-key-of-form", MeetingName: "Choir", Occurred: w.now.Add(-time.Hour), Policy: policy,
		Words: "What happened.", People: []triage.Person{{Name: "Mallory", Identifier: "mallory@test.example"}}, Uploads: uploads, Declared: true}
}

// file files a report without clips, which is queued at once.
func (w *world) file(policy triage.PolicyID) triage.Report {
	w.t.Helper()
	r, err := w.FileReport(w.t.Context(), w.people["host"], w.form(policy))
	w.ok(err)
	return r
}

func (w *world) finding(r triage.Report, action triage.ActionKind, days int) []triage.Finding {
	return []triage.Finding{{Person: r.People[0].ID, Policy: r.Policy, Severity: triage.SeverityHigh, Action: action, Days: days,
		Reasons: "These are the reasons."}}
}

// decided files a report and has rui decide it.
func (w *world) decided(action triage.ActionKind, days int) (triage.Report, triage.Decision) {
	w.t.Helper()
	r := w.file("hate")
	_, err := w.Claim(w.t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	d, err := w.Decide(w.t.Context(), w.people["rui"], r.Case, w.finding(r, action, days))
	w.ok(err)
	return r, d
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// is expects an error of one kind.
func (w *world) is(kind error, err error) {
	w.t.Helper()
	if !errors.Is(err, kind) {
		w.t.Errorf("got %v, want an error of kind %v", err, kind.(*triage.Error).Kind)
	}
}

// acts lists what the custody log says of a case.
func (w *world) acts(c triage.CaseID) (out []custody.Act) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) error {
		es, err := tx.EventsOf(w.t.Context(), c)
		for _, e := range es {
			out = append(out, e.Act)
		}
		return err
	}))
	return out
}

func (w *world) state(c triage.CaseID) (s triage.State) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) error {
		x, err := tx.Case(w.t.Context(), c)
		s = x.State
		return err
	}))
	return s
}

func has(acts []custody.Act, want ...custody.Act) bool {
	return !slices.ContainsFunc(want, func(a custody.Act) bool { return !slices.Contains(acts, a) })
}

func contains(t *testing.T, s, part string) {
	t.Helper()
	if !strings.Contains(s, part) {
		t.Errorf("%q does not say %q", s, part)
	}
}

// logs expects exactly these events of a case, in this order; work that waits is not run.
func (w *world) logs(c triage.CaseID, want ...custody.Act) {
	w.t.Helper()
	if got := w.acts(c); !slices.Equal(got, want) {
		w.t.Errorf("the log says\n%v, want\n%v", got, want)
	}
}
