package handlers

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// issuer is a small OpenID Connect provider: discovery, keys, and a token endpoint that checks code, secret and PKCE.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey

	mu        sync.Mutex
	challenge map[string]string // S256 of the verifier, by code; guarded by mu
	nonce     map[string]string // by code
	claims    map[string]any    // of the next token, over the usual ones; guarded by mu
	forge     bool              // sign with another key
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	i := &issuer{t: t, key: key, challenge: map[string]string{}, nonce: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": i.server.URL, "authorization_endpoint": i.server.URL + "/authorize", "token_endpoint": i.server.URL + "/token",
			"jwks_uri": i.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		e := big.NewInt(int64(key.E)).Bytes()
		json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": rawURL.EncodeToString(key.N.Bytes()), "e": rawURL.EncodeToString(e)}}})
	})
	mux.HandleFunc("POST /token", i.token)
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

// authorize is what the provider's own page does once somebody has signed in there.
func (i *issuer) authorize(address string) (callback string) {
	i.t.Helper()
	u, err := url.Parse(address)
	must(i.t, err)
	q := u.Query()
	if q.Get("client_id") != "proffer" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != "http://proffer.example"+oidc.CallbackPath {
		i.t.Errorf("the provider is asked %s", address)
	}
	code := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.challenge[code], i.nonce[code] = q.Get("code_challenge"), q.Get("nonce")
	return oidc.CallbackPath + "?" + url.Values{"state": {q.Get("state")}, "code": {code}}.Encode()
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	code := r.FormValue("code")
	if id != "proffer" || secret != "hush" || i.challenge[code] == "" || i.challenge[code] != rawURL.EncodeToString(sum[:]) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	delete(i.challenge, code)
	claims := map[string]any{"iss": i.server.URL, "aud": "proffer", "sub": "42", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": i.nonce[code],
		"email": "Ines.Idp@example.org", "email_verified": true, "name": "Ines Idp", "groups": []string{"ts-reviewers", "everyone"}}
	for k, v := range i.claims {
		claims[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": i.sign(claims)})
}

func (i *issuer) sign(claims map[string]any) string {
	b, err := json.Marshal(claims)
	must(i.t, err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
	sum := sha256.Sum256([]byte(text))
	key := i.key
	if i.forge {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
		must(i.t, err)
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	must(i.t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// says changes what the provider says of the next who signs in.
func (i *issuer) says(claims map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claims = claims
}

// provided is a world whose staff sign in with an issuer.
func provided(t *testing.T) (*world, *issuer) {
	t.Helper()
	w, i := newWorld(t), newIssuer(t)
	c := w.config
	c.Demo, c.StaffPasskeys = false, true
	var err error
	c.OIDC, err = oidc.New(oidc.Config{Issuer: i.server.URL, ID: "proffer", Secret: "hush", Claim: "groups", Roles: "ts-reviewers=reviewer, ts-leads=lead+reviewer, cs=child-safety"}, w.config.URL)
	must(t, err)
	w.config = c
	w.server = w.serve(c)
	return w, i
}

// begin goes to the provider and signs in there; what comes back is the address that the provider sends the browser to.
func (b *browser) begin(i *issuer) (callback string) {
	b.w.t.Helper()
	a := b.get("/sign-in/oidc")
	if c := a.cookie("proffer"); a.status != 303 || c == nil {
		b.w.t.Fatalf("beginning answered %d %s", a.status, a.body)
	} else {
		b.cookie = "proffer=" + c.Value
	}
	return i.authorize(a.header.Get("Location"))
}

func (b *browser) arrive(callback string) answer {
	b.w.t.Helper()
	a := b.get(callback)
	if c := a.cookie("proffer"); c != nil {
		b.cookie = "proffer=" + c.Value
	}
	return a
}

func TestProviderSignsIn(t *testing.T) {
	t.Parallel()
	w, i := provided(t)
	if a := w.stranger().get("/sign-in"); !strings.Contains(a.body, `href="/sign-in/oidc"`) {
		t.Error("the sign-in does not lead to the provider")
	}
	b := w.stranger()
	callback := b.begin(i)
	if a := b.arrive(callback); a.status != 303 || a.header.Get("Location") != "/" {
		t.Fatalf("arriving answered %d %s", a.status, a.body)
	}
	if a := b.get("/queue"); a.status != 200 {
		t.Errorf("a reviewer's queue answers %d", a.status)
	}
	if a := b.arrive(callback); a.status != 403 {
		t.Errorf("the same answer once more: %d", a.status)
	}
	var acc account.Account
	must(t, w.store.View(t.Context(), func(tx triage.Tx) (err error) {
		acc, err = tx.AccountByEmail(t.Context(), "ines.idp@example.org")
		return err
	}))
	roles := func() account.Roles {
		must(t, w.store.View(t.Context(), func(tx triage.Tx) (err error) { acc, err = tx.Account(t.Context(), acc.ID); return err }))
		return acc.Roles
	}
	if got := roles(); !slices.Equal(got, account.Roles{account.Reviewer}) || acc.Name != "Ines Idp" {
		t.Errorf("the account is %+v", acc)
	}
	i.says(map[string]any{"groups": []string{"ts-leads"}, "email": "ines.new@example.org"}) // a new name, the same person
	if a := b.arrive(b.begin(i)); a.status != 303 {
		t.Errorf("the second time: %d", a.status)
	}
	if got := roles(); !slices.Equal(got, account.Roles{account.Reviewer, account.Lead}) {
		t.Errorf("the roles do not follow: %v", got)
	}
	i.says(map[string]any{"groups": "cs"})
	if a := b.arrive(b.begin(i)); a.status != 303 || !slices.Equal(roles(), account.Roles{account.ChildSafety}) {
		t.Errorf("a group in one text: %d, %v", a.status, acc.Roles)
	}
	i.says(map[string]any{"groups": []string{"everyone"}})
	stale := *b
	if a := b.arrive(b.begin(i)); a.status != 403 || !strings.Contains(a.body, "gives you a role here") || len(roles()) != 0 {
		t.Errorf("without a group: %d, %v", a.status, acc.Roles)
	}
	if a := stale.get("/queue"); a.status == 200 {
		t.Error("a session from before is still good")
	}
	if es := w.eventsOf("account/" + string(acc.ID)); !contains(es, "role.changed") || !contains(es, "identity.linked") || !contains(es, "session.started") {
		t.Errorf("the log has %q", es)
	}
}

func TestProviderRefused(t *testing.T) {
	t.Parallel()
	w, i := provided(t)
	for name, claims := range map[string]map[string]any{
		"wrong nonce":       {"nonce": "another"},
		"no nonce":          {"nonce": ""},
		"wrong audience":    {"aud": "somebody-else"},
		"wrong issuer":      {"iss": "https://evil.example"},
		"expired":           {"exp": time.Now().Add(-time.Minute).Unix()},
		"unknown groups":    {"groups": []string{"everyone", "TS-REVIEWERS", "ts-reviewers,ts-leads"}},
		"no groups":         {"groups": nil},
		"groups of numbers": {"groups": []any{1, true}},
		"unverified mail":   {"email_verified": false},
		"verified by text":  {"email_verified": "true"},
	} {
		i.says(claims)
		b := w.stranger()
		if a := b.arrive(b.begin(i)); a.status != 403 || !strings.Contains(a.body, "sign-in provider") {
			t.Errorf("%s: %d", name, a.status)
		}
		if a := b.get("/me"); a.status != 303 {
			t.Errorf("%s: signed in", name)
		}
	}
	i.says(nil)
	b := w.stranger()
	callback := b.begin(i)
	if a := w.stranger().arrive(callback); a.status != 403 {
		t.Errorf("in another browser: %d", a.status)
	}
	if a := b.arrive(strings.Replace(callback, "state=", "state=x", 1)); a.status != 403 {
		t.Errorf("with another state: %d", a.status)
	}
	if a := b.arrive(oidc.CallbackPath + "?error=access_denied"); a.status != 403 {
		t.Errorf("refused there: %d", a.status)
	}
	one, two := w.stranger(), w.stranger()
	first := one.begin(i)
	second := two.begin(i)
	code := func(s string) string { u, _ := url.Parse(s); return u.Query().Get("code") }
	if a := two.arrive(strings.Replace(second, code(second), code(first), 1)); a.status != 403 { // PKCE
		t.Errorf("with somebody else's code: %d", a.status)
	}
	i.forge = true
	if a := b.arrive(b.begin(i)); a.status != 403 {
		t.Errorf("signed by another key: %d", a.status)
	}
	i.server.Close()
	if a := b.arrive(oidc.CallbackPath + "?state=x&code=y"); a.status != 403 {
		t.Errorf("an answer to nothing: %d", a.status)
	}
	c := w.config
	var err error
	c.OIDC, err = oidc.New(oidc.Config{Issuer: i.server.URL, ID: "proffer", Secret: "hush", Claim: "groups", Roles: "a=lead"}, c.URL)
	must(t, err)
	w.server = w.serve(c)
	if a := w.stranger().get("/sign-in/oidc"); a.status != 503 || !strings.Contains(a.body, "does not answer") {
		t.Errorf("a provider that is away: %d", a.status)
	}
}

func TestRolesOfClaims(t *testing.T) {
	got, err := oidc.ParseRoles(" a=b=lead+reviewer,c=child-safety ,")
	if err != nil || len(got) != 2 || !slices.Equal(got["a=b"], account.Roles{account.Lead, account.Reviewer}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"lead", "=lead", "a=", "a=boss", "a=lead,a=reviewer", "*"} {
		if _, err := oidc.ParseRoles(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
