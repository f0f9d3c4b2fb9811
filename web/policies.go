package web

import (
	"time"

	"github.com/proffer/proffer/triage"
)

// PoliciesView is the page of policies and service levels.
type PoliciesView struct {
	Page
	All      []triage.Policy
	Change   bool           // the actor may
	Refused  *triage.Policy // as it was left, where its form was refused
	Messages Messages
}

// form is the form of one policy, or of a new one: as it is, or as it was left.
func (v PoliciesView) form(p triage.Policy) (as triage.Policy, refused bool) {
	if v.Refused != nil && (v.Refused.ID == p.ID && p.Version >= 0 || v.Refused.Version < 0 && p.Version < 0) {
		return *v.Refused, true
	}
	return p, false
}

// freshPolicy is what the form for a new policy begins with; its version marks it as one.
var freshPolicy = triage.Policy{Lane: triage.LaneGeneral, Level: 2, Priority: 40, Weight: 1, LookWithin: 24 * time.Hour, DecideWithin: 72 * time.Hour, Version: -1}

// withinWords is a service level in words.
func withinWords(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return plural(int(d.Hours()/24), "day", "days")
	case d%time.Hour == 0:
		return plural(int(d.Hours()), "hour", "hours")
	}
	return plural(int(d.Minutes()), "minute", "minutes")
}

// minutesOf is a service level as its field has it.
func minutesOf(d time.Duration) string { return num(int(d.Minutes())) }
