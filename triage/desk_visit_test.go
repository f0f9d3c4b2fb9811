package triage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// inStandard is a report about somebody in a standard meeting that goes on.
func (w *world) inStandard() triage.Report {
	w.t.Helper()
	m := w.recordedMeeting()
	n := w.form("harassment")
	n.Meeting, n.MeetingName = m, ""
	return w.fileAs("host", n)
}

// TestVisit follows a visit: asked for with a reason, agreed to by another, within its time, recorded, ended.
func TestVisit(t *testing.T) {
	w := newWorld(t)
	ctx, lena, lex := t.Context(), w.people["lena"], w.people["lex"]
	r := w.inStandard()
	_, err := w.RequestVisit(ctx, lena, r.Case, "short")
	w.is(triage.ErrInvalid, err)
	_, err = w.Desk.RequestVisit(ctx, lena, r.Case, "It goes on right now.", nil)
	w.is(triage.ErrInvalid, err) // no passkey
	for _, who := range []string{"host", "rui", "lior", "cleo"} {
		if _, err := w.RequestVisit(ctx, w.people[who], r.Case, "It goes on right now."); err == nil {
			t.Errorf("%s may ask", who)
		}
	}
	v, err := w.RequestVisit(ctx, lena, r.Case, "It goes on right now.")
	w.ok(err)
	_, err = w.RequestVisit(ctx, lena, r.Case, "It goes on right now.")
	w.is(triage.ErrConflict, err)
	if _, err = w.AnswerVisit(ctx, lena, v.ID, true, ""); !errors.Is(err, triage.ErrForbidden) || !strings.Contains(err.Error(), "second person") {
		t.Errorf("their own request, agreed to by who made it: %v", err)
	}
	waits := func(who triage.Actor) int {
		q, err := w.ListQueue(ctx, who, triage.TabApproval, triage.QueueQuery{})
		w.ok(err)
		n, err := w.CountWaiting(ctx, who)
		if w.ok(err); n.Visits != len(q.Visits) {
			t.Errorf("%d visits are counted, %d are listed", n.Visits, len(q.Visits))
		}
		return n.Visits
	}
	for who, want := range map[string]int{"lex": 1, "lena": 0, "rui": 0, "cleo": 0} {
		if got := waits(w.people[who]); got != want {
			t.Errorf("%d visits wait for %s", got, who)
		}
	}
	_, err = w.Desk.AnswerVisit(ctx, lex, v.ID, true, "", nil)
	w.is(triage.ErrInvalid, err) // no passkey
	visiting := func(want bool, when string) {
		t.Helper()
		if got, err := w.Visiting(ctx, lena.Account, string(r.Meeting)); err != nil || got != want {
			t.Errorf("%s: visiting is %v, %v", when, got, err)
		}
	}
	visiting(false, "before anybody agreed")
	_, err = w.AnswerVisit(ctx, lex, v.ID, true, "Go in.")
	w.ok(err)
	visiting(true, "agreed")
	if waits(lex) != 0 {
		t.Error("it still waits for a second person")
	}
	if other, _ := w.Visiting(ctx, lex.Account, string(r.Meeting)); other {
		t.Error("who agreed is let in")
	}
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), true))
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), false))
	w.is(triage.ErrNotFound, w.Visited(ctx, lex.Account, string(r.Meeting), true))
	now := w.now
	w.now = now.Add(triage.VisitTime)
	visiting(false, "after its time")
	w.now = now.Add(time.Minute)
	w.ok(w.Store.Update(ctx, func(tx triage.Tx) error { return tx.SetRoles(ctx, lena.Account, account.Roles{account.Reviewer}) }))
	visiting(false, "no lead any more")
	w.ok(w.Store.Update(ctx, func(tx triage.Tx) error { return tx.SetRoles(ctx, lena.Account, lena.Roles) }))
	_, err = w.EndVisit(ctx, lex, v.ID)
	w.ok(err)
	_, err = w.EndVisit(ctx, lena, v.ID) // over already
	w.ok(err)
	visiting(false, "ended")
	w.wantLog("visit/"+string(v.ID), custody.VisitRequested, custody.VisitApproved, custody.VisitorEntered, custody.VisitorLeft, custody.VisitEnded)
	told := func(who account.ID) bool {
		var ms []triage.Message
		w.ok(w.Store.View(ctx, func(tx triage.Tx) (err error) { ms, err = tx.MessagesTo(ctx, who, 10); return err }))
		return slices.ContainsFunc(ms, func(m triage.Message) bool { return strings.Contains(m.Subject, "enter a meeting") })
	}
	if !told(lex.Account) || told(lena.Account) || told(w.people["rui"].Account) {
		t.Error("not those who could agree were told, or others")
	}
}

// TestVisitorOfALostServer has a server go down while a visitor is in a meeting of its: that they left is recorded by the sweep, once, or when they
// come in again.
func TestVisitorOfALostServer(t *testing.T) {
	w := newWorld(t) // where no server keeps a meeting
	ctx, lena := t.Context(), w.people["lena"]
	r := w.inStandard()
	v, err := w.RequestVisit(ctx, lena, r.Case, "It goes on right now.")
	w.ok(err)
	_, err = w.AnswerVisit(ctx, w.people["lex"], v.ID, true, "")
	w.ok(err)
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), true))
	w.ok(w.Sweep(ctx))
	w.ok(w.Sweep(ctx))
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), true))
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), true)) // of another server
	w.ok(w.Visited(ctx, lena.Account, string(r.Meeting), false))
	w.ok(w.Sweep(ctx))
	w.wantLog("visit/"+string(v.ID), custody.VisitRequested, custody.VisitApproved, custody.VisitorEntered, custody.VisitorLeft,
		custody.VisitorEntered, custody.VisitorLeft, custody.VisitorEntered, custody.VisitorLeft)
}

// TestNoVisit has nobody enter a meeting that is end-to-end encrypted, over, or not ours, also where it became so after somebody asked.
func TestNoVisit(t *testing.T) {
	w := newWorld(t)
	ctx, lena := t.Context(), w.people["lena"]
	_, err := w.RequestVisit(ctx, lena, w.file("hate").Case, "It goes on right now.")
	w.is(triage.ErrConflict, err) // held elsewhere
	m := w.meetingWith("Mallory")
	_, err = w.RequestVisit(ctx, lena, w.fileAs("host", w.on(m, "hate", "Mallory")).Case, "It goes on right now.")
	w.is(triage.ErrConflict, err) // no standard meeting
	r := w.inStandard()
	v, err := w.RequestVisit(ctx, lena, r.Case, "It goes on right now.")
	w.ok(err)
	w.now = w.now.Add(time.Hour)
	_, err = w.AnswerVisit(ctx, w.people["lex"], v.ID, false, "Too late for that.")
	w.is(triage.ErrConflict, err)
}
