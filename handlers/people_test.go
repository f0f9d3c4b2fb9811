package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (f *fixture) peopleProbes(add adder) {
	change := url.Values{"role": {"reviewer", "lead"}, "why": {"She leads the evening shift now."}}
	for _, label := range []string{"owner", "administrator", "nobody"} {
		at := "/people/A-00000-00000"
		if label != "nobody" {
			at = "/people/" + string(f.column(label).acc.ID)
		}
		add("GET /people/{id}", label, at, nil)
		add("POST /people/{id}/roles/ask", label, at+"/roles/ask", change)
		add("POST /people/{id}/roles", label, at+"/roles", change)
		add("POST /people/{id}/roles", label+", "+unsigned, at+"/roles", change)
	}
	add("GET /people", "search", "/people?q=ada", nil)
	add("POST /me/recovery", "", "/me/recovery", reasons)
	add("POST /me/recovery", "empty", "/me/recovery", url.Values{})
	for _, label := range []string{"open", "no such"} {
		at := "/people/recoveries/B-00000-00000"
		if label == "open" {
			at = "/people/recoveries/" + f.lost
		}
		add("GET /people/recoveries/{id}", label, at, nil)
		add("POST /people/recoveries/{id}/ask", label, at+"/ask", url.Values{})
		add("POST /people/recoveries/{id}/approve", label, at+"/approve", url.Values{})
		add("POST /people/recoveries/{id}/approve", label+", "+unsigned, at+"/approve", url.Values{})
		add("POST /people/recoveries/{id}/refuse", label, at+"/refuse", reasons)
	}
}

// TestRolesAreChanged has an administrator give and take roles: signed, with a reason, never their own, and never those of the last administrator.
func TestRolesAreChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ari, rui := w.person("Ari Administrator", account.Administrator), w.person("Rui Reviewer", account.Reviewer)
	b, r := w.signIn(ari), w.signIn(rui)
	at := "/people/" + string(rui.ID)
	if a := b.get("/people?q=rui"); a.status != 200 || !strings.Contains(a.body, at) {
		t.Errorf("the search does not find them: %d", a.status)
	}
	change := url.Values{"role": {"reviewer", "lead"}, "why": {"He leads the evening shift now."}}
	if a := b.post(at+"/roles", change); a.status != 422 || !strings.Contains(a.body, "needs your passkey") || !strings.Contains(a.body, "evening shift") {
		t.Errorf("without a passkey: %d", a.status)
	}
	if a := b.post(at+"/roles", url.Values{"role": {"lead"}, "why": {"so"}}); a.status != 422 || !strings.Contains(a.body, "Say in 10 to") {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := b.signed(at+"/roles", change); a.status != 303 {
		t.Fatalf("signed: %d %s", a.status, a.body)
	}
	if a := r.get("/packages"); a.status != 200 {
		t.Errorf("the new lead's next click: %d", a.status)
	}
	if es := w.eventsOf("account/" + string(rui.ID)); !contains(es, "role.changed") {
		t.Errorf("the log has %q", es)
	}
	if a := b.signed(at+"/roles", url.Values{"why": {"He left the team today."}}); a.status != 303 {
		t.Errorf("withdrawing all: %d", a.status)
	}
	if a := r.get("/queue"); a.status != 403 {
		t.Errorf("without a role the queue answers %d", a.status)
	}
	if a := b.post("/people/"+string(ari.ID)+"/roles", change); a.status != 403 || !strings.Contains(a.body, "ask another administrator") {
		t.Errorf("one's own roles: %d", a.status)
	}
	other := w.person("Oda Administrator", account.Administrator)
	if a := b.signed("/people/"+string(other.ID)+"/roles", url.Values{"role": {"auditor"}, "why": {"She audits from now on."}}); a.status != 303 {
		t.Errorf("another administrator's: %d", a.status)
	}
	alone := w.actor(w.person("Ole Administrator", account.Administrator))
	must(t, w.store.Update(t.Context(), func(tx triage.Tx) error { return tx.SetClosed(t.Context(), alone.Account, true) }))
	if _, err := w.desk.AskRoles(t.Context(), alone, triage.NewRoles{Account: ari.ID, Roles: account.Roles{account.Lead}, Why: "He is the last one there is."}); triage.KindOf(err) != triage.Invalid {
		t.Errorf("the last administrator: %v", err)
	}
}

// TestRecovery follows somebody whose passkeys are lost: only two other administrators, each with their own passkey, let them start anew.
func TestRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config
	c.Demo, c.StaffPasskeys = false, true
	w.server = w.serve(c)
	lena := w.person("Lena Lead", account.Lead, account.Administrator)
	first, second := w.keyed(w.person("Ari One", account.Administrator)), w.keyed(w.person("Bo Two", account.Administrator))
	lost := w.signIn(lena)
	if a := lost.post("/me/recovery", reasons); a.status != 409 {
		t.Errorf("with nothing to recover: %d", a.status)
	}
	old, _ := lost.newKey("Telephone", nil)
	b := w.signIn(lena) // by a link: the telephone is lost
	if a := b.post("/me/recovery", url.Values{"words": {"lost"}}); a.status != 422 {
		t.Errorf("without words: %d", a.status)
	}
	if a := b.post("/me/recovery", reasons); a.status != 303 {
		t.Fatalf("asking: %d %s", a.status, a.body)
	}
	if a := b.post("/me/recovery", reasons); a.status != 409 {
		t.Errorf("asking twice: %d", a.status)
	}
	at := "/people/recoveries/" + between(first.get("/people").body, "/people/recoveries/", `"`)
	if a := first.post(at+"/approve", nil); a.status != 422 {
		t.Errorf("agreeing without a passkey: %d", a.status)
	}
	if a := first.signed(at+"/approve", nil); a.status != 303 {
		t.Fatalf("the first: %d %s", a.status, a.body)
	}
	if a := first.post(at+"/ask", nil); a.status != 403 || !strings.Contains(a.body, "another administrator") {
		t.Errorf("the first once more: %d %s", a.status, a.body)
	}
	if a := lost.post(at+"/ask", nil); a.status != 403 || !strings.Contains(a.body, "for themselves") {
		t.Errorf("the person, who is an administrator: %d %s", a.status, a.body)
	}
	if a := w.stranger().enter(old); a.status != 200 {
		t.Errorf("after one agreement the old passkey answers %d", a.status)
	}
	if a := second.signed(at+"/approve", nil); a.status != 303 {
		t.Fatalf("the second: %d %s", a.status, a.body)
	}
	if a := w.stranger().enter(old); a.status != 422 {
		t.Errorf("after both the old passkey answers %d", a.status)
	}
	if a := lost.get("/me"); a.status != 303 {
		t.Errorf("an old session answers %d", a.status)
	}
	if a := second.post(at+"/refuse", reasons); a.status != 409 {
		t.Errorf("refusing what is granted: %d", a.status)
	}
	var link string
	must(t, w.store.View(t.Context(), func(tx triage.Tx) error {
		ms, err := tx.MessagesTo(t.Context(), lena.ID, 1)
		link = linkIn(ms[0].Body, w.desk.URL)
		return err
	}))
	again := w.stranger()
	again.cookie = "proffer=" + again.post(link, nil).cookie("proffer").Value
	if _, a := again.newKey("New telephone", nil); a.status != 201 {
		t.Errorf("the new passkey: %d %s", a.status, a.body)
	}
	if a := again.get("/queue"); a.status != 200 {
		t.Errorf("back at work: %d", a.status)
	}
	es := w.eventsOf("account/" + string(lena.ID))
	for _, want := range []string{"recovery.asked", "recovery.agreed", "passkey.removed", "passkey.added"} {
		if !contains(es, want) {
			t.Errorf("the log has %q, and not %s", es, want)
		}
	}
}

// keyed is a browser that somebody opened with a passkey of theirs.
func (w *world) keyed(acc account.Account) *browser {
	w.t.Helper()
	b := w.signIn(acc)
	key, a := b.newKey("In this test", nil)
	if a.status != 201 {
		w.t.Fatalf("making a passkey answered %d %s", a.status, a.body)
	}
	b.key = key
	return b
}
