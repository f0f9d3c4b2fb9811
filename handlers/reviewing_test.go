package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (f *fixture) reviewProbes(add adder) {
	add("GET /me/reviewing", "", "/me/reviewing", nil)
	add("POST /me/reviewing", "", "/me/reviewing", url.Values{"blur": {"on"}, "optout": {"nudity"}})
	add("GET /team", "", "/team", nil)
	add("POST /team/budgets", "", "/team/budgets", url.Values{"account": {string(f.column("reviewer").acc.ID)}, "group": {"urgent"}, "hours": {"2"},
		"reason": {"A raid goes on, and nobody else is here."}})
	add("GET /team/figures", "", "/team/figures", nil)
	add("GET /team/figures", "no such period", "/team/figures?days=6", nil)
	add("GET /team/figures/{file}", "", "/team/figures/backlog.csv?days=7", nil)
	add("GET /team/figures/{file}", "no such", "/team/figures/names.csv", nil)
	add("GET /team/sampling", "", "/team/sampling", nil)
	add("POST /team/sampling", "", "/team/sampling", url.Values{"subject": {"policy/hate"}, "percent": {"10"}})
	add("POST /team/sampling", "of the closed lane", "/team/sampling", url.Values{"subject": {"policy/csam"}, "percent": {"10"}})
	add("POST /team/sampling", "too many", "/team/sampling", url.Values{"subject": {"default/"}, "percent": {"101"}})
	add("GET /opinions", "", "/opinions", nil)
	add("POST /opinions/next", "", "/opinions/next", url.Values{})
	for _, x := range []struct {
		label string
		id    triage.OpinionID
	}{{"held by the reviewer", f.giving}, {"differs", f.differs}, {"hidden", f.givingHidden}} {
		at := "/opinions/" + string(x.id)
		add("GET /opinions/{id}", x.label, at, nil)
		add("POST /opinions/{id}", x.label, at, url.Values{})
		add("POST /opinions/{id}/return", x.label, at+"/return", url.Values{})
		add("POST /opinions/{id}/settle", x.label, at+"/settle", url.Values{"verdict": {"first"}, "words": {"It was right as it was."}})
	}
	add("GET /policies", "", "/policies", nil)
	add("POST /policies", "as it is", "/policies", url.Values{"id": {"hate"}, "version": {"0"}, "title": {"Hate"}, "help": {"Attacks on people for what they are."},
		"level": {"1"}, "priority": {"70"}, "weight": {"2"}, "look": {"240"}, "decide": {"1440"}})
	add("POST /policies", "no such", "/policies", url.Values{"id": {"spam"}, "version": {"0"}, "lane": {"general"}, "title": {"Spam"}, "help": {"Unwanted."},
		"level": {"1"}, "priority": {"70"}, "weight": {"2"}, "look": {"240"}, "decide": {"1440"}})
	add("POST /policies", "nothing", "/policies", url.Values{"id": {"hate"}, "version": {"0"}})
	add("GET /routing", "", "/routing", nil)
	add("POST /routing/queues", "", "/routing/queues", url.Values{"lane": {"general"}, "name": {"Hosts"}, "members": {string(f.column("reviewer").acc.ID)}})
	add("POST /routing/queues", "of the closed lane", "/routing/queues", url.Values{"lane": {"child-safety"}, "name": {"Hosts"}})
	add("POST /routing/queues", "no such", "/routing/queues", url.Values{"lane": {"general"}, "name": {"Hosts"}, "id": {"QU-00000-00000"}})
	add("POST /routing/rules", "", "/routing/rules", url.Values{"lane": {"general"}, "name": {"Hosts"}, "condition": {"account.host"}, "points": {"5"}})
	add("POST /routing/rules", "a typo", "/routing/rules", url.Values{"lane": {"general"}, "name": {"Hosts"}, "condition": {"account.hots"}, "points": {"5"}})
	add("POST /routing/rules", "of the closed lane", "/routing/rules", url.Values{"lane": {"child-safety"}, "name": {"Hosts"}, "condition": {"true"}, "points": {"5"}})
	add("POST /routing/rate", "", "/routing/rate", url.Values{})
	for _, do := range []string{"try", "on", "off", "up", "down", "delete"} {
		add("POST /routing/rules/{id}/"+do, "", "/routing/rules/"+string(f.rule)+"/"+do, url.Values{})
		add("POST /routing/rules/{id}/"+do, "of the closed lane", "/routing/rules/"+string(f.ruleHidden)+"/"+do, url.Values{})
	}
	owner := string(f.column("owner").acc.ID)
	add("GET /team/reporters", "", "/team/reporters", nil)
	add("POST /team/reporters/mute", "", "/team/reporters/mute", url.Values{"account": {owner}, "days": {"7"}, "reason": {"None of it was true."}})
	add("POST /team/reporters/mute", "no reason", "/team/reporters/mute", url.Values{"account": {owner}, "days": {"7"}})
	add("POST /team/reporters/unmute", "", "/team/reporters/unmute", url.Values{"account": {owner}})
}

// TestSpentBudget goes the way of a budget through the pages: what is watched is counted, the bytes stop with words that say what can still
// be done, and a lead gives more time.
func TestSpentBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	r := host.file(reportFields("threat", "Walt Wild", host.upload("clip.webm", []byte("a clip"))), ada)
	w.prepare(r, false)
	acc := w.person("Rob Reviewer", account.Reviewer)
	rev, lead := w.signIn(acc), w.signIn(w.person("Lea Lead", account.Lead))
	clip := "/exhibits/" + string(r.Exhibits[0])
	if a := rev.get(clip + "/original"); a.status != 200 {
		t.Fatalf("the clip answers %d", a.status)
	}
	watch := func(length time.Duration) triage.Watch { return triage.Watch{Session: "s", To: length} }
	must(t, w.desk.LogWatch(t.Context(), w.actor(acc), r.Exhibits[0], []triage.Watch{watch(16 * time.Minute)}))
	if body := rev.get("/cases/" + string(r.Case)).body; !strings.Contains(body, "are left in your shift") || !strings.Contains(body, `data-soft="stills blur grey mute"`) {
		t.Error("the case's page does not say that little is left, or what is softened")
	}
	must(t, w.desk.LogWatch(t.Context(), w.actor(acc), r.Exhibits[0], []triage.Watch{watch(4 * time.Minute)}))
	if a := rev.get(clip + "/original"); a.status != 403 || !strings.Contains(a.body, "ask a lead for more time") {
		t.Errorf("with the budget spent the clip answers %d %s", a.status, a.body)
	}
	if a := rev.get("/me/reviewing"); !strings.Contains(a.body, "20 of 20 min") {
		t.Error("the shift does not say what was spent")
	}
	give := url.Values{"account": {string(acc.ID)}, "group": {"urgent"}, "hours": {"2"}, "reason": {"short"}}
	if a := lead.post("/team/budgets", give); a.status != 422 || !strings.Contains(a.body, "the log keeps it") || !strings.Contains(a.body, ">short</textarea>") {
		t.Errorf("too short a reason answers %d, or is lost", a.status)
	}
	give.Set("reason", "A raid goes on, and nobody else is here.")
	if a := lead.post("/team/budgets", give); a.status != 303 {
		t.Fatalf("lifting the budget answers %d", a.status)
	}
	if a := lead.get("/team"); !strings.Contains(a.body, "A raid goes on") {
		t.Error("the lifted budget is not listed")
	}
	if a := rev.get(clip + "/original"); a.status != 200 {
		t.Errorf("with the budget lifted the clip answers %d", a.status)
	}
}

func TestReviewingDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rev := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	if body := rev.get("/me/reviewing").body; strings.Contains(body, "csam") || !strings.Contains(body, `name="blur" value="on" checked`) {
		t.Error("the page names a policy of the closed lane, or does not blur by default")
	}
	if a := rev.post("/me/reviewing", url.Values{"optout": {"csam"}}); a.status != 422 {
		t.Errorf("opting out of what one may not know of answers %d", a.status)
	}
	if a := rev.post("/me/reviewing", url.Values{"grey": {"on"}, "small": {"on"}, "optout": {"hate", "nudity"}}); a.status != 303 {
		t.Fatalf("saving answers %d", a.status)
	}
	body := rev.get("/me/reviewing").body
	for _, want := range []string{`name="small" value="on" checked`, `value="hate" checked`, `name="blur" value="on">`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
