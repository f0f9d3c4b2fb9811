package triagetest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

type rateKey struct {
	kind    triage.RateKind
	subject string
}

func drawn(o triage.Opinion) time.Time            { return o.Drawn }
func opinionID(o triage.Opinion) triage.OpinionID { return o.ID }

func (t *tx) InsertOpinion(_ context.Context, o triage.Opinion) error {
	if err := t.write("InsertOpinion"); err != nil {
		return err
	}
	for _, x := range t.opinions {
		if x.Decision == o.Decision {
			return conflict()
		}
	}
	return insert(t.opinions, o.ID, o)
}

func (t *tx) Opinion(_ context.Context, id triage.OpinionID) (triage.Opinion, error) {
	return get(t.opinions, id)
}

func (t *tx) SaveOpinion(_ context.Context, o triage.Opinion) error {
	if err := t.write("SaveOpinion"); err != nil {
		return err
	}
	old, err := guarded(t.opinions, o.ID, func(o triage.Opinion) int { return o.Version }, o.Version)
	if err != nil {
		return err
	}
	if !old.Given.IsZero() || o.Given.IsZero() {
		o.Findings = old.Findings
	}
	o.Decision, o.Case, o.Decider, o.Drawn, o.Percent = old.Decision, old.Case, old.Decider, old.Drawn, old.Percent
	o.Version++
	t.opinions[o.ID] = copyOf(o)
	return nil
}

func (t *tx) OpinionsOf(_ context.Context, c triage.CaseID) ([]triage.Opinion, error) {
	return find(t.opinions, func(o triage.Opinion) bool { return o.Case == c }, oldest(drawn, opinionID), 0), nil
}

// givable reports whether an account can give an opinion.
func (t *tx) givable(o triage.Opinion, lanes []triage.Lane, id account.ID, heldSince time.Time) bool {
	c, d := t.cases[o.Case], t.decisions[o.Decision]
	seen, ever := t.views[viewKey{"case/" + string(c.ID), id, "page"}]
	return o.Given.IsZero() && (o.Taker == "" || o.Taken.Before(heldSince)) && o.Decider != id && o.Approver != id && d.State == triage.DecisionInForce && c.State.Settled() &&
		slices.Contains(lanes, c.Lane) && !slices.Contains(t.preferences[id].OptOuts, c.Policy) && (!ever || seen.Before(d.Decided)) && !t.isParty(id, c.ID)
}

func (t *tx) NextOpinion(_ context.Context, lanes []triage.Lane, for_ account.ID, heldSince time.Time) (triage.Opinion, error) {
	found := find(t.opinions, func(o triage.Opinion) bool { return t.givable(o, lanes, for_, heldSince) }, oldest(drawn, opinionID), 1)
	if len(found) == 0 {
		return triage.Opinion{}, missing()
	}
	return found[0], nil
}

func (t *tx) WaitingOpinions(_ context.Context, lanes []triage.Lane, for_ account.ID, heldSince time.Time, limit int) (int, error) {
	return len(find(t.opinions, func(o triage.Opinion) bool { return t.givable(o, lanes, for_, heldSince) }, oldest(drawn, opinionID), limit)), nil
}

func (t *tx) Opinions(_ context.Context, q triage.OpinionQuery) ([]triage.Opinion, error) {
	return find(t.opinions, func(o triage.Opinion) bool {
		return slices.Contains(q.Lanes, t.cases[o.Case].Lane) && !t.isParty(q.Without, o.Case) && (q.Taker == "" || o.Taker == q.Taker) && (!q.Held || o.Given.IsZero() && t.cases[o.Case].State.Settled() && t.decisions[o.Decision].State == triage.DecisionInForce) &&
			(!q.Disputed || o.Disputed() && o.Decider != q.Without && o.Approver != q.Without && o.Taker != q.Without)
	}, newest(drawn, opinionID), q.Limit), nil
}

func (t *tx) Blind(_ context.Context, c triage.CaseID) (out []account.ID, _ error) {
	for _, o := range t.opinions {
		if o.Case == c && o.Given.IsZero() && o.Taker != "" && t.decisions[o.Decision].State == triage.DecisionInForce {
			out = append(out, o.Taker)
		}
	}
	slices.Sort(out)
	return out, nil
}

// isBlind reports whether an account is among Blind.
func (t *tx) isBlind(id account.ID, c triage.CaseID) bool {
	who, _ := t.Blind(context.Background(), c)
	return slices.Contains(who, id)
}

// outcome is what a finding comes to: of one without a violation the policy does not count.
func outcome(f triage.Finding) [2]string {
	if f.Action == triage.ActNone {
		f.Policy = ""
	}
	return [2]string{string(f.Policy), string(f.Action)}
}

func (t *tx) Pairs(_ context.Context, q triage.FigureQuery) ([]triage.Pair, error) {
	rows := map[triage.Pair]*triage.Pair{}
	for _, o := range t.opinions {
		if o.Given.IsZero() || !within(q, o.Given) || !t.counted(q, o.Case) {
			continue
		}
		for _, f := range t.decisions[o.Decision].Findings {
			for _, g := range o.Findings {
				if f.Person == g.Person {
					key := triage.Pair{Policy: t.cases[o.Case].Policy, First: outcome(f), Second: outcome(g)}
					tally(rows, key, key).Times++
				}
			}
		}
	}
	return tallied(rows, func(a, b *triage.Pair) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), slices.Compare(a.First[:], b.First[:]), slices.Compare(a.Second[:], b.Second[:]))
	}), nil
}

func (t *tx) Rates(context.Context) ([]triage.Rate, error) {
	return find(t.rates, func(triage.Rate) bool { return true }, func(a, b triage.Rate) int {
		usual := func(r triage.Rate) int {
			if r.Kind == triage.RateDefault {
				return 0
			}
			return 1
		}
		return cmp.Or(usual(a)-usual(b), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	}, 0), nil
}

func (t *tx) SaveRate(_ context.Context, r triage.Rate) error {
	if err := t.write("SaveRate"); err != nil {
		return err
	}
	t.rates[rateKey{r.Kind, r.Subject}] = copyOf(r)
	return nil
}

func (t *tx) DeleteRate(_ context.Context, kind triage.RateKind, subject string) error {
	if err := t.write("DeleteRate"); err != nil {
		return err
	}
	delete(t.rates, rateKey{kind, subject})
	return nil
}
