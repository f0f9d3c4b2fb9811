package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestVerifiedReport is the whole way: in an end-to-end encrypted meeting a guest misbehaves, the host reports it from the ring and shows the guest
// out, the case has a clip that is proven to be the guest's, with a timeline, and a reviewer plays exactly the bytes that the host's browser made.
func TestVerifiedReport(t *testing.T) {
	s := start(t)
	guest := s.attendee(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	guest.enter(link, "Gus Guest")
	host.admit("Gus Guest")
	guest.meets("End-to-end encrypted")
	host.seesMoving("Gus Guest")
	guest.write("I will not stop")
	host.reads("I will not stop")
	time.Sleep(6 * time.Second) // what the clip is to hold

	host.fillDialog("Gus Guest", "He showed things that nobody wanted to see.")
	host.waitEval(`document.querySelector("#report [data-report-frozen]").textContent.includes("of the last 60 seconds, in memory")`)
	host.waitEval(`document.querySelectorAll("#report [data-report-sources] input:checked").length > 0`)
	host.both("the report with a clip")
	host.do(`document.querySelector("#report [data-report-line]").click()`)
	host.do(`document.querySelector("#report [name=remove]").click()`)
	host.press(`#report button[type=submit]`, "Send the report")
	report := host.filed()
	guest.waitText("You are out of the meeting") // leaving does not hurt the report

	got := s.become(t, "Hanna Holm").looked(t, report, 2)
	rui := s.as("Rui Reis")
	rui.open("/queue")
	id := rui.findRow("Gus Guest")
	rui.open("/cases/" + id)
	rui.waitEval(`document.querySelector(".verdict-track")`)
	for i, c := range got.Clips { // packets that a busy machine loses are gaps, and nothing else may make it less than verified
		if c.Trust != "verified" && c.Trust != "partly verified" {
			t.Errorf("clip %d is %s: %s", i+1, c.Trust, evaluate[string](rui, `[...document.querySelectorAll(".verdict")].map(v => v.textContent).join(" / ")`))
		}
	}
	if states := evaluate[string](rui, `[...document.querySelectorAll(".verdict rect")].map(r => r.getAttribute("class")).join(" ")`); strings.Contains(states, "contradicted") || strings.Contains(states, "late") ||
		!strings.Contains(states, "span-verified") {
		t.Errorf("the timeline has %s", states)
	}
	sum := evaluate[string](rui, `(async () => {
		const exhibit = document.querySelector("[data-exhibit]").dataset.exhibit;
		const bytes = await (await fetch("/exhibits/" + exhibit + "/original")).arrayBuffer();
		return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map(b => b.toString(16).padStart(2, "0")).join("");
	})()`)
	if sum != got.Clips[0].SHA256 {
		t.Errorf("the reviewer is given %s, and the host sent %s", sum, got.Clips[0].SHA256)
	}
	rui.both("a case with a verified clip")
	rui.press(`form[action$="/verify"] button`, "Verify again")
	rui.waitEval(`document.querySelector(".again-list li")`)
	for over := time.Now().Add(30 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		rui.open("/cases/" + id)
		words := evaluate[string](rui, `document.querySelector(".again-list").textContent`)
		if strings.Contains(words, "same as before") && strings.Contains(words, "Rui Reis") {
			break
		} else if time.Now().After(over) {
			t.Fatalf("verifying again comes to %q", words)
		}
	}
	rui.both("a case whose clip was verified again")

	files := discloses(t, s, id)
	if about := string(pick(t, files, "", "data/package.json")); !strings.Contains(about, `"`+got.Clips[0].Trust+`"`) {
		t.Errorf("the package says of its clip %s", about)
	}
	grades(t, s, meetingOf(link), files)
}

// meetingOf is the number of the meeting that a link leads to.
func meetingOf(link string) string {
	_, number, _ := strings.Cut(link, "/m/")
	number, _, _ = strings.Cut(number, "#")
	return number
}
