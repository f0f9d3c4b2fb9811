package triage

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Figures are counts over many cases, for leads. They are asked for within the lanes that the lead may see and without the cases to
// which the lead is a party, like every list: a number must not tell of a case that a list would not show. Days and weeks are those of
// UTC; a week begins on Monday.

// FigurePeriods are the numbers of days that figures can be asked for.
var FigurePeriods = []int{7, 30, 90, 365}

// FigureQuery says of which cases and of what time.
type FigureQuery struct {
	Lanes   []Lane
	Without account.ID // leaves out the cases to which this account is a party
	Since   time.Time  // midnight
	Now     time.Time
}

// DayFlow is what came in and went out in a day.
type DayFlow struct {
	Day     time.Time
	Reports int // filed
	Opened  int // cases
	Decided int // decisions that came into force
}

// AgeBands are where the ages of waiting cases are parted: up to an hour, up to a day, and so on; the last band is of those older than all.
var AgeBands = []time.Duration{time.Hour, 24 * time.Hour, 72 * time.Hour, 168 * time.Hour}

// BacklogCell is how many cases of a policy and an age wait for a decision.
type BacklogCell struct {
	Policy PolicyID
	Band   int // index of the first of AgeBands that the age is below; len(AgeBands) beyond
	Cases  int
	Late   int // of them, past the time within which they should have been decided
}

// Wait is how long cases of a policy waited that were opened in the period. Quantiles are values that occurred, not means of two.
type Wait struct {
	Policy                PolicyID
	Opened                int
	Looked, Decided       int // of them, so far
	LookMedian, LookP90   time.Duration
	DecideMedian          time.Duration
	DecideP90             time.Duration
	LookMet, LookLate     int // looked at by Case.Due, or not; one that is not due yet is neither
	DecideMet, DecideLate int // likewise, within Policy.DecideWithin
}

// Outcome counts the findings of one kind in decisions that came into force in the period and still are.
type Outcome struct {
	Policy   PolicyID // as decided
	Action   ActionKind
	Findings int
}

// FigureTx counts. Every list is in a fixed order, and has no entry for what does not occur.
type FigureTx interface {
	Flow(ctx context.Context, q FigureQuery) ([]DayFlow, error)                                           // by day
	Backlog(ctx context.Context, q FigureQuery, within map[PolicyID]time.Duration) ([]BacklogCell, error) // by policy, then band; at q.Now, whatever q.Since
	Waits(ctx context.Context, q FigureQuery, within map[PolicyID]time.Duration) ([]Wait, error)          // by policy
	Outcomes(ctx context.Context, q FigureQuery) ([]Outcome, error)                                       // by policy, then action
}

// Figures is the leads' page.
type Figures struct {
	Days     int
	Since    time.Time
	Now      time.Time
	Flow     []DayFlow // every day of the period
	Backlog  []BacklogCell
	Waits    []Wait
	Outcomes []Outcome
	Agree    []Agreement // by policy
	Wellbeing
}

// Figures counts the last days, today included, for a lead.
func (d *Desk) Figures(ctx context.Context, a Actor, days int) (f Figures, err error) {
	lanes, err := someLanes(a, TeamLead)
	if err != nil {
		return f, err
	}
	if !slices.Contains(FigurePeriods, days) {
		return f, Errorf(Invalid, "Figures are there for 7, 30, 90 or 365 days.")
	}
	now := d.now()
	q := FigureQuery{Lanes: lanes, Without: a.Account, Since: dayOf(now).AddDate(0, 0, 1-days), Now: now}
	err = d.Store.View(ctx, func(tx Tx) error {
		f = Figures{Days: days, Since: q.Since, Now: now}
		flow, err := tx.Flow(ctx, q)
		if err != nil {
			return err
		}
		f.Flow = everyDay(flow, q.Since, days)
		if f.Backlog, err = tx.Backlog(ctx, q, decideTable()); err != nil {
			return err
		}
		if f.Waits, err = tx.Waits(ctx, q, decideTable()); err != nil {
			return err
		}
		if f.Outcomes, err = tx.Outcomes(ctx, q); err != nil {
			return err
		}
		pairs, err := tx.Pairs(ctx, q)
		if err != nil {
			return err
		}
		f.Agree = Agreements(pairs)
		f.Wellbeing, err = wellbeing(ctx, tx, q)
		return err
	})
	return f, err
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// weekOf is the Monday of a time's week.
func weekOf(t time.Time) time.Time {
	day := dayOf(t)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// everyDay puts the days without anything between the others.
func everyDay(flow []DayFlow, since time.Time, days int) []DayFlow {
	out := make([]DayFlow, days)
	for i := range out {
		out[i].Day = since.AddDate(0, 0, i)
	}
	for _, x := range flow {
		if i := int(x.Day.Sub(since).Hours() / 24); i >= 0 && i < days {
			out[i] = x
		}
	}
	return out
}

func decideTable() map[PolicyID]time.Duration {
	within := map[PolicyID]time.Duration{}
	for _, p := range Policies() {
		within[p.ID] = p.DecideWithin
	}
	return within
}
