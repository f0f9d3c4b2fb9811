package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// witness remembers what a browser complains of: exceptions, console errors, violations of the Content-Security-Policy
// and requests that failed.
type witness struct {
	mu         sync.Mutex
	complaints []string // guarded by mu
}

// watch puts a witness beside a person; the test fails at its end for what it heard and forgive did not take back.
func (p *person) watch() *witness {
	p.t.Helper()
	w := &witness{}
	if err := chromedp.Listen(p.ctx, w.hear); err != nil {
		p.t.Fatal(err)
	}
	p.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return err
	}))
	p.t.Cleanup(func() { w.check(p.t, "at the end") })
	return w
}

func (w *witness) hear(ev any) {
	var said string
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				said += " " + string(a.Value) + a.Description
			}
			said = "console:" + said
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning || e.Entry.Source == log.EntrySourceSecurity {
			said = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			said = fmt.Sprintf("%s not loaded: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	}
	if said != "" {
		w.mu.Lock()
		w.complaints = append(w.complaints, said)
		w.mu.Unlock()
	}
}

// forgive forgets what was heard so far where it contains the words: a test that asks for something forbidden hears of it.
func (w *witness) forgive(words string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.complaints[:0]
	for _, c := range w.complaints {
		if !strings.Contains(c, words) {
			kept = append(kept, c)
		}
	}
	w.complaints = kept
}

// check fails for everything heard since the last check.
func (w *witness) check(t testing.TB, where string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complaints {
		t.Errorf("%s the browser says: %s", where, c)
	}
	w.complaints = nil
}

// finding is one violation that axe-core found.
type finding struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// axe runs axe-core over the page as it is; it comes in through the debugger, which the page's policy does not bind. Only
// limits it to some rules.
func (p *person) axe(only ...string) []finding {
	p.t.Helper()
	if !evaluate[bool](p, `"axe" in window`) {
		src, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			p.t.Fatalf("axe-core is not here; run npm ci in web: %v", err)
		}
		evaluate[bool](p, string(src)+";true")
	}
	options := `{resultTypes: ["violations"]}`
	if len(only) > 0 {
		rules, _ := json.Marshal(only)
		options = `{resultTypes: ["violations"], runOnly: {type: "rule", values: ` + string(rules) + `}}`
	}
	return evaluate[[]finding](p, `axe.run(document, `+options+`).then(r => r.violations.map(v => ({ID: v.id, Help: v.help,
		Nodes: v.nodes.slice(0, 4).map(n => ({HTML: n.html.slice(0, 300), FailureSummary: n.failureSummary}))})))`)
}

// sound makes sure that a page is accessible in light and in dark, and does not run over sideways, at a width.
func (p *person) sound(name string, width int64) {
	p.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		p.run(emulate(width, scheme))
		where := fmt.Sprintf("%s at %d in %s", name, width, scheme)
		var only []string
		if scheme == "dark" { // the rest does not depend on colours
			only = []string{"color-contrast", "link-in-text-block"}
		}
		for _, f := range p.axe(only...) {
			p.t.Errorf("%s: axe: %s (%s)\n%+v", where, f.Help, f.ID, f.Nodes)
		}
	}
	p.inside(name, width)
	p.run(emulate(1440, "light"))
}

// narrow makes sure, of a page that is sound at another width with the same things on it, that nothing is squeezed.
func (p *person) narrow(name string, width int64) {
	p.t.Helper()
	p.run(emulate(width, "light"))
	for _, f := range p.axe("target-size", "scrollable-region-focusable") {
		p.t.Errorf("%s at %d: axe: %s (%s)\n%+v", name, width, f.Help, f.ID, f.Nodes)
	}
	p.inside(name, width)
	p.run(emulate(1440, "light"))
}

// inside makes sure that a page does not run over sideways.
func (p *person) inside(name string, width int64) {
	p.t.Helper()
	over := evaluate[[]string](p, `(() => { const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return [];
		return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 160)) })()`)
	if len(over) > 0 {
		p.t.Errorf("%s at %d runs over sideways: %q", name, width, over)
	}
}

// print makes a PDF of the page as a printer would get it.
func (p *person) print() []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), func(q *page.PrintToPDFParams) { on := true; q.PreferCSSPageSize = &on }))
	if err != nil {
		p.fail(err)
	}
	return pdf
}
