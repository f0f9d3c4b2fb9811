package web

import (
	"strings"

	"github.com/proffer/proffer/triage"
)

// MoveView is a merge or a split as the page of one of its cases shows it.
type MoveView struct {
	triage.MoveView
	Here         triage.CaseID // whose page it is
	ByName       string
	UndoneByName string
}

// MoveForm is what a refused form of a merge or a split held.
type MoveForm struct {
	Kind      triage.MoveKind // of the form; "" where none was refused
	Other     string          // as typed
	Suggested triage.CaseID   // as chosen
	Reports   []triage.ReportID
	Reason    string
	Sure      bool
}

// words says what moved, up to the other case's number.
func (m MoveView) words() string {
	switch {
	case m.Kind == triage.MoveMerge && m.Into == m.Here:
		return "Merged in:"
	case m.Kind == triage.MoveMerge:
		return "Merged into"
	case m.Into == m.Here:
		return "Split off from"
	}
	return "Split off:"
}

// of is the form of one kind, empty where another was refused.
func (f MoveForm) of(kind triage.MoveKind) MoveForm {
	if f.Kind != kind {
		return MoveForm{Kind: kind}
	}
	return f
}

// wrong is what is to be mended in the form of a kind.
func (v CaseView) wrong(kind triage.MoveKind) Messages {
	if v.MoveForm.Kind != kind {
		return nil
	}
	return v.Messages
}

// mergeableWords says what a suggested case has, up to when it was opened.
func mergeableWords(m triage.Mergeable) string {
	words := plural(m.Reports, "report", "reports")
	if m.SameMeeting {
		words += " of the same meeting"
	}
	return words + ", opened"
}

func names(list []string) string { return strings.Join(list, ", ") }

// reported is the people of a report.
func reported(r triage.Report) string {
	var list []string
	for _, p := range r.People {
		list = append(list, p.Name)
	}
	return names(list)
}
