package e2e

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// world is one of everything that a page can show.
type world struct {
	report, withdrawn, decided, claimed, waiting, lane, asked, ready string

	sample string // for pictures: a case of the demonstration's samples
}

// furnish makes a world: through the server's own front, but without a browser.
func furnish(t *testing.T, s *server) (w world) {
	t.Helper()
	host, cleo := s.become(t, "Hanna Holm"), s.become(t, "Cleo Castro")
	rui, lena, lior := s.become(t, "Rui Reis"), s.become(t, "Lena Lindqvist"), s.become(t, "Lior Levi")
	clip := clipBytes(t, "clip.mp4")
	random := rand.New(rand.NewPCG(1, 2))
	file := func(name string) (report, caseID string) {
		report = must(host.report(name, "clip.mp4", padded(clip, 100, random)))(t)
		if err := persist("finding the case of "+name, func() error {
			ids, err := rui.cases(name)
			if err == nil && len(ids) == 0 {
				return errWait
			}
			caseID = strings.Join(ids, "")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return report, caseID
	}
	done := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	w.report, w.decided = file("Mallory (decided)")
	done(rui.claim(w.decided), rui.decide(w.decided, "ban"), lena.approve(w.decided))
	w.ready = must(lior.ask(w.decided))(t)
	done(lena.approvePackage(w.ready))
	must(lior.fetchPackage(w.ready))(t)
	_, w.waiting = file("Trudy (waiting)")
	done(rui.claim(w.waiting), rui.decide(w.waiting, "ban"))
	_, other := file("Olive (asked)")
	done(rui.claim(other), rui.decide(other, "warn"))
	w.asked = must(lior.ask(other))(t)
	_, w.claimed = file("Pat (claimed)")
	done(rui.claim(w.claimed))
	must(rui.post("/cases/"+w.claimed+"/notes", url.Values{"words": {"Seen before, under another name."}}))(t)
	form := must(host.newForm("Zed (child safety)"))(t)
	form.policy = "exposure-to-minors"
	must(host.file(form))(t)
	done(persist("the child-safety case", func() error {
		ids, err := cleo.cases("Zed")
		if w.lane = strings.Join(ids, ""); err == nil && w.lane == "" {
			return errWait
		}
		return err
	}))
	form = must(host.newForm("Wes (withdrawn)"))(t)
	w.withdrawn = must(host.file(form))(t)
	must(host.post("/reports/"+w.withdrawn+"/additions", url.Values{"words": {"He was there last week too."}}))(t)
	must(host.post("/reports/"+w.withdrawn+"/withdraw", url.Values{"confirm": {"yes"}}))(t)
	return w
}

// stop is one page on the way through all of them.
type stop struct {
	name, path string
	phone      bool   // hosts see it on phones
	open       string // JavaScript that opens what is closed at first
	forgive    string // a complaint that belongs to the page
}

// sampleCase claims the samples' most pressing case once they are all there.
func sampleCase(t *testing.T, s *server) (caseID string) {
	t.Helper()
	rui := s.become(t, "Rui Reis")
	if err := persist("making the samples", func() error {
		body, err := rui.page("/queue")
		if err == nil && strings.Count(body, "SIMULATED") < 9 {
			return errWait
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	body := must(rui.page("/queue?policy=threat&q=Mallory+M."))(t)
	caseID = first(body, `data-case="(C-[^"]+)"`)
	if err := rui.claim(caseID); err != nil {
		t.Fatal(err)
	}
	return caseID
}

// stops is every page of every role.
func (w world) stops() map[string][]stop {
	all := `document.querySelectorAll("main details").forEach(d => { d.open = true })`
	return map[string][]stop{
		"": {{name: "sign-in", path: "/sign-in", phone: true}, {name: "sign-in-used", path: "/sign-in/" + strings.Repeat("a", 43), phone: true},
			{name: "sign-in-sent", path: "/sign-in", phone: true, open: `document.querySelector("#email").value = "hanna.host@northwind.example"; document.querySelector("main form").submit()`}},
		"Hanna Holm": {{name: "reports", path: "/reports", phone: true}, {name: "report-new", path: "/reports/new", phone: true},
			{name: "report-refused", path: "/reports/new", phone: true, forgive: "422", open: `document.querySelector("form.report-form").submit()`},
			{name: "report", path: "/reports/" + w.report, phone: true, open: all}, {name: "report-withdrawn", path: "/reports/" + w.withdrawn, phone: true},
			{name: "me", path: "/me", phone: true, open: `document.querySelector(".person-menu").open = true`}, {name: "outbox", path: "/outbox", phone: true},
			{name: "forbidden", path: "/queue", phone: true, forgive: "40"}, {name: "not-found", path: "/reports/R-00000-00000", phone: true, forgive: "404"}},
		"Rui Reis": {{name: "queue", path: "/queue"}, {name: "queue-mine", path: "/queue?tab=mine"}, {name: "queue-decided", path: "/queue?tab=decided"},
			{name: "queue-nothing", path: "/queue?q=nobody+has+this+name"}, {name: "queue-keys", path: "/queue", open: `document.querySelector("[data-opens=shortcuts]").click()`},
			{name: "case", path: "/cases/" + cmp.Or(w.sample, w.claimed)}, {name: "case-open", path: "/cases/" + w.claimed, open: all + `; document.querySelector("[value=suspend]").click()`},
			{name: "case-keys", path: "/cases/" + w.claimed, open: `document.querySelector("[data-opens=shortcuts]").click()`},
			{name: "views", path: "/views"}, {name: "bulk-form", path: "/bulk?case=" + w.claimed}, {name: "view-form", path: "/queue?tab=open", open: all},
			{name: "case-escalate", path: "/cases/" + w.claimed, open: `document.querySelector("[data-opens=escalate]").click()`},
			{name: "case-decided", path: "/cases/" + w.decided, open: all}, {name: "case-other-lane", path: "/cases/" + w.lane, forgive: "404"}},
		"Lena Lindqvist": {{name: "queue-approval", path: "/queue?tab=approval"}, {name: "case-approve", path: "/cases/" + w.waiting},
			{name: "case-reopen", path: "/cases/" + w.decided, open: `document.querySelector("[data-opens=reopen]").click()`},
			{name: "package-approve", path: "/packages/" + w.asked}, {name: "figures", path: "/team/figures", phone: true}},
		"Lior Levi": {{name: "packages", path: "/packages", open: all}, {name: "package-new", path: "/packages/new?case=" + w.decided},
			{name: "package", path: "/packages/" + w.ready}, {name: "case-liaison", path: "/cases/" + w.decided}},
		"Cleo Castro": {{name: "queue-lane", path: "/queue"}, {name: "case-lane", path: "/cases/" + w.lane}},
		"Ada Abara": {{name: "log", path: "/log", open: all}, {name: "log-verified", path: "/log", open: `document.querySelector("form[action='/log/verify'] button").click()`},
			{name: "case-auditor", path: "/cases/" + w.decided, forgive: "403"}},
		"Ari Aalto": {{name: "people", path: "/people"}},
	}
}

// TestEveryPage goes through every page of every role: axe-core finds nothing in light and in dark, nothing runs over
// sideways (at 1440 and, for hosts, 390 pixels; at 1280 at the desk), and the browser has nothing to complain of.
func TestEveryPage(t *testing.T) {
	s := start(t, "PROFFER_SAMPLES="+strconv.FormatBool(screenshots != ""))
	w := furnish(t, s)
	if screenshots != "" {
		w.sample = sampleCase(t, s)
	}
	for name, stops := range w.stops() {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel() // they only look
			s := s.in(t)
			p := s.visitor()
			if name != "" {
				p = s.as(name)
			}
			heard := p.watch()
			for _, at := range stops {
				p.visit(at, heard)
			}
		})
	}
}

func (p *person) visit(at stop, heard *witness) {
	p.t.Helper()
	p.open(at.path)
	p.loaded()
	if at.open != "" {
		p.do(at.open)
		p.settle()
	}
	p.sound(at.name, 1440)
	if at.phone {
		p.sound(at.name, 390)
	} else {
		p.narrow(at.name, 1280)
	}
	p.shoot(at.name)
	if at.forgive != "" {
		heard.forgive(at.forgive)
	}
	heard.check(p.t, at.name)
}

// settle waits until the page and its pictures are there.
func (p *person) settle() {
	p.t.Helper()
	time.Sleep(150 * time.Millisecond) // what was pressed leaves the page
	p.loaded()
}

// loaded waits until a page that was opened, and its pictures, are there.
func (p *person) loaded() {
	p.t.Helper()
	p.waitEval(`document.readyState === "complete" && [...document.images].every(i => i.complete) && !document.querySelector(".htmx-request")`)
}

// in is the same server for a subtest: what fails then fails there.
func (s *server) in(t testing.TB) *server {
	c := *s
	c.t = t
	return &c
}

// as opens a browser as somebody of the demonstration.
func (s *server) as(name string) *person {
	s.t.Helper()
	p := s.visitor()
	p.becomes(name)
	return p
}

// becomes signs somebody of the demonstration in with the person switcher.
func (p *person) becomes(name string) {
	p.t.Helper()
	p.open("/sign-in")
	p.do(`[...document.querySelectorAll('form[action="/demo/switch"] button')].find(b => b.textContent.includes("` + name + `")).click()`)
	p.waitURL(func(u string) bool { return !strings.Contains(u, "/sign-in") })
	p.waitEval(`document.readyState === "complete" && document.querySelector("header").textContent.includes("` + name + `")`)
}

// onPaper shows a page as a printer gets it.
var onPaper = chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
	_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	return err
})

// TestPrint makes sure that a printed case and a printed report show their words, and no buttons.
func TestPrint(t *testing.T) {
	s := start(t)
	clip := clipBytes(t, "clip.mp4")
	report := must(s.become(t, "Hanna Holm").report("Mallory", "clip.mp4", clip))(t)
	rui := s.become(t, "Rui Reis")
	var ids []string
	if err := persist("the case", func() (err error) {
		if ids, err = rui.cases("Mallory"); err == nil && len(ids) == 0 {
			return errWait
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := rui.claim(ids[0]); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"Hanna Holm": "/reports/" + report, "Rui Reis": "/cases/" + ids[0]} {
		p := s.as(name)
		p.open(path)
		p.settle()
		pdf := p.print()
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 5000 {
			t.Errorf("%s prints %d bytes", path, len(pdf))
		}
		if screenshots != "" {
			save(t, filepath.Join(screenshots, "print-"+strings.ReplaceAll(path[1:], "/", "-")+".pdf"), pdf)
		}
		p.run(onPaper)
		text := evaluate[string](p, `document.body.innerText`)
		for words, want := range map[string]bool{"He shouted at everyone": true, "Mallory": true, "Withdraw this report": false, "Decide, stay here": false} {
			if strings.Contains(text, words) != want {
				t.Errorf("%s on paper: that %q is shown has to be %v:\n%s", path, words, want, text)
			}
		}
	}
}
