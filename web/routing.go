package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

// RoutingView is the page of queues and rules.
type RoutingView struct {
	Page
	triage.Routing
	Queue    *triage.WorkQueue   // as it was left, where its form was refused
	Rule     *triage.RoutingRule // likewise
	Messages Messages
	Trial    *triage.Trial // that was asked for
}

// queueForm is the form of one queue: as it is, or as it was left.
func (v RoutingView) queueForm(q triage.WorkQueue) (as triage.WorkQueue, refused Messages) {
	if v.Queue != nil && v.Queue.ID == q.ID {
		return *v.Queue, v.Messages
	}
	return q, nil
}

// ruleForm is the form of one rule: as it is, or as it was left.
func (v RoutingView) ruleForm(r triage.RoutingRule) (as triage.RoutingRule, refused Messages) {
	if v.Rule != nil && v.Rule.ID == r.ID {
		return *v.Rule, v.Messages
	}
	return r, nil
}

// fresh is what a form for something new begins with.
func (v RoutingView) fresh() triage.Lane {
	if len(v.Lanes) == 0 {
		return triage.LaneGeneral
	}
	return v.Lanes[0]
}

// queueName is the name of a queue, or that everybody takes its cases.
func queueName(qs []triage.WorkQueue, id triage.QueueID) string {
	if i := slices.IndexFunc(qs, func(q triage.WorkQueue) bool { return q.ID == id }); i >= 0 {
		return clean(qs[i].Name)
	}
	return "everybody"
}

// openQueues are those that a case of a lane can be put into.
func openQueues(qs []triage.WorkQueue, lane triage.Lane) []triage.WorkQueue {
	return slices.DeleteFunc(slices.Clone(qs), func(q triage.WorkQueue) bool { return q.Closed || q.Lane != lane })
}

// membersWords names who takes a queue's cases.
func (v RoutingView) membersWords(q triage.WorkQueue) string {
	if len(q.Members) == 0 {
		return "Everybody takes its cases."
	}
	names := make([]string, len(q.Members))
	for i, m := range q.Members {
		names[i] = clean(v.Names[m])
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func isMember(q triage.WorkQueue, id account.ID) bool { return slices.Contains(q.Members, id) }

// doesWords is what a rule does.
func (v RoutingView) doesWords(r triage.RoutingRule) string {
	var does []string
	if r.Queue != "" {
		does = append(does, "goes to "+queueName(v.Queues, triage.QueueID(r.Queue)))
	}
	if r.Points != 0 {
		does = append(does, pointsWords(r.Points)+" points")
	}
	return strings.Join(does, ", ")
}

// pointsWords writes points with their sign.
func pointsWords(n int) string {
	if n < 0 {
		return "−" + num(-n)
	}
	return "+" + num(n)
}

// ruleState says where a rule stands, with the chip's tone.
func ruleState(r triage.RoutingRule) (words, tone string) {
	switch {
	case r.On:
		return "On", "done"
	case r.Tried.IsZero():
		return "Not tried yet", "quiet"
	}
	return "Off", "quiet"
}

// trialWords is what a trial found, in one sentence.
func trialWords(t triage.Trial) string {
	words := fmt.Sprintf("Tried on the newest %s of its lane: it matches %d", plural(t.Cases, "case", "cases"), t.Matches)
	if t.Taken > 0 {
		words += fmt.Sprintf(", but an earlier rule takes %d of them", t.Taken)
	}
	if t.Failed > 0 {
		words += fmt.Sprintf("; for %d it failed, as when something is divided by zero", t.Failed)
	}
	return words + "."
}

// reasonsWords is a priority with its reasons, for a tooltip.
func reasonsWords(c triage.Case) string {
	words := "Priority " + num(c.Priority) + " of 100"
	for i, r := range c.Reasons {
		words += map[bool]string{true: ": ", false: "; "}[i == 0] + reasonWords(r)
	}
	return words
}

func reasonWords(r routing.Reason) string {
	if r.Points == 0 {
		return clean(r.Words)
	}
	return pointsWords(r.Points) + " " + clean(r.Words)
}

// deferHours are for how long a case can be put off, with words.
var deferHours = []struct {
	hours int
	words string
}{{1, "For an hour"}, {4, "For 4 hours"}, {24, "Until tomorrow"}, {72, "For 3 days"}, {168, "For a week"}, {336, "For 2 weeks"}}
