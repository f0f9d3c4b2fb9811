package e2e

import (
	bin "encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// team is the people of the demonstration, each at a machine of their own.
type team struct {
	s                                      *server
	host, reviewer, lead, liaison, auditor *client

	mu    sync.Mutex
	filed []*filed // what was acknowledged; guarded by mu

	evidence string // folder of the evidence bucket

	stages sync.Map // where each loop stands, for tests that hit it at random
}

// filed is what the people know of one report after the whole flow.
type filed struct {
	person    string // the reported one
	clip      []byte
	report    string
	receipt   string // as handed out first
	caseID    string
	packageID string
	zip       []byte
}

// signInTeam signs everybody in.
func signInTeam(t testing.TB, s *server) *team {
	t.Helper()
	m := &team{s: s, evidence: filepath.Join(s.Dir, "data/s3/objects/proffer-evidence")}
	for name, c := range map[string]**client{"Hanna": &m.host, "Rui": &m.reviewer, "Lena": &m.lead, "Lior": &m.liaison} {
		*c = s.enter(t, name, s.Links[name])
	}
	m.auditor = s.become(t, "Ada Abara")
	return m
}

// The stages of a flow; tests make something fail there.
const (
	atUpload     = "upload"
	atIntake     = "intake"     // half of the clip is on its way
	atFiling     = "filing"     // the clip is sealed, the form is about to be sent
	atProcessing = "processing" // the report is filed, and its clip is being prepared
	atClaim      = "claim"
	atDecision   = "decision"
	atApproval   = "approval"
	atRequest    = "request" // for a package
	atAnswer     = "answer"  // to that
	atExport     = "export"  // the package is approved, and being built
)

// flow goes the whole way of a clip: upload, report, claim, ban, approval, package. at, where it is not nil, is told of
// each stage that begins.
func (m *team) flow(person string, clip []byte, at func(stage string)) (*filed, error) {
	if at == nil {
		at = func(string) {}
	}
	f := &filed{person: person, clip: clip}
	if err := m.fileFlow(f, at); err != nil {
		return f, err
	}
	for _, step := range []struct {
		stage string
		do    func() error
	}{
		{atProcessing, func() (err error) { f.caseID, err = m.caseOf(f); return err }},
		{atClaim, func() error { return m.reviewer.claim(f.caseID) }},
		{atDecision, func() error { return m.reviewer.decide(f.caseID, "ban") }},
		{atApproval, func() error { return m.lead.approve(f.caseID) }},
		{atRequest, func() (err error) { f.packageID, err = m.liaison.ask(f.caseID); return err }},
		{atAnswer, func() error { return m.lead.approvePackage(f.packageID) }},
		{atExport, func() (err error) { f.zip, err = m.liaison.fetchPackage(f.packageID); return err }},
	} {
		at(step.stage)
		if err := step.do(); err != nil {
			return f, fmt.Errorf("%s of report %s, case %s: %w", step.stage, f.report, f.caseID, err)
		}
	}
	return f, nil
}

// caseOf waits until the case of a report is prepared and returns its number.
func (m *team) caseOf(f *filed) (id string, err error) {
	err = persist("preparing "+f.report, func() error {
		ids, err := m.reviewer.cases(f.person)
		if err != nil || len(ids) == 0 {
			return orWait(err)
		}
		id = strings.Join(ids, " and ") // there may be but one
		p, err := m.reviewer.openCase(id)
		if err != nil || p.state == "received" || p.state == "processing" {
			return orWait(err)
		}
		return nil
	})
	return id, err
}

func (m *team) fileFlow(f *filed, at func(string)) error {
	var once sync.Once
	half := func(r io.Reader) io.Reader {
		return slow{io.MultiReader(io.LimitReader(r, int64(len(f.clip)/2)), hook(func() { once.Do(func() { at(atIntake) }) }), r)}
	}
	at(atUpload)
	upload, err := m.host.upload("clip.mp4", f.clip, half)
	if err != nil {
		return err
	}
	at(atFiling)
	var form complaint
	if err := persist("opening a form", func() error { form, err = m.host.newForm(f.person, upload); return err }); err != nil {
		return err
	}
	if err := persist("filing", func() error { f.report, err = m.host.file(form); return err }); err != nil {
		return err
	}
	m.mu.Lock()
	m.filed = append(m.filed, f)
	m.mu.Unlock()
	return persist("taking the receipt", func() error { f.receipt, err = m.host.page("/reports/" + f.report + "/receipt"); return err })
}

// hook is a reader of nothing that calls itself when it is reached.
type hook func()

func (h hook) Read([]byte) (int, error) {
	h()
	return 0, io.EOF
}

// slow is a reader that takes its time, so that there is a middle to be killed in.
type slow struct{ r io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.r.Read(p[:min(len(p), 64<<10)])
}

// padded is a clip made larger and unlike any other: an MP4 box of random bytes that players skip (ISO/IEC 14496-12 §8.1.2).
func padded(clip []byte, size int, r *rand.Rand) []byte {
	box := bin.BigEndian.AppendUint32(nil, uint32(size+8))
	box = append(box, "free"...)
	for len(box) < size+8 {
		box = bin.LittleEndian.AppendUint64(box, r.Uint64())
	}
	return slices.Concat(clip, box[:size+8])
}

// checkNothingLost makes sure, once everything has calmed down, that each acknowledged report is there with its clip, its
// receipt, its decision and its package, that none of it is there twice, and that the custody log holds.
func (m *team) checkNothingLost(t *testing.T) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "PLATFORM.pub")
	save(t, key, []byte(must(m.host.page("/platform.pub"))(t)))
	shown := all(must(m.host.page("/reports"))(t), `data-report="(R-[^"]+)"`)
	outbox := must(m.host.page("/outbox"))(t)
	for _, f := range m.filed {
		if !slices.Contains(shown, f.report) {
			t.Errorf("the acknowledged report %s is lost", f.report)
		}
		for _, subject := range []string{"We have your report ", "What came of your report "} {
			if n := strings.Count(outbox, subject+f.report+"</h2>"); n != 1 {
				t.Errorf("%q was sent %d times", subject+f.report, n)
			}
		}
		m.checkCase(t, f)
		m.checkProofs(t, f, key)
	}
	if len(shown) != len(m.filed) {
		t.Errorf("%d reports are there, %d were filed: %v", len(shown), len(m.filed), shown)
	}
	if stored, err := os.ReadDir(filepath.Join(m.evidence, "sha256")); err != nil || len(stored) != len(m.filed) {
		t.Errorf("%d clips are stored, %d were sealed; %v", len(stored), len(m.filed), err)
	}
	m.checkLog(t)
}

// checkCase makes sure that there is one of everything on the case's page.
func (m *team) checkCase(t *testing.T, f *filed) {
	t.Helper()
	cases := must(m.reviewer.cases(f.person))(t)
	packages := must(m.liaison.packagesOf(f.caseID))(t)
	if !slices.Equal(cases, []string{f.caseID}) || !slices.Equal(packages, []string{f.packageID}) {
		t.Errorf("report %s: cases %v, packages %v; want %s and %s", f.report, cases, packages, f.caseID, f.packageID)
		return
	}
	p := must(m.reviewer.openCase(f.caseID))(t)
	decisions := all(p.body, `aria-label="(Decision \d+)"`)
	if len(p.exhibits) != 1 || len(decisions) != 1 || p.state != "decided" && p.state != "closed" {
		t.Errorf("case %s is %s with exhibits %v and decisions %v", f.caseID, p.state, p.exhibits, decisions)
		return
	}
	if strings.Contains(p.body, "/exhibits/"+p.exhibits[0]+"/retry") || !strings.Contains(p.body, "/exhibits/"+p.exhibits[0]+"/contact") {
		t.Errorf("the exhibit of case %s was not prepared", f.caseID)
	}
	if original := must(m.reviewer.page("/exhibits/" + p.exhibits[0] + "/original"))(t); original != string(f.clip) {
		t.Errorf("the original of %s is not the clip that was sent: %d bytes of %d", p.exhibits[0], len(original), len(f.clip))
	}
}

// checkProofs makes sure that the receipt is still the one that was handed out, and that both it and the package verify.
func (m *team) checkProofs(t *testing.T, f *filed, key string) {
	t.Helper()
	if now := must(m.host.page("/reports/" + f.report + "/receipt"))(t); now != f.receipt {
		t.Errorf("the receipt of %s has changed:\n%s\nbecame\n%s", f.report, f.receipt, now)
	}
	dir := t.TempDir()
	clip, receipt, zip := filepath.Join(dir, "clip"), filepath.Join(dir, "receipt.txt"), filepath.Join(dir, "package.zip")
	save(t, clip, f.clip)
	save(t, receipt, []byte(f.receipt))
	save(t, zip, f.zip)
	if exit, out := verify(t, "--key", key, "--clip", clip, receipt); exit != 0 {
		t.Errorf("the receipt of %s: exit %d\n%s", f.report, exit, out)
	}
	if exit, out := verify(t, "--key", key, zip); exit != 0 {
		t.Errorf("the package %s: exit %d\n%s", f.packageID, exit, out)
	}
}

func (m *team) checkLog(t *testing.T) {
	t.Helper()
	if r := must(m.auditor.post("/log/verify", nil))(t); r.status != 200 || !strings.Contains(r.body, "The log holds") {
		t.Errorf("the custody log: %d %s", r.status, r.words())
	}
}

// must is a value that has to be there: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func save(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// clipBytes is a real clip of one second.
func clipBytes(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(makeClip(t, t.TempDir(), name, 1))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
