package handlers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestLinesOnTheCase shows what is hostile in a line as nothing but text.
func TestLinesOnTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	r := host.file(reportFields("hate", "Gus", host.upload("lines", []byte("what the verdict below is of"))), ada)
	ctx := t.Context()
	_, _, err := w.desk.BeginPreparing(ctx, r.Exhibits[0])
	must(t, err)
	verdict := `{"lines":{"grade":"partly verified","meeting":"M-1","senders":[{"name":"Gus"}],"lines":[` +
		`{"sender":0,"time":1764151200000,"text":"<script>alert(1)</script> \u202egnihton","state":"verified"},` +
		`{"sender":0,"time":1764151201000,"text":"You are next.","state":"unstamped","missing":3}]}}`
	must(t, w.desk.FinishPreparing(ctx, r.Exhibits[0], triage.Prepared{Probe: triage.Probe{Container: triage.ContainerLines}, Verdict: []byte(verdict), Trust: triage.TrustPartly}))
	a := w.signIn(w.person("Rui Reviewer", account.Reviewer)).get("/cases/" + string(r.Case))
	for words, want := range map[string]bool{"You are next.": true, "&lt;script&gt;alert(1)": true, "<script>alert": false, "\u202e": false, "Not stamped": true,
		"3 lines of the same writer": true, "<video": false} {
		if strings.Contains(a.body, words) != want {
			t.Errorf("that the case page has %q should be %v", words, want)
		}
	}
}

// TestPagesOfLines turns the pages of many lines: each is shown once, and what is no page is the first.
func TestPagesOfLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	r := host.file(reportFields("hate", "Gus", host.upload("lines", []byte("what the verdict below is of"))), ada)
	ctx := t.Context()
	_, _, err := w.desk.BeginPreparing(ctx, r.Exhibits[0])
	must(t, err)
	var lines []string
	for i := range 4100 {
		lines = append(lines, fmt.Sprintf(`{"sender":0,"time":%d,"text":"line %d.","state":"verified"}`, 1764151200000+i, i+1))
	}
	verdict := `{"lines":{"grade":"verified","meeting":"M-1","senders":[{"name":"Gus"}],"lines":[` + strings.Join(lines, ",") + `]}}`
	must(t, w.desk.FinishPreparing(ctx, r.Exhibits[0], triage.Prepared{Probe: triage.Probe{Container: triage.ContainerLines}, Verdict: []byte(verdict), Trust: triage.TrustVerified}))
	b := w.signIn(w.person("Rui Reviewer", account.Reviewer))
	at := "/cases/" + string(r.Case)
	for address, want := range map[string][2]int{"": {1, 2000}, "from=2001": {2001, 4000}, "from=2700": {2001, 4000}, "from=4001": {4001, 4100}, "from=4101": {1, 2000},
		"from=-1": {1, 2000}, "from=x": {1, 2000}, "from=99999999999999999999": {1, 2000}} {
		body := b.get(at + "?lines=" + string(r.Exhibits[0]) + "&" + address).body
		for _, n := range []int{1, 2000, 2001, 4000, 4001, 4100} {
			if shown := n >= want[0] && n <= want[1]; strings.Contains(body, fmt.Sprintf(">line %d.<", n)) != shown {
				t.Errorf("%q: that line %d is shown should be %v", address, n, shown)
			}
		}
		for words, has := range map[string]bool{"The 2000 lines before": want[0] > 1, "The next ": want[1] < 4100, fmt.Sprintf("Lines %d to %d of 4100.", want[0], want[1]): true} {
			if strings.Contains(body, words) != has {
				t.Errorf("%q: that the page has %q should be %v", address, words, has)
			}
		}
	}
	next := at + "?lines=" + string(r.Exhibits[0]) + "&amp;from=4001#exhibit-" + string(r.Exhibits[0])
	if body := b.get(at + "?lines=" + string(r.Exhibits[0]) + "&from=2001").body; !strings.Contains(body, `href="`+next+`"`) {
		t.Error("the page does not lead on to the next lines")
	}
}
