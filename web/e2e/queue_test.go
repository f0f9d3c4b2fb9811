package e2e

import (
	"math"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stillQueue makes sure that rows never move under a hand, and that who comes back from a case finds their place.
func stillQueue(t *testing.T, s *server, host *client) {
	host.wordsOn(t, "Quinn One", "lena.lead@proffer.example")
	host.words(t, "Quinn Two")
	host.words(t, "Quinn Three")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	at := "/queue?q=Quinn&tab=open"
	rui.open(at)
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 3`)
	rui.stay()
	two := rui.findRow("Quinn Two")
	rui.hit("j")
	for !rui.has(rowOf(two) + `[data-marked]`) {
		rui.hit("j")
	}
	top := `document.querySelector('` + rowOf(two) + `').getBoundingClientRect().top`
	before := evaluate[float64](rui, top)
	one := rui.findRow("Quinn One")
	robin := s.become(t, "Robin Rossi")
	if err := robin.claim(one); err != nil {
		t.Fatal(err)
	}
	rui.waitEval(`document.querySelector('` + rowOf(one) + `').textContent.includes("Robin Rossi")`) // what does not move is shown
	if err := robin.decide(one, "warn"); err != nil {
		t.Fatal(err)
	}
	rui.waitEval(`document.querySelector("[data-queue-news]").checkVisibility() && document.querySelector('` + rowOf(one) + `[data-gone]')`)
	if after := evaluate[float64](rui, top); math.Abs(after-before) > 1 {
		t.Errorf("the row moved from %v to %v under a hand", before, after)
	}
	rui.hit("r")
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 2 && document.querySelector('` + rowOf(two) + `[data-marked]').contains(document.activeElement)`)

	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.Contains(u, two) })
	rui.settle()
	rui.hit("c")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	rui.settle()
	rui.hit("r")
	rui.waitURL(func(u string) bool { return strings.HasSuffix(u, at) })
	rui.waitText("others can take it")
	rui.waitEval(`document.querySelector('` + rowOf(two) + `[data-marked]')?.contains(document.activeElement)`)
	rui.hit("z") // and takes it back
	rui.waitURL(func(u string) bool { return strings.Contains(u, two) })
	rui.waitEval(`document.querySelector("[data-lease]")`)
	heard.check(t, "in a queue that keeps still")
}

// fewKeys decides with seven keys and a sentence, and presses twice what must count once.
func fewKeys(t *testing.T, s *server, host *client) {
	host.words(t, "Fay Few")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	id := rui.openCaseOf("Fay Few")
	rui.hit("1")
	rui.waitEval(`document.querySelector("#decide [value=none]").checked && document.activeElement.matches("#decide textarea")`)
	rui.do(`document.activeElement.blur()`)
	rui.hit("2")
	rui.waitEval(`document.activeElement.matches("#decide [data-severity]")`)
	rui.do(`document.activeElement.value = "low"; document.activeElement.dispatchEvent(new Event("input", {bubbles: true}))`)
	rui.fill(`#decide textarea`, "Somebody was insulted in the choir.")
	rui.stay()
	rui.do(`sessionStorage.sent = 0; document.addEventListener("submit", e => { if (!e.defaultPrevented) sessionStorage.sent++ });
		const b = document.querySelector("#decide button[name=next]"); b.click(); b.click(); document.querySelector(".case-actions form[action$=release] button").click()`)
	rui.waitURL(func(u string) bool { return !strings.Contains(u, id) })
	rui.waitText("Decided: ")
	if n := evaluate[string](rui, `sessionStorage.sent`); n != "1" {
		t.Errorf("%s forms were sent by three presses", n)
	}
	rui.run(chromedp.Click(`.flash a`))
	rui.waitURL(func(u string) bool { return strings.Contains(u, id) })
	rui.waitText("In force")
	heard.check(t, "with few keys")
}

// TestUndo takes a decision back by keyboard, once from the next case and once from the decided case's own page, and decides again.
func TestUndo(t *testing.T) {
	s := start(t, "PROFFER_UNDO=1m")
	host := s.become(t, "Hanna Holm")
	host.wordsOn(t, "Una Undone", "lior.liaison@proffer.example")
	rui, robin := s.as("Rui Reis"), s.as("Robin Rossi")
	heard := rui.watch()
	robin.open("/queue?tab=decided")
	decide := func() (id string) {
		rui.waitEval(`document.querySelector("[data-lease]")`)
		rui.settle()
		id = evaluate[string](rui, `document.querySelector("[data-case]").dataset.case`)
		rui.hit("y")
		rui.waitEval(`document.activeElement.matches("#decide button[name=next]")`)
		rui.hit(kb.Enter)
		rui.waitText("Decided: ")
		return id
	}
	rui.open("/queue")
	rui.settle()
	rui.hit("n")
	id := decide()
	robin.waitEval(`document.querySelector('` + rowOf(id) + `')`)
	rui.shoot("decided-undo")
	rui.settle()
	rui.hit("z")
	rui.waitText("Undone, and nobody was told. The case is yours again.")
	robin.waitEval(`document.querySelector('` + rowOf(id) + `[data-gone]') || !document.querySelector('` + rowOf(id) + `')`)
	if decide() != id {
		t.Error("another case is in hand")
	}
	rui.open("/cases/" + id)
	rui.waitText("Nobody is told yet")
	rui.clean("case-undo")
	rui.press(`.decision form[action$="/undo"] button`, "Undo")
	rui.waitText("The case is yours again")
	rui.waitText("Undone, before anybody was told")
	rui.open("/queue?tab=mine")
	rui.waitEval(`document.querySelector('` + rowOf(id) + `')`)
	heard.check(t, "while decisions were undone")
}

// suggestedKeys goes from "next" to "decided and next" with three keys; what is filled in can be seen before it is sent.
func suggestedKeys(t *testing.T, s *server, host *client) {
	host.wordsOn(t, "Sue Suggested", "lior.liaison@proffer.example")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	rui.open("/queue")
	rui.settle()
	pressed := 0
	press := func(key string) { pressed++; rui.hit(key) }
	press("n")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	rui.settle()
	id := evaluate[string](rui, `document.querySelector("[data-case]").dataset.case`)
	for !rui.has(`[data-suggested]:not([hidden])`) || !strings.Contains(evaluate[string](rui, `document.body.textContent`), "Sue Suggested") { // others' cases
		pressed = 0
		press("s")
		rui.waitEval(`document.querySelector("[data-case]").dataset.case !== "` + id + `" && document.querySelector("[data-lease]")`)
		rui.settle()
		id = evaluate[string](rui, `document.querySelector("[data-case]").dataset.case`)
	}
	want := evaluate[string](rui, `document.querySelector("[data-suggested]:not([hidden])").dataset.suggested`)
	press("y")
	rui.waitEval(`document.activeElement.matches("#decide button[name=next]")`)
	if got := evaluate[string](rui, `document.querySelector("#decide .ladder :checked").value`); got != want {
		t.Errorf("%q is chosen; %q was suggested", got, want)
	}
	if words := evaluate[string](rui, `document.querySelector("#decide textarea").value`); len(words) < 20 {
		t.Errorf("the reasons are %q", words)
	}
	press(kb.Enter)
	rui.waitURL(func(u string) bool { return !strings.Contains(u, id) })
	rui.waitText("Decided: ")
	if pressed > 4 {
		t.Errorf("%d keys from next to decided and next", pressed)
	}
	heard.check(t, "with three keys")
}
