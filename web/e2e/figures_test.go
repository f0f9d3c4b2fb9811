package e2e

import (
	"strings"
	"testing"
)

// TestFigures has a lead look at the figures after some work was done: charts are drawn with names for those who do not see them, the tables
// say the same, files come, and a case of the closed lane is in none of it.
func TestFigures(t *testing.T) {
	s := start(t)
	host, rui, cleo := s.become(t, "Hanna Holm"), s.become(t, "Rui Reis"), s.become(t, "Cleo Castro")
	hidden := must(host.newForm("Zed Closed"))(t)
	hidden.policy = "exposure-to-minors"
	must(host.file(hidden))(t)
	host.words(t, "Fig One")
	host.words(t, "Fig Two")
	if err := rui.claim(must(rui.cases("Fig One"))(t)[0]); err != nil {
		t.Fatal(err)
	}
	if err := rui.decide(must(rui.cases("Fig One"))(t)[0], "none"); err != nil {
		t.Fatal(err)
	}
	lena := s.as("Lena Lindqvist")
	heard := lena.watch()
	lena.press(`#main-menu a`, "Figures")
	lena.waitText("In the last 7 days 1 more case came in than were decided (2 and 1).")
	lena.press(`.periods a`, "7 days")
	lena.waitURL(func(u string) bool { return strings.HasSuffix(u, "?days=7") })
	lena.loaded()
	for _, js := range []string{
		`[...document.querySelectorAll("svg.chart")].every(s => document.getElementById(s.getAttribute("aria-labelledby")).textContent && document.getElementById(s.getAttribute("aria-describedby")).textContent)`,
		`document.querySelectorAll("svg.chart").length >= 5 && document.querySelectorAll("section.figure").length === 11`,
		`document.querySelectorAll("section[aria-labelledby=figure-inflow] tbody tr").length === 7`,
		`!document.body.textContent.includes("minors")`,
	} {
		if !evaluate[bool](lena, js) {
			t.Errorf("not so: %s", js)
		}
	}
	for _, id := range []string{"inflow", "backlog", "first-look", "decision", "breaches", "decisions", "agreement", "exposure", "breaks", "overrides", "opt-outs"} {
		status, body := lena.fetch("/team/figures/" + id + ".csv?days=7")
		if status != 200 || strings.Count(body, "\r\n") == 0 || strings.Contains(body, "minors") {
			t.Errorf("%s: %d %q", id, status, body)
		}
	}
	if r, err := cleo.get("/team/figures"); err != nil || r.status != 403 {
		t.Errorf("somebody who is no lead gets %d %v", r.status, err)
	}
	lena.sound("figures", 1440)
	lena.sound("figures", 390)
	lena.shoot("figures")
	heard.check(t, "on the figures")
}
