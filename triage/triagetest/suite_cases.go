package triagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func testCases(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, c)(tx.Case(ctx, c.ID))
		w.fails(tx.InsertCase(ctx, c), triage.ErrConflict)
	})
	equal(w, w.together(8, triage.ErrConflict, func(i int) error {
		mine := c
		mine.Priority = i
		return w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.SaveCase(t.Context(), mine) })
	}), 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		claimed := must(tx.Case(ctx, c.ID))
		claimed.State, claimed.Claimant, claimed.Lease, claimed.Escalated = triage.StateClaimed, w.ann.ID, w.at(20), true
		claimed.Policy, claimed.Lane, claimed.Due, claimed.Priority = "csam", triage.LaneChildSafety, time.Time{}, 100
		saved := claimed
		saved.Opened, saved.Simulated = w.at(99), true // are not saved
		w.ok(tx.SaveCase(ctx, saved))
		w.fails(tx.SaveCase(ctx, saved), triage.ErrConflict)
		claimed.Version = 2
		is(w, claimed)(tx.Case(ctx, c.ID))
	})
	note := func(n, minute int) triage.Note {
		return triage.Note{ID: fmt.Sprintf("N-%d", n), Case: c.ID, Author: w.ann.ID, At: w.at(minute), Words: "Look"}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertNote(ctx, note(1, 5)))
		w.ok(tx.InsertNote(ctx, note(2, 4)))
		w.fails(tx.InsertNote(ctx, note(2, 4)), triage.ErrConflict)
		is(w, []triage.Note{note(2, 4), note(1, 5)})(tx.Notes(ctx, c.ID))
	})
}

// pages reads a queue page by page and checks that no case comes twice.
func (w *world) pages(q triage.QueueQuery) (all []triage.CaseID) {
	w.t.Helper()
	for {
		var page []triage.CaseRow
		w.view(func(ctx context.Context, tx triage.Tx) { page = must(tx.Queue(ctx, q)) })
		if len(page) > q.Limit {
			w.t.Fatalf("a page of %d for a limit of %d", len(page), q.Limit)
		}
		for _, r := range page {
			if slices.Contains(all, r.ID) {
				w.t.Fatalf("case %s comes twice", r.ID)
			}
			all = append(all, r.ID)
		}
		if len(page) < q.Limit {
			return all
		}
		last := page[len(page)-1]
		q.After = triage.Cursor{Priority: last.Priority, Opened: last.Opened, Case: last.ID}
	}
}

func testQueueOrder(t *testing.T, w *world) {
	var all []triage.Case
	for i := range 40 { // few priorities and times, so that every rule of the order is needed; lanes and states mixed
		state := []triage.State{triage.StateQueued, triage.StateClaimed, triage.StateEscalated}[i%3]
		all = append(all, w.addCase(triage.AllLanes[i%2], state, 10*(i%4), i%5))
	}
	want := slices.SortedFunc(slices.Values(all), queueOrder)
	q := triage.QueueQuery{Lanes: triage.AllLanes, States: []triage.State{triage.StateQueued, triage.StateClaimed, triage.StateEscalated, triage.StateQueued}}
	for _, q.Limit = range []int{1, 7, 40, 200} {
		equal(w, w.pages(q), mapped(want, caseID))
	}
	q.Recent = true
	for _, q.Limit = range []int{3, 200} {
		equal(w, w.pages(q), mapped(slices.SortedFunc(slices.Values(all), recentOrder), caseID))
	}
	q.Recent, q.Lanes = false, []triage.Lane{triage.LaneGeneral}
	general := slices.DeleteFunc(slices.Clone(want), func(c triage.Case) bool { return c.Lane != triage.LaneGeneral })
	equal(w, w.pages(q), mapped(general, caseID))
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, 20)(tx.Count(ctx, q, 100))
		is(w, 7)(tx.Count(ctx, q, 7))
		q.After = triage.Cursor{Opened: w.at(99), Case: "C-99999-99999"}
		is(w, 20)(tx.Count(ctx, q, 100)) // counts what the list holds, not what is left of it
	})
}

func testQueueFilters(t *testing.T, w *world) {
	queued := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	claimed := w.addCase(triage.LaneGeneral, triage.StateClaimed, 40, 0)
	waiting := w.addCase(triage.LaneGeneral, triage.StateAwaiting, 30, 0)
	closed := w.addCase(triage.LaneChildSafety, triage.StateQueued, 90, 0)
	r := w.addReport(queued, 1, triage.Person{Name: "Mal%ory Ünal"}, triage.Person{Name: "Zed", Account: w.ben.ID})
	w.addReport(claimed, 1, triage.Person{Name: "Trudy"})
	secret := w.addReport(closed, 1, triage.Person{Name: "Mal%ory Hidden"})
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: waiting.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(5), State: triage.DecisionProposed}))
	})
	general := []triage.Lane{triage.LaneGeneral}
	for name, test := range map[string]struct {
		q    triage.QueueQuery
		want []triage.CaseID
	}{
		"everything":             {triage.QueueQuery{Lanes: triage.AllLanes}, []triage.CaseID{closed.ID, queued.ID, claimed.ID, waiting.ID}},
		"one lane":               {triage.QueueQuery{Lanes: general}, []triage.CaseID{queued.ID, claimed.ID, waiting.ID}},
		"no lane":                {triage.QueueQuery{}, nil},
		"state":                  {triage.QueueQuery{Lanes: general, States: []triage.State{triage.StateClaimed}}, []triage.CaseID{claimed.ID}},
		"policy":                 {triage.QueueQuery{Lanes: general, Policy: "hate"}, []triage.CaseID{queued.ID, claimed.ID, waiting.ID}},
		"another policy":         {triage.QueueQuery{Lanes: general, Policy: "fraud"}, nil},
		"claimant":               {triage.QueueQuery{Lanes: general, Claimant: w.ann.ID}, []triage.CaseID{claimed.ID}},
		"proposed by another":    {triage.QueueQuery{Lanes: general, Proposer: w.ben.ID}, []triage.CaseID{waiting.ID}},
		"proposed by oneself":    {triage.QueueQuery{Lanes: general, Proposer: w.ann.ID}, nil},
		"without a reported one": {triage.QueueQuery{Lanes: general, Without: w.ben.ID}, []triage.CaseID{claimed.ID, waiting.ID}},
		"without a reporter":     {triage.QueueQuery{Lanes: general, Without: w.host.ID}, []triage.CaseID{waiting.ID}},
		"without a stranger":     {triage.QueueQuery{Lanes: general, Without: w.ann.ID}, []triage.CaseID{queued.ID, claimed.ID, waiting.ID}},
		"oneself by name":        {triage.QueueQuery{Lanes: general, Without: w.ben.ID, Text: "Zed"}, nil},
		"oneself by number":      {triage.QueueQuery{Lanes: general, Without: w.ben.ID, Text: string(queued.ID)}, nil},
		"oneself by report":      {triage.QueueQuery{Lanes: general, Without: w.ben.ID, Text: string(r.ID)}, nil},
		"part of a name":         {triage.QueueQuery{Lanes: general, Text: " ory üN "}, []triage.CaseID{queued.ID}},
		"percent is a character": {triage.QueueQuery{Lanes: general, Text: "l%o"}, []triage.CaseID{queued.ID}},
		"percent is no wildcard": {triage.QueueQuery{Lanes: general, Text: "t%y"}, nil},
		"case number":            {triage.QueueQuery{Lanes: general, Text: string(claimed.ID)}, []triage.CaseID{claimed.ID}},
		"report number as typed": {triage.QueueQuery{Lanes: general, Text: "r" + string(r.ID[2:7]) + string(r.ID[8:])}, []triage.CaseID{queued.ID}},
		"meeting":                {triage.QueueQuery{Lanes: general, Text: r.MeetingName}, []triage.CaseID{queued.ID}},
		"closed lane by number":  {triage.QueueQuery{Lanes: general, Text: string(closed.ID)}, nil},
		"closed lane by report":  {triage.QueueQuery{Lanes: general, Text: string(secret.ID)}, nil},
		"closed lane by name":    {triage.QueueQuery{Lanes: general, Text: "Hidden"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, s: w.s}
			if test.q.Limit = 10; test.q.States == nil {
				test.q.States = triage.AllStates
			}
			equal(w, w.pages(test.q), test.want)
			w.view(func(ctx context.Context, tx triage.Tx) { is(w, len(test.want))(tx.Count(ctx, test.q, 10)) })
		})
	}
}

func testQueueRows(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateClaimed, 50, 0)
	r := w.addReport(c, 1, triage.Person{Name: "One"}, triage.Person{Name: "Two"})
	w.addReport(c, 2, triage.Person{Name: "One"}, triage.Person{Name: "Three"}, triage.Person{Name: "Four"})
	w.addExhibit(r, 1)
	x := w.addExhibit(r, 2)
	x.Processing = triage.ProcessingFailed
	row := func(q triage.State) triage.CaseRow {
		rows := []triage.CaseRow{{}}
		w.view(func(ctx context.Context, tx triage.Tx) {
			rows = must(tx.Queue(ctx, triage.QueueQuery{Lanes: triage.AllLanes, States: []triage.State{q}, Limit: 9}))
		})
		if len(rows) != 1 {
			t.Fatalf("%d rows, want 1", len(rows))
		}
		rows[0].People = sorted(rows[0].People)
		return rows[0]
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.SaveExhibit(ctx, x))
		first := r
		first.Withdrawn = w.at(9)
		w.ok(tx.SaveReport(ctx, first))
	})
	got := row(triage.StateClaimed)
	equal(w, len(got.People), 3)
	if !slices.Contains(got.People, "One") || !slices.Contains(got.People, "Two") {
		t.Fatalf("the people of the first report are not among %v", got.People)
	}
	got.People = nil
	equal(w, got, triage.CaseRow{Case: c, ClaimantName: "Ann", PeopleCount: 4, Exhibits: 2, Failed: 1, Mode: triage.ModeE2EE, Reporter: "Hosni"})

	lone := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	equal(w, row(triage.StateQueued), triage.CaseRow{Case: lone})
	taken := w.addReport(lone, 3, triage.Person{Name: "Five"})
	taken.Withdrawn = w.at(9)
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.SaveReport(ctx, taken)) })
	equal(w, row(triage.StateQueued).Withdrawn, true)
}

func testNextCase(t *testing.T, w *world) {
	low := w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 0)
	w.addCase(triage.LaneGeneral, triage.StateEscalated, 90, 0)
	w.addCase(triage.LaneGeneral, triage.StateClaimed, 90, 0)
	young, old := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 5), w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 1)
	closed := w.addCase(triage.LaneChildSafety, triage.StateQueued, 99, 0)
	general := []triage.Lane{triage.LaneGeneral}
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, old)(tx.NextCase(ctx, general, w.ann.ID, w.at(20), w.at(0)))
		is(w, closed)(tx.NextCase(ctx, triage.AllLanes, w.ann.ID, w.at(20), w.at(0)))
		refused[triage.Case](w, triage.ErrNotFound)(tx.NextCase(ctx, nil, w.ann.ID, w.at(20), w.at(0)))
		w.ok(tx.Skip(ctx, old.ID, w.ann.ID, w.at(20)))
		is(w, young)(tx.NextCase(ctx, general, w.ann.ID, w.at(21), w.at(10)))
		is(w, old)(tx.NextCase(ctx, general, w.ben.ID, w.at(21), w.at(10)))
		is(w, old)(tx.NextCase(ctx, general, w.ann.ID, w.at(40), w.at(30))) // skipped too long ago to count
		w.ok(tx.Skip(ctx, young.ID, w.ann.ID, w.at(20)))
		w.ok(tx.Skip(ctx, old.ID, w.ann.ID, w.at(20)))
		w.ok(tx.Skip(ctx, low.ID, w.ann.ID, w.at(20)))
		refused[triage.Case](w, triage.ErrNotFound)(tx.NextCase(ctx, general, w.ann.ID, w.at(21), w.at(10)))
	})
	w.addReport(old, 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, young)(tx.NextCase(ctx, general, w.ben.ID, w.at(21), w.at(10)))
		is(w, young)(tx.NextCase(ctx, general, w.host.ID, w.at(21), w.at(10)))
	})
}

func testParties(t *testing.T, w *world) {
	low, high := w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 0), w.addCase(triage.LaneChildSafety, triage.StateClaimed, 90, 0)
	none := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	w.addReport(low, 1, triage.Person{Name: "Ben", Account: w.ben.ID}, triage.Person{Name: "Ben again", Account: w.ben.ID}, triage.Person{Name: "Guest"})
	w.addReport(high, 1, triage.Person{Name: "Chi", Account: w.child.ID})
	open := []triage.State{triage.StateQueued, triage.StateClaimed}
	w.view(func(ctx context.Context, tx triage.Tx) {
		parties := must(tx.Parties(ctx, low.ID))
		slices.Sort(parties)
		equal(w, slices.Compact(parties), []account.ID{w.host.ID, w.ben.ID})
		empty(w, must(tx.Parties(ctx, none.ID)))
		is(w, []triage.Case{high, low})(tx.Naming(ctx, []account.ID{w.ben.ID, w.child.ID, w.ann.ID}, open, 9))
		is(w, []triage.Case{high, low})(tx.Naming(ctx, []account.ID{w.host.ID}, open, 9))
		is(w, []triage.Case{high})(tx.Naming(ctx, []account.ID{w.host.ID}, open, 1))
		is(w, []triage.Case{low})(tx.Naming(ctx, []account.ID{w.host.ID}, open[:1], 9))
		empty(w, must(tx.Naming(ctx, []account.ID{w.ann.ID}, open, 9)))
		empty(w, must(tx.Naming(ctx, nil, open, 9)))
	})
}

// testClaimsRace lets more people than there are cases claim at once: every case goes to one of them.
func testClaimsRace(t *testing.T, w *world) {
	const cases, people = 12, 20
	for i := range cases {
		w.addCase(triage.LaneGeneral, triage.StateQueued, 8*i, i)
	}
	claim := func() (c triage.Case, err error) {
		err = w.s.Update(t.Context(), func(tx triage.Tx) error {
			if c, err = tx.NextCase(t.Context(), []triage.Lane{triage.LaneGeneral}, w.ann.ID, w.at(20), w.at(0)); err != nil {
				return err
			}
			c.State, c.Claimant, c.Lease = triage.StateClaimed, w.ann.ID, w.at(30)
			return tx.SaveCase(t.Context(), c)
		})
		return c, err
	}
	var mu sync.Mutex
	claimed := map[triage.CaseID]int{}
	equal(w, w.together(people, triage.ErrNotFound, func(int) error {
		c, err := claim()
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			claimed[c.ID]++
		}
		return err
	}), cases)
	equal(w, len(claimed), cases)
	if _, err := claim(); !errors.Is(err, triage.ErrNotFound) {
		t.Fatalf("a claim after the last case gave %v", err)
	}
}

func testSweeping(t *testing.T, w *world) {
	late, early := w.addCase(triage.LaneGeneral, triage.StateClaimed, 50, 5), w.addCase(triage.LaneChildSafety, triage.StateClaimed, 50, 0)
	w.addCase(triage.LaneGeneral, triage.StateClaimed, 50, 20)
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Case{early, late})(tx.ExpiredLeases(ctx, w.at(16), 9))
		is(w, []triage.Case{early})(tx.ExpiredLeases(ctx, w.at(16), 1))
		is(w, []triage.Case{early})(tx.ExpiredLeases(ctx, w.at(15), 9)) // before now, not at it
	})
	two, one := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 2), w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 1)
	w.addCase(triage.LaneGeneral, triage.StateClosed, 50, 0)
	stuck := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0)
	message := func(n int, of triage.CaseID, state triage.MessageState) {
		w.update(func(ctx context.Context, tx triage.Tx) {
			w.ok(tx.InsertMessage(ctx, triage.Message{ID: fmt.Sprintf("S-%d", n), To: w.ann.ID, Case: of, Created: w.at(n), State: state}))
		})
	}
	message(1, two.ID, triage.MessageDelivered)
	message(2, two.ID, triage.MessageKept)
	message(3, stuck.ID, triage.MessageDelivered)
	message(4, stuck.ID, triage.MessageFailed)
	message(5, "", triage.MessageWaiting)
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Case{one, two})(tx.Deliverable(ctx, 9))
		is(w, []triage.Case{one})(tx.Deliverable(ctx, 1))
	})
}
