package work_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
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
	"github.com/proffer/proffer/triage/work"
)

// shop is a worker over the in-memory store, with bytes in maps.
type shop struct {
	*work.Worker
	t        *testing.T
	store    *triagetest.MemStore
	evidence []byte // what the object store yields for the one clip
	failAt   int    // reading the clip fails once, after that many bytes; 0 never
	away     error  // what the object store answers instead of opening and storing
	mu       sync.Mutex
	kept     map[string][]byte       // guarded by mu
	synced   int                     // how many objects were kept when they were last written to disk; guarded by mu
	told     []int64                 // by the builder, of its progress
	have     []triage.DerivativeKind // what the decoder was last told not to make
	decode   func(clip io.Reader, keep work.Keep) (work.Outcome, error)
	build    func(w io.Writer) error
	send     func(triage.Message) error
}

var clip = []byte("the bytes of a clip")

func (s *shop) Prepare(_ context.Context, r io.Reader, _ int64, have []triage.DerivativeKind, keep work.Keep) (work.Outcome, error) {
	s.have = have
	return s.decode(r, keep)
}

func (s *shop) Build(_ context.Context, _ triage.PackageID, w io.Writer, progress func(int64)) (triage.SHA256, int64, error) {
	for _, n := range s.told {
		progress(n)
	}
	var all bytes.Buffer
	err := s.build(io.MultiWriter(w, &all))
	return sha256.Sum256(all.Bytes()), int64(all.Len()), err
}

func (s *shop) Send(_ context.Context, m triage.Message) error { return s.send(m) }

type seekCloser struct {
	*bytes.Reader
	failAt *int
}

// Read fails once, in the middle, and goes on after that as if nothing had been.
func (s seekCloser) Read(b []byte) (int, error) {
	if s.failAt != nil && *s.failAt > 0 {
		b = b[:min(len(b), *s.failAt)]
		if at := int(s.Size()) - s.Len(); at == *s.failAt {
			*s.failAt = 0
			return 0, errAway
		}
	}
	return s.Reader.Read(b)
}

func (seekCloser) Close() error { return nil }

var errAway = triage.Errorf(triage.Unavailable, "The evidence store does not answer. Try again.")

func (s *shop) OpenEvidence(context.Context, triage.Blob) (io.ReadSeekCloser, error) {
	if s.away != nil {
		return nil, s.away
	}
	return seekCloser{bytes.NewReader(s.evidence), &s.failAt}, nil
}

func (s *shop) Measure(_ context.Context, b triage.Blob) (triage.Chunks, error) {
	if s.away != nil {
		return nil, s.away
	}
	return triage.Measure(bytes.NewReader(s.evidence), b)
}

func (s *shop) OpenDerivative(_ context.Context, key string) (io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.kept[key]
	if !ok {
		return nil, triage.Errorf(triage.NotFound, "There is no %s.", key)
	}
	return seekCloser{bytes.NewReader(b), nil}, nil
}

func (s *shop) PutDerivative(_ context.Context, key, _ string, r io.Reader, _ int64) error {
	if s.away != nil {
		return s.away
	}
	b, err := io.ReadAll(r)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.kept[key] = b
	}
	return err
}

func (s *shop) DeleteDerivative(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, key)
	return nil
}

func (s *shop) Retain(context.Context, triage.Blob, time.Time) error { return nil }

func (s *shop) Sync(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = len(s.kept)
	return nil
}

type signer struct{}

func (signer) SignReceipt(custody.Receipt) ([]byte, error) { return []byte("signed"), nil }
func (signer) SignCheckpoint(tlog.Tree, time.Time) ([]byte, error) {
	return nil, errors.New("not here")
}
func (signer) OpenCheckpoint([]byte) (custody.Checkpoint, error) {
	return custody.Checkpoint{}, errors.New("not here")
}
func (signer) LogKeys() note.Verifiers { return nil }

// open makes a shop with one report of one clip, and an account for the staff.
func open(t *testing.T) (*shop, triage.Report, triage.Actor) {
	t.Helper()
	s := &shop{t: t, evidence: clip, kept: map[string][]byte{}}
	s.store = triagetest.NewStore(time.Now)
	desk := &triage.Desk{Store: s.store, Objects: s, Signer: signer{}, Clock: time.Now, URL: "http://test", Lock: time.Hour, Log: slog.New(slog.DiscardHandler)}
	s.Worker = &work.Worker{Desk: desk, Decoder: s, Builder: s, Mailer: s, Log: desk.Log, Collect: func(context.Context) error { return nil }}
	org, err := desk.AddOrganisation(t.Context(), "Org", account.PlanBusiness, false)
	s.ok(err)
	host, err := desk.AddAccount(t.Context(), account.System, "Host", "host@test.example", org.ID, nil)
	s.ok(err)
	all, err := desk.AddAccount(t.Context(), account.System, "Staff", "staff@test.example", org.ID, account.Roles{account.Reviewer, account.Lead, account.Liaison})
	s.ok(err)
	actor := triage.Actor{Account: host.ID, Org: org.ID}
	up := triage.Upload{ID: "U-00000-00001", Owner: host.ID, Name: "clip.webm", Size: int64(len(clip)), SHA256: sha256.Sum256(clip),
		State: triage.UploadSealed, Created: time.Now(), Touched: time.Now()}
	s.ok(s.store.Update(t.Context(), func(tx triage.Tx) error {
		return errors.Join(tx.InsertUpload(t.Context(), up), tx.InsertBlob(t.Context(), triage.Blob{SHA256: up.SHA256, Size: up.Size, Sealed: time.Now(), RetainUntil: time.Now()}))
	}))
	r, err := desk.FileReport(t.Context(), actor, triage.NewReport{Key: "0123456789abcdef", MeetingName: "Choir", Occurred: time.Now(), Policy: "hate",
		Words: "What happened.", People: []triage.Person{{Name: "Mallory"}}, Uploads: []triage.UploadID{up.ID}, Declared: true})
	s.ok(err)
	return s, r, triage.Actor{Account: all.ID, Org: org.ID, Roles: all.Roles}
}

func (s *shop) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) exhibit(r triage.Report) (x triage.Exhibit, c triage.Case) {
	s.t.Helper()
	s.ok(s.store.View(s.t.Context(), func(tx triage.Tx) (err error) {
		if x, err = tx.Exhibit(s.t.Context(), r.Exhibits[0]); err == nil {
			c, err = tx.Case(s.t.Context(), r.Case)
		}
		return err
	}))
	return x, c
}

func poster(r io.Reader, keep work.Keep) (work.Outcome, error) {
	if _, err := io.ReadAll(r); err != nil {
		return work.Outcome{}, err
	}
	d := triage.Derivative{Kind: triage.DerivedPoster, ContentType: "image/jpeg", Size: 3}
	return work.Outcome{Probe: triage.Probe{Container: "webm"}}, keep(d, strings.NewReader("jpg"))
}

func TestPrepareSurvivesACrash(t *testing.T) {
	s, r, _ := open(t)
	job := triage.PrepareExhibit{Exhibit: r.Exhibits[0]}
	s.decode = func(r io.Reader, keep work.Keep) (work.Outcome, error) {
		_, err := poster(r, keep)
		return work.Outcome{}, errors.Join(err, errors.New("the process died"))
	}
	if err := s.Worker.Prepare(t.Context(), job); err == nil {
		t.Fatal("a crash was taken for a result")
	}
	s.decode = poster
	for range 2 { // once more than needed
		s.ok(s.Worker.Prepare(t.Context(), job))
	}
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingDone || c.State != triage.StateQueued || x.Container != "webm" {
		t.Errorf("%+v, %s", x, c.State)
	}
}

func TestPrepareTellsWhatFailed(t *testing.T) {
	s, r, staff := open(t)
	job := triage.PrepareExhibit{Exhibit: r.Exhibits[0]}
	s.decode = func(io.Reader, work.Keep) (work.Outcome, error) {
		return work.Outcome{Failed: "This is no video."}, nil
	}
	s.ok(s.Worker.Prepare(t.Context(), job))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingFailed || x.Why != "This is no video." || c.State != triage.StateQueued {
		t.Errorf("%+v, %s", x, c.State)
	}
	_, err := s.Desk.RetryExhibit(t.Context(), staff, r.Exhibits[0])
	s.ok(err)
	s.decode = poster
	s.ok(s.Worker.Prepare(t.Context(), job))
	if x, _ := s.exhibit(r); x.Processing != triage.ProcessingDone || x.Why != "" {
		t.Errorf("after trying again: %+v", x)
	}
}

func TestPrepareNoticesChangedBytes(t *testing.T) {
	s, r, _ := open(t)
	s.decode = poster
	s.evidence = []byte("the bytes of A clip")
	s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	if x, _ := s.exhibit(r); x.Processing != triage.ProcessingAltered || !strings.Contains(x.Why, "changed") {
		t.Errorf("%+v", x)
	}
}

func TestGivingUpLetsTheCaseGoOn(t *testing.T) {
	s, r, _ := open(t)
	s.ok(s.GiveUpPreparing(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}, errors.New("S3 is away")))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingFailed || x.Why == "" || c.State != triage.StateQueued {
		t.Errorf("%+v, %s", x, c.State)
	}
}

// approved decides the case and gets a package of it approved.
func (s *shop) approved(r triage.Report, staff triage.Actor) triage.PackageID {
	t, sign := s.t, triagetest.NewSigning(s.Desk)
	s.decode = poster
	s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	_, err := s.Desk.Claim(t.Context(), staff, r.Case)
	s.ok(err)
	_, err = sign.Decide(t.Context(), staff, r.Case, []triage.Finding{{Person: r.People[0].ID, Policy: "hate", Severity: triage.SeverityHigh,
		Action: triage.ActRefer, Reasons: "These are the reasons."}})
	s.ok(err)
	p, err := sign.RequestPackage(t.Context(), staff, triage.NewPackage{Case: r.Case, Exhibits: r.Exhibits, Recipient: "Police", Basis: "warrant", Scope: "All of the clip."})
	s.ok(err)
	second, err := s.Desk.AddAccount(t.Context(), account.System, "Second", "second@test.example", staff.Org, account.Roles{account.Lead})
	s.ok(err)
	s.ok(sign.AnswerPackage(t.Context(), triage.Actor{Account: second.ID, Roles: second.Roles}, p.ID, true, ""))
	return p.ID
}

func TestBuild(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	state := func() triage.Package {
		v, err := s.Desk.OpenPackage(t.Context(), staff, id)
		s.ok(err)
		return v.Package
	}
	s.build = func(w io.Writer) error {
		io.WriteString(w, "half a pack")
		return triage.Errorf(triage.Unavailable, "S3 is away")
	}
	if err := s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}); !errors.Is(err, triage.ErrUnavailable) || state().State != triage.PackageBuilding {
		t.Errorf("an outage: %v, %s", err, state().State)
	}
	if s.stored() != "" {
		t.Error("half a package was stored")
	}
	s.build = func(io.Writer) error { return triage.Errorf(triage.Conflict, "It holds a key.") }
	s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	if p := state(); p.State != triage.PackageFailed || p.Why != "It holds a key." {
		t.Errorf("refused: %+v", p)
	}
	s.ok(s.Desk.RetryPackage(t.Context(), staff, id))
	s.build = func(w io.Writer) error { _, err := io.WriteString(w, "the package"); return err }
	for range 2 {
		s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	}
	if p := state(); p.State != triage.PackageReady || p.SHA256 != sha256.Sum256([]byte("the package")) || p.Size != 11 {
		t.Errorf("built: %+v", p)
	}
}

func TestDeliver(t *testing.T) {
	s, _, staff := open(t)
	s.ok(s.Desk.SendLink(t.Context(), triage.SendLink{Email: "staff@test.example", Message: triage.NewID("S")}))
	mail := func() triage.Message {
		ms, err := s.Desk.MyMail(t.Context(), staff)
		s.ok(err)
		return ms[0]
	}
	job := triage.DeliverMessage{Message: mail().ID}
	var sent []string
	s.send = func(m triage.Message) error { sent = append(sent, m.Body); return errors.New("no such host\r\nX: y") }
	if err := s.Worker.Deliver(t.Context(), job); err == nil || mail().State != triage.MessageFailed || strings.Contains(mail().Error, "\n") {
		t.Errorf("%v, %+v", err, mail())
	}
	s.send = func(m triage.Message) error { sent = append(sent, m.Body); return nil }
	for range 2 {
		s.ok(s.Worker.Deliver(t.Context(), job))
	}
	if len(sent) != 2 || !strings.Contains(sent[1], "/sign-in/") || mail().State != triage.MessageDelivered {
		t.Errorf("sent %q, %+v", sent, mail())
	}
	if strings.Count(mail().Body, "not kept") != 1 {
		t.Errorf("the link is still in the outbox: %q", mail().Body)
	}
}

func TestKeptWithoutMailServer(t *testing.T) {
	s, _, staff := open(t)
	s.Mailer = nil
	s.ok(s.Desk.SendLink(t.Context(), triage.SendLink{Email: "staff@test.example", Message: triage.NewID("S")}))
	ms, err := s.Desk.MyMail(t.Context(), staff)
	s.ok(err)
	s.ok(s.Worker.Deliver(t.Context(), triage.DeliverMessage{Message: ms[0].ID}))
	ms, err = s.Desk.MyMail(t.Context(), staff)
	if s.ok(err); ms[0].State != triage.MessageKept || !strings.Contains(ms[0].Body, "/sign-in/") {
		t.Errorf("%+v", ms[0])
	}
}
