package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"
)

// BenchmarkRing keeps a minute and more of a meeting at 1 Mb/s a sender in the ring of hosts' browsers, and makes a report of one sender from it: the code
// of the page in node, whose engine is Chromium's. The figure is for taking a frame, with its share of forgetting others. Limit: the ring takes 1.3 of the
// media in its window.
func BenchmarkRing(b *testing.B) {
	for _, senders := range []int{1, 5, 25} {
		b.Run(fmt.Sprintf("senders-%d", senders), func(b *testing.B) {
			var best struct{ Add, Memory, Freeze, Make float64 }
			for b.Loop() {
				out, err := exec.Command("node", "--expose-gc", "testdata/clip-bench.js", fmt.Sprint(senders)).Output()
				if err != nil {
					b.Fatal(err)
				}
				now := best
				if err := json.Unmarshal(out, &now); err != nil {
					b.Fatal(err)
				}
				if best.Add == 0 || now.Add < best.Add {
					best = now
				}
			}
			b.ReportMetric(best.Add, "ns/frame")
			b.ReportMetric(best.Memory, "x_media_in_the_window")
			b.ReportMetric(best.Freeze, "freeze_ms")
			b.ReportMetric(best.Make, "report_ms")
		})
	}
}
