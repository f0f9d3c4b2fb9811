package handlers

import (
	"net/url"
	"strings"

	"github.com/proffer/proffer/triage"
)

type adder func(route, label, path string, form url.Values)

var reasons = url.Values{"words": {"Because of what was said."}}

func (f *fixture) publicProbes(add adder) {
	add("GET /sign-in", "", "/sign-in", nil)
	add("POST /sign-in", "known", "/sign-in", url.Values{"email": {"ada.owner@example.org"}})
	add("POST /sign-in", "unknown", "/sign-in", url.Values{"email": {"nobody@example.org"}})
	add("POST /sign-in", "no address", "/sign-in", url.Values{"email": {"nobody"}})
	add("GET /sign-in/{token}", "", "/sign-in/"+strings.Repeat("a", 43), nil)
	add("POST /sign-in/{token}", "good", "", url.Values{})
	add("POST /sign-in/{token}", "bad", "/sign-in/"+strings.Repeat("a", 43), url.Values{})
	add("GET /platform.pub", "", "/platform.pub", nil)
	add("POST /demo/switch", "", "/demo/switch", url.Values{"account": {string(f.column("owner").acc.ID)}})
	add("POST /demo/switch", "not one of them", "/demo/switch", url.Values{"account": {string(f.column("lead").acc.ID)}})
	add("GET /", "", "/", nil)
	add("POST /sign-out", "", "/sign-out", url.Values{})
	add("GET /me", "", "/me", nil)
	add("POST /me/sessions/{id}/end", "somebody's", "/me/sessions/AAAAAAAAAAAAAAAAAAAAAAAAAA/end", url.Values{})
	add("POST /me/sessions/end-others", "", "/me/sessions/end-others", url.Values{})
	add("POST /me/tokens", "good", "/me/tokens", url.Values{"name": {"Telephone"}, "scope": {"uploads"}, "days": {"90"}})
	add("POST /me/tokens", "empty", "/me/tokens", url.Values{})
	add("POST /me/tokens/{id}/revoke", "somebody's", "/me/tokens/T-00000-00000/revoke", url.Values{})
	add("GET /outbox", "", "/outbox", nil)
	add("GET /events", "", "/events", nil)
}

func (f *fixture) hostProbes(add adder) {
	add("GET /reports", "", "/reports", nil)
	add("GET /reports/new", "", "/reports/new", nil)
	add("POST /reports", "good", "/reports", reportFields("hate", "Somebody"))
	add("POST /reports", "empty", "/reports", url.Values{})
	for _, x := range []struct {
		label string
		m     matter
	}{{"owner's", f.free}, {"hidden", f.hidden}} {
		label, at := x.label, "/reports/"+string(x.m.report.ID)
		add("GET /reports/{id}", label, at, nil)
		add("POST /reports/{id}/additions", label, at+"/additions", url.Values{"words": {"One more thing."}})
		add("POST /reports/{id}/withdraw", label, at+"/withdraw", url.Values{"confirm": {"yes"}})
		add("GET /reports/{id}/receipt", label, at+"/receipt", nil)
		add("GET /reports/{id}/receipt/{n}", label, at+"/receipt/1", nil)
	}
	add("GET /api/v1/openapi.json", "", "/api/v1/openapi.json", nil)
	add("POST /api/v1/reports", "", "/api/v1/reports", nil)
	add("GET /api/v1/reports/{id}", "owner's", "/api/v1/reports/"+string(f.free.report.ID), nil)
	add("GET /api/v1/reports/{id}", "hidden", "/api/v1/reports/"+string(f.hidden.report.ID), nil)
	add("OPTIONS /uploads/", "", "/uploads/", nil)
	add("POST /uploads/", "", "/uploads/", nil)
	at := "/uploads/" + string(f.upload)
	add("HEAD /uploads/{id}", "owner's", at, nil)
	add("PATCH /uploads/{id}", "owner's", at, nil)
	add("DELETE /uploads/{id}", "owner's", at, nil)
	add("GET /queue", "", "/queue", nil)
	for _, t := range triage.Tabs {
		add("GET /queue", string(t), "/queue?tab="+string(t), nil)
	}
	add("POST /queue/next", "", "/queue/next", url.Values{})
}

func (f *fixture) meetingProbes(add adder) {
	add("GET /meetings", "", "/meetings", nil)
	add("POST /meetings", "good", "/meetings", url.Values{"title": {"Biology"}, "mode": {"e2ee"}})
	add("POST /meetings", "empty", "/meetings", url.Values{})
	for _, x := range []struct{ label, id string }{{"owner's", f.going}, {"over", f.over}, {"no such", "M-00000-00000"}} {
		add("GET /meetings/{id}", x.label, "/meetings/"+x.id, nil)
		add("POST /meetings/{id}/end", x.label, "/meetings/"+x.id+"/end", url.Values{})
		add("GET /meetings/{id}/recordings", x.label, "/meetings/"+x.id+"/recordings", nil)
		for i, r := range []recorded{f.recorded, f.recording} {
			label, at := []string{"done", "running"}[i], "/meetings/"+x.id+"/recordings"
			add("GET /meetings/{id}/recordings/files/{file}", x.label+", "+label, at+"/files/"+string(r.file), nil)
			add("POST /meetings/{id}/recordings/files/{file}/delete", x.label+", "+label, at+"/files/"+string(r.file)+"/delete", url.Values{})
			add("POST /meetings/{id}/recordings/{recording}/delete", x.label+", "+label, at+"/"+string(r.id)+"/delete", url.Values{})
		}
		add("GET /m/{id}", x.label, "/m/"+x.id, nil)
		add("POST /m/{id}/certificate", x.label, "/m/"+x.id+"/certificate", nil)
		add("GET /m/{id}/session", x.label, "/m/"+x.id+"/session", nil)
	}
}

func (f *fixture) caseProbes(add adder, label string, m matter) {
	at := "/cases/" + string(m.id)
	add("GET /cases/{id}", label, at, nil)
	for _, do := range []string{"claim", "renew", "release", "skip", "escalate", "notes", "reopen"} {
		add("POST /cases/{id}/"+do, label, at+"/"+do, reasons)
	}
	p := string(m.report.People[0].ID)
	add("POST /cases/{id}/decisions", label, at+"/decisions", url.Values{"policy-" + p: {"hate"}, "severity-" + p: {"low"},
		"action-" + p: {"refer"}, "reasons-" + p: {"Reasons of some length."}, "days-" + p: {""}})
	decision := m.decision
	if decision == "" {
		decision = "D-00000-00000"
	}
	for _, do := range []string{"approve", "refuse"} {
		add("POST /cases/{id}/decisions/{decision}/"+do, label, at+"/decisions/"+string(decision)+"/"+do, reasons)
	}
	x := "/exhibits/" + string(m.exhibit)
	for _, what := range []string{"original", "preview", "poster", "contact", "waveform"} {
		add("GET /exhibits/{id}/"+what, label, x+"/"+what, nil)
	}
	add("POST /exhibits/{id}/watch", label, x+"/watch", nil)
	add("POST /exhibits/{id}/retry", label, x+"/retry", url.Values{})
	add("GET /packages/new", label, "/packages/new?case="+string(m.id), nil)
	add("POST /packages", label, "/packages", url.Values{"case": {string(m.id)}, "exhibit[]": {string(m.exhibit)},
		"recipient": {"Police"}, "basis": {"warrant"}, "reference": {"7"}, "scope": {"All that there is."}})
}

func (f *fixture) officeProbes(add adder) {
	add("GET /packages", "", "/packages", nil)
	for _, x := range []struct {
		label string
		id    triage.PackageID
	}{{"waits", f.decided.pack}, {"ready", f.decided.ready}, {"hidden waits", f.hiddenDone.pack}, {"hidden ready", f.hiddenDone.ready}} {
		at := "/packages/" + string(x.id)
		add("GET /packages/{id}", x.label, at, nil)
		add("POST /packages/{id}/approve", x.label, at+"/approve", reasons)
		add("POST /packages/{id}/refuse", x.label, at+"/refuse", reasons)
		add("POST /packages/{id}/retry", x.label, at+"/retry", url.Values{})
		add("GET /packages/{id}/download", x.label, at+"/download", nil)
	}
	add("GET /log", "", "/log", nil)
	add("GET /log", "from the start", "/log?from=0", nil)
	add("POST /log/verify", "", "/log/verify", url.Values{})
	add("GET /log/checkpoint", "", "/log/checkpoint", nil)
	add("GET /log/kept", "", "/log/kept", nil)
	add("GET /log/events/{event}/proof", "", "/log/events/"+f.event+"/proof", nil)
	add("GET /log/events/{event}/proof", "no such", "/log/events/E-00000-00000/proof", nil)
	add("GET /log/consistency", "", "/log/consistency?from=1", nil)
	add("GET /log/consistency", "too much", "/log/consistency?from=99999", nil)
	add("GET /people", "", "/people", nil)
}
