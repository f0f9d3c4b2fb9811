package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestOffice looks at what auditors and administrators see.
func TestOffice(t *testing.T) {
	s := start(t)
	s.become(t, "Hanna Holm").words(t, "Otto Office")
	t.Run("auditor", func(t *testing.T) { auditLog(t, s.in(t)) })
	t.Run("administrator", func(t *testing.T) { administer(t, s.in(t)) })
}

func auditLog(t *testing.T, s *server) {
	ada := s.as("Ada Abara")
	heard := ada.watch()
	for deadline := time.Now().Add(waitTime); ; { // entries are sequenced within seconds
		ada.open("/log")
		if strings.Contains(evaluate[string](ada, `document.body.innerText`), "Report submitted") {
			break
		} else if time.Now().After(deadline) {
			ada.fail(errors.New("the report is not in the log"))
		}
	}
	ada.press(`main button`, "Verify the whole log")
	ada.waitText("The log holds")
	ada.waitText("was recomputed and agrees with each")
	proofs := evaluate[[]string](ada, `[...document.querySelectorAll("a[href$='/proof']")].map(a => a.getAttribute("href"))`)
	if len(proofs) < 3 {
		t.Fatalf("%d entries have proofs", len(proofs))
	}
	for _, path := range append(proofs[:3], "/log/consistency?from=1", "/log/checkpoint") {
		if status, body := ada.fetch(path); status != 200 || len(strings.Split(body, "\n")) < 3 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	ada.do(`document.querySelectorAll("main details").forEach(d => { d.open = true })`)
	ada.fill(`input[name=from]`, "2")
	ada.press(`form[action="/log/consistency"] button`, "Get the proof")
	heard.check(t, "auditing")
}

func administer(t *testing.T, s *server) {
	ari := s.as("Ari Aalto")
	heard := ari.watch()
	ari.open("/people")
	for _, words := range []string{"Lena Lindqvist", "Child-safety reviewer", "Northwind Evening School", "Business, comped", "No mail server is configured"} {
		ari.waitText(words)
	}
	if status, _ := ari.fetch("/queue"); status < 400 {
		t.Errorf("an administrator reads the queue: %d", status)
	}
	heard.forgive("40")
	heard.check(t, "administering")
}
