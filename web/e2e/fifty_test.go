package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// fifty is what one reviewer finds on a morning: people with accounts and without, several policies, one person who keeps coming back, clips, and
// something that belongs to the child-safety lane.
const fifty = 50

// plainKeys is how many keys a plain case may take from "next" to "decided and next".
const plainKeys = 4

// TestFiftyCases clears fifty cases from the keyboard alone: one reviewer decides, hands on or escalates each of them, and a lead answers what waits
// for a second person. It counts the keys.
func TestFiftyCases(t *testing.T) {
	s := start(t)
	fileFifty(t, s)
	rui := s.as("Rui Reis")
	heard := rui.watch()
	begun := time.Now()
	m := &morning{person: rui, t: t}
	rui.open("/queue")
	rui.settle()
	rui.hit("n")
	for m.done() < fifty {
		m.one()
	}
	t.Logf("%d cases in %s: %d plain with %.1f keys each, %d others", m.done(), time.Since(begun).Round(time.Second), m.plain, float64(m.keys)/float64(m.plain), m.others)
	if m.plain < fifty*3/5 {
		t.Errorf("only %d of %d cases were plain", m.plain, fifty)
	}
	if rui.open("/queue?tab=open"); rui.has("[data-row]") {
		t.Error("a case is left in the queue")
	}
	heard.check(t, "while fifty cases were cleared")
	approveAll(t, s)
	if n := len(must(s.become(t, "Lena Lindqvist").decidedCases())(t)); n != fifty-m.moved {
		t.Errorf("%d of %d cases are decided", n, fifty-m.moved)
	}
}

// fileFifty has a host report fifty times, and waits until every report can be worked on.
func fileFifty(t *testing.T, s *server) {
	h, rui := s.become(t, "Hanna Holm"), s.become(t, "Rui Reis")
	policies := []string{"disruption", "nudity", "harassment", "hate", "fraud", "ban-evasion", "threat"}
	clip := clipBytes(t, "clip.webm")
	for i := range fifty {
		name := fmt.Sprintf("Guest %02d", i+1)
		var uploads []string
		if i%10 == 3 {
			uploads = []string{must(h.upload(name+".webm", append(clip, fmt.Sprint("\x00", i)...), nil))(t)}
		}
		f := must(h.newForm(name, uploads...))(t)
		f.meeting, f.policy = fmt.Sprintf("Rehearsal %02d", i+1), policies[i%len(policies)]
		switch {
		case i%5 == 4:
			f.people[0][1] = "" // nobody knows an account of theirs
		case i%5 != 0: // and every fifth is the same account again
			f.people[0][1] = []string{"lior.liaison@proffer.example", "ada.auditor@proffer.example", "ari.administrator@proffer.example"}[i%3]
		}
		must(h.file(f))(t)
	}
	must(0, persist("preparing", func() error {
		body, err := rui.page("/queue?tab=preparing")
		if err == nil && strings.Contains(body, "data-row") {
			err = errWait
		}
		return err
	}))(t)
}

// morning is a reviewer at work, and what came of it.
type morning struct {
	*person
	t                          *testing.T
	plain, keys, others, moved int
	pressed                    int
}

func (m *morning) done() int { return m.plain + m.others }

// press presses keys, and counts them.
func (m *morning) press(keys ...string) {
	for _, k := range keys {
		m.pressed += len([]rune(k))
	}
	m.hit(keys...)
}

// one clears the case that is in hand, which "next" or the decision before has brought.
func (m *morning) one() {
	m.t.Helper()
	m.waitEval(`document.querySelector("[data-lease]")`)
	m.settle()
	id := evaluate[string](m.person, `document.querySelector("[data-case]").dataset.case`)
	m.pressed = 0
	switch suggested := m.has(`[data-suggested]:not([hidden])`); {
	case m.done() == fifty/2: // somebody says that a child is in it
		m.toSpecialists()
	case suggested:
		m.press("y")
		m.waitEval(`document.activeElement.matches("#decide button[name=next]")`)
		m.press(kb.Enter)
		m.plain, m.keys = m.plain+1, m.keys+m.pressed
		if m.pressed > plainKeys {
			m.t.Errorf("%s took %d keys", id, m.pressed)
		}
	default: // there is no account to act upon: no measure, and the words that say so
		m.press("1")
		m.waitEval(`document.activeElement.matches("#decide textarea")`)
		m.press("Nobody knows who that was.")
		m.run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		m.others++
	}
	m.waitURL(func(u string) bool { return !strings.Contains(u, id) })
}

// toSpecialists escalates the case in hand to the child-safety lane, and takes the next one.
func (m *morning) toSpecialists() {
	m.t.Helper()
	m.press("e")
	m.waitEval(`document.querySelector("#escalate").open`)
	for !m.has(`#escalate input[value="child-safety"]:checked`) {
		if m.has(`#escalate input[type=radio]:focus`) {
			m.press(kb.ArrowDown)
		} else {
			m.press(kb.Tab)
		}
	}
	for !m.has(`#escalate textarea:focus`) {
		m.press(kb.Tab)
	}
	m.press("A child can be heard in it.")
	m.press(kb.Tab, kb.Enter)
	m.waitText("From now on only its specialists see it")
	m.press("n")
	m.others, m.moved = m.others+1, m.moved+1
}

// approveAll has a lead answer everything that waits for a second person, by keys alone.
func approveAll(t *testing.T, s *server) {
	lena := s.as("Lena Lindqvist")
	heard := lena.watch()
	for range fifty {
		lena.open("/queue?tab=approval")
		lena.settle()
		if !lena.has("[data-row]") {
			break
		}
		lena.hit("j", kb.Enter)
		lena.waitURL(func(u string) bool { return strings.Contains(u, "/cases/") })
		lena.settle()
		lena.hit("d")
		lena.waitEval(`document.activeElement.matches("#approve textarea")`)
		lena.hit(kb.Tab, kb.Enter)
		lena.waitText("It is in force")
	}
	heard.check(t, "while a lead approved by keys")
}

// decidedCases is the numbers of the decided cases that the client sees.
func (c *client) decidedCases() (ids []string, err error) {
	for path := "/queue?tab=decided"; path != ""; {
		body, err := c.page(path)
		if err != nil {
			return nil, err
		}
		ids = append(ids, all(body, `data-case="(C-[^"]+)"`)...)
		path = first(body, `href="(/queue\?[^"]*after=[^"]*)"`)
	}
	return ids, nil
}
