package e2e

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector/connectortest"
)

var pinWords = regexp.MustCompile(`^Dial \+1 555 0100, then the PIN (\d{3}) (\d{3}) (\d{4})\.$`)

// TestTelephone: the host of a standard meeting reads out number and PIN; a caller hears the browser's microphone and is heard in it, is
// seen, beside a recording, and is shown out.
func TestTelephone(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", connectortest.Port(t))
	s := start(t, "PROFFER_SIP_ADDR="+addr, "PROFFER_SIP_NUMBER=+1 555 0100")
	host := s.presenter(t)
	host.enter(host.makeMeeting("Lesson", "standard"), "")
	host.meets("Standard encryption")
	host.panel("people")
	host.waitEval(`!document.querySelector("[data-phone]").hidden`)
	m := pinWords.FindStringSubmatch(evaluate[string](host, `document.querySelector("[data-phone-words]").textContent`))
	if m == nil {
		t.Fatal("the host is not told how to dial in")
	}
	caller := connectortest.Dial(t, netip.MustParseAddrPort(addr), connectortest.Script{Keys: strings.Join(m[1:], ""), Hertz: 1000})
	host.waitText("listens and speaks by telephone")
	host.waitEval(`(async () => { // loudest at 1000 Hz
		const audio = [...document.querySelectorAll("[data-sounds] audio")].find(a => a.srcObject);
		if (!audio) return false;
		const context = new AudioContext();
		const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
		context.createMediaStreamSource(audio.srcObject).connect(analyser);
		await new Promise(r => setTimeout(r, 500));
		const bins = new Float32Array(analyser.frequencyBinCount);
		analyser.getFloatFrequencyData(bins);
		const at = bins.indexOf(Math.max(...bins));
		const hertz = at * context.sampleRate / analyser.fftSize;
		await context.close();
		return bins[at] > -50 && Math.abs(hertz - 1000) < 30;
	})()`)
	connectortest.Eventually(t, "the caller hears the beeps of the browser's microphone", func() bool {
		loud := 0
		for _, x := range caller.Last(2 * time.Second) {
			if x > 1000 || x < -1000 {
				loud++
			}
		}
		return loud > 100
	}, caller.Said)

	host.do(`document.querySelector('[data-act="record"]').click()`)
	host.waitText("This meeting is being recorded on the server.")
	host.waitEval(`document.querySelector('[data-act="record"]').checked`)
	host.do(`document.querySelector('[data-act="record"]').click()`)
	host.waitEval(`!document.body.textContent.includes("This meeting is being recorded on the server.")`)

	host.do(`document.querySelector('[data-people-list] button[aria-label^="Remove Telephone"]').click()`)
	host.press(`#removing button`, "Remove")
	if trace := caller.Ended(); !strings.Contains(trace, "The host took it out of the meeting.") {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
	host.waitEval(`!document.body.textContent.includes("listens and speaks by telephone")`)
}
