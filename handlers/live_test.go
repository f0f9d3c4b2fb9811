package handlers

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// listener is one open event stream.
type listener struct {
	t     *testing.T
	lines chan string
	all   strings.Builder
}

func (b *browser) listen(t *testing.T, header map[string]string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	res := b.open(ctx, "GET", "/events", header, nil)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the event stream answers %d", res.StatusCode)
	}
	l := &listener{t: t, lines: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.lines)
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			l.lines <- s.Text()
		}
	}()
	t.Cleanup(func() { cancel(); res.Body.Close(); <-done })
	return l
}

// next waits for the next event and returns its name and data; "" when the stream ended.
func (l *listener) next() (name, data string) {
	l.t.Helper()
	late := time.After(20 * time.Second) // heartbeats are no events
	for {
		select {
		case line, open := <-l.lines:
			if !open {
				return "", ""
			}
			l.all.WriteString(line + "\n")
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = v
			} else if v, ok := strings.CutPrefix(line, "data: "); ok {
				return name, v
			}
		case <-late:
			l.t.Fatal("no event came")
		}
	}
}

// until reads events up to one that holds some text.
func (l *listener) until(text string) {
	l.t.Helper()
	for {
		if name, data := l.next(); strings.Contains(data, text) {
			return
		} else if name == "" {
			l.t.Fatalf("the stream ended before %q came", text)
		}
	}
}

func TestEventsReachOnlyWhoMayKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, eve := w.person("Ada Owner"), w.person("Eve Other")
	host := w.signIn(ada)
	open := host.file(reportFields("hate", "Somebody"), ada)
	closed := host.file(reportFields("csam", hiddenName), ada)
	rob := w.person("Rob Reviewer", account.Reviewer)
	rev, spec := w.signIn(rob).listen(t, nil), w.signIn(w.person("Specialist", account.ChildSafety)).listen(t, nil)
	own, other := host.listen(t, nil), w.signIn(eve).listen(t, nil)
	specialist := w.actor(w.person("Second Specialist", account.ChildSafety))
	for range 2 {
		_, err := w.desk.Claim(t.Context(), specialist, closed.Case)
		must(t, err)
		must(t, w.desk.Release(t.Context(), specialist, closed.Case))
	}
	_, err := w.desk.Claim(t.Context(), specialist, closed.Case)
	must(t, err)
	spec.until(fmt.Sprintf(`{"case":%q,"claimant":"Second Specialist","state":"claimed"}`, closed.Case))
	own.until(fmt.Sprintf(`{"report":%q,"state":"Under review"}`, closed.ID))
	_, err = w.desk.Claim(t.Context(), w.actor(rob), open.Case)
	must(t, err)
	rev.until(fmt.Sprintf(`{"case":%q,"claimant":"Rob Reviewer","state":"claimed"}`, open.Case))
	own.until(fmt.Sprintf(`{"report":%q,"state":"Under review"}`, open.ID))
	third := w.signIn(eve)
	mine := third.file(reportFields("hate", "Another"), eve)
	other.until(string(mine.ID))
	if got := rev.all.String(); strings.Contains(got, string(closed.Case)) || strings.Contains(got, string(closed.ID)) {
		t.Errorf("a reviewer is told of the closed lane:\n%s", got)
	}
	if got := spec.all.String(); strings.Contains(got, string(open.Case)) {
		t.Errorf("a specialist by that role alone is told of the general lane:\n%s", got)
	}
	if got := own.all.String(); strings.Contains(got, `"C-`) || strings.Contains(got, "Specialist") || strings.Contains(got, "claimed") {
		t.Errorf("a host is told what happens inside the team:\n%s", got)
	}
	if got := other.all.String(); strings.Contains(got, string(open.ID)) || strings.Contains(got, string(closed.ID)) {
		t.Errorf("a host is told of somebody else's report:\n%s", got)
	}
	if !strings.Contains(rev.all.String(), "id: ") {
		t.Error("events have no ids")
	}
}

// TestEventsTellThatACaseIsGone moves a case to child safety: pages of its old lane hear that it is gone and nothing else,
// and a party to it hears nothing at all, before and after.
func TestEventsTellThatACaseIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, rob, ron := w.person("Ada Owner"), w.person("Rob Reviewer", account.Reviewer), w.person("Ron Reported", account.Reviewer)
	host := w.signIn(ada)
	rev, party := w.signIn(rob).listen(t, nil), w.signIn(ron).listen(t, nil)
	fields := reportFields("hate", "Ron Reported")
	fields["person_identifier[]"] = []string{ron.Email}
	r := host.file(fields, ada)
	_, err := w.desk.Claim(t.Context(), w.actor(rob), r.Case)
	must(t, err)
	rev.until(fmt.Sprintf(`{"case":%q,"claimant":"Rob Reviewer","state":"claimed"}`, r.Case))
	must(t, w.desk.Escalate(t.Context(), w.actor(rob), r.Case, triage.LaneChildSafety, "there is a child in it"))
	rev.until(fmt.Sprintf(`{"case":%q,"state":"gone"}`, r.Case))
	other := host.file(reportFields("hate", "Somebody"), ada)
	party.until(string(other.Case))
	if got := party.all.String(); strings.Contains(got, string(r.Case)) {
		t.Errorf("a reported reviewer is told of the case:\n%s", got)
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, rob := w.person("Ada Owner"), w.person("Rob Reviewer", account.Reviewer)
	host := w.signIn(ada)
	r := host.file(reportFields("hate", "Somebody"), ada)
	b := w.signIn(rob)
	l := b.listen(t, nil)
	stripped := w.signIn(rob).listen(t, nil)
	if a := b.post("/sign-out", nil); a.status != 303 {
		t.Fatal("signing out failed")
	}
	must(t, w.store.Update(t.Context(), func(tx triage.Tx) error { return tx.SetRoles(t.Context(), rob.ID, nil) }))
	lead := w.actor(w.person("Lea Lead", account.Lead))
	_, err := w.desk.Claim(t.Context(), lead, r.Case)
	must(t, err)
	for {
		name, data := l.next()
		if name == "" {
			break
		}
		if name != "resync" {
			t.Fatalf("after signing out one is told %s %s", name, data)
		}
	}
	own := w.signIn(rob).file(reportFields("hate", "Somebody else"), rob)
	stripped.until(string(own.ID))
	if got := stripped.all.String(); strings.Contains(got, "Lea Lead") || strings.Contains(got, string(r.Case)) {
		t.Errorf("without the role one is told of cases:\n%s", got)
	}
}

// scriptedChanges are changes that a test says.
type scriptedChanges chan Change

func (c scriptedChanges) Subscribe(context.Context) <-chan Change { return c }

func TestResync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	c, script := w.config, make(scriptedChanges, 1)
	c.Changes = script
	b.base = w.serve(c).URL
	l := b.listen(t, map[string]string{"Last-Event-ID": "abc-1"})
	if name, _ := l.next(); name != "resync" {
		t.Errorf("who comes back is told %q first", name)
	}
	script <- Change{Kind: ChangeResync}
	if name, _ := l.next(); name != "resync" {
		t.Errorf("who missed something is told %q", name)
	}
	close(script)
	if name, _ := l.next(); name != "" {
		t.Errorf("after the changes ended comes %q", name)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Owner"))
	for range maxStreams {
		b.listen(t, nil)
	}
	if a := b.get("/events"); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("one stream too many answers %d", a.status)
	}
	if a := w.signIn(w.person("Eve Other")).get("/events"); a.status != 200 {
		t.Errorf("somebody else's stream answers %d", a.status)
	}
}

func TestGatheringChanges(t *testing.T) {
	t.Parallel()
	var list []Change
	for i := range maxPending + 1 {
		for range 2 {
			list = add(list, Change{Kind: ChangeCase, ID: fmt.Sprint(i)})
		}
	}
	if len(list) != 1 || list[0].Kind != ChangeResync {
		t.Errorf("too many changes become %d", len(list))
	}
	if list = add(list, Change{Kind: ChangeCase, ID: "1"}); len(list) != 1 {
		t.Error("a resync does not stand for everything")
	}
}
