package handlers

import (
	"bytes"
	"crypto/sha256"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

// column is one actor of the matrix.
type column struct {
	name    string
	acc     account.Account
	browser *browser // against the dry server
}

// sight reports whether the column's actor may know of the child-safety lane.
func (c column) sight() bool { return c.acc.Roles.Has(account.ChildSafety) }

// matter is one case with everything on it.
type matter struct {
	report   triage.Report
	id       triage.CaseID
	exhibit  triage.ExhibitID
	decision triage.DecisionID
	pack     triage.PackageID // requested, waits for a second person
	ready    triage.PackageID // built
}

// fixture is one state of the world in which every route has something to act on.
type fixture struct {
	*world
	dry     *httptest.Server
	columns []column

	free, held, waits, decided, failed matter           // general lane
	hidden, hiddenDone                 matter           // child-safety lane
	giving, givingHidden, differs      triage.OpinionID // second opinions: held by the reviewer, by the specialist, and given
	rule, ruleHidden                   triage.RuleID    // of the general and of the closed lane, tried and off
	upload                             triage.UploadID
	view, viewHidden                   triage.ViewID  // shared: by the lead, and one of the child-safety lane
	bulk                               triage.BulkID  // a preview of the reviewer's
	visited                            matter         // about the meeting that goes on
	visit                              triage.VisitID // to it, which waits
	merged                             triage.Move    // of the general lane
	left                               matter         // from which a report was split off
	split                              triage.Move    // that one, which is in the child-safety lane by now
	gone                               matter         // what was split off
	list, hiddenList                   triage.HashListID
	lost                               string          // recovery of somebody who is in no column
	event                              string          // of the general lane, sequenced
	going, over                        string          // meetings of the owner
	hana                               account.Account // who reports what only specialists see
	walt                               account.Account // who is reported in waits
	second, liaison, answers           triage.Actor    // staff of both lanes who are in no column
	recorded, recording                recorded        // of the meeting that goes on, where the host is a co-host: one that is over, one that runs
}

func newFixture(t testing.TB) *fixture {
	f := newGeneralFixture(t)
	f.closedLane()
	f.sequence()
	return f
}

// newGeneralFixture is a fixture without anything of the child-safety lane.
func newGeneralFixture(t testing.TB) *fixture {
	w := newWorld(t)
	f := &fixture{world: w}
	f.people()
	c := w.config
	desk := *w.desk
	desk.Store = dryStore{w.store}
	c.Meetings = w.startHub(dryMeetings{w.store})
	c.Desk, c.People = &desk, []account.Account{f.columns[1].acc}
	f.dry = w.serve(c)
	for i := range f.columns {
		f.columns[i].browser = &browser{w: w, base: f.dry.URL}
		if f.columns[i].acc.ID != "" {
			f.columns[i].browser.cookie = w.signIn(f.columns[i].acc).cookie
		}
	}
	f.cases()
	f.views()
	f.plan()
	f.meetings()
	f.visiting()
	f.moving()
	f.recovery()
	f.hashLists()
	f.sequence()
	return f
}

// sequence has everything that waits signed into the log.
func (w *world) sequence() {
	w.t.Helper()
	for {
		n, err := w.desk.Sequence(w.t.Context())
		must(w.t, err)
		if n == 0 {
			return
		}
	}
}

func (f *fixture) people() {
	f.columns = []column{{name: "anonymous"}, {name: "owner", acc: f.person("Ada Owner")}, {name: "host", acc: f.person("Eve Other")}}
	for _, r := range account.AllRoles {
		f.columns = append(f.columns, column{name: string(r), acc: f.person("Role "+string(r), r)})
	}
	var all account.Roles
	for _, r := range account.AllRoles {
		if r != account.ChildSafety {
			all = append(all, r)
		}
	}
	f.columns = append(f.columns,
		column{name: "cs+reviewer", acc: f.person("Both", account.ChildSafety, account.Reviewer)},
		column{name: "cs+auditor", acc: f.person("Inspector", account.ChildSafety, account.Auditor)},
		column{name: "all-but-cs", acc: f.person("Nearly All", all...)})
}

func (f *fixture) column(name string) column {
	for _, c := range f.columns {
		if c.name == name {
			return c
		}
	}
	f.t.Fatalf("there is no column %q", name)
	return column{}
}

// Names that nobody outside the child-safety lane may ever read.
const (
	hiddenName  = "Hazel Hidden"
	hiddenName2 = "Hugo Hidden"
)

func (f *fixture) cases() {
	owner := f.column("owner").acc
	f.hana = f.person("Hana Host")
	ada := f.signIn(owner)
	f.second = f.actor(f.person("Second Reviewer", account.Reviewer, account.ChildSafety))
	f.liaison = f.actor(f.person("Second Liaison", account.Liaison, account.Lead, account.ChildSafety))
	f.answers = f.actor(f.person("Answers", account.Lead, account.ChildSafety))
	f.free = f.matter(ada, owner, "harassment", "Fred Free", false)
	f.held = f.matter(ada, owner, "hate", "Hal Held", false)
	f.waits = f.matter(ada, owner, "threat", "Walt Waits", false)
	f.decided = f.matter(ada, owner, "fraud", "Dora Decided", false)
	f.failed = f.matter(ada, owner, "nudity", "Fay Failed", true)
	ctx := f.t.Context()
	_, err := f.desk.Claim(ctx, f.actor(f.column("reviewer").acc), f.held.id)
	must(f.t, err)
	f.waits.decision = f.propose(f.second, f.waits)
	f.settle(f.second, f.liaison, &f.decided)
	m := f.matter(ada, owner, "harassment", "Dan Differs", false)
	f.drawn(f.second, m)
	o, err := f.desk.TakeOpinion(ctx, f.liaison)
	must(f.t, err)
	_, err = f.desk.GiveOpinion(ctx, f.liaison, o.ID, f.says(m, triage.ActRefer))
	must(f.t, err)
	f.differs = o.ID
	f.giving = f.takes("reviewer", f.matter(ada, owner, "harassment", "Drawn reviewer", false))
	f.rule = f.routingRule(f.liaison, triage.LaneGeneral, "A rule")
	f.upload = ada.beginUpload("open.webm", []byte("an upload that is still open"))
	must(f.t, f.desk.AddNote(ctx, f.second, f.free.id, "A note between colleagues."))
	must(f.t, f.store.View(ctx, func(tx triage.Tx) error {
		es, err := tx.EventsOf(ctx, f.free.id)
		f.event = es[0].ID
		return err
	}))
}

// closedLane files and decides what is of the child-safety lane.
func (f *fixture) closedLane() {
	f.t.Helper()
	owner := f.column("owner").acc
	hidden := f.signIn(f.hana)
	f.hidden = f.matter(hidden, f.hana, "csam", hiddenName, false)
	f.hiddenDone = f.matter(hidden, f.hana, "grooming", hiddenName2, false)
	f.settle(f.second, f.liaison, &f.hiddenDone)
	f.hiddenList = f.hashList(f.column("child-safety").acc, triage.LaneChildSafety, hiddenSource, hiddenHash, f.hidden.exhibit)
	f.ruleHidden = f.routingRule(f.liaison, triage.LaneChildSafety, "A closed rule")
	f.givingHidden = f.takes("child-safety", f.matter(f.signIn(owner), owner, "grooming", "Drawn child-safety", false))
}

// matter files a report with one clip and prepares it.
func (f *fixture) matter(b *browser, by account.Account, policy triage.PolicyID, name string, failed bool) matter {
	f.t.Helper()
	form := reportFields(policy, name, b.upload(name+".webm", []byte("clip of "+name)))
	if name == "Walt Waits" {
		f.walt = f.person("Walt Account")
		form.Set("person_identifier[]", f.walt.Email)
	}
	r := b.file(form, by)
	f.prepare(r, failed)
	return matter{report: r, id: r.Case, exhibit: r.Exhibits[0]}
}

func (f *fixture) propose(by triage.Actor, m matter) triage.DecisionID {
	f.t.Helper()
	_, err := f.desk.Claim(f.t.Context(), by, m.id)
	must(f.t, err)
	d, err := f.signing.Decide(f.t.Context(), by, m.id, []triage.Finding{{Person: m.report.People[0].ID, Policy: m.report.Policy,
		Severity: triage.SeverityHigh, Action: triage.ActBan, Reasons: "A threat that was meant."}})
	must(f.t, err)
	return d.ID
}

// settle decides a case, asks for one package and builds another.
func (f *fixture) settle(by, liaison triage.Actor, m *matter) {
	f.t.Helper()
	ctx := f.t.Context()
	_, err := f.desk.Claim(ctx, by, m.id)
	must(f.t, err)
	d, err := f.signing.Decide(ctx, by, m.id, []triage.Finding{{Person: m.report.People[0].ID, Policy: m.report.Policy,
		Severity: triage.SeverityHigh, Action: triage.ActRefer, Reasons: "To be told to the police."}})
	must(f.t, err)
	m.decision = d.ID
	ask := triage.NewPackage{Case: m.id, Exhibits: []triage.ExhibitID{m.exhibit}, Recipient: "Police of " + m.report.People[0].Name,
		Basis: "warrant", Scope: "Everything about this person."}
	for reference, at := range map[string]*triage.PackageID{"Waits": &m.pack, "Is ready": &m.ready} { // the same one twice is one request
		ask.Reference = reference
		p, err := f.signing.RequestPackage(ctx, liaison, ask)
		must(f.t, err)
		*at = p.ID
	}
	must(f.t, f.signing.AnswerPackage(ctx, f.answers, m.ready, true, ""))
	_, _, err = f.desk.BeginBuilding(ctx, m.ready)
	must(f.t, err)
	data := []byte("a zip of evidence, in the eyes of this test")
	key := "package/" + string(m.ready)
	must(f.t, f.objects.PutDerivative(ctx, key, "application/zip", bytes.NewReader(data), int64(len(data))))
	must(f.t, f.desk.FinishBuilding(ctx, m.ready, key, sha256.Sum256(data), int64(len(data)), ""))
}

// routingRule writes a rule and tries it out.
func (f *fixture) routingRule(by triage.Actor, lane triage.Lane, name string) triage.RuleID {
	f.t.Helper()
	r, err := f.desk.SaveRule(f.t.Context(), by, triage.RoutingRule{Lane: lane, Rule: routing.Rule{Name: name, Condition: "report.clips > 8", Points: 1}})
	must(f.t, err)
	_, err = f.desk.TryRule(f.t.Context(), by, r.ID)
	must(f.t, err)
	return r.ID
}

// says is a finding on everyone of a matter's report.
func (f *fixture) says(m matter, do triage.ActionKind) []triage.Finding {
	return []triage.Finding{{Person: m.report.People[0].ID, Policy: m.report.Policy, Severity: triage.SeverityLow, Action: do, Reasons: "Nothing could be seen."}}
}

// drawn decides a case, and has the decision drawn for a second opinion.
func (f *fixture) drawn(by triage.Actor, m matter) {
	f.t.Helper()
	f.desk.Dice = func(int) int { return 0 }
	defer func() { f.desk.Dice = func(n int) int { return n } }()
	_, err := f.desk.Claim(f.t.Context(), by, m.id)
	must(f.t, err)
	_, err = f.desk.Decide(f.t.Context(), by, m.id, f.says(m, triage.ActNone), nil)
	must(f.t, err)
}

// takes has a column's actor take an opinion on a matter.
func (f *fixture) takes(column string, m matter) triage.OpinionID {
	f.t.Helper()
	f.drawn(f.second, m)
	o, err := f.desk.TakeOpinion(f.t.Context(), f.actor(f.column(column).acc))
	must(f.t, err)
	return o.ID
}

// meetings makes one that goes on and one that is over.
func (f *fixture) meetings() {
	f.t.Helper()
	hub := f.config.Meetings
	for _, id := range []*string{&f.going, &f.over} {
		m, err := f.desk.NewMeeting(f.actor(f.column("owner").acc), "Chemistry")
		must(f.t, err)
		_, err = hub.Create(f.t.Context(), meeting.Meeting{ID: string(m.ID), Org: m.Org, Host: m.Host, Title: m.Title, Mode: meeting.Standard, Starts: time.Now()})
		must(f.t, err)
		*id = string(m.ID)
	}
	must(f.t, hub.End(f.t.Context(), f.over))
	must(f.t, f.store.PutSeated(f.t.Context(), f.going, meeting.Seated{Device: meeting.Key{7}, Account: f.column("host").acc.ID, In: true, Host: true}))
	f.recorded, f.recording = f.record(f.going, "recorded", true), f.record(f.going, "", false)
}

// probe is one request of the matrix.
type probe struct {
	route  string // "METHOD pattern", as in the table
	label  string // what it is tried on
	path   string
	form   url.Values
	header map[string]string
	body   string
}

// probes is every request that the matrix makes, in the order of its rows.
func (f *fixture) probes() []probe {
	var ps []probe
	add := func(route, label, path string, form url.Values) {
		ps = append(ps, probe{route: route, label: label, path: path, form: form})
	}
	f.publicProbes(add)
	f.hostProbes(add)
	f.meetingProbes(add)
	matters := []struct {
		label string
		m     matter
	}{{"free", f.free}, {"held", f.held}, {"waits", f.waits}, {"decided", f.decided}, {"failed", f.failed},
		{"hidden", f.hidden}, {"hidden decided", f.hiddenDone}}
	for _, x := range matters {
		f.caseProbes(add, x.label, x.m)
	}
	f.officeProbes(add)
	for i := range ps {
		ps[i].finish()
	}
	return ps
}

// finish adds what routes that take no forms need.
func (p *probe) finish() {
	switch p.route {
	case "POST /exhibits/{id}/watch":
		p.body, p.header = `{"session":"s","intervals":[{"from":0,"to":1.5,"clear":false,"sound":true}]}`, map[string]string{"Content-Type": "application/json"}
	case "POST /m/{id}/certificate":
		p.body, p.header = `{"device":"`+strings.Repeat("A", 43)+`","name":"Gerd Guest"}`, map[string]string{"Content-Type": "application/json"}
	case "POST /uploads/":
		p.header = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "3",
			"Upload-Metadata": "filename YQ==,sha256 YmE3ODE2YmY4ZjAxY2ZlYTQxNDE0MGRlNWRhZTIyMjNiMDAzNjFhMzk2MTc3YTljYjQxMGZmNjFmMjAwMTVhZA=="}
	case "PATCH /uploads/{id}":
		p.header, p.body = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, "an upload"
	case "HEAD /uploads/{id}", "DELETE /uploads/{id}", "OPTIONS /uploads/":
		p.header = map[string]string{"Tus-Resumable": "1.0.0"}
	default:
		if p.form != nil {
			p.body, p.header = p.form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		}
	}
}

// recovery has somebody lose their passkey.
func (f *fixture) recovery() {
	f.t.Helper()
	who := f.actor(f.person("Lou Lost", account.Auditor))
	_, err := f.signing.Key(f.t.Context(), who.Account)
	must(f.t, err)
	r, err := f.desk.AskRecovery(f.t.Context(), who, "My telephone is at the bottom of the lake.")
	must(f.t, err)
	f.lost = r.ID
}

// moving has two cases merged, and of two others one split off again, which then goes to child safety.
func (f *fixture) moving() {
	f.t.Helper()
	ctx, host := f.t.Context(), f.person("Hal Mover")
	b := f.signIn(host)
	ivo, specialist := f.actor(f.person("Ivo Investigator", account.Investigator)), f.actor(f.person("Sid Specialist", account.ChildSafety, account.Reviewer))
	var err error
	first, second := f.matter(b, host, "fraud", "Mo Moved", false), f.matter(b, host, "fraud", "Mo Moved", false)
	f.merged, err = f.desk.Merge(ctx, ivo, first.id, second.id, "The same fraud, told twice.")
	must(f.t, err)
	f.left, f.gone = f.matter(b, host, "fraud", "Gil Given", false), f.matter(b, host, "fraud", "Gil Given", false)
	_, err = f.desk.Merge(ctx, ivo, f.left.id, f.gone.id, "The same fraud, told twice.")
	must(f.t, err)
	f.split, err = f.desk.Split(ctx, ivo, f.left.id, []triage.ReportID{f.gone.report.ID}, "It is about a child.")
	must(f.t, err)
	_, err = f.desk.Claim(ctx, specialist, f.split.Into)
	must(f.t, err)
	must(f.t, f.desk.Escalate(ctx, specialist, f.split.Into, triage.LaneChildSafety, "It is about a child."))
}

// visiting has a report about the meeting that goes on, and somebody ask to enter it.
func (f *fixture) visiting() {
	f.t.Helper()
	owner := f.column("owner").acc
	form := reportFields("hate", "Vic Visited", f.signIn(owner).upload("Vic.webm", []byte("clip of Vic")))
	form.Set("meeting", f.going)
	r := f.signIn(owner).file(form, owner)
	f.prepare(r, false)
	f.visited = matter{report: r, id: r.Case, exhibit: r.Exhibits[0]}
	v, err := f.signing.RequestVisit(f.t.Context(), f.actor(f.person("Ina Investigator", account.Investigator)), r.Case, "It goes on right now.")
	must(f.t, err)
	f.visit = v.ID
}
