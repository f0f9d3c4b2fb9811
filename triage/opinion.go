package triage

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Some decisions get a second opinion: another reviewer sees the evidence and the reported people, but neither the decision nor who took
// it, and says what they would decide. Then both see both. Where they differ, a lead says which stands. An opinion never changes a
// decision: whoever finds that it was wrong reopens the case. Severe decisions are drawn once they are approved, at a rate of their own: the second of
// the two knew what the first had said, so that their agreement shows less than a blind opinion does, and an error costs most here.

// OpinionID names a second opinion.
type OpinionID string

// OpinionHold is for how long somebody who took an opinion may give it before others are offered it.
const OpinionHold = 30 * time.Minute

// Opinion is a decision that was drawn for a second look, and what became of that.
type Opinion struct {
	ID       OpinionID
	Decision DecisionID
	Case     CaseID
	Decider  account.ID // of the decision: nobody gives an opinion on their own
	Approver account.ID // of a severe one, who gives none either; "" where one person took it
	Drawn    time.Time
	Percent  int        // how many of a hundred such decisions were drawn at that time
	Taker    account.ID // who gives it; "" while nobody took it
	Taken    time.Time
	Given    time.Time // zero: not yet
	Findings []Finding // as given: person, policy, action and reasons
	Agrees   bool      // the findings come to the same as the decision's
	Settler  account.ID
	Settled  time.Time // when a lead settled a disagreement; zero: not yet, or there is none
	Verdict  OpinionVerdict
	Words    string // the lead's
	Version  int
}

// OpinionVerdict is what a lead says of a disagreement.
type OpinionVerdict string

// The verdicts.
const (
	VerdictFirst  OpinionVerdict = "first"  // the decision was right
	VerdictSecond OpinionVerdict = "second" // the opinion was right
	VerdictEither OpinionVerdict = "either" // both can be defended: the rule is not clear
)

// OpinionVerdicts lists them.
var OpinionVerdicts = []OpinionVerdict{VerdictFirst, VerdictSecond, VerdictEither}

// Title is the verdict in words.
func (v OpinionVerdict) Title() string {
	switch v {
	case VerdictFirst:
		return "The decision was right"
	case VerdictSecond:
		return "The second opinion was right"
	case VerdictEither:
		return "Both can be defended"
	}
	return ""
}

// HeldBy reports whether the account is giving the opinion. After OpinionHold it still is, as long as nobody else took it.
func (o Opinion) HeldBy(id account.ID) bool { return o.Taker == id && o.Given.IsZero() }

// Disputed reports whether the opinion waits for a lead.
func (o Opinion) Disputed() bool { return !o.Given.IsZero() && !o.Agrees && o.Settled.IsZero() }

// given are the opinions that were given.
func given(os []Opinion) []Opinion {
	return slices.DeleteFunc(os, func(o Opinion) bool { return o.Given.IsZero() })
}

// outcome is what a finding comes to when two are compared: how severe it was and for how many days are matters of degree.
func (f Finding) outcome() [2]string {
	if f.Action == ActNone {
		return [2]string{"", string(ActNone)}
	}
	return [2]string{string(f.Policy), string(f.Action)}
}

// agree reports whether two lists of findings come to the same for everyone.
func agree(a, b []Finding) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(f Finding) bool {
		return !slices.ContainsFunc(b, func(g Finding) bool { return f.Person == g.Person && f.outcome() == g.outcome() })
	})
}

// OpinionTx keeps second opinions and how often decisions are drawn for them.
type OpinionTx interface {
	InsertOpinion(ctx context.Context, o Opinion) error // Conflict where the decision has one
	Opinion(ctx context.Context, id OpinionID) (Opinion, error)
	// SaveOpinion saves all but what was drawn. Findings are written once, when the opinion is given.
	SaveOpinion(ctx context.Context, o Opinion) error
	OpinionsOf(ctx context.Context, c CaseID) ([]Opinion, error) // oldest first
	// NextOpinion locks and returns the one drawn first that an account could give: of a decision in force that others took, in a case of
	// some lanes that is settled, to which they are no party, whose policy they did not opt out of and whose page they have not opened
	// since it was decided; nobody holds it since heldSince. It passes over rows that another transaction holds; NotFound without any.
	NextOpinion(ctx context.Context, lanes []Lane, for_ account.ID, heldSince time.Time) (Opinion, error)
	// WaitingOpinions counts what NextOpinion would find one after the other, up to limit.
	WaitingOpinions(ctx context.Context, lanes []Lane, for_ account.ID, heldSince time.Time, limit int) (int, error)
	// Opinions lists those of lanes, without cases to which an account is a party, the newest first.
	Opinions(ctx context.Context, q OpinionQuery) ([]Opinion, error)
	// Blind lists who took an opinion on a case's decision in force and has not given it.
	Blind(ctx context.Context, c CaseID) ([]account.ID, error)
	// Pairs counts, for findings on which an opinion was given in the period, what the first and the second person said.
	Pairs(ctx context.Context, q FigureQuery) ([]Pair, error) // by policy, first, second

	Rates(ctx context.Context) ([]Rate, error) // the default first, then by kind and subject
	// SaveRate replaces the rate of a kind and subject.
	SaveRate(ctx context.Context, r Rate) error
	DeleteRate(ctx context.Context, kind RateKind, subject string) error // of nothing, nothing
}

// OpinionQuery asks for a list of opinions.
type OpinionQuery struct {
	Lanes    []Lane
	Without  account.ID
	Taker    account.ID // that somebody took; "" for all
	Held     bool       // those that can still be given only: not given yet, of a settled case's decision in force
	Disputed bool       // those that wait for a lead only, which this account (Without) neither decided nor gave
	Limit    int
}

// Pair is how often two people came to two things about somebody who was reported for a policy.
type Pair struct {
	Policy        PolicyID // as reported: neither of the two chose it
	First, Second [2]string
	Times         int
}

// Agreement is how far first and second opinions agree on what was reported for a policy.
type Agreement struct {
	Policy PolicyID
	Pairs  int
	Same   int
	Kappa  float64 // Cohen's kappa: 1 is full agreement, 0 is what chance would give
	Known  bool    // false where kappa is not defined, since both always said the same one thing
}

// Agreements counts pairs together by policy. Kappa is (p−e)/(1−e), with p the share that agrees and e the share that would if each
// person said what they say as often as they do, but at random (J. Cohen, 1960).
func Agreements(pairs []Pair) (out []Agreement) {
	first, second := map[PolicyID]map[[2]string]int{}, map[PolicyID]map[[2]string]int{}
	for _, p := range pairs {
		i := slices.IndexFunc(out, func(a Agreement) bool { return a.Policy == p.Policy })
		if i < 0 {
			i, out = len(out), append(out, Agreement{Policy: p.Policy})
			first[p.Policy], second[p.Policy] = map[[2]string]int{}, map[[2]string]int{}
		}
		out[i].Pairs += p.Times
		first[p.Policy][p.First] += p.Times
		second[p.Policy][p.Second] += p.Times
		if p.First == p.Second {
			out[i].Same += p.Times
		}
	}
	for i, a := range out {
		n, chance := float64(a.Pairs), 0.0
		for said, times := range first[a.Policy] {
			chance += float64(times) / n * float64(second[a.Policy][said]) / n
		}
		if out[i].Known = chance < 1; out[i].Known {
			out[i].Kappa = (float64(a.Same)/n - chance) / (1 - chance)
		}
	}
	return out
}

// validateOpinion checks that the opinion says something about everyone, as validateFindings does for a decision.
func validateOpinion(findings []Finding, people []Person, lane Lane) error {
	return aboutEveryone(findings, people, "Say what you would do about %s too.", func(f *Finding, p Person, fe *FieldErrors) {
		*f = Finding{Person: f.Person, Policy: f.Policy, Action: f.Action, Reasons: f.Reasons}
		f.validateOutcome(p, lane, fe)
	})
}
