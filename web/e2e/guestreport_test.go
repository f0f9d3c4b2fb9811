package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestGuestReport reports as a guest from within a meeting, by keyboard, with a line of chat, over a network that is cut; then once more after the
// meeting's end. No account is asked for, the receipt can be kept, and reviewers are told that it was a guest.
func TestGuestReport(t *testing.T) {
	s, w := startBehind(t)
	guest, other := s.attendee(t), s.attendee(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	guest.enter(link, "Gus Guest")
	guest.meets("Standard encryption")
	other.enter(link, "Mal Ory")
	other.meets("Standard encryption")
	other.write("You are all stupid")
	guest.reads("You are all stupid")

	guest.do(`{ const was = URL.createObjectURL; URL.createObjectURL = b => { if (b.type === "text/plain") b.text().then(t => { window.receipt = t }); return was.call(URL, b) } }`)
	guest.do(`document.querySelector('[data-part="stage"]').focus()`)
	guest.hit("r")
	guest.waitEval(`document.querySelector("#report").open && document.activeElement.matches("[data-report-person]")`)
	guest.waitText("as a guest: no account is needed")
	for !evaluate[bool](guest, `document.activeElement.closest("li")?.textContent.includes("Mal Ory") ?? false`) {
		guest.hit(kb.Tab)
	}
	guest.hit(" ")
	guest.tabTo(`#report select[name=policy]`)
	guest.typed("Har")
	guest.tabTo(`#report [data-report-line]`)
	guest.hit(" ")
	guest.tabTo(`#report textarea`)
	guest.typed("Insults everybody.")
	guest.both("a guest reports")
	guest.shoot("a-guest-reports")
	guest.tabTo(`#report [name=declared]`)
	guest.hit(" ")
	guest.tabTo(`#report button[type=submit]`)
	w.cut()
	guest.hit(kb.Enter)
	guest.waitText("The server cannot be reached")
	w.mend()
	report := guest.guestFiled()
	guest.both("a guest's report has arrived")
	guest.shoot("a-guests-report-has-arrived")
	if kept := guest.unsent(); strings.Contains(kept, `"keys":["`) || !strings.Contains(kept, `"list":[]`) {
		t.Errorf("after it was sent there is left %s", kept)
	}
	guest.press(`#report [data-report-sending] button`, "Close")

	guest.fillDialog("Mal Ory", "Before it was over.")
	host.press(`[data-controls] button`, "Leave")
	host.press(`#leaving button`, "End it for everyone")
	guest.waitEval(`!document.querySelector('[data-part="over"]').hidden && document.querySelector("#report").open`)
	guest.press(`#report button[type=submit]`, "Send the report")
	guest.guestFiled()

	rui := s.as("Rui Reis")
	rui.open("/queue")
	rui.waitText("Guest of the meeting, unvouched")
	found := `(async () => { for (const row of document.querySelectorAll("[data-row]")) {
		const page = await (await fetch("/cases/" + row.dataset.case)).text();
		if (page.includes("` + report + `")) return row.dataset.case } return "" })()`
	rui.waitEval(found)
	rui.open("/cases/" + evaluate[string](rui, found))
	for _, words := range []string{"Gus Guest", "Guest of the meeting, unvouched", "Insults everybody.", "You are all stupid", "not verified", "Mal Ory"} {
		rui.waitText(words)
	}
	rui.both("a case that a guest reported")
	rui.shoot("a-case-that-a-guest-reported")
}

// guestFiled waits until a guest has the receipt of a report, and gives the report's number.
func (p *person) guestFiled() (report string) {
	p.t.Helper()
	p.waitEval(`document.querySelector('#report [data-waiting][data-state="filed"] a[data-receipt]')`)
	p.waitEval(`window.receipt`)
	text := evaluate[string](p, `window.receipt`)
	name := evaluate[string](p, `document.querySelector('#report [data-receipt]').download`)
	report = strings.TrimSuffix(strings.TrimPrefix(name, "receipt-"), ".txt")
	if words := evaluate[string](p, `document.querySelector('#report [data-waiting][data-state="filed"]').textContent`); !strings.Contains(words, report) {
		p.t.Errorf("the page says %q of %s", words, report)
	}
	if !strings.HasPrefix(text, "proffer receipt v1\nreport "+report+"\n") {
		p.t.Errorf("the receipt is %q", text)
	}
	return report
}
