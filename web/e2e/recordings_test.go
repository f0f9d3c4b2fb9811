package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestRecordings: two people in browsers are recorded and told so; the host finds what was recorded, takes it out, deletes it; and of a
// recording whose server is killed, what was written is there, plays, and says that it is incomplete.
func TestRecordings(t *testing.T) {
	s := start(t)
	host, guest := s.presenter(t), s.attendee(t)
	link := host.makeMeeting("Choir practice", "standard")
	at := "/meetings/" + link[strings.LastIndex(link, "/")+1:] + "/recordings"
	host.open(at)
	host.waitText("Nothing is recorded")
	host.shoot("recordings-empty")
	host.enter(link, "")
	host.meets("Standard encryption")
	guest.enter(link, "Gerd")
	guest.meets("Standard encryption")
	host.seesMoving("Gerd")
	clerk := s.become(t, "Hanna Holm") // who looks at the page meanwhile

	host.records(guest, true)
	clerk.until(at, "Being written", 2)
	before := clerk.mustPage(at)
	for _, want := range []string{"Being recorded", "Hanna Holm", "Gerd"} {
		if !strings.Contains(before, want) {
			t.Errorf("while it is recorded the page does not say %q", want)
		}
	}
	s.waitWritten(2)
	host.records(guest, false)
	clerk.until(at, ">Ready<", 2)
	host.open(at)
	host.waitText("Everything of it is erased on")
	host.shoot("recordings")
	host.sound("recordings", 1440)
	host.sound("recordings", 390)
	for i, who := range []string{"Gerd", "Hanna Holm"} {
		file := host.fileOf(who)
		to := filepath.Join(t.TempDir(), fmt.Sprint(i, ".webm"))
		host.download(at+"/files/"+file, to)
		plays(t, to)
	}

	host.deletes(host.fileOf("Gerd"))
	host.waitText("The file is deleted.")
	if n := evaluate[int](host, `document.querySelectorAll("[data-file]").length`); n != 1 {
		t.Errorf("%d files are left", n)
	}
	s.waitStored(1)

	host.enter(link, "")
	host.meets("Standard encryption")
	host.records(guest, true)
	s.waitWritten(2)
	s.kill()
	if n := len(s.under("recordings", ".part")); n != 2 {
		t.Errorf("a killed server leaves %d files", n)
	}
	s.boot()
	clerk.until(at, "Incomplete", 2)
	host.open(at)
	host.waitText("Cut short: the server ended abruptly")
	host.shoot("recordings-incomplete")
	host.sound("incomplete recordings", 390)
	for i, who := range []string{"Gerd", "Hanna Holm"} {
		to := filepath.Join(t.TempDir(), fmt.Sprint("cut", i, ".webm"))
		host.download(at+"/files/"+host.fileOf(who), to)
		plays(t, to)
	}
	host.do(`document.querySelector('button[data-opens^="delete-V-"]').click()`)
	host.press(`dialog[open] form button`, "Delete for good")
	host.waitText("The recording is deleted.")
	s.waitStored(1)
	if left := s.under("recordings", ""); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// records begins or ends a recording as a host, and waits until the other one is told.
func (p *person) records(other *person, on bool) {
	p.t.Helper()
	p.panel("people")
	p.waitEval(fmt.Sprintf(`document.querySelector('[data-act="record"]')?.checked === %v`, !on))
	other.do(`window.rung ??= (() => { const as = AudioContext.prototype, was = as.createOscillator;
		as.createOscillator = function () { window.rung++; return was.call(this); }; return 0; })(); window.rung = 0`)
	p.do(`document.querySelector('[data-act="record"]').click()`)
	for _, who := range []*person{p, other} {
		who.waitEval(fmt.Sprintf(`document.body.textContent.includes("This meeting is being recorded on the server.") === %v`, on))
	}
	if on {
		other.waitEval(`window.rung > 0`) // the chime
		other.waitEval(`[...document.querySelectorAll("[role=alert], [role=status], [aria-live]")].some(e => e.textContent.includes("being recorded"))`)
	}
}

// fileOf is the number of the newest file of somebody on the page.
func (p *person) fileOf(who string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`[...document.querySelectorAll("[data-file]")].find(f => f.querySelector(".report-title").textContent.trim() === %q).dataset.file`, who))
}

// deletes deletes a file by the keyboard alone.
func (p *person) deletes(file string) {
	p.t.Helper()
	button := fmt.Sprintf(`button[data-opens="delete-%s"]`, file)
	p.waitEval(fmt.Sprintf(`!document.querySelector('%s').hidden`, button))
	p.do(fmt.Sprintf(`document.querySelector('%s').focus()`, button))
	p.hit(kb.Enter)
	p.waitEval(`document.querySelector("dialog[open]")?.textContent.includes("This cannot be undone")`)
	p.waitEval(`document.activeElement.textContent === "Keep it"`)
	p.hit(kb.Escape)
	p.waitEval(`!document.querySelector("dialog[open]")`)
	p.hit(kb.Enter) // the focus is back at the button
	p.waitEval(`document.activeElement.textContent === "Keep it"`)
	p.tabTo(`dialog[open] form button.danger`)
	p.hit(kb.Enter)
}

// until waits until a page says something so many times.
func (c *client) until(path, words string, times int) {
	c.s.t.Helper()
	if err := persist(words+" on "+path, func() error {
		body, err := c.page(path)
		if err == nil && strings.Count(body, words) != times {
			return errWait
		}
		return err
	}); err != nil {
		body, _ := c.page(path)
		c.s.t.Fatalf("%v\n%s", err, body)
	}
}

func (c *client) mustPage(path string) string {
	c.s.t.Helper()
	body, err := c.page(path)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return body
}

// under lists the files below a folder of the data, by how their names end.
func (s *server) under(folder, suffix string) (paths []string) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.Dir, "data", folder), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			paths = append(paths, path)
		}
		return nil // of what goes while it is walked
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return paths
}

// waitWritten waits until so many files are being written, and hold more than their first cluster.
func (s *server) waitWritten(n int) {
	s.t.Helper()
	if err := persist("the recording's files grow", func() error {
		grown := 0
		for _, path := range s.under("recordings", ".part") {
			if info, err := os.Stat(path); err == nil && info.Size() > 200<<10 {
				grown++
			}
		}
		if grown != n {
			return errWait
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
}

// waitStored waits until the object store has so many files of recordings.
func (s *server) waitStored(n int) {
	s.t.Helper()
	var stored []string
	if err := persist("what is deleted goes from the store", func() error {
		stored = slices.DeleteFunc(s.under("s3", ".webm"), func(p string) bool { return !strings.Contains(p, "/recordings/") })
		if len(stored) != n {
			return errWait
		}
		return nil
	}); err != nil {
		s.t.Fatalf("%v: %v", err, stored)
	}
}

// plays holds that a file has picture and sound, and that all of both can be decoded.
func plays(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of", "json", path).Output()
	if err != nil {
		t.Fatalf("ffprobe of %s: %v", path, err)
	}
	var found struct {
		Streams []struct {
			Codec   string `json:"codec_name"`
			Packets int    `json:"nb_read_packets,string"`
		}
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	packets := map[string]int{}
	for _, s := range found.Streams {
		packets[s.Codec] = s.Packets
	}
	if packets["vp8"] < 10 || packets["opus"] < 10 {
		t.Errorf("%s has %v", path, packets)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-f", "null", "-").CombinedOutput(); err != nil {
		t.Errorf("%s is not decoded: %v\n%s", path, err, out)
	}
	t.Logf("%s: packets %v", filepath.Base(path), packets)
}
