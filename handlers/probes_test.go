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
	f.passkeyProbes(add)
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
	add("GET /search", "", "/search", nil)
	add("GET /search", "words", "/search?q=hidd&state=queued&from=2026-01-01", nil)
	add("POST /queue/next", "", "/queue/next", url.Values{})
	f.viewProbes(add)
	f.bulkProbes(add)
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
		add("POST /m/{id}/reports", x.label, "/m/"+x.id+"/reports", nil)
		add("GET /m/{id}/session", x.label, "/m/"+x.id+"/session", nil)
	}
}

func (f *fixture) caseProbes(add adder, label string, m matter) {
	at := "/cases/" + string(m.id)
	add("GET /cases/{id}", label, at, nil)
	for _, do := range []string{"claim", "renew", "release", "skip", "escalate", "notes", "reopen"} {
		add("POST /cases/{id}/"+do, label, at+"/"+do, reasons)
	}
	add("POST /cases/{id}/defer", label, at+"/defer", url.Values{"hours": {"4"}, "words": {"The host will add to it."}})
	add("POST /cases/{id}/defer", label+", never", at+"/defer", url.Values{"hours": {"0"}, "words": {"The host will add to it."}})
	add("POST /cases/{id}/place", label, at+"/place", url.Values{"queue": {"-"}})
	add("POST /cases/{id}/place", label+", no such queue", at+"/place", url.Values{"queue": {"QU-00000-00000"}})
	p := string(m.report.People[0].ID)
	decide := url.Values{"policy-" + p: {"hate"}, "severity-" + p: {"low"},
		"action-" + p: {"refer"}, "reasons-" + p: {"Reasons of some length."}, "days-" + p: {""}}
	add("POST /cases/{id}/decisions", label, at+"/decisions", decide)
	add("POST /cases/{id}/decisions/ask", label, at+"/decisions/ask", decide)
	add("GET /cases/{id}/suggestion", label, at+"/suggestion?policy=hate&severity=high&person="+p, nil)
	decision := m.decision
	if decision == "" {
		decision = "D-00000-00000"
	}
	add("POST /cases/{id}/decisions/{decision}/approve", label+", "+unsigned, at+"/decisions/"+string(decision)+"/approve", reasons)
	for _, do := range []string{"approve", "refuse", "ask", "undo"} {
		add("POST /cases/{id}/decisions/{decision}/"+do, label, at+"/decisions/"+string(decision)+"/"+do, reasons)
	}
	x := "/exhibits/" + string(m.exhibit)
	for _, what := range []string{"original", "preview", "poster", "contact", "waveform"} {
		add("GET /exhibits/{id}/"+what, label, x+"/"+what, nil)
	}
	add("POST /exhibits/{id}/watch", label, x+"/watch", nil)
	add("POST /exhibits/{id}/verify", label, x+"/verify", url.Values{})
	add("POST /exhibits/{id}/retry", label, x+"/retry", url.Values{})
	add("GET /packages/new", label, "/packages/new?case="+string(m.id), nil)
	disclose := url.Values{"case": {string(m.id)}, "exhibit[]": {string(m.exhibit)},
		"recipient": {"Police"}, "basis": {"warrant"}, "reference": {"7"}, "scope": {"All that there is."}}
	add("POST /packages", label, "/packages", disclose)
	add("POST /packages/ask", label, "/packages/ask", disclose)
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
		add("POST /packages/{id}/approve", x.label+", "+unsigned, at+"/approve", reasons)
		add("POST /packages/{id}/ask", x.label, at+"/ask", url.Values{})
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
	add("POST /organisations/{id}/window", "", "/organisations/"+string(f.org.ID)+"/window", url.Values{"window": {"90"}})
	add("POST /organisations/{id}/window", "too long", "/organisations/"+string(f.org.ID)+"/window", url.Values{"window": {"121"}})
	add("POST /organisations/{id}/window", "no such", "/organisations/O-00000-00000/window", url.Values{"window": {"90"}})
	f.visitProbes(add)
	f.moveProbes(add)
	f.reviewProbes(add)
	f.hashProbes(add)
	f.peopleProbes(add)
}

func (f *fixture) moveProbes(add adder) {
	why := func(v url.Values) url.Values {
		v.Set("moved", "They are about one matter.")
		v.Set("sure", "yes")
		return v
	}
	for _, x := range []struct {
		label string
		of    triage.CaseID
	}{{"merged", f.merged.From}, {"merged into", f.merged.Into}, {"split", f.left.id}, {"hidden split off", f.split.Into}} {
		add("GET /cases/{id}", x.label, "/cases/"+string(x.of), nil)
	}
	for _, x := range []struct {
		label      string
		into, from triage.CaseID
	}{{"on other people", f.free.id, f.failed.id}, {"decided", f.decided.id, f.free.id}, {"held by somebody", f.held.id, f.free.id}, {"from nothing", f.free.id, "C-00000-00000"},
		{"from hidden", f.left.id, f.split.Into}, {"into hidden", f.split.Into, f.left.id}, {"of both hidden", f.hidden.id, f.split.Into}} {
		add("POST /cases/{id}/merge", x.label, "/cases/"+string(x.into)+"/merge", why(url.Values{"other": {string(x.from)}}))
	}
	add("POST /cases/{id}/merge", "not sure", "/cases/"+string(f.free.id)+"/merge", url.Values{"other": {string(f.failed.id)}, "moved": {"They are about one matter."}})
	at := "/cases/" + string(f.merged.Into) + "/split"
	add("POST /cases/{id}/split", "good", at, why(url.Values{"reports": {string(f.merged.Reports[0])}}))
	add("POST /cases/{id}/split", "none", at, why(url.Values{}))
	add("POST /cases/{id}/split", "hidden report", at, why(url.Values{"reports": {string(f.gone.report.ID)}}))
	add("POST /cases/{id}/split", "hidden", "/cases/"+string(f.split.Into)+"/split", why(url.Values{"reports": {string(f.gone.report.ID)}}))
	for _, x := range []struct {
		label string
		id    triage.MoveID
	}{{"merge", f.merged.ID}, {"hidden split", f.split.ID}, {"no such", "CM-00000-00000"}} {
		add("POST /moves/{id}/undo", x.label, "/moves/"+string(x.id)+"/undo", url.Values{})
	}
}

func (f *fixture) visitProbes(add adder) {
	why := url.Values{"reason": {"It goes on right now."}}
	for _, x := range []struct {
		label string
		of    triage.CaseID
	}{{"in a meeting", f.visited.id}, {"in none", f.free.id}, {"hidden", f.hidden.id}} {
		at := "/cases/" + string(x.of) + "/visits"
		add("POST /cases/{id}/visits", x.label, at, why)
		add("POST /cases/{id}/visits/ask", x.label, at+"/ask", why)
	}
	at := "/visits/" + string(f.visit)
	for _, do := range []string{"approve", "refuse", "ask", "end"} {
		add("POST /visits/{id}/"+do, "waits", at+"/"+do, reasons)
	}
	add("POST /visits/{id}/approve", "waits, "+unsigned, at+"/approve", reasons)
}
