package web

import (
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// ReviewingView is the page of one's own defaults, and of what one has watched in this shift.
type ReviewingView struct {
	Page
	Preferences triage.Preferences
	Shift       triage.ShiftExposure
	Policies    []triage.Policy // that one can opt out of
	Messages    Messages
}

// TeamView is where a lead lifts budgets.
type TeamView struct {
	Page
	triage.Team
	Account  account.ID // as typed, like the rest
	Group    triage.BudgetGroup
	Hours    string
	Reason   string
	Messages Messages
}

// softenings are the choices of the page, in the order in which it shows them.
func (v ReviewingView) softenings() []softening {
	p := v.Preferences
	return []softening{
		{"stills", "Stills first", "The contact sheet stands in the clip’s place until you ask for the clip.", p.Stills},
		{"blur", "Blur", "Stills and clips are blurred until you press the key.", p.Blur},
		{"grey", "Grey", "Without colours, blood and skin say less.", p.Grey},
		{"mute", "Sound off", "What is heard stays longer than what is seen.", p.Mute},
		{"small", "Small", "Stills and clips take a third of the width.", p.Small},
	}
}

type softening struct {
	field, title, help string
	on                 bool
}

func (v ReviewingView) optedOut(p triage.PolicyID) bool {
	return slices.Contains(v.Preferences.OptOuts, p)
}

// budgetWords says how much of a budget is spent: "12 of 90 minutes".
func budgetWords(s triage.ShiftExposure, g triage.BudgetGroup) string {
	words := minutes(s.Spent[g])
	budget, ok := s.Budgets[g]
	if ok {
		words += " of " + minutes(budget)
	}
	words += " min"
	if until, lifted := s.Lifted[g]; lifted {
		words += ", lifted by a lead until " + utcWords(until)
	}
	return words
}

// minutes are tenths of a minute where they matter, else whole ones.
func minutes(d time.Duration) string {
	return strings.TrimSuffix(float(float64(d.Round(6*time.Second))/float64(time.Minute)), ".0")
}

// softened is the value of the attribute in which the player reads one's defaults.
func softened(p triage.Preferences) string {
	var on []string
	for _, s := range (ReviewingView{Preferences: p}).softenings() {
		if s.on {
			on = append(on, s.field)
		}
	}
	return strings.Join(on, " ")
}

// exposureWords is what the case page says of the shift, with the flash's tone; "" where there is nothing to say.
func exposureWords(s triage.ShiftExposure, p triage.PolicyID) (words, tone string) {
	left, g, limited := s.Left(p)
	switch {
	case limited && left == 0:
		return triage.SpentWords(g, s.Budgets[g]), "flash-problem"
	case s.NearlySpent(p):
		return minutes(left) + " min of clips like these are left in your shift; after that, stills and words stay open to you.", "flash-warn"
	case s.BreakDue():
		return "You have watched for " + minutes(s.Unbroken) + " min without a break. Take five minutes away from the screen; the case waits.", "flash-note"
	}
	return "", ""
}
