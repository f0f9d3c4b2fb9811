package triagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// moveOf is a merge of a case with all its reports into another.
func (w *world) moveOf(from, into triage.Case, rs ...triage.Report) triage.Move {
	m := triage.Move{ID: triage.MoveID(fmt.Sprintf("CM-00000-%05d", w.n())), Kind: triage.MoveMerge, From: from.ID, Into: into.ID, Reason: "The same evening.", By: w.ann.ID,
		At: w.at(30), Kept: triage.Kept{Case: into.ID, Before: triage.Standing{Policy: "hate", Priority: 3, Due: w.at(2)}, Numbers: map[triage.ExhibitID]int{"X-1": 4}}}
	for _, r := range rs {
		m.Reports = append(m.Reports, r.ID)
	}
	return m
}

// viewedIn logs an event of a case on a subject.
func (w *world) viewedIn(c triage.Case, subject string) {
	w.t.Helper()
	e := must(custody.NewEvent(fmt.Sprintf("E-move-%d", w.n()), w.at(w.n()), custody.ExhibitViewed, string(w.ann.ID), string(c.ID), subject, nil))
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.Log(ctx, e)) })
}

// subjectsOf lists what the events of a case are on.
func (w *world) subjectsOf(tx triage.Tx, c triage.Case) []string {
	return mapped(must(tx.EventsOf(w.t.Context(), c.ID)), func(e triage.LoggedEvent) string { return e.Subject })
}

// reports checks which reports, exhibits (with their numbers) and parties a case has.
func (w *world) holds(tx triage.Tx, c triage.CaseID, reports []triage.ReportID, numbers []int, parties ...account.ID) {
	w.t.Helper()
	ctx := w.t.Context()
	equal(w, mapped(must(tx.ReportsOf(ctx, c)), func(r triage.Report) triage.ReportID { return r.ID }), reports)
	equal(w, mapped(must(tx.ExhibitsOf(ctx, c)), func(x triage.Exhibit) int { return x.Number }), numbers)
	equal(w, slices.Compact(sorted(must(tx.Parties(ctx, c)))), sorted(parties))
}

// carry moves a report with its exhibit, as both lie now, to a case.
func carry(ctx context.Context, tx triage.Tx, r triage.ReportID, x triage.ExhibitID, to triage.CaseID, number int) error {
	clip := must(tx.Exhibit(ctx, x))
	clip.Number = number
	if err := tx.MoveReport(ctx, must(tx.Report(ctx, r)), to); err != nil {
		return err
	}
	return tx.MoveExhibit(ctx, clip, to)
}

func testMoves(t *testing.T, w *world) {
	from, into := w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 1), w.addCase(triage.LaneGeneral, triage.StateQueued, 20, 2)
	hidden, elsewhere := w.addCase(triage.LaneChildSafety, triage.StateQueued, 1, 1), w.addCase(triage.LaneGeneral, triage.StateQueued, 1, 1)
	r, other := w.addReport(from, 3, triage.Person{Name: "Zelda Zebra", Account: w.ben.ID}), w.addReport(into, 4, triage.Person{Name: "Yves"})
	x := w.addExhibit(r, 1)
	w.addExhibit(other, 1)
	ofReport, ofExhibit := "report/"+string(r.ID), "exhibit/"+string(x.ID)
	for _, s := range []string{"case/" + string(from.ID), ofReport, ofExhibit} {
		w.viewedIn(from, s)
	}
	m := w.moveOf(from, into, r)
	wrong := func(what string, f func(ctx context.Context, tx triage.Tx) error) {
		t.Helper()
		if err := w.s.Update(t.Context(), func(tx triage.Tx) error { return f(t.Context(), tx) }); err == nil {
			t.Fatalf("%s is not refused", what)
		}
	}
	wrong("a report that moves without a record", func(ctx context.Context, tx triage.Tx) error { return tx.MoveReport(ctx, r, into.ID) })
	wrong("a report that moves elsewhere", func(ctx context.Context, tx triage.Tx) error {
		w.ok(tx.InsertMove(ctx, m))
		return tx.MoveReport(ctx, r, elsewhere.ID)
	})
	wrong("an exhibit that moves without its report", func(ctx context.Context, tx triage.Tx) error { return tx.MoveExhibit(ctx, x, elsewhere.ID) })
	wrong("a number that is taken", func(ctx context.Context, tx triage.Tx) error {
		w.ok(tx.InsertMove(ctx, m))
		return carry(ctx, tx, r.ID, x.ID, into.ID, 1)
	})
	wrong("a move into another lane", func(ctx context.Context, tx triage.Tx) error { return tx.InsertMove(ctx, w.moveOf(from, hidden, r)) })
	wrong("a move to where it was", func(ctx context.Context, tx triage.Tx) error { return tx.InsertMove(ctx, w.moveOf(from, from, r)) })
	wrong("a move of nothing", func(ctx context.Context, tx triage.Tx) error { return tx.InsertMove(ctx, w.moveOf(from, into)) })

	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMove(ctx, m))
		w.ok(carry(ctx, tx, r.ID, x.ID, into.ID, 2))
		from.State, from.MergedInto = triage.StateMerged, into.ID
		w.ok(tx.SaveCase(ctx, from))
		from.Version++
	})
	w.viewedIn(into, ofExhibit)
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, m)(tx.Move(ctx, m.ID))
		is(w, []triage.Move{m})(tx.MovesOf(ctx, from.ID))
		is(w, []triage.Move{m})(tx.MovesOf(ctx, into.ID))
		empty(w, must(tx.MovesOf(ctx, elsewhere.ID)))
		is(w, from)(tx.Case(ctx, from.ID))
		is(w, []triage.Case{from})(tx.MergedInto(ctx, into.ID))
		w.holds(tx, into.ID, []triage.ReportID{r.ID, other.ID}, []int{1, 2}, w.host.ID, w.ben.ID)
		w.holds(tx, from.ID, nil, nil, w.host.ID, w.ben.ID)
		equal(w, w.subjectsOf(tx, into), []string{ofReport, ofExhibit, ofExhibit})
		equal(w, w.subjectsOf(tx, from), []string{"case/" + string(from.ID), ofReport, ofExhibit})
		equal(w, len(must(tx.EventsOn(ctx, into.ID, ofExhibit, custody.ExhibitViewed))), 2)
		in := []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateQueued}, {Lane: triage.LaneGeneral, State: triage.StateMerged}}
		for text, want := range map[string]triage.CaseID{"zebra": into.ID, "yves": into.ID} {
			rows := must(tx.Find(ctx, triage.FindQuery{In: in, Words: []string{text}, Limit: 9}))
			equal(w, mapped(rows, func(r triage.CaseRow) triage.CaseID { return r.ID }), []triage.CaseID{want})
		}
		equal(w, len(must(tx.Find(ctx, triage.FindQuery{In: in, Number: triage.Number{Case: from.ID}, Limit: 9}))), 1)
		// To who is a party to what moved, neither of the two is there.
		equal(w, mapped(must(tx.Find(ctx, triage.FindQuery{In: in, Without: w.ben.ID, Limit: 9})), func(r triage.CaseRow) triage.CaseID { return r.ID }), []triage.CaseID{elsewhere.ID})
		q := triage.QueueQuery{Lanes: []triage.Lane{triage.LaneGeneral}, States: triage.AllStates, Without: w.ben.ID, Limit: 9}
		equal(w, mapped(must(tx.Queue(ctx, q)), func(r triage.CaseRow) triage.CaseID { return r.ID }), []triage.CaseID{elsewhere.ID})
	})

	m.Undone, m.UndoneBy = w.at(40), w.ben.ID
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.SaveMove(ctx, m))
		w.ok(carry(ctx, tx, r.ID, x.ID, from.ID, 1))
		from.State, from.MergedInto = triage.StateQueued, ""
		w.ok(tx.SaveCase(ctx, from))
	})
	m.Version++
	wrong("undoing twice", func(ctx context.Context, tx triage.Tx) error { return tx.SaveMove(ctx, m) })
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, m)(tx.Move(ctx, m.ID))
		empty(w, must(tx.MergedInto(ctx, into.ID)))
		w.holds(tx, into.ID, []triage.ReportID{other.ID}, []int{1}, w.host.ID, w.ben.ID) // its history tells of them
		w.holds(tx, from.ID, []triage.ReportID{r.ID}, []int{1}, w.host.ID, w.ben.ID)
		equal(w, w.subjectsOf(tx, into), []string{ofExhibit})
		equal(w, w.subjectsOf(tx, from), []string{"case/" + string(from.ID), ofReport, ofExhibit, ofExhibit})
		refused[triage.Move](w, triage.ErrNotFound)(tx.Move(ctx, "CM-none"))
	})
	again := w.moveOf(from, into, r)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-move", Case: into.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(50), State: triage.DecisionInForce}))
	})
	wrong("a move once somebody decided", func(ctx context.Context, tx triage.Tx) error { return tx.InsertMove(ctx, again) })
}

// testMovesRace moves one report to many cases at once: it lies in one of them.
func testMovesRace(t *testing.T, w *world) {
	from := w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 1)
	r := w.addReport(from, 3, triage.Person{Name: "Zelda"})
	x := w.addExhibit(r, 1)
	var to []triage.Case
	var ms []triage.Move
	for range 6 {
		to = append(to, w.addCase(triage.LaneGeneral, triage.StateQueued, 20, 2))
		ms = append(ms, w.moveOf(from, to[len(to)-1], r))
	}
	equal(w, w.together(6, triage.ErrConflict, func(i int) error {
		return w.s.Update(t.Context(), func(tx triage.Tx) error {
			c := must(tx.Case(t.Context(), from.ID))
			if c.State == triage.StateMerged {
				return triage.Errorf(triage.Conflict, "it is merged")
			}
			c.State, c.MergedInto = triage.StateMerged, to[i].ID
			return errors.Join(tx.SaveCase(t.Context(), c), tx.InsertMove(t.Context(), ms[i]), carry(t.Context(), tx, r.ID, x.ID, to[i].ID, 1))
		})
	}), 1)
	w.view(func(ctx context.Context, tx triage.Tx) {
		done := must(tx.MovesOf(ctx, from.ID))
		equal(w, len(done), 1)
		w.holds(tx, done[0].Into, []triage.ReportID{r.ID}, []int{1}, w.host.ID)
	})
}
