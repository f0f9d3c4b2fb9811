package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hit presses keys one after another, as a hand would: a key that does something else does not also write its letter.
func (p *person) hit(keys ...string) {
	p.t.Helper()
	p.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range strings.Join(keys, "") {
			events := kb.Encode(r)
			for _, e := range events {
				if e.Type == input.DispatchKeyEventTypeChar {
					continue
				}
				if i := slices.IndexFunc(events, func(c *input.DispatchKeyEventParams) bool { return c.Type == input.DispatchKeyEventTypeChar }); i >= 0 && e.Type != input.DispatchKeyEventTypeKeyUp {
					e.Type, e.Text = input.DispatchKeyEventTypeKeyDown, events[i].Text
				}
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// showing waits until something is true of the exhibit that is shown; x is the exhibit and v its video.
func (p *person) showing(js string) {
	p.t.Helper()
	p.waitEval(`(x => { const v = x?.querySelector("video"); return x && (` + js + `) })(document.querySelector("[data-exhibit]:not([hidden])"))`)
}

// keyboardOnly goes from the queue to a decision and on to the next case without a mouse.
func keyboardOnly(t *testing.T, s *server, host *client) {
	clip := clipOf(t, 12)
	must(host.report("Kay Keys", "kay.webm", clip))(t)
	host.words(t, "Nora Next")
	rui := s.as("Rui Reis")
	heard := rui.watch()
	rui.findCase("Nora Next")
	id := rui.findCase("Kay Keys")
	// Hands that know j and k find the row, wherever it is.
	rui.hit("j")
	for !rui.has(rowOf(id) + `[data-marked]`) {
		rui.hit("j")
	}
	rui.hit("j", "k")
	if evaluate[int](rui, `document.querySelectorAll("[data-marked]").length`) != 1 {
		t.Error("not one row is marked")
	}
	for !rui.has(rowOf(id) + `[data-marked]`) {
		rui.hit("j")
	}
	rui.hit(kb.Enter)
	rui.waitURL(func(u string) bool { return strings.Contains(u, id) })
	rui.settle()
	rui.hit("c")
	rui.waitEval(`document.querySelector("[data-lease]")`)
	rui.settle()
	checkCalm(t, rui)
	rui.hit("?")
	rui.waitEval(`document.querySelector("#shortcuts").open && document.querySelector("#shortcuts").textContent.includes("One frame back")`)
	rui.hit(kb.Escape)
	rui.waitEval(`!document.querySelector("#shortcuts").open`)
	playerKeys(rui)
	decideWithKeys(rui, id)
	heard.check(t, "with keys alone")
	checkWatched(t, rui, id)
}

// checkCalm makes sure that nothing plays or loads before it is wanted, and that everything is softened.
func checkCalm(t *testing.T, p *person) {
	t.Helper()
	p.showing(`x.dataset.blur === "on" && x.dataset.grey === "on" && v.muted && v.paused && v.currentTime === 0`)
	p.showing(`getComputedStyle(x.querySelector(".contact img")).filter.includes("blur") && getComputedStyle(v).filter.includes("grayscale")`)
	if got := evaluate[[]string](p, `performance.getEntriesByType("resource").map(e => e.name).filter(n => /\/(original|preview)$/.test(n))`); len(got) > 0 {
		t.Errorf("loaded before it was wanted: %v", got)
	}
}

func playerKeys(p *person) {
	p.t.Helper()
	for key, what := range map[string]string{"b": "blur", "g": "grey", "m": "mute"} {
		for _, to := range []string{"off", "on"} {
			p.hit(key)
			p.showing(fmt.Sprintf(`x.dataset.%s === %q && x.querySelector('[data-control=%s]').ariaPressed === String(%v)`, what, to, what, to == "on"))
		}
	}
	p.showing(`x.querySelector(".contact").checkVisibility() && !v.checkVisibility()`)
	p.hit("b", " ")
	p.showing(`!v.paused && v.currentTime > 0.6 && v.checkVisibility()`)
	p.hit("k")
	p.showing(`v.paused`)
	p.hit(kb.Home)
	p.showing(`v.currentTime === 0 && !v.seeking`)
	p.hit(".")
	p.showing(`!v.seeking && Math.abs(v.currentTime - 1 / 15) < 0.01`)
	p.hit(",")
	p.showing(`!v.seeking && v.currentTime === 0`)
	p.hit(kb.ArrowRight)
	p.showing(`!v.seeking && Math.abs(v.currentTime - 5) < 0.01`)
	p.hit(kb.ArrowLeft)
	p.showing(`!v.seeking && v.currentTime === 0`)
	p.hit("]", "]")
	p.showing(`v.playbackRate === 1.5 && x.querySelector("[data-rate]").textContent === "1.5×"`)
	p.hit("[", "[")
	p.showing(`v.playbackRate === 1`)
	p.hit(kb.End)
	p.showing(`!v.seeking && v.currentTime > 11`)
	p.hit("t")
	p.showing(`x.querySelector(".contact").checkVisibility() && !v.checkVisibility()`)
}

func decideWithKeys(p *person, id string) {
	p.t.Helper()
	p.hit("w")
	p.waitEval(`document.activeElement.matches("#notes textarea")`)
	p.hit("n", "o", " ", "b") // letters are letters while one types
	if got := evaluate[string](p, `document.activeElement.value`); got != "no b" {
		p.fail(fmt.Errorf("typed into the note: %q", got))
	}
	p.do(`document.activeElement.blur()`)
	p.hit("v")
	p.waitEval(`document.querySelector("#events").open`)
	p.hit("v", "d")
	p.waitEval(`document.activeElement.matches('#decide input[type=radio]')`)
	p.hit(" ")
	for !p.has(`#decide input[value=warn]:checked`) {
		p.hit(kb.ArrowDown)
	}
	p.hit(kb.Tab, kb.Tab)
	p.waitEval(`document.activeElement.matches("[data-severity]")`)
	p.hit("M")
	p.waitEval(`document.activeElement.value === "medium"`)
	p.hit(kb.Tab, kb.Tab, kb.Tab) // past the evidence and the templates
	p.hit(strings.Split("Shouted, and would not stop.", "")...)
	p.waitEval(`document.activeElement.value === "Shouted, and would not stop."`)
	p.run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.waitURL(func(u string) bool { return !strings.Contains(u, id) })
	p.waitText("Decided: Warning")
}

// checkWatched makes sure that what was watched is on the page after a reload, and in the custody log.
func checkWatched(t *testing.T, p *person, id string) {
	t.Helper()
	for deadline := time.Now().Add(waitTime); ; { // the last of it leaves when the page does, beside the next page
		p.open("/cases/" + id)
		p.settle()
		if p.has(`[data-wave-watched] rect`) {
			break
		} else if time.Now().After(deadline) {
			p.fail(errors.New("the page does not know what was watched"))
		}
	}
	p.waitText("You have watched")
	type span struct {
		From, To     float64
		Clear, Sound bool
	}
	var spans []span
	for _, s := range evaluate[[]span](p, `JSON.parse(document.querySelector("[data-exhibit]").dataset.watched).sort((a, b) => a.from - b.from)`) {
		if last := len(spans) - 1; last >= 0 && s.From == spans[last].To && s.Clear == spans[last].Clear && s.Sound == spans[last].Sound {
			spans[last].To = s.To // sent in two pieces, every few seconds
		} else {
			spans = append(spans, s)
		}
	}
	for _, s := range spans {
		if s.From < 0.1 && s.To > 0.4 && s.To < 3 && s.Clear && !s.Sound {
			p.hit("v")
			p.waitText("Exhibit viewed")
			return
		}
	}
	t.Errorf("the log of what was watched says %+v", spans)
}

// clipOf is a real clip of some length.
func clipOf(t testing.TB, seconds int) []byte {
	t.Helper()
	return must(os.ReadFile(makeClip(t, t.TempDir(), "clip.webm", seconds)))(t)
}

func (p *person) hitTab() { p.t.Helper(); p.hit(kb.Tab) }
