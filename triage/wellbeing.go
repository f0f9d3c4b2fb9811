package triage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// What clips do to the people who watch them is for leads to know, and what one of them watched is not. So there are no names, and
// no number of fewer than SmallestGroup people. A number that could be had by subtraction is kept back as well: what is too small in a
// week is put together until it is of enough people, with the smallest of the others where it must be, and no sum is shown that holds
// more. The week that goes on is left out: a page loaded twice would show what one person watched in between.

// SmallestGroup is the fewest people of whom a figure about reviewers is shown.
const SmallestGroup = 5

// WatchedBy is how much of one policy's clips somebody watched in a week. It does not leave the domain.
type WatchedBy struct {
	Week    time.Time // Monday
	Lane    Lane      // of the case, as it is now, like the policy: no cell mixes lanes, so that none differs between leads of another one
	Policy  PolicyID
	Account account.ID
	Watched time.Duration
}

// ExposureCell is how much of something a group of at least SmallestGroup people watched.
type ExposureCell struct {
	Lane    Lane
	Policy  PolicyID // "": what was put together
	Watched time.Duration
	People  int
}

// ExposureWeek is a week's cells.
type ExposureWeek struct {
	Week     time.Time
	Cells    []ExposureCell // in the order of Policies, then what was put together
	Withheld bool           // of what else was watched, nothing can be shown
}

// withheldCell is a cell with the people in it, while it is not decided whether it may be shown.
type withheldCell struct {
	ExposureCell
	who map[account.ID]bool
}

// Withhold makes of what each person watched what may be shown, newest week first.
func Withhold(rows []WatchedBy) (out []ExposureWeek) {
	weeks := map[time.Time]map[ExposureCell]*withheldCell{}
	for _, r := range rows {
		key := ExposureCell{Lane: r.Lane, Policy: r.Policy}
		if weeks[r.Week] == nil {
			weeks[r.Week] = map[ExposureCell]*withheldCell{}
		}
		c := weeks[r.Week][key]
		if c == nil {
			c = &withheldCell{key, map[account.ID]bool{}}
			weeks[r.Week][key] = c
		}
		c.Watched += r.Watched
		c.who[r.Account] = true
	}
	for at, cells := range weeks {
		var all []withheldCell
		for _, c := range cells {
			c.People = len(c.who)
			all = append(all, *c)
		}
		out = append(out, weekOfCells(at, all))
	}
	slices.SortFunc(out, func(a, b ExposureWeek) int { return b.Week.Compare(a.Week) })
	return out
}

// weekOfCells puts what is too small together, lane by lane: one that mixed lanes would differ between leads.
func weekOfCells(at time.Time, all []withheldCell) ExposureWeek {
	w := ExposureWeek{Week: at}
	for _, l := range AllLanes {
		var mine []withheldCell
		for _, c := range all {
			if c.Lane == l {
				mine = append(mine, c)
			}
		}
		shown, rest := partCells(mine)
		for _, c := range shown {
			w.Cells = append(w.Cells, c.ExposureCell)
		}
		if rest.Lane = l; len(rest.who) >= SmallestGroup {
			w.Cells = append(w.Cells, rest.ExposureCell)
		} else if len(rest.who) > 0 {
			w.Withheld = true
		}
	}
	return w
}

// partCells parts cells into those that are shown and one of all others, which takes the smallest of the former until it is of enough
// people.
func partCells(cells []withheldCell) (shown []withheldCell, rest withheldCell) {
	rest.who = map[account.ID]bool{}
	slices.SortFunc(cells, func(a, b withheldCell) int {
		return cmp.Or(cmp.Compare(a.People, b.People), cmp.Compare(a.Watched, b.Watched), cmp.Compare(a.Policy, b.Policy))
	})
	for _, c := range cells {
		if c.People >= SmallestGroup && (len(rest.who) == 0 || len(rest.who) >= SmallestGroup) {
			shown = append(shown, c)
			continue
		}
		rest.Watched += c.Watched
		for who := range c.who {
			rest.who[who] = true
		}
		rest.People = len(rest.who)
	}
	order := policyIDs()
	slices.SortFunc(shown, func(a, b withheldCell) int { return slices.Index(order, a.Policy) - slices.Index(order, b.Policy) })
	return shown, rest
}

// WeekCount is how often somebody did something in a week. It does not leave the domain.
type WeekCount struct {
	Week    time.Time
	Account account.ID
	Times   int
}

// WeekFigure is how often a group of at least SmallestGroup people did something in a week.
type WeekFigure struct {
	Week   time.Time
	Times  int
	People int
}

// OptOut is about how many people do not want to be given cases of a policy.
type OptOut struct {
	Policy PolicyID
	People int // rounded down to a multiple of SmallestGroup, so that one person's change does not show, and never 0
}

// Wellbeing is how reviewers fare, without names.
type Wellbeing struct {
	Exposure  []ExposureWeek // whole weeks only, the newest first, like the others
	Breaks    []WeekFigure   // pauses of BreakTime or more between clips of one shift
	Overrides []WeekFigure   // budgets that leads lifted
	OptOuts   []OptOut       // in the order of Policies
}

// WellbeingTx counts by person; only the domain sees it.
type WellbeingTx interface {
	Watched(ctx context.Context, q FigureQuery) ([]WatchedBy, error) // by week, lane, policy, account
	// Breaks counts pauses of BreakTime or more, and less than ShiftGap, before something was watched in the period.
	Breaks(ctx context.Context, q FigureQuery) ([]WeekCount, error)     // by week, account
	Overridden(ctx context.Context, q FigureQuery) ([]WeekCount, error) // overrides by week and the account that they were for
	OptedOut(ctx context.Context) (map[PolicyID]int, error)             // people who do not want cases of a policy
}

// wellbeing reads the whole weeks that end in the period; the first one may begin before it, so that a figure is the same in whatever period
// it is shown.
func wellbeing(ctx context.Context, tx Tx, q FigureQuery) (w Wellbeing, err error) {
	q.Since, q.Now = weekOf(q.Since), weekOf(q.Now)
	rows, err := tx.Watched(ctx, q)
	if err != nil {
		return w, err
	}
	w.Exposure = Withhold(rows)
	breaks, err := tx.Breaks(ctx, q)
	if err != nil {
		return w, err
	}
	lifted, err := tx.Overridden(ctx, q)
	if err != nil {
		return w, err
	}
	w.Breaks, w.Overrides = weekFigures(breaks), weekFigures(lifted)
	counts, err := tx.OptedOut(ctx)
	for _, p := range Policies() {
		if n := counts[p.ID] / SmallestGroup * SmallestGroup; n > 0 && slices.Contains(q.Lanes, p.Lane) {
			w.OptOuts = append(w.OptOuts, OptOut{p.ID, n})
		}
	}
	return w, err
}

// weekFigures leaves out the weeks of too few people. There is one number for a week, and none that it could be taken from.
func weekFigures(rows []WeekCount) (out []WeekFigure) {
	for _, r := range rows {
		i := slices.IndexFunc(out, func(w WeekFigure) bool { return w.Week.Equal(r.Week) })
		if i < 0 {
			i, out = len(out), append(out, WeekFigure{Week: r.Week})
		}
		out[i].Times += r.Times
		out[i].People++
	}
	out = slices.DeleteFunc(out, func(w WeekFigure) bool { return w.People < SmallestGroup })
	slices.SortFunc(out, func(a, b WeekFigure) int { return b.Week.Compare(a.Week) })
	return out
}
