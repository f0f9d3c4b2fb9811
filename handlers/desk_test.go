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

// TestDeskFlow goes the way of a case through the forms: claim, a refused decision, a severe one, the second person, a
// package, and its approval.
func TestDeskFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	walt := w.person("Walt Wild")
	host := w.signIn(ada)
	form := reportFields("threat", "Walt Wild", host.upload("clip.webm", []byte("a clip")))
	form.Set("person_identifier[]", walt.Email)
	r := host.file(form, ada)
	w.prepare(r, false)
	at := "/cases/" + string(r.Case)
	rev, lead := w.signIn(w.person("Rob Reviewer", account.Reviewer)), w.signIn(w.person("Lea Lead", account.Lead))
	liaison := w.signIn(w.person("Lin Liaison", account.Liaison))
	if a := rev.post("/queue/next", nil); a.status != 303 || a.header.Get("Location") != at {
		t.Fatalf("taking the next case leads to %q", a.header.Get("Location"))
	}
	page := rev.get(at)
	if a := rev.post(at+"/release", nil); a.status != 303 {
		t.Errorf("giving back answers %d", a.status)
	}
	behind := rev.send("GET", at, map[string]string{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}, nil)
	if next := rev.get("/queue").body; strings.Contains(behind.body, "others can take it") || !strings.Contains(next, "others can take it") {
		t.Error("a script that looked what is new took the message that was for the next page")
	}
	if a := rev.post(at+"/claim", nil); a.status != 303 {
		t.Errorf("claiming answers %d", a.status)
	}
	for _, want := range []string{"data-lease=", `id="decide"`, "columns-4", "/exhibits/" + string(r.Exhibits[0]) + "/original", "Acme School",
		"Business (comped)", "Case claimed"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the case's page lacks %q", want)
		}
	}
	if strings.Contains(page.body, "person 01") || !strings.Contains(page.body, "people: Walt Wild") {
		t.Error("the history shows the digests of reported people, or not their names")
	}
	if a := lead.post(at+"/claim", nil); a.status != 409 || !strings.Contains(a.body, "Rob Reviewer holds this case") {
		t.Errorf("a claim of a held case answers %d", a.status)
	}
	if a := rev.post(at+"/renew", nil); a.status != 204 || a.header.Get(leaseHeader) == "" {
		t.Errorf("renewing answers %d", a.status)
	} else if end, err := time.Parse(time.RFC3339, a.header.Get(leaseHeader)); err != nil || time.Until(end) < triage.LeaseTime-time.Minute {
		t.Errorf("the lease ends at %v %v", end, err)
	}
	w.decisionFlow(t, r, rev, lead)
	if out := host.get("/reports/" + string(r.ID)).body; !strings.Contains(out, "Walt Wild: Suspend for 30 days.") || strings.Contains(out, "come by") {
		t.Error("the host does not read what was done, or reads the private reasons")
	}
	w.packageFlow(t, r, liaison, lead)
}

func (w *world) decisionFlow(t *testing.T, r triage.Report, rev, lead *browser) {
	at, p := "/cases/"+string(r.Case), string(r.People[0].ID)
	decision := url.Values{"policy-" + p: {"threat"}, "severity-" + p: {"critical"}, "action-" + p: {"suspend"}, "days-" + p: {"many"},
		"reasons-" + p: {"He said that he would come by."}, "next": {"yes"}}
	if a := rev.post(at+"/decisions", decision); a.status != 422 || !strings.Contains(a.body, "Say for how many days") || !strings.Contains(a.body, "He said that he would come by.") {
		t.Errorf("a decision without days answers %d, or forgets what was typed", a.status)
	}
	decision.Set("days-"+p, "30")
	if a := rev.signed(at+"/decisions", decision); a.status != 303 || a.header.Get("Location") != "/queue" {
		t.Errorf("the decision answers %d %q", a.status, a.header.Get("Location"))
	}
	approvals := lead.get("/queue?tab=approval").body
	if !strings.Contains(approvals, "Suspend for 30 days") || !strings.Contains(approvals, "Rob Reviewer") {
		t.Error("the approval tab does not say what is proposed, and by whom")
	}
	d := w.decisions(r.Case)[0]
	answer := at + "/decisions/" + string(d.ID)
	if a := rev.post(answer+"/approve", nil); a.status != 403 {
		t.Errorf("the first person approving answers %d", a.status)
	}
	if a := lead.post(answer+"/refuse", url.Values{"words": {"no"}}); a.status != 422 || !strings.Contains(a.body, "Say why you refuse it") {
		t.Errorf("a refusal without reasons answers %d", a.status)
	}
	if a := lead.signed(answer+"/approve", nil); a.status != 303 {
		t.Errorf("the second person approving answers %d", a.status)
	}
}

func (w *world) decisions(id triage.CaseID) (ds []triage.Decision) {
	w.t.Helper()
	must(w.t, w.store.View(w.t.Context(), func(tx triage.Tx) (err error) {
		ds, err = tx.Decisions(w.t.Context(), id)
		return err
	}))
	return ds
}

func (w *world) packageFlow(t *testing.T, r triage.Report, liaison, lead *browser) {
	if a := liaison.get("/packages"); !strings.Contains(a.body, "/packages/new?case="+string(r.Case)) {
		t.Error("the liaison is not offered the decided case")
	}
	ask := url.Values{"case": {string(r.Case)}, "exhibit[]": {string(r.Exhibits[0])}, "recipient": {"Police, Officer Krüger"}, "basis": {"bribe"},
		"reference": {"7/26"}, "scope": {"Everything about this person."}}
	if a := liaison.post("/packages", ask); a.status != 422 || !strings.Contains(a.body, "Choose the legal basis") || !strings.Contains(a.body, "Officer Krüger") {
		t.Errorf("a package without a basis answers %d, or forgets what was typed", a.status)
	}
	ask.Set("basis", "warrant")
	a := liaison.signed("/packages", ask)
	at := a.header.Get("Location")
	if a.status != 303 || !strings.HasPrefix(at, "/packages/P-") {
		t.Fatalf("asking for a package answers %d %s", a.status, a.body)
	}
	if a := liaison.post(at+"/approve", nil); a.status != 403 || !strings.Contains(a.body, "second person") {
		t.Errorf("the requester approving answers %d", a.status)
	}
	if a := lead.signed(at+"/approve", nil); a.status != 303 {
		t.Errorf("the second person approving answers %d", a.status)
	}
	if a := lead.post(at+"/approve", nil); a.status != 409 || !strings.Contains(a.body, "answered already") {
		t.Errorf("approving twice answers %d", a.status)
	}
	if a := liaison.get(at + "/download"); a.status != 409 || a.header.Get("Content-Disposition") != "" {
		t.Errorf("a package that is not built answers %d %v", a.status, a.header)
	}
	if a := lead.get(at); !strings.Contains(a.body, "Package approved") {
		t.Error("the package's page does not show its events")
	}
}

func TestLeaseRunsOutAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	r := w.signIn(ada).file(reportFields("hate", "Somebody"), ada)
	rev := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	at := "/cases/" + string(r.Case)
	if a := rev.post(at+"/claim", nil); a.status != 303 {
		t.Fatalf("claiming answers %d", a.status)
	}
	w.advance(triage.LeaseTime + time.Second)
	p := string(r.People[0].ID)
	a := rev.post(at+"/decisions", url.Values{"policy-" + p: {"hate"}, "action-" + p: {"none"}, "reasons-" + p: {"Nothing of the kind was said."}})
	if a.status != 409 || !strings.Contains(a.body, "ran out") {
		t.Errorf("a decision after the lease answers %d", a.status)
	}
	if a := rev.post(at+"/notes", url.Values{"words": {""}}); a.status != 422 || !strings.Contains(a.body, "Write something first") {
		t.Errorf("an empty note answers %d", a.status)
	}
}

func TestMovingACaseIntoTheClosedLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	r := w.signIn(ada).file(reportFields("harassment", "Somebody"), ada)
	rev := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	at := "/cases/" + string(r.Case)
	rev.post(at+"/claim", nil)
	if a := rev.post(at+"/escalate", url.Values{"to": {"nowhere"}, "words": {"A child."}}); a.status != 422 {
		t.Errorf("escalating to nowhere answers %d", a.status)
	}
	a := rev.post(at+"/escalate", url.Values{"to": {"child-safety"}, "words": {"There is a child in the clip."}})
	if a.status != 303 || a.header.Get("Location") != "/queue" {
		t.Fatalf("moving the case answers %d %q", a.status, a.header.Get("Location"))
	}
	if a := rev.get(at); a.status != 404 {
		t.Errorf("whoever moved it still gets %d", a.status)
	}
	if strings.Contains(rev.get("/queue").body, string(r.Case)) {
		t.Error("the queue still names it")
	}
	if a := w.signIn(w.person("Specialist", account.ChildSafety)).get(at); a.status != 200 {
		t.Errorf("the specialist gets %d", a.status)
	}
}

func TestQueuePagesAndCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	for range queuePage + 3 {
		_, err := w.desk.FileReport(t.Context(), w.actor(ada), mustReport(t, reportFields("hate", "Somebody")))
		must(t, err)
	}
	rev := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	first := rev.get("/queue").body
	_, more, ok := strings.Cut(first, `class="button quiet" href="/queue?after=`)
	if n := strings.Count(first, "data-case="); n != queuePage || !ok {
		t.Fatalf("the first page holds %d cases, more: %v", n, ok)
	}
	more, _, _ = strings.Cut(more, `"`)
	next := rev.get("/queue?after=" + strings.ReplaceAll(more, "&amp;", "&"))
	if n := strings.Count(next.body, "data-case="); n != 3 || !strings.Contains(next.body, "From the top") {
		t.Errorf("the second page holds %d cases", n)
	}
	for _, bad := range []string{"x", "1.2.C-AAAAA", "101.1.C-AAAAA-BBBBB", "1.-1.C-AAAAA-BBBBB", "01.1.C-AAAAA-BBBBB"} {
		if a := rev.get("/queue?after=" + bad); a.status != 404 {
			t.Errorf("the cursor %q answers %d", bad, a.status)
		}
	}
}

func mustReport(t *testing.T, v url.Values) triage.NewReport {
	t.Helper()
	_, n, wrong := readReport(v)
	must(t, wrong.Err())
	return n
}

func TestLogPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	w.signIn(ada).file(reportFields("hate", "Somebody"), ada)
	hidden := w.signIn(ada).file(reportFields("csam", hiddenName), ada)
	aud := w.signIn(w.person("Aud Auditor", account.Auditor))
	if a := aud.get("/log/checkpoint"); a.status != 404 {
		t.Errorf("without a checkpoint it answers %d", a.status)
	}
	if a := aud.get("/log"); a.status != 200 {
		t.Errorf("an empty log answers %d", a.status)
	}
	_, err := w.desk.Sequence(t.Context())
	must(t, err)
	page := aud.get("/log").body
	if !strings.Contains(page, "Report submitted") || !strings.Contains(page, "Withheld") {
		t.Error("the log does not show the one report and withhold the other")
	}
	if a := aud.post("/log/verify", nil); a.status != 200 || !strings.Contains(a.body, "The log holds") {
		t.Errorf("verifying answers %d", a.status)
	}
	if a := aud.get("/log/checkpoint"); a.status != 200 || !strings.HasPrefix(a.body, "proffer.example/log\n") {
		t.Errorf("the checkpoint is %d %q", a.status, a.body)
	}
	var event string
	must(t, w.store.View(t.Context(), func(tx triage.Tx) error {
		es, err := tx.EventsOf(t.Context(), hidden.Case)
		event = es[0].ID
		return err
	}))
	a := aud.get("/log/events/" + event + "/proof")
	if a.status != 200 || !strings.HasPrefix(a.body, "record-hash ") || !strings.Contains(a.body, "proffer inclusion v1") || len(mentions(a, []string{string(hidden.Case), string(hidden.ID)})) > 0 {
		t.Errorf("the proof of a withheld entry is %d %q", a.status, a.body)
	}
}

// TestBackToTheQueue leads a form back to the place in the queue that it names, and nowhere else.
func TestBackToTheQueue(t *testing.T) {
	t.Parallel()
	for back, want := range map[string]string{"": "/queue", "/queue?q=Tan&tab=mine": "/queue?q=Tan&tab=mine", "/queue": "/queue",
		"/queues?x": "/queue", "/log?x": "/queue", "//evil.example/queue?x": "/queue", "https://evil.example/queue?x": "/queue", "/queue?x\r\n": "/queue"} {
		if got := queueBack(&http.Request{PostForm: url.Values{"back": {back}}}); got != want {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}
