package triage_test

import (
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// sees reports that somebody watched that much of a case's clip.
func (w *world) sees(who string, x triage.ExhibitID, length time.Duration) {
	w.t.Helper()
	w.ok(w.LogWatch(w.t.Context(), w.people[who], x, []triage.Watch{{Session: "s", From: 0, To: length}}))
}

// plays asks for an original; that its bytes are not in this test is no refusal.
func (w *world) plays(who string, x triage.ExhibitID) error {
	_, err := w.OpenOriginal(w.t.Context(), w.people[who], x)
	if triage.KindOf(err) == triage.Unavailable || triage.KindOf(err) == triage.NotFound {
		return nil
	}
	return err
}

func (w *world) clip(policy triage.PolicyID) triage.ExhibitID {
	w.t.Helper()
	r, err := w.FileReport(w.t.Context(), w.people["host"], w.form(policy, w.upload()))
	w.ok(err)
	return r.Exhibits[0]
}

func TestBudgets(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	mild, urgent := w.clip("hate"), w.clip("threat")
	w.ok(w.plays("rui", urgent))
	w.sees("rui", urgent, 19*time.Minute)
	w.now = w.now.Add(time.Minute)
	w.ok(w.plays("rui", urgent))
	w.sees("rui", urgent, time.Minute)
	err := w.plays("rui", urgent)
	w.is(triage.ErrForbidden, err)
	contains(t, err.Error(), "ask a lead")
	if _, err := w.OpenDerivative(ctx, rui, urgent, triage.DerivedContact); triage.KindOf(err) == triage.Forbidden {
		t.Error("stills are refused with the clip")
	}
	w.is(triage.ErrForbidden, func() error { _, err := w.OpenDerivative(ctx, rui, urgent, triage.DerivedPreview); return err }())
	w.ok(w.plays("rui", mild)) // the shift has more than an hour left
	w.ok(w.plays("robin", urgent))
	w.sees("rui", mild, 70*time.Minute)
	w.is(triage.ErrForbidden, w.plays("rui", mild))
	s, err := w.Exposure(ctx, rui)
	w.ok(err)
	if s.Spent[triage.BudgetShift] != 90*time.Minute || s.Spent[triage.BudgetUrgent] != 20*time.Minute || !s.BreakDue() || s.Policies[0].Policy != "hate" {
		t.Errorf("the shift is %+v", s)
	}
	w.now = w.now.Add(triage.ShiftGap)
	w.ok(w.plays("rui", mild))
	if s, err := w.Exposure(ctx, rui); err != nil || len(s.Policies) != 0 || s.Unbroken != 0 {
		t.Errorf("after %v without clips the shift is %+v, %v", triage.ShiftGap, s, err)
	}
}

func TestBreaks(t *testing.T) {
	w := newWorld(t)
	x := w.clip("hate")
	for range 25 {
		w.now = w.now.Add(time.Minute)
		w.sees("rui", x, time.Minute)
	}
	if s, err := w.Exposure(t.Context(), w.people["rui"]); err != nil || !s.BreakDue() {
		t.Errorf("after 25 minutes no break is due: %+v %v", s, err)
	}
	w.now = w.now.Add(triage.BreakTime)
	if s, err := w.Exposure(t.Context(), w.people["rui"]); err != nil || s.BreakDue() || s.Spent[triage.BudgetShift] != 25*time.Minute {
		t.Errorf("after a break one is still due, or the shift began anew: %+v %v", s, err)
	}
}

func TestLiftedBudget(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	x := w.clip("threat")
	w.sees("lena", x, 20*time.Minute)
	w.sees("rui", x, 20*time.Minute)
	give := triage.NewOverride{Account: w.people["rui"].Account, Group: triage.BudgetUrgent, Hours: 2, Reason: "A raid goes on, and nobody else is here."}
	for _, who := range []string{"robin", "rui", "host", "ada", "lior", "cleo"} {
		_, err := w.Lift(ctx, w.people[who], give)
		w.is(triage.ErrForbidden, err)
	}
	for _, bad := range []triage.NewOverride{{Account: w.people["lena"].Account, Group: give.Group, Hours: 2, Reason: give.Reason},
		{Account: give.Account, Group: "all", Hours: 2, Reason: give.Reason}, {Account: give.Account, Group: give.Group, Hours: 25, Reason: give.Reason},
		{Account: give.Account, Group: give.Group, Hours: 2, Reason: "so"}, {Account: w.people["host"].Account, Group: give.Group, Hours: 2, Reason: give.Reason}} {
		_, err := w.Lift(ctx, w.people["lena"], bad)
		w.is(triage.ErrInvalid, err)
	}
	w.is(triage.ErrForbidden, w.plays("rui", x))
	_, err := w.Lift(ctx, w.people["lena"], give)
	w.ok(err)
	if !has(w.acts(""), custody.BudgetLifted) {
		t.Error("the log does not say that a budget was lifted")
	}
	w.ok(w.plays("rui", x))
	w.is(triage.ErrForbidden, w.plays("lena", x))
	w.now = w.now.Add(2 * time.Hour)
	w.is(triage.ErrForbidden, w.plays("rui", x))
	team, err := w.Team(ctx, w.people["lena"])
	w.ok(err)
	if len(team.Overrides) != 0 || len(team.People) == 0 {
		t.Errorf("the team is %+v", team)
	}
}

func TestOptOuts(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	p := triage.DefaultPreferences
	p.OptOuts = []triage.PolicyID{"csam"}
	w.is(triage.ErrInvalid, w.SavePreferences(ctx, rui, p)) // as if it were not there
	w.ok(w.SavePreferences(ctx, w.people["cleo"], p))
	p.OptOuts = []triage.PolicyID{"threat", "threat"}
	w.ok(w.SavePreferences(ctx, rui, p))
	avoided := w.file("threat")
	_, err := w.ClaimNext(ctx, rui)
	w.is(triage.ErrNotFound, err)
	_, err = w.Claim(ctx, rui, avoided.Case)
	w.is(triage.ErrConflict, err)
	if _, err := w.OpenCase(ctx, rui, avoided.Case); err != nil {
		t.Errorf("a case of an unwanted policy cannot be opened: %v", err)
	}
	if c, err := w.ClaimNext(ctx, w.people["robin"]); err != nil || c.ID != avoided.Case {
		t.Errorf("another is not given the case: %v %v", c.ID, err)
	}
}
