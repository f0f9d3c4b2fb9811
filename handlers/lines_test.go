package handlers

import (
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
