package triagetest

import (
	"context"
	"slices"

	"github.com/proffer/proffer/triage"
)

func (t *tx) Find(_ context.Context, q triage.FindQuery) ([]triage.CaseRow, error) {
	after := triage.Case{ID: q.After.Case, Opened: q.After.Opened}
	found := find(t.cases, func(c triage.Case) bool {
		return slices.Contains(q.In, triage.Place{Lane: c.Lane, State: c.State}) && !t.isParty(q.Without, c.ID) && !t.isBlind(q.Without, c.ID) &&
			(q.Policy == "" || c.Policy == q.Policy) && (q.From.IsZero() || !c.Opened.Before(q.From)) && (q.To.IsZero() || c.Opened.Before(q.To)) &&
			(q.Trust == "" || slices.ContainsFunc(t.exhibitsOf(c.ID), func(x triage.Exhibit) bool { return x.Trust == q.Trust })) &&
			(q.Reporter == "" || slices.ContainsFunc(t.reportsOf(c.ID), func(r triage.Report) bool { return r.Reporter == q.Reporter })) &&
			(q.Reported == triage.Number{} || t.reported(c.ID, q.Reported)) && t.reviewedBy(c, q) && t.says(c.ID, q.Words) && t.numbered(c.ID, q.Number) &&
			(q.After == triage.Cursor{} || recentOrder(c, after) > 0)
	}, recentOrder, min(max(q.Limit, 1), 200))
	rows := make([]triage.CaseRow, len(found))
	for i, c := range found {
		rows[i] = t.row(c)
	}
	return rows, nil
}

func (t *tx) reviewedBy(c triage.Case, q triage.FindQuery) bool {
	if q.Reviewer == "" || c.Claimant == q.Reviewer {
		return true
	}
	for _, d := range t.decisions {
		if d.Case == c.ID && (d.Decider == q.Reviewer || d.Approver == q.Reviewer) {
			return true
		}
	}
	return false
}

// says reports whether one text of the case has all of the words.
func (t *tx) says(c triage.CaseID, words []string) bool {
	if len(words) == 0 {
		return true
	}
	for _, r := range t.reportsOf(c) {
		if triage.Matches(triage.ReportTokens(r), words) || slices.ContainsFunc(r.Additions, func(a triage.Addition) bool { return triage.Matches(triage.Tokens(a.Words), words) }) {
			return true
		}
	}
	for _, n := range t.notes {
		if n.Case == c && triage.Matches(triage.Tokens(n.Words), words) {
			return true
		}
	}
	return false
}

func (t *tx) numbered(c triage.CaseID, n triage.Number) bool {
	rs, xs := t.reportsOf(c), t.exhibitsOf(c)
	report := func(is func(triage.Report) bool) bool { return slices.ContainsFunc(rs, is) }
	exhibit := func(is func(triage.Exhibit) bool) bool { return slices.ContainsFunc(xs, is) }
	switch {
	case n.Case != "":
		return c == n.Case
	case n.Report != "":
		return report(func(r triage.Report) bool { return r.ID == n.Report })
	case n.Exhibit != "":
		return exhibit(func(x triage.Exhibit) bool { return x.ID == n.Exhibit })
	case n.Meeting != "":
		return report(func(r triage.Report) bool { return r.Meeting == n.Meeting || r.MeetingName == string(n.Meeting) })
	case n.Org != "":
		return report(func(r triage.Report) bool { return r.Org == n.Org })
	case n.SHA256 != triage.SHA256{}:
		return exhibit(func(x triage.Exhibit) bool {
			return x.SHA256 == n.SHA256 || x.Proof == n.SHA256 ||
				slices.ContainsFunc(t.prints[x.ID].Frames, func(f triage.Frame) bool { return f.Hash.Matches(n.SHA256.PDQ()) })
		})
	case n.MD5 != triage.MD5{}:
		return exhibit(func(x triage.Exhibit) bool { return t.prints[x.ID].MD5 == n.MD5 })
	case n.Account != "" || n.Identifier != "":
		return report(func(r triage.Report) bool {
			if n.Account != "" && (r.Reporter == n.Account || slices.ContainsFunc(r.People, func(p triage.Person) bool { return p.Account == n.Account })) {
				return true
			}
			return slices.ContainsFunc(r.People, func(p triage.Person) bool { return sameFold(p.Identifier, n.Identifier) })
		})
	}
	return true
}

// reported reports whether an account or an identifier is reported in a case.
func (t *tx) reported(c triage.CaseID, n triage.Number) bool {
	return slices.ContainsFunc(t.reportsOf(c), func(r triage.Report) bool {
		return slices.ContainsFunc(r.People, func(p triage.Person) bool {
			return n.Account != "" && p.Account == n.Account || sameFold(p.Identifier, n.Identifier)
		})
	})
}
