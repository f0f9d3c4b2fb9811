package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage/account"
)

// TestMergeSplitAndUndoPages goes the way of two cases through the forms: suggested, refused, merged, undone, merged again, split.
func TestMergeSplitAndUndoPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host, ivy, rev := w.signIn(ada), w.signIn(w.person("Ivy Investigator", account.Investigator)), w.signIn(w.person("Rob Reviewer", account.Reviewer))
	r, o := host.file(reportFields("threat", "Walt Wild"), ada), host.file(reportFields("hate", "Walt Wild"), ada)
	at, other := "/cases/"+string(r.Case), "/cases/"+string(o.Case)
	if a := rev.get(at); strings.Contains(a.body, at+"/merge") {
		t.Error("a reviewer is offered to merge")
	}
	if a := ivy.get(at); !strings.Contains(a.body, at+"/merge") || !strings.Contains(a.body, `value="`+string(o.Case)+`"`) || strings.Contains(a.body, at+"/split") {
		t.Error("an investigator is not offered to merge the other case, or to split a case of one report")
	}
	form := url.Values{"moved": {"Both are about the same evening."}, "sure": {"yes"}}
	for what, bad := range map[string]struct{ field, value, says string }{
		"no number": {"other", "", "Choose the other case"}, "a bad number": {"other", "case 7", "That is no number of a case"},
		"no such case": {"other", "C-00000-00000", "no case under that number"}, "this case": {"other", string(r.Case), "That is this case"},
		"no reason": {"moved", "Why", "Say why in 10"}, "not sure": {"sure", "", "Tick that you looked"},
	} {
		v := url.Values{"other": {string(o.Case)}}
		for k, x := range form {
			v[k] = x
		}
		v.Set(bad.field, bad.value)
		if a := ivy.post(at+"/merge", v); a.status != 422 || !strings.Contains(a.body, bad.says) || bad.field != "moved" && !strings.Contains(a.body, "the same evening.") {
			t.Errorf("%s answers %d, does not say %q, or loses what was typed", what, a.status, bad.says)
		}
	}
	form.Set("suggested", string(o.Case))
	if a := rev.post(at+"/merge", form); a.status != 403 {
		t.Errorf("a reviewer's merge answers %d", a.status)
	}
	if a := ivy.post(at+"/merge", form); a.status != 303 || a.header.Get("Location") != at+"#moves" {
		t.Fatalf("merging answers %d %s", a.status, a.body)
	}
	page := ivy.get(at).body
	for _, want := range []string{"Undo the merge", "Merged in:", string(o.ID), string(r.ID), "the same evening.", at + "/split", "Another case merged in"} {
		if !strings.Contains(page, want) {
			t.Errorf("the case does not say %q", want)
		}
	}
	old := ivy.get(other).body
	if !strings.Contains(old, "This case was merged into <a href=\""+at+"\"") || !strings.Contains(old, "Case merged") || strings.Contains(old, other+"/claim") {
		t.Error("the merged case does not say where it ended")
	}
	if a := ivy.get("/search?q=" + string(o.Case)); !strings.Contains(a.body, string(o.Case)) {
		t.Error("its number is not found any more")
	}
	undo := strings.Split(strings.Split(page, `action="/moves/`)[1], `"`)[0]
	if a := rev.post("/moves/"+undo, url.Values{}); a.status != 403 {
		t.Errorf("a reviewer's undoing answers %d", a.status)
	}
	if a := ivy.post("/moves/"+undo, url.Values{"case": {string(o.Case)}}); a.status != 303 || a.header.Get("Location") != other+"#moves" {
		t.Errorf("undoing answers %d %s", a.status, a.header.Get("Location"))
	}
	if a := ivy.post("/moves/"+undo, url.Values{}); a.status != 409 || !strings.Contains(a.body, "undone already") {
		t.Errorf("undoing twice answers %d", a.status)
	}
	if a := ivy.get(other).body; !strings.Contains(a, string(o.ID)) || !strings.Contains(a, "Undone by") {
		t.Error("the merged case does not have its report back")
	}
	if a := ivy.post(at+"/merge", form); a.status != 303 {
		t.Fatalf("merging again answers %d", a.status)
	}
	for _, bad := range []struct {
		v    url.Values
		says string
	}{{url.Values{"sure": {"yes"}}, "Say why in 10"}, {url.Values{"sure": {"yes"}, "moved": {"Another matter."}}, "Choose the reports"},
		{url.Values{"moved": {"Another matter."}, "reports": {string(o.ID)}}, "Tick that the reports"},
		{url.Values{"sure": {"yes"}, "moved": {"Another matter."}, "reports": {string(o.ID), string(r.ID)}}, "At least one report has to stay"}} {
		if a := ivy.post(at+"/split", bad.v); a.status != 422 || !strings.Contains(a.body, bad.says) {
			t.Errorf("splitting with %v answers %d, or does not say %q", bad.v, a.status, bad.says)
		}
	}
	if a := ivy.post(at+"/split", url.Values{"sure": {"yes"}, "moved": {"Another matter."}, "reports": {string(o.ID)}}); a.status != 303 {
		t.Fatalf("splitting answers %d %s", a.status, a.body)
	}
	if a := ivy.get(at).body; !strings.Contains(a, "Split off:") || !strings.Contains(a, "Case split") {
		t.Error("the case does not say what was split off")
	}
}
