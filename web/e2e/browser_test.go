package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// makeClip makes a real clip with ffmpeg and returns its path.
func makeClip(t testing.TB, dir, name string, seconds int) string {
	t.Helper()
	path := filepath.Join(dir, name)
	args := []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=320x240:rate=15:duration=%d", seconds),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:duration=%d", seconds), "-shortest"}
	if filepath.Ext(name) == ".webm" {
		args = append(args, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "500k", "-c:a", "libopus")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
	}
	ffmpeg(t, append(args, path)...)
	return path
}

func ffmpeg(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ffmpeg", append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// pick chooses files in the upload field.
func (p *person) pick(paths ...string) {
	p.t.Helper()
	p.run(chromedp.SetUploadFiles(`[data-uploader] [data-files]`, paths))
}

// screenshots, set to a folder, keeps pictures of what the tests see; `make screenshots` and people use it.
var screenshots = os.Getenv("PROFFER_SCREENSHOTS")

// shoot keeps a picture of the page at 1440 and 390 pixels, in light and in dark.
func (p *person) shoot(name string) {
	p.t.Helper()
	if screenshots == "" {
		return
	}
	for _, v := range []struct {
		name   string
		width  int64
		scheme string
	}{{"1440-light", 1440, "light"}, {"1440-dark", 1440, "dark"}, {"390-light", 390, "light"}, {"390-dark", 390, "dark"}} {
		p.run(emulate(v.width, v.scheme))
		png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			p.fail(err)
		}
		if err := os.WriteFile(filepath.Join(screenshots, name+"-"+v.name+".png"), png, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	p.run(emulate(1440, "light"))
}

// download fetches a binary with the person's own cookies.
func (p *person) download(path, to string) {
	p.t.Helper()
	b64 := evaluate[string](p, fmt.Sprintf(`fetch(%q).then(async r => { if (!r.ok) throw new Error(r.status + " " + await r.text());
		const b = new Uint8Array(await r.arrayBuffer()); let s = ""; for (let i = 0; i < b.length; i += 32768) s += String.fromCharCode(...b.subarray(i, i + 32768)); return btoa(s) })`, path))
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
