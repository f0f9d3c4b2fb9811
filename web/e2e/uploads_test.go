package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// bigClip is a clip of 60 MB that nobody sent before.
func bigClip(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "big.mp4")
	save(t, path, padded(clipBytes(t, "small.mp4"), bigSize, rand.New(rand.NewPCG(rand.Uint64(), 0))))
	return path
}

const (
	bigSize = 60 << 20
	crawl   = 16 << 20 // bytes a second: slow enough to be interrupted on the way
)

// uploading opens the form on a slow wire, picks the clip, and returns when a quarter of it is on its way.
func (p *person) uploading(w *wire, clip string) {
	p.t.Helper()
	p.reportForm()
	before := w.up.Load()
	w.rate.Store(crawl)
	p.t.Cleanup(func() { w.rate.Store(0) })
	p.pick(clip)
	p.waitEval(`document.querySelector("[data-uploads] .upload")?.dataset.state === "sending"`)
	for w.up.Load() < before+bigSize/4 { // the browser counts what it only buffers as sent
		if p.has(`.upload[data-state=done], .upload[data-state=lost]`) {
			p.fail(errors.New("the upload is over before it could be interrupted"))
		}
	}
}

func (p *person) reportForm() {
	p.t.Helper()
	p.open("/reports/new")
	p.waitEval(`document.querySelector("[data-uploader]:not([hidden])")`)
}

// uploadState waits until the only upload of the form is in a state, and returns what stands beside it.
func (p *person) uploadState(state string) (words string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`document.querySelector("[data-uploads] .upload")?.dataset.state === %q`, state))
	return evaluate[string](p, `document.querySelector("[data-uploads] [data-words]").textContent`)
}

// offset is how much of the only upload the server has.
func (p *person) offset() int {
	p.t.Helper()
	p.waitEval(`[...Array(localStorage.length).keys()].some(i => localStorage.key(i).startsWith("tus::"))`)
	return evaluate[int](p, `(async () => { const k = [...Array(localStorage.length).keys()].map(i => localStorage.key(i)).find(k => k.startsWith("tus::"));
		const r = await fetch(JSON.parse(localStorage.getItem(k)).uploadUrl, {method: "HEAD", headers: {"Tus-Resumable": "1.0.0"}}); return Number(r.headers.get("Upload-Offset")) })()`)
}

// fileWith fills the rest of the form in and sends it with the clips that are there.
func (p *person) fileWith(name string) {
	p.t.Helper()
	p.fillReport("harassment", name)
	p.press(`form.report-form button[type=submit]`, "Send the report")
	p.waitURL(func(u string) bool { return strings.Contains(u, "/reports/R-") })
}

// TestUploads interrupts uploads in every way in which they are interrupted, and none is sent twice.
func TestUploads(t *testing.T) {
	s, w := startBehind(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *person, *wire)
	}{{"pause", pauseUpload}, {"cut", cutUpload}, {"reload", reloadUpload}, {"cancel", cancelUpload}, {"kinds", uploadKinds}} {
		t.Run(c.name, func(t *testing.T) {
			p := s.in(t).as("Hanna Holm")
			c.run(t, p, w)
		})
	}
}

func pauseUpload(t *testing.T, p *person, w *wire) {
	heard := p.watch()
	clip := bigClip(t)
	before := w.up.Load()
	p.uploading(w, clip)
	p.fillReport("harassment", "Paused Person")
	if why := evaluate[string](p, `document.querySelector("[data-submit-why]").textContent`); !strings.Contains(why, "still on its way") {
		t.Errorf("the form does not say why it cannot be sent: %q", why)
	}
	p.press(`form.report-form button[type=submit]`, "Send the report")
	p.waitText("You can send the report once it is sealed")
	p.press(`[data-uploads] button`, "Pause")
	if words := p.uploadState("paused"); !strings.Contains(words, "Nothing that was sent is lost") {
		t.Errorf("a paused upload says %q", words)
	}
	at := p.offset()
	if at < bigSize/8 || at == bigSize {
		t.Errorf("paused, the server has %d bytes", at)
	}
	time.Sleep(500 * time.Millisecond)
	if again := p.offset(); again != at || !p.has(`.upload[data-state=paused]`) {
		t.Errorf("it went on while it was paused: from %d to %d", at, again)
	}
	w.rate.Store(0)
	p.press(`[data-uploads] button`, "Go on")
	p.uploadState("done")
	checkSentOnce(t, w.up.Load()-before)
	p.press(`form.report-form button[type=submit]`, "Send the report")
	p.waitURL(func(u string) bool { return strings.Contains(u, "/reports/R-") })
	heard.check(t, "uploading with a pause")
}

// checkSentOnce makes sure that an interruption did not cost much more than what was in the air.
func checkSentOnce(t *testing.T, sent int64) {
	t.Helper()
	if sent < bigSize || sent > bigSize+bigSize/4 {
		t.Errorf("%d bytes were sent for a clip of %d", sent, bigSize)
	}
}

func cutUpload(t *testing.T, p *person, w *wire) {
	before := w.up.Load()
	p.uploading(w, bigClip(t))
	w.cut()
	words := p.uploadState("lost")
	if !strings.Contains(words, "what was sent is safe") {
		t.Errorf("an upload whose connection is lost says %q", words)
	}
	w.rate.Store(0)
	w.mend()
	p.uploadState("done")
	checkSentOnce(t, w.up.Load()-before)
	p.fileWith("Cut Person")
}

func reloadUpload(t *testing.T, p *person, w *wire) {
	clip := bigClip(t)
	before := w.up.Load()
	p.uploading(w, clip)
	p.reportForm() // leaves the page on the way
	w.rate.Store(0)
	words := p.uploadState("unfinished")
	if !strings.Contains(words, "are here already") {
		t.Errorf("an unfinished upload says %q", words)
	}
	p.waitText("One upload is unfinished")
	wrong := filepath.Join(t.TempDir(), "wrong.mp4")
	b, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	save(t, wrong, b)
	p.run(chromedp.SetUploadFiles(`[data-uploads] [data-do=pick] input`, []string{wrong}))
	p.waitText("That is another file")
	p.run(chromedp.SetUploadFiles(`[data-uploads] [data-do=pick] input`, []string{clip}))
	p.uploadState("done")
	checkSentOnce(t, w.up.Load()-before)
	p.fileWith("Reloaded Person")
}

func cancelUpload(t *testing.T, p *person, w *wire) {
	p.uploading(w, bigClip(t))
	p.press(`[data-uploads] button`, "Remove")
	p.waitEval(`document.querySelectorAll("[data-uploads] .upload").length === 0`)
	p.waitEval(`document.querySelector("[data-submit-why]").textContent === ""`)
	w.rate.Store(0)
	p.waitEval(`(async () => { const r = await fetch("/reports/new"); return !(await r.text()).includes("data-upload=") })()`)
}

// uploadKinds files one report with clips of every kind that people have, and one that is none.
func uploadKinds(t *testing.T, p *person, w *wire) {
	heard := p.watch()
	dir := t.TempDir()
	notes, empty := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "empty.webm")
	save(t, notes, []byte("He shouted."))
	save(t, empty, nil)
	p.reportForm()
	p.pick(notes)
	p.waitText("This is not a video")
	p.pick(empty)
	p.waitText("This file is empty")
	disguised := filepath.Join(dir, "disguised.mp4")
	save(t, disguised, []byte(strings.Repeat("This is no video at all. ", 400)))
	report := p.fileReport("disruption", "Kim Kinds", makeClip(t, dir, "one.webm", 2), makeClip(t, dir, "two.mp4", 2), mpeg4(t, dir), disguised)
	p.waitText("Your receipt")
	if n := evaluate[int](p, `document.querySelectorAll("#report-page .clip").length`); n != 4 {
		t.Errorf("the page of report %s shows %d clips", report, n)
	}
	heard.check(t, "uploading")

	rui := p.s.as("Rui Reis")
	ruiHeard := rui.watch()
	rui.openCaseOf("Kim Kinds")
	for n := 1; n <= 3; n++ {
		rui.do(fmt.Sprintf(`document.querySelectorAll("[data-tabs] [role=tab]")[%d].click()`, n-1))
		rui.waitEval(`document.querySelector("[data-exhibit]:not([hidden]) [data-control=play]")`) // a preview comes by itself
		rui.do(`document.querySelector("[data-exhibit]:not([hidden]) [data-control=play]").click()`)
		rui.waitEval(`document.querySelector("[data-exhibit]:not([hidden]) video").currentTime > 0.3`)
	}
	if src := evaluate[string](rui, `document.querySelector("[data-exhibit]:not([hidden]) source").src`); !strings.HasSuffix(src, "/preview") {
		t.Errorf("an MPEG-4 part 2 clip is played from %s", src)
	}
	rui.waitText("a preview made from the original")
	rui.do(`document.querySelectorAll("[data-tabs] [role=tab]")[3].click()`)
	rui.waitText("The original is sealed and unchanged")
	rui.waitText("Try again to prepare it")
	ruiHeard.check(t, "playing")
}

// mpeg4 is a clip in a codec that no browser plays.
func mpeg4(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "old.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15:duration=2", "-f", "lavfi", "-i", "sine=frequency=330:duration=2",
		"-c:v", "mpeg4", "-c:a", "aac", path)
	return path
}

// openCaseOf opens the case about a reported name once it is prepared, and claims it.
func (p *person) openCaseOf(name string) (caseID string) {
	p.t.Helper()
	caseID = p.findCase(name)
	p.open("/cases/" + caseID)
	p.press(`.case-actions button`, "Claim")
	p.waitEval(`document.querySelector("[data-lease]")`)
	p.settle()
	return caseID
}

// findCase waits in the queue for the case about a reported name.
func (p *person) findCase(name string) (caseID string) {
	p.t.Helper()
	p.open("/queue")
	row := fmt.Sprintf(`[...document.querySelectorAll("[data-row]")].find(r => r.textContent.includes(%q))`, name)
	p.waitEval(row) // it comes by itself
	return evaluate[string](p, row+`.dataset.case`)
}
