package triagetest

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// counted reports whether figures are about a case.
func (t *tx) counted(q triage.FigureQuery, id triage.CaseID) bool {
	c, ok := t.cases[id]
	return ok && slices.Contains(q.Lanes, c.Lane) && c.State != triage.StateMerged && !t.isParty(q.Without, id)
}

// effective is when a decision came into force, if it ever did.
func effective(d triage.Decision) (at time.Time, ok bool) {
	if at = d.Answered; at.IsZero() {
		at = d.Decided
	}
	return at, d.State == triage.DecisionInForce || d.State == triage.DecisionSuperseded
}

func within(q triage.FigureQuery, at time.Time) bool { return !at.Before(q.Since) && !at.After(q.Now) }

// tally counts into one row for each key and lists the rows in their order.
func tally[K comparable, V any](rows map[K]*V, key K, fresh V) *V {
	if rows[key] == nil {
		rows[key] = &fresh
	}
	return rows[key]
}

func tallied[K comparable, V any](rows map[K]*V, order func(a, b *V) int) (out []V) {
	for _, v := range slices.SortedFunc(maps.Values(rows), order) {
		out = append(out, *v)
	}
	return out
}

func (t *tx) Flow(_ context.Context, q triage.FigureQuery) ([]triage.DayFlow, error) {
	rows := map[time.Time]*triage.DayFlow{}
	day := func(of triage.CaseID, at time.Time) *triage.DayFlow {
		if !within(q, at) || !t.counted(q, of) {
			return new(triage.DayFlow)
		}
		d := at.UTC().Truncate(24 * time.Hour)
		return tally(rows, d, triage.DayFlow{Day: d})
	}
	for _, r := range t.reports {
		day(r.Case, r.Filed).Reports++
	}
	for _, c := range t.cases {
		day(c.ID, c.Opened).Opened++
	}
	for _, d := range t.decisions {
		if at, ok := effective(d); ok {
			day(d.Case, at).Decided++
		}
	}
	return tallied(rows, func(a, b *triage.DayFlow) int { return a.Day.Compare(b.Day) }), nil
}

func (t *tx) Backlog(_ context.Context, q triage.FigureQuery, within map[triage.PolicyID]time.Duration) ([]triage.BacklogCell, error) {
	type key struct {
		policy triage.PolicyID
		band   int
	}
	rows := map[key]*triage.BacklogCell{}
	for _, c := range t.cases {
		if c.State.Settled() || !t.counted(q, c.ID) {
			continue
		}
		age, band := q.Now.Sub(c.Opened), 0
		for _, b := range triage.AgeBands {
			if age >= b {
				band++
			}
		}
		row := tally(rows, key{c.Policy, band}, triage.BacklogCell{Policy: c.Policy, Band: band})
		row.Cases++
		if due, ok := within[c.Policy]; ok && age > due {
			row.Late++
		}
	}
	return tallied(rows, func(a, b *triage.BacklogCell) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Band, b.Band))
	}), nil
}

// waited is the waits of one policy's cases while they are gathered.
type waited struct {
	triage.Wait
	looks, decides []time.Duration
}

func (t *tx) Waits(_ context.Context, q triage.FigureQuery, table map[triage.PolicyID]time.Duration) (out []triage.Wait, _ error) {
	firsts := map[triage.CaseID]time.Time{}
	for _, d := range t.decisions {
		if at, ok := effective(d); ok && (firsts[d.Case].IsZero() || at.Before(firsts[d.Case])) {
			firsts[d.Case] = at
		}
	}
	rows := map[triage.PolicyID]*waited{}
	for _, c := range t.cases {
		if !within(q, c.Opened) || !t.counted(q, c.ID) {
			continue
		}
		w := tally(rows, c.Policy, waited{Wait: triage.Wait{Policy: c.Policy}})
		w.Opened++
		if !c.Looked.IsZero() {
			w.looks = append(w.looks, c.Looked.Sub(c.Opened))
		}
		if !firsts[c.ID].IsZero() {
			w.decides = append(w.decides, firsts[c.ID].Sub(c.Opened))
		}
		if !c.Due.IsZero() {
			met(c.Due, c.Looked, q.Now, &w.LookMet, &w.LookLate)
		}
		if d, ok := table[c.Policy]; ok {
			met(c.Opened.Add(d), firsts[c.ID], q.Now, &w.DecideMet, &w.DecideLate)
		}
	}
	for _, w := range tallied(rows, func(a, b *waited) int { return cmp.Compare(a.Policy, b.Policy) }) {
		w.Looked, w.Decided = len(w.looks), len(w.decides)
		w.LookMedian, w.LookP90 = quantile(w.looks, 0.5), quantile(w.looks, 0.9)
		w.DecideMedian, w.DecideP90 = quantile(w.decides, 0.5), quantile(w.decides, 0.9)
		out = append(out, w.Wait)
	}
	return out, nil
}

// met counts what was done by its time, and what was not or is not.
func met(due, done, now time.Time, kept, late *int) {
	switch {
	case !done.IsZero() && !done.After(due):
		*kept++
	case !done.IsZero() || now.After(due):
		*late++
	}
}

// quantile is the first value that a share p of all does not exceed, as percentile_disc has it; 0 of none.
func quantile(ds []time.Duration, p float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[max(int(math.Ceil(p*float64(len(ds)))), 1)-1]
}

func (t *tx) Outcomes(_ context.Context, q triage.FigureQuery) ([]triage.Outcome, error) {
	type key struct {
		policy triage.PolicyID
		action triage.ActionKind
	}
	rows := map[key]*triage.Outcome{}
	for _, d := range t.decisions {
		if at, _ := effective(d); d.State != triage.DecisionInForce || !within(q, at) || !t.counted(q, d.Case) {
			continue
		}
		for _, f := range d.Findings {
			tally(rows, key{f.Policy, f.Action}, triage.Outcome{Policy: f.Policy, Action: f.Action}).Findings++
		}
	}
	return tallied(rows, func(a, b *triage.Outcome) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Action, b.Action))
	}), nil
}

func (t *tx) Watched(_ context.Context, q triage.FigureQuery) ([]triage.WatchedBy, error) {
	rows := map[triage.WatchedBy]*triage.WatchedBy{}
	for _, w := range t.watches {
		c := t.cases[t.exhibits[w.Exhibit].Case]
		if w.At.Before(q.Since) || !w.At.Before(q.Now) || !t.counted(q, c.ID) {
			continue
		}
		key := triage.WatchedBy{Week: monday(w.At), Lane: c.Lane, Policy: c.Policy, Account: w.Account}
		tally(rows, key, key).Watched += w.To - w.From
	}
	return tallied(rows, func(a, b *triage.WatchedBy) int {
		return cmp.Or(a.Week.Compare(b.Week), cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Account, b.Account))
	}), nil
}

func weekCounts(rows map[triage.WeekCount]*triage.WeekCount) []triage.WeekCount {
	return tallied(rows, func(a, b *triage.WeekCount) int {
		return cmp.Or(a.Week.Compare(b.Week), cmp.Compare(a.Account, b.Account))
	})
}

func (t *tx) Breaks(_ context.Context, q triage.FigureQuery) ([]triage.WeekCount, error) {
	rows, last := map[triage.WeekCount]*triage.WeekCount{}, map[account.ID]time.Time{}
	for _, w := range slices.SortedStableFunc(slices.Values(t.watches), func(a, b triage.Watch) int { return a.At.Compare(b.At) }) {
		if !w.At.Before(q.Now) || !t.counted(q, t.exhibits[w.Exhibit].Case) {
			continue
		}
		gap := w.At.Sub(last[w.Account])
		if last[w.Account] = w.At; !w.At.Before(q.Since) && gap >= triage.BreakTime && gap < triage.ShiftGap {
			key := triage.WeekCount{Week: monday(w.At), Account: w.Account}
			tally(rows, key, key).Times++
		}
	}
	return weekCounts(rows), nil
}

func (t *tx) Overridden(_ context.Context, q triage.FigureQuery) ([]triage.WeekCount, error) {
	rows := map[triage.WeekCount]*triage.WeekCount{}
	for _, o := range t.overrides {
		if !o.At.Before(q.Since) && o.At.Before(q.Now) {
			key := triage.WeekCount{Week: monday(o.At), Account: o.Account}
			tally(rows, key, key).Times++
		}
	}
	return weekCounts(rows), nil
}

func (t *tx) OptedOut(context.Context) (map[triage.PolicyID]int, error) {
	out := map[triage.PolicyID]int{}
	for id, p := range t.preferences {
		if t.accounts[id].Closed {
			continue
		}
		for _, policy := range p.OptOuts {
			out[policy]++
		}
	}
	return out, nil
}

func monday(at time.Time) time.Time {
	day := at.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}
