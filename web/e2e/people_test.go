package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestPeople signs people in and out in every way there is.
func TestPeople(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *server)
	}{{"link", linkOnce}, {"mail", linkByMail}, {"sessions", endSessions}, {"switcher", switchAndLeave}, {"ban", banEndsSession}} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s.in(t)) })
	}
}

func (p *person) signedOut() {
	p.t.Helper()
	p.waitURL(func(u string) bool { return strings.Contains(u, "/sign-in") })
	p.waitText("E-mail address")
}

func linkOnce(t *testing.T, s *server) {
	first := s.signIn("Hanna")
	first.waitText("My reports")
	second := s.visitor()
	second.run(chromedp.Navigate(s.Links["Hanna"]))
	second.press(`main form button[type=submit]`, "Sign in")
	second.waitText("link")
	if second.has(`.person-menu`) {
		t.Error("a used link signs somebody in again")
	}
	if text := evaluate[string](second, `document.querySelector("main").innerText`); !strings.Contains(text, "once") && !strings.Contains(text, "used") {
		t.Errorf("a used link does not say why it does not work:\n%s", text)
	}
	second.open("/reports")
	second.signedOut()
}

func linkByMail(t *testing.T, s *server) {
	p := s.visitor()
	p.open("/reports")
	p.signedOut()
	p.fill(`#email`, "hanna.host@northwind.example")
	p.press(`main form button[type=submit]`, "Send me a link")
	p.waitText("a sign-in link is on its way")
	hanna := s.as("Hanna Holm")
	link := ""
	for deadline := time.Now().Add(waitTime); link == ""; { // a job sends it
		hanna.open("/outbox")
		link = evaluate[string](hanna, `[...document.querySelectorAll(".mail a.button")].find(a => a.href.includes("/sign-in/"))?.href ?? ""`)
		if time.Now().After(deadline) {
			hanna.fail(errors.New("the link is not in the outbox"))
		}
	}
	p.run(chromedp.Navigate(link))
	p.press(`main form button[type=submit]`, "Sign in")
	p.waitURL(func(u string) bool { return strings.HasSuffix(u, "/reports") }) // where they wanted to go
	p.waitEval(`document.querySelector(".person-menu").textContent.includes("Hanna Holm")`)
}

func endSessions(t *testing.T, s *server) {
	here, there := s.as("Lior Levi"), s.as("Lior Levi")
	here.open("/me")
	if n := evaluate[int](here, `document.querySelectorAll("main form[action$='/end']").length`); n != 1 {
		t.Fatalf("%d other sessions are listed", n)
	}
	here.press(`main li button`, "Sign out")
	here.waitText("That browser is signed out")
	there.open("/packages")
	there.signedOut()
	third := s.as("Lior Levi")
	here.open("/me")
	here.press(`main button`, "Sign out everywhere else")
	here.waitText("You are signed out everywhere else")
	third.open("/packages")
	third.signedOut()
	here.open("/packages")
	here.waitText("Law-enforcement packages")
}

func switchAndLeave(t *testing.T, s *server) {
	p := s.as("Rui Reis")
	p.open("/queue")
	p.switchTo("Ada Abara")
	if status, _ := p.fetch("/queue"); status < 400 {
		t.Errorf("after the switch the queue answers %d", status)
	}
	p.open("/log")
	p.waitText("Custody log")
	p.do(`document.querySelector(".person-menu").open = true`)
	p.press(`.person-menu button`, "Sign out")
	p.signedOut()
	p.run(chromedp.NavigateBack())
	p.settle()
	if p.has(`.events`) {
		t.Error("the way back shows the log to whoever comes next")
	}
}

func banEndsSession(t *testing.T, s *server) {
	robin := s.as("Robin Rossi")
	robin.open("/queue")
	s.become(t, "Hanna Holm").wordsOn(t, "Rob the Banned", "robin.reviewer@proffer.example")
	rui := s.become(t, "Rui Reis")
	desk := s.as("Rui Reis")
	desk.open("/queue")
	id := desk.findRow("Rob the Banned")
	robin.open("/queue")
	if strings.Contains(evaluate[string](robin, `document.body.innerText`), "Rob the Banned") {
		t.Error("a party finds the case in the queue")
	}
	for _, err := range []error{rui.claim(id), rui.decide(id, "ban"), s.become(t, "Lena Lindqvist").approve(id)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	robin.open("/queue")
	robin.signedOut()
	robin.do(`[...document.querySelectorAll('form[action="/demo/switch"] button')].find(b => b.textContent.includes("Robin")).click()`)
	robin.settle()
	robin.open("/queue")
	if robin.has(`[data-queue]`) {
		t.Error("somebody banned comes in again")
	}
}
