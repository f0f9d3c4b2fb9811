package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/web"
)

// token makes one on the account's page, as its owner does.
func (b *browser) token(scopes ...account.Scope) string {
	b.w.t.Helper()
	form := url.Values{"name": {"Telephone"}, "days": {"90"}}
	for _, s := range scopes {
		form.Add("scope", string(s))
	}
	a := b.post("/me/tokens", form)
	secret := regexp.MustCompile(`pf_[A-Za-z0-9_-]{43}`).FindString(a.body)
	if a.status != http.StatusCreated || secret == "" {
		b.w.t.Fatalf("making a token is answered %d %s", a.status, a.body)
	}
	return secret
}

// with is a client with a token, and with a cookie where there is one.
func (p probe) with(token string) probe {
	h := map[string]string{"Authorization": "Bearer " + token}
	for k, v := range p.header {
		h[k] = v
	}
	p.header = h
	return p
}

// TestTokensOpenTheirScopes tries every route with a token of every single scope: those that ask for it answer as they answer its owner's browser, the
// other ones of clients refuse, and pages take no notice of a token.
func TestTokensOpenTheirScopes(t *testing.T) {
	f := newFixture(t)
	owner := f.column("owner")
	c := f.config
	c.Addr = "127.0.0.1:8080"
	s, err := newServer(c)
	must(t, err)
	scopes := map[string]account.Scope{}
	for _, rt := range s.routes() {
		scopes[rt.Method+" "+rt.Pattern] = rt.Scope
	}
	b := f.signIn(owner.acc)
	tokens := map[account.Scope]string{"": "pf_" + strings.Repeat("A", 43)}
	for _, scope := range account.AllScopes {
		tokens[scope] = b.token(scope)
	}
	stranger, opened := f.column("anonymous"), 0
	for _, p := range f.probes() {
		path, ofClients := p.path, strings.HasPrefix(p.path, "/api/v1/") || strings.HasPrefix(p.path, "/uploads/")
		needs := scopes[p.route]
		if ofClients == (needs == "") {
			t.Errorf("%s asks for the scope %q", p.route, needs)
		}
		if p.path == "" || !ofClients && !strings.HasPrefix(p.route, "GET ") {
			continue
		}
		for scope, token := range tokens {
			got := f.try(p.with(token), stranger)
			want := f.try(p, stranger).status
			switch {
			case ofClients && scope == "":
				want = 401
			case ofClients && (needs == scope || needs == anyScope):
				if want = f.try(p, owner).status; p.route == "PATCH /uploads/{id}" || p.route == "DELETE /uploads/{id}" {
					want = http.StatusNoContent // the owner's second try meets what the first one did
				}
				opened++
			case ofClients:
				want = 403
			}
			if got.status != want {
				t.Errorf("%s %s with a token for %q is answered %d, not %d: %s", p.route, path, scope, got.status, want, got.body)
			}
			if refused := got.status == 401 || got.status == 403 && needs != scope; ofClients && refused && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer error=") {
				t.Errorf("%s %s does not say what is wrong with the token: %v", p.route, path, got.header)
			}
		}
	}
	if opened < 8 {
		t.Errorf("only %d requests were let in", opened)
	}
}

// TestTokenAndCookie sends both: the token counts, be it good or not, and no page of another site profits.
func TestTokenAndCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, eve := w.person("Ada Owner"), w.person("Eve Other")
	host, other := w.signIn(ada), w.signIn(eve)
	r := host.file(reportFields("hate", "Gus"), ada)
	at := "/api/v1/reports/" + string(r.ID)
	token := host.token(account.ReportsRead)
	send := func(b *browser, header map[string]string) int { return b.send("GET", at, header, nil).status }
	for _, c := range []struct {
		what   string
		b      *browser
		header map[string]string
		status int
	}{
		{"the owner's token with another's cookie", other, map[string]string{"Authorization": "Bearer " + token}, 200},
		{"a token in another case", w.stranger(), map[string]string{"Authorization": "bearer " + token}, 200},
		{"a token from another site's page", w.stranger(), map[string]string{"Authorization": "Bearer " + token, "Sec-Fetch-Site": "cross-site", "Origin": "https://meet.example"}, 200},
		{"another's cookie alone", other, nil, 404},
		{"the owner's cookie with a wrong token", host, map[string]string{"Authorization": "Bearer pf_wrong"}, 401},
		{"the owner's cookie with an empty token", host, map[string]string{"Authorization": "Bearer"}, 401},
		{"the owner's cookie from another site's page", host, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"the owner's cookie from another site's page with another scheme", host, map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Basic YTph"}, 403},
	} {
		if got := send(c.b, c.header); got != c.status {
			t.Errorf("%s is answered %d, not %d", c.what, got, c.status)
		}
	}
	cross := map[string]string{"Content-Type": "application/json", "Origin": "https://meet.example", "Sec-Fetch-Site": "cross-site"}
	if a := host.send("POST", "/api/v1/reports", cross, strings.NewReader("{}")); a.status != 403 {
		t.Errorf("a cookie from another site is answered %d", a.status)
	}
	if a := host.send("GET", "/me", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer " + token}, nil); a.status != 403 {
		t.Errorf("a page with a token from another site is answered %d", a.status)
	}
}

// TestTokensEnd holds that revoked and old tokens, and those of people who may not sign in, do nothing.
func TestTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, eve := w.person("Ada Owner"), w.person("Eve Other")
	host, other := w.signIn(ada), w.signIn(eve)
	r := host.file(reportFields("hate", "Gus"), ada)
	get := func(token string) int {
		return w.stranger().send("GET", "/api/v1/reports/"+string(r.ID), map[string]string{"Authorization": "Bearer " + token}, nil).status
	}
	first, second := host.token(account.ReportsRead), host.token(account.ReportsRead)
	mine, err := w.desk.MyTokens(t.Context(), w.actor(ada))
	must(t, err)
	if get(first) != 200 || get(second) != 200 || len(mine) != 2 || strings.Contains(host.get("/me").body, first) {
		t.Fatalf("tokens do not work, or are shown again: %+v", mine)
	}
	if used, err := w.desk.MyTokens(t.Context(), w.actor(ada)); err != nil || used[0].Used.IsZero() || !strings.Contains(host.get("/me").body, "last used") {
		t.Errorf("their use is not noted: %+v, %v", used, err)
	}
	if a := other.post("/me/tokens/"+mine[0].ID+"/revoke", nil); a.status != 404 {
		t.Errorf("another's token is revoked: %d", a.status)
	}
	if a := host.post("/me/tokens/"+mine[0].ID+"/revoke", nil); a.status != 303 || get(second) != 401 || get(first) != 200 {
		t.Errorf("revoking is answered %d, and then the tokens %d and %d", a.status, get(second), get(first))
	}
	must(t, w.store.Update(t.Context(), func(tx triage.Tx) error {
		es, err := tx.Unsequenced(t.Context(), 1000)
		var acts []custody.Act
		for _, e := range es {
			if e.Subject == "account/"+string(ada.ID) && e.Detail["token"] != "" {
				acts = append(acts, e.Act)
			}
		}
		if err != nil || !slices.Equal(acts, []custody.Act{custody.TokenMade, custody.TokenMade, custody.TokenRevoked}) {
			t.Errorf("the custody log has %v, %v", acts, err)
		}
		return nil
	}))
	against := reportFields("hate", "Ada Owner")
	against.Set(web.FieldPersonIdentifier, ada.Email)
	case2 := other.file(against, eve)
	w.prepare(case2, false)
	rui := w.actor(w.person("Rui Reviewer", account.Reviewer))
	_, err = w.desk.Claim(t.Context(), rui, case2.Case)
	must(t, err)
	_, err = w.signing.Decide(t.Context(), rui, case2.Case, []triage.Finding{{Person: case2.People[0].ID, Policy: case2.Policy, Severity: triage.SeverityLow,
		Action: triage.ActSuspend, Days: 1, Reasons: "For a day."}})
	must(t, err)
	if got := get(first); got != 403 {
		t.Errorf("the token of a suspended account is answered %d", got)
	}
	w.advance(25 * time.Hour)
	if got := get(first); got != 200 {
		t.Errorf("after the suspension it is answered %d", got)
	}
	w.advance(91 * 24 * time.Hour)
	if got := get(first); got != 401 {
		t.Errorf("an old token is answered %d", got)
	}
}

func TestTokensRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := w.signIn(w.person("Ada Owner"))
	good := url.Values{"name": {"Telephone"}, "scope": {"uploads"}, "days": {"90"}}
	for field, bad := range map[string]string{"name": "", "scope": "everything", "days": "366"} {
		v := url.Values{"name": good["name"], "scope": good["scope"], "days": good["days"]}
		v.Set(field, bad)
		if a := host.post("/me/tokens", v); a.status != 422 || strings.Contains(a.body, "pf_") {
			t.Errorf("a token with the %s %q is answered %d", field, bad, a.status)
		}
	}
	for range 20 {
		host.token(account.Uploads)
	}
	if a := host.post("/me/tokens", good); a.status != 422 {
		t.Errorf("the 21st token is answered %d", a.status)
	}
}
