package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
)

// BenchmarkFrameWorker seals and opens encoded frames with the frame worker's code, with livekit-client's own E2EE worker (which has one key
// for all, no commitments and no protection against replays), and with bare AES-256-GCM of the browser, in Chromium. The frames are real ones, but for
// their size; each is put in when the one before is out, as they come in a meeting. The figure is for sealing and opening together. Limit: 0.6 of
// LiveKit's.
func BenchmarkFrameWorker(b *testing.B) {
	p := paceSetter(b)
	for _, f := range []struct {
		kind string
		size int
	}{{"audio", 120}, {"audio", 1200}, {"video", 4000}, {"video", 10_000}} {
		b.Run(fmt.Sprintf("%s-%d", f.kind, f.size), func(b *testing.B) {
			best := map[string]float64{}
			for b.Loop() {
				for what, us := range evaluate[map[string]float64](p, fmt.Sprintf(`pace(%q, %d, 60)`, f.kind, f.size)) {
					if was, ok := best[what]; !ok || us*1000 < was {
						best[what] = math.Round(us * 1000)
					}
				}
			}
			for _, act := range []string{"seal", "open"} {
				b.ReportMetric(best["ours "+act], act+"_ns")
				b.ReportMetric(best["ours "+act]/best["livekit "+act], act+"-against-livekit_ratio")
				b.ReportMetric(best["ours "+act]/min(best["ours bare "+act], best["livekit bare "+act]), act+"-against-bare-AES_ratio")
			}
			both := best["ours seal"] + best["ours open"]
			b.ReportMetric(both, "ns/frame")
			b.ReportMetric(both/(best["livekit seal"]+best["livekit open"]), "x_livekit_worker")
		})
	}
}

// paceSetter opens the page with both workers.
func paceSetter(b *testing.B) *person {
	b.Helper()
	files := bundled(b)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/javascript")
		h.Set("Cross-Origin-Opener-Policy", "same-origin") // so that the page's clock has microseconds
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
	p.waitEval("window.pace")
	return p
}
