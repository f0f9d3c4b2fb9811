package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until what has the focus fits, and fails where the focus is lost on the way.
func (p *person) tabTo(selector string) {
	p.t.Helper()
	for range 80 {
		p.hit(kb.Tab)
		if evaluate[bool](p, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	p.fail(fmt.Errorf("Tab does not reach %s", selector))
}

// placed holds that the keyboard has a place: something that can be seen has the focus.
func (p *person) placed(when string) {
	p.t.Helper()
	p.waitEval(`document.activeElement !== document.body && document.activeElement.checkVisibility()`)
	if p.t.Failed() {
		p.t.Log(when)
	}
}

// TestRoomByKeys holds an end-to-end encrypted meeting without a mouse: join, let in, write, remove, leave. The focus is never lost.
func TestRoomByKeys(t *testing.T) {
	s := start(t)
	host, guest := s.presenter(t), s.attendee(t)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.run(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
	host.waitEval(`document.querySelector("[data-join]")`)
	host.tabTo("[data-join]")
	host.hit(kb.Enter)
	host.meets("End-to-end encrypted")
	host.placed("in the meeting")

	guest.run(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
	guest.waitEval(`document.querySelector("[data-join]")`)
	guest.tabTo(`input[name="name"]`)
	guest.hit(strings.Split("Gerd", "")...)
	guest.hit(kb.Enter)
	guest.waitText("Waiting to be let in")
	guest.waitEval(`document.activeElement.matches("[data-waiting-title]")`)

	host.hit("p")
	host.waitEval(`document.activeElement.matches("[data-side-title]")`)
	host.waitEval(`document.querySelector("[data-do=admit]")`)
	host.tabTo("[data-do=admit]")
	host.hit(kb.Enter)
	guest.meets("End-to-end encrypted")
	guest.placed("let in")
	host.waitEval(`!document.querySelector("[data-do=admit]")`)
	host.placed("the one who waited is in")

	host.hit("h")
	host.waitEval(`document.activeElement.matches("[data-chat-text]")`)
	host.hit(strings.Split("mcs", "")...) // letters are letters while one types
	host.hit(kb.Enter)
	guest.reads("mcs")
	guest.waitEval(`document.querySelector("#live").textContent === "Hanna Holm wrote: mcs"`) // a panel that is shut says nothing itself
	host.hit(kb.Escape)
	host.waitEval(`document.activeElement.matches('[data-panel="chat"]')`)

	host.hit("g")
	host.waitEval(`document.querySelector("[data-compared]")`)
	host.tabTo("[data-compared]")
	host.hit(" ")
	host.waitEval(`document.querySelector(".guarantee").dataset.tone === "compared"`)
	host.waitEval(`document.activeElement.matches("[data-compared]")`)

	host.do(`document.querySelector("[data-controls] [data-opens=devices]").focus()`)
	host.hit(kb.Enter)
	host.waitEval(`document.querySelector("#devices").open`)
	host.hit("p") // the keys do nothing behind a dialog
	host.waitEval(`document.querySelector('[data-panel-body="people"]').hidden`)
	host.tabTo("[data-keys]")
	host.hit(" ", kb.Escape)
	host.waitEval(`document.activeElement.matches("[data-opens=devices]")`)
	host.hit("h") // and none anywhere once they are off
	host.waitEval(`document.querySelector('[data-panel-body="chat"]').hidden`)

	host.tabTo(".control-leave")
	host.hit(kb.Escape)
	host.do(`document.querySelector('[data-controls] [data-panel="people"]').focus()`)
	host.hit(kb.Enter)
	host.tabTo("[data-do=remove]")
	host.hit(kb.Enter)
	host.waitEval(`document.querySelector("#removing").open && document.activeElement.matches("#removing [data-act=remove]")`)
	host.do(`document.querySelector("#removing [data-closes]").focus()`)
	host.do(`document.querySelector("#removing [data-act=remove]").focus()`)
	host.hit(kb.Enter)
	guest.waitEval(`document.activeElement.matches("[data-over-title]")`)
	host.waitEval(`!document.querySelector("[data-do=remove]")`)
	host.placed("somebody was removed")

	host.do(`document.querySelector("[data-controls] [data-opens=leaving]").focus()`)
	host.hit(kb.Enter)
	host.waitEval(`document.activeElement.matches("#leaving [data-act=leave]")`)
	host.hit(kb.Enter)
	host.waitEval(`document.activeElement.matches("[data-over-title]")`)
}

// TestLinkSecret holds that the part after # of a link gets where it has to, and stays nowhere else.
func TestLinkSecret(t *testing.T) {
	s := start(t)
	host, guest := s.presenter(t), s.attendee(t)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	address, secret, _ := strings.Cut(link, "#")
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	hidden := func(p *person) {
		t.Helper()
		if evaluate[bool](p, fmt.Sprintf(`(location.href + document.documentElement.outerHTML + JSON.stringify(history.state) + JSON.stringify({ ...localStorage, ...sessionStorage })).includes(%q)`, secret)) {
			t.Error("the page has the link's secret")
		}
	}
	hidden(host)
	host.do(`document.querySelector('[data-controls] [data-act="invite"]').click()`)
	host.waitEval(fmt.Sprintf(`document.querySelector("[data-invite-link]").textContent === %q`, link))
	host.press(`#invite button`, "Close")
	host.waitEval(`document.querySelector("[data-invite-link]").textContent === ""`)
	hidden(host)

	// Whoever opened a link that was not whole puts the whole one into the same tab, which loads nothing.
	guest.enter(address, "Gerd Guest")
	guest.waitText("The link is not whole")
	guest.run(chromedp.Navigate(link))
	guest.waitEval(`location.hash === ""`)
	guest.do(`document.body.dataset.meeting = "M-00000-00000"`) // the address says which meeting it is, not the page
	guest.press(`[data-join]`, "Join")
	guest.waitText("Waiting to be let in")
	hidden(guest)
	host.panel("people")
	host.waitEval(`document.querySelector('[data-lobby-list] [aria-label="Let in Gerd Guest"]')`)

	// Whoever signs in at the door comes back with the link.
	member := s.attendee(t)
	member.run(chromedp.Navigate(link))
	member.waitEval(`document.querySelector("[data-sign-in]")`)
	member.do(`document.querySelector("[data-sign-in]").click()`)
	member.waitURL(func(u string) bool { return strings.Contains(u, "/sign-in") })
	hidden(member)
	member.run(chromedp.Navigate(s.Links["Rui"]))
	member.press(`main form button[type=submit]`, "Sign in")
	member.waitURL(func(u string) bool { return strings.Contains(u, "/m/") })
	member.press(`[data-join]`, "Join")
	member.waitText("Waiting to be let in")
	// Where nothing is kept, the host is told that nobody can lead.
	host.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `Object.defineProperty(window, "indexedDB", { value: { open() { throw new Error("refused") } } })`})
		return err
	}))
	host.makeMeeting("Nothing is kept", "e2ee")
	host.waitText("This browser keeps nothing for this page")
	for _, p := range []*person{host, guest, member} {
		if strings.Contains(p.s.log.String()+p.s.out.String(), secret) {
			t.Error("the server's log has the link's secret")
		}
	}
}

// TestMeantForSome holds that what is meant for some goes to no others: a private line, and an upgrade's new key.
func TestMeantForSome(t *testing.T) {
	s := start(t)
	host, guest := s.presenter(t), s.attendee(t)
	link := host.makeMeeting("Lesson", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	guest.enter(link, "Gerd Guest")
	host.seesMoving("Gerd Guest")
	if !evaluate[bool](host, `[...document.querySelectorAll(".tile")].some(t => t.textContent.includes("Gerd Guest") && !t.querySelector(".tile-guest").hidden)`) {
		t.Error("the guest's picture does not say that it is a guest's")
	}
	host.panel("chat")
	host.do(`{ const to = document.querySelector("[data-chat-to]"); to.selectedIndex = 1; to.dispatchEvent(new Event("change", { bubbles: true })) }`)
	guest.press(`[data-controls] button`, "Leave")
	guest.press(`#leaving button`, "Leave")
	host.waitEval(`document.querySelector("[data-chat-to]").selectedOptions[0].textContent === "Gerd Guest (gone)"`)
	host.write("only for Gerd")
	host.waitText("Gerd Guest is not here any more")
	if evaluate[int](host, `document.querySelectorAll("[data-chat-lines] li").length`) != 0 {
		t.Error("a line that was meant for one who left was sent")
	}

	// Who comes while the host reads who comes along has not been read.
	host.press(`[data-controls] button`, "Encrypt")
	host.waitEval(`document.querySelector("#upgrading").open && document.querySelectorAll("[data-upgrade-people] input").length === 1`)
	late := s.attendee(t)
	late.enter(link, "Late Lena")
	late.meets("Standard encryption")
	host.waitEval(`document.querySelectorAll("[data-upgrade-people] input").length === 2`)
	if evaluate[bool](host, `document.querySelectorAll("[data-upgrade-people] input")[1].checked`) {
		t.Error("who came while the host was asked is carried over unasked")
	}
	host.press(`#upgrading button`, "End-to-end encrypt")
	late.waitText("you were not carried over")
	host.meets("End-to-end encrypted")
}

// TestNoKeysNoClaims holds that the badge claims nothing once this device's keys are gone: between two joins, and when a worker breaks down.
func TestNoKeysNoClaims(t *testing.T) {
	s := start(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.run(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
	host.waitEval(`document.querySelector("[data-join]")`)
	host.do(`window.workers = []; window.Worker = class extends Worker { constructor(...about) { super(...about); workers.push(this) } }`)
	host.press(`[data-join]`, "Join")
	host.meets("End-to-end encrypted")
	host.do(`workers[0].dispatchEvent(new MessageEvent("message", { data: { type: "rejoin" } }))`)
	host.waitEval(`document.querySelector("[data-badge]").textContent === "Not connected"`)
	host.do(`workers[0].dispatchEvent(new ErrorEvent("error", { message: "broken" }))`)
	host.waitEval(`document.querySelector("[data-badge]").textContent === "Not in the meeting" && document.activeElement.matches("[data-over-title]")`)
}
