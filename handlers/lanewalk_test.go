package handlers

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestLaneWalk holds invariant I10 (issue 5, "The child-safety lane"): it walks every route that the router has, as everybody who is not of that
// lane, before and after there is anything in it. Nothing that they can ask may tell the two apart, and nothing that is answered holds a word or an
// identifier of it. Routes, columns of tables and links on pages are taken from where they are, so what is new is walked as well.
//
// Not told apart are two worlds that differ in this content alone: the same people, with the same passkeys, and a clock that stands still.
func TestLaneWalk(t *testing.T) {
	t.Parallel()
	w := newLaneWalk(t)
	hana := w.signIn(w.hana)
	before := w.lists()
	rows, mail := w.ids(), w.mail()
	heard := map[string]*listener{}
	for _, c := range w.outside() {
		if c.acc.ID != "" {
			heard[c.name] = (&browser{w: w.world, base: w.server.URL, cookie: c.browser.cookie}).listen(t, nil)
		}
	}
	w.content(hana)
	w.secret = slices.DeleteFunc(w.ids(), func(id string) bool { return slices.Contains(rows, id) })
	if w.markedRows() < 15 {
		t.Fatalf("only %d rows hold the mark, so this walk shows nothing", w.markedRows())
	}
	t.Run("lists", func(t *testing.T) { w.comparesLists(t, before, w.lists()) })
	t.Run("names", w.names)
	t.Run("mail", func(t *testing.T) {
		if after := w.mail(); !slices.Equal(mail, after) {
			t.Errorf("mail went to people outside of the lane:\n%s", strings.Join(after, "\n"))
		}
	})
	t.Run("events", func(t *testing.T) { w.hears(t, heard) })
	t.Run("specialists", w.specialistsSee)
}

// mark is a word in every free text of the content: of reporters, in chat, in notes, reasons and names of people and files.
const mark = "Qwyzzle"

// laneWalk is a fixture without a child-safety lane, and then with one.
type laneWalk struct {
	*fixture
	specialist triage.Actor // of both lanes, who may lead
	routes     []string     // "METHOD pattern", as the router has them
	needs      map[string]triage.Action
	secret     []string // every identifier of the content
	clip       []byte   // which a case of the general lane has, too
}

func newLaneWalk(t *testing.T) *laneWalk {
	w := &laneWalk{fixture: newGeneralFixture(t), needs: map[string]triage.Action{}, clip: []byte("clip of Vic")}
	w.specialist = w.actor(w.person("Lena Lead", account.Lead, account.ChildSafety))
	must(t, w.store.Attended(t.Context(), w.going, meeting.Attendee{Account: w.hana.ID, Name: w.hana.Name, Device: meeting.Key{8}}, time.Now()))
	w.columns = append(w.columns, column{name: "reported", acc: w.walt, browser: &browser{w: w.world, base: w.dry.URL, cookie: w.signIn(w.walt).cookie}})
	for _, id := range append(accounts(w.columns), w.second.Account, w.liaison.Account, w.answers.Account, w.specialist.Account) {
		_, err := w.signing.Key(t.Context(), id) // who signs something makes one
		must(t, err)
	}
	c := w.config
	c.Addr = "127.0.0.1:8080"
	h, err := New(c)
	must(t, err)
	must(t, chi.Walk(h.(chi.Routes), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		w.routes = append(w.routes, method+" "+pattern)
		return nil
	}))
	s, err := newServer(c)
	must(t, err)
	for _, rt := range s.routes() {
		w.needs[rt.Method+" "+rt.Pattern] = rt.Needs
	}
	twin := w.matterOf("C-00000-00000", "R-00000-00000", "X-00000-00000", "W-00000-00000")
	w.hidden, w.hiddenDone, w.givingHidden, w.ruleHidden, w.hiddenList = twin, twin, "Z-00000-00000", "RU-00000-00000", "HL-00000-00000"
	w.stopClock()
	return w
}

// accounts are those of columns.
func accounts(cs []column) (ids []account.ID) {
	for _, c := range cs {
		if c.acc.ID != "" {
			ids = append(ids, c.acc.ID)
		}
	}
	return ids
}

// matterOf is a matter that does not exist.
func (w *laneWalk) matterOf(id triage.CaseID, r triage.ReportID, x triage.ExhibitID, p triage.PersonID) matter {
	return matter{id: id, exhibit: x, decision: "D-00000-00000", pack: "P-00000-00000", ready: "P-00000-00001",
		report: triage.Report{ID: r, Case: id, Exhibits: []triage.ExhibitID{x}, People: []triage.Person{{ID: p}}}}
}

// outside is everybody who is not of the lane.
func (w *laneWalk) outside() []column {
	return slices.DeleteFunc(slices.Clone(w.columns), column.sight)
}

// content fills the lane: cases that are open, held, failed, waiting for a second person and decided, about somebody who was reported in the general
// lane as well, in a meeting that others reported, with a clip that they have, too; with everything that people can say about a case.
func (w *laneWalk) content(hana *browser) {
	w.t.Helper()
	ctx := w.t.Context()
	file := func(policy triage.PolicyID, name string, uploads ...triage.UploadID) matter {
		form := reportFields(policy, mark+" "+name, append(uploads, hana.upload(mark+" "+name+".webm", []byte(mark+" clip "+name)))...)
		form.Set("meeting", w.going)
		form.Set("person_identifier[]", w.walt.Email)
		form.Set("words", mark+" said something to a child.")
		r := hana.file(form, w.hana)
		w.prepare(r, name == "failed")
		return matter{report: r, id: r.Case, exhibit: r.Exhibits[0]}
	}
	w.hidden = file("csam", "one", hana.upload(mark+" same.webm", w.clip))
	w.talked(w.hidden, hana)
	must(w.t, w.desk.LogWatch(ctx, w.second, w.hidden.exhibit, []triage.Watch{{Session: mark, To: 5 * time.Minute, Clear: true, Sound: true}}))
	w.hidden.decision = w.propose(w.second, w.hidden)
	w.visits(w.hidden)
	w.hiddenDone = file("grooming", "two")
	w.settle(w.second, w.liaison, &w.hiddenDone)
	again := file("grooming", "again")
	w.drawn(w.second, again)
	must(w.t, w.desk.Reopen(ctx, w.specialist, again.id, mark+" has to be looked at again."))
	w.givingHidden = w.takes("child-safety", file("grooming", "drawn"))
	differs := file("grooming", "differs")
	w.drawn(w.second, differs)
	o, err := w.desk.TakeOpinion(ctx, w.liaison)
	must(w.t, err)
	_, err = w.desk.GiveOpinion(ctx, w.liaison, o.ID, w.says(differs, triage.ActRefer))
	must(w.t, err)
	must(w.t, w.desk.SettleOpinion(ctx, w.specialist, o.ID, triage.VerdictSecond, mark+" is clear enough."))
	w.chat(hana)
	file("csam", "failed")
	escalated := file("csam", "escalated")
	_, err = w.desk.Claim(ctx, w.second, escalated.id)
	must(w.t, err)
	must(w.t, w.desk.Escalate(ctx, w.second, escalated.id, triage.LaneGeneral, mark+" is above my head."))
	must(w.t, w.desk.SetRate(ctx, w.specialist, triage.Rate{Kind: triage.RatePolicy, Subject: "grooming", Percent: 50}))
	_, err = w.desk.SaveQueue(ctx, w.specialist, triage.WorkQueue{Lane: triage.LaneChildSafety, Name: mark + " queue", Members: []account.ID{w.second.Account}})
	must(w.t, err)
	w.hiddenList = w.hashList(w.column("child-safety").acc, triage.LaneChildSafety, mark+" source", mark+" entry", w.hiddenDone.exhibit) // not of the clip that a case of the other lane has: that would move it here
	w.ruleHidden = w.routingRule(w.specialist, triage.LaneChildSafety, mark+" rule")
	w.sequence()
}

// talked has the reporter and the team say more.
func (w *laneWalk) talked(m matter, hana *browser) {
	w.t.Helper()
	if a := hana.post("/reports/"+string(m.report.ID)+"/additions", url.Values{"words": {mark + " did it again."}}); a.status != 303 {
		w.t.Fatalf("adding to a report answered %d %s", a.status, a.body)
	}
	must(w.t, w.desk.AddNote(w.t.Context(), w.second, m.id, mark+" is known to us."))
}

// visits has two people ask to enter the meeting, and one let in.
func (w *laneWalk) visits(m matter) {
	w.t.Helper()
	ctx := w.t.Context()
	for i, by := range []triage.Actor{w.liaison, w.second} {
		v, err := w.signing.RequestVisit(ctx, by, m.id, mark+" is in there right now.")
		must(w.t, err)
		if i > 0 {
			_, err = w.signing.AnswerVisit(ctx, w.answers, v.ID, true, mark+" has to be stopped.")
			must(w.t, err)
		}
	}
}

// chat files lines of chat, as their verdict has them.
func (w *laneWalk) chat(hana *browser) {
	w.t.Helper()
	ctx := w.t.Context()
	r := hana.file(reportFields("grooming", mark+" chat", hana.upload(mark+" lines", []byte("lines"))), w.hana)
	_, _, err := w.desk.BeginPreparing(ctx, r.Exhibits[0])
	must(w.t, err)
	verdict := `{"lines":{"grade":"partly verified","meeting":"` + w.going + `","senders":[{"name":"` + mark + `"}],"lines":[` +
		`{"sender":0,"time":1764151200000,"text":"` + mark + ` writes to a child.","state":"verified"}]}}`
	must(w.t, w.desk.FinishPreparing(ctx, r.Exhibits[0], triage.Prepared{Probe: triage.Probe{Container: triage.ContainerLines}, Verdict: []byte(verdict), Trust: triage.TrustPartly}))
}

// lists asks for everything that names nothing of the lane: every probe, every route without parameters, with the mark as every query that pages
// know, and every link on those pages. Answers are by column and request.
func (w *laneWalk) lists() map[string]string {
	w.t.Helper()
	var asked []probe
	for _, p := range w.probes() {
		if !w.namesSecret(p.path+p.body) && !slices.Contains(ends, p.route) && !p.lasts() {
			asked = append(asked, p)
		}
	}
	for _, r := range w.routes {
		if method, path, _ := strings.Cut(r, " "); method == "GET" && !strings.ContainsAny(path, "{*") {
			asked = append(asked, probe{route: r, path: path})
			for _, q := range w.queries() {
				asked = append(asked, probe{route: r, path: path + "?" + q})
			}
		}
	}
	out := map[string]string{}
	for _, c := range w.outside() {
		todo, seen := slices.Clone(asked), map[string]bool{}
		for i := 0; i < len(todo); i++ {
			p := todo[i]
			if strings.Contains(p.path, "?") && !w.admits(p.route, c) {
				continue // refused before anything is read
			}
			a := w.try(p, c)
			if found := w.holds(p, a); len(found) > 0 {
				w.t.Errorf("%s %s shows %s %q", p.route, p.path, c.name, found)
			}
			name := c.name + ": " + p.route + " " + p.path + " " + p.label
			out[name] = quiet(a)
			for _, to := range links(p, a) {
				if !seen[to] {
					seen[to] = true
					todo = append(todo, probe{route: "GET (a link)", path: to})
				}
			}
		}
	}
	return out
}

// queries ask for what is in the lane by everything that pages let one ask for.
func (w *laneWalk) queries() []string {
	return []string{"q=" + mark, "q=" + mark + "&tab=decided&policy=grooming", "policy=csam&lane=child-safety", "policy=csam&tab=approval",
		"from=2000-01-01&reviewer=" + string(w.second.Account) + "&account=" + string(w.hana.ID)}
}

// admits reports whether a column's actor may use a route at all.
func (w *laneWalk) admits(route string, c column) bool {
	need := w.needs[route]
	return need == "" || triage.Can(w.actor(c.acc), need, triage.Target{})
}

// lasts reports whether a request changes something that the dry server does not undo: in the intake, or in a meeting that goes on.
func (p probe) lasts() bool {
	return p.method() != "GET" && strings.HasPrefix(p.path, "/uploads/") || p.route == "POST /meetings/{id}/end"
}

func (p probe) method() string { return strings.SplitN(p.route, " ", 2)[0] }

// link finds addresses of this site on a page.
var link = regexp.MustCompile(`(?:href|src|data-[a-z-]+)="(/[^"#]+)`)

// links are those on a page that a probe of a route got; what is found on pages behind links is left.
func links(p probe, a answer) (out []string) {
	if !strings.HasPrefix(p.route, "GET /") || strings.Contains(p.path, "?") {
		return nil
	}
	for _, m := range link.FindAllStringSubmatch(a.body, -1) {
		if to := strings.ReplaceAll(m[1], "&amp;", "&"); !strings.HasPrefix(to, "/static/") && !strings.HasPrefix(to, "/events") {
			out = append(out, to)
		}
	}
	return out
}

// drawnAnew is what is drawn for each answer anew: identifiers of what a dry run files, nonces and keys of forms, and when a session ends.
var drawnAnew = regexp.MustCompile(`(since|until) +<time[^<]*|[A-Z2-7]{16,26}|[A-Z]{1,2}-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}|[0-9a-zA-Z_-]{43,46}`)

// quiet is an answer without what differs from one request to the next.
func quiet(a answer) string {
	lines := []string{fmt.Sprint(a.status)}
	for k, vs := range a.header {
		if !slices.Contains([]string{"Date", "X-Request-Id", "Set-Cookie", "Content-Length"}, k) {
			lines = append(lines, k+": "+strings.Join(vs, ", "))
		}
	}
	slices.Sort(lines)
	return drawnAnew.ReplaceAllString(strings.Join(lines, "\n")+"\n"+a.body, "…")
}

// sized is what tells how many entries the log has. It has those of the lane, too: the tree's size counts them, and cannot otherwise be signed
// (ARCHITECTURE, "The auditor's log").
func sized(name string) bool { return strings.Contains(name, " /log") }

func (w *laneWalk) comparesLists(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if was, ok := before[name]; !sized(name) && (!ok || was != after[name]) {
			t.Errorf("%s tells that the lane has something:\n%s", name, difference(was, after[name]))
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok && !sized(name) {
			t.Errorf("%s is gone once the lane has something", name)
		}
	}
}

// difference is where two texts begin to differ.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-150)
	return "was " + a[min(from, len(a)):min(i+150, len(a))] + "\nis  " + b[min(from, len(b)):min(i+150, len(b))]
}

// names puts every identifier of the content into every parameter of every route, and holds that the answer is the one for a number that does not
// exist.
func (w *laneWalk) names(t *testing.T) {
	twins, tried := w.twins(), 0
	toTwin := strings.NewReplacer(pairs(twins)...)
	for _, route := range w.routes {
		method, pattern, _ := strings.Cut(route, " ")
		if method == "HEAD" || !strings.Contains(pattern, "{") {
			continue // HEAD is answered as GET is: TestRoutes
		}
		requests := w.requests(route)
		for _, c := range w.outside() {
			list, known := requests, map[string]string{}
			if !w.admits(route, c) {
				list = requests[:1] // refused before anything is read
			}
			for _, p := range list {
				q := p
				q.path, q.body = toTwin.Replace(p.path), toTwin.Replace(p.body)
				q.form = nil
				if _, ok := known[q.path+q.body]; !ok {
					known[q.path+q.body] = quiet(w.try(q, c))
				}
				tried++
				a := w.try(p, c)
				if found := w.holds(p, a); len(found) > 0 {
					t.Errorf("%s %s shows %s %q", method, p.path, c.name, found)
				}
				a.body = toTwin.Replace(a.body)
				if got := quiet(a); !sized("GET "+p.path) && got != known[q.path+q.body] {
					t.Errorf("%s %s: %s is told apart from nothing:\n%s", method, p.path, c.name, difference(known[q.path+q.body], got))
				}
			}
		}
	}
	if tried < 2000 {
		t.Errorf("only %d requests were compared", tried)
	}
	t.Logf("%d requests about %d identifiers", tried, len(w.secret))
}

// twins has for each identifier of the content one that does not exist: the same one for all of a kind, so that its answer is asked for once.
func (w *laneWalk) twins() map[string]string {
	out, kinds := map[string]string{}, map[string]string{}
	for _, id := range w.secret {
		if kinds[id[:1]] == "" {
			kinds[id[:1]] = triage.NewID(id[:1])
		}
		out[id] = kinds[id[:1]]
	}
	return out
}

func pairs(m map[string]string) (out []string) {
	for k, v := range m {
		out = append(out, k, v)
	}
	return out
}

// requests are those of a route with identifiers of the content: in a parameter that takes that kind of thing, as probes show, all of them; of other
// kinds one each. A second parameter takes those of its kind. Forms are those of the route's last probe, which is about a decided case of the lane.
func (w *laneWalk) requests(route string) (out []probe) {
	method, pattern, _ := strings.Cut(route, " ")
	model := probe{route: route}
	for _, p := range w.probes() {
		if p.route == route && !strings.Contains(p.label, unsigned) {
			model = p
		}
	}
	if model.header == nil && method != "GET" {
		model.form = reasons
		model.finish()
	}
	parts, was := strings.Split(pattern, "/"), strings.Split(strings.SplitN(model.path, "?", 2)[0], "/")
	query := ""
	if _, q, ok := strings.Cut(model.path, "?"); ok {
		query = "?" + q
	}
	paths := []string{""}
	for i, part := range parts[1:] {
		values := []string{part}
		if strings.HasPrefix(part, "{") {
			kind := ""
			if i+1 < len(was) && len(was[i+1]) > 0 {
				kind = was[i+1][:1]
			}
			values = w.values(kind, len(paths) == 1)
		}
		var longer []string
		for _, p := range paths {
			for _, v := range values {
				longer = append(longer, p+"/"+v)
			}
		}
		paths = longer
	}
	for _, p := range paths {
		q := model
		q.path = p + query
		out = append(out, q)
	}
	return out
}

// values are the content's identifiers of a kind, at most 20, and where others shall be tried, too, one of each other kind, and the mark itself.
func (w *laneWalk) values(kind string, others bool) (out []string) {
	seen := map[string]int{}
	for _, id := range w.secret {
		if n := seen[id[:1]]; id[:1] == kind && n < 20 || others && n == 0 {
			out = append(out, id)
		}
		seen[id[:1]]++
	}
	if others || len(out) == 0 {
		out = append(out, mark)
	}
	return out
}

// holds is what of the content an answer holds that was not in the request. Entries of the log have a number, as well where nothing else of them is
// shown.
func (w *laneWalk) holds(p probe, a answer) (found []string) {
	all, log := strings.ToLower(a.body), sized(p.route+" "+p.path)
	for k, vs := range a.header {
		all += "\n" + strings.ToLower(k+": "+strings.Join(vs, ", "))
	}
	for _, s := range append([]string{mark}, w.secret...) {
		if strings.Contains(all, strings.ToLower(s)) && !strings.Contains(p.path+p.body, s) && !(log && s[0] == 'E') {
			found = append(found, s)
		}
	}
	return found
}

// namesSecret reports whether a request is about the content, or stands for it while there is none.
func (w *laneWalk) namesSecret(text string) bool {
	m, d := w.hidden, w.hiddenDone
	return slices.ContainsFunc(append([]string{"00000-00000", "00000-00001", string(m.id), string(d.id), string(m.report.ID), string(m.exhibit), string(d.exhibit), string(d.pack), string(d.ready),
		string(w.givingHidden)}, w.secret...), func(s string) bool { return strings.Contains(text, s) })
}

// rows is every row of every table of the database, as text.
func (w *laneWalk) rows(visit func(table, row string)) {
	w.t.Helper()
	ctx := w.t.Context()
	conn, err := pgx.Connect(ctx, w.dsn)
	must(w.t, err)
	defer conn.Close(ctx)
	texts := func(query string) []string {
		rows, err := conn.Query(ctx, query)
		must(w.t, err)
		out, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(w.t, err)
		return out
	}
	for _, table := range texts("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'") {
		for _, row := range texts("SELECT to_jsonb(t)::text FROM " + pgx.Identifier{table}.Sanitize() + " t") {
			visit(table, row)
		}
	}
}

var identifier = regexp.MustCompile(`\b[A-Z]{1,2}-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b`)

// ids is every identifier that the database holds, but those of sessions and challenges, which walking itself makes.
func (w *laneWalk) ids() (out []string) {
	w.rows(func(table, row string) { out = append(out, identifier.FindAllString(row, -1)...) })
	slices.Sort(out)
	return slices.Compact(out)
}

// markedRows counts rows that hold the mark.
func (w *laneWalk) markedRows() (n int) {
	w.rows(func(_, row string) {
		if strings.Contains(row, mark) {
			n++
		}
	})
	return n
}

// mail is every message to people who are not of the lane, but to who reported.
func (w *laneWalk) mail() (out []string) {
	inside := regexp.MustCompile(`"account": "(` + string(w.hana.ID) + `|` + w.specialists() + `)"`)
	w.rows(func(table, row string) {
		if table == "messages" && !inside.MatchString(row) {
			out = append(out, row)
		}
	})
	slices.Sort(out)
	return out
}

// specialists is everybody of the lane, for a pattern.
func (w *laneWalk) specialists() string {
	ids := []string{}
	must(w.t, w.store.View(w.t.Context(), func(tx triage.Tx) error {
		staff, err := tx.Accounts(w.t.Context(), true)
		for _, acc := range staff {
			if acc.Roles.Has(account.ChildSafety) {
				ids = append(ids, string(acc.ID))
			}
		}
		return err
	}))
	return strings.Join(ids, "|")
}

// hears has something happen that everybody may know of, and holds that nobody was told of anything before.
func (w *laneWalk) hears(t *testing.T, streams map[string]*listener) {
	owner := w.column("owner").acc
	r := w.signIn(owner).file(reportFields("hate", "Something else"), owner)
	for name, l := range streams {
		if name == "owner" {
			l.until(string(r.ID))
		}
	}
	time.Sleep(2 * gather)
	for name, l := range streams {
		for len(l.lines) > 0 {
			l.all.WriteString(<-l.lines + "\n")
		}
		text := l.all.String()
		if found := w.holds(probe{}, answer{body: text}); len(found) > 0 {
			t.Errorf("%s is told %q by the event stream:\n%s", name, found, text)
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "data: ") && !strings.Contains(line, string(r.ID)) && !strings.Contains(line, string(r.Case)) {
				t.Errorf("%s is told that something happened: %s", name, line)
			}
		}
	}
}

// specialistsSee holds that the walk would find what there is: those of the lane see it.
func (w *laneWalk) specialistsSee(t *testing.T) {
	seen := 0
	for _, c := range w.columns {
		if c.sight() {
			for _, path := range []string{"/queue", "/search?q=" + strings.ToLower(mark[:7]), "/cases/" + string(w.hidden.id)} {
				seen += len(w.holds(probe{path: path}, c.browser.get(path)))
			}
		}
	}
	if seen < 10 {
		t.Errorf("specialists see %d things of the lane", seen)
	}
}

// TestUploadsInTheLog holds that an auditor sees an upload in the log once it is of a case that they may know of: otherwise those of no such case
// would count the clips of the lane.
func TestUploadsInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	general, closed, pending := host.upload("a.webm", []byte("a")), host.upload("b.webm", []byte("b")), host.upload("c.webm", []byte("c"))
	cancelled := host.beginUpload("d.webm", []byte("d"))
	if a := host.send("DELETE", "/uploads/"+string(cancelled), map[string]string{"Tus-Resumable": "1.0.0"}, nil); a.status != 204 {
		t.Fatalf("cancelling an upload answered %d", a.status)
	}
	host.file(reportFields("hate", "Somebody", general), ada)
	host.file(reportFields("csam", hiddenName, closed), ada)
	w.sequence()
	body := w.signIn(w.person("Ina Inspector", account.Auditor)).get("/log").body
	for id, want := range map[triage.UploadID]bool{general: true, closed: false, pending: false, cancelled: true} {
		if strings.Contains(body, string(id)) != want {
			t.Errorf("that the log shows %s should be %v", id, want)
		}
	}
}
