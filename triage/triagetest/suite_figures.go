package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// figured is cases of some ages, policies and ends, told from the midnight before the last one on.
type figured struct {
	*world
	day  time.Time
	q    triage.FigureQuery
	both triage.FigureQuery
}

func newFigured(w *world) figured {
	f := figured{world: w, day: w.start.Truncate(24*time.Hour).AddDate(0, 0, -1)}
	f.q = triage.FigureQuery{Lanes: []triage.Lane{triage.LaneGeneral}, Without: w.ann.ID, Since: f.day, Now: f.day.Add(30 * time.Hour)}
	f.both = f.q
	f.both.Lanes = triage.AllLanes
	return f
}

func (f figured) hour(h float64) time.Time {
	return f.day.Add(time.Duration(h * float64(time.Hour)))
}

// open makes a case with a report, which was looked at after some hours, if at all.
func (f figured) open(lane triage.Lane, policy triage.PolicyID, s triage.State, opened, look float64, people ...triage.Person) triage.Report {
	c := triage.Case{ID: triage.CaseID(triage.NewID("C")), Lane: lane, Policy: policy, State: s, Opened: f.hour(opened), Due: f.hour(opened + 1)}
	if look > 0 {
		c.Looked = f.hour(opened + look)
	}
	f.update(func(ctx context.Context, tx triage.Tx) { f.ok(tx.InsertCase(ctx, c)) })
	r := triage.Report{ID: triage.ReportID(triage.NewID("R")), Case: c.ID, Reporter: f.host.ID, Org: f.org.ID, Key: triage.NewID("K"), MeetingMode: triage.ModeE2EE,
		Occurred: f.hour(0), Policy: policy, Words: "It was bad.", People: people, Filed: f.hour(opened)}
	for i := range r.People {
		r.People[i].ID = triage.PersonID(triage.NewID("W"))
	}
	f.update(func(ctx context.Context, tx triage.Tx) { f.ok(tx.InsertReport(ctx, r)) })
	return r
}

func (f figured) decide(r triage.Report, number int, at float64, s triage.DecisionState, answered float64, action triage.ActionKind) {
	d := triage.Decision{ID: triage.DecisionID(triage.NewID("D")), Case: r.Case, Number: number, Decider: f.ben.ID, Decided: f.hour(at), State: s}
	for _, p := range r.People {
		d.Findings = append(d.Findings, triage.Finding{Person: p.ID, Policy: r.Policy, Action: action, Reasons: "These are the reasons."})
	}
	if answered > 0 {
		d.Approver, d.Answered = f.ann.ID, f.hour(answered)
	}
	f.update(func(ctx context.Context, tx triage.Tx) { f.ok(tx.InsertDecision(ctx, d)) })
}

// fill is four cases of hate, one of nudity, one of the closed lane, one to which the lead is a party, and one of long ago.
func (f figured) fill() {
	one, general := triage.Person{Name: "One"}, triage.LaneGeneral
	a := f.open(general, "hate", triage.StateDecided, 1, 0.5, one, triage.Person{Name: "Two"})
	f.decide(a, 1, 3, triage.DecisionSuperseded, 0, triage.ActNone)
	f.decide(a, 2, 26, triage.DecisionInForce, 28, triage.ActWarn)
	b := f.open(general, "hate", triage.StateClosed, 2, 2, one)
	f.decide(b, 1, 27, triage.DecisionInForce, 0, triage.ActWarn)
	f.open(general, "hate", triage.StateQueued, 25, 0, one)
	c := f.open(general, "hate", triage.StateAwaiting, 29.5, 0.25, one)
	f.decide(c, 1, 29.9, triage.DecisionProposed, 0, triage.ActBan)
	f.open(general, "nudity", triage.StateQueued, 29.5, 0, one)
	f.open(triage.LaneChildSafety, "csam", triage.StateQueued, 5, 0, one)
	p := f.open(general, "hate", triage.StateDecided, 6, 1, triage.Person{Name: "Ann", Account: f.ann.ID})
	f.decide(p, 1, 7, triage.DecisionInForce, 0, triage.ActWarn)
	f.open(general, "fraud", triage.StateQueued, -200, 0, one)
}

func testFigures(_ *testing.T, w *world) {
	f := newFigured(w)
	f.fill()
	within := map[triage.PolicyID]time.Duration{"hate": 4 * time.Hour, "csam": time.Hour, "nudity": time.Hour}
	hours := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.DayFlow{{Day: f.day, Reports: 2, Opened: 2, Decided: 1}, {Day: f.hour(24), Reports: 3, Opened: 3, Decided: 2}})(tx.Flow(ctx, f.q))
		is(w, []triage.DayFlow{{Day: f.day, Reports: 3, Opened: 3, Decided: 1}, {Day: f.hour(24), Reports: 3, Opened: 3, Decided: 2}})(tx.Flow(ctx, f.both))
		is(w, []triage.BacklogCell{{Policy: "fraud", Band: 4, Cases: 1}, {Policy: "hate", Band: 0, Cases: 1}, {Policy: "hate", Band: 1, Cases: 1, Late: 1},
			{Policy: "nudity", Band: 0, Cases: 1}})(tx.Backlog(ctx, f.q, within))
		equal(w, must(tx.Backlog(ctx, f.both, within))[0], triage.BacklogCell{Policy: "csam", Band: 2, Cases: 1, Late: 1})
		is(w, []triage.Wait{{Policy: "hate", Opened: 4, Looked: 3, Decided: 2, LookMedian: hours(0.5), LookP90: hours(2), DecideMedian: hours(2), DecideP90: hours(25),
			LookMet: 2, LookLate: 2, DecideMet: 1, DecideLate: 2}, {Policy: "nudity", Opened: 1}})(tx.Waits(ctx, f.q, within))
		is(w, []triage.Outcome{{Policy: "hate", Action: triage.ActWarn, Findings: 3}})(tx.Outcomes(ctx, f.q))
		none := triage.FigureQuery{Since: f.q.Since, Now: f.q.Now}
		empty(w, must(tx.Flow(ctx, none)))
		empty(w, must(tx.Backlog(ctx, none, within)))
		empty(w, must(tx.Waits(ctx, none, within)))
		empty(w, must(tx.Outcomes(ctx, none)))
	})
}

func testWatchedFigures(_ *testing.T, w *world) {
	f := newFigured(w)
	week := monday(f.day)
	f.q.Since, f.q.Now = week.AddDate(0, 0, -7), week
	hate := w.addExhibit(f.open(triage.LaneGeneral, "hate", triage.StateQueued, 1, 0, triage.Person{Name: "One"}), 1)
	hidden := w.addExhibit(f.open(triage.LaneChildSafety, "hate", triage.StateQueued, 1, 0, triage.Person{Name: "One"}), 1)
	party := w.addExhibit(f.open(triage.LaneGeneral, "hate", triage.StateQueued, 1, 0, triage.Person{Name: "Ann", Account: w.ann.ID}), 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		watch := func(x triage.Exhibit, by account.ID, at time.Time) {
			w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: x.ID, Account: by, Session: "s", From: time.Second, To: 3 * time.Second, At: at}))
		}
		for _, at := range []time.Time{week.Add(-time.Microsecond), week.AddDate(0, 0, -7), week.AddDate(0, 0, -8), week} {
			watch(hate, w.ben.ID, at)
		}
		watch(hidden, w.child.ID, week.Add(-time.Hour))
		watch(party, w.ben.ID, week.Add(-time.Hour))
		mine := triage.WatchedBy{Week: week.AddDate(0, 0, -7), Lane: triage.LaneGeneral, Policy: "hate", Account: w.ben.ID, Watched: 4 * time.Second}
		is(w, []triage.WatchedBy{mine})(tx.Watched(ctx, f.q))
		f.q.Lanes = triage.AllLanes
		is(w, []triage.WatchedBy{{Week: mine.Week, Lane: triage.LaneChildSafety, Policy: "hate", Account: w.child.ID, Watched: 2 * time.Second}, mine})(tx.Watched(ctx, f.q))
	})
}

func testWellbeing(_ *testing.T, w *world) {
	f := newFigured(w)
	week := monday(f.day)
	f.q.Since, f.q.Now = week.AddDate(0, 0, -7), week
	x := w.addExhibit(f.open(triage.LaneGeneral, "hate", triage.StateQueued, 1, 0, triage.Person{Name: "One"}), 1)
	hidden := w.addExhibit(f.open(triage.LaneChildSafety, "csam", triage.StateQueued, 1, 0, triage.Person{Name: "One"}), 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		at := func(minute int) time.Time { return f.q.Since.Add(time.Duration(minute) * time.Minute) }
		for _, m := range []int{-6, 0, 4, 9, 9 + 479, 9 + 479 + 480} { // a pause before the week began, none, one, one, and another shift
			w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: x.ID, Account: w.ben.ID, Session: "s", To: time.Second, At: at(m)}))
		}
		w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: hidden.ID, Account: w.ben.ID, Session: "s", To: time.Second, At: at(20)})) // of another lane
		w.ok(tx.InsertWatch(ctx, triage.Watch{Exhibit: x.ID, Account: w.ann.ID, Session: "s", To: time.Second, At: at(7 * 24 * 60)}))
		is(w, []triage.WeekCount{{Week: f.q.Since, Account: w.ben.ID, Times: 3}})(tx.Breaks(ctx, f.q))
		f.q.Lanes = triage.AllLanes
		is(w, []triage.WeekCount{{Week: f.q.Since, Account: w.ben.ID, Times: 4}})(tx.Breaks(ctx, f.q))
		for i, m := range []int{-1, 0, 1, 7 * 24 * 60} {
			w.ok(tx.InsertOverride(ctx, triage.Override{ID: triage.NewID("H"), Account: w.ben.ID, Group: triage.BudgetGroups[i%2], Reason: "A raid.", By: w.ann.ID, At: at(m), Until: at(m + 60)}))
		}
		is(w, []triage.WeekCount{{Week: f.q.Since, Account: w.ben.ID, Times: 2}})(tx.Overridden(ctx, f.q))
		w.ok(tx.SavePreferences(ctx, w.ann.ID, triage.Preferences{OptOuts: []triage.PolicyID{"fraud", "hate"}}))
		w.ok(tx.SavePreferences(ctx, w.ben.ID, triage.Preferences{OptOuts: []triage.PolicyID{"hate"}}))
		w.ok(tx.SavePreferences(ctx, w.host.ID, triage.Preferences{OptOuts: []triage.PolicyID{"hate"}}))
		w.ok(tx.SetClosed(ctx, w.host.ID, true))
		is(w, map[triage.PolicyID]int{"fraud": 1, "hate": 2})(tx.OptedOut(ctx))
	})
}
