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
// their size; each is put in when the one before is out or, of 8 tracks, one of each at once, as they come in a large meeting. The figures are
// for sealing and opening together, against LiveKit's:
//   - x_livekit_worker: all that the frame worker does. Limit: 0.75.
//   - franking-share-of-seal, -open: 1 less the time of SFrame alone.
//   - SFrame-alone: the same without franking, which LiveKit has not: no commitments, stamps and evidence. Limit: 0.6.
//   - AES-alone and AES+SHA-256: the streams with one or two calls of WebCrypto for a frame and nothing else, which is what SFrame and
//     commitments take at the least.
//
// The first line is for the frames of one person in a call: 30 pictures (1 Mb/s) and 50 of sound a second.
func BenchmarkFrameWorker(b *testing.B) {
	p := paceSetter(b)
	b.Run("person", func(b *testing.B) {
		sound, pictures := map[string]float64{}, map[string]float64{}
		for b.Loop() {
			keepBest(sound, pace(p, "audio", 120, 1))
			keepBest(pictures, pace(p, "video", 4000, 1))
		}
		for what := range sound {
			sound[what] = (50*sound[what] + 30*pictures[what]) / 80
		}
		reportPace(b, sound)
	})
	for _, tracks := range []int{1, 8} {
		for _, f := range []struct {
			kind string
			size int
		}{{"audio", 120}, {"audio", 1200}, {"video", 4000}, {"video", 10_000}} {
			name := fmt.Sprintf("%s-%d", f.kind, f.size)
			if tracks > 1 {
				name += fmt.Sprintf("-of-%d-tracks", tracks)
			}
			b.Run(name, func(b *testing.B) {
				best := map[string]float64{}
				for b.Loop() {
					keepBest(best, pace(p, f.kind, f.size, tracks))
				}
				reportPace(b, best)
			})
		}
	}
}

// pace gives the times of a frame in microseconds, by worker and act.
func pace(p *person, kind string, size, tracks int) map[string]float64 {
	return evaluate[map[string]float64](p, fmt.Sprintf(`pace(%q, %d, %d, 60)`, kind, size, tracks))
}

// keepBest keeps the lower times, in nanoseconds.
func keepBest(best, us map[string]float64) {
	for what, t := range us {
		if was, ok := best[what]; !ok || t*1000 < was {
			best[what] = math.Round(t * 1000)
		}
	}
}

// reportPace takes the best times in nanoseconds, by worker and act.
func reportPace(b *testing.B, best map[string]float64) {
	both := func(who string) float64 { return best[who+" seal"] + best[who+" open"] }
	for _, act := range []string{"seal", "open"} {
		b.ReportMetric(best["ours "+act], act+"_ns")
		b.ReportMetric(best["ours "+act]/best["livekit "+act], act+"-against-livekit_ratio")
		b.ReportMetric(1-best["sframe "+act]/best["ours "+act], "franking-share-of-"+act+"_ratio")
		b.ReportMetric(best["ours "+act]/min(best["ours bare "+act], best["livekit bare "+act]), act+"-against-bare-AES_ratio")
	}
	b.ReportMetric(both("ours"), "ns/frame")
	b.ReportMetric(both("ours")/both("livekit"), "x_livekit_worker")
	for who, name := range map[string]string{"sframe": "SFrame-alone", "aes": "AES-alone", "aes+digest": "AES+SHA-256"} {
		b.ReportMetric(both(who)/both("livekit"), name+"-against-livekit_ratio")
	}
}

// paceSetter opens the page with the workers.
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
