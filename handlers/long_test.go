package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// TestLongListOfReports files more reports than a page shows: each is on one page.
func TestLongListOfReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	filed := map[string]bool{}
	for range reportsPage + 3 {
		n := triage.NewReport{Key: triage.NewID("K") + "-key-of-form", MeetingName: "Choir", Occurred: time.Now().Add(-time.Hour), Policy: "hate",
			Words: "What happened.", People: []triage.Person{{Name: "Mallory"}}, Declared: true}
		r, err := w.desk.FileReport(t.Context(), w.actor(ada), n)
		must(t, err)
		filed[string(r.ID)] = true
	}
	host := w.signIn(ada)
	for at, pages := "/reports", 1; at != ""; pages++ {
		a := host.get(at)
		parts := strings.Split(a.body, `data-report="`)[1:]
		if want := map[int]int{1: reportsPage, 2: 3}[pages]; a.status != 200 || len(parts) != want {
			t.Fatalf("page %d answers %d with %d reports, want %d", pages, a.status, len(parts), want)
		}
		for _, part := range parts {
			delete(filed, part[:len("R-XXXXX-XXXXX")])
		}
		_, next, _ := strings.Cut(a.body, `href="/reports?after=`)
		next, _, _ = strings.Cut(next, `"`)
		if at = ""; next != "" {
			at = "/reports?after=" + url.QueryEscape(next)
		}
	}
	if len(filed) > 0 {
		t.Errorf("%d reports are on no page", len(filed))
	}
	if a := host.get("/reports?after=1.2"); a.status != 404 {
		t.Errorf("a place that is none answers %d", a.status)
	}
}

// TestManyWatchedIntervals watches a clip in thousands of pieces: the page of the case stays small, and true.
func TestManyWatchedIntervals(t *testing.T) {
	t.Parallel()
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	var many []triage.Watch
	for i := range 5000 {
		many = append(many, triage.Watch{From: at(float64(i)), To: at(float64(i) + 0.3), Clear: i%2 == 0})
	}
	for name, ws := range map[string][]triage.Watch{"many": many, "none": nil} {
		if got := watchedSpans(ws, 5000*time.Second); len(got) > 2*stripCells {
			t.Errorf("%s: %d spans", name, len(got))
		}
	}
	ws := []triage.Watch{{From: at(50), To: at(60), Clear: true}, {From: at(10), To: at(20)}, {From: at(12), To: at(14)}, {From: at(20), To: at(30)},
		{From: at(14), To: at(16), Clear: true, Sound: true}}
	got := watchedSpans(ws, 100*time.Second)
	if len(got) != 3 || got[0].From != 10 || got[0].To != 30 || got[0].Clear || got[1].From != 14 || !got[1].Sound || got[2].To != 60 {
		t.Errorf("%+v", got)
	}
	e := triage.LoggedEvent{}
	e.Act, e.Detail = "exhibit.played", map[string]string{"intervals": strings.Repeat("0.00–1.00 s blurred; ", 100)}
	if v := loggedEvent(e); len([]rune(v.Detail)) > detailShown+1 {
		t.Errorf("an event is %d runes", len([]rune(v.Detail)))
	}
}
