package web

import (
	"fmt"

	"github.com/proffer/proffer/triage"
)

// OpinionsView is the page of second opinions: what to give, what one gave, what a lead settles.
type OpinionsView struct {
	Page
	triage.OpinionList
	Settles bool
}

// OpinionView is one second opinion: blind until it is given, then beside the decision.
type OpinionView struct {
	Page
	triage.OpinionView
	Said        []CaseReport
	About       []CasePerson
	Shown       []ExhibitView
	Choices     []triage.Policy
	Preferences triage.Preferences
	Shift       triage.ShiftExposure
	Watch       string // session of this opening of the page, for the watched intervals
	Decided     *DecisionView
	Given       *OpinionGiven
	Verdict     triage.OpinionVerdict // as typed, like the words
	Words       string
	Messages    Messages
}

// OpinionGiven is a second opinion that was given, with names.
type OpinionGiven struct {
	triage.Opinion
	TakerName, SettlerName string
	Findings               []FindingView
}

// SamplingView is where leads set how many decisions are drawn.
type SamplingView struct {
	Page
	triage.Sampling
	Subject, Percent string // as typed
	Messages         Messages
}

// opinionWords is how an opinion stands, with the tone of its chip.
func opinionWords(o triage.Opinion) (words, tone string) {
	switch {
	case o.Given.IsZero():
		return "Not given yet", "off"
	case o.Agrees:
		return "Agrees", "done"
	case o.Settled.IsZero():
		return "Differs; a lead looks at both", "warn"
	}
	return "Differed: " + o.Verdict.Title(), "off"
}

// case_ is the opinion's page as the components of the case page take it.
func (v OpinionView) case_() CaseView {
	return CaseView{Page: v.Page, Case: triage.Case{ID: v.Case, Policy: v.Policy, Lane: v.Lane}, Exhibits: v.Shown, Shift: v.Shift, Preferences: v.Preferences}
}

// rateWords names whose decisions a rate is of.
func (v SamplingView) rateWords(r triage.Rate) string {
	if r.Kind == triage.RatePolicy {
		return triage.PolicyID(r.Subject).Title()
	}
	for _, p := range v.People {
		if string(p.ID) == r.Subject {
			return p.Name
		}
	}
	return "You, or somebody who reviews no more"
}

func subjectOf(r triage.Rate) string { return string(r.Kind) + "/" + r.Subject }

// agreeFigure is how far second opinions agree with decisions.
func agreeFigure(f triage.Figures) figure {
	out := figure{id: "agreement", title: "Agreement of second opinions", hint: "Of findings on which somebody else, who did not know the decision, gave an opinion in the period; by the policy that was reported. " +
		"They agree where policy and action are the same. Cohen’s kappa leaves out what chance alone would give: 1 is full agreement, 0 is chance; of few findings it says little.",
		figureTable: figureTable{head: []string{"Policy", "Findings", "Agree", "Share (%)", "Kappa"}}}
	var rows bars
	same, all := 0, 0
	for _, a := range f.Agree {
		kappa := datum{"–", "", true}
		if a.Known {
			k := fmt.Sprintf("%.2f", a.Kappa)
			kappa = datum{k, k, true}
		}
		out.rows = append(out.rows, []datum{textOf(a.Policy.Title()), countOf(a.Pairs), countOf(a.Same), countOf(a.Same * 100 / a.Pairs), kappa})
		rows.add(a.Policy.Title(), num(a.Same*100/a.Pairs)+"%, kappa "+kappa.words, float64(a.Same), float64(a.Pairs-a.Same))
		same, all = same+a.Same, all+a.Pairs
	}
	if out.says = "No second opinion was given in this period."; all > 0 {
		out.says = fmt.Sprintf("Second opinions agree with %d of %s (%d%%).", same, plural(all, "finding", "findings"), same*100/all)
		out.drawn = stackSVG(stacked(out.chart(), []series{{"tone-3", "agree"}, {"tone-warn", "differ"}}, rows))
	}
	return out
}

// opinionFinding is policy and action in one line.
func opinionFinding(f triage.Finding) string {
	rung, _ := triage.RungOf(f.Action)
	if f.Action == triage.ActNone {
		return rung.Title
	}
	return rung.Title + ", " + f.Policy.Title()
}
