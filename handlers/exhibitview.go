package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// exhibitView is a clip on the case page: what was made of it, and who watched how much.
func exhibitView(a triage.Actor, x triage.CaseView, e triage.ExhibitCard) web.ExhibitView {
	v := web.ExhibitView{Exhibit: e.Exhibit,
		CanRetry: e.Retriable() && triage.Can(a, triage.ExhibitRetry, x.On)}
	if !triage.Can(a, triage.ExhibitView, x.On) {
		return v
	}
	v.Verdict, v.Lines = web.Found(e.Verdict)
	v.Again, v.Known = againView(a, x, e), e.Known
	v.Listed = e.Listed
	if d, ok := e.Derivatives[triage.DerivedContact]; ok {
		v.Contact = contactSheet(d.Meta)
	}
	_, v.Poster = e.Derivatives[triage.DerivedPoster]
	_, v.Waveform = e.Derivatives[triage.DerivedWaveform]
	v.Play, v.PlayType = playable(e)
	v.Coming = !e.Processing.Ended() || e.Processing == triage.ProcessingDone && e.Probe.NeedsProxy && v.Play == "" && e.Probe.NoProxy == ""
	watched := map[account.ID][]triage.Watch{}
	for _, o := range e.Watches {
		watched[o.Account] = append(watched[o.Account], o)
	}
	v.Watched = watchedSpans(watched[a.Account], e.Probe.Duration)
	for _, o := range e.Watches { // each once, in the order in which they first watched
		if list := watched[o.Account]; o.Account != a.Account && list != nil {
			v.Others = append(v.Others, watchedWords(x.Names[o.Account], list, e.Probe.Duration))
			delete(watched, o.Account)
		}
	}
	return v
}

// linesAsked turns to the page of an exhibit's lines that the address asks for: ?lines=exhibit&from=number. at is the address without that.
func linesAsked(r *http.Request, at string, v web.ExhibitView) web.ExhibitView {
	if v.Lines == nil {
		return v
	}
	v.Lines.Page, v.Lines.Of = at, v.ID
	if in := r.URL.Query(); in.Get("lines") == string(v.ID) {
		v.Lines.From, _ = strconv.Atoi(in.Get("from")) // what is no number is the first page
	}
	return v
}

// playable is what the player is given: the original where browsers play it, else the preview.
func playable(e triage.ExhibitCard) (what, contentType string) {
	if e.Processing == triage.ProcessingAltered {
		return "", ""
	}
	if p, ok := e.Derivatives[triage.DerivedPreview]; ok && e.Probe.NeedsProxy {
		return "preview", p.ContentType
	}
	if e.Processing != triage.ProcessingDone || e.Probe.NeedsProxy {
		return "", ""
	}
	switch e.Container {
	case "webm":
		return "original", "video/webm"
	case "mp4":
		return "original", "video/mp4"
	}
	return "", ""
}

// contactSheet reads the geometry that the preparation wrote beside a contact sheet; nil where it makes no sense.
func contactSheet(meta []byte) *web.ContactSheet {
	var m struct {
		Columns    int     `json:"columns"`
		Rows       int     `json:"rows"`
		TileWidth  int     `json:"tile_width"`
		TileHeight int     `json:"tile_height"`
		TimesMS    []int64 `json:"times_ms"`
	}
	if json.Unmarshal(meta, &m) != nil || m.Columns < 1 || m.Columns > 8 || m.Rows < 1 || m.Rows > 64 ||
		m.TileWidth < 1 || m.TileWidth > 4096 || m.TileHeight < 1 || m.TileHeight > 4096 {
		return nil
	}
	c := &web.ContactSheet{Columns: m.Columns, Rows: m.Rows, Width: m.Columns * m.TileWidth, Height: m.Rows * m.TileHeight}
	for _, ms := range m.TimesMS[:min(len(m.TimesMS), m.Columns*m.Rows)] {
		c.Times = append(c.Times, time.Duration(ms)*time.Millisecond)
	}
	return c
}

// stripCells is how finely the page shows what was watched: in that many pieces of a clip.
const stripCells = 200

// watchedSpans draws intervals together as finely as the page shows them, however many there are; the log holds each. What
// was not blurred comes last, to be drawn over the rest.
func watchedSpans(ws []triage.Watch, length time.Duration) (out []web.WatchedSpan) {
	ws = slices.SortedFunc(slices.Values(ws), func(a, b triage.Watch) int { return cmp.Compare(a.From, b.From) })
	for _, w := range ws {
		length = max(length, w.To)
	}
	for _, clear := range []bool{false, true} {
		var last *web.WatchedSpan
		for _, w := range ws {
			if w.Clear != clear {
				continue
			}
			if last != nil && w.From.Seconds()-last.To <= (length/stripCells).Seconds() {
				last.To, last.Sound = max(last.To, w.To.Seconds()), last.Sound || w.Sound
				continue
			}
			out = append(out, web.WatchedSpan{From: w.From.Seconds(), To: w.To.Seconds(), Clear: clear, Sound: w.Sound})
			last = &out[len(out)-1]
		}
	}
	return out
}

func watchedWords(name string, ws []triage.Watch, length time.Duration) string {
	clear := covered(slices.DeleteFunc(slices.Clone(ws), func(w triage.Watch) bool { return !w.Clear }))
	words := fmt.Sprintf("%s, %s", name, seconds(covered(ws)))
	if length > 0 {
		words += " of " + seconds(length)
	}
	if clear > 0 {
		words += ", " + seconds(clear) + " of it not blurred"
	}
	return words
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

// covered is how much of a clip intervals cover together; what overlaps counts once.
func covered(ws []triage.Watch) (sum time.Duration) {
	slices.SortFunc(ws, func(a, b triage.Watch) int { return int(a.From - b.From) })
	var end time.Duration
	for _, w := range ws {
		if from := max(w.From, end); w.To > from {
			sum += w.To - from
			end = w.To
		}
	}
	return sum
}
