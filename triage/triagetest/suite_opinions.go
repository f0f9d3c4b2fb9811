package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// draw decides a report's case (by Ben) and draws the decision for a second opinion.
func (f figured) draw(r triage.Report, at float64, action triage.ActionKind) triage.Opinion {
	d := triage.Decision{ID: triage.DecisionID(triage.NewID("D")), Case: r.Case, Number: 1, Decider: f.ben.ID, Decided: f.hour(at), State: triage.DecisionInForce}
	for _, p := range r.People {
		d.Findings = append(d.Findings, triage.Finding{Person: p.ID, Policy: r.Policy, Action: action, Reasons: "These are the reasons."})
	}
	o := triage.Opinion{ID: triage.OpinionID(triage.NewID("Z")), Decision: d.ID, Case: r.Case, Decider: f.ben.ID, Drawn: f.hour(at), Percent: 5}
	f.update(func(ctx context.Context, tx triage.Tx) {
		f.ok(tx.InsertDecision(ctx, d))
		f.ok(tx.InsertOpinion(ctx, o))
	})
	return o
}

func testOpinions(_ *testing.T, w *world) {
	f := newFigured(w)
	one := triage.Person{Name: "One"}
	a := f.draw(f.open(triage.LaneGeneral, "hate", triage.StateDecided, 1, 0, one), 2, triage.ActWarn)
	b := f.draw(f.open(triage.LaneGeneral, "hate", triage.StateClosed, 1, 0, one), 3, triage.ActNone)
	f.draw(f.open(triage.LaneChildSafety, "csam", triage.StateDecided, 1, 0, one), 1, triage.ActWarn)
	f.draw(f.open(triage.LaneGeneral, "hate", triage.StateQueued, 1, 0, one), 1, triage.ActWarn) // taken up again
	f.draw(f.open(triage.LaneGeneral, "hate", triage.StateDecided, 1, 0, triage.Person{Name: "Ann", Account: w.ann.ID}), 1, triage.ActWarn)
	f.draw(f.open(triage.LaneGeneral, "nudity", triage.StateDecided, 1, 0, one), 1, triage.ActWarn)
	lanes := []triage.Lane{triage.LaneGeneral}
	w.update(func(ctx context.Context, tx triage.Tx) {
		twice := a
		twice.ID = "Z-twice"
		w.fails(tx.InsertOpinion(ctx, twice), triage.ErrConflict)
		w.ok(tx.SavePreferences(ctx, w.ann.ID, triage.Preferences{OptOuts: []triage.PolicyID{"nudity"}}))
		is(w, a)(tx.NextOpinion(ctx, lanes, w.ann.ID, f.hour(0)))
		is(w, 2)(tx.WaitingOpinions(ctx, lanes, w.ann.ID, f.hour(0), 9))
		is(w, 1)(tx.WaitingOpinions(ctx, lanes, w.ann.ID, f.hour(0), 1))
		refused[triage.Opinion](w, triage.ErrNotFound)(tx.NextOpinion(ctx, lanes, w.ben.ID, f.hour(0))) // all are Ben's own
		refused[triage.Opinion](w, triage.ErrNotFound)(tx.NextOpinion(ctx, nil, w.ann.ID, f.hour(0)))
		_, err := tx.Viewed(ctx, "case/"+string(b.Case), w.ann.ID, "page", f.hour(3), f.hour(2))
		w.ok(err)
		is(w, 1)(tx.WaitingOpinions(ctx, lanes, w.ann.ID, f.hour(0), 9)) // has seen b's decision
	})
	f.approved(lanes)
	f.give(a, lanes)
}

// approved draws a decision that Ann approved: she gives no opinion on it.
func (f figured) approved(lanes []triage.Lane) {
	w := f.world
	r := f.open(triage.LaneGeneral, "fraud", triage.StateDecided, 1, 0, triage.Person{Name: "Two"})
	d := triage.Decision{ID: triage.DecisionID(triage.NewID("D")), Case: r.Case, Number: 1, Decider: w.ben.ID, Decided: f.hour(5), State: triage.DecisionInForce, Approver: w.ann.ID, Answered: f.hour(5)}
	o := triage.Opinion{ID: triage.OpinionID(triage.NewID("Z")), Decision: d.ID, Case: r.Case, Decider: w.ben.ID, Approver: w.ann.ID, Drawn: f.hour(5), Percent: 9}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, d))
		w.ok(tx.InsertOpinion(ctx, o))
		is(w, o)(tx.Opinion(ctx, o.ID))
		is(w, 1)(tx.WaitingOpinions(ctx, lanes, w.ann.ID, f.hour(0), 9))
		d.State, d.Answer = triage.DecisionSuperseded, "" // out of the way of what follows
		w.ok(tx.SaveDecision(ctx, d))
	})
}

// give takes an opinion, gives it, and settles it.
func (f figured) give(a triage.Opinion, lanes []triage.Lane) {
	w := f.world
	w.update(func(ctx context.Context, tx triage.Tx) {
		empty(w, must(tx.Blind(ctx, a.Case)))
		a.Taker, a.Taken = w.ann.ID, f.hour(4)
		w.ok(tx.SaveOpinion(ctx, a))
		w.fails(tx.SaveOpinion(ctx, a), triage.ErrConflict)
		a.Version++
		is(w, []account.ID{w.ann.ID})(tx.Blind(ctx, a.Case))
		find := triage.FindQuery{In: []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateDecided}}, Number: triage.Number{Case: a.Case}, Limit: 9}
		equal(w, len(must(tx.Find(ctx, find))), 1)
		find.Without = w.ann.ID
		empty(w, must(tx.Find(ctx, find)))
		is(w, []triage.Opinion{a})(tx.Opinions(ctx, triage.OpinionQuery{Lanes: lanes, Without: w.ben.ID, Taker: w.ann.ID, Held: true, Limit: 9}))
		is(w, 3)(tx.WaitingOpinions(ctx, lanes, w.child.ID, f.hour(4), 9)) // a is held
		is(w, 4)(tx.WaitingOpinions(ctx, lanes, w.child.ID, f.hour(5), 9)) // not since then any more
		is(w, 0)(tx.WaitingOpinions(ctx, lanes, w.host.ID, f.hour(5), 9))  // reported all of them
	})
}

func testAgreement(_ *testing.T, w *world) {
	f := newFigured(w)
	one, two := triage.Person{Name: "One"}, triage.Person{Name: "Two"}
	for i, said := range [][2]triage.ActionKind{{triage.ActWarn, triage.ActWarn}, {triage.ActWarn, triage.ActNone}, {triage.ActNone, triage.ActNone}} {
		r := f.open(triage.LaneGeneral, "hate", triage.StateDecided, 1, 0, one, two)
		o := f.draw(r, float64(i), said[0])
		o.Taker, o.Taken, o.Given, o.Agrees = w.ann.ID, f.hour(3), f.hour(4), said[0] == said[1]
		for _, p := range r.People {
			o.Findings = append(o.Findings, triage.Finding{Person: p.ID, Policy: "nudity", Action: said[1], Reasons: "Other reasons."})
		}
		w.update(func(ctx context.Context, tx triage.Tx) {
			w.ok(tx.SaveOpinion(ctx, o))
			o.Version++
			is(w, o)(tx.Opinion(ctx, o.ID))
			is(w, []triage.Opinion{o})(tx.OpinionsOf(ctx, r.Case))
			empty(w, must(tx.Blind(ctx, r.Case)))
		})
	}
	q := triage.OpinionQuery{Lanes: f.q.Lanes, Without: w.child.ID, Limit: 9}
	none, warned := [2]string{"", "none"}, [2]string{"hate", "warn"}
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Pair{{Policy: "hate", First: none, Second: none, Times: 2}, {Policy: "hate", First: warned, Second: none, Times: 2},
			{Policy: "hate", First: warned, Second: [2]string{"nudity", "warn"}, Times: 2}})(tx.Pairs(ctx, f.q))
		equal(w, len(must(tx.Opinions(ctx, q))), 3)
		q.Taker = w.ben.ID
		empty(w, must(tx.Opinions(ctx, q)))
		q.Taker, q.Held = w.ann.ID, true
		empty(w, must(tx.Opinions(ctx, q)))
		q.Held, q.Disputed = false, true
		open := must(tx.Opinions(ctx, q))
		equal(w, len(open), 1)
		q.Without = w.ann.ID // gave it
		empty(w, must(tx.Opinions(ctx, q)))
		q.Without = w.ben.ID // decided it
		empty(w, must(tx.Opinions(ctx, q)))
		q.Without = w.child.ID
		open[0].Settler, open[0].Settled, open[0].Verdict, open[0].Words = w.child.ID, f.hour(5), triage.VerdictEither, "The rule is not clear."
		w.ok(tx.SaveOpinion(ctx, open[0]))
		open[0].Version++
		is(w, open[0])(tx.Opinion(ctx, open[0].ID))
		empty(w, must(tx.Opinions(ctx, q)))
	})
}

func testRates(_ *testing.T, w *world) {
	rate := func(k triage.RateKind, subject string, percent int, at time.Time) triage.Rate {
		return triage.Rate{Kind: k, Subject: subject, Percent: percent, By: w.ann.ID, At: at}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		empty(w, must(tx.Rates(ctx)))
		for _, r := range []triage.Rate{rate(triage.RatePolicy, "hate", 10, w.at(1)), rate(triage.RateReviewer, string(w.ben.ID), 20, w.at(2)), rate(triage.RateDefault, "", 3, w.at(3)),
			rate(triage.RatePolicy, "hate", 11, w.at(4)), rate(triage.RatePolicy, "fraud", 0, w.at(5))} {
			w.ok(tx.SaveRate(ctx, r))
		}
		w.ok(tx.DeleteRate(ctx, triage.RatePolicy, "fraud"))
		w.ok(tx.DeleteRate(ctx, triage.RatePolicy, "fraud"))
		is(w, []triage.Rate{rate(triage.RateDefault, "", 3, w.at(3)), rate(triage.RatePolicy, "hate", 11, w.at(4)), rate(triage.RateReviewer, string(w.ben.ID), 20, w.at(2))})(tx.Rates(ctx))
	})
}
