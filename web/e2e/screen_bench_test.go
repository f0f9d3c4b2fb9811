package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

// screenLimit is how long a decision may take to another reviewer's screen, in milliseconds: within a second, two people never work on one case by
// looking at it.
const screenLimit = 1000.0

// BenchmarkScreen measures from a reviewer's sending of a decision to the moment when another reviewer's queue, in a browser, says that the case is
// gone: the decision's transaction, the notification of the database, the event stream, and the row. Both clocks are this machine's.
func BenchmarkScreen(b *testing.B) {
	s := start(b)
	host, rui := s.become(b, "Hanna Holm"), s.become(b, "Rui Reis")
	cleo := s.as("Cleo Castro")
	cleo.open("/queue")
	cleo.settle()
	var took, answered []float64
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("Sam Screened %d", i)
		host.wordsOn(b, name, "lior.liaison@proffer.example")
		id := cleo.findRow(name)
		if err := rui.claim(id); err != nil {
			b.Fatal(err)
		}
		cleo.waitEval(`document.querySelector('` + rowOf(id) + `').textContent.includes("Rui Reis")`)
		cleo.do(`window.gone = 0; new MutationObserver((_, o) => { if (document.querySelector('` + rowOf(id) + `[data-gone]') || !document.querySelector('` + rowOf(id) + `')) {
			window.gone = Date.now(); o.disconnect() } }).observe(document.querySelector("[data-queue]") ?? document.body, {subtree: true, childList: true, attributes: true})`)
		p := must(rui.openCase(id))(b)
		v := url.Values{}
		for _, h := range p.people {
			v.Set("policy-"+h, "disruption")
			v.Set("severity-"+h, "low")
			v.Set("action-"+h, "warn")
			v.Set("reasons-"+h, "Somebody was shouted at, as the reports say.")
		}
		sent := time.Now()
		if r, err := rui.post("/cases/"+id+"/decisions", v); err != nil || r.status != http.StatusSeeOther {
			b.Fatal(r.status, err, r.words())
		}
		answered = append(answered, float64(time.Since(sent).Microseconds())/1000)
		cleo.waitEval(`window.gone > 0`)
		took = append(took, evaluate[float64](cleo, `window.gone`)-float64(sent.UnixMicro())/1000)
	}
	slices.Sort(took)
	slices.Sort(answered)
	median := took[len(took)/2]
	b.ReportMetric(median, "ms")
	b.ReportMetric(median/screenLimit, "x_limit_1_s")
	b.ReportMetric(answered[len(answered)/2], "answered_ms")
	b.ReportMetric(took[len(took)-1], "slowest_ms")
	b.ReportMetric(0, "ns/op") // it would hold the wait for each case
}
