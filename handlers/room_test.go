package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage/account"
)

// TestMeetingPages makes meetings as a host does.
func TestMeetingPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	b := w.signIn(hanna)
	if a := b.get("/meetings"); a.status != 200 || !strings.Contains(a.body, "New meeting") {
		t.Fatalf("the page is answered %d", a.status)
	}
	made := b.post("/meetings", url.Values{"title": {"Biology, \u202eclass 7"}, "mode": {"e2ee"}, "when": {"2027-01-08T09:30"}, "tz": {"Europe/Berlin"}})
	at, fresh, _ := strings.Cut(made.header.Get("Location"), "?")
	if fresh != "new=1" || made.status != http.StatusSeeOther || !strings.HasPrefix(at, "/meetings/M-") {
		t.Fatalf("making one is answered %d %s %s", made.status, at, made.body)
	}
	id := strings.TrimPrefix(at, "/meetings/")
	m, err := w.store.LoadMeeting(t.Context(), id)
	if err != nil || m.Title != "Biology, class 7" || m.Mode != meeting.E2EE || m.Host != hanna.ID || m.Starts.Format("15:04") != "08:30" || m.Opened {
		t.Errorf("made %+v, %v", m, err)
	}
	if a := b.get(at); a.status != 200 || !strings.Contains(a.body, "http://proffer.example/m/"+id) {
		t.Errorf("its page is answered %d, without the link", a.status)
	}
	if a := b.get("/meetings"); !strings.Contains(a.body, id) || !strings.Contains(a.body, "Planned") {
		t.Error("the list does not have it")
	}
	for name, x := range map[string]struct {
		form  url.Values
		words string
	}{
		"no title": {url.Values{"mode": {"standard"}}, "Give the meeting a title"},
		"no mode":  {url.Values{"title": {"x"}}, "Choose whether the meeting is end-to-end encrypted"},
		"no time":  {url.Values{"title": {"x"}, "mode": {"standard"}, "when": {"soon"}}, "not a date and time"},
	} {
		if a := b.post("/meetings", x.form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, x.words) {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := b.post(at+"/end", nil); a.status != http.StatusSeeOther {
		t.Errorf("ending it is answered %d", a.status)
	}
	if a := b.get("/m/" + id); a.status != http.StatusGone || !strings.Contains(a.body, "This meeting is over") {
		t.Errorf("the room of a meeting that is over is answered %d", a.status)
	}
}

// TestFreePlan holds that end-to-end encryption is not for the free plan, and that the page says why.
func TestFreePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	w.org, err = w.desk.AddOrganisation(t.Context(), "Self-service", account.PlanFree, false)
	must(t, err)
	fred := w.person("Fred Free")
	b := w.signIn(fred)
	const why = "not part of your organisation’s plan (free)"
	if a := b.get("/meetings"); !strings.Contains(a.body, why) || !strings.Contains(a.body, `value="e2ee" disabled`) {
		t.Error("the form does not say why not")
	}
	if a := b.post("/meetings", url.Values{"title": {"x"}, "mode": {"e2ee"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, why) {
		t.Errorf("it is answered %d", a.status)
	}
	c := w.dial(b.certified(w.meetingOf(fred, meeting.Standard, false), ""))
	_, j := c.joined(nil)
	if terms := waitFor[*e2ee.Terms](c); terms.May || !strings.Contains(terms.Why, why) {
		t.Errorf("terms %+v", terms)
	}
	c.post(c.d.Message("upgrade", nil, c.d.Meeting, j[:], [][]byte{j[:]}, uint64(1)))
	if got := c.refusedAs("upgrade"); !strings.Contains(got, why) {
		t.Errorf("refused: %s", got)
	}
	if m, err := w.store.LoadMeeting(t.Context(), c.d.Meeting); err != nil || m.Mode != meeting.Standard {
		t.Errorf("the meeting is %+v, %v", m, err)
	}
}

// TestRoom holds what the room's page gives its scripts, and what it lets them do.
func TestRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	id := w.meetingOf(hanna, meeting.E2EE, false)
	for name, x := range map[string]struct {
		b    *browser
		has  []string
		lack []string
	}{
		"host":  {w.signIn(hanna), []string{"data-host", `data-name="Hanna Host"`, `data-account="A-`}, nil},
		"other": {w.signIn(w.person("Otto Other")), []string{`data-name="Otto Other"`, `data-account="A-`}, []string{"data-host"}},
		"guest": {w.stranger(), []string{`data-name=""`, `data-account=""`}, []string{"data-host"}},
	} {
		a := x.b.get("/m/" + id)
		for _, s := range append(x.has, `data-meeting="`+id+`"`, `data-title="Biology"`, `data-mode="e2ee"`, `data-core="/static/core-worker.js"`,
			`data-frame="/static/frame-worker.js"`, `data-bundle="0000 0000 0000 0000 0000"`) {
			if !strings.Contains(a.body, s) {
				t.Errorf("%s: the page lacks %s", name, s)
			}
		}
		for _, s := range x.lack {
			if strings.Contains(a.body, s) {
				t.Errorf("%s: the page has %s", name, s)
			}
		}
		csp := a.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "connect-src 'self' ws://proffer.example;") || strings.NewReplacer(" ws://proffer.example", "", " blob:", "").Replace(csp) != policy ||
			!strings.Contains(csp, "media-src 'self' blob:;") {
			t.Errorf("the policy is %s", csp)
		}
		if got := a.header.Get("Permissions-Policy"); !strings.Contains(got, "camera=(self)") || !strings.Contains(got, "microphone=(self)") ||
			!strings.Contains(got, "display-capture=(self)") || !strings.Contains(got, "geolocation=()") {
			t.Errorf("permissions are %s", got)
		}
	}
}

func TestCertificateRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.meetingOf(w.person("Hanna Host"), meeting.E2EE, false)
	key := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	read := func(d *device) e2ee.Certificate {
		t.Helper()
		c, err := e2ee.OpenCertificate(d.Certificate, []e2ee.Key{d.identity}, e2ee.Key(d.Key), id, now())
		must(t, err)
		return c
	}
	if c := read(w.stranger().certified(id, " Gerd\u202e  Guest ")); c.Name != "Gerd Guest" || !c.Guest() || c.Meeting != id {
		t.Errorf("a guest's certificate is %+v", c)
	}
	ann := w.person("Ann Account")
	if c := read(w.signIn(ann).certified(id, "Somebody Else")); c.Name != "Ann Account" || c.Account != string(ann.ID) || c.Organisation != "Acme School" {
		t.Errorf("an account's certificate is %+v", c)
	}
	for name, x := range map[string]struct {
		kind, body string
		status     int
	}{
		"no name":         {"application/json", `{"device":"` + key + `","name":" "}`, 422},
		"a short device":  {"application/json", `{"device":"AAAA","name":"x"}`, 422},
		"another coding":  {"application/json", `{"device":"` + strings.Repeat("+", 43) + `","name":"x"}`, 422},
		"a form":          {"application/x-www-form-urlencoded", `device=x`, 415},
		"no kind":         {"", `{"device":"` + key + `","name":"x"}`, 415},
		"text":            {"text/plain", `{"device":"` + key + `","name":"x"}`, 415},
		"another field":   {"application/json", `{"device":"` + key + `","name":"x","account":"A-1"}`, 400},
		"more than one":   {"application/json", `{"device":"` + key + `","name":"x"}{}`, 400},
		"no JSON":         {"application/json", `device`, 400},
		"far too long":    {"application/json", `{"device":"` + key + `","name":"` + strings.Repeat("x", 2<<20) + `"}`, 400},
		"of another site": {"application/json", `{"device":"` + key + `","name":"x"}`, 403},
	} {
		h := map[string]string{"Content-Type": x.kind}
		if x.status == 403 {
			h["Origin"] = "https://evil.example"
		}
		a := w.stranger().send("POST", "/m/"+id+"/certificate", h, strings.NewReader(x.body))
		if a.status != x.status || x.status != 403 && !strings.Contains(a.body, `"error":"`) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	var last answer
	for range 61 {
		last = w.stranger().send("POST", "/m/"+id+"/certificate", map[string]string{"Content-Type": "application/json", "X-Forwarded-For": "192.0.2.9"},
			strings.NewReader(`{"device":"`+key+`","name":"x"}`))
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("the sixty-first of a minute: %d", last.status)
	}
}

// TestControlEdge holds that the control session's address speaks one protocol with pages of this site.
func TestControlEdge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.meetingOf(w.person("Hanna Host"), meeting.E2EE, false)
	dial := func(id string, o websocket.DialOptions) (*websocket.Conn, int) {
		t.Helper()
		conn, res, err := websocket.Dial(t.Context(), w.server.URL+"/m/"+id+"/session", &o)
		if err != nil {
			return nil, res.StatusCode
		}
		t.Cleanup(func() { conn.CloseNow() })
		conn.SetReadLimit(1 << 20)
		return conn, 0
	}
	ours := []string{subprotocol}
	for name, x := range map[string]struct {
		id     string
		o      websocket.DialOptions
		status int
	}{
		"no such meeting":      {"M-00000-00000", websocket.DialOptions{Subprotocols: ours}, 404},
		"no number":            {"m-1", websocket.DialOptions{Subprotocols: ours}, 404},
		"another site":         {id, websocket.DialOptions{Subprotocols: ours, HTTPHeader: http.Header{"Origin": {"https://evil.example"}}}, 403},
		"another site's fetch": {id, websocket.DialOptions{Subprotocols: ours, HTTPHeader: http.Header{"Sec-Fetch-Site": {"cross-site"}}}, 403},
		"our own page":         {id, websocket.DialOptions{Subprotocols: ours, HTTPHeader: http.Header{"Origin": {w.server.URL}}}, 0},
	} {
		if conn, status := dial(x.id, x.o); status != x.status || (conn == nil) != (status != 0) {
			t.Errorf("%s: %d", name, status)
		}
	}
	closed := func(what string, conn *websocket.Conn, want websocket.StatusCode) {
		t.Helper()
		for {
			_, _, err := conn.Read(context.Background())
			var c websocket.CloseError
			if errors.As(err, &c) {
				if c.Code != want {
					t.Errorf("%s: closed with %d %q", what, c.Code, c.Reason)
				}
				return
			} else if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
		}
	}
	none, _ := dial(id, websocket.DialOptions{})
	closed("no subprotocol", none, websocket.StatusProtocolError)
	text, _ := dial(id, websocket.DialOptions{Subprotocols: ours})
	must(t, text.Write(t.Context(), websocket.MessageText, []byte("hello")))
	closed("a text", text, websocket.StatusUnsupportedData)
	long, _ := dial(id, websocket.DialOptions{Subprotocols: ours})
	_ = long.Write(t.Context(), websocket.MessageBinary, make([]byte, meeting.MaxMessage+1))
	closed("far too long", long, websocket.StatusMessageTooBig)
	garbage, _ := dial(id, websocket.DialOptions{Subprotocols: ours})
	must(t, garbage.Write(t.Context(), websocket.MessageBinary, []byte("garbage")))
	closed("garbage", garbage, websocket.StatusNormalClosure)
}

// TestLiarsOverTheWire holds a few of the lies of media/meeting's tests over a real server: the rest is told there.
func TestLiarsOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	id := w.meetingOf(hanna, meeting.Standard, false)
	host := w.dial(w.signIn(hanna).certified(id, ""))
	_, hers := host.joined(nil)
	liar := w.dial(w.stranger().certified(id, "Liar"))
	join, j := liar.joined(nil)
	waitFor[*e2ee.Ticket](liar)
	liar.post(liar.d.Message("upgrade", nil, id, hers[:], [][]byte{hers[:]}, uint64(1)))
	liar.refusedAs("upgrade")
	liar.post(liar.d.Message("leave", nil, id, hers[:], uint64(1)))
	liar.refusedAs("leave")
	liar.order(e2ee.OrderEnd, e2ee.J{}, true)
	liar.refusedAs(e2ee.OrderEnd)
	for range 300 {
		liar.post([]byte("flood"))
	}
	liar.refusedAs("post")
	second := w.dial(liar.d)
	second.post(join)
	waitFor[*e2ee.Ticket](second)
	liar.over(e2ee.OverReplaced)
	host.order(e2ee.OrderRemove, j, true)
	second.over(e2ee.OverRemoved)
	again := w.dial(liar.d)
	again.post(join)
	again.refusedAs("join")
	again.post(liar.d.Message("leave", nil, id, j[:], uint64(1)))
	again.refusedAs("leave")
	again.send(meetingtest.Line([]byte("still here")))
	again.refusedAs("line")
	if has[*e2ee.LineFrom](host) {
		t.Error("a line of somebody who was removed came")
	}
}

// TestGate holds that one address cannot have more than so many sessions open, and can again when one is closed.
func TestGate(t *testing.T) {
	t.Parallel()
	g := gate{max: 2}
	first, ok := g.enter("192.0.2.1")
	_, ok2 := g.enter("192.0.2.1")
	if !ok || !ok2 {
		t.Error("two do not go in")
	}
	if _, ok := g.enter("192.0.2.1"); ok {
		t.Error("a third goes in")
	}
	if _, ok := g.enter("192.0.2.2"); !ok {
		t.Error("another does not go in")
	}
	first()
	if _, ok := g.enter("192.0.2.1"); !ok {
		t.Error("nobody goes in when one has left")
	}
}
