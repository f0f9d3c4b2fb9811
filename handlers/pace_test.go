package handlers

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// TestPace goes as fast as one account may, and beyond: the form comes back as it was filled in, and others are not held up.
func TestPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config
	c.Limits = Limits{UploadsMinute: 3}
	slow := w.serve(c)
	ada, eve := w.person("Ada Owner"), w.person("Eve Other")
	in := func(b *browser) *browser { b.base = slow.URL; return b }
	a, e := in(w.signIn(ada)), in(w.signIn(eve))
	report := a.file(reportFields("hate", "Somebody"), ada) // 1
	add := func() answer {
		return a.post("/reports/"+string(report.ID)+"/additions", url.Values{"words": {"Words that took long."}})
	}
	if got := add(); got.status != 303 { // 2
		t.Fatalf("an addition answers %d", got.status)
	}
	for n := 3; n <= 10; n++ {
		if got := a.post("/reports", reportFields("hate", "Somebody "+strconv.Itoa(n))); got.status != 303 {
			t.Fatalf("report %d answers %d", n, got.status)
		}
	}
	got := a.post("/reports", reportFields("hate", "Nobody Forgotten"))
	if got.status != 429 || got.header.Get("Retry-After") != "60" || !strings.Contains(got.body, "Wait a minute, then send it again") ||
		!strings.Contains(got.body, "Nobody Forgotten") {
		t.Errorf("an 11th report is answered %d %v, or forgets what was typed", got.status, got.header)
	}
	if got := add(); got.status != 429 || !strings.Contains(got.body, "Words that took long.") || !strings.Contains(got.body, "nothing that you typed is lost") {
		t.Errorf("an addition after it is answered %d, or forgets what was typed", got.status)
	}
	e.file(reportFields("hate", "Somebody"), eve)

	for range 3 {
		e.beginUpload("half.webm", []byte("half a clip"))
	}
	up := e.send("POST", "/uploads/", map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5"}, nil)
	if up.status != 429 || up.header.Get("Retry-After") != "60" || !strings.Contains(up.body, "goes on by itself in a minute") {
		t.Errorf("a fourth upload is answered %d %q", up.status, up.body)
	}
	a.beginUpload("half.webm", []byte("half a clip"))
}

func TestHourlyPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config
	c.Limits = Limits{ReportsMinute: 1000, ReportsHour: 2}
	a := w.signIn(w.person("Ada Owner"))
	a.base = w.serve(c).URL
	for n, want := range []int{303, 303, 429} {
		if got := a.post("/reports", reportFields("hate", "Somebody")); got.status != want || want == 429 && !strings.Contains(got.body, "in an hour at the latest") {
			t.Errorf("report %d is answered %d", n+1, got.status)
		}
	}
}
