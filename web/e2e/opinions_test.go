package e2e

import (
	"strings"
	"testing"
)

// TestSecondOpinion goes the whole way: a lead has every decision drawn, a reviewer decides, another one looks without knowing what was
// decided and differs, both see both, and the lead settles it. Nothing of that changes the decision.
func TestSecondOpinion(t *testing.T) {
	s := start(t)
	host, first := s.become(t, "Hanna Holm"), s.become(t, "Rui Reis")
	lena, cleo := s.as("Lena Lindqvist"), s.as("Cleo Castro")
	heard := []*witness{lena.watch(), cleo.watch()}
	lena.open("/team/sampling")
	lena.sound("sampling", 1440)
	lena.sound("sampling", 390)
	lena.shoot("sampling")
	lena.fill("#percent", "100")
	lena.press("main form.card button", "Save")
	lena.waitText("100%")

	must(host.report("Opal Drawn", "clip.mp4", clipBytes(t, "clip.mp4")))(t)
	id := lena.queueUntil("Opal Drawn")
	if err := first.claim(id); err != nil {
		t.Fatal(err)
	}
	if err := first.decide(id, "none"); err != nil {
		t.Fatal(err)
	}

	cleo.open("/opinions")
	cleo.waitText("1 decision waits for an opinion of somebody like you.")
	cleo.sound("opinions", 1440)
	cleo.sound("opinions", 390)
	cleo.press("main form button", "Take the next")
	at := cleo.waitURL(func(u string) bool { return strings.Contains(u, "/opinions/Z-") })
	cleo.loaded()
	for _, js := range []string{`!document.querySelector("main").textContent.includes("Rui Reis")`, `document.querySelector("video") !== null`, `document.querySelector("#decide input:checked") === null`} {
		if !evaluate[bool](cleo, js) {
			t.Errorf("on the blind page it is not so that %s", js)
		}
	}
	cleo.sound("opinion", 1440)
	cleo.narrow("opinion", 1280)
	cleo.shoot("opinion-blind")
	if status, body := cleo.fetch("/cases/" + id); status != 403 || !strings.Contains(body, "blind second opinion") || strings.Contains(body, "In force") {
		t.Errorf("the case answers %d meanwhile", status)
	}
	heard[1].forgive("403")
	cleo.do(`document.querySelector("#decide").requestSubmit()`) // nothing is filled in
	cleo.waitText("Choose an action.")
	heard[1].forgive("422")
	cleo.hit("2") // a warning
	cleo.waitEval(`document.querySelector("#decide [value=warn]").checked && document.activeElement.matches("#decide textarea")`)
	cleo.fill("#decide textarea", "A threat can be heard clearly.")
	cleo.press("#decide button", "Give this opinion")
	cleo.waitText("You and the decision differ")
	cleo.waitEval(`document.querySelector("main").textContent.includes("Rui Reis")`)

	lena.open("/opinions")
	lena.waitText("Differs; a lead looks at both")
	lena.do(`document.querySelector(".opinion-list a").click()`) // at once: the list is looked for anew when the page has its events
	lena.waitURL(func(u string) bool { return u == at })
	lena.loaded()
	lena.sound("opinion-settle", 1440)
	lena.shoot("opinion-settle")
	lena.do(`document.querySelector("[value=second]").click()`)
	lena.fill("#words", "It should have been a warning.")
	lena.press("form[action$=settle] button", "Settle")
	lena.waitText("The second opinion was right, says")
	lena.open("/cases/" + id)
	lena.waitText("In force")
	lena.waitText("Differed: The second opinion was right")
	lena.open("/team/figures")
	lena.waitText("Second opinions agree with 0 of 1 finding (0%).")
	for _, h := range heard {
		h.check(t, "with a second opinion")
	}
}

// queueUntil is findRow for somebody who opens the queue first.
func (p *person) queueUntil(name string) (caseID string) {
	p.t.Helper()
	p.open("/queue")
	return p.findRow(name)
}
