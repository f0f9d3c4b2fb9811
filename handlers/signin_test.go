package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func TestSignInRenewsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	planted := &browser{w: w, base: w.server.URL, cookie: "proffer=aPlantedTokenThatSomebodyElseKnows000000000"}
	a := planted.post(w.link(ada), nil)
	first := a.cookie("proffer")
	if a.status != 303 || first == nil || strings.Contains(planted.cookie, first.Value) {
		t.Fatalf("signing in with a planted token answered %d and the cookie %v", a.status, first)
	}
	if !first.HttpOnly || first.SameSite != http.SameSiteLaxMode || first.Path != "/" || first.Secure {
		t.Errorf("the cookie is %v", first)
	}
	if a := planted.get("/me"); a.status != 303 {
		t.Errorf("the planted token answers %d", a.status)
	}
	b := &browser{w: w, base: w.server.URL, cookie: "proffer=" + first.Value}
	second := b.post(w.link(ada), nil).cookie("proffer")
	if second == nil || second.Value == first.Value {
		t.Fatal("signing in again kept the token")
	}
	if a := b.get("/me"); a.status != 303 {
		t.Errorf("the token from before the second sign-in still answers %d", a.status)
	}
	switched := (&browser{w: w, base: w.server.URL, cookie: "proffer=" + second.Value})
	c := w.config
	c.People = []account.Account{ada}
	switched.base = w.serve(c).URL
	if third := switched.post("/demo/switch", url.Values{"account": {string(ada.ID)}}).cookie("proffer"); third == nil || third.Value == second.Value {
		t.Error("switching kept the token")
	}
}

func TestLinksWorkOnceAndScannersDoNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link(w.person("Ada Owner"))
	b := w.stranger()
	for range 3 {
		if a := b.get(link); a.status != 200 || a.cookie("proffer") != nil {
			t.Fatalf("looking at the link answered %d %v", a.status, a.header)
		}
	}
	if a := b.post(link, nil); a.status != 303 {
		t.Fatalf("using the link answered %d", a.status)
	}
	if a := b.post(link, nil); a.status != 404 || !strings.Contains(a.body, "used already") {
		t.Errorf("using the link again answered %d", a.status)
	}
	if log := w.log.String(); strings.Contains(log, strings.TrimPrefix(link, "/sign-in/")) || !strings.Contains(log, "/sign-in/…") {
		t.Error("the log holds a sign-in token, or no sign-in at all")
	}
}

func TestDemonstrationLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	w.desk.Demo = true
	good, kept := w.link(ada), w.link(ada)
	if a := w.stranger().get(good); a.status != 200 || !strings.Contains(a.body, good) {
		t.Errorf("looking at a demonstration's link answers %d", a.status)
	}
	if a := w.stranger().post(good, nil); a.status != 303 {
		t.Errorf("using a demonstration's link answers %d", a.status)
	}
	w.desk.Demo = false
	if a := w.stranger().post(kept, nil); a.status != 404 || !strings.Contains(a.body, "not in demonstration mode") || a.cookie("proffer") != nil {
		t.Errorf("outside demonstration mode it answers %d", a.status)
	}
	for _, token := range []string{"short", strings.Repeat("a", 101), "..%2f..%2f..%2f..%2f..%2fetc", "aaaaaaaaaaaaaaaaaaaaaaaa%22%3e"} {
		if a := w.stranger().get("/sign-in/" + token); a.status != 404 {
			t.Errorf("the token %q is answered %d", token, a.status)
		}
	}
}

// TestKnownAndUnknownAddresses asks for links: nothing that comes back says whether the address is known. What the request
// does is the same too, as triage's own test holds.
func TestKnownAndUnknownAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.person("Ada Owner").Email
	unknown := strings.Replace(known, "ada", "eva", 1)
	ask := func(email string) string {
		return strings.ReplaceAll(same(w.stranger().post("/sign-in", url.Values{"email": {email}})), email, "…")
	}
	want := ask(known)
	for range 6 { // more than an account may ask for
		if got := ask(known); got != want {
			t.Errorf("a known address is answered\n%s\nthen\n%s", want, got)
		}
	}
	if got := ask(unknown); got != want || !strings.HasPrefix(got, "200") {
		t.Errorf("an unknown address is answered\n%s\na known one\n%s", got, want)
	}
}

func TestReturnPaths(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "https://evil.example/", "//evil.example/", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/ /evil",
		"javascript:alert(1)", "/%0d%0aSet-Cookie:x=y\r\n", "evil", "/sign-in/abc", "/%5cevil.example", "/\u00a0/x", "/%2f/evil.example/"} {
		if got := safeReturn(bad); got != "" {
			t.Errorf("safeReturn(%q) = %q", bad, got)
		}
	}
	for _, good := range []string{"/", "/cases/C-AAAAA-BBBBB", "/queue?tab=mine&q=a%20b", "/log?from=1"} {
		if got := safeReturn(good); got != good {
			t.Errorf("safeReturn(%q) = %q", good, got)
		}
	}
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b := w.stranger()
	a := b.get("/reports?x=1")
	if want := "/sign-in?return=%2Freports%3Fx%3D1"; a.status != 303 || a.header.Get("Location") != want {
		t.Fatalf("a stranger is sent to %q (%d)", a.header.Get("Location"), a.status)
	}
	for to, want := range map[string]string{a.header.Get("Location"): "/reports?x=1", "/sign-in?return=//evil.example": "/",
		"/sign-in?return=https://evil.example": "/"} {
		b := w.stranger()
		if c := b.get(to).cookie(returnCookie); c != nil {
			b.cookie = returnCookie + "=" + c.Value
		}
		if got := b.post(w.link(ada), nil).header.Get("Location"); got != want {
			t.Errorf("after %s one comes to %q", to, got)
		}
	}
	forged := w.stranger()
	forged.cookie = returnCookie + "=//evil.example/"
	if got := forged.post(w.link(ada), nil).header.Get("Location"); got != "/" {
		t.Errorf("a forged cookie leads to %q", got)
	}
}

func TestStrangersByKindOfRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.stranger()
	if a := b.send("GET", "/queue", map[string]string{"HX-Request": "true"}, nil); a.status != 401 || !strings.HasPrefix(a.header.Get("HX-Redirect"), "/sign-in") {
		t.Errorf("htmx is answered %d %v", a.status, a.header)
	}
	if a := b.send("POST", "/cases/C-AAAAA-AAAAA/renew", nil, nil); a.status != 401 || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("a script is answered %d %v", a.status, a.header)
	}
	if a := b.get("/events"); a.status != 401 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the event stream is answered %d %v", a.status, a.header)
	}
	if a := b.get("/exhibits/X-AAAAA-AAAAA/original"); a.status != 401 {
		t.Errorf("evidence is answered %d", a.status)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	try := func(peer string) answer {
		return w.stranger().send("POST", "/sign-in", map[string]string{"X-Forwarded-For": peer, "Content-Type": "application/x-www-form-urlencoded"},
			strings.NewReader("email=nobody@example.org"))
	}
	last := answer{}
	for range 11 {
		last = try("192.0.2.7")
	}
	if last.status != 429 || last.header.Get("Retry-After") != "60" || !strings.Contains(last.body, "Wait a minute") {
		t.Errorf("the eleventh attempt answered %d %v", last.status, last.header)
	}
	if a := try("192.0.2.8"); a.status != 200 {
		t.Errorf("somebody else is answered %d", a.status)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, rob := w.person("Ada Owner"), w.person("Rob Reviewer", account.Reviewer)
	one, two := w.signIn(ada), w.signIn(ada)
	page := one.get("/me").body
	if strings.Count(page, "This browser") != 1 || !strings.Contains(page, "/end") {
		t.Fatal("the list of sessions does not show both, one of them as this one")
	}
	ss, err := w.desk.MySessions(t.Context(), w.actor(ada))
	must(t, err)
	staff := w.signIn(rob)
	for _, s := range ss {
		if a := staff.post("/me/sessions/"+s.ID+"/end", nil); a.status != 404 {
			t.Errorf("ending somebody else's session answered %d", a.status)
		}
	}
	if a := one.post("/me/sessions/end-others", nil); a.status != 303 {
		t.Fatalf("ending the others answered %d", a.status)
	}
	if one.get("/me").status != 200 || two.get("/me").status != 303 {
		t.Error("the wrong session was ended")
	}
	if a := one.post("/sign-out", nil); a.status != 303 || one.get("/me").status != 303 {
		t.Error("signing out does not")
	}
	host := w.signIn(ada)
	w.advance(13 * time.Hour)
	if staff.get("/queue").status != 303 {
		t.Error("staff who were away for 13 hours are still signed in")
	}
	if host.get("/reports").status != 200 {
		t.Error("a host who was away for 13 hours was signed out")
	}
}

func TestRolesAndBansActAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, rob := w.person("Ada Owner"), w.person("Rob Reviewer", account.Reviewer)
	b := w.signIn(rob)
	if b.get("/queue").status != 200 {
		t.Fatal("a reviewer cannot read the queue")
	}
	must(t, w.store.Update(t.Context(), func(tx triage.Tx) error { return tx.SetRoles(t.Context(), rob.ID, nil) }))
	if a := b.get("/queue"); a.status != 403 {
		t.Errorf("without the role the queue answers %d", a.status)
	}
	host := w.signIn(ada)
	form := reportFields("threat", "Bert Barred")
	bert := w.person("Bert Barred")
	form.Set("person_identifier[]", bert.Email)
	r := host.file(form, ada)
	barred := w.signIn(bert)
	first, second := w.actor(w.person("First", account.Reviewer)), w.actor(w.person("Second", account.Lead))
	_, err := w.desk.Claim(t.Context(), first, r.Case)
	must(t, err)
	d, err := w.signing.Decide(t.Context(), first, r.Case, []triage.Finding{{Person: r.People[0].ID, Policy: "threat", Severity: triage.SeverityHigh,
		Action: triage.ActBan, Reasons: "A threat that was meant."}})
	must(t, err)
	if barred.get("/reports").status != 200 {
		t.Error("a ban acts before the second person approved it")
	}
	link := w.link(bert)
	must(t, w.signing.Answer(t.Context(), second, r.Case, d.ID, true, ""))
	if a := barred.get("/reports"); a.status != 303 || a.header.Get("Location") != "/sign-in?return=%2Freports" {
		t.Errorf("a banned person is answered %d", a.status)
	}
	if a := w.stranger().post(link, nil); a.status != 403 || !strings.Contains(a.body, "banned") || a.cookie("proffer") != nil {
		t.Errorf("a banned person signing in is answered %d %v", a.status, a.header)
	}
}

func TestDemonstrationOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	c := w.config
	c.Demo, c.People = false, []account.Account{ada}
	b := w.signIn(ada)
	b.base = w.serve(c).URL
	if a := b.get("/outbox"); a.status != 404 {
		t.Errorf("the outbox answers %d", a.status)
	}
	if a := b.post("/demo/switch", url.Values{"account": {string(ada.ID)}}); a.status != 404 || a.cookie("proffer") != nil {
		t.Errorf("the switcher answers %d", a.status)
	}
	if a := b.get("/reports"); strings.Contains(a.body, "Demonstration") {
		t.Error("the banner is there")
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config
	c.URL = "https://proffer.example"
	b := &browser{w: w, base: w.serve(c).URL}
	a := b.post(w.link(w.person("Ada Owner")), nil)
	cookie := a.cookie("__Host-proffer")
	if cookie == nil || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("over TLS the cookie is %v", cookie)
	}
	if !strings.HasPrefix(a.header.Get("Strict-Transport-Security"), "max-age=") {
		t.Error("over TLS there is no Strict-Transport-Security")
	}
	if w.stranger().get("/sign-in").header.Get("Strict-Transport-Security") != "" {
		t.Error("there is a Strict-Transport-Security without TLS")
	}
	if a := b.send("POST", "/sign-out", map[string]string{"Origin": "https://proffer.example"}, nil); a.status != 303 {
		t.Errorf("the application's own origin is answered %d", a.status)
	}
}
