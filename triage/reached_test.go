package triage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// TestWhenAReportGotThere follows a report through the team: its reporter is told when it got where it stands, never by
// whom, and what waits for a lead or for a second person is under review to them.
func TestWhenAReportGotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.now
	r, err := w.FileReport(t.Context(), w.people["host"], w.form("hate", w.upload()))
	w.ok(err)
	rui, lena := w.people["rui"], w.people["lena"]
	look := func(want string) {
		t.Helper()
		v, err := w.MyReport(t.Context(), w.people["host"], r.ID)
		w.ok(err)
		var got []string
		for _, x := range v.Reached {
			got = append(got, fmt.Sprintf("%s %.0f", x.State, x.At.Sub(began).Minutes()))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("minute %.0f: %s, not %s", w.now.Sub(began).Minutes(), s, want)
		}
		w.now = w.now.Add(time.Minute)
	}
	claim := func(a triage.Actor) {
		t.Helper()
		_, err := w.Claim(t.Context(), a, r.Case)
		w.ok(err)
	}
	look("received 0") // minute 0
	_, _, err = w.BeginPreparing(t.Context(), r.Exhibits[0])
	w.ok(err)
	look("received 0, processing 0")
	w.ok(w.FinishPreparing(t.Context(), r.Exhibits[0], triage.Prepared{}))
	w.ok(w.Skip(t.Context(), rui, r.Case)) // passing over it changes nothing
	look("received 0, processing 0, queued 2")
	claim(rui)
	look("received 0, processing 0, queued 2, claimed 3")
	w.ok(w.Skip(t.Context(), rui, r.Case)) // this gives it back
	look("received 0, processing 0, queued 4")
	claim(rui)
	look("received 0, processing 0, queued 4, claimed 5")
	w.ok(w.Escalate(t.Context(), rui, r.Case, "", "I know the person."))
	look("received 0, processing 0, queued 4, claimed 5")
	claim(lena)
	w.ok(w.Release(t.Context(), lena, r.Case)) // back to the leads
	claim(lena)
	look("received 0, processing 0, queued 4, claimed 5")
	_, err = w.Decide(t.Context(), lena, r.Case, w.finding(r, triage.ActWarn, 0))
	w.ok(err)
	look("received 0, processing 0, queued 4, claimed 5, decided 8")
	w.ok(w.Reopen(t.Context(), lena, r.Case, "New facts."))
	look("received 0, processing 0, queued 9")
	claim(rui)
	dec, err := w.Decide(t.Context(), rui, r.Case, w.finding(r, triage.ActBan, 0))
	w.ok(err)
	look("received 0, processing 0, queued 9, claimed 10") // waits for a second person
	w.ok(w.Answer(t.Context(), lena, r.Case, dec.ID, true, ""))
	look("received 0, processing 0, queued 9, claimed 10, decided 11")
}
