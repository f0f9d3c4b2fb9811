package web

import (
	"strings"

	"github.com/proffer/proffer/triage"
)

// BulkFormView is the page on which one decision on many cases is chosen.
type BulkFormView struct {
	Page
	Rows      []triage.BulkRow
	Form      triage.Bulk // as typed
	Policies  []triage.Policy
	Templates []triage.ReasonTemplate
	Messages  Messages
}

// BulkView is a bulk: its preview, its progress or its result.
type BulkView struct {
	Page
	triage.BulkView
}

// preview reports whether nothing is decided yet.
func (v BulkView) preview() bool { return v.Confirmed.IsZero() }

// running reports whether a confirmed bulk has cases that are still to be decided.
func (v BulkView) running() bool { return !v.preview() && v.Count(triage.BulkPlanned) > 0 }

func (v BulkView) title() string {
	switch {
	case v.preview():
		return "Preview: nothing is decided yet"
	case v.running():
		return "Deciding"
	}
	return "Result"
}

// words says how many cases have what outcome.
func (v BulkView) words() string {
	parts := []string{}
	add := func(n int, words string) {
		if n > 0 {
			parts = append(parts, plural(n, "case", "cases")+" "+words)
		}
	}
	planned := "still to be decided"
	if v.preview() {
		planned = "would be decided"
	}
	add(v.Count(triage.BulkPlanned), planned)
	add(v.Count(triage.BulkDecided), "decided")
	add(v.Count(triage.BulkUndone), "undone")
	add(v.Count(triage.BulkLeftOut), "left out")
	return strings.Join(parts, ", ")
}

// outcomeWords says what becomes, or became, of a case, with its chip's tone.
func (v BulkView) outcomeWords(o triage.BulkOutcome) (words, tone string) {
	switch {
	case o == triage.BulkLeftOut:
		return "Left out", "warn"
	case o == triage.BulkDecided:
		return "Decided", "done"
	case o == triage.BulkUndone:
		return "Undone: back in the queue", "off"
	case v.preview():
		return "Would be decided", "active"
	}
	return "Waits", "quiet"
}

// will says what is done to a person of a case.
func (v BulkView) will() string {
	r, _ := triage.RungOf(v.Action)
	return r.Title
}

// peopleNames is the names of some people.
func peopleNames(ps []triage.Person) string {
	var names []string
	for _, p := range ps {
		names = append(names, clean(p.Name))
	}
	return strings.Join(names, ", ")
}
