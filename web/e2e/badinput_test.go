package e2e

import (
	"bytes"
	"crypto/sha256"
	bin "encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// claimsTenYears is a WebM whose header says that it lasts that long (RFC 9559 §5.1.2.10, Duration).
func claimsTenYears(t *testing.T, webm []byte) []byte {
	t.Helper()
	b := bytes.Clone(webm)
	at := bytes.Index(b, []byte{0x44, 0x89, 0x88})
	if at < 0 {
		t.Fatal("the clip has no duration")
	}
	bin.BigEndian.PutUint64(b[at+3:], math.Float64bits(10*365*86400*1000))
	return b
}

// randomBytes is a file of no known kind, and each time the same.
func randomBytes(n int) []byte {
	r, b := rand.New(rand.NewPCG(3, 4)), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestHostileFiles sends files that are not what their names say. Each becomes a case that says what is wrong with it,
// keeps its original untouched and can be prepared again.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := signInTeam(t, s)
	mp4, webm := clipBytes(t, "clip.mp4"), clipBytes(t, "clip.webm")
	for i, tc := range []struct {
		what, file string
		bytes      []byte
		fails      bool   // nothing can be made of it
		says       string // on the case's page
	}{
		{"a picture", "clip.webm", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"), true, "This is a PNG picture"},
		{"a playlist", "clip.mp4", []byte("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/secret\n"), true, "This is a playlist"},
		{"noise", "clip.mp4", randomBytes(5000), true, "a file of unknown type"},
		{"a clip without its end", "clip.mp4", mp4[:len(mp4)/2], true, "cut short"},
		{"a clip that stops half way", "clip.webm", webm[:len(webm)/2], false, "cut short"},
		{"a bomb of a header alone", "clip.webm", claimsTenYears(t, webm)[:300], true, "cut short"},
		{"a clip that claims ten years", "clip.webm", claimsTenYears(t, webm), false, "claims to last"},
		{"a clip that is an archive too", "clip.mp4", slices.Concat(mp4, []byte("PK\x03\x04 and the rest of an archive")), false, "another kind of file in disguise"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			person := fmt.Sprintf("Person %02d", i)
			report := must(m.host.report(person, tc.file, tc.bytes))(t)
			id := must(m.caseOf(&filed{person: person, report: report}))(t)
			p := must(m.reviewer.openCase(id))(t)
			retry := "/exhibits/" + strings.Join(p.exhibits, "") + "/retry"
			if failed := strings.Contains(p.body, "could not be prepared") || strings.Contains(p.body, retry); failed != tc.fails || !strings.Contains(p.body, tc.says) {
				t.Errorf("failed %v, want %v, and it has to say %q: %s", failed, tc.fails, tc.says, first(p.body, `(?s)flash-problem">(.*?)</div>`))
			}
			if original := must(m.reviewer.page("/exhibits/" + p.exhibits[0] + "/original"))(t); original != string(tc.bytes) {
				t.Error("the original is not what was sent")
			}
			if tc.fails {
				m.retry(t, id, retry)
			}
		})
	}
	m.checkLog(t)
}

// retry asks for the preparation of a failed exhibit once more: it fails again, with words, and the case can be decided.
func (m *team) retry(t *testing.T, id, retry string) {
	t.Helper()
	if r := must(m.reviewer.post(retry, nil))(t); r.status != 303 {
		t.Fatalf("trying again: %d %s", r.status, r.words())
	}
	again := func(p casePage) bool { return strings.Count(p.body, retry) == 1 }
	if err := m.reviewer.reach(id, "preparing again", again, nil); err != nil {
		t.Error(err)
	}
	if err := m.reviewer.claim(id); err != nil {
		t.Error(err)
	}
	if err := m.reviewer.decide(id, "none"); err != nil {
		t.Error(err)
	}
}

// TestRefusedForms sends what cannot be kept. The answer says why, and nothing that was typed is lost.
func TestRefusedForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	host := s.enter(t, "Hanna", s.Links["Hanna"])
	r := must(host.do("POST", "/uploads/", tusHeader("Upload-Length", "0", "Upload-Metadata", metadata("clip.mp4", sha256.Sum256(nil))), nil, -1))(t)
	if r.status != 400 || !strings.Contains(r.body, "The file is empty") {
		t.Errorf("an empty clip: %d %s", r.status, r.body)
	}
	lied := must(host.do("POST", "/uploads/", tusHeader("Upload-Length", "5", "Upload-Metadata", metadata("clip.mp4", sha256.Sum256([]byte("other")))), nil, -1))(t)
	h := tusHeader("Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
	if r = must(host.do("PATCH", lied.header.Get("Location"), h, strings.NewReader("these"), 5))(t); r.status != 400 || !strings.Contains(r.body, "not the file that was declared") {
		t.Errorf("a clip under another's fingerprint: %d %s", r.status, r.body)
	}
	for what, tc := range map[string]struct {
		change func(*complaint)
		says   string
	}{
		"2,000 people": {func(f *complaint) {
			f.people = nil
			for i := range 2000 {
				f.people = append(f.people, [2]string{fmt.Sprintf("Person %d", i), fmt.Sprintf("person.%d@example.org", i)})
			}
		}, "2000 people are named; a report takes 25"},
		"oneself":           {func(f *complaint) { f.people[0][1] = "Hanna.Host@northwind.example" }, "You named yourself"},
		"nobody":            {func(f *complaint) { f.people = nil }, "Say who is reported"},
		"an unknown upload": {func(f *complaint) { f.uploads = []string{"U-00000-00000"} }, "is not there any more"},
		"a forged key":      {func(f *complaint) { f.key = "short" }, "Open a new one"},
	} {
		f := must(host.newForm("Alva Ask"))(t)
		f.words = "Words that must not be lost: " + what
		tc.change(&f)
		r := must(host.post("/reports", f.values()))(t)
		if r.status != 422 || !strings.Contains(r.body, tc.says) || !strings.Contains(r.body, f.words) {
			t.Errorf("%s: %d %s", what, r.status, r.words())
		}
	}
	if shown := all(must(host.page("/reports"))(t), `data-report="(R-[^"]+)"`); len(shown) > 0 {
		t.Errorf("reports were filed: %v", shown)
	}
}

// TestSentTwice sends the same bytes twice, which are stored once for two reports, and the same form many times at once,
// which is one report.
func TestSentTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := signInTeam(t, s)
	clip := clipBytes(t, "clip.mp4")
	uploads := [2]string{}
	var wg sync.WaitGroup
	for i := range uploads {
		wg.Go(func() {
			var err error
			if uploads[i], err = m.host.upload(fmt.Sprintf("clip %d.mp4", i), clip, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	reports := map[string]bool{}
	for i, u := range uploads {
		f := must(m.host.newForm(fmt.Sprintf("Person %d", i), u))(t)
		for got := range sendAtOnce(t, m.host, f, 8) {
			reports[got] = true
		}
	}
	shown := all(must(m.host.page("/reports"))(t), `data-report="(R-[^"]+)"`)
	if len(reports) != 2 || len(shown) != 2 {
		t.Errorf("two forms became the reports %v, and %v are shown", reports, shown)
	}
	if stored, err := os.ReadDir(filepath.Join(m.evidence, "sha256")); err != nil || len(stored) != 1 {
		t.Errorf("the clip is stored %d times: %v", len(stored), err)
	}
	for i := range uploads {
		p := must(m.reviewer.openCase(must(m.caseOf(&filed{person: fmt.Sprintf("Person %d", i)}))(t)))(t)
		if len(p.exhibits) != 1 || must(m.reviewer.page("/exhibits/"+p.exhibits[0]+"/original"))(t) != string(clip) {
			t.Errorf("the exhibits of case %d: %v", i, p.exhibits)
		}
	}
}

// sendAtOnce sends one form n times at once and returns the reports it became.
func sendAtOnce(t *testing.T, c *client, f complaint, n int) map[string]bool {
	got := make(chan string, n)
	for range n {
		go func() {
			report, err := c.file(f)
			if err != nil {
				t.Error(err)
			}
			got <- report
		}()
	}
	reports := map[string]bool{}
	for range n {
		reports[<-got] = true
	}
	return reports
}

// TestDeceitfulNames puts control characters, overrides of the writing direction and markup into every name there is.
func TestDeceitfulNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := signInTeam(t, s)
	evil := "Ev\u202eil\u2066 \u200bN\u200fa\x07m\x1b[31me\u0000\ufeff<script>alert(1)</script>"
	upload := must(m.host.upload(evil+".mp4", clipBytes(t, "clip.mp4"), nil))(t)
	f := must(m.host.newForm(evil, upload))(t)
	f.people[0][1], f.meeting, f.words = evil, evil, evil+"\r\nand a second line"
	report := must(m.host.file(f))(t)
	id := must(m.caseOf(&filed{person: "Evil Na"}))(t)
	if err := m.reviewer.claim(id); err != nil {
		t.Fatal(err)
	}
	if err := m.reviewer.decide(id, "refer"); err != nil {
		t.Fatal(err)
	}
	for who, paths := range map[*client][]string{
		m.host:     {"/reports", "/reports/" + report, "/outbox"},
		m.reviewer: {"/queue?tab=decided", "/queue?q=" + url.QueryEscape(evil), "/cases/" + id},
		m.liaison:  {"/packages", "/packages/new?case=" + id},
	} {
		for _, path := range paths {
			body := must(who.page(path))(t)
			for i, r := range body {
				if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
					t.Errorf("%s holds %U in …%q…", path, r, body[max(0, i-30):min(len(body), i+30)])
					break
				}
			}
			if strings.Contains(body, "<script>alert") {
				t.Errorf("%s holds markup from outside", path)
			}
		}
	}
	if body := must(m.reviewer.page("/cases/" + id))(t); !strings.Contains(body, "Evil Na") {
		t.Error("the case's page does not show the cleaned name")
	}
}

// TestOthersNumbers lets people reach by number for what is not theirs. They get the same answer as for a number that
// names nothing.
func TestOthersNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.stop()
	exit, out := runOnce(t, []string{"staff", "host", "--name", "Nils Nord", "--email", "nils@example.org", "--org", "Another School"},
		"PROFFER_DATA="+filepath.Join(s.Dir, "data"), "PROFFER_URL="+s.URL)
	if exit != 0 {
		t.Fatal(out)
	}
	s.boot()
	m := signInTeam(t, s)
	nils := s.enter(t, "Nils", first(out, `(http\S+/sign-in/\S+)`))
	cleo := s.become(t, "Cleo Castro")

	f := must(m.host.newForm("Alva Ask", must(m.host.upload("clip.mp4", clipBytes(t, "clip.mp4"), nil))(t)))(t)
	f.policy = "grooming" // a lane that only specialists know of
	report := must(m.host.file(f))(t)
	spare := must(m.host.upload("spare.mp4", randomBytes(100), nil))(t)
	var id string
	if err := persist("preparing", func() error {
		found, err := cleo.cases("Alva Ask")
		if id = strings.Join(found, " "); err == nil && id == "" {
			err = errWait
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	exhibit := strings.Join(must(cleo.openCase(id))(t).exhibits, " ")
	for _, who := range []*client{nils, m.reviewer, m.lead, m.liaison, m.auditor, cleo, s.newClient("a stranger")} {
		for _, path := range []string{"GET /reports/" + report, "GET /reports/" + report + "/receipt", "POST /reports/" + report + "/withdraw",
			"POST /reports/" + report + "/additions", "HEAD /uploads/" + spare, "DELETE /uploads/" + spare} {
			sameAsNothing(t, who, path)
		}
	}
	for _, who := range []*client{nils, m.host, m.reviewer, m.lead, m.liaison, m.auditor, s.newClient("a stranger")} {
		for _, path := range []string{"GET /cases/" + id, "POST /cases/" + id + "/claim", "POST /cases/" + id + "/decisions", "GET /packages/new?case=" + id,
			"GET /exhibits/" + exhibit + "/original", "GET /exhibits/" + exhibit + "/poster", "POST /exhibits/" + exhibit + "/retry"} {
			sameAsNothing(t, who, path)
		}
	}
	stolen := must(nils.newForm("Bo Berg", spare))(t)
	if _, err := nils.file(stolen); err == nil || !strings.Contains(err.Error(), "is not there any more") {
		t.Errorf("a report on another's clip: %v", err)
	}
	if err := cleo.reach(id, "preparing", func(p casePage) bool { return p.state == "queued" }, nil); err != nil {
		t.Error(err)
	}
}

// sameAsNothing demands that a request for something gets the answer that one for nothing gets.
func sameAsNothing(t *testing.T, who *client, request string) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	number := first(path, `([RCXU]-[0-9A-Z]{5}-[0-9A-Z]{5})`)
	nothing := strings.Replace(path, number, number[:2]+"00000-00000", 1)
	ask := func(path string) (reply, string) {
		h := tusHeader("Content-Type", "application/x-www-form-urlencoded")
		r, err := who.do(method, path, h, strings.NewReader("words=Some+words+here&confirm=yes"), -1)
		var later *notNow
		if err != nil && !errors.As(err, &later) {
			t.Fatal(err)
		}
		words := strings.NewReplacer(r.header.Get("X-Request-Id"), "", number, "", number[:2]+"00000-00000", "").Replace(r.words() + r.header.Get("Location"))
		return r, words
	}
	got, words := ask(path)
	want, same := ask(nothing)
	if got.status < 300 || got.status != want.status || words != same {
		t.Errorf("%s: %s: %d %q; for a number that names nothing %d %q", who.name, request, got.status, words, want.status, same)
	}
}
