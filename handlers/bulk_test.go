package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// plan makes the preview of a bulk of the reviewer's.
func (f *fixture) plan() {
	f.t.Helper()
	b, err := f.desk.PlanBulk(f.t.Context(), f.actor(f.column("reviewer").acc), triage.Bulk{Policy: "harassment", Action: triage.ActNone, Reasons: "Nothing of it is against a rule."},
		[]triage.CaseID{f.free.id, f.held.id})
	must(f.t, err)
	f.bulk = b.ID
}

func (f *fixture) bulkProbes(add adder) {
	add("GET /bulk", "none", "/bulk", nil)
	for _, x := range []struct {
		label string
		of    triage.CaseID
	}{{"free", f.free.id}, {"hidden", f.hidden.id}} {
		add("GET /bulk", x.label, "/bulk?case="+string(x.of), nil)
		add("POST /bulk", x.label, "/bulk", url.Values{"case": {string(x.of)}, "policy": {"harassment"}, "action": {"none"}, "template": {"within"}})
	}
	add("POST /bulk", "a ban", "/bulk", url.Values{"case": {string(f.free.id)}, "policy": {"harassment"}, "action": {"ban"}, "severity": {"high"}, "template": {"within"}})
	for _, x := range []struct {
		label string
		id    triage.BulkID
	}{{"the reviewer's", f.bulk}, {"no such", "BU-00000-00000"}} {
		at := "/bulk/" + string(x.id)
		add("GET /bulk/{id}", x.label, at, nil)
		add("POST /bulk/{id}/confirm", x.label, at+"/confirm", url.Values{})
		add("POST /bulk/{id}/undo", x.label, at+"/undo", url.Values{})
		add("POST /bulk/{id}/undo", x.label+", one", at+"/undo", url.Values{"case": {string(f.free.id)}})
	}
}

var bulkAt = regexp.MustCompile(`^/bulk/BU-[0-9A-Z]{5}-[0-9A-Z]{5}$`)

// TestBulkPages goes from selected cases over the preview to the result and back, with bad input on the way.
func TestBulkPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := w.person("Hana Host")
	b, rui, robin := w.signIn(host), w.signIn(w.person("Rui Reviewer", account.Reviewer)), w.signIn(w.person("Robin Reviewer", account.Reviewer))
	one, two := b.file(reportFields("hate", "Ida One"), host), b.file(reportFields("fraud", "Theo Two"), host)
	hidden := b.file(reportFields("csam", hiddenName), host)
	if a := rui.get("/queue"); !strings.Contains(a.body, `value="`+string(one.Case)+`" form="bulk"`) {
		t.Error("the queue's rows cannot be selected")
	}
	query := url.Values{"case": {string(one.Case), string(two.Case), string(hidden.Case), "x", string(one.Case)}}
	if a := rui.get("/bulk?" + query.Encode()); a.status != 200 || !strings.Contains(a.body, "One decision on 3 cases") || strings.Contains(a.body, hiddenName) {
		t.Errorf("the form answered %d", a.status)
	}
	form := func(extra ...string) url.Values {
		v := url.Values{"case": query["case"], "policy": {"hate"}, "action": {"none"}, "reasons": {"Nothing of it is against a rule."}}
		for i := 0; i+1 < len(extra); i += 2 {
			v[extra[i]] = []string{extra[i+1]}
		}
		return v
	}
	for _, x := range []struct {
		form url.Values
		says string
	}{{form("action", "ban"), "Choose what is decided"}, {form("action", "suspend"), "Choose what is decided"}, {form("reasons", "short"), "Give the reasons"}, {form("policy", "csam"), "Choose the policy"},
		{form("case", "x"), "Select cases"}, {form("action", "warn"), "how severe"}, {url.Values{}, "Select cases"}} {
		if a := rui.post("/bulk", x.form); a.status != 422 || !strings.Contains(a.body, x.says) {
			t.Errorf("%v answered %d without %q", x.form, a.status, x.says)
		}
	}
	a := rui.post("/bulk", form())
	at := a.header.Get("Location")
	if a.status != 303 || !bulkAt.MatchString(at) {
		t.Fatalf("the preview answered %d at %q", a.status, at)
	}
	a = rui.get(at)
	for _, says := range []string{"nothing is decided yet", "1 case would be decided, 2 cases left out", "Ida One", "It was reported as “Fraud", "it is not yours to see", "Decide 1 case<"} {
		if !strings.Contains(a.body, says) {
			t.Errorf("the preview does not say %q", says)
		}
	}
	if strings.Contains(a.body, hiddenName) {
		t.Error("the preview names somebody of the closed lane")
	}
	for _, path := range []string{at, at + "/confirm", at + "/undo"} {
		if path == at {
			a = robin.get(path)
		} else {
			a = robin.post(path, nil)
		}
		if a.status != 404 {
			t.Errorf("%s answered %d to somebody else", path, a.status)
		}
	}
	for range 2 { // pressed twice
		if a := rui.post(at+"/confirm", nil); a.status != 303 {
			t.Fatalf("confirming answered %d", a.status)
		}
	}
	if a := rui.get(at); !strings.Contains(a.body, "1 case decided, 2 cases left out") || !strings.Contains(a.body, "Undo all") {
		t.Error("the result does not say what was done")
	}
	if a := rui.post(at+"/undo", url.Values{"case": {"nonsense"}}); a.status != 404 {
		t.Errorf("undoing nonsense answered %d", a.status)
	}
	if a := rui.post(at+"/undo", nil); a.status != 303 {
		t.Errorf("undoing answered %d", a.status)
	}
	if a := rui.get(at); !strings.Contains(a.body, "1 case undone") || strings.Contains(a.body, "Undo all") {
		t.Error("the page does not say that it is undone")
	}
	if a := rui.get("/cases/" + string(one.Case)); !strings.Contains(a.body, "Undone, before anybody was told") {
		t.Error("the case does not show the decision that was undone")
	}
}
