package triagetest

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
)

func (t *tx) Joinable(_ context.Context, lane triage.Lane, m triage.MeetingID, people []triage.Person) ([]triage.Case, error) {
	if err := t.write("Joinable"); err != nil { // it locks
		return nil, err
	}
	return find(t.cases, func(c triage.Case) bool {
		return c.Lane == lane && slices.ContainsFunc(t.reportsOf(c.ID), func(r triage.Report) bool {
			return r.Meeting == m && slices.ContainsFunc(r.People, func(p triage.Person) bool {
				return slices.ContainsFunc(people, func(q triage.Person) bool { return samePerson(p, q) })
			})
		})
	}, oldest(func(c triage.Case) time.Time { return c.Opened }, caseID), 50), nil
}

// samePerson reports whether two reports mean the same person: by account, or where neither has one by name or identifier.
func samePerson(p, q triage.Person) bool {
	if p.Account != "" || q.Account != "" {
		return p.Account == q.Account
	}
	return sameFold(p.Name, q.Name) || sameFold(p.Identifier, q.Identifier)
}
