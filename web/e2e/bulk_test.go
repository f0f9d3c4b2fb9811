package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// bulkKeys decides cases together from the keyboard, sees before what it comes to, and undoes it.
func bulkKeys(t *testing.T, s *server, host *client) {
	for _, name := range []string{"Bulk Ann", "Bulk Ben", "Bulk Cid", "Bulk Dot"} {
		host.words(t, name)
	}
	rui := s.as("Rui Reis")
	heard := rui.watch()
	at := "/queue?q=Bulk&tab=open"
	rui.open(at)
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 4`)
	robin := s.become(t, "Robin Rossi")
	dot := rui.findRow("Bulk Dot")
	for _, name := range []string{"Bulk Ann", "Bulk Ben", "Bulk Dot"} { // a threat is not decided unseen
		rui.open("/cases/" + rui.at(at).findRow(name))
		rui.settle()
	}
	rui.open(at)
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 4`)
	rui.settle()
	rui.hit("j")
	rui.hit("x")
	rui.hit("j")
	rui.hit("j")
	rui.hit("j")
	rui.hit("X")
	rui.waitText("4 cases are selected.")
	rui.shoot("bulk-queue")
	rui.hit("b")
	rui.waitText("One decision on 4 cases")
	rui.settle()
	rui.waitEval(`document.activeElement.matches("[name=action]")`)
	rui.hit(" ")
	rui.do(`document.querySelector("#template").value = "within"`)
	rui.shoot("bulk-form")
	rui.do(`document.querySelector("[data-bulk-form]").requestSubmit()`)
	rui.waitText("nothing is decided yet")
	rui.waitText("3 cases would be decided, 1 case left out")
	rui.waitText("You have not opened it")
	rui.shoot("bulk-preview")
	if err := robin.claim(dot); err != nil { // meanwhile
		t.Fatal(err)
	}
	rui.settle()
	rui.waitEval(`document.activeElement.matches("[data-bulk-confirm] button")`)
	rui.hit(kb.Enter)
	rui.waitText("2 cases decided, 2 cases left out")
	rui.waitText("Robin Rossi holds it")
	rui.shoot("bulk-result")
	rui.settle()
	rui.hit("z")
	rui.waitText("2 decisions are undone")
	rui.waitText("2 cases undone, 2 cases left out")
	rui.open(at)
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 4`)
	if u := evaluate[string](rui, `document.body.textContent`); !strings.Contains(u, "Bulk Ann") {
		t.Error("what was undone is not in the queue")
	}
	heard.check(t, "with many cases at once")
}

// at opens a page.
func (p *person) at(path string) *person {
	p.t.Helper()
	p.open(path)
	return p
}
