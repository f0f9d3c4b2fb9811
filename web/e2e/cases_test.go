package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestCases works with cases as wholes: reports that join them, and finding them again.
func TestCases(t *testing.T) {
	s := start(t)
	host := s.become(t, "Hanna Holm")
	for _, c := range []struct {
		name string
		run  func(*testing.T, *server, *client)
	}{{"joining", joining}, {"searching", searching}, {"commands", commands}, {"merging", merging}} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s.in(t), host) })
	}
}

// newMeeting makes a meeting and returns its number.
func (c *client) newMeeting(t testing.TB, title string) string {
	t.Helper()
	r := must(c.post("/meetings", url.Values{"title": {title}, "mode": {"standard"}}))(t)
	number, ok := strings.CutPrefix(strings.TrimSuffix(r.header.Get("Location"), "?new=1"), "/meetings/")
	if r.status != http.StatusSeeOther || !ok {
		t.Fatalf("making a meeting: %d %s", r.status, r.words())
	}
	return number
}

// wordsIn files a report without a clip about somebody in one of the reporter's own meetings.
func (c *client) wordsIn(t testing.TB, meeting, name, words string) (report string) {
	t.Helper()
	f := must(c.newForm(name))(t)
	f.people, f.words = [][2]string{{name, ""}}, words
	v := f.values()
	v.Set("meeting", meeting)
	v.Set("meeting_name", "")
	r := must(c.post("/reports", v))(t)
	report, ok := strings.CutPrefix(r.header.Get("Location"), "/reports/")
	if r.status != http.StatusSeeOther || !ok {
		t.Fatalf("filing: %d %s", r.status, r.words())
	}
	return report
}

// joining has a report come to a case that somebody is deciding: it appears without a reload, and nothing that was typed is lost.
func joining(t *testing.T, s *server, host *client) {
	m := host.newMeeting(t, "Joined rehearsal")
	first := host.wordsIn(t, m, "Jo Joined", "He shouted at everyone.")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	id := rui.openCaseOf("Jo Joined")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	rui.fill(`#decide textarea`, "Half a sentence that stays")
	rui.stay()
	second := host.wordsIn(t, m, "Jo Joined", "And then he came back.")
	rui.waitText("has just joined this case")
	rui.waitText("And then he came back.")
	if got := evaluate[string](rui, `document.querySelector("#decide textarea").value`); got != "Half a sentence that stays" {
		t.Errorf("what was typed is %q", got)
	}
	if n := evaluate[int](rui, `document.querySelectorAll("[data-finding]").length`); n != 2 {
		t.Errorf("%d people are to be decided about", n)
	}
	if rui.left() {
		t.Error("the case page was loaded anew")
	}
	if first == second || !strings.Contains(must(host.page("/reports/"+second))(t), second) {
		t.Error("the second report has no page of its own")
	}
	if ids := must(s.become(t, "Robin Rossi").cases("Jo Joined"))(t); len(ids) != 1 || ids[0] != id {
		t.Errorf("cases %v", ids)
	}
	heard.check(t, "while a report joins")
}

// searching finds a case by what somebody wrote and by numbers, marks it, and opens it by keyboard.
func searching(t *testing.T, s *server, host *client) {
	m := host.newMeeting(t, "Sought rehearsal")
	report := host.wordsIn(t, m, "Sy Sought", "He threw <b>xylophones</b> & drums at the Ökonomen.")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	rui.open("/search")
	rui.waitText("Find a case")
	rui.hit("/")
	rui.fill(`main input[name=q]`, "ökonom xylo")
	rui.press(`main form[role=search] button`, "Search")
	rui.waitEval(`document.querySelectorAll("mark").length === 2`)
	if got := evaluate[string](rui, `document.querySelector(".found-hit").textContent`); !strings.Contains(got, "<b>xylophones</b> & drums at the Ökonomen") {
		t.Errorf("the hit is shown as %q", got)
	}
	id := evaluate[string](rui, `document.querySelector("[data-row]").dataset.case`)
	for _, q := range []string{report, m, id, strings.ToLower(strings.ReplaceAll(id, "-", ""))} {
		rui.open("/search?q=" + q)
		if !rui.has(rowOf(id)) {
			t.Errorf("%s does not lead to the case", q)
		}
	}
	for _, at := range []stop{{name: "search-empty", path: "/search", phone: true}, {name: "search-found", path: "/search?q=xylophones&policy=threat", phone: true},
		{name: "search-nothing", path: "/search?q=zzzz", phone: true}} {
		rui.visit(at, heard)
	}
	rui.open("/search?q=xylophones")
	rui.settle()
	rui.hit("j")
	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.HasSuffix(u, id) })
	heard.check(t, "while searching")
}

// commands goes to a case, searches and acts on a case from the palette, by keyboard alone.
func commands(t *testing.T, s *server, host *client) {
	host.words(t, "Pat Palette")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	rui.open("/queue?q=Pat+Palette")
	id := rui.findRow("Pat Palette")
	press := `document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true, cancelable: true }))`
	rui.do(press)
	rui.waitEval(`document.querySelector("#palette").open && document.activeElement.matches("#palette input")`)
	rui.sound("palette", 1440)
	rui.sound("palette", 390)
	rui.shoot("palette")
	rui.hit(id)
	rui.waitEval(`document.querySelector("#palette [aria-selected=true]").textContent.includes("Open case")`)
	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.HasSuffix(u, "/cases/"+id) })
	rui.settle()
	rui.do(press)
	rui.hit("write a n")
	rui.waitEval(`document.querySelector("#palette [aria-selected=true]").textContent.includes("Write a note")`)
	rui.hit(kb.Enter)
	rui.waitEval(`!document.querySelector("#palette").open && document.activeElement.matches("#notes textarea")`)
	rui.do(press)
	rui.hit("palette")
	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.HasSuffix(u, "/search?q=palette") })
	rui.open("/me/reviewing") // on every page of the staff
	rui.do(press)
	rui.hit("second op")
	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.HasSuffix(u, "/opinions") })
	heard.check(t, "with commands")
}
