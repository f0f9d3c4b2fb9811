package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/routing"
)

func (w *world) stored(id triage.CaseID) (c triage.Case) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) (err error) { c, err = tx.Case(w.t.Context(), id); return err }))
	return c
}

func (w *world) rule(by triage.Actor, r routing.Rule) triage.RoutingRule {
	w.t.Helper()
	made, err := w.SaveRule(w.t.Context(), by, triage.RoutingRule{Lane: triage.LaneGeneral, Rule: r})
	w.ok(err)
	return made
}

func TestPriorityHasReasons(t *testing.T) {
	w := newWorld(t)
	first, second := w.stored(w.file("harassment").Case), w.stored(w.file("harassment").Case)
	sum := 0
	for _, r := range second.Reasons {
		sum += r.Points
	}
	if len(first.Reasons) == 0 || sum != second.Priority || second.Priority <= first.Priority {
		t.Errorf("the second report on the same people is %+v, the first %+v", second, first)
	}
}

func TestRulesRoute(t *testing.T) {
	w := newWorld(t)
	ctx, lena, rui := t.Context(), w.people["lena"], w.people["rui"]
	past := w.file("harassment").Case
	q, err := w.SaveQueue(ctx, lena, triage.WorkQueue{Lane: triage.LaneGeneral, Name: "Harassment", Members: []account.ID{lena.Account}})
	w.ok(err)
	r := w.rule(lena, routing.Rule{Name: "all harassment", Condition: `policy.id == "harassment"`, Queue: string(q.ID), Points: 20})
	w.is(triage.ErrConflict, w.SwitchRule(ctx, lena, r.ID, true)) // not tried yet
	trial, err := w.TryRule(ctx, lena, r.ID)
	w.ok(err)
	if trial.Cases != 1 || trial.Matches != 1 || len(trial.Changed) != 1 || trial.Changed[0].Queue != q.ID || trial.Changed[0].Priority != w.stored(past).Priority+20 {
		t.Fatalf("the trial is %+v", trial)
	}
	if c := w.stored(past); c.Queue != "" {
		t.Errorf("a trial changed a case: %+v", c)
	}
	w.ok(w.SwitchRule(ctx, lena, r.ID, true))
	c := w.stored(w.file("harassment").Case)
	if c.Queue != q.ID || !strings.Contains(c.Reasons[len(c.Reasons)-1].Words, "all harassment") {
		t.Errorf("the rule did not route: %+v", c)
	}
	if c := w.stored(w.file("nudity").Case); c.Queue != "" {
		t.Errorf("the rule routed something else: %+v", c)
	}
	rate := func() {
		w.ok(w.RateWaiting(ctx, lena))
		w.ok(w.RateCases(ctx, triage.RateCases{By: lena.Account, Lane: triage.LaneGeneral}))
	}
	rate()
	if c := w.stored(past); c.Queue != q.ID || !has(w.acts(past), custody.CaseRated) {
		t.Errorf("the case of before is %+v", c)
	}

	// Whoever is no member is offered the other case, and cannot take one of the queue by hand.
	next, err := w.ClaimNext(ctx, rui)
	w.ok(err)
	if next.Queue != "" {
		t.Errorf("rui is offered %+v", next)
	}
	_, err = w.Claim(ctx, rui, c.ID)
	w.is(triage.ErrConflict, err)
	w.is(triage.ErrConflict, w.Place(ctx, rui, c.ID, triage.NoQueue))
	w.ok(w.Place(ctx, lena, c.ID, triage.NoQueue))
	rate()
	if got := w.stored(c.ID); got.Queue != "" || !got.Placed {
		t.Errorf("a rule moved what somebody placed: %+v", got)
	}
	_, err = w.Claim(ctx, rui, c.ID)
	w.ok(err)

	// A change switches a rule off until it was tried again.
	changed, err := w.SaveRule(ctx, lena, func() triage.RoutingRule { r := trial.Rule; r.Points, r.Version = 10, r.Version+1; return r }())
	w.ok(err)
	if changed.On || !changed.Tried.IsZero() {
		t.Errorf("the changed rule is %+v", changed)
	}
	w.ok(w.DeleteRule(ctx, lena, r.ID))
	w.is(triage.ErrNotFound, w.DeleteRule(ctx, lena, r.ID))
	if !has(w.acts(""), custody.QueueChanged, custody.RuleChanged, custody.RuleTried) {
		t.Error("the log does not say what was changed")
	}
}

func TestRulesInOrder(t *testing.T) {
	w := newWorld(t)
	ctx, lena := t.Context(), w.people["lena"]
	up := w.rule(lena, routing.Rule{Name: "up", Condition: "true", Points: 10})
	down := w.rule(lena, routing.Rule{Name: "down", Condition: "true", Points: -10})
	for _, r := range []triage.RoutingRule{up, down} {
		_, err := w.TryRule(ctx, lena, r.ID)
		w.ok(err)
		w.ok(w.SwitchRule(ctx, lena, r.ID, true))
	}
	before := w.stored(w.file("nudity").Case).Priority
	w.ok(w.MoveRule(ctx, lena, down.ID, true))
	w.ok(w.MoveRule(ctx, lena, down.ID, true)) // it is the first already
	trial, err := w.TryRule(ctx, lena, up.ID)
	w.ok(err)
	if trial.Matches != 1 || trial.Taken != 1 || len(trial.Changed) != 0 {
		t.Errorf("the trial of a rule that another one comes before is %+v", trial)
	}
	c := w.stored(w.file("nudity").Case)
	if before != 55 || !strings.Contains(c.Reasons[len(c.Reasons)-1].Words, "down") {
		t.Errorf("%d before; then %+v", before, c)
	}
}

// TestRoutingIsOfALane: nobody learns from a queue or a rule of the closed lane that there is one.
func TestRoutingIsOfALane(t *testing.T) {
	w := newWorld(t)
	ctx, lena, ada, rui := t.Context(), w.people["lena"], w.people["ada"], w.people["rui"]
	ada.Roles = account.Roles{account.Administrator}
	both := lena
	both.Roles = append(account.Roles{account.ChildSafety}, lena.Roles...)
	q, err := w.SaveQueue(ctx, both, triage.WorkQueue{Lane: triage.LaneChildSafety, Name: "Live"})
	w.ok(err)
	r, err := w.SaveRule(ctx, both, triage.RoutingRule{Lane: triage.LaneChildSafety, Rule: routing.Rule{Name: "live", Condition: "report.clips > 0", Points: 1}})
	w.ok(err)
	for _, a := range []triage.Actor{lena, ada} {
		out, err := w.Routing(ctx, a)
		w.ok(err)
		if len(out.Queues)+len(out.Rules) != 0 {
			t.Errorf("%s sees %+v", a.Name, out)
		}
		_, err = w.SaveQueue(ctx, a, q)
		w.is(triage.ErrNotFound, err)
		w.is(triage.ErrNotFound, w.MoveRule(ctx, a, r.ID, true))
		w.is(triage.ErrNotFound, w.DeleteRule(ctx, a, r.ID))
	}
	_, err = w.SaveRule(ctx, lena, triage.RoutingRule{Lane: triage.LaneGeneral, Rule: routing.Rule{Name: "there", Condition: "true", Queue: string(q.ID)}})
	w.is(triage.ErrInvalid, err)
	c := w.file("nudity").Case
	w.is(triage.ErrInvalid, w.Place(ctx, lena, c, q.ID))
	for _, a := range []triage.Actor{rui, w.people["host"], w.people["cleo"]} {
		_, err := w.Routing(ctx, a)
		w.is(triage.ErrForbidden, err)
		w.is(triage.ErrForbidden, w.RateWaiting(ctx, a))
		_, err = w.SaveQueue(ctx, a, triage.WorkQueue{Lane: triage.LaneGeneral, Name: "Mine"})
		w.is(triage.ErrForbidden, err)
	}
	mine := w.rule(ada, routing.Rule{Name: "an administrator’s", Condition: "true", Points: 1})
	_, err = w.TryRule(ctx, ada, mine.ID)
	w.is(triage.ErrForbidden, err) // it would show cases
}

func TestBadRulesAndQueues(t *testing.T) {
	w := newWorld(t)
	ctx, lena := t.Context(), w.people["lena"]
	for _, r := range []routing.Rule{
		{Name: "n", Condition: "true", Points: 1}, {Name: "points", Condition: "true", Points: 101}, {Name: "nothing", Condition: "true"},
		{Name: "no condition", Points: 1}, {Name: "a typo", Condition: "report.clip > 1", Points: 1}, {Name: "no queue", Condition: "true", Queue: "QU-00000-00000"},
	} {
		_, err := w.SaveRule(ctx, lena, triage.RoutingRule{Lane: triage.LaneGeneral, Rule: r})
		w.is(triage.ErrInvalid, err)
	}
	_, err := w.SaveRule(ctx, lena, triage.RoutingRule{Lane: "other", Rule: routing.Rule{Name: "lane", Condition: "true", Points: 1}})
	w.is(triage.ErrInvalid, err)
	for _, q := range []triage.WorkQueue{{Lane: triage.LaneGeneral, Name: "x"}, {Lane: "other", Name: "Lane"},
		{Lane: triage.LaneGeneral, Name: "Strangers", Members: []account.ID{w.people["host"].Account}}} {
		_, err := w.SaveQueue(ctx, lena, q)
		w.is(triage.ErrInvalid, err)
	}
	_, err = w.SaveQueue(ctx, lena, triage.WorkQueue{Lane: triage.LaneGeneral, Name: "Twice"})
	w.ok(err)
	_, err = w.SaveQueue(ctx, lena, triage.WorkQueue{Lane: triage.LaneGeneral, Name: "twice"})
	w.is(triage.ErrInvalid, err)
	_, err = w.SaveQueue(ctx, lena, triage.WorkQueue{ID: "QU-00000-00000", Lane: triage.LaneGeneral, Name: "Gone"})
	w.is(triage.ErrNotFound, err)
}

func TestDefer(t *testing.T) {
	w := newWorld(t)
	ctx, rui, lena := t.Context(), w.people["rui"], w.people["lena"]
	id := w.file("nudity").Case
	later := w.now.Add(2 * time.Hour)
	w.is(triage.ErrConflict, w.Defer(ctx, rui, id, later, "The host will add to it."))
	_, err := w.Claim(ctx, rui, id)
	w.ok(err)
	w.is(triage.ErrInvalid, w.Defer(ctx, rui, id, later, ""))
	w.is(triage.ErrInvalid, w.Defer(ctx, rui, id, w.now, "Now."))
	w.is(triage.ErrInvalid, w.Defer(ctx, rui, id, w.now.Add(triage.MaxDefer+time.Second), "Too late."))
	w.ok(w.Defer(ctx, rui, id, later, "The host will add to it."))
	if !has(w.acts(id), custody.CaseDeferred) {
		t.Error("the log does not say that the case was put off")
	}
	for _, a := range []triage.Actor{rui, lena} {
		_, err = w.ClaimNext(ctx, a)
		w.is(triage.ErrNotFound, err)
		n, err := w.CountWaiting(ctx, a)
		w.ok(err)
		if n.Open != 0 {
			t.Error("what was put off is counted as waiting")
		}
	}
	w.now = later
	c, err := w.ClaimNext(ctx, lena)
	w.ok(err)
	if c.ID != id || !c.Deferred.IsZero() {
		t.Errorf("after its time comes %+v", c)
	}
	w.ok(w.Defer(ctx, lena, id, w.now.Add(time.Hour), "Once more."))
	_, err = w.Claim(ctx, rui, id) // by hand it can be had sooner
	w.ok(err)
}
