package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestSecondOpinionPages goes the way of a second opinion through the pages: drawn since the lead said so, blind, refused where it is not
// whole, shown beside the decision once it is given, and settled.
func TestSecondOpinionPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Dice = nil // the real one: at a hundred of a hundred, it cannot miss
	ada := w.person("Ada Owner")
	first, lead := w.person("Rob First", account.Reviewer), w.signIn(w.person("Lea Lead", account.Lead))
	second := w.signIn(w.person("Sue Second", account.Reviewer))
	r := w.signIn(ada).file(reportFields("threat", "Walt Wild"), ada)
	if a := lead.post("/team/sampling", url.Values{"subject": {"default/"}, "percent": {"100"}}); a.status != 303 {
		t.Fatalf("setting a rate answers %d", a.status)
	}
	_, err := w.desk.Claim(t.Context(), w.actor(first), r.Case)
	must(t, err)
	p := string(r.People[0].ID)
	_, err = w.desk.Decide(t.Context(), w.actor(first), r.Case, []triage.Finding{{Person: r.People[0].ID, Policy: "threat", Action: triage.ActNone, Reasons: "It was only a joke."}}, nil)
	must(t, err)
	if a := second.get("/opinions"); !strings.Contains(a.body, "1 decision waits") {
		t.Error("nothing waits for the second person")
	}
	a := second.post("/opinions/next", url.Values{})
	at := a.header.Get("Location")
	if a.status != 303 || !strings.HasPrefix(at, "/opinions/Z-") {
		t.Fatalf("the next one is at %q, %d", at, a.status)
	}
	if a := second.get(at); a.status != 200 || strings.Contains(a.body, "Rob First") || strings.Contains(a.body, "only a joke") {
		t.Errorf("the blind page answers %d, or tells", a.status)
	}
	if a := second.get("/cases/" + string(r.Case)); a.status != 403 || strings.Contains(a.body, "Rob First") {
		t.Errorf("the case answers %d meanwhile", a.status)
	}
	said := url.Values{"policy-" + p: {"threat"}, "action-" + p: {"refer"}, "reasons-" + p: {"Short."}}
	if a := second.post(at, said); a.status != 422 || !strings.Contains(a.body, "Short.") || !strings.Contains(a.body, "10 to") {
		t.Errorf("reasons that are too short answer %d, or what was typed is lost", a.status)
	}
	said.Set("reasons-"+p, "It was meant, one can hear it.")
	if a := second.post(at, said); a.status != 303 {
		t.Fatalf("giving it answers %d", a.status)
	}
	if a := second.get(at); !strings.Contains(a.body, "Rob First") || !strings.Contains(a.body, "only a joke") || strings.Contains(a.body, "/settle") {
		t.Error("afterwards, not both are shown")
	}
	if a := lead.post(at+"/settle", url.Values{"verdict": {"second"}, "words": {"Why?"}}); a.status != 422 || !strings.Contains(a.body, "Why?") {
		t.Errorf("settling without a reason answers %d", a.status)
	}
	if a := lead.post(at+"/settle", url.Values{"verdict": {"second"}, "words": {"One has to hear it."}}); a.status != 303 {
		t.Errorf("settling answers %d", a.status)
	}
	if a := lead.get("/cases/" + string(r.Case)); !strings.Contains(a.body, "In force") || !strings.Contains(a.body, "The second opinion was right") {
		t.Error("the case does not show the opinion, or the decision is in force no more")
	}
	if a := lead.get("/team/figures/agreement.csv"); !strings.Contains(a.body, "Threat or live violence,1,0,0,0.00") {
		t.Errorf("the figures say %q", a.body)
	}
}
