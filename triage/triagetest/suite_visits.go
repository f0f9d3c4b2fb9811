package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func testVisits(_ *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	standard := triage.Meeting{ID: "M-00000-00001", Org: w.org.ID, Host: w.host.ID, Title: "Choir", Mode: triage.ModeStandard, Started: w.at(0)}
	closed, over := standard, standard
	closed.ID, closed.Mode = "M-00000-00002", triage.ModeE2EE
	over.ID, over.Ended = "M-00000-00003", w.at(1)
	visit := func(id triage.VisitID, to triage.Meeting, minute int) triage.Visit {
		return triage.Visit{ID: id, Case: c.ID, Meeting: to.ID, Visitor: w.ann.ID, Reason: "Live abuse.", Requested: w.at(minute), State: triage.VisitRequested}
	}
	first, second := visit("L-1", standard, 1), visit("L-2", standard, 2)
	w.update(func(ctx context.Context, tx triage.Tx) {
		for _, m := range []triage.Meeting{standard, closed, over} {
			w.ok(tx.InsertMeeting(ctx, m, nil))
		}
		w.ok(tx.InsertVisit(ctx, first))
		w.ok(tx.InsertVisit(ctx, second))
		is(w, []triage.Visit{second, first})(tx.Visits(ctx, c.ID))
		is(w, []triage.Visit{second, first})(tx.VisitsTo(ctx, standard.ID, w.ann.ID))
		empty(w, must(tx.VisitsTo(ctx, standard.ID, w.ben.ID)))
		refused[triage.Visit](w, triage.ErrNotFound)(tx.Visit(ctx, "L-9"))
		lanes := []triage.Lane{triage.LaneGeneral}
		is(w, []triage.Visit{first, second})(tx.WaitingVisits(ctx, lanes, w.ben.ID, w.at(0), 9))
		is(w, []triage.Visit{first})(tx.WaitingVisits(ctx, lanes, w.ben.ID, w.at(0), 1))
		is(w, []triage.Visit{second})(tx.WaitingVisits(ctx, lanes, w.ben.ID, w.at(1), 9))
		empty(w, must(tx.WaitingVisits(ctx, lanes, w.ann.ID, w.at(0), 9))) // asked herself
		empty(w, must(tx.WaitingVisits(ctx, []triage.Lane{triage.LaneChildSafety}, w.ben.ID, w.at(0), 9)))
		first.State, first.Approver, first.Answered, first.Answer = triage.VisitApproved, w.ben.ID, w.at(3), "Go in."
		w.ok(tx.SaveVisit(ctx, first))
		is(w, []triage.Visit{second})(tx.WaitingVisits(ctx, lanes, w.ben.ID, w.at(0), 9))
		w.fails(tx.SaveVisit(ctx, first), triage.ErrConflict) // read before
		first.Version++
		is(w, first)(tx.Visit(ctx, first.ID))
		empty(w, must(tx.LostVisits(ctx, 9)))
		w.ok(tx.Inside(ctx, second.ID, w.at(6)))
		w.ok(tx.Inside(ctx, first.ID, w.at(5)))
		is(w, []triage.Visit{first, second})(tx.LostVisits(ctx, 9)) // no node keeps that meeting
		is(w, []triage.Visit{first})(tx.LostVisits(ctx, 1))
		w.ok(tx.Inside(ctx, first.ID, w.at(7)))
		is(w, []triage.Visit{second, first})(tx.LostVisits(ctx, 9))
		w.ok(tx.Inside(ctx, second.ID, time.Time{}))
		w.ok(tx.Inside(ctx, second.ID, time.Time{}))
		is(w, []triage.Visit{first})(tx.LostVisits(ctx, 9))
		first.State, first.Ended = triage.VisitEnded, w.at(4)
		w.ok(tx.SaveVisit(ctx, first))
	})
	for _, m := range []triage.Meeting{closed, over} { // DESIGN I4: refused by the store, whoever asks
		err := w.s.Update(w.t.Context(), func(tx triage.Tx) error { return tx.InsertVisit(w.t.Context(), visit("L-3", m, 5)) })
		if err == nil {
			w.t.Errorf("a visit to meeting %s was taken", m.ID)
		}
	}
	w.view(func(ctx context.Context, tx triage.Tx) { empty(w, must(tx.VisitsTo(ctx, closed.ID, w.ann.ID))) })
}
