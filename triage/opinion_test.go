package triage_test

import (
	"math"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// drawing has every decision drawn, and gives the opinion on one of rui's to somebody.
func (w *world) drawing(action triage.ActionKind) (triage.Report, triage.Decision) {
	w.t.Helper()
	w.Dice = func(int) int { return 0 }
	return w.decided(action, 0)
}

func (w *world) said(r triage.Report, policy triage.PolicyID, action triage.ActionKind) []triage.Finding {
	return []triage.Finding{{Person: r.People[0].ID, Policy: policy, Action: action, Reasons: "What I think of it."}}
}

// TestOpinionIsBlind: whoever gives it sees the evidence and not the decision, by no way, until they gave it; and the decider gives none.
func TestOpinionIsBlind(t *testing.T) {
	w := newWorld(t)
	ctx, robin, lena := t.Context(), w.people["robin"], w.people["lena"]
	r, dec := w.drawing(triage.ActWarn)
	_, err := w.TakeOpinion(ctx, w.people["rui"]) // the decider
	w.is(triage.ErrNotFound, err)
	_, err = w.TakeOpinion(ctx, w.people["mallory"])
	w.is(triage.ErrForbidden, err)
	w.ok(w.AddNote(ctx, w.people["lex"], r.Case, "Obvious: a warning is right."))
	o, err := w.TakeOpinion(ctx, robin)
	w.ok(err)
	if again, err := w.TakeOpinion(ctx, robin); err != nil || again.ID != o.ID {
		t.Errorf("taking again gives %v %v", again.ID, err)
	}
	_, err = w.OpenCase(ctx, robin, r.Case)
	w.is(triage.ErrForbidden, err)
	w.is(triage.ErrForbidden, w.AddNote(ctx, robin, r.Case, "Who decided that?"))
	for _, ask := range []triage.FindAsk{{Text: "obvious"}, {Text: string(r.Case)}, {Reviewer: dec.Decider}} {
		for who, want := range map[string]int{"robin": 0, "lena": 1} {
			if found, err := w.Find(ctx, w.people[who], ask); err != nil || len(found.Rows) != want {
				t.Errorf("a search for %+v tells %s %+v %v", ask, who, found.Rows, err)
			}
		}
	}
	next := w.file("hate") // about the same person
	v, err := w.OpenCase(ctx, robin, next.Case)
	w.ok(err)
	for _, es := range v.Earlier {
		if len(es) > 0 {
			t.Errorf("another case tells %+v", es)
		}
	}
	for _, es := range v.Standing {
		if len(es) > 0 {
			t.Errorf("another case tells %+v", es)
		}
	}
	blind, err := w.OpenOpinion(ctx, robin, o.ID)
	w.ok(err)
	if blind.First != nil || blind.Decider != "" || blind.Decision != "" || len(blind.People) != 1 || len(blind.Reports) != 1 {
		t.Errorf("the blind page holds %+v", blind)
	}
	_, err = w.OpenOpinion(ctx, w.people["rui"], o.ID)
	w.is(triage.ErrForbidden, err)
	_, err = w.OpenOpinion(ctx, lena, o.ID) // nothing to see yet
	w.is(triage.ErrNotFound, err)
	given, err := w.GiveOpinion(ctx, robin, o.ID, w.said(r, "hate", triage.ActWarn))
	w.ok(err)
	if !given.Agrees {
		t.Error("the same policy and action do not agree")
	}
	both, err := w.OpenOpinion(ctx, robin, o.ID)
	w.ok(err)
	if both.First == nil || both.First.ID != dec.ID || both.Settles {
		t.Errorf("afterwards: %+v", both)
	}
	_, err = w.OpenCase(ctx, robin, r.Case)
	w.ok(err)
	_, err = w.GiveOpinion(ctx, robin, o.ID, w.said(r, "hate", triage.ActNone))
	w.is(triage.ErrConflict, err) // once
	if !has(w.acts(r.Case), custody.OpinionDrawn, custody.OpinionTaken, custody.OpinionGiven, custody.OpinionFinding) {
		t.Errorf("the log says %v", w.acts(r.Case))
	}
}

// TestOpinionChangesNothing: a disagreement goes to a lead who is neither of the two, and the decision stays in force whatever they say.
func TestOpinionChangesNothing(t *testing.T) {
	w := newWorld(t)
	ctx, lena := t.Context(), w.people["lena"]
	r, dec := w.drawing(triage.ActNone)
	o, err := w.TakeOpinion(ctx, w.people["lex"]) // a lead gives it
	w.ok(err)
	_, err = w.GiveOpinion(ctx, w.people["lex"], o.ID, nil)
	w.is(triage.ErrInvalid, err)
	w.is(triage.ErrForbidden, w.SettleOpinion(ctx, w.people["robin"], o.ID, triage.VerdictFirst, "It was right as it was."))
	w.is(triage.ErrConflict, w.SettleOpinion(ctx, lena, o.ID, triage.VerdictFirst, "It was right as it was."))
	_, err = w.GiveOpinion(ctx, w.people["lex"], o.ID, w.said(r, "hate", triage.ActRefer))
	w.ok(err)
	l, err := w.ListOpinions(ctx, lena)
	w.ok(err)
	mine, err := w.ListOpinions(ctx, w.people["lex"])
	w.ok(err)
	if len(l.Disputed) != 1 || len(mine.Disputed) != 0 || len(mine.Mine) != 1 {
		t.Errorf("disputed are %+v, for the giver %+v", l.Disputed, mine)
	}
	w.is(triage.ErrInvalid, w.SettleOpinion(ctx, lena, o.ID, "both", "x"))
	w.is(triage.ErrForbidden, w.SettleOpinion(ctx, w.people["lex"], o.ID, triage.VerdictSecond, "I was right, of course."))
	w.ok(w.SettleOpinion(ctx, lena, o.ID, triage.VerdictSecond, "It should have been referred."))
	w.is(triage.ErrConflict, w.SettleOpinion(ctx, lena, o.ID, triage.VerdictFirst, "Or perhaps not after all."))
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		ds, err := tx.Decisions(ctx, r.Case)
		if len(ds) != 1 || ds[0].ID != dec.ID || ds[0].State != triage.DecisionInForce {
			t.Errorf("the decisions are %+v", ds)
		}
		return err
	}))
	f, err := w.Figures(ctx, lena, 7)
	w.ok(err)
	if len(f.Agree) != 1 || f.Agree[0] != (triage.Agreement{Policy: "hate", Pairs: 1, Known: true}) {
		t.Errorf("agreement is %+v", f.Agree)
	}
}

// TestOpinionHolds: one who looked at the decision is offered none; what lies too long is offered to others, and reopened cases to nobody.
func TestOpinionHolds(t *testing.T) {
	w := newWorld(t)
	ctx, robin, lex := t.Context(), w.people["robin"], w.people["lex"]
	r, _ := w.drawing(triage.ActNone)
	_, err := w.OpenCase(ctx, w.people["lena"], r.Case)
	w.ok(err)
	_, err = w.TakeOpinion(ctx, w.people["lena"])
	w.is(triage.ErrNotFound, err)
	o, err := w.TakeOpinion(ctx, robin)
	w.ok(err)
	_, err = w.TakeOpinion(ctx, lex)
	w.is(triage.ErrNotFound, err)
	w.now = w.now.Add(triage.OpinionHold + time.Second)
	_, err = w.TakeOpinion(ctx, lex)
	w.ok(err)
	_, err = w.GiveOpinion(ctx, robin, o.ID, w.said(r, "hate", triage.ActNone))
	w.is(triage.ErrConflict, err)
	w.ok(w.ReturnOpinion(ctx, lex, o.ID))
	w.ok(w.ReturnOpinion(ctx, lex, o.ID)) // twice is no error
	_, err = w.TakeOpinion(ctx, robin)
	w.ok(err)
	w.ok(w.Reopen(ctx, w.people["lena"], r.Case, "There is more to it."))
	_, err = w.GiveOpinion(ctx, robin, o.ID, w.said(r, "hate", triage.ActNone))
	w.is(triage.ErrConflict, err)
	_, err = w.OpenOpinion(ctx, robin, o.ID)
	w.is(triage.ErrConflict, err)
	_, err = w.OpenCase(ctx, robin, r.Case) // nothing to be blind for any more
	w.ok(err)
	_, err = w.TakeOpinion(ctx, robin) // nor to go on with
	w.is(triage.ErrNotFound, err)
	if l, err := w.ListOpinions(ctx, robin); err != nil || l.Held != nil {
		t.Errorf("still held: %+v %v", l.Held, err)
	}
}

// TestOpinionsKeepTheLane: of the closed lane, nobody else is given, shown or told anything.
func TestOpinionsKeepTheLane(t *testing.T) {
	w := newWorld(t)
	ctx, cleo := t.Context(), w.people["cleo"]
	w.Dice = func(int) int { return 0 }
	r := w.file("csam")
	_, err := w.Claim(ctx, cleo, r.Case)
	w.ok(err)
	_, err = w.Decide(ctx, cleo, r.Case, w.finding(r, triage.ActNone, 0))
	w.ok(err)
	for _, name := range []string{"robin", "lena", "lex"} {
		_, err := w.TakeOpinion(ctx, w.people[name])
		w.is(triage.ErrNotFound, err)
		l, err := w.ListOpinions(ctx, w.people[name])
		w.ok(err)
		if l.Waiting != 0 || len(l.Disputed) != 0 {
			t.Errorf("%s sees %+v", name, l)
		}
	}
	o, err := w.TakeOpinion(ctx, w.people["sam"])
	w.ok(err)
	_, err = w.GiveOpinion(ctx, w.people["sam"], o.ID, w.said(r, "csam", triage.ActRefer))
	w.ok(err)
	_, err = w.OpenOpinion(ctx, w.people["lena"], o.ID)
	w.is(triage.ErrNotFound, err)
	w.is(triage.ErrNotFound, w.SettleOpinion(ctx, w.people["lena"], o.ID, triage.VerdictFirst, "It was right as it was."))
}

// TestSampling: the highest rate that was set counts, else the default; nobody sets their own.
func TestSampling(t *testing.T) {
	w := newWorld(t)
	ctx, lena, rui := t.Context(), w.people["lena"], w.people["rui"]
	asked := -1
	w.Dice = func(n int) int { return asked }
	drawn := func(at int) bool {
		asked = at
		r, _ := w.decided(triage.ActNone, 0)
		return has(w.acts(r.Case), custody.OpinionDrawn)
	}
	hits := func(percent int) {
		t.Helper()
		if percent > 0 && !drawn(percent-1) || percent < 100 && drawn(percent) {
			t.Errorf("not %d of a hundred", percent)
		}
	}
	hits(triage.DefaultRate)
	set := func(k triage.RateKind, of string, percent int) {
		t.Helper()
		w.ok(w.SetRate(ctx, lena, triage.Rate{Kind: k, Subject: of, Percent: percent}))
	}
	set(triage.RateDefault, "", 7)
	hits(7)
	set(triage.RatePolicy, "hate", 0)
	hits(0)
	set(triage.RateReviewer, string(rui.Account), 30)
	hits(30)
	set(triage.RatePolicy, "hate", 100)
	hits(100)
	set(triage.RatePolicy, "hate", -1)
	hits(30)
	w.is(triage.ErrForbidden, w.SetRate(ctx, rui, triage.Rate{Kind: triage.RateDefault, Percent: 0}))
	for _, bad := range []triage.Rate{{Kind: triage.RateDefault, Percent: 101}, {Kind: triage.RateDefault, Percent: -1}, {Kind: triage.RatePolicy, Subject: "csam", Percent: 5},
		{Kind: triage.RateReviewer, Subject: string(lena.Account)}, {Kind: triage.RateReviewer, Subject: string(w.people["host"].Account)}, {Kind: "all"}} {
		w.is(triage.ErrInvalid, w.SetRate(ctx, lena, bad))
	}
	s, err := w.Sampling(ctx, lena)
	if w.ok(err); s.Default != 7 || len(s.Rates) != 1 || s.Rates[0].Percent != 30 {
		t.Errorf("the lead sees %+v", s)
	}
}

// TestSevereIsDrawn: a severe decision is drawn once it is approved, at a rate of its own or a higher one that was set; neither of the two gives the
// opinion, or settles it.
func TestSevereIsDrawn(t *testing.T) {
	w := newWorld(t)
	ctx, lena, rui, lex := t.Context(), w.people["lena"], w.people["rui"], w.people["lex"]
	asked := 0
	w.Dice = func(int) int { return asked }
	ban := func() (triage.Report, bool) {
		r := w.file("hate")
		_, err := w.Claim(ctx, rui, r.Case)
		w.ok(err)
		dec, err := w.Decide(ctx, rui, r.Case, w.finding(r, triage.ActBan, 0))
		w.ok(err)
		if has(w.acts(r.Case), custody.OpinionDrawn) {
			t.Error("a decision was drawn before it was approved")
		}
		w.ok(w.Answer(ctx, lena, r.Case, dec.ID, true, ""))
		return r, has(w.acts(r.Case), custody.OpinionDrawn)
	}
	hits := func(percent int) {
		t.Helper()
		for _, asked = range []int{percent - 1, percent} {
			if _, drawn := ban(); drawn != (asked < percent) {
				t.Errorf("not %d of a hundred", percent)
			}
		}
	}
	hits(triage.DefaultSevereRate)
	set := func(k triage.RateKind, of string, percent int) {
		t.Helper()
		w.ok(w.SetRate(ctx, lena, triage.Rate{Kind: k, Subject: of, Percent: percent}))
	}
	set(triage.RateDefault, "", 99)
	set(triage.RateReviewer, string(rui.Account), 3)
	hits(triage.DefaultSevereRate)
	set(triage.RateSevere, "", 2)
	hits(3)
	set(triage.RateSevere, "", 50)
	hits(50)
	if s, err := w.Sampling(ctx, lena); err != nil || s.Severe != 50 {
		t.Errorf("the lead sees %+v %v", s, err)
	}
	w.is(triage.ErrInvalid, w.SetRate(ctx, lena, triage.Rate{Kind: triage.RateSevere, Percent: -1}))
	for _, a := range []triage.Actor{rui, lena} {
		_, err := w.TakeOpinion(ctx, a)
		w.is(triage.ErrNotFound, err)
	}
	o, err := w.TakeOpinion(ctx, w.people["robin"])
	w.ok(err)
	v, err := w.OpenOpinion(ctx, w.people["robin"], o.ID)
	if w.ok(err); v.Approver != "" || v.Percent != 0 {
		t.Errorf("the blind page tells that two people took it: %+v", v.Opinion)
	}
	_, err = w.GiveOpinion(ctx, w.people["robin"], o.ID, []triage.Finding{{Person: v.People[0].ID, Policy: "hate", Action: triage.ActNone, Reasons: "What I think of it."}})
	w.ok(err)
	w.is(triage.ErrForbidden, w.SettleOpinion(ctx, lena, o.ID, triage.VerdictFirst, "It was right as it was."))
	if l, err := w.ListOpinions(ctx, lena); err != nil || len(l.Disputed) > 0 {
		t.Errorf("who approved is shown it to settle: %+v %v", l.Disputed, err)
	}
	w.ok(w.SettleOpinion(ctx, lex, o.ID, triage.VerdictFirst, "It was right as it was."))
}

// TestKappa holds kappa against a worked example of Cohen's coefficient: 20 and 15 agreements, 5 and 10 disagreements give 0.4.
func TestKappa(t *testing.T) {
	yes, no := [2]string{"hate", "warn"}, [2]string{"", "none"}
	got := triage.Agreements([]triage.Pair{{Policy: "hate", First: yes, Second: yes, Times: 20}, {Policy: "hate", First: yes, Second: no, Times: 5},
		{Policy: "hate", First: no, Second: yes, Times: 10}, {Policy: "hate", First: no, Second: no, Times: 15}, {Policy: "fraud", First: no, Second: no, Times: 3}})
	if len(got) != 2 || got[0].Pairs != 50 || got[0].Same != 35 || math.Abs(got[0].Kappa-0.4) > 1e-9 || !got[0].Known {
		t.Errorf("%+v", got)
	}
	if got[1].Known || got[1].Same != 3 {
		t.Errorf("two who always say the same have %+v", got[1])
	}
}
