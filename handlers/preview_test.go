package handlers

import (
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestPreviewOnTheCasePage shows a clip that browsers do not play while its preview is made, after that failed, while it is
// tried again, and when it is there.
func TestPreviewOnTheCasePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	r := host.file(reportFields("hate", "Somebody", host.upload("x.mov", []byte("an old clip"))), ada)
	id, rev := r.Exhibits[0], w.signIn(w.person("Rob Reviewer", account.Reviewer))
	prepare := func() {
		_, _, err := w.desk.BeginPreparing(t.Context(), id)
		must(t, err)
		must(t, w.desk.FinishPreparing(t.Context(), id, triage.Prepared{Probe: triage.Probe{Container: "mov", NeedsProxy: true}}))
	}
	shows := func(when string, want ...string) {
		t.Helper()
		page := rev.get("/cases/" + string(r.Case)).body
		for _, some := range []string{"data-coming=", "A preview is being made", "no preview of it could be made", "It is too dark.",
			"Try again to make a preview", "stills and waveform appear", "/exhibits/" + string(id) + "/preview"} {
			wanted := false
			for _, s := range want {
				wanted = wanted || s == some
			}
			if strings.Contains(page, some) != wanted {
				t.Errorf("%s: that the page says %q is %v", when, some, !wanted)
			}
		}
	}
	prepare()
	shows("while it is made", "data-coming=", "A preview is being made")
	must(t, w.desk.FailPreview(t.Context(), id, "It is too dark."))
	shows("after it failed", "no preview of it could be made", "It is too dark.", "Try again to make a preview")
	if a := rev.post("/exhibits/"+string(id)+"/retry", nil); a.status != 303 {
		t.Fatalf("trying again answers %d", a.status)
	}
	shows("waiting for another try", "data-coming=", "stills and waveform appear")
	prepare()
	shows("while it is made again", "data-coming=", "A preview is being made")
	must(t, w.desk.KeepDerivative(t.Context(), w.derive(id, triage.DerivedPreview, "video/webm")))
	shows("when it is there", "/exhibits/"+string(id)+"/preview")
}
