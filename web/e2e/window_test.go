package e2e

import (
	"testing"
	"time"
)

// TestWindow has an administrator set the window of the host's organisation to 15 seconds: the door, the panel and the dialog of a report say so, and
// after half a minute there are about 15 seconds to report.
func TestWindow(t *testing.T) {
	s := start(t)
	guest := s.attendee(t)
	host := s.presenter(t)
	admin := s.as("Ari Aalto")
	admin.open("/people")
	row := `[...document.querySelectorAll("tr")].find(r => r.textContent.includes("Northwind Evening School"))`
	admin.do(`(r => { r.querySelector("input").value = "15"; r.querySelector("form button").click() })(` + row + `)`)
	admin.waitText("devices of hosts keep the last 15 seconds")
	if got := evaluate[string](admin, row+`.querySelector("input").value`); got != "15" {
		t.Errorf("the page says %s", got)
	}
	admin.both("people, with the windows of organisations")
	admin.shoot("people-with-the-windows-of-organisations")

	link := host.makeMeeting("Choir rehearsal", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	guest.open(link[len(s.URL):])
	guest.waitText("devices of hosts keep the last 15 seconds")
	guest.enter(link, "Gus Guest")
	guest.meets("Standard encryption")
	for _, p := range []*person{host, guest} {
		p.panel("guarantees")
		p.waitText("may keep the last 15 seconds of what it decrypted")
	}
	host.seesMoving("Gus Guest")
	time.Sleep(32 * time.Second)
	host.fillDialog("Gus Guest", "He does not stop.")
	host.waitText("of the last 15 seconds, in memory")
	host.waitEval(`document.querySelectorAll("#report [data-report-sources] input:checked").length > 0`)
	// Groups of pictures are kept whole, so there is up to one of them more.
	if ms := evaluate[float64](host, `Number(document.querySelector("[data-trim-to]").max)`); ms < 13_000 || ms > 22_000 {
		t.Errorf("the dialog offers %.1f s", ms/1000)
	}
	host.both("a report from a window of 15 seconds")
	host.shoot("a-report-from-a-window-of-15-seconds")
}
