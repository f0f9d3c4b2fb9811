package handlers

import (
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

var update = flag.Bool("update", false, "write testdata/routes.golden anew")

// ends are the routes that end or replace the session they are called with.
var ends = []string{"POST /sign-out", "POST /demo/switch", "POST /sign-in/{token}"}

// try makes a probe's request as a column, with a session of its own where the request would end it.
func (f *fixture) try(p probe, c column) answer {
	f.t.Helper()
	b := c.browser
	if slices.Contains(ends, p.route) && c.acc.ID != "" {
		b = &browser{w: f.world, base: f.dry.URL, cookie: f.signIn(c.acc).cookie}
	}
	path := p.path
	if path == "" {
		path = f.link(f.column("host").acc)
	}
	method, _, _ := strings.Cut(p.route, " ")
	return b.send(method, path, p.header, strings.NewReader(f.sign(p, c)))
}

// TestRoutes compares every route, tried on every kind of thing by every kind of person, with the golden file, and holds
// that nobody without the child-safety role learns of that lane.
func TestRoutes(t *testing.T) {
	f := newFixture(t)
	probes := f.probes()
	t.Run("table", func(t *testing.T) { everyRouteIsProbed(t, f, probes) })
	t.Run("golden", func(t *testing.T) { golden(t, f, probes) })
	t.Run("head", func(t *testing.T) { headAnswersLikeGet(t, f, probes) })
	t.Run("hidden lane", func(t *testing.T) { hiddenLane(t, f, probes) })
	t.Run("hidden answers like nothing", func(t *testing.T) { hiddenLikeNothing(t, f, probes) })
	t.Run("queue", func(t *testing.T) { queueShowsWhatMayBeRead(t, f) })
	t.Run("cross-origin", func(t *testing.T) { crossOriginPosts(t, f, probes) })
}

func everyRouteIsProbed(t *testing.T, f *fixture, probes []probe) {
	c := f.config
	c.Addr = "127.0.0.1:8080"
	s, err := newServer(c)
	must(t, err)
	probed := map[string]bool{}
	for _, p := range probes {
		probed[p.route] = true
	}
	for _, rt := range s.routes() {
		name := rt.Method + " " + rt.Pattern
		if !probed[name] {
			t.Errorf("the matrix does not try %s", name)
		}
		delete(probed, name)
		if rt.Needs != "" && !slices.Contains(triage.AllActions, rt.Needs) {
			t.Errorf("%s needs an action that triage does not know: %s", name, rt.Needs)
		}
	}
	for name := range probed {
		t.Errorf("the matrix tries %s, which is not a route", name)
	}
}

func golden(t *testing.T, f *fixture, probes []probe) {
	var b strings.Builder
	b.WriteString("# Status of every route for every kind of person. Written by: go test ./handlers -run TestRoutes -update\n#\n")
	for i, c := range f.columns {
		fmt.Fprintf(&b, "# %2d %s\n", i+1, c.name)
	}
	lines := []string{}
	fmt.Fprintf(&b, "#\n%-70s", "")
	for i := range f.columns {
		fmt.Fprintf(&b, " %3d", i+1)
	}
	b.WriteString("\n")
	for _, p := range probes {
		line := fmt.Sprintf("%-70s", strings.TrimSpace(p.route+"  "+p.label))
		for _, c := range f.columns {
			line += fmt.Sprintf(" %3d", f.try(p, c).status)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(routePath(a), routePath(b)) })
	b.WriteString(strings.Join(lines, "\n") + "\n")
	const path = "testdata/routes.golden"
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got := b.String(); got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range max(len(g), len(w)) {
			if i >= len(g) || i >= len(w) || g[i] != w[i] {
				t.Errorf("line %d:\n got %s\nwant %s", i+1, at(g, i), at(w, i))
			}
		}
		t.Error("the answers differ from testdata/routes.golden; if that is meant, run with -update and read the difference")
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(nothing)"
}

// routePath sorts lines of the golden file by path, then method.
func routePath(line string) string {
	f := strings.Fields(line)
	return f[1] + " " + f[0]
}

// secrets is what nobody outside the child-safety lane may read anywhere.
func (f *fixture) secrets() []string {
	out := []string{string(f.givingHidden), string(f.hiddenList), string(f.viewHidden), hiddenView, hiddenSource, hiddenHash}
	for _, m := range []matter{f.hidden, f.hiddenDone} {
		out = append(out, string(m.id), string(m.report.ID), string(m.exhibit), m.report.People[0].Name, m.report.MeetingName, m.report.Words)
		for _, id := range []string{string(m.decision), string(m.pack), string(m.ready)} {
			if id != "" {
				out = append(out, id)
			}
		}
	}
	return append(out, string(f.gone.report.ID), string(f.gone.exhibit), string(f.split.Into), string(f.split.ID))
}

func mentions(a answer, secrets []string) (found []string) {
	all := a.body
	for k, vs := range a.header {
		all += "\n" + k + ": " + strings.Join(vs, ", ")
	}
	for _, s := range secrets {
		if strings.Contains(all, s) {
			found = append(found, s)
		}
	}
	return found
}

// hiddenLane walks every page that does not itself name something of the lane.
func hiddenLane(t *testing.T, f *fixture, probes []probe) {
	secrets := f.secrets()
	extra := []probe{{route: "GET /queue", path: "/queue?policy=csam"}, {route: "GET /queue", path: "/queue?tab=decided&policy=grooming"},
		{route: "GET /queue", path: "/queue?tab=decided&q=Hidd"}, {route: "GET /queue", path: "/queue?q=Hidd"}, {route: "GET /search", path: "/search?q=Hidd"},
		{route: "GET /search", path: "/search?policy=csam"}, {route: "GET /search", path: "/search?lane=child-safety"}, {route: "GET /search", path: "/search?from=2000-01-01"},
		{route: "GET /log", path: "/log?from=1"}}
	seen := 0
	for _, p := range append(slices.Clone(probes), extra...) {
		if !strings.HasPrefix(p.route, "GET ") || slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(p.path, s) }) {
			continue
		}
		for _, c := range f.columns {
			found := mentions(f.try(p, c), secrets)
			if !c.sight() && len(found) > 0 {
				t.Errorf("%s shows %s: %q", p.path, c.name, found)
			}
			seen += len(found)
		}
	}
	if seen == 0 {
		t.Error("not even specialists see the lane, so this test shows nothing")
	}
}

// noise is what differs between two answers that say the same.
var noise = regexp.MustCompile(`[A-Z2-7]{16,26}|BU-[0-9A-Z]{5}-[0-9A-Z]{5}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|datetime="[^"]*"|title="[^"]*"|\d+ (min|h|d)\b|under 1 min`)

func same(a answer) string {
	lines := []string{fmt.Sprint(a.status)}
	for k, vs := range a.header {
		if k != "Date" && k != "X-Request-Id" && k != "Set-Cookie" && k != "Content-Length" {
			lines = append(lines, k+": "+strings.Join(vs, ", "))
		}
	}
	slices.Sort(lines)
	return noise.ReplaceAllString(strings.Join(lines, "\n")+"\n"+a.body, "…")
}

// hiddenLikeNothing holds that whatever names something of the lane is answered as if it named nothing at all.
func hiddenLikeNothing(t *testing.T, f *fixture, probes []probe) {
	pairs := []string{}
	for _, s := range f.secrets() {
		if m := regexp.MustCompile(`^[A-Z]{1,2}-`).FindString(s); m != "" {
			pairs = append(pairs, s, triage.NewID(strings.TrimSuffix(m, "-")))
		}
	}
	twin := strings.NewReplacer(pairs...)
	tried := 0
	for _, p := range probes {
		q := p
		q.path, q.body = twin.Replace(p.path), twin.Replace(p.body)
		if q.path == p.path && q.body == p.body {
			continue
		}
		for _, c := range f.columns {
			if c.sight() {
				continue
			}
			tried++
			if a, b := same(f.try(p, c)), same(f.try(q, c)); twin.Replace(a) != b {
				t.Errorf("%s %s: %s is told apart from nothing:\n%s\n--- but\n%s", p.route, p.label, c.name, a, b)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d requests were compared", tried)
	}
}

// queueShowsWhatMayBeRead holds that no tab shows a case that triage.Can would not let the actor read of, for people who
// hold several roles too.
func queueShowsWhatMayBeRead(t *testing.T, f *fixture) {
	for _, roles := range []account.Roles{{account.Liaison}, {account.Liaison, account.ChildSafety}, {account.Liaison, account.Auditor}, {account.Lead}} {
		acc := f.person(fmt.Sprint("Several ", roles), roles...)
		b := f.signIn(acc)
		for _, tab := range triage.Tabs {
			a := b.get("/queue?tab=" + string(tab))
			for _, m := range []matter{f.free, f.held, f.waits, f.failed, f.decided, f.hidden, f.hiddenDone} {
				var c triage.Case
				must(t, f.store.View(t.Context(), func(tx triage.Tx) (err error) { c, err = tx.Case(t.Context(), m.id); return err }))
				if len(mentions(a, []string{string(m.id)})) > 0 && !triage.Can(f.actor(acc), triage.QueueRead, triage.Target{Lane: c.Lane, State: c.State}) {
					t.Errorf("%v: the tab %s shows a case in the lane %s that is %s", roles, tab, c.Lane, c.State)
				}
			}
		}
	}
}

// headAnswersLikeGet holds that HEAD is answered as GET is, to everybody, without the body.
func headAnswersLikeGet(t *testing.T, f *fixture, probes []probe) {
	for _, p := range probes {
		path, ok := strings.CutPrefix(p.route, "GET ")
		if !ok {
			continue
		}
		q := p
		q.route = "HEAD " + path
		for _, c := range f.columns {
			a, b := f.try(p, c), f.try(q, c)
			long := a.header.Get("Content-Length")
			if got := b.header.Get("Content-Length"); b.body != "" || got != "" && long != "" && got != long {
				t.Errorf("%s: %s has %d bytes and says %q, GET says %q", q.route, c.name, len(b.body), got, long)
			}
			a.body = ""
			a.header.Set("Cache-Control", strings.TrimSuffix(a.header.Get("Cache-Control"), `, no-cache="Set-Cookie"`)) // a message was shown
			if a, b := same(a), same(b); a != b {
				t.Errorf("%s: %s is answered\n%s\n--- but GET\n%s", q.route, c.name, b, a)
			}
		}
	}
}

// crossOriginPosts holds that no page of another site can make a browser change anything.
func crossOriginPosts(t *testing.T, f *fixture, probes []probe) {
	for _, p := range probes {
		if strings.HasPrefix(p.route, "GET ") || strings.HasPrefix(p.route, "HEAD ") || strings.HasPrefix(p.route, "OPTIONS ") {
			continue
		}
		for _, h := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}} {
			q := p
			q.header = maps.Clone(p.header)
			if q.header == nil {
				q.header = map[string]string{}
			}
			maps.Copy(q.header, h)
			if a := f.try(q, f.column("all-but-cs")); a.status != 403 || !strings.Contains(a.body, "another site") {
				t.Errorf("%s with %v answered %d", p.route, h, a.status)
			}
		}
	}
}

// TestHiddenLaneCountsNothing holds that a new case of the lane changes no number on anybody else's pages.
func TestHiddenLaneCountsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := w.person("Hana Host")
	var staff []*browser
	for i, roles := range [][]account.Role{{account.Reviewer}, {account.Lead}, {account.Liaison}, {account.Lead, account.Liaison, account.Investigator}} {
		staff = append(staff, w.signIn(w.person(fmt.Sprint("Staff ", i), roles...)))
	}
	look := func() (out []string) {
		for _, b := range staff {
			for _, p := range []string{"/queue", "/queue?tab=preparing", "/queue?tab=decided", "/queue?tab=approval", "/packages", "/me", "/opinions", "/team/figures", "/team/figures/backlog.csv", "/team/sampling"} {
				out = append(out, same(b.get(p)))
			}
		}
		return out
	}
	specialist := w.actor(w.person("Specialist", account.ChildSafety))
	before := look()
	b := w.signIn(host)
	r := b.file(reportFields("csam", hiddenName), host)
	if after := look(); !slices.Equal(before, after) {
		t.Error("a new case of the child-safety lane changed somebody else's page")
	}
	_, err := w.desk.Claim(t.Context(), specialist, r.Case)
	must(t, err)
	if after := look(); !slices.Equal(before, after) {
		t.Error("a claim in the child-safety lane changed somebody else's page")
	}
	if a := b.get("/reports/" + string(r.ID)); a.status != 200 || strings.Contains(a.body, string(r.Case)) {
		t.Errorf("the host's own report answered %d, or names its case", a.status)
	}
	if a := b.post("/reports/"+string(r.ID)+"/additions", url.Values{"words": {"More."}}); a.status != 303 {
		t.Errorf("adding to one's own report answered %d", a.status)
	}
}
