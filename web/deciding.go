package web

import (
	"fmt"

	"github.com/proffer/proffer/triage"
)

// templateTitle is the beginning of a template, with what it is about.
func templateTitle(t triage.ReasonTemplate) string {
	if t.Policy != "" {
		return t.Policy.Title() + ": " + t.Text
	}
	return t.Text
}

// spanWords names a stretch by its exhibit's number: "Exhibit 2, 3.2–5 s".
func (v CaseView) spanWords(s triage.Span) string {
	name := string(s.Exhibit)
	for _, x := range v.Exhibits {
		if x.ID == s.Exhibit {
			name = "Exhibit " + num(x.Number)
		}
	}
	return fmt.Sprintf("%s, %s–%s s", name, float(float64(s.From)/1000), float(float64(s.To)/1000))
}
