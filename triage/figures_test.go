package triage_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestFigures walks one case through the desk and finds it in the lead's figures: when it was taken up first, not again, and decided.
func TestFigures(t *testing.T) {
	w := newWorld(t)
	r := w.file("threat")
	w.now = w.now.Add(30 * time.Minute)
	_, err := w.Claim(t.Context(), w.people["rui"], r.Case)
	w.ok(err)
	w.ok(w.Release(t.Context(), w.people["rui"], r.Case))
	w.now = w.now.Add(time.Hour)
	_, err = w.Claim(t.Context(), w.people["robin"], r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), w.people["robin"], r.Case, w.finding(r, triage.ActWarn, 0))
	w.ok(err)
	before, err := w.Figures(t.Context(), w.people["lena"], 7)
	w.ok(err)
	w.file("csam")
	f, err := w.Figures(t.Context(), w.people["lena"], 7)
	w.ok(err)
	if len(f.Flow) != 7 || f.Flow[6] != (triage.DayFlow{Day: w.now.Truncate(24 * time.Hour), Reports: 1, Opened: 1, Decided: 1}) {
		t.Errorf("the last day is %+v of %d", f.Flow[len(f.Flow)-1], len(f.Flow))
	}
	want := triage.Wait{Policy: "threat", Opened: 1, Looked: 1, Decided: 1, LookMedian: 30 * time.Minute, LookP90: 30 * time.Minute,
		DecideMedian: 90 * time.Minute, DecideP90: 90 * time.Minute, LookMet: 1, DecideLate: 1}
	if len(f.Waits) != 1 || f.Waits[0] != want || len(f.Backlog) != 0 {
		t.Errorf("the waits are %+v, the backlog %+v", f.Waits, f.Backlog)
	}
	if f, err = w.Figures(t.Context(), w.people["sam"], 7); err != nil || len(f.Backlog) != 1 || f.Backlog[0].Policy != "csam" { // holds the lane's role, too
		t.Errorf("%+v %v", f.Backlog, err)
	}
	w.file("grooming")
	again, err := w.Figures(t.Context(), w.people["lena"], 7)
	w.ok(err)
	if !reflect.DeepEqual(before, again) {
		t.Errorf("a case of the closed lane changed a lead's figures from\n%+v\nto\n%+v", before, again)
	}
	for _, name := range []string{"rui", "cleo", "ada", "host"} {
		_, err := w.Figures(t.Context(), w.people[name], 7)
		w.is(triage.ErrForbidden, err)
	}
	_, err = w.Figures(t.Context(), w.people["lena"], 8)
	w.is(triage.ErrInvalid, err)
}

// cell is what some people, numbered from first on, watched of a policy in a week.
func cell(week int, l triage.Lane, p triage.PolicyID, first, people, minutes int) (rows []triage.WatchedBy) {
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*week)
	for i := range people {
		rows = append(rows, triage.WatchedBy{Week: at, Lane: l, Policy: p, Account: account.ID(fmt.Sprint(first + i)), Watched: time.Duration(minutes) * time.Minute})
	}
	return rows
}

// TestSmallGroupsAreWithheld: no cell of fewer than five people is shown, and none can be had by subtraction.
func TestSmallGroupsAreWithheld(t *testing.T) {
	const g = triage.LaneGeneral
	for _, c := range []struct {
		name     string
		rows     [][]triage.WatchedBy
		want     string
		withheld bool
	}{
		{"all large", [][]triage.WatchedBy{cell(0, g, "hate", 0, 5, 2), cell(0, g, "nudity", 3, 6, 1)}, "[nudity 6m 6] [hate 10m 5] ", false},
		{"one small one takes the smallest of the others", [][]triage.WatchedBy{cell(0, g, "hate", 0, 5, 2), cell(0, g, "nudity", 3, 6, 1), cell(0, g, "fraud", 0, 4, 9)}, "[nudity 6m 6] [ 46m 5] ", false},
		{"small ones of enough people together", [][]triage.WatchedBy{cell(0, g, "hate", 0, 5, 2), cell(0, g, "fraud", 0, 3, 1), cell(0, g, "nudity", 3, 2, 1)}, "[hate 10m 5] [ 5m 5] ", false},
		{"too few of all", [][]triage.WatchedBy{cell(0, g, "hate", 0, 4, 2), cell(0, g, "fraud", 0, 4, 1)}, "", true},
		{"lanes do not mix", [][]triage.WatchedBy{cell(0, g, "hate", 0, 5, 2), cell(0, triage.LaneChildSafety, "csam", 5, 4, 1)}, "[hate 10m 5] ", true},
	} {
		var rows []triage.WatchedBy
		for _, r := range c.rows {
			rows = append(rows, r...)
		}
		weeks := triage.Withhold(rows)
		got := ""
		for _, x := range weeks[0].Cells {
			got += fmt.Sprintf("[%s %.0fm %d] ", x.Policy, x.Watched.Minutes(), x.People)
		}
		if got != c.want || weeks[0].Withheld != c.withheld {
			t.Errorf("%s: %q %v, want %q %v", c.name, got, weeks[0].Withheld, c.want, c.withheld)
		}
	}
}

// TestWellbeingIsOfGroups: of four people nothing is shown, of five it is; one person more or less changes no number of opt-outs.
func TestWellbeingIsOfGroups(t *testing.T) {
	w := newWorld(t)
	ctx, lena := t.Context(), w.people["lena"]
	then := w.now.AddDate(0, 0, -7)
	add := func(names ...string) triage.Figures {
		t.Helper()
		w.ok(w.Store.Update(ctx, func(tx triage.Tx) error {
			for _, name := range names {
				who := w.people[name].Account
				if err := tx.InsertOverride(ctx, triage.Override{ID: triage.NewID("H"), Account: who, Group: triage.BudgetShift, Reason: "A raid.", By: lena.Account, At: then, Until: then.Add(time.Hour)}); err != nil {
					return err
				}
				if err := tx.SavePreferences(ctx, who, triage.Preferences{OptOuts: []triage.PolicyID{"csam", "hate"}}); err != nil {
					return err
				}
			}
			return nil
		}))
		f, err := w.Figures(ctx, lena, 30)
		w.ok(err)
		return f
	}
	if f := add("rui", "robin", "lex", "cleo", "cleo"); len(f.Overrides)+len(f.OptOuts) != 0 {
		t.Errorf("of four people there is %+v", f.Wellbeing)
	}
	for _, name := range []string{"sam", "lior"} {
		f := add(name)
		if len(f.Overrides) != 1 || f.Overrides[0].People < 5 || f.Overrides[0].Times != f.Overrides[0].People+1 {
			t.Errorf("overrides are %+v", f.Overrides)
		}
		if len(f.OptOuts) != 1 || f.OptOuts[0] != (triage.OptOut{Policy: "hate", People: 5}) { // and not that of the closed lane
			t.Errorf("opt-outs are %+v", f.OptOuts)
		}
	}
}
