package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestMeetingPages goes through the pages of meetings, the door, and the room with each of its panels and dialogs open: axe-core finds
// nothing at 1280 pixels in light and in dark and at 390, and nothing runs over sideways.
func TestMeetingPages(t *testing.T) {
	s := start(t)
	host := s.presenter(t)
	host.both("meetings, none")
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.both("the meeting's page")
	host.do(`document.querySelector('[data-opens="end-meeting"]').click()`)
	host.both("ending from outside")
	host.open("/meetings")
	host.both("meetings")

	guest := s.attendee(t)
	guest.enter(link, "")
	guest.both("the door")
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	guest.enter(link, "Gül Gast")
	guest.waitText("Waiting to be let in")
	guest.both("waiting")
	host.panel("people")
	host.both("people, somebody waits")
	host.admit("Gül Gast")
	guest.meets("End-to-end encrypted")
	host.seesMoving("Gül Gast")
	host.write("Good evening")
	guest.reads("Good evening")
	for _, panel := range []string{"people", "chat", "guarantees"} {
		host.panel(panel)
		host.both(panel)
	}
	host.run(emulate(390, "light")) // the panel is over all the rest
	host.panel("people")
	for range 30 {
		host.hit(kb.Tab)
		if !evaluate[bool](host, `document.activeElement === document.body || document.querySelector("#side").contains(document.activeElement)`) {
			t.Fatal("behind the panel, something has the focus that cannot be seen")
		}
	}
	host.hit(kb.Tab)
	host.do(`document.querySelector("[data-panel-close]").click()`)
	host.both("the stage")
	host.do(`document.querySelector("[data-layout-toggle]").click()`)
	host.both("the stage, speaker view")
	for _, dialog := range []string{`[data-opens="devices"]`, `[data-act="invite"]`, `[data-opens="leaving"]`} {
		host.do(`document.querySelector('[data-controls] ` + dialog + `').click()`)
		host.waitEval(`document.querySelector("dialog[open]")`)
		host.both("the dialog of " + dialog)
		host.do(`document.querySelector("dialog[open]").close()`)
	}
	host.panel("people")
	host.press(`[data-people-list] button[aria-label="Remove Gül Gast"]`, "Remove")
	host.both("removing")
	host.press(`#removing button`, "Remove")
	guest.waitText("You are no longer on the list of participants")
	guest.both("out")

	host.open("/meetings") // leaves
	standard := host.makeMeeting("Lesson", "standard")
	host.both("a standard meeting's page")
	host.enter(standard, "")
	host.meets("Standard encryption")
	host.panel("guarantees")
	host.both("a standard meeting's guarantees")
	host.press(`[data-controls] button`, "Encrypt")
	host.both("upgrading")
}

// both looks at a page on a desk and on a telephone.
func (p *person) both(name string) {
	p.t.Helper()
	p.settle()
	p.sound(name, 1280)
	p.sound(name, 390)
}
