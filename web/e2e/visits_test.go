package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestVisit has staff enter a running standard meeting for a report about it: two people's passkeys, seen by everybody in the meeting, with a ring and a
// report of their own, and out when the host makes it end-to-end encrypted.
func TestVisit(t *testing.T) {
	t.Parallel()
	s := start(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "standard")
	host.enter(link, "")
	host.meets("Standard encryption")
	guest := joinNatively(t, link, "Gus Guest")
	defer guest.leave()
	host.seesMoving("Gus Guest")
	host.inWords("Gus Guest", "He threatens the whole choir.")
	host.filed()
	host.press(`#report [data-report-sending] button`, "Close")

	robin, lena := s.attendee(t), s.as("Lena Lindqvist")
	robin.run(authenticator(true))
	robin.becomes("Robin Rossi")
	id := robin.preparedCase("Gus Guest")
	robin.open("/cases/" + id)
	robin.press(`#visits summary`, "Ask to enter the meeting, visibly")
	robin.press(`#visits form button`, "Ask")
	robin.waitText("Say in 10 to")
	robin.fill(`#visits textarea`, "He goes on right now, and the clip does not show him.")
	robin.press(`#visits form button`, "Ask")
	robin.waitText("Somebody else has to agree")
	robin.both("a visit that waits")
	lena.open("/cases/" + id)
	lena.press(`#visits button`, "Agree")
	lena.waitText("They can enter the meeting for an hour")
	robin.waitEval(`document.querySelector('#visits a[href^="/m/"]')`) // without a reload
	robin.both("a visit that was agreed to")
	robin.shoot("visit-agreed")

	robin.run(chromedp.Navigate(link))
	robin.waitText("You enter as staff of this service")
	robin.waitEval(`[...document.querySelectorAll("[data-door]")].every((b) => b.ariaPressed === "false")`)
	robin.shoot("visit-door")
	robin.press(`[data-join]`, "Join")
	robin.meets("Standard encryption")
	host.waitText("Staff of this service are in this meeting because of a report.")
	guest.says("Trust and safety staff")
	host.panel("people")
	host.waitEval(`[...document.querySelectorAll("[data-people-list] li")].some((p) => p.textContent.includes("Trust and safety staff") && p.textContent.includes("Staff of this service"))`)
	if host.has(`[data-people-list] button[aria-label="Remove Trust and safety staff"]`) {
		t.Error("the host is offered to remove staff")
	}
	host.both("a visitor on the list")
	host.shoot("visit-room")
	robin.seesMoving("Gus Guest")
	robin.both("a visitor's view")
	robin.panel("people")
	robin.press(`[data-people-list] button[aria-label="Report Gus Guest"]`, "Report")
	robin.waitEval(`document.querySelector("#report").open && !document.querySelector("#report [data-report-clips]").hidden`)
	robin.fill(`#report [name=policy]`, "harassment")
	robin.fill(`#report [name=words]`, "I saw and heard it myself.")
	robin.choose(`#report [name=declared]`)
	robin.press(`#report button[type=submit]`, "Send the report")
	robin.filed()

	host.press(`[data-controls] button`, "Encrypt")
	host.waitText("staff of this service leave")
	host.press(`#upgrading button`, "End-to-end encrypt")
	host.meets("End-to-end encrypted")
	robin.waitEval(`!document.querySelector('[data-part="over"]').hidden`)
	host.seesMoving("Gus Guest")
	lena.open("/cases/" + id)
	lena.waitEval(`document.querySelector("#events").textContent.includes("Visitor left")`)
	if lena.has(`#visits form[data-signs]`) {
		t.Error("somebody can ask to enter an end-to-end encrypted meeting")
	}
	host.inWords("Gus Guest", "He went on after the upgrade, too.")
	host.filed()
	lena.waitEval(`[...document.querySelectorAll("[data-exhibit]")].filter((x) => x.textContent.includes("Every frame was sent by Gus Guest")).length === 3`) // before the upgrade, by the visitor, and across it
}

// preparedCase looks in the queue again and again for the case about a reported name: to prepare a clip of a meeting that goes on takes a busy machine long.
func (p *person) preparedCase(name string) (caseID string) {
	p.t.Helper()
	for deadline := time.Now().Add(4 * waitTime); time.Now().Before(deadline); time.Sleep(time.Second) {
		p.open("/queue")
		row := fmt.Sprintf(`[...document.querySelectorAll("[data-row]")].find(r => r.textContent.includes(%q))?.dataset.case ?? ""`, name)
		if caseID = evaluate[string](p, row); caseID != "" {
			return caseID
		}
	}
	p.fail(fmt.Errorf("no case about %s is in the queue", name))
	return ""
}
