package web

import (
	"time"

	"github.com/proffer/proffer/triage"
)

// VisitView is a visit with names, and what the actor may do about it.
type VisitView struct {
	triage.Visit
	VisitorName, ApproverName string
	Own                       bool // the actor's
	CanAnswer, CanEnd         bool
}

func visitTone(v triage.Visit, now time.Time) string {
	switch {
	case v.Open(now):
		return "active"
	case v.Waits(now):
		return "warn"
	}
	return "quiet"
}

// visitAnswer is how the second person's answer begins.
func visitAnswer(v triage.Visit) string {
	if v.State == triage.VisitRefused {
		return "Refused by "
	}
	return "Agreed: "
}
