package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Owner"))
	for _, path := range []string{"/sign-in", "/reports", "/nothing", "/healthz", "/static/x", "/events"} {
		h := b.get(path).header
		csp := policy
		if path == "/static/x" { // it may be a worker of a meeting's room
			csp = strings.Replace(policy, "connect-src 'self'", "connect-src 'self' ws://proffer.example", 1)
		}
		for name, want := range map[string]string{"Content-Security-Policy": csp, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if h.Get("X-Request-Id") == "" || h.Get("Permissions-Policy") == "" {
			t.Errorf("%s has no request id or no Permissions-Policy", path)
		}
		if got := h.Get("Cache-Control"); path != "/static/x" && !strings.Contains(got, "no-store, no-transform") {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Error("the policy of pages is loose")
	}
}

func TestProbesForMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.stranger()
	if b.get("/healthz").status != 200 || b.get("/readyz").status != 200 {
		t.Error("a good server says that it is not")
	}
	c := w.config
	c.Ready = func(context.Context) error { return errors.New("secret of the inside") }
	b.base = w.serve(c).URL
	if a := b.get("/readyz"); a.status != 503 || strings.Contains(a.body, "secret") || a.header.Get("Retry-After") == "" {
		t.Errorf("a server that is not ready answers %d %q", a.status, a.body)
	}
	if a := b.get("/platform.pub"); a.status != 200 || !strings.Contains(a.body, "proffer.example/receipt+") {
		t.Errorf("the public keys are %d %q", a.status, a.body)
	}
}

// brokenStore fails every transaction.
type brokenStore struct{ err error }

func (s brokenStore) View(context.Context, func(triage.Tx) error) error   { return s.err }
func (s brokenStore) Update(context.Context, func(triage.Tx) error) error { return s.err }

func TestFailuresShowNoInternals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Owner"))
	with := func(s triage.Store) *browser {
		c, desk := w.config, *w.desk
		desk.Store = s
		c.Desk = &desk
		c.Assets = testAssets{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret of the inside") })}
		return &browser{w: w, base: w.serve(c).URL, cookie: b.cookie}
	}
	down := with(brokenStore{&triage.Error{Kind: triage.Unavailable, Msg: "The database does not answer right now.", Err: errors.New("secret")}})
	a := down.get("/reports")
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "does not answer") || strings.Contains(a.body, "secret") {
		t.Errorf("without a database a page answers %d %q", a.status, a.body)
	}
	for name, a := range map[string]answer{"an unknown error": with(brokenStore{errors.New("secret of the inside")}).get("/reports"),
		"a panic": down.get("/static/x")} {
		id := a.header.Get("X-Request-Id")
		if a.status != 500 || strings.Contains(a.body, "secret") || !strings.Contains(a.body, id) {
			t.Errorf("%s answers %d %q", name, a.status, a.body)
		}
		if log := w.log.String(); !strings.Contains(log, id) || !strings.Contains(log, "secret of the inside") {
			t.Errorf("%s is not in the log", name)
		}
	}
	if a := w.signIn(w.person("Bob")).get("/reports?token=topsecret"); a.status != 200 || strings.Contains(w.log.String(), "topsecret") {
		t.Error("the log holds a query string")
	}
}

func TestSessionsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Owner"))
	w.store.Close()
	if a := b.get("/reports"); a.status != 503 && a.status != 500 || strings.Contains(a.body, "pool") {
		t.Errorf("without sessions a page answers %d %q", a.status, a.body)
	}
}

func TestFormsAreStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b := w.signIn(ada)
	for _, contentType := range []string{"application/json", "multipart/form-data; boundary=x", "text/plain", "", "application/x-www-form-urlencoded; =;;"} {
		a := b.send("POST", "/reports", map[string]string{"Content-Type": contentType}, strings.NewReader("a=b"))
		if a.status != 415 {
			t.Errorf("a form of type %q is answered %d", contentType, a.status)
		}
	}
	if a := b.send("POST", "/reports", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, strings.NewReader("a=%zz")); a.status != 400 {
		t.Errorf("a broken form is answered %d", a.status)
	}
	long := reportFields("hate", "Somebody")
	long.Set("words", strings.Repeat("x", maxForm))
	if a := b.post("/reports", long); a.status != 413 {
		t.Errorf("a form of over a mebibyte is answered %d", a.status)
	}
	if a := b.send("DELETE", "/reports", nil, nil); a.status != 405 {
		t.Errorf("a wrong method is answered %d", a.status)
	}
	for _, path := range []string{"/cases/../reports/new", "/reports/R-aaaaa-aaaaa", "/reports/%00", "/nothing"} {
		if a := b.get(path); a.status != 404 {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
}

func TestReportForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b := w.signIn(ada)
	many := reportFields("hate", "Somebody")
	for range 1999 {
		many.Add(web.FieldPersonName, "Somebody "+triage.NewID("N"))
		many.Add(web.FieldPersonIdentifier, "")
		many.Add(web.FieldPersonAccount, "")
	}
	if a := b.post("/reports", many); a.status != 422 || !strings.Contains(a.body, "2000 people are named; a report takes 25") {
		t.Errorf("2,000 people are answered %d", a.status)
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"no date":       {func(v url.Values) { v.Set("occurred", "soon") }, "That is not a date and time"},
		"no zone":       {func(v url.Values) { v.Set("tz", "../../etc/passwd") }, "That is not a date and time"},
		"uneven people": {func(v url.Values) { v.Add(web.FieldPersonName, "Another") }, "list of people could not be read"},
		"nothing true":  {func(v url.Values) { v.Del("declared") }, "Tick the declaration"},
		"oneself":       {func(v url.Values) { v.Set(web.FieldPersonIdentifier, ada.Email) }, "You named yourself"},
	} {
		v := reportFields("hate", "Keeps Typed")
		c.change(v)
		a := b.post("/reports", v)
		if a.status != 422 || !strings.Contains(a.body, c.want) || !strings.Contains(a.body, "What Keeps Typed did.") {
			t.Errorf("%s is answered %d without %q or without what was typed", name, a.status, c.want)
		}
	}
	form := reportFields("hate", "Once Only")
	first, second := b.post("/reports", form), b.post("/reports", form)
	if first.status != 303 || first.header.Get("Location") != second.header.Get("Location") {
		t.Errorf("the same form twice leads to %q and %q", first.header.Get("Location"), second.header.Get("Location"))
	}
	page := b.get(first.header.Get("Location"))
	if page.status != 200 || !strings.Contains(page.body, "has arrived and is sealed") || !strings.Contains(page.body, "data-draft-done") {
		t.Error("the report's page does not say that it arrived")
	}
	if again := b.get(first.header.Get("Location")); strings.Contains(again.body, "has arrived and is sealed") {
		t.Error("a message is shown twice")
	}
}

func TestUploadsBelongToTheirOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, eve := w.person("Ada Owner"), w.person("Eve Other")
	a, e := w.signIn(ada), w.signIn(eve)
	clip := a.upload("mine.webm", []byte("a clip of Ada"))
	open := a.beginUpload("half.webm", []byte("a clip that never arrives"))
	for _, id := range []triage.UploadID{clip, "U-00000-00000", "'; DROP TABLE uploads; --"} {
		got := e.post("/reports", reportFields("hate", "Somebody", id))
		if got.status != 422 || !strings.Contains(got.body, "is not there any more") || strings.Contains(got.body, "mine.webm") {
			t.Errorf("the upload %q in Eve's form is answered %d", id, got.status)
		}
	}
	if got := a.post("/reports", reportFields("hate", "Somebody", open)); got.status != 422 || !strings.Contains(got.body, "has not arrived completely") {
		t.Errorf("an open upload in a form is answered %d", got.status)
	}
	r := a.file(reportFields("hate", "Somebody", clip), ada)
	if len(r.Exhibits) != 1 {
		t.Fatal("the owner's own upload was not taken")
	}
	if got := a.post("/reports", reportFields("hate", "Somebody", clip)); got.status != 422 {
		t.Errorf("an upload that another report took is answered %d", got.status)
	}
	receipt := a.get("/reports/" + string(r.ID) + "/receipt")
	if receipt.status != 200 || !strings.HasPrefix(receipt.body, "proffer receipt v1\nreport "+string(r.ID)) ||
		receipt.header.Get("Content-Disposition") != `attachment; filename="receipt-`+string(r.ID)+`.txt"` {
		t.Errorf("the receipt is %d %v %q", receipt.status, receipt.header, receipt.body)
	}
	if got := e.get("/reports/" + string(r.ID) + "/receipt"); got.status != 404 || strings.Contains(got.body, "proffer receipt") {
		t.Errorf("a stolen receipt's address answers %d", got.status)
	}
	if got := a.get("/reports/" + string(r.ID) + "/receipt/1"); got.status != 404 {
		t.Errorf("a receipt that does not exist answers %d", got.status)
	}
	more := a.upload("more.webm", []byte("another clip of Ada"))
	if got := a.post("/reports/"+string(r.ID)+"/additions", url.Values{"words": {""}, web.FieldUpload: {string(more)}}); got.status != 303 {
		t.Fatalf("adding a clip answered %d %s", got.status, got.body)
	}
	if got := a.get("/reports/" + string(r.ID) + "/receipt/1"); got.status != 200 || !strings.HasPrefix(got.body, "proffer receipt v1") {
		t.Errorf("the receipt of the addition answers %d", got.status)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b := w.signIn(ada)
	evil := `"><script>alert(1)</script>` + "\u202Egnp.exe\u2066" + `<img src=x onerror=alert(2)>`
	form := reportFields("hate", evil)
	form.Set("words", evil)
	form.Set("meeting_name", evil)
	r := b.file(form, ada)
	staff := w.signIn(w.person(`Rob <b>Reviewer</b>`+"\u202E", account.Reviewer))
	refused := reportFields("hate", evil)
	refused.Del("declared")
	pages := map[string]answer{"report": b.get("/reports/" + string(r.ID)), "reports": b.get("/reports"), "queue": staff.get("/queue"),
		"case": staff.get("/cases/" + string(r.Case)), "search": staff.get("/queue?q=" + url.QueryEscape(evil)), "refused": b.post("/reports", refused),
		"nothing": staff.get("/nothing/" + url.PathEscape(evil)), "sign-in": w.stranger().post("/sign-in", url.Values{"email": {evil}})}
	for name, a := range pages {
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, "<b>Rev") {
			t.Errorf("%s (%d) holds markup from outside", name, a.status)
		}
		if name != "search" && name != "refused" && name != "nothing" && strings.ContainsAny(a.body, "\u202e\u2066") {
			t.Errorf("%s holds a direction override", name)
		}
	}
	if !strings.Contains(pages["case"].body, "&lt;script&gt;") {
		t.Error("the case does not show the name at all")
	}
}
