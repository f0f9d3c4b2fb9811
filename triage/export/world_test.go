package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/triagetest"
)

// files is a triage.Objects over a folder.
type files struct{ dir string }

func (f files) path(key string) string {
	return filepath.Join(f.dir, strings.ReplaceAll(key, "/", "_"))
}

func (f files) OpenEvidence(_ context.Context, b triage.Blob) (io.ReadSeekCloser, error) {
	return os.Open(f.path(b.Key()))
}
func (f files) Measure(_ context.Context, b triage.Blob) (triage.Chunks, error) {
	r, err := os.Open(f.path(b.Key()))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return triage.Measure(r, b)
}
func (f files) Retain(context.Context, triage.Blob, time.Time) error { return nil }
func (f files) Sync(context.Context) error                           { return nil }
func (f files) OpenDerivative(_ context.Context, key string) (io.ReadSeekCloser, error) {
	return os.Open(f.path(key))
}
func (f files) DeleteDerivative(context.Context, string) error { panic("not called") }
func (f files) PutDerivative(_ context.Context, key, _ string, r io.Reader, _ int64) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path(key), b, 0o600)
}

// signer signs with a key ring, as the server does.
type signer struct{ *custody.Ring }

func (s signer) SignReceipt(r custody.Receipt) ([]byte, error) {
	return custody.SignReceipt(r, s.Signer(custody.RoleReceipt))
}
func (s signer) SignCheckpoint(t tlog.Tree, at time.Time) ([]byte, error) {
	return custody.SignCheckpoint(t, at, s.Signer(custody.RoleLog))
}
func (s signer) OpenCheckpoint(b []byte) (custody.Checkpoint, error) {
	return custody.OpenCheckpoint(b, s.LogKeys())
}
func (s signer) LogKeys() note.Verifiers { return s.Verifiers(custody.RoleLog) }

// world is a platform with one case on it.
type world struct {
	testing.TB
	ctx   context.Context
	now   time.Time
	ring  *custody.Ring
	store *triagetest.MemStore
	desk  *triagetest.Signing
	files files

	host, reviewer, lead, liaison triage.Actor

	report   triage.Report
	exhibits []triage.Exhibit
	pkg      triage.Package
	uploads  int // made so far

	meeting *cliptest.World // whose keys the platform has
	proof   []byte          // that comes with the first clip
	in      triage.MeetingID
}

// Platform has the keys of the meeting.
func (w *world) Platform(context.Context, triage.MeetingID) (clip.Platform, error) {
	return w.meeting.Platform(), nil
}

// film is a file as a host sends it.
type film struct {
	name, container string
	data            []byte
}

var smallClips = []film{
	{"clip one.webm", "webm", []byte("\x1a\x45\xdf\xa3 a small first clip")},
	{"Клип №2 \u202e中.mp4", "mp4", []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00 and a second one")},
	{"never asked for.webm", "webm", []byte("\x1a\x45\xdf\xa3 a clip that stays behind")},
}

func newWorld(t testing.TB, origin string) *world {
	w := &world{TB: t, ctx: t.Context(), now: time.Date(2026, 11, 23, 10, 0, 0, 123456000, time.UTC), files: files{t.TempDir()}}
	w.ring = must(custody.OpenRing(filepath.Join(t.TempDir(), "keys"), origin))
	clock := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	w.store = triagetest.NewStore(clock)
	w.desk = triagetest.NewSigning(&triage.Desk{Store: w.store, Objects: w.files, Signer: signer{w.ring}, Witness: custody.NewWitness(w.ring), Clock: clock,
		Log: slog.New(slog.DiscardHandler), URL: "http://localhost:8080", Lock: 24 * time.Hour})
	w.meeting, w.proof, w.desk.Platform = cliptest.New("M-3K9QA-77ZPW", 1), proofBytes, w
	org := must(w.desk.AddOrganisation(w.ctx, "School", account.PlanBusiness, false))
	add := func(name string, roles ...account.Role) triage.Actor {
		a := must(w.desk.AddAccount(w.ctx, account.System, name, strings.ToLower(name)+"@example.org", org.ID, roles))
		return must(w.desk.ActorOf(w.ctx, a.ID))
	}
	w.host, w.reviewer, w.lead, w.liaison = add("Hanna"), add("Rita", account.Reviewer), add("Lea", account.Lead), add("Liam", account.Liaison)
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// file files a report with clips, prepares them, and decides the case.
func (w *world) file(clips []film) {
	w.Helper()
	w.submit(clips, triage.Person{Name: "Mallory 王"}, triage.Person{Name: "Ωmega", Identifier: "omega@example.net"})
	must(w.desk.OpenOriginal(w.ctx, w.lead, w.report.Exhibits[0])).Close()
	must(w.desk.Claim(w.ctx, w.reviewer, w.report.Case))
	w.ok(w.desk.AddNote(w.ctx, w.reviewer, w.report.Case, "A note that stays in the house."))
	w.decide(triage.Finding{Action: triage.ActRefer}, w.report.People...)
	w.look()
}

// proofBytes stand for a proof, which a package has as it came.
var proofBytes = []byte("openings of the frames of the first clip\x00\xff")

// submit files a report about people, and prepares its clips.
func (w *world) submit(clips []film, people ...triage.Person) {
	w.Helper()
	n := triage.NewReport{Key: "0123456789abcdef0123", MeetingName: "Класс 7б · Maths", Occurred: w.now.Add(-time.Hour), Policy: "harassment",
		Words: "He shouted and showed a sign.\nIt said “go home”. \u202eסוף", Declared: true, Simulated: true, People: people}
	for _, c := range clips {
		n.Uploads = append(n.Uploads, w.upload(c))
	}
	n.Meeting = w.in
	n.Proofs = make([]triage.UploadID, len(clips)) // the first came from a live meeting
	n.Proofs[0] = w.upload(film{name: "clip.proof", data: w.proof})
	w.report = must(w.desk.FileReport(w.ctx, w.host, n))
	for i, id := range w.report.Exhibits {
		w.prepare(id, clips[i])
	}
}

// upload makes a sealed upload of the host.
func (w *world) upload(c film) triage.UploadID {
	w.Helper()
	sum := sha256.Sum256(c.data)
	b := triage.Blob{SHA256: sum, Size: int64(len(c.data))}
	w.ok(os.WriteFile(w.files.path(b.Key()), c.data, 0o600))
	w.uploads++
	u := triage.Upload{ID: triage.UploadID(fmt.Sprintf("U-AAAAA-0000%d", w.uploads)), Owner: w.host.Account, Name: c.name, Size: b.Size, SHA256: sum,
		Offset: b.Size, State: triage.UploadSealed, Created: w.now, Touched: w.now}
	w.ok(w.store.Update(w.ctx, func(tx triage.Tx) error {
		if err := tx.InsertBlob(w.ctx, b); err != nil {
			return err
		}
		return tx.InsertUpload(w.ctx, u)
	}))
	return u.ID
}

// decide has the reviewer, who holds the case, find the same about all people.
func (w *world) decide(f triage.Finding, people ...triage.Person) triage.Decision {
	w.Helper()
	var findings []triage.Finding
	for i, p := range people {
		f.Person, f.Policy, f.Severity = p.ID, "harassment", triage.SeverityHigh
		f.Reasons = fmt.Sprintf("Abuse that was meant, and repeated, by person %d.", i+1)
		findings = append(findings, f)
	}
	return must(w.desk.Decide(w.ctx, w.reviewer, w.report.Case, findings))
}

func (w *world) look() {
	w.Helper()
	w.ok(w.store.View(w.ctx, func(tx triage.Tx) (err error) {
		w.exhibits, err = tx.ExhibitsOf(w.ctx, w.report.Case)
		return err
	}))
}

func (w *world) prepare(id triage.ExhibitID, c film) {
	w.Helper()
	x, _, err := w.desk.BeginPreparing(w.ctx, id)
	w.ok(err)
	for _, d := range []triage.Derivative{
		{Kind: triage.DerivedPoster, ContentType: "image/jpeg", Command: "ffmpeg -i in -frames:v 1 poster.jpg"},
		{Kind: triage.DerivedWaveform, ContentType: "application/json", Command: "ffmpeg -i in -f s16le - | peaks"},
	} {
		data := []byte(fmt.Sprintf(`{"kind":%q,"of":%q}`, d.Kind, id))
		d.Exhibit, d.SHA256, d.Size, d.Key = id, sha256.Sum256(data), int64(len(data)), fmt.Sprintf("derivative/%s/%s", id, d.Kind)
		w.ok(w.files.PutDerivative(w.ctx, d.Key, d.ContentType, bytes.NewReader(data), d.Size))
		w.ok(w.desk.KeepDerivative(w.ctx, d))
	}
	x.Container = c.container
	verdict, trust, err := w.desk.Verify(w.ctx, x)
	w.ok(err)
	w.ok(w.desk.FinishPreparing(w.ctx, id, triage.Prepared{Verdict: verdict, Trust: trust, Probe: triage.Probe{Container: c.container, Duration: 2500 * time.Millisecond,
		Tracks: []triage.Track{{Kind: "video", Codec: "vp8", Width: 640, Height: 360}}}}))
}

// request asks for a package of the first n exhibits and has it approved and sequenced.
func (w *world) request(n int) {
	w.Helper()
	var ids []triage.ExhibitID
	for _, x := range w.exhibits[:n] {
		ids = append(ids, x.ID)
	}
	w.pkg = must(w.desk.RequestPackage(w.ctx, w.liaison, triage.NewPackage{Case: w.report.Case, Exhibits: ids, Recipient: "Cybercrime Unit, Insp. Müller",
		Basis: "warrant", Reference: "AZ 12/34", Scope: "The clips of the class of 23 November."}))
	w.ok(w.desk.AnswerPackage(w.ctx, w.lead, w.pkg.ID, true, "Checked against the warrant."))
	w.sequence()
}

func (w *world) sequence() {
	w.Helper()
	for {
		n, err := w.desk.Sequence(w.ctx)
		w.ok(err)
		if n == 0 {
			return
		}
	}
}

func (w *world) options() Options {
	return Options{Objects: w.files, Signer: w.ring.Signer(custody.RolePackage), PublicKeys: w.ring.PublicKeys(), Tool: "Proffer test", Now: w.pkg.Requested.Add(time.Hour)}
}

// build gathers and builds; without cover the package is small enough to flip each of its bits.
func (w *world) build(cover coverFunc) []byte {
	w.Helper()
	c, err := Gather(w.ctx, w.store, w.pkg.ID)
	w.ok(err)
	var out bytes.Buffer
	r, err := build(w.ctx, c, w.options(), &out, nil, cover)
	w.ok(err)
	if r.Size != int64(out.Len()) || r.SHA256 != sha256.Sum256(out.Bytes()) {
		w.Fatalf("the result says %d bytes, %d were written, or the digest differs", r.Size, out.Len())
	}
	return out.Bytes()
}

// unbound builds what is stored without asking the log, as an insider would who changed the program.
func (w *world) unbound() []byte {
	w.Helper()
	var out bytes.Buffer
	w.ok(w.store.View(w.ctx, func(tx triage.Tx) error {
		g := gathering{Tx: tx, Contents: &Contents{}, people: map[triage.PersonID]triage.Person{}}
		if err := g.gather(w.ctx, w.pkg.ID); err != nil {
			return err
		}
		_, err := build(w.ctx, g.Contents, w.options(), &out, nil, noCover)
		return err
	}))
	return out.Bytes()
}

func noCover(*builder) (pdf, printed []byte, err error) { return []byte("%PDF"), nil, nil }

// made is a world with a package of two of its three exhibits.
func made(t testing.TB) (*world, []byte) {
	t.Helper()
	w := newWorld(t, "desk.example.org")
	w.file(smallClips)
	w.request(2)
	return w, w.build(writeCover)
}

func verify(t testing.TB, pkg []byte, keys custody.PublicKeys) *Verdict {
	t.Helper()
	v, err := Verify(t.Context(), bytes.NewReader(pkg), int64(len(pkg)), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// expect fails unless the verdict has that exit status and, in some line, those words.
func expect(t testing.TB, v *Verdict, exit int, words string) {
	t.Helper()
	if v.ExitCode() != exit || !strings.Contains(v.String(), words) {
		t.Errorf("exit status %d, want %d with %q:\n%s", v.ExitCode(), exit, words, v)
	}
}
