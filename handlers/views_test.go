package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// hiddenView is the name of a view that nobody outside the child-safety lane may read.
const hiddenView = "Of hidden cases"

// views shares one view with everybody and one with those of the child-safety lane.
func (f *fixture) views() {
	f.t.Helper()
	lead := f.actor(f.person("View Lead", account.Lead, account.ChildSafety))
	for at, v := range map[*triage.ViewID]triage.View{&f.view: {Name: "Hate", Tab: triage.TabOpen, Ask: triage.FindAsk{Policy: "hate"}},
		&f.viewHidden: {Name: hiddenView, Ask: triage.FindAsk{Policy: "csam"}}} {
		v.Shared = true
		kept, err := f.desk.KeepView(f.t.Context(), lead, v)
		must(f.t, err)
		*at = kept.ID
	}
}

func (f *fixture) viewProbes(add adder) {
	add("GET /views", "", "/views", nil)
	keep := url.Values{"name": {"Mine"}, "from": {"/search?state=queued"}}
	add("POST /views", "good", "/views", keep)
	add("POST /views", "for all", "/views", url.Values{"name": {"All"}, "from": {"/queue?tab=open&policy=hate"}, "shared": {"yes"}})
	add("POST /views", "of another site", "/views", url.Values{"name": {"Mine"}, "from": {"https://evil.example/queue?tab=open"}})
	for _, x := range []struct {
		label string
		id    triage.ViewID
	}{{"shared", f.view}, {"hidden", f.viewHidden}, {"no such", "VW-00000-00000"}} {
		at := "/views/" + string(x.id)
		add("GET /views/{id}", x.label, at, nil)
		add("POST /views/{id}", x.label, at, url.Values{"name": {"Another"}, "shared": {"yes"}})
		add("POST /views/{id}/delete", x.label, at+"/delete", url.Values{})
		add("POST /views/{id}/restore", x.label, at+"/restore", url.Values{})
	}
}

// TestViewPages goes from a filtered queue to a view that a lead shares, and what a reviewer sees of it.
func TestViewPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lead, rui := w.signIn(w.person("Lena Lead", account.Lead)), w.signIn(w.person("Rui Reviewer", account.Reviewer))
	if a := lead.post("/views", url.Values{"name": {"Hate"}, "from": {"/queue?policy=hate&tab=open&after=x"}, "shared": {"yes"}}); a.status != 303 ||
		a.header.Get("Location") != "/queue?policy=hate&tab=open" {
		t.Fatalf("keeping answered %d to %s", a.status, a.header.Get("Location"))
	}
	a := rui.get("/queue?tab=open&policy=hate")
	at := strings.Index(a.body, "/views/VW-")
	if at < 0 || !strings.Contains(a.body, `aria-current="true"`) {
		t.Fatal("the queue does not show the view as the one that is open")
	}
	href := a.body[at : at+len("/views/VW-00000-00000")]
	if a := rui.get(href); a.status != 303 || a.header.Get("Location") != "/queue?policy=hate&tab=open" {
		t.Errorf("the view answered %d to %s", a.status, a.header.Get("Location"))
	}
	for _, x := range []struct {
		form url.Values
		want int
		says string
	}{
		{url.Values{"from": {"/queue?tab=open"}}, 422, "Give it a name"},
		{url.Values{"name": {strings.Repeat("x", 61)}, "from": {"/queue?tab=open"}}, 422, "1 to 60"},
		{url.Values{"name": {"X"}, "from": {"/search"}}, 422, "nothing to save"},
		{url.Values{"name": {"X"}, "from": {"/queue?tab=none"}}, 422, "save the view from there"},
		{url.Values{"name": {"X"}, "from": {"//evil.example/queue?tab=open"}}, 422, "save the view from there"},
		{url.Values{"name": {"X"}}, 422, "save the view from there"},
		{url.Values{"name": {"X"}, "from": {"/queue?tab=open"}, "shared": {"yes"}}, 403, ""},
	} {
		if a := rui.post("/views", x.form); a.status != x.want || !strings.Contains(a.body, x.says) {
			t.Errorf("%v answered %d without %q", x.form, a.status, x.says)
		}
	}
	if a := lead.post("/views", url.Values{"name": {"By number"}, "from": {"/search?q=C-ABCDE-12345"}, "shared": {"yes"}}); a.status != 422 {
		t.Errorf("sharing a number answered %d", a.status)
	}
	if a := lead.post(href+"/delete", nil); a.status != 303 {
		t.Errorf("deleting answered %d", a.status)
	}
	if a := lead.get("/views"); !strings.Contains(a.body, href+"/restore") {
		t.Error("what was deleted cannot be brought back")
	}
	if a := rui.get(href); a.status != 404 {
		t.Errorf("a deleted view answered %d", a.status)
	}
	if a := lead.post(href+"/restore", nil); a.status != 303 {
		t.Errorf("restoring answered %d", a.status)
	}
	if a := lead.post(href, url.Values{"name": {"Only mine"}}); a.status != 303 {
		t.Errorf("taking it back answered %d", a.status)
	}
	if a := rui.get("/views"); strings.Contains(a.body, "Only mine") {
		t.Error("a view that is private again is still shown to others")
	}
}

// FuzzReadView holds that any address is read, and that what was read is written so that it reads the same.
func FuzzReadView(f *testing.F) {
	f.Add("/queue?tab=open&policy=hate&q=x")
	f.Add("/search?older=3&reporter=a%40b&reviewer=me&from=2026-11-26")
	f.Fuzz(func(t *testing.T, address string) {
		v, ok := readView(address)
		if !ok {
			return
		}
		if again, ok := readView(viewAddress(v)); !ok && len(viewAddress(v)) <= 8192 || ok && again != v {
			t.Errorf("%q is read as %+v, and that as %+v", address, v, again)
		}
	})
}
