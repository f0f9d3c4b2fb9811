package triage

import (
	"context"
	"errors"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// viewBlind is the kind of viewing of a case without its decision.
const viewBlind = "blind"

// OpinionView is what its giver sees: until they gave it, the evidence and the people; then the decision, too.
type OpinionView struct {
	Opinion
	Lane     Lane
	Policy   PolicyID // as reported
	Reports  []Report
	People   []Person
	Exhibits []ExhibitCard
	First    *Decision // nil while the actor is still to say what they think
	Names    map[account.ID]string
	Orgs     map[account.OrgID]account.Organisation // that the reports came from
	Settles  bool                                   // the actor may settle the disagreement
	On       Target
}

// TakeOpinion gives the actor the next decision to look at, or the one that they hold; NotFound where there is none.
func (d *Desk) TakeOpinion(ctx context.Context, a Actor) (o Opinion, err error) {
	lanes, err := someLanes(a, OpinionGive)
	if err != nil {
		return o, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		mine, err := tx.Opinions(ctx, OpinionQuery{Lanes: lanes, Without: a.Account, Taker: a.Account, Held: true, Limit: 1})
		if err != nil {
			return err
		}
		if len(mine) > 0 {
			o = mine[0]
			return nil
		}
		if o, err = tx.NextOpinion(ctx, lanes, a.Account, d.now().Add(-OpinionHold)); errors.Is(err, ErrNotFound) {
			return Errorf(NotFound, "No decision waits for a second opinion of yours.")
		} else if err != nil {
			return err
		}
		o.Taker, o.Taken = a.Account, d.now()
		if err := tx.SaveOpinion(ctx, o); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, o.Taken, a.Account, o.entry(custody.OpinionTaken, nil))
	})
	return o, err
}

func (o Opinion) entry(act custody.Act, detail custody.Detail) entry {
	return entry{act, o.Case, "opinion/" + string(o.ID), detail}
}

// openOpinion fetches an opinion with its case, if the actor may do something on it.
func openOpinion(ctx context.Context, tx Tx, a Actor, do Action, id OpinionID) (o Opinion, c Case, on Target, err error) {
	if o, err = tx.Opinion(ctx, id); err != nil {
		return o, c, on, err
	}
	if c, on, err = caseOn(ctx, tx, o.Case); err != nil {
		return o, c, on, err
	}
	if on = on.Proposed(o.Decider); o.Approver == a.Account {
		on = on.Proposed(o.Approver)
	}
	return o, c, on, Allow(a, do, on)
}

// held is openOpinion for whoever is giving it now.
func held(ctx context.Context, tx Tx, a Actor, id OpinionID) (o Opinion, c Case, dec Decision, err error) {
	if o, c, _, err = openOpinion(ctx, tx, a, OpinionGive, id); err != nil {
		return o, c, dec, err
	}
	if !o.HeldBy(a.Account) {
		return o, c, dec, Errorf(Conflict, "You do not hold this any more. Take the next one under Second opinions.")
	}
	dec, err = wanted(ctx, tx, o, c)
	return o, c, dec, err
}

// wanted is the decision that an opinion is about, while an opinion on it can be given.
func wanted(ctx context.Context, tx Tx, o Opinion, c Case) (Decision, error) {
	dec, err := tx.Decision(ctx, o.Decision)
	if err == nil && (dec.State != DecisionInForce || !c.State.Settled()) {
		err = Errorf(Conflict, "The case was taken up again meanwhile, so that no second opinion is needed on it. Take the next one.")
	}
	return dec, err
}

// OpenOpinion shows an opinion to whoever gives or gave it, and to leads. That somebody looks is recorded, like for a case.
func (d *Desk) OpenOpinion(ctx context.Context, a Actor, id OpinionID) (v OpinionView, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		o, c, on, err := openOpinion(ctx, tx, a, OpinionGive, id)
		if err != nil {
			return err
		}
		settles := o.Disputed() && o.Taker != a.Account && Can(a, OpinionSettle, on)
		given := !o.Given.IsZero() && (o.Taker == a.Account || Can(a, OpinionSettle, on))
		if !given && !o.HeldBy(a.Account) {
			return Errorf(NotFound, "You do not hold this second opinion. Take the next one under Second opinions.")
		}
		if !given {
			if _, err := wanted(ctx, tx, o, c); err != nil {
				return err
			}
		}
		v = OpinionView{Opinion: o, Lane: c.Lane, Policy: c.Policy, Settles: settles, On: on}
		if err := d.recordView(ctx, tx, a, entry{custody.CaseRead, c.ID, "case/" + string(c.ID), custody.Detail{"kind": viewBlind}}); err != nil {
			return err
		}
		if err := d.opinionView(ctx, tx, &v, given); err != nil {
			return err
		}
		return d.viewsLines(ctx, tx, a, on, v.Exhibits)
	})
	return v, err
}

func (d *Desk) opinionView(ctx context.Context, tx Tx, v *OpinionView, given bool) (err error) {
	if v.Reports, err = tx.ReportsOf(ctx, v.Case); err != nil {
		return err
	}
	v.People = peopleOf(v.Reports)
	shown := CaseView{Case: Case{ID: v.Case}, Reports: v.Reports, Orgs: map[account.OrgID]account.Organisation{}}
	if err := viewExhibits(ctx, tx, Actor{}, &shown); err != nil { // who may know of no other decision about the same clips
		return err
	}
	if err := viewOrgs(ctx, tx, &shown); err != nil {
		return err
	}
	v.Exhibits, v.Orgs = shown.Exhibits, shown.Orgs
	ids := []account.ID{v.Taker}
	for _, r := range v.Reports {
		ids = append(ids, r.Reporter)
	}
	if given {
		dec, err := tx.Decision(ctx, v.Decision)
		if err != nil {
			return err
		}
		v.First, ids = &dec, append(ids, dec.Decider, dec.Approver, v.Settler)
	} else {
		v.Decider, v.Approver, v.Decision, v.Percent = "", "", "", 0
		for i := range v.Exhibits { // who watched what may tell who decided
			v.Exhibits[i].Watches = slices.DeleteFunc(v.Exhibits[i].Watches, func(w Watch) bool { return w.Account != v.Taker })
			v.Exhibits[i].Again = nil
		}
	}
	v.Names, err = tx.Names(ctx, ids)
	return err
}

// GiveOpinion takes what the second person would decide. The decision stays as it is, whatever they say.
func (d *Desk) GiveOpinion(ctx context.Context, a Actor, id OpinionID, findings []Finding) (o Opinion, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		var c Case
		var dec Decision
		if o, c, dec, err = held(ctx, tx, a, id); err != nil {
			return err
		}
		rs, err := tx.ReportsOf(ctx, o.Case)
		if err != nil {
			return err
		}
		given := slices.Clone(findings)
		if err := validateOpinion(given, peopleOf(rs), c.Lane); err != nil {
			return err
		}
		o.Given, o.Findings, o.Agrees = d.now(), given, agree(dec.Findings, given)
		if err := tx.SaveOpinion(ctx, o); err != nil {
			return err
		}
		return d.recordOpinion(ctx, tx, a, o)
	})
	return o, err
}

// recordOpinion writes down what was said of each person by that person's number.
func (d *Desk) recordOpinion(ctx context.Context, tx Tx, a Actor, o Opinion) error {
	result := "differs"
	if o.Agrees {
		result = "agrees"
	}
	if err := d.recordAt(ctx, tx, o.Given, a.Account, o.entry(custody.OpinionGiven, custody.Detail{"result": result})); err != nil {
		return err
	}
	for _, f := range o.Findings {
		if err := d.recordAt(ctx, tx, o.Given, a.Account, o.entry(custody.OpinionFinding, custody.Detail{"person": string(f.Person),
			"policy": string(f.Policy), "action": string(f.Action), "reasons": f.Reasons})); err != nil {
			return err
		}
	}
	return nil
}

// ReturnOpinion gives an opinion back unsaid, without penalty and without a reason.
func (d *Desk) ReturnOpinion(ctx context.Context, a Actor, id OpinionID) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		o, _, _, err := openOpinion(ctx, tx, a, OpinionGive, id)
		if err != nil || o.Taker != a.Account || !o.Given.IsZero() {
			return err // given back before, or somebody else's by now
		}
		o.Taker, o.Taken = "", noTime
		if err := tx.SaveOpinion(ctx, o); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, o.entry(custody.OpinionReturned, nil))
	})
}

// SettleOpinion is a lead's word on a disagreement. It changes no decision: for that, the case is reopened.
func (d *Desk) SettleOpinion(ctx context.Context, a Actor, id OpinionID, verdict OpinionVerdict, words string) error {
	words = account.CleanText(words)
	var fe FieldErrors
	if !slices.Contains(OpinionVerdicts, verdict) {
		fe.Add("verdict", "Choose which of the two stands.")
	}
	if n := len([]rune(words)); n < 10 || n > MaxNote {
		fe.Add("words", "Say why, in 10 to %d characters: both will read it.", MaxNote)
	}
	fe.noKey("words", words)
	if err := fe.Err(); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		o, _, _, err := openOpinion(ctx, tx, a, OpinionSettle, id)
		if err != nil {
			return err
		}
		if o.Taker == a.Account {
			return Errorf(Forbidden, "You are one of the two. Another lead settles this.")
		}
		if !o.Disputed() {
			return Errorf(Conflict, "Nothing is left to settle here. Reload to see where it stands.")
		}
		o.Settler, o.Settled, o.Verdict, o.Words = a.Account, d.now(), verdict, words
		if err := tx.SaveOpinion(ctx, o); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, o.Settled, a.Account, o.entry(custody.OpinionSettled, custody.Detail{"verdict": string(verdict), "words": words}))
	})
}

// opinionsShown bounds lists of opinions.
const opinionsShown = 50

// OpinionList is the page of second opinions.
type OpinionList struct {
	Held     *Opinion // that the actor is giving now
	Waiting  int      // to take, up to WaitingLimit
	Mine     []Opinion
	Disputed []Opinion // for leads
	Policies map[CaseID]PolicyID
	Names    map[account.ID]string
}

// ListOpinions shows what the actor can give, gave, and may settle.
func (d *Desk) ListOpinions(ctx context.Context, a Actor) (l OpinionList, err error) {
	lanes, err := someLanes(a, OpinionGive)
	if err != nil {
		return l, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		l = OpinionList{Policies: map[CaseID]PolicyID{}}
		mine, err := tx.Opinions(ctx, OpinionQuery{Lanes: lanes, Without: a.Account, Taker: a.Account, Limit: opinionsShown})
		if err != nil {
			return err
		}
		l.Mine = given(mine)
		held, err := tx.Opinions(ctx, OpinionQuery{Lanes: lanes, Without: a.Account, Taker: a.Account, Held: true, Limit: 1})
		if err != nil {
			return err
		}
		if len(held) > 0 {
			l.Held = &held[0]
		}
		if l.Waiting, err = tx.WaitingOpinions(ctx, lanes, a.Account, d.now().Add(-OpinionHold), WaitingLimit); err != nil {
			return err
		}
		if l.Disputed, err = tx.Opinions(ctx, OpinionQuery{Lanes: Lanes(a, OpinionSettle), Without: a.Account, Disputed: true, Limit: opinionsShown}); err != nil {
			return err
		}
		return l.name(ctx, tx)
	})
	return l, err
}

// countOpinions counts what waits for the actor.
func (d *Desk) countOpinions(ctx context.Context, tx Tx, a Actor) (int, error) {
	n, err := tx.WaitingOpinions(ctx, Lanes(a, OpinionGive), a.Account, d.now().Add(-OpinionHold), WaitingLimit)
	if err != nil {
		return 0, err
	}
	open, err := tx.Opinions(ctx, OpinionQuery{Lanes: Lanes(a, OpinionSettle), Without: a.Account, Disputed: true, Limit: WaitingLimit})
	return n + len(open), err
}

func (l *OpinionList) name(ctx context.Context, tx Tx) error {
	var ids []account.ID
	for _, o := range slices.Concat(l.Mine, l.Disputed) {
		c, err := tx.Case(ctx, o.Case)
		if err != nil {
			return err
		}
		l.Policies[c.ID] = c.Policy
		ids = append(ids, o.Taker, o.Decider)
	}
	names, err := tx.Names(ctx, ids)
	l.Names = names
	return err
}
