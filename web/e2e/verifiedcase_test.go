package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// apiReport is what the tests read of a report over the API.
type apiReport struct {
	Report string
	Clips  []struct {
		SHA256, Trust string
		Size          int64
	}
}

// looked waits until the server has looked at all clips of a report.
func (c *client) looked(t *testing.T, report string, clips int) (r apiReport) {
	t.Helper()
	for over := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		body, err := c.page("/api/v1/reports/" + report)
		if err != nil || json.Unmarshal([]byte(body), &r) != nil {
			t.Fatal(body, err)
		}
		done := len(r.Clips) == clips
		for _, clip := range r.Clips {
			done = done && clip.Trust != ""
		}
		if done {
			return r
		}
		if time.Now().After(over) {
			t.Fatalf("the clips are not looked at: %+v", r)
		}
	}
}

// token makes one as people do on their account's page.
func (c *client) token(t *testing.T) string {
	t.Helper()
	r, err := c.post("/me/tokens", url.Values{"name": {"The test"}, "days": {"1"}, "scope": {"reports:write", "reports:read", "uploads"}})
	if err != nil {
		t.Fatal(err)
	}
	secret := first(r.body, `(pf_[A-Za-z0-9_-]{43})`)
	if secret == "" {
		t.Fatalf("no token is shown: %d %s", r.status, r.words())
	}
	return secret
}

// submits files a report over the API, as a client of one's own does; proof may be nothing.
func (c *client) submits(t *testing.T, about, meeting string, clip, proof []byte) string {
	t.Helper()
	send := func(name string, b []byte) string {
		id, err := c.upload(name, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	upload := map[string]any{"upload": send("clip.webm", clip)}
	if proof != nil {
		upload["proof"] = send("clip.proof", proof)
	}
	body, err := json.Marshal(map[string]any{"key": rand.Text(), "meeting": meeting, "occurred": time.Now().UTC(), "policy": "harassment",
		"words": "What " + about + " did.", "people": []any{map[string]any{"name": about}}, "declared": true, "clips": []any{upload}})
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + c.token(t)}}
	r, err := c.do("POST", "/api/v1/reports", h, bytes.NewReader(body), int64(len(body)))
	var got apiReport
	if err != nil || json.Unmarshal([]byte(r.body), &got) != nil || got.Report == "" {
		t.Fatalf("filing is answered %d %s, %v", r.status, r.body, err)
	}
	return got.Report
}

// discloses decides a case, has a package of it made by the liaison and approved, and gives its files, after it was verified offline.
func discloses(t *testing.T, s *server, caseID string) map[string][]byte {
	t.Helper()
	rui, lena, lior := s.become(t, "Rui Reis"), s.become(t, "Lena Lindqvist"), s.become(t, "Lior Levi")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(rui.claim(caseID))
	must(rui.decide(caseID, "refer"))
	id, err := lior.ask(caseID)
	must(err)
	must(lena.approvePackage(id))
	b, err := lior.fetchPackage(id)
	must(err)
	key, err := lior.page("/platform.pub")
	must(err)
	dir := t.TempDir()
	file, pub := filepath.Join(dir, "package.zip"), filepath.Join(dir, "platform.pub")
	must(os.WriteFile(file, b, 0o600))
	must(os.WriteFile(pub, []byte(key), 0o600))
	if exit, out := verify(t, "--key", pub, file); exit != 0 {
		t.Errorf("the package of a verified case: exit %d\n%s", exit, out)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(err)
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(err)
		files[f.Name], err = io.ReadAll(r)
		must(err)
	}
	return files
}

// pick gives the one file of a package whose name has all the words, and whose bytes begin so.
func pick(t *testing.T, files map[string][]byte, beginning string, words ...string) []byte {
	t.Helper()
	var names []string
next:
	for name, b := range files {
		names = append(names, name)
		for _, w := range words {
			if !strings.Contains(name, w) {
				continue next
			}
		}
		if bytes.HasPrefix(b, []byte(beginning)) {
			return b
		}
	}
	t.Fatalf("the package has no file with %q in its name: %q", words, names)
	return nil
}

const webm = "\x1a\x45\xdf\xa3" // EBML, RFC 8794

// rerecorded is what a telephone that films a screen makes of a clip, as far as bytes go: other frames that show the same.
func rerecorded(t *testing.T, clip []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.webm"), filepath.Join(dir, "out.webm")
	if err := os.WriteFile(in, clip, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-i", in, "-vf", "scale=320:-2", "-t", "3", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", out)
	if words, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, words)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// grades has the same clip submitted again: with one frame changed it is contradicted, and filmed from the screen it is unverified. files are those
// of the package of the true one.
func grades(t *testing.T, s *server, meeting string, files map[string][]byte) {
	clip, proof := pick(t, files, webm, "data/original/"), pick(t, files, "", "data/proof/", ".cbor")
	hanna, desk := s.become(t, "Hanna Holm"), s.as("Rui Reis")
	changed := bytes.Clone(clip)
	changed[len(changed)/2] ^= 1
	for i, c := range []struct {
		name, want  string
		clip, proof []byte
	}{
		{"Edited", "contradicted", changed, proof},
		{"Filmed", "unverified", rerecorded(t, clip), nil},
	} {
		about := fmt.Sprintf("Gus %s %d", c.name, i)
		got := hanna.looked(t, hanna.submits(t, about, meeting, c.clip, c.proof), 1)
		if got.Clips[0].Trust != c.want {
			t.Errorf("%s: the clip is %s, and should be %s", c.name, got.Clips[0].Trust, c.want)
		}
		desk.open("/queue")
		desk.open("/cases/" + desk.findRow(about))
		desk.waitEval(fmt.Sprintf(`document.querySelector("[data-exhibit]").textContent.toLowerCase().includes(%q)`, c.want))
		desk.both("a case with a clip that is " + c.want)
	}
}
