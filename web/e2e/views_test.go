package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// savedViews saves a view for everybody from the keyboard, and opens it with a digit as somebody else.
func savedViews(t *testing.T, s *server, host *client) {
	host.words(t, "Vera View")
	lena := s.as("Lena Lindqvist")
	heard := []*witness{lena.watch()}
	lena.open("/queue?tab=open&q=Vera")
	lena.settle()
	lena.hit("s")
	lena.waitEval(`document.activeElement.matches("[data-view-save] input[name=name]")`)
	lena.fill(`[data-view-save] input[name=name]`, "All of Vera")
	lena.do(`document.querySelector("[data-view-save] input[name=shared]").checked = true`)
	lena.shoot("view-save")
	lena.hit(kb.Enter)
	lena.waitText("Saved as “All of Vera”")
	lena.waitEval(`document.querySelector("[data-view][aria-current]")?.textContent.includes("All of Vera")`)
	lena.shoot("view-bar")

	rui := s.as("Rui Reis")
	heard = append(heard, rui.watch())
	rui.open("/queue")
	rui.settle()
	at := evaluate[float64](rui, `[...document.querySelectorAll("[data-view]")].findIndex(v => v.textContent.includes("All of Vera")) + 1`)
	if at < 1 || at > 9 {
		t.Fatalf("the view is number %v", at)
	}
	rui.hit(itoa(int(at)))
	rui.waitURL(func(u string) bool { return strings.Contains(u, "q=Vera") })
	rui.waitEval(`document.querySelectorAll("[data-row]").length === 1`)
	if rui.has(`[data-view-save] input[name=shared]`) {
		t.Error("a reviewer is offered to share")
	}
	lena.open("/views")
	lena.settle()
	lena.shoot("views")
	lena.do(`[...document.querySelectorAll(".view-card")].find(c => c.textContent.includes("All of Vera")).querySelector("form[action$=delete] button").click()`)
	lena.waitText("Deleted “All of Vera”")
	lena.settle()
	lena.hit("z")
	lena.waitText("It is back")
	for _, w := range heard {
		w.check(t, "with saved views")
	}
}
