package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestDesk works through what reviewers and leads do with cases.
func TestDesk(t *testing.T) {
	s := start(t)
	host := s.become(t, "Hanna Holm")
	for _, c := range []struct {
		name string
		run  func(*testing.T, *server, *client)
	}{{"two-reviewers", twoReviewers}, {"lease", leases}, {"handing-on", handingOn}, {"child-safety", toChildSafety},
		{"second-person", secondPerson}, {"keys", keyboardOnly}, {"still-queue", stillQueue}, {"few-keys", fewKeys}, {"suggested-keys", suggestedKeys},
		{"views", savedViews}, {"bulk", bulkKeys}} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s.in(t), host) })
	}
}

// words files a report without a clip about a stranger and returns the report's number.
func (c *client) words(t testing.TB, name string) (report string) {
	t.Helper()
	return c.wordsOn(t, name, "")
}

func (c *client) wordsOn(t testing.TB, name, identifier string) (report string) {
	t.Helper()
	f := must(c.newForm(name))(t)
	f.people = [][2]string{{name, identifier}}
	return must(c.file(f))(t)
}

// stay marks the page, and left says whether it was loaded anew since.
func (p *person) stay()      { p.t.Helper(); p.do(`window.staying = true`) }
func (p *person) left() bool { p.t.Helper(); return !evaluate[bool](p, `window.staying === true`) }

func rowOf(caseID string) string { return fmt.Sprintf(`[data-row][data-case=%q]`, caseID) }

func twoReviewers(t *testing.T, s *server, host *client) {
	rui, robin := s.as("Rui Reis"), s.as("Robin Rossi")
	heard := []*witness{rui.watch(), robin.watch()}
	for _, p := range []*person{rui, robin} {
		p.open("/queue")
		p.stay()
	}
	host.words(t, "Tess Two")
	id := rui.findRow("Tess Two")
	robin.findRow("Tess Two") // new cases come by themselves
	rui.run(chromedp.Click(rowOf(id) + ` .row-link`))
	rui.waitURL(func(u string) bool { return strings.Contains(u, id) })
	rui.press(`.case-actions button`, "Claim")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	robin.waitEval(fmt.Sprintf(`document.querySelector('%s [data-state-cell]').textContent.includes("Rui Reis")`, rowOf(id)))
	if robin.left() {
		t.Error("the queue was loaded anew")
	}
	robin.open("/cases/" + id)
	robin.stay()
	robin.waitText("Held by")
	rui.press(`.case-actions button`, "Give back")
	rui.waitText("others can take it")
	robin.waitText("This case has moved on")
	rui.open("/cases/" + id)
	rui.stay()
	robin.open("/cases/" + id)
	robin.press(`.case-actions button`, "Claim")
	robin.waitEval(`document.querySelector("[data-lease]")`)
	rui.waitText("Robin Rossi has just claimed this case")
	if rui.left() {
		t.Error("the case page was loaded anew")
	}
	robin.open("/queue")
	robin.press(`main button`, "Take the next case")
	for _, w := range heard {
		w.check(t, "beside one another")
	}
}

// findRow waits on the queue page, without loading it, for the case about a reported name.
func (p *person) findRow(name string) (caseID string) {
	p.t.Helper()
	row := fmt.Sprintf(`[...document.querySelectorAll("[data-row]")].find(r => r.textContent.includes(%q))`, name)
	p.waitEval(row)
	return evaluate[string](p, row+`.dataset.case`)
}

// leap makes the page's clock jump, as it does for a page that slept.
func (p *person) leap() {
	p.t.Helper()
	p.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `{ const now = performance.now.bind(performance); window.leapt = 0; performance.now = () => now() + window.leapt; }`})
		return err
	}))
}

func leases(t *testing.T, s *server, host *client) {
	host.words(t, "Lou Lease")
	rui := s.as("Rui Reis")
	rui.leap()
	heard := rui.watch()
	id := rui.openCaseOf("Lou Lease")
	clock := `document.querySelector("[data-lease-clock]").textContent`
	if at := evaluate[string](rui, clock); !strings.HasPrefix(at, "9:5") && at != "10:00" {
		t.Errorf("a fresh claim lasts %s", at)
	}
	rui.do(`window.leapt += 119000`)
	rui.waitEval(clock + `.startsWith("8:0") || ` + clock + `.startsWith("7:5")`)
	rui.do(`window.leapt += 2000`) // two minutes are over: it is renewed
	rui.waitEval(clock + `.startsWith("9:5") || ` + clock + ` === "10:00"`)

	rui.fill(`#decide textarea`, "Half a sentence that has")
	if r, err := s.become(t, "Rui Reis").post("/cases/"+id+"/release", nil); err != nil || r.status != 303 {
		t.Fatal(r.status, err) // in another tab
	}
	rui.waitText("This case has moved on")
	rui.do(`window.leapt += 121000`)
	rui.waitText("You no longer hold this case")
	heard.forgive("/renew")
	if !evaluate[bool](rui, `[...document.querySelectorAll("[data-decision] button[type=submit]")].every(b => b.disabled) && document.querySelector("#decide textarea").value.startsWith("Half")`) {
		t.Error("a lost claim can be decided on, or took what was typed with it")
	}
	rui.press(`#case-news button`, "Claim it again")
	rui.waitEval(`document.querySelector("[data-lease-here]")?.dataset.standing === "good" && !document.querySelector("#case-news").innerText`) // it ticks
	rui.do(`window.leapt += 605000`)
	rui.waitText("Your claim on this case ran out")
	heard.check(t, "while a claim came and went")
}

func handingOn(t *testing.T, s *server, host *client) {
	host.words(t, "Esther Escalated")
	rui, lena := s.as("Rui Reis"), s.as("Lena Lindqvist")
	heard := []*witness{rui.watch(), lena.watch()}
	id := rui.openCaseOf("Esther Escalated")
	rui.fill(`#notes textarea`, "Same voice as last week.\n<script>alert(1)</script>")
	rui.press(`#notes button`, "Add the note")
	rui.waitText("<script>alert(1)</script>")
	rui.press(`.case-actions button`, "Escalate")
	rui.fill(`#escalate textarea`, "I know the person.")
	rui.press(`#escalate form button`, "Escalate")
	rui.waitText("The case waits for a lead now")
	lena.open("/queue?tab=escalated")
	lena.waitEval(`document.querySelector('` + rowOf(id) + `')`)
	lena.open("/cases/" + id)
	lena.press(`.case-actions button`, "Claim")
	lena.waitEval(`document.querySelector("[data-lease]")`)
	lena.waitText("Same voice as last week")
	lena.press(`.case-actions button`, "Give back")
	lena.waitText("others can take it")

	host.words(t, "Sid Skipped")
	host.words(t, "Sal Skipped")
	one := rui.openCaseOf("Sid Skipped")
	rui.findCase("Sal Skipped")
	rui.open("/cases/" + one)
	rui.press(`.case-actions button`, "Skip")
	rui.waitURL(func(u string) bool { return !strings.Contains(u, one) && strings.Contains(u, "/cases/") })
	rui.open("/queue?q=" + one)
	rui.waitText("Queued")
	for _, w := range heard {
		w.check(t, "handing cases on")
	}
}

func toChildSafety(t *testing.T, s *server, host *client) {
	host.words(t, "Mo Moved")
	rui, cleo := s.as("Rui Reis"), s.as("Cleo Castro")
	heard := rui.watch()
	id := rui.openCaseOf("Mo Moved")
	rui.press(`.case-actions button`, "Escalate")
	rui.choose(`#escalate input[value="child-safety"]`)
	rui.fill(`#escalate textarea`, "A child is in it.")
	rui.press(`#escalate form button`, "Escalate")
	rui.waitText("From now on only its specialists see it")
	for _, path := range []string{"/cases/" + id, "/cases/C-00000-00000"} {
		if status, body := rui.fetch(path); status != 404 || strings.Contains(body, "Mo Moved") {
			t.Errorf("for who moved it, %s answers %d", path, status)
		}
	}
	heard.forgive("404")
	if _, body := rui.fetch("/queue?q=Mo"); strings.Contains(body, id) {
		t.Error("the queue still shows the case to who moved it")
	}
	cleo.open("/cases/" + id)
	cleo.waitText("Mo Moved")
	heard.check(t, "moving a case to child safety")
}

func secondPerson(t *testing.T, s *server, host *client) {
	report := host.wordsOn(t, "Bo Banned", "robin.reviewer@proffer.example")
	rui, lena, hanna := s.as("Rui Reis"), s.as("Lena Lindqvist"), s.as("Hanna Holm")
	heard := []*witness{rui.watch(), lena.watch(), hanna.watch()}
	hanna.open("/reports/" + report)
	hanna.stay()
	id := rui.openCaseOf("Bo Banned")
	hanna.waitText("Under review")
	hanna.waitEval(`document.querySelector(".timeline [aria-current]").textContent.includes("Under review")
		&& [...document.querySelectorAll(".timeline li:has(time)")].map(e => e.querySelector("span").textContent).join() === "Received,Waiting for review,Under review"`)
	rui.waitEval(`document.querySelector("[data-second-hint]").hidden`)
	rui.press(`#decide button`, "Decide, stay here")
	rui.waitText("your attention") // nothing is chosen
	heard[0].forgive("422")
	rui.do(`document.querySelector('#decide input[value="ban"]').click()`)
	rui.waitEval(`!document.querySelector("[data-second-hint]").hidden`)
	rui.decide("ban", "high", "A credible threat.")
	rui.waitText("Your decision waits for a second person")

	lena.open("/queue?tab=approval")
	lena.waitText("Ban, proposed by")
	lena.run(chromedp.Click(rowOf(id) + ` .row-link`))
	lena.waitURL(func(u string) bool { return strings.Contains(u, id) })
	lena.press(`#approve button`, "Refuse")
	if !evaluate[bool](lena, `document.querySelector('#approve form[action$="/refuse"] textarea:invalid') !== null`) {
		t.Error("a refusal does not ask for words")
	}
	lena.fill(`#approve form[action$="/refuse"] textarea`, "The clip shows somebody else.")
	lena.press(`#approve button`, "Refuse")
	lena.waitText("The case is back in the queue")
	rui.waitText("This case has moved on")
	rui.open("/cases/" + id)
	rui.waitText("The clip shows somebody else.")

	rui.press(`.case-actions button`, "Claim")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	rui.decide("ban", "high", "Compared with the photograph: it is the same person.")
	rui.waitText("Your decision waits for a second person")
	lena.open("/cases/" + id)
	lena.press(`#approve button`, "Approve")
	lena.waitText("It is in force")
	hanna.waitEval(`document.querySelector(".timeline [aria-current]").textContent.includes("Decided")`)
	if hanna.left() {
		t.Error("the host's page was loaded anew")
	}
	lena.press(`.case-actions button`, "Reopen")
	lena.fill(`#reopen textarea`, "New facts came in.")
	lena.press(`#reopen form button`, "Reopen")
	lena.waitText("The decision stays in force until a new one replaces it")
	lena.press(`.case-actions button`, "Claim")
	lena.waitEval(`document.querySelector("[data-lease]")`)
	lena.decide("warn", "low", "It was a joke between friends.")
	lena.waitText("Replaced by a later one")
	states := evaluate[[]string](lena, `[...document.querySelectorAll(".decision h2")].map(h => h.innerText.replace(/\s+/g, " ").trim())`)
	if want := []string{"Decision 3 In force", "Decision 2 Replaced by a later one", "Decision 1 Refused"}; strings.Join(states, ";") != strings.Join(want, ";") {
		t.Errorf("the decisions stand as %q", states)
	}
	hanna.open("/reports/" + report)
	hanna.waitText("Bo Banned: Warning")
	for _, w := range heard {
		w.check(t, "with a second person")
	}
}
