package triage_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// TestRandomDesks has random people do random things to random cases, with a clock that jumps and a database that loses
// answers, and looks after each of them whether everything that must be true still is.
func TestRandomDesks(t *testing.T) {
	worlds, steps := uint64(12), 600
	if testing.Short() {
		worlds = 4
	}
	for seed := range worlds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &model{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 1)), said: map[string]triage.CaseID{}}
			m.names = slices.Sorted(maps.Keys(m.people))
			m.meetings = []triage.MeetingID{m.meetingWith("mallory", "robin", "lena"), m.meetingWith("mallory", "robin")}
			m.last = m.snapshot()
			for range steps {
				if m.step(); t.Failed() {
					t.Fatalf("after\n%s", strings.Join(m.trace[max(0, len(m.trace)-12):], "\n"))
				}
			}
			m.finish()
		})
	}
}

// model is a world with what was done in it.
type model struct {
	*world
	rng      *rand.Rand
	names    []string
	reports  []triage.Report
	focus    int // the report that is at hand
	meetings []triage.MeetingID
	packages []triage.PackageID
	said     map[string]triage.CaseID // words that were acknowledged, each unlike any other
	last     snapshot
	trace    []string
}

// snapshot is all that is stored about the cases.
type snapshot map[triage.CaseID]caseState

type caseState struct {
	triage.Case
	reports      []triage.Report
	exhibits     []triage.Exhibit
	notes        []triage.Note
	decisions    []triage.Decision
	enforcements []triage.Enforcement
	packages     []triage.Package
	events       []triage.LoggedEvent
	parties      []account.ID
}

// people is everybody whom a report of the case names.
func (c caseState) people() (ps []triage.Person) {
	for _, r := range c.reports {
		ps = append(ps, r.People...)
	}
	return ps
}

func (m *model) snapshot() snapshot {
	s := snapshot{}
	ctx := m.t.Context()
	m.ok(m.Store.View(ctx, func(tx triage.Tx) error {
		var all []triage.Report
		for _, name := range m.names {
			rs, err := tx.ReportsBy(ctx, m.people[name].Account, triage.ReportCursor{}, 1000)
			m.ok(err)
			all = append(all, rs...)
		}
		for _, r := range all {
			var c caseState
			var errs [9]error
			c.Case, errs[0] = tx.Case(ctx, r.Case)
			c.reports, errs[1] = tx.ReportsOf(ctx, r.Case)
			c.exhibits, errs[2] = tx.ExhibitsOf(ctx, r.Case)
			c.notes, errs[3] = tx.Notes(ctx, r.Case)
			c.decisions, errs[4] = tx.Decisions(ctx, r.Case)
			c.enforcements, errs[5] = tx.Enforcements(ctx, r.Case)
			c.packages, errs[6] = tx.PackagesOf(ctx, r.Case)
			c.events, errs[7] = tx.EventsOf(ctx, r.Case)
			c.parties, errs[8] = tx.Parties(ctx, r.Case)
			m.ok(errors.Join(errs[:]...))
			s[r.Case] = c
		}
		return nil
	}))
	return s
}

// step does one thing, and sometimes again because its answer was lost.
func (m *model) step() {
	m.now = m.now.Add(time.Duration(m.rng.IntN(180)) * time.Second)
	switch m.rng.IntN(40) {
	case 0:
		m.now = m.now.Add(-5 * time.Minute)
	case 1:
		m.now = m.now.Add(24 * time.Hour)
	case 2, 3:
		m.now = m.now.Add(11 * time.Minute)
	}
	who := m.names[m.rng.IntN(len(m.names))]
	d := m.draw(m.people[who])
	if d.by.Account == "" {
		d.by = m.people[who]
	}
	fault, persist := m.rng.IntN(15) == 0, m.rng.IntN(2) == 0
	if fault {
		m.store.FailNext("", persist)
	}
	err := d.run()
	lost := errors.Is(err, triage.ErrUnavailable)
	if lost {
		err = d.run()
	}
	if fault && !lost {
		_ = m.Store.Update(m.t.Context(), func(triage.Tx) error { return nil }) // it is used up here
	}
	m.trace = append(m.trace, fmt.Sprintf("%s  %-6s %-9s %s lost %v persist %v: %v", m.now.Format("02 15:04:05"), d.by.Name, d.name, d.on, lost, persist, err))
	now := m.snapshot()
	if err == nil && d.said != "" {
		m.said[d.said] = d.on
	}
	m.checkStep(d, now, err, lost)
	for id, c := range now {
		m.checkCase(id, c)
	}
	m.last = now
	if m.rng.IntN(10) == 0 {
		m.checkSight(m.people[m.names[m.rng.IntN(len(m.names))]])
	}
}

// newEvents is what the log says of a case since the last step, in words.
func (m *model) newEvents(now snapshot) string {
	var acts []string
	for id, c := range now {
		known := map[string]bool{}
		for _, e := range m.last[id].events {
			known[e.ID] = true
		}
		for _, e := range c.events {
			if !known[e.ID] {
				acts = append(acts, string(e.Act))
			}
		}
	}
	return strings.Join(acts, " ")
}

// checkStep compares what was stored before and after one act with what that act may do.
func (m *model) checkStep(d deed, now snapshot, err error, lost bool) {
	if got := m.newEvents(now); err == nil && !regexp.MustCompile("^("+d.logs+")$").MatchString(got) && !lost {
		m.t.Errorf("%s is logged as %q, want %q", d.name, got, d.logs)
	}
	if err != nil && !lost && !reflect.DeepEqual(now, m.last) {
		m.t.Errorf("%s failed (%v), and changed something", d.name, err)
	}
	for id, c := range now {
		old, was := m.last[id]
		if !was {
			continue
		}
		if !reflect.DeepEqual(old.Case, c.Case) && old.Version >= c.Version {
			m.t.Errorf("case %s was written over, version %d to %d", id, old.Version, c.Version)
		}
		if !follows(old.Case, c.State, d.steps) {
			m.t.Errorf("%s led case %s from %s to %s", d.name, id, old.State, c.State)
		}
		if len(c.events) == len(old.events) && !reflect.DeepEqual(sansLease(old), sansLease(c)) && !d.silent {
			m.t.Errorf("%s changed case %s, and the log says nothing:\n%+v\n%+v", d.name, id, old, c)
		}
		if len(c.events) > len(old.events) && d.byPerson {
			m.checkAllowed(d, old)
		}
	}
}

// sansLease is a case without what a renewal or another guard changes.
func sansLease(c caseState) caseState {
	c.Lease, c.Version = time.Time{}, 0
	return c
}

// checkAllowed looks from outside at what somebody did to a case: the rules of the house, not those of the code.
func (m *model) checkAllowed(d deed, old caseState) {
	a := d.by
	if old.Lane == triage.LaneChildSafety && !a.Roles.Has(account.ChildSafety) {
		m.t.Errorf("%s (%v) did %s to a child-safety case", a.Name, a.Roles, d.name)
	}
	if len(a.Roles) == 0 || slices.Equal(a.Roles, account.Roles{account.Auditor}) {
		m.t.Errorf("%s (%v) did %s", a.Name, a.Roles, d.name)
	}
	if slices.Contains(old.parties, a.Account) {
		m.t.Errorf("%s did %s to a case to which they are a party", a.Name, d.name)
	}
	if slices.Equal(a.Roles, account.Roles{account.Liaison}) && !old.State.Settled() && d.name != "refuse" {
		m.t.Errorf("a liaison did %s to a case that is %s", d.name, old.State)
	}
	if d.held && (old.State != triage.StateClaimed || !old.HeldBy(a.Account, m.now)) {
		m.t.Errorf("%s did %s without holding the case", a.Name, d.name)
	}
	if d.name == "claim" && old.Escalated && !a.Roles.Has(account.Lead) && old.Lane == triage.LaneGeneral {
		m.t.Errorf("%s claimed an escalated case", a.Name)
	}
}

// follows reports whether one of the steps leads there, or none was taken.
func follows(old triage.Case, now triage.State, steps []triage.Step) bool {
	if old.State == now {
		return true
	}
	return slices.ContainsFunc(steps, func(s triage.Step) bool {
		next, err := triage.Apply(old.State, s)
		return err == nil && (next == now || next == triage.StateQueued && old.Escalated && now == triage.StateEscalated)
	})
}

// checkCase looks for what must be true of a case at any time.
func (m *model) checkCase(id triage.CaseID, c caseState) {
	bad := func(format string, args ...any) {
		m.t.Helper()
		m.t.Errorf("case %s (%s): %s", id, c.State, fmt.Sprintf(format, args...))
	}
	if (c.State == triage.StateClaimed) != (c.Claimant != "") || (c.Claimant != "") == c.Lease.IsZero() {
		bad("claimant %q, lease %v", c.Claimant, c.Lease)
	}
	preparing := slices.ContainsFunc(c.exhibits, func(x triage.Exhibit) bool {
		return x.Processing == triage.ProcessingWaiting || x.Processing == triage.ProcessingRunning
	})
	if (c.State == triage.StateReceived || c.State == triage.StateProcessing) && !preparing {
		bad("every exhibit is prepared")
	}
	states := map[triage.DecisionState]int{}
	for i, d := range c.decisions {
		states[d.State]++
		if d.Number != i+1 {
			bad("decision %d has number %d", i+1, d.Number)
		}
		if d.Severe() && (d.State == triage.DecisionInForce || d.State == triage.DecisionSuperseded) &&
			(d.Approver == "" || d.Approver == d.Decider || slices.Contains(c.parties, d.Approver) || !m.logged(c, custody.DecisionApproved, d.Approver, "decision/"+string(d.ID))) {
			bad("a severe decision by %s was approved by %q", d.Decider, d.Approver)
		}
		if n := m.loggedAt(c, custody.DecisionMade, d.Decider, "decision/"+string(d.ID), d.Decided); n != 1 {
			bad("decision %s is in the log %d times", d.ID, n)
		}
		if n := m.loggedAt(c, custody.DecisionFinding, d.Decider, "decision/"+string(d.ID), d.Decided); n != len(d.Findings) {
			bad("%d of %d findings of decision %s are in the log", n, len(d.Findings), d.ID)
		}
	}
	if states[triage.DecisionInForce] > 1 || c.State.Settled() && states[triage.DecisionInForce] != 1 || states[triage.DecisionProposed] > 1 ||
		(c.State == triage.StateAwaiting) != (states[triage.DecisionProposed] == 1) {
		bad("decisions %v", states)
	}
	for _, e := range c.enforcements {
		i := slices.IndexFunc(c.decisions, func(d triage.Decision) bool { return d.ID == e.Decision })
		if e.InForce(m.now) && c.decisions[i].State != triage.DecisionInForce && e.Ends.IsZero() {
			bad("an effect outlives its decision, which is %s", c.decisions[i].State)
		}
	}
	for i, r := range c.reports {
		if c.Follows != "" && m.last[c.Follows].Lane != c.Lane && m.last[c.Follows].Lane == triage.LaneGeneral {
			bad("it follows %s of another lane", c.Follows)
		}
		if n := m.loggedAt(c, custody.CaseJoined, account.System, "case/"+string(id), r.Filed); i > 0 && n < 1 {
			bad("report %s joined, and the log does not say so", r.ID)
		}
		if n := m.loggedAt(c, custody.ReportSubmitted, r.Reporter, "report/"+string(r.ID), r.Filed); n != 1 {
			bad("report %s is in the log %d times", r.ID, n)
		}
		for _, a := range r.Additions {
			if m.loggedAt(c, custody.ReportAmended, r.Reporter, "report/"+string(r.ID), a.At) < 1 {
				bad("an addition to report %s is not in the log", r.ID)
			}
		}
	}
	for _, p := range c.packages {
		if i := slices.IndexFunc(c.decisions, func(d triage.Decision) bool { return d.ID == p.Decision }); i < 0 || c.decisions[i].State == triage.DecisionProposed {
			bad("package %s was asked for under decision %q", p.ID, p.Decision)
		}
		if p.Lane != c.Lane {
			bad("its package is of lane %s", p.Lane)
		}
		if p.State != triage.PackageRequested && (p.Approver == "" || p.Approver == p.Requester || slices.Contains(c.parties, p.Approver)) {
			bad("package %s of %s is %s by %q", p.ID, p.Requester, p.State, p.Approver)
		}
	}
}

// loggedAt counts the entries that say so at that very moment.
func (m *model) loggedAt(c caseState, act custody.Act, by account.ID, subject string, at time.Time) (n int) {
	for _, e := range c.events {
		if e.Act == act && e.Actor == string(by) && e.Subject == subject && e.Time.Equal(at) {
			n++
		}
	}
	return n
}

func (m *model) logged(c caseState, act custody.Act, by account.ID, subject string) bool {
	return slices.ContainsFunc(c.events, func(e triage.LoggedEvent) bool {
		return e.Act == act && e.Actor == string(by) && e.Subject == subject
	})
}

// checkSight compares all that somebody is shown with what they may know of, and the counts with what is shown.
func (m *model) checkSight(a triage.Actor) {
	for _, tab := range triage.Tabs {
		q, err := m.ListQueue(m.t.Context(), a, tab, triage.QueueQuery{Limit: 199})
		if err != nil {
			m.is(triage.ErrForbidden, err)
			continue
		}
		if q.Counts[tab] != len(q.Rows) {
			m.t.Errorf("%s counts %d of %d in %s", a.Name, q.Counts[tab], len(q.Rows), tab)
		}
		for _, row := range q.Rows {
			general := slices.ContainsFunc(a.Roles, func(r account.Role) bool { return r != account.ChildSafety })
			if row.Lane == triage.LaneChildSafety && !a.Roles.Has(account.ChildSafety) || row.Lane == triage.LaneGeneral && !general {
				m.t.Errorf("%s sees a case of lane %s in %s", a.Name, row.Lane, tab)
			}
			if m.isParty(a, row.ID) {
				m.t.Errorf("%s sees a case in %s that is about them", a.Name, tab)
			}
		}
	}
	ps, err := m.ListPackages(m.t.Context(), a, 1000)
	for _, p := range ps {
		if err == nil && p.Lane == triage.LaneChildSafety && !a.Roles.Has(account.ChildSafety) {
			m.t.Errorf("%s sees package %s", a.Name, p.ID)
		}
		if m.isParty(a, p.Case) {
			m.t.Errorf("%s sees package %s of a case that is about them", a.Name, p.ID)
		}
	}
}

func (m *model) isParty(a triage.Actor, id triage.CaseID) (is bool) {
	m.ok(m.Store.View(m.t.Context(), func(tx triage.Tx) error {
		parties, err := tx.Parties(m.t.Context(), id)
		is = slices.Contains(parties, a.Account)
		return err
	}))
	return is
}

// finish sequences the log and looks for everything that was ever acknowledged.
func (m *model) finish() {
	for n := 1; n > 0; {
		var err error
		n, err = m.Sequence(m.t.Context())
		m.ok(err)
	}
	held, failure, err := m.VerifyLog(m.t.Context(), m.people["ada"])
	m.ok(err)
	total := 0
	found := map[string]int{}
	for id, c := range m.snapshot() {
		total += len(c.events)
		for _, e := range c.events {
			if e.Index < 0 || e.CheckDetail() != nil {
				m.t.Errorf("event %s of case %s is not in the tree", e.ID, id)
			}
		}
		for _, n := range c.notes {
			found[n.Words]++
		}
		for _, r := range c.reports {
			found[r.Words]++
			for _, add := range r.Additions {
				found[add.Words]++
			}
		}
	}
	if failure != nil || held.Entries < int64(total) {
		m.t.Errorf("%v, %d entries for %d events", failure, held.Entries, total)
	}
	for words, c := range m.said {
		if found[words] != 1 {
			m.t.Errorf("%q, said of case %s and acknowledged, is there %d times", words, c, found[words])
		}
	}
}
