package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// member is an attendee who is signed in as somebody of the demonstration.
func (s *server) member(t testing.TB, name string) *person {
	t.Helper()
	p := s.attendee(t)
	p.open("/sign-in")
	p.do(`[...document.querySelectorAll('form[action="/demo/switch"] button')].find(b => b.textContent.includes("` + name + `")).click()`)
	p.waitURL(func(u string) bool { return !strings.Contains(u, "/sign-in") })
	p.waitEval(`document.readyState === "complete" && document.querySelector("header").textContent.includes("` + name + `")`)
	return p
}

// typed writes as a keyboard does.
func (p *person) typed(words string) {
	p.t.Helper()
	p.hit(strings.Split(words, "")...)
}

// filed waits until the dialog has the receipt of the report, and gives its number.
func (p *person) filed() (report string) {
	p.t.Helper()
	p.waitEval(`document.querySelector('#report [data-waiting][data-state="filed"] a[href^="/reports/R-"]')`)
	return strings.TrimPrefix(evaluate[string](p, `document.querySelector('#report [data-waiting][data-state="filed"] a').getAttribute("href")`), "/reports/")
}

// unsent is what the browser keeps of reports, as text.
func (p *person) unsent() string {
	p.t.Helper()
	return evaluate[string](p, `new Promise((done, failed) => {
		const open = indexedDB.open("proffer-reports", 1);
		open.onupgradeneeded = () => open.result.createObjectStore("kept");
		open.onerror = () => failed(open.error);
		open.onsuccess = () => {
			const all = open.result.transaction("kept").objectStore("kept");
			const keys = all.getAllKeys(), values = all.getAll();
			values.onsuccess = () => {
				const bytes = values.result.flatMap(v => v.sealed ? [new TextDecoder("latin1").decode(v.sealed)] : []);
				open.result.close();
				done(JSON.stringify({ keys: keys.result.filter(k => k !== "reports"), list: keys.result.includes("reports") ? values.result[keys.result.indexOf("reports")].map(e => ({ ...e, key: e.key.extractable })) : [], bytes }));
			};
		};
	})`)
}

// refuseStorage makes the browser keep nothing for the pages that it opens from now on.
func (p *person) refuseStorage() {
	p.t.Helper()
	p.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `Object.defineProperty(window, "indexedDB", { value: { open() { throw new Error("refused") } } })`})
		return err
	}))
}

// TestReportInWords reports from within a meeting without a clip, as any attendee may: by keyboard alone, with a line of chat, over a network that is
// cut, and from another page when the meeting's is gone. What waits is kept encrypted, and nothing of it afterwards.
func TestReportInWords(t *testing.T) {
	s, w := startBehind(t)
	member, guest := s.member(t, "Rui Reis"), s.attendee(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	member.enter(link, "")
	member.meets("Standard encryption")
	guest.enter(link, "Gus Guest")
	guest.meets("Standard encryption")
	guest.write("You are all stupid")
	member.reads("You are all stupid")

	member.do(`document.querySelector('[data-part="stage"]').focus()`)
	member.hit("r")
	member.waitEval(`document.querySelector("#report").open && document.activeElement.matches("[data-report-person]")`)
	member.waitText("there is no clip")
	member.both("the report in words")
	member.hit(kb.Escape)
	member.waitEval(`!document.querySelector("#report").open`) // nothing was chosen, so nothing is asked
	member.hit("r")
	member.waitEval(`document.activeElement.matches("[data-report-person]")`)
	member.tabTo(`#report button[type=submit]`)
	member.hit(kb.Enter)
	member.waitText("Choose whom you report")
	member.waitEval(`document.activeElement.matches("[data-report-person]")`)
	for !evaluate[bool](member, `document.activeElement.closest("li")?.textContent.includes("Gus Guest") ?? false`) {
		member.hit(kb.Tab)
	}
	member.hit(" ")
	member.tabTo(`#report select[name=policy]`)
	member.typed("Har")
	member.waitEval(`document.querySelector("#report [data-report-policy]").textContent.includes("targeted")`)
	member.tabTo(`#report [data-report-line]`)
	member.hit(" ")
	member.tabTo(`#report textarea`)
	member.typed("He insults everybody.")
	member.hit(kb.Escape)
	member.waitEval(`document.querySelector("#giving-up").open`)
	member.both("giving a report up")
	member.hit(kb.Enter) // goes on with it
	member.waitEval(`!document.querySelector("#giving-up").open && document.activeElement.matches("#report textarea")`)
	member.tabTo(`#report [name=declared]`)
	member.hit(" ")
	member.tabTo(`#report button[type=submit]`)
	w.cut()
	member.hit(kb.Enter)
	member.waitEval(`document.activeElement.matches("[data-report-sending-title]")`)
	member.waitText("The server cannot be reached")
	kept := member.unsent()
	var waits struct {
		Keys  []string
		List  []struct{ Key bool }
		Bytes []string
	}
	if err := json.Unmarshal([]byte(kept), &waits); err != nil {
		t.Fatal(err)
	}
	if len(waits.List) != 1 || waits.List[0].Key || len(waits.Keys) != 1 || len(waits.Bytes) != 1 || strings.Contains(kept, "insults") || strings.Contains(kept, "stupid") || strings.Contains(kept, "Gus") {
		t.Errorf("what waits is not one report, encrypted under a key that is not given out: %s", kept)
	}
	w.mend()
	report := member.filed()
	member.both("the report has arrived")
	if kept := member.unsent(); strings.Contains(kept, `"keys":["`) || !strings.Contains(kept, `"list":[]`) {
		t.Errorf("after it was sent there is left %s", kept)
	}
	_, body := member.fetch("/reports/" + report)
	for _, words := range []string{"He insults everybody.", "You are all stupid", "not verified", "Gus Guest", "Choir rehearsal"} {
		if !strings.Contains(body, words) {
			t.Errorf("the report lacks %q", words)
		}
	}
	t.Run("elsewhere", func(t *testing.T) { sendElsewhere(t, member, w) })
	t.Run("discarded", func(t *testing.T) { discarded(t, member, w, link) })
	t.Run("old", func(t *testing.T) { tooOld(t, member, w, link) })
	t.Run("refused", func(t *testing.T) { keptNowhere(t, member, w, link) })
	t.Run("over", func(t *testing.T) { afterTheEnd(t, host, member, link) })
}

// inWords fills the dialog in and sends it.
func (p *person) inWords(about, words string) {
	p.t.Helper()
	p.fillDialog(about, words)
	p.press(`#report button[type=submit]`, "Send the report")
}

// fillDialog opens the dialog beside a person's name, and fills it in.
func (p *person) fillDialog(about, words string) {
	p.t.Helper()
	p.waitEval(`!document.querySelector('[data-part="stage"]').hidden`)
	p.panel("people")
	p.press(`[data-people-list] button[aria-label="Report `+about+`"]`, "Report")
	p.waitEval(`document.querySelector("#report").open && document.activeElement.matches("[name=policy]") && document.querySelector("[data-report-person]:checked")`)
	p.fill(`#report [name=policy]`, "harassment")
	p.fill(`#report [name=words]`, words)
	p.choose(`#report [name=declared]`)
}

// sendElsewhere leaves the meeting before the report is sent; it goes from the next page.
func sendElsewhere(t *testing.T, p *person, w *wire) {
	p.t = t
	p.press(`#report [data-report-sending] button`, "Close")
	w.cut()
	p.inWords("Gus Guest", "Sent from elsewhere.")
	p.waitEval(`document.querySelector("#report [data-waiting]").textContent.includes("cannot be reached")`)
	w.mend()
	p.open("/reports")
	p.waitText("has arrived and is sealed")
	p.both("reports, one just sent")
	p.open("/reports")
	p.waitEval(`document.querySelector("[data-waiting-shell]").hidden`)
	p.do(`document.querySelector("#report-list a").click()`)
	p.waitText("Sent from elsewhere.")
}

// discarded is a report that its human thinks better of while it waits.
func discarded(t *testing.T, p *person, w *wire, link string) {
	p.t = t
	p.enter(link, "")
	p.inWordsCut(w, "Gus Guest", "Never mind.")
	p.press(`#report [data-waiting] button`, "Discard")
	p.press(`#report [data-waiting] button`, "Discard it for good")
	p.waitEval(`!document.querySelector("#report [data-waiting]")`)
	w.mend()
	if kept := p.unsent(); strings.Contains(kept, `"keys":["`) {
		t.Errorf("of a discarded report there is left %s", kept)
	}
	if _, body := p.fetch("/reports"); strings.Count(body, "data-report=") != 2 {
		t.Errorf("the discarded report was filed")
	}
}

// inWordsCut is inWords while the network is down, up to where the report waits.
func (p *person) inWordsCut(w *wire, about, words string) {
	p.t.Helper()
	p.waitEval(`!document.querySelector('[data-part="stage"]').hidden`)
	p.panel("people")
	p.waitEval(fmt.Sprintf(`document.querySelector('[data-people-list] button[aria-label="Report %s"]')`, about))
	w.cut()
	p.inWords(about, words)
	p.waitEval(`document.querySelector("#report [data-waiting]")?.textContent.includes("cannot be reached")`)
}

// keptNowhere is a report in a browser that keeps nothing.
func keptNowhere(t *testing.T, p *person, w *wire, link string) {
	p.t = t
	p.refuseStorage()
	p.enter(link, "")
	p.inWordsCut(w, "Gus Guest", "Only in memory.")
	p.waitText("so it is only in memory")
	w.mend()
	p.filed()
}

// tooOld is a report that waited for longer than a day: the next page erases it, whoever opens it.
func tooOld(t *testing.T, p *person, w *wire, link string) {
	p.t = t
	p.enter(link, "")
	p.inWordsCut(w, "Gus Guest", "Too old.")
	p.do(`document.querySelectorAll("dialog[open]").forEach(d => d.close())`)
	evaluate[bool](p, `new Promise(done => { indexedDB.open("proffer-reports", 1).onsuccess = e => {
		const kept = e.target.result.transaction("kept", "readwrite").objectStore("kept");
		kept.get("reports").onsuccess = got => { kept.put(got.target.result.map(r => ({ ...r, at: r.at - 24 * 3600_000 })), "reports").onsuccess = () => { e.target.result.close(); done(true) } } } })`)
	p.run(chromedp.Navigate("about:blank"))
	w.mend()
	p.open("/me")
	for deadline := time.Now().Add(waitTime); strings.Contains(p.unsent(), `"keys":["`) || !strings.Contains(p.unsent(), `"list":[]`); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("of a report of yesterday there is left %s", p.unsent())
		}
	}
	if _, body := p.fetch("/reports"); strings.Count(body, "data-report=") != 2 {
		t.Error("a report of yesterday was filed")
	}
}

// afterTheEnd is a report whose meeting ends while it is written.
func afterTheEnd(t *testing.T, host, p *person, link string) {
	p.t, host.t = t, t
	p.enter(link, "")
	p.fillDialog("Gus Guest", "Before it was over.")
	host.press(`[data-controls] button`, "Leave")
	host.press(`#leaving button`, "End it for everyone")
	p.waitEval(`!document.querySelector('[data-part="over"]').hidden && document.querySelector("#report").open`)
	p.press(`#report button[type=submit]`, "Send the report")
	report := p.filed()
	if _, body := p.fetch("/reports/" + report); !strings.Contains(body, "Before it was over.") {
		t.Error("the report is not the one that was written")
	}
	p.press(`#report [data-report-sending] button`, "Close")
	p.placed("the report of a meeting that is over was closed")
}
