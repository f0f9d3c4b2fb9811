package triage_test

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// TestPolicyChanges changes a policy that no other test reports about: the taxonomy in force is one for the process.
func TestPolicyChanges(t *testing.T) {
	w := newWorld(t)
	ctx, ada := t.Context(), w.people["ada"]
	ada.Roles = account.Roles{account.Administrator}
	fresh := newWorld(t)
	t.Cleanup(func() { w.ok(fresh.LoadPolicies(context.WithoutCancel(ctx))) }) // the defaults again
	spam := triage.Policy{ID: "spam", Title: "Spam", Help: "What nobody asked for.", Lane: triage.LaneGeneral, Level: 2, Priority: 10, Weight: 1,
		LookWithin: 30 * time.Minute, DecideWithin: time.Hour, Version: -1}
	for _, who := range []string{"rui", "lena", "host", "cleo", "lior"} {
		w.is(triage.ErrForbidden, w.SavePolicy(ctx, w.people[who], spam, false))
		if ps, err := w.AllPolicies(ctx, w.people[who]); who == "lena" && (err != nil || len(ps) == 0) || who != "lena" && triage.KindOf(err) != triage.Forbidden {
			t.Errorf("%s reads %d policies, %v", who, len(ps), err)
		}
	}
	for _, bad := range []func(*triage.Policy){
		func(p *triage.Policy) { p.ID = "Spam!" }, func(p *triage.Policy) { p.ID = "hate" }, func(p *triage.Policy) { p.Lane = "other" },
		func(p *triage.Policy) { p.Title = "" }, func(p *triage.Policy) { p.Help = "" }, func(p *triage.Policy) { p.Level = 3 },
		func(p *triage.Policy) { p.Priority = 101 }, func(p *triage.Policy) { p.Weight = -1 }, func(p *triage.Policy) { p.LookWithin = 0 },
		func(p *triage.Policy) { p.DecideWithin = triage.MaxWithin + 1 },
	} {
		p := spam
		bad(&p)
		w.is(triage.ErrInvalid, w.SavePolicy(ctx, ada, p, false))
	}
	w.ok(w.SavePolicy(ctx, ada, spam, false))
	r := w.file("spam")
	c := w.stored(r.Case)
	if c.Priority != 10 || !c.Due.Equal(c.Opened.Add(30*time.Minute)) || r.Policy.Title() != "Spam" {
		t.Errorf("a report on a new policy makes %+v", c)
	}
	spam.Version, spam.LookWithin, spam.Title, spam.Lane = 0, 10*time.Minute, "Spam and scams", triage.LaneChildSafety
	w.ok(w.SavePolicy(ctx, ada, spam, true))
	if got := w.stored(r.Case); !got.Due.Equal(c.Opened.Add(10*time.Minute)) || got.Lane != triage.LaneGeneral || r.Policy.Title() != "Spam and scams" {
		t.Errorf("after a change it is %+v", got)
	}
	if p, _ := triage.PolicyByID("spam"); p.Lane != triage.LaneGeneral {
		t.Error("a policy moved to another lane")
	}
	w.is(triage.ErrConflict, w.SavePolicy(ctx, ada, spam, false)) // somebody was quicker
	spam.Version, spam.Retired = 1, true
	w.ok(w.SavePolicy(ctx, ada, spam, false))
	if _, err := w.FileReport(ctx, w.people["host"], w.form("spam")); err == nil {
		t.Error("a report on a retired policy is taken")
	}
	if !has(w.acts(""), custody.PolicyChanged) {
		t.Error("the log does not say what was changed")
	}
}
