package e2e

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

func shot(t *testing.T, p *person, name string, w, h int64, dark bool) {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.run(chromedp.EmulateViewport(w, h))
	p.do(`document.documentElement.dataset.theme = "` + scheme + `"`)
	p.do(`0`)
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	os.MkdirAll("/tmp/shots", 0o755)
	os.WriteFile("/tmp/shots/"+name+".png", png, 0o644)
}

func TestShots(t *testing.T) {
	s := start(t)
	host := s.presenter(t)
	shot(t, host, "meetings-1440", 1440, 900, false)
	shot(t, host, "meetings-390", 390, 844, true)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	shot(t, host, "meeting-1440", 1440, 900, false)
	shot(t, host, "meeting-390", 390, 844, false)
	guest := s.attendee(t)
	guest.run(chromedp.Navigate(link))
	guest.waitEval(`document.querySelector("[data-preview]").videoWidth > 0`)
	shot(t, guest, "door-1440", 1440, 900, false)
	shot(t, guest, "door-390", 390, 844, true)
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	guest.enter(link, "Gül Gast")
	guest.waitText("Waiting to be let in")
	shot(t, guest, "waiting-1440", 1440, 900, true)
	host.waitText("waits to be let in")
	host.panel("people")
	shot(t, host, "lobby-1440", 1440, 900, false)
	host.admit("Gül Gast")
	guest.meets("End-to-end encrypted")
	host.seesMoving("Gül Gast")
	host.write("Hello there")
	guest.panel("guarantees")
	shot(t, guest, "guarantees-1440", 1440, 900, true)
	shot(t, guest, "guarantees-390", 390, 844, false)
	shot(t, host, "chat-1440", 1440, 900, false)
	host.do(`document.querySelector("[data-panel-close]").click()`)
	shot(t, host, "room-1440", 1440, 900, true)
	shot(t, host, "room-390", 390, 844, false)
}
