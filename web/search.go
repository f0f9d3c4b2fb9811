package web

import (
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// SearchView is the search page.
type SearchView struct {
	Page
	Ask       triage.FindAsk
	Asked     bool // something was looked for; else the page says what can be
	Policies  []triage.Policy
	Lanes     []triage.Lane // to choose from, where there is more than one
	States    []triage.State
	Reviewers []account.Account
	CanBulk   bool // may decide many at once: rows can be selected
	Views     ViewBar
	Rows      []triage.FoundCase
	Lists     []triage.Listed // that hold the hash which was looked for
	More      string          // address of the next page, or ""
	First     string          // address of the first page when this is a later one, or ""
	Problem   string          // what cannot be searched for, in words
}

var trusts = []triage.Trust{triage.TrustVerified, triage.TrustPartly, triage.TrustUnverified, triage.TrustContradicted}

func (v SearchView) filtered() bool {
	q := v.Ask
	q.Text = ""
	return !q.Empty()
}

// olderValue is an age in days as a field has it.
func olderValue(n int) string {
	if n == 0 {
		return ""
	}
	return num(n)
}

// dayValue is a day as a date field has it.
func dayValue(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func laneTitle(l triage.Lane) string {
	if l == triage.LaneChildSafety {
		return "Child safety"
	}
	return "General"
}

func foundWords(n int, more bool) string {
	if more {
		return "The newest " + plural(n, "case", "cases") + "; there are more"
	}
	return plural(n, "case", "cases")
}
