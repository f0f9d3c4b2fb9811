package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// pace is what one kind of work took for one frame, in nanoseconds: by the clock, and of the worker's thread alone.
type pace struct{ clock, thread float64 }

// BenchmarkFrameWorker puts encoded frames through the frame worker's code, and in turns through livekit-client's own E2EE worker (which has
// no commitments, no replay protection and a key for all) and through bare AES-256-GCM of the browser, in Chromium. Frames are real ones, of other
// sizes. The figure is the best of many rounds; one at a time, as they come in a meeting, and 100 at once. Limit: 0.6 of LiveKit's.
func BenchmarkFrameWorker(b *testing.B) {
	p := paceSetter(b)
	for _, kind := range []struct {
		name string
		size int
	}{{"audio", 120}, {"audio", 1200}, {"video", 4000}, {"video", 10_000}} {
		for _, atOnce := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s-%d/%s", kind.name, kind.size, map[bool]string{false: "each", true: "at-once"}[atOnce]), func(b *testing.B) {
				best := map[string]pace{}
				for b.Loop() {
					for range 20 {
						p.round(b, best, kind.name, kind.size, atOnce)
					}
				}
				for _, act := range []string{"seal", "open"} {
					ours, livekit, bare := best["ours "+act], best["livekit "+act], best["ours bare "+act]
					b.ReportMetric(ours.clock, act+"_ns")
					b.ReportMetric(ours.clock/livekit.clock, act+"-against-livekit_ratio")
					b.ReportMetric(ours.clock/bare.clock, act+"-against-bare_ratio")
					b.ReportMetric(ours.thread/livekit.thread, act+"-thread-against-livekit_ratio")
					b.ReportMetric(ours.thread, act+"-thread_ns")
					b.ReportMetric(bare.thread, act+"-bare-thread_ns")
				}
				b.ReportMetric(best["ours seal"].clock+best["ours open"].clock, "ns/frame")
				b.ReportMetric((best["ours seal"].clock+best["ours open"].clock)/(best["livekit seal"].clock+best["livekit open"].clock), "x_livekit_worker")
			})
		}
	}
}

const paceBatch = 200

// paceSetter opens the page with both workers.
func paceSetter(b *testing.B) *person {
	b.Helper()
	files := bundled(b)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/javascript")
		h.Set("Cross-Origin-Opener-Policy", "same-origin") // so that the clock has microseconds
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		if r.URL.Path == "/" {
			h.Set("Content-Type", "text/html; charset=utf-8")
			http.ServeFile(w, r, "testdata/pace.html")
			return
		}
		w.Write(files[r.URL.Path])
	}))
	b.Cleanup(web.Close)
	ctx, cancel := chromedp.NewContext(studios(), chromedp.WithNewBrowserContext())
	b.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.Fatal(err)
	}
	p := &person{t: b, s: &server{t: b, URL: web.URL, log: &lockedBuffer{}}, ctx: ctx}
	p.open("/")
	p.waitEval("window.workers")
	return p
}

// round has each worker seal and open as many frames, and keeps the best of each.
func (p *person) round(b *testing.B, best map[string]pace, kind string, size int, atOnce bool) {
	b.Helper()
	for _, who := range []string{"ours", "livekit"} {
		for _, act := range []string{"make", "seal", "open", "bare seal", "bare open"} {
			before := workerTime(b)
			took := evaluate[float64](p, fmt.Sprintf(`workers.%s({ act: %q, kind: %q, size: %d, n: %d, atOnce: %t })`, who, act, kind, size, paceBatch, atOnce))
			got := pace{clock: took * 1000 / paceBatch, thread: (workerTime(b) - before) / paceBatch}
			was, ok := best[who+" "+act]
			if !ok {
				was = got
			}
			best[who+" "+act] = pace{min(was.clock, got.clock), min(was.thread, got.thread)}
		}
	}
}

// workerTime is how long the threads of workers in Chromium have run, in nanoseconds.
func workerTime(b *testing.B) (ns float64) {
	b.Helper()
	for _, p := range descendants(os.Getpid()) {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", p.pid))
		for _, comm := range tasks {
			if name, _ := os.ReadFile(comm); !strings.HasPrefix(string(name), "DedicatedWorker") {
				continue
			}
			stat, _ := os.ReadFile(filepath.Join(filepath.Dir(comm), "schedstat"))
			if f := strings.Fields(string(stat)); len(f) > 0 {
				n, _ := strconv.ParseFloat(f[0], 64)
				ns += n
			}
		}
	}
	return ns
}
