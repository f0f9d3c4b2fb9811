package triagetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertCase(_ context.Context, c triage.Case) error {
	if err := t.write("InsertCase"); err != nil {
		return err
	}
	return insert(t.cases, c.ID, c)
}

func (t *tx) Case(_ context.Context, id triage.CaseID) (triage.Case, error) { return get(t.cases, id) }

func (t *tx) Parties(_ context.Context, c triage.CaseID) ([]account.ID, error) {
	return t.parties(c), nil
}

func (t *tx) parties(c triage.CaseID) (out []account.ID) {
	if into := t.cases[c].MergedInto; into != "" {
		out = t.parties(into)
	}
	for _, r := range find(t.reports, func(r triage.Report) bool { return r.Case == c || t.wasIn(r.ID, c) }, oldest(filed, reportID), 0) {
		if r.Reporter != account.Guest {
			out = append(out, r.Reporter)
		}
		for _, p := range r.People {
			if p.Account != "" {
				out = append(out, p.Account)
			}
		}
	}
	return out
}

func (t *tx) isParty(id account.ID, c triage.CaseID) bool {
	return id != "" && slices.Contains(t.parties(c), id)
}

func (t *tx) Naming(_ context.Context, who []account.ID, states []triage.State, limit int) ([]triage.Case, error) {
	return find(t.cases, func(c triage.Case) bool {
		return slices.Contains(states, c.State) && slices.ContainsFunc(who, func(id account.ID) bool { return t.isParty(id, c.ID) })
	}, queueOrder, limit), nil
}

func (t *tx) SaveCase(_ context.Context, c triage.Case) error {
	if err := t.write("SaveCase"); err != nil {
		return err
	}
	old, err := guarded(t.cases, c.ID, func(c triage.Case) int { return c.Version }, c.Version)
	if err != nil {
		return err
	}
	c.Opened, c.Simulated, c.Follows = old.Opened, old.Simulated, old.Follows
	c.Version++
	t.cases[c.ID] = copyOf(c)
	for id, p := range t.packages {
		if p.Case == c.ID {
			p.Lane = c.Lane
			t.packages[id] = p
		}
	}
	return nil
}

// queueOrder is by priority (highest first), then age (oldest first), then id.
func queueOrder(a, b triage.Case) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
}

// recentOrder is newest first, then by id downwards.
func recentOrder(a, b triage.Case) int {
	return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID))
}

func caseID(c triage.Case) triage.CaseID { return c.ID }

func (t *tx) Queue(_ context.Context, q triage.QueueQuery) ([]triage.CaseRow, error) {
	order := queueOrder
	if q.Recent {
		order = recentOrder
	}
	after := triage.Case{ID: q.After.Case, Opened: q.After.Opened, Priority: q.After.Priority}
	found := find(t.cases, func(c triage.Case) bool {
		return t.matches(c, q) && (q.After == triage.Cursor{} || order(c, after) > 0)
	}, order, min(max(q.Limit, 1), 200))
	rows := make([]triage.CaseRow, len(found))
	for i, c := range found {
		rows[i] = t.row(c)
	}
	return rows, nil
}

func (t *tx) Count(_ context.Context, q triage.QueueQuery, limit int) (int, error) {
	n := 0
	for _, c := range t.cases {
		if n < limit && t.matches(c, q) {
			n++
		}
	}
	return n, nil
}

func (t *tx) matches(c triage.Case, q triage.QueueQuery) bool {
	return slices.Contains(q.Lanes, c.Lane) && slices.Contains(q.States, c.State) &&
		(q.Policy == "" || c.Policy == q.Policy) && (q.Claimant == "" || c.Claimant == q.Claimant) &&
		(q.Queue == "" || c.Queue == q.Queue || c.Queue == "" && q.Queue == triage.NoQueue) && (q.Awake.IsZero() || !c.Deferred.After(q.Awake)) &&
		(q.Proposer == "" || t.proposedByOther(c.ID, q.Proposer)) && !t.isParty(q.Without, c.ID) && t.mentions(c, strings.TrimSpace(q.Text))
}

func (t *tx) proposedByOther(c triage.CaseID, than account.ID) bool {
	for _, d := range t.decisions {
		if d.Case == c && d.State == triage.DecisionProposed && d.Decider != than {
			return true
		}
	}
	return false
}

// mentions reports whether the text is a number of the case or a part of a reported name.
func (t *tx) mentions(c triage.Case, text string) bool {
	if id, ok := triage.ParseID("C", text); ok || text == "" {
		return text == "" || string(c.ID) == id
	}
	report, isReport := triage.ParseID("R", text)
	meeting, isMeeting := triage.ParseID("M", text)
	for _, r := range t.reportsOf(c.ID) {
		switch {
		case isReport:
			if string(r.ID) == report {
				return true
			}
			continue
		case isMeeting && (string(r.Meeting) == meeting || r.MeetingName == meeting), r.MeetingName == text:
			return true
		}
		for _, p := range r.People {
			if !isMeeting && strings.Contains(strings.ToLower(p.Name), strings.ToLower(text)) {
				return true
			}
		}
	}
	return false
}

func (t *tx) row(c triage.Case) triage.CaseRow {
	row := triage.CaseRow{Case: c, ClaimantName: t.accounts[c.Claimant].Name}
	seen := map[triage.Person]bool{}
	reports := t.reportsOf(c.ID)
	row.Withdrawn = len(reports) > 0
	for i, r := range reports {
		if i == 0 {
			row.Mode, row.Reporter = r.MeetingMode, t.accounts[r.Reporter].Name
			if r.Reporter == account.Guest {
				row.Reporter = triage.GuestTitle
			}
		}
		row.Withdrawn = row.Withdrawn && !r.Withdrawn.IsZero()
		for _, p := range r.People {
			p.ID = ""
			if !seen[p] && len(row.People) < 3 {
				row.People = append(row.People, p.Name)
			}
			seen[p] = true
		}
	}
	row.PeopleCount = len(seen)
	for _, x := range t.exhibitsOf(c.ID) {
		row.Exhibits++
		if x.Processing.Retriable() {
			row.Failed++
		}
	}
	return row
}

func (t *tx) NextCase(_ context.Context, lanes []triage.Lane, for_ account.ID, now, skippedSince time.Time) (triage.Case, error) {
	found := find(t.cases, func(c triage.Case) bool {
		skipped, ok := t.skips[skipKey{c.ID, for_}]
		return c.State == triage.StateQueued && slices.Contains(lanes, c.Lane) && !t.isParty(for_, c.ID) &&
			(!ok || skipped.Before(skippedSince)) && !c.Deferred.After(now) && t.offered(c, for_) && !slices.Contains(t.preferences[for_].OptOuts, c.Policy)
	}, queueOrder, 1)
	if len(found) == 0 {
		return triage.Case{}, missing()
	}
	return found[0], nil
}

// offered reports whether an account is among those who take the case's queue.
func (t *tx) offered(c triage.Case, to account.ID) bool {
	q, ok := t.workQueues[c.Queue]
	return !ok || q.Closed || len(q.Members) == 0 || slices.Contains(q.Members, to)
}

func (t *tx) Skip(_ context.Context, c triage.CaseID, by account.ID, at time.Time) error {
	if err := t.write("Skip"); err != nil {
		return err
	}
	k := skipKey{c, by}
	if at = copyOf(at); at.After(t.skips[k]) {
		t.skips[k] = at
	}
	return nil
}

func (t *tx) ExpiredLeases(_ context.Context, now time.Time, limit int) ([]triage.Case, error) {
	return find(t.cases, func(c triage.Case) bool { return c.State == triage.StateClaimed && c.Lease.Before(now) },
		oldest(func(c triage.Case) time.Time { return c.Lease }, caseID), limit), nil
}

func (t *tx) Deliverable(_ context.Context, limit int) ([]triage.Case, error) {
	open := map[triage.CaseID]bool{}
	for _, m := range t.messages {
		open[m.Case] = open[m.Case] || undelivered(m)
	}
	return find(t.cases, func(c triage.Case) bool { return c.State == triage.StateDecided && !open[c.ID] },
		oldest(func(c triage.Case) time.Time { return c.Opened }, caseID), limit), nil
}

func (t *tx) InsertNote(_ context.Context, n triage.Note) error {
	if err := t.write("InsertNote"); err != nil {
		return err
	}
	return insert(t.notes, n.ID, n)
}

func (t *tx) Notes(_ context.Context, c triage.CaseID) ([]triage.Note, error) {
	return find(t.notes, func(n triage.Note) bool { return n.Case == c },
		oldest(func(n triage.Note) time.Time { return n.At }, func(n triage.Note) string { return n.ID }), 0), nil
}
