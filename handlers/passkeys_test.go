package handlers

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey/passkeytest"
)

// unsigned marks probes of what has to be signed that nobody signs.
const unsigned = "unsigned"

func (f *fixture) passkeyProbes(add adder) {
	add("GET /sign-in/oidc", "none", "/sign-in/oidc", nil)
	add("GET /sign-in/oidc/callback", "none", "/sign-in/oidc/callback?state=a&code=b", nil)
	add("POST /sign-in/passkey/ask", "", "/sign-in/passkey/ask", url.Values{})
	add("POST /sign-in/passkey", "empty", "/sign-in/passkey", url.Values{})
	add("POST /sign-in/passkey", "nonsense", "/sign-in/passkey", url.Values{"passkey": {"{}"}})
	add("POST /me/passkeys/ask", "", "/me/passkeys/ask", url.Values{})
	add("POST /me/passkeys", "empty", "/me/passkeys", url.Values{})
	add("POST /me/passkeys/{id}/remove", "somebody's", "/me/passkeys/K-00000-00000/remove", url.Values{})
}

// signedPath is where a probe's route asks for a signature, or "".
func signedPath(p probe) string {
	switch p.route {
	case "POST /packages", "POST /people/{id}/roles", "POST /cases/{id}/visits":
		return p.path + "/ask"
	case "POST /cases/{id}/decisions/{decision}/approve", "POST /packages/{id}/approve", "POST /visits/{id}/approve", "POST /people/recoveries/{id}/approve":
		return strings.TrimSuffix(p.path, "/approve") + "/ask"
	}
	return ""
}

// sign adds to a probe's form what the passkey of a column's actor signs of it, where the server lets them. Challenges are kept for good, so that
// the dry server finds them.
func (f *fixture) sign(p probe, c column) string {
	f.t.Helper()
	at := signedPath(p)
	if at == "" || c.acc.ID == "" || strings.Contains(p.label, unsigned) {
		return p.body
	}
	wet := &browser{w: f.world, base: f.server.URL, cookie: c.browser.cookie}
	answer := f.signature(wet, at, p.form, c.acc)
	if answer == "" {
		return p.body
	}
	v := url.Values{"passkey": {answer}}
	for k, x := range p.form {
		v[k] = x
	}
	return v.Encode()
}

// signature is what somebody's passkey signs of a form, or "" where nothing is asked for.
func (w *world) signature(b *browser, at string, form url.Values, of account.Account) string {
	w.t.Helper()
	key, err := w.signing.Key(w.t.Context(), of.ID)
	must(w.t, err)
	a := b.post(at, form)
	var asked struct{ Get *struct{ Challenge string } }
	if a.status != 200 || json.Unmarshal([]byte(a.body), &asked) != nil || asked.Get == nil {
		return ""
	}
	return string(key.Sign(fromBase64(w.t, asked.Get.Challenge)))
}

// signed posts a form with what the browser's passkey signs of it.
func (b *browser) signed(path string, form url.Values) answer {
	b.w.t.Helper()
	var asked struct{ Get *struct{ Challenge string } }
	at := strings.TrimSuffix(path, "/approve") + "/ask"
	a := b.post(at, form)
	if a.status != 200 || json.Unmarshal([]byte(a.body), &asked) != nil || asked.Get == nil {
		b.w.t.Fatalf("%s answered %d %s", at, a.status, a.body)
	}
	if b.key == nil {
		if b.key, a = b.newKey("In this test", nil); a.status != 201 {
			b.w.t.Fatalf("making a passkey answered %d %s", a.status, a.body)
		}
	}
	v := url.Values{"passkey": {string(b.key.Sign(fromBase64(b.w.t, asked.Get.Challenge)))}}
	for k, x := range form {
		v[k] = x
	}
	return b.post(path, v)
}

func fromBase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	must(t, err)
	return b
}

// newKey makes a passkey as the account's page does; confirm is a passkey that the account has already.
func (b *browser) newKey(name string, confirm *passkeytest.Authenticator) (*passkeytest.Authenticator, answer) {
	b.w.t.Helper()
	a := b.post("/me/passkeys/ask", nil)
	var asked struct {
		Create struct {
			Challenge string
			RP        struct{ ID string }
			User      struct{ ID string }
		}
		Confirm *struct{ Challenge string }
	}
	if a.status != 200 || json.Unmarshal([]byte(a.body), &asked) != nil {
		b.w.t.Fatalf("asking for a passkey answered %d %s", a.status, a.body)
	}
	key := passkeytest.New(b.w.config.URL, string(fromBase64(b.w.t, asked.Create.User.ID)))
	v := url.Values{"name": {name}, "passkey": {string(key.Register(fromBase64(b.w.t, asked.Create.Challenge)))}}
	if confirm != nil && asked.Confirm != nil {
		v.Set("confirm", string(confirm.Sign(fromBase64(b.w.t, asked.Confirm.Challenge))))
	}
	return key, b.post("/me/passkeys", v)
}

// enter signs in with a passkey.
func (b *browser) enter(key *passkeytest.Authenticator) answer {
	b.w.t.Helper()
	var asked struct{ Get struct{ Challenge string } }
	a := b.post("/sign-in/passkey/ask", nil)
	must(b.w.t, json.Unmarshal([]byte(a.body), &asked))
	a = b.post("/sign-in/passkey", url.Values{"passkey": {string(key.Sign(fromBase64(b.w.t, asked.Get.Challenge)))}})
	if c := a.cookie("proffer"); c != nil {
		b.cookie = "proffer=" + c.Value
	}
	return a
}

// TestStaffNeedAPasskey follows a member of staff from the first link on: without a passkey their roles count for nothing.
func TestStaffNeedAPasskey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config
	c.Demo, c.StaffPasskeys = false, true
	w.server = w.serve(c)
	rui := w.person("Rui Reviewer", account.Reviewer)
	host := w.signIn(w.person("Hana Host"))
	if a := host.get("/reports"); a.status != 200 {
		t.Errorf("a host without a passkey is answered %d", a.status)
	}
	b := w.signIn(rui)
	for path, want := range map[string]string{"/": "/me#passkeys", "/queue": "/me#passkeys"} {
		if a := b.get(path); a.status != 303 || a.header.Get("Location") != want {
			t.Errorf("GET %s without a passkey: %d to %q", path, a.status, a.header.Get("Location"))
		}
	}
	if a := b.post("/queue/next", url.Values{}); a.status != 403 || !strings.Contains(a.body, "passkey") {
		t.Errorf("taking a case without a passkey: %d", a.status)
	}
	if a := b.get("/me"); a.status != 200 || !strings.Contains(a.body, "Staff need a passkey") {
		t.Errorf("the account's page does not lead to one: %d", a.status)
	}
	first, a := b.newKey("Laptop", nil)
	if a.status != 201 {
		t.Fatalf("making a passkey: %d %s", a.status, a.body)
	}
	if a := b.get("/queue"); a.status != 200 {
		t.Errorf("with a passkey just made the queue answers %d", a.status)
	}

	thief := w.signIn(rui) // who reads rui's mail
	if a := thief.get("/queue"); a.status != 303 {
		t.Errorf("with a link alone the queue answers %d", a.status)
	}
	if _, a := thief.newKey("Mine", nil); a.status != 422 {
		t.Errorf("with a link alone a second passkey is made: %d %s", a.status, a.body)
	}
	if _, a := thief.newKey("Mine", passkeytest.New(c.URL, string(rui.ID))); a.status != 422 {
		t.Errorf("an unknown passkey confirms another: %d", a.status)
	}
	id := between(b.get("/me").body, "/me/passkeys/", "/remove")
	if a := thief.post("/me/passkeys/"+id+"/remove", url.Values{}); a.status != 409 {
		t.Errorf("the only passkey is removed: %d", a.status)
	}
	if a := b.get("/me"); !strings.Contains(a.body, "Laptop") {
		t.Error("the passkey is not on the page")
	}
	_, a = b.newKey("Telephone", first)
	if a.status != 201 {
		t.Errorf("a second one, confirmed: %d %s", a.status, a.body)
	}
	if a := host.post("/me/passkeys/"+id+"/remove", url.Values{}); a.status != 404 {
		t.Errorf("somebody else removes it: %d", a.status)
	}

	again := w.stranger()
	if a := again.enter(first); a.status != 200 || !strings.Contains(a.body, `"to":"/"`) {
		t.Fatalf("signing in with it: %d %s", a.status, a.body)
	}
	if a := again.get("/queue"); a.status != 200 {
		t.Errorf("signed in with it, the queue answers %d", a.status)
	}
	if a := b.post("/me/passkeys/"+id+"/remove", url.Values{}); a.status != 303 {
		t.Errorf("removing it: %d", a.status)
	}
	if a := w.stranger().enter(first); a.status != 422 {
		t.Errorf("signing in with a removed one: %d", a.status)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// TestPasskeySignInRefused holds that nothing but a fresh answer of a known passkey, on this site, signs anybody in.
func TestPasskeySignInRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Hana Host"))
	key, a := b.newKey("Laptop", nil)
	if a.status != 201 {
		t.Fatal(a.body)
	}
	key.Count = 9
	challenge := func() []byte {
		var asked struct{ Get struct{ Challenge string } }
		must(t, json.Unmarshal([]byte(w.stranger().post("/sign-in/passkey/ask", nil).body), &asked))
		return fromBase64(t, asked.Get.Challenge)
	}
	try := func(answer []byte) answer {
		return w.stranger().post("/sign-in/passkey", url.Values{"passkey": {string(answer)}})
	}
	good := key.Sign(challenge())
	if a := try(good); a.status != 200 {
		t.Fatalf("a good one: %d %s", a.status, a.body)
	}
	if a := try(good); a.status != 422 {
		t.Errorf("replayed: %d", a.status)
	}
	evil := *key
	evil.Origin = "http://evil.example"
	if a := try(evil.Sign(challenge())); a.status != 422 {
		t.Errorf("of another site: %d", a.status)
	}
	lazy := *key
	lazy.Unverified = true
	if a := try(lazy.Sign(challenge())); a.status != 422 {
		t.Errorf("without user verification: %d", a.status)
	}
	other := passkeytest.New(w.config.URL, string(key.User))
	if a := try(other.Sign(challenge())); a.status != 422 {
		t.Errorf("an unknown one: %d", a.status)
	}
	late := key.Sign(challenge())
	w.advance(triage.SignTime + time.Second)
	if a := try(late); a.status != 422 {
		t.Errorf("too late: %d", a.status)
	}
	w.advance(-triage.SignTime - time.Second)
	key.Count = 3
	if a := try(key.Sign(challenge())); a.status != 403 || !strings.Contains(a.body, "copy") {
		t.Errorf("with a counter that goes back: %d %s", a.status, a.body)
	}
	if es := w.eventsOf("account/" + string(key.User)); !contains(es, "passkey.copied") {
		t.Errorf("a copy is not in the log: %q", es)
	}
}

// eventsOf lists the acts that the log holds about a subject, sequenced.
func (w *world) eventsOf(subject string) (acts []string) {
	w.t.Helper()
	_, err := w.desk.Sequence(w.t.Context())
	must(w.t, err)
	must(w.t, w.store.View(w.t.Context(), func(tx triage.Tx) error {
		leaves, err := tx.Leaves(w.t.Context(), 0, 1000)
		for _, raw := range leaves {
			l, err := custody.ParseLeaf(raw.Data)
			if err != nil {
				return err
			}
			if l.Subject == subject {
				acts = append(acts, string(l.Act))
			}
		}
		return err
	}))
	return acts
}

// FuzzPasskeyAnswers feeds what a browser could send to the sign-in.
func FuzzPasskeyAnswers(f *testing.F) {
	w := newWorld(f)
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`)
	f.Add(string(passkeytest.New(w.config.URL, "A-1").Sign(make([]byte, 32))))
	f.Fuzz(func(t *testing.T, answer string) {
		w.t = t
		if a := w.stranger().post("/sign-in/passkey", url.Values{"passkey": {answer}}); a.status != 422 && a.status != 413 {
			t.Errorf("%q is answered %d", answer, a.status)
		}
	})
}
