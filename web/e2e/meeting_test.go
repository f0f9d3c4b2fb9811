package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// attendee opens a browser with a camera and a microphone that is not signed in.
func (s *server) attendee(t testing.TB) *person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(studios(), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &person{t: t, s: s, ctx: ctx}
}

// presenter is an attendee who is signed in as the demonstration’s host.
func (s *server) presenter(t testing.TB) *person {
	t.Helper()
	p := s.attendee(t)
	p.run(chromedp.Navigate(s.Links["Hanna"]))
	delete(s.Links, "Hanna")
	p.press(`main form button[type=submit]`, "Sign in")
	p.waitURL(func(u string) bool { return !strings.Contains(u, "/sign-in") })
	p.open("/meetings")
	p.waitEval(`document.querySelector("form[action='/meetings']")`)
	return p
}

// makeMeeting makes a meeting as a host does, and gives its whole link.
func (p *person) makeMeeting(title, mode string) (link string) {
	p.t.Helper()
	p.open("/meetings")
	p.fill(`input[name=title]`, title)
	p.choose(`input[name=mode][value=` + mode + `]`)
	p.press(`form[action="/meetings"] button[type=submit]`, "Make the meeting")
	p.waitEval(`document.querySelector("[data-link]")`)
	if mode == "e2ee" {
		p.waitEval(`document.querySelector("[data-link]").textContent.includes("#")`)
	}
	return evaluate[string](p, `document.querySelector("[data-link]").textContent`)
}

// enter opens a link, says a name where one is asked for, and joins.
func (p *person) enter(link, name string) {
	p.t.Helper()
	p.run(chromedp.Navigate("about:blank"), chromedp.Navigate(link)) // a fragment alone loads nothing
	p.waitEval(`document.querySelector("[data-join]")`)
	if name != "" {
		p.fill(`[data-door-form] input[name=name]`, name)
	}
	p.press(`[data-join]`, "Join")
}

// meets waits until media flow under the badge.
func (p *person) meets(badge string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`!document.querySelector('[data-part="stage"]').hidden && document.querySelector("[data-badge]").textContent.includes(%q)`, badge))
}

// seesMoving waits until the picture of somebody moves.
func (p *person) seesMoving(name string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`(async () => {
		const tile = [...document.querySelectorAll(".tile")].find(t => t.querySelector(".name").textContent.startsWith(%q));
		const video = tile?.querySelector("video");
		if (!video || video.hidden || !video.videoWidth) return false;
		const before = video.getVideoPlaybackQuality().totalVideoFrames;
		await new Promise(r => setTimeout(r, 300));
		return video.getVideoPlaybackQuality().totalVideoFrames > before + 1;
	})()`, name))
}

func (p *person) admit(name string) {
	p.t.Helper()
	p.panel("people")
	p.press(`[data-lobby-list] button[data-do=admit][aria-label="Let in `+name+`"]`, "Let in")
}

func (p *person) panel(which string) {
	p.t.Helper()
	p.do(fmt.Sprintf(`document.querySelector('[data-panel-body="%[1]s"]').hidden && document.querySelector('[data-panel="%[1]s"]').click()`, which))
}

func (p *person) code() string {
	p.t.Helper()
	p.panel("guarantees")
	p.waitEval(`document.querySelector("[data-code]")`)
	return evaluate[string](p, `document.querySelector("[data-code]").textContent`)
}

func (p *person) write(words string) {
	p.t.Helper()
	p.panel("chat")
	p.fill(`[data-chat-text]`, words)
	p.press(`[data-chat-form] button[type=submit]`, "Send")
}

func (p *person) reads(words string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`[...document.querySelectorAll("[data-chat-lines] p")].some(l => l.textContent === %q && !l.hidden)`, words))
}

// TestMeetings is held by people with browsers alone, over the built server and its media server.
func TestMeetings(t *testing.T) {
	s := start(t)
	host := s.presenter(t)
	t.Run("encrypted", func(t *testing.T) { encrypted(t, host) })
	t.Run("upgraded", func(t *testing.T) { upgraded(t, host) })
	t.Run("native", func(t *testing.T) { natively(t, host, "e2ee") })
	t.Run("native-upgraded", func(t *testing.T) { natively(t, host, "standard") })
}

func encrypted(t *testing.T, host *person) {
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	host.seesMoving("Hanna Holm")
	guest := host.s.attendee(t)
	guest.enter(link, "Gül Gast")
	guest.waitText("Waiting to be let in")
	host.admit("Gül Gast")
	guest.meets("End-to-end encrypted")
	guest.seesMoving("Hanna Holm")
	host.seesMoving("Gül Gast")
	if mine, theirs := host.code(), guest.code(); mine != theirs || len(mine) != 13*4-1 {
		t.Errorf("the codes differ: %q and %q", mine, theirs)
	}
	host.write("Grüße an alle\n👋")
	guest.reads("Grüße an alle\n👋")
	guest.write("Gleichfalls")
	host.reads("Gleichfalls")
	guest.do(`document.querySelector('[data-controls] [data-act="screen"]').click()`)
	host.seesMoving("Gül Gast’s screen")
}

// upgraded is a standard meeting with a waiting room that goes end-to-end encrypted while it runs, and what a host may do in both.
func upgraded(t *testing.T, host *person) {
	link := host.makeMeeting("Lesson", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	host.panel("people")
	host.do(`document.querySelector('[data-act="lobby"]').click()`)
	guest := host.s.attendee(t)
	guest.enter(link, "Gül Gast")
	guest.waitText("Waiting to be let in")
	host.admit("Gül Gast")
	guest.meets("Standard encryption")
	guest.seesMoving("Hanna Holm")
	host.seesMoving("Gül Gast")
	guest.write("before")
	host.reads("before")

	host.press(`[data-controls] button`, "Encrypt")
	host.waitEval(`document.querySelector("#upgrading").open && [...document.querySelectorAll("[data-upgrade-people] .name")].some(n => n.textContent === "Gül Gast")`)
	host.press(`#upgrading button`, "End-to-end encrypt")
	for _, p := range []*person{host, guest} {
		p.meets("End-to-end encrypted")
		p.panel("guarantees")
		p.waitText("What was said before the upgrade was under the server's key")
	}
	guest.seesMoving("Hanna Holm")
	host.seesMoving("Gül Gast")
	if mine, theirs := host.code(), guest.code(); mine != theirs {
		t.Errorf("the codes differ: %q and %q", mine, theirs)
	}
	guest.write("after")
	host.reads("after")

	late := host.s.attendee(t)
	late.enter(link, "Late Lena") // the old link lets nobody in
	late.waitText("the part after # is missing")
	host.do(`document.querySelector('[data-controls] [data-act="invite"]').click()`)
	host.waitEval(`document.querySelector("#invite").open && document.querySelector("[data-invite-link]").textContent.includes("#")`)
	whole := evaluate[string](host, `document.querySelector("[data-invite-link]").textContent`)
	host.press(`#invite button`, "Close")
	late.enter(whole, "Late Lena")
	host.admit("Late Lena")
	late.meets("End-to-end encrypted")
	late.seesMoving("Hanna Holm")
	host.panel("people")
	host.press(`[data-people-list] button[aria-label="Remove Gül Gast"]`, "Remove")
	host.press(`#removing button`, "Remove")
	guest.waitText("You are no longer on the list of participants")
	late.seesMoving("Hanna Holm")
	host.press(`[data-controls] button`, "Leave")
	host.press(`#leaving button`, "End it for everyone")
	late.waitText("The meeting is over")
	host.waitText("The meeting is over")
}
