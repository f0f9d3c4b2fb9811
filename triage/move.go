package triage

import (
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

// Reports on the same matter can come to lie in two cases, and reports on two matters in one. Somebody who may arrange cases moves them:
// all of one case into another, which it ends in (merge), or some of one into a case of their own (split). What was said and sealed never
// changes by that, only the case that it lies in; each move is on record with its reason, and can be undone until somebody decided.

// MoveID names a move.
type MoveID string

// MoveKind is why reports moved.
type MoveKind string

// The kinds of moves.
const (
	MoveMerge MoveKind = "merge"
	MoveSplit MoveKind = "split"
)

// Move is one merge or split.
type Move struct {
	ID       MoveID
	Kind     MoveKind
	From     CaseID // the case that was merged, or split
	Into     CaseID // the case that it was merged into, or that was split off
	Reports  []ReportID
	Reason   string
	By       account.ID
	At       time.Time
	Kept     Kept
	Undone   time.Time // zero: it holds
	UndoneBy account.ID
	Version  int
}

// Kept is what undoing a move gives back.
type Kept struct {
	Case    CaseID            `json:"case"`    // whose standing the move changed: the case that lives on
	Before  Standing          `json:"before"`  // as it was
	After   Standing          `json:"after"`   // as the move left it
	Numbers map[ExhibitID]int `json:"numbers"` // of the exhibits that moved, as they were
}

// Standing is where a case stands in the queue. Undoing gives back only what nothing else changed since.
type Standing struct {
	Policy    PolicyID         `json:"policy"`
	Priority  int              `json:"priority"`
	Reasons   []routing.Reason `json:"reasons,omitempty"`
	Due       time.Time        `json:"due"`
	Looked    time.Time        `json:"looked"`
	Escalated bool             `json:"escalated"`
}

func (c Case) standing() Standing {
	return Standing{c.Policy, c.Priority, c.Reasons, c.Due, c.Looked, c.Escalated}
}

// Other is the other one of the move's two cases.
func (m Move) Other(c CaseID) CaseID {
	if m.From == c {
		return m.Into
	}
	return m.From
}

// absorb makes the case what it is with everything of another: the more urgent of the two counts, who waited for a lead still does, and
// what somebody took up before was looked at, though not before this case was there.
func (c *Case) absorb(from Case) {
	if from.Priority > c.Priority {
		c.Priority, c.Reasons, c.Policy = from.Priority, from.Reasons, from.Policy
	}
	if c.Due.IsZero() || !from.Due.IsZero() && from.Due.Before(c.Due) {
		c.Due = from.Due
	}
	if c.Looked.IsZero() && !from.Looked.IsZero() {
		c.Looked = later(from.Looked, c.Opened)
	}
	c.escalate(c.Escalated || from.Escalated)
}

// escalate says whether the case waits for a lead; while somebody holds it, it does when they give it back.
func (c *Case) escalate(yes bool) {
	c.Escalated = yes
	switch {
	case yes && c.State == StateQueued:
		c.State = StateEscalated
	case !yes && c.State == StateEscalated:
		c.State = StateQueued
	}
}

// restore gives a case back where it stood before a move, as far as nothing else changed it since; taken says that somebody took it up since.
func (c *Case) restore(k Kept, taken bool) {
	if c.Policy == k.After.Policy && c.Priority == k.After.Priority {
		c.Policy, c.Priority, c.Reasons = k.Before.Policy, k.Before.Priority, k.Before.Reasons
	}
	if c.Due.Equal(k.After.Due) {
		c.Due = k.Before.Due
	}
	if !taken {
		c.Looked = k.Before.Looked
	}
	if c.Escalated == k.After.Escalated {
		c.escalate(k.Before.Escalated)
	}
}

// policyOf is what a case with these reports is about: what it was about, where one of them still says so, or the most urgent.
func policyOf(rs []Report, was PolicyID) PolicyID {
	if slices.ContainsFunc(rs, func(r Report) bool { return r.Policy == was }) {
		return was
	}
	return slices.MaxFunc(rs, func(a, b Report) int { return mustPolicy(a.Policy).Priority - mustPolicy(b.Policy).Priority }).Policy
}

func mustPolicy(id PolicyID) Policy {
	p, _ := PolicyByID(id)
	return p
}

// samePeople reports whether two cases are about somebody in common: the same account, or where at least one of the two has none the same
// name or identifier. A report joins a case by less (Tx.Joinable); here somebody has looked at both.
func samePeople(a, b []Report) bool {
	return slices.ContainsFunc(peopleOf(a), func(p Person) bool {
		return slices.ContainsFunc(peopleOf(b), func(q Person) bool {
			if p.Account != "" && q.Account != "" {
				return p.Account == q.Account
			}
			return alike(p.Name, q.Name) || alike(p.Identifier, q.Identifier)
		})
	})
}

func alike(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// renumber gives exhibits that come into a case their numbers there: the one they had there before (was) where it is free, or the next.
func renumber(coming, there []Exhibit, was map[ExhibitID]int) []Exhibit {
	taken := map[int]bool{}
	for _, x := range there {
		taken[x.Number] = true
	}
	next := lastNumber(there)
	for _, n := range was {
		next = max(next, n)
	}
	out := slices.Clone(coming)
	for i, x := range out {
		if n := was[x.ID]; n > 0 && !taken[n] {
			out[i].Number = n
		} else {
			next++
			out[i].Number = next
		}
		taken[out[i].Number] = true
	}
	return out
}

// lastNumber is the highest number of exhibits; where some moved away, it is not how many there are.
func lastNumber(xs []Exhibit) (n int) {
	for _, x := range xs {
		n = max(n, x.Number)
	}
	return n
}
