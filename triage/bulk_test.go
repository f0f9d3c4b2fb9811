package triage_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func none(p triage.PolicyID) triage.Bulk {
	return triage.Bulk{Policy: p, Action: triage.ActNone, Reasons: "Nothing of it is against a rule."}
}

func warn(p triage.PolicyID) triage.Bulk {
	return triage.Bulk{Policy: p, Action: triage.ActWarn, Severity: triage.SeverityLow, Reasons: "You were asked to stop before."}
}

// apart files reports that stay cases of their own: each is of another meeting.
func (w *world) apart(policy triage.PolicyID, n int) (out []triage.CaseID) {
	w.t.Helper()
	for i := range n {
		f := w.form(policy)
		f.MeetingName, f.People = fmt.Sprint("Choir ", len(out), i), []triage.Person{{Name: fmt.Sprint("Stranger ", w.now.UnixNano(), i), Identifier: "mallory@test.example"}}
		r, err := w.FileReport(w.t.Context(), w.people["host"], f)
		w.ok(err)
		out = append(out, r.Case)
	}
	return out
}

// outcomes says what became, or would become, of each case.
func (w *world) outcomes(who string, b triage.BulkID) string {
	w.t.Helper()
	v, err := w.OpenBulk(w.t.Context(), w.people[who], b)
	w.ok(err)
	var out []string
	for _, r := range v.Rows {
		out = append(out, strings.TrimSpace(string(r.Outcome)+" "+r.Why))
	}
	return strings.Join(out, "|")
}

// TestBulk decides many cases at once, leaves out what has to be, and undoes it.
func TestBulk(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	cases := w.apart("hate", 3)
	_, err := w.Claim(ctx, rui, cases[1])
	w.ok(err)
	b, err := w.PlanBulk(ctx, rui, none("hate"), append(cases, cases[0]))
	w.ok(err)
	if got := w.outcomes("rui", b.ID); got != "||" {
		t.Errorf("the preview says %q", got)
	}
	_, err = w.OpenBulk(ctx, w.people["robin"], b.ID)
	w.is(triage.ErrNotFound, err)
	w.is(triage.ErrNotFound, w.ConfirmBulk(ctx, w.people["robin"], b.ID))
	w.ok(w.ConfirmBulk(ctx, rui, b.ID))
	w.ok(w.ConfirmBulk(ctx, rui, b.ID)) // pressed twice
	if got := w.outcomes("rui", b.ID); got != "decided|decided|decided" {
		t.Errorf("the result says %q", got)
	}
	for _, id := range cases {
		v := w.view(id)
		if len(v.Decisions) != 1 || v.Decisions[0].Bulk != b.ID || v.Case.State != triage.StateDecided {
			t.Errorf("%s: %+v", id, v.Decisions)
		}
		for _, e := range v.Events {
			if e.Act == custody.DecisionMade && e.Detail["bulk"] != string(b.ID) {
				t.Errorf("the entry does not name the bulk: %v", e.Detail)
			}
		}
	}
	for _, j := range w.store.Jobs() {
		if m, ok := j.(triage.DeliverMessage); ok && !m.NotBefore.IsZero() && m.NotBefore.Before(w.now.Add(triage.UndoTime)) {
			t.Errorf("a notice is sent at %v", m.NotBefore)
		}
	}
	n, err := w.UndoBulk(ctx, rui, b.ID, cases[0])
	w.ok(err)
	if n != 1 || w.state(cases[0]) != triage.StateQueued || !has(w.acts(cases[0]), custody.DecisionUndone) {
		t.Errorf("%d undone; the case is %s", n, w.state(cases[0]))
	}
	_, err = w.UndoBulk(ctx, w.people["robin"], b.ID, "")
	w.is(triage.ErrNotFound, err)
	_, err = w.UndoBulk(ctx, rui, b.ID, "C-00000-00000")
	w.is(triage.ErrNotFound, err)
	n, err = w.UndoBulk(ctx, rui, b.ID, "")
	w.ok(err)
	if got := w.outcomes("rui", b.ID); n != 2 || got != "undone|undone|undone" {
		t.Errorf("%d undone: %q", n, got)
	}
	w.ok(w.ConfirmBulk(ctx, rui, b.ID)) // an old tab
	if w.state(cases[0]) != triage.StateQueued {
		t.Error("what was undone is decided again")
	}
}

// TestBulkLeavesOut holds what is never decided in bulk, with the reason that the preview gives.
func TestBulkLeavesOut(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	free := w.apart("hate", 1)[0]
	held, other, closed := w.apart("hate", 1)[0], w.apart("fraud", 1)[0], w.file("csam").Case
	_, err := w.Claim(ctx, w.people["robin"], held)
	w.ok(err)
	done, _ := w.decided(triage.ActNone, 0)
	escalated := w.apart("hate", 1)[0]
	_, err = w.Claim(ctx, rui, escalated)
	w.ok(err)
	w.ok(w.Escalate(ctx, rui, escalated, "", "For a lead to see."))
	nothing := "There is nothing here under that number, or it is not yours to see."
	b, err := w.PlanBulk(ctx, rui, none("hate"), []triage.CaseID{free, held, other, closed, done.Case, escalated, "C-00000-00000"})
	w.ok(err)
	got := strings.Split(w.outcomes("rui", b.ID), "|")
	for i, want := range []string{"", "left out robin holds it.", "left out It was reported as “Fraud", "left out " + nothing, "left out It is decided already.", "left out ", "left out "} {
		if !strings.HasPrefix(got[i], want) || (got[i] == "") != (want == "") {
			t.Errorf("number %d: %q, want %q", i, got[i], want)
		}
	}
	b, err = w.PlanBulk(ctx, w.people["sam"], none("csam"), []triage.CaseID{closed})
	w.is(triage.ErrInvalid, err)
	b, err = w.PlanBulk(ctx, w.people["sam"], none("hate"), []triage.CaseID{closed})
	w.ok(err)
	if got := w.outcomes("sam", b.ID); got != "left out Child-safety cases are never decided in bulk." {
		t.Errorf("a specialist is told %q", got)
	}
	_, err = w.PlanBulk(ctx, w.people["cleo"], none("hate"), []triage.CaseID{free})
	w.is(triage.ErrForbidden, err)
	_, err = w.PlanBulk(ctx, w.people["lior"], none("hate"), []triage.CaseID{free})
	w.is(triage.ErrForbidden, err)
	for _, bad := range []triage.Bulk{{}, {Policy: "hate", Action: triage.ActBan, Severity: "low", Reasons: "Of some length."}, {Policy: "hate", Action: triage.ActSuspend, Severity: "low", Reasons: "Of some length."},
		{Policy: "hate", Action: triage.ActWarn, Reasons: "Of some length."}, {Policy: "hate", Action: triage.ActNone, Reasons: "Short."}} {
		_, err = w.PlanBulk(ctx, rui, bad, []triage.CaseID{free})
		w.is(triage.ErrInvalid, err)
	}
	many := make([]triage.CaseID, triage.MaxBulk+1)
	for i := range many {
		many[i] = triage.CaseID(fmt.Sprint("C-", i))
	}
	_, err = w.PlanBulk(ctx, rui, none("hate"), many)
	w.is(triage.ErrInvalid, err)
	_, err = w.PlanBulk(ctx, rui, none("hate"), nil)
	w.is(triage.ErrInvalid, err)
}

// TestBulkLooks holds that nobody is warned unseen, and that what changed since the preview is left out.
func TestBulkLooks(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	cases := w.apart("hate", 3)
	for _, id := range cases[:2] {
		_, err := w.OpenCase(ctx, rui, id)
		w.ok(err)
	}
	b, err := w.PlanBulk(ctx, rui, warn("hate"), cases)
	w.ok(err)
	if got := w.outcomes("rui", b.ID); got != "||left out You have not opened it: look at it first." {
		t.Errorf("the preview says %q", got)
	}
	_, err = w.Claim(ctx, w.people["robin"], cases[1])
	w.ok(err)
	w.ok(w.Release(ctx, w.people["robin"], cases[1]))
	w.ok(w.ConfirmBulk(ctx, rui, b.ID))
	if got := w.outcomes("rui", b.ID); got != "decided|left out It has changed since the preview.|left out You have not opened it: look at it first." {
		t.Errorf("the result says %q", got)
	}
	if w.state(cases[1]) != triage.StateQueued || has(w.acts(cases[1]), custody.DecisionMade) {
		t.Error("a case that changed is touched")
	}
	w.now = w.now.Add(triage.UndoTime)
	n, err := w.UndoBulk(ctx, rui, b.ID, "")
	w.ok(err)
	if got := w.outcomes("rui", b.ID); n != 0 || !strings.HasPrefix(got, "decided Not undone. It was taken more than 10 minutes ago.") {
		t.Errorf("%d undone: %q", n, got)
	}
	threat := w.apart("threat", 1)
	b, err = w.PlanBulk(ctx, rui, none("threat"), threat)
	w.ok(err)
	if got := w.outcomes("rui", b.ID); got != "left out You have not opened it: look at it first." {
		t.Errorf("somebody may be in danger, and the preview says %q", got)
	}
	b, err = w.PlanBulk(ctx, rui, none("hate"), cases[1:])
	w.ok(err)
	w.now = w.now.Add(triage.BulkLife)
	w.is(triage.ErrInvalid, w.ConfirmBulk(ctx, rui, b.ID))
}

// TestBulkRace confirms one bulk from many tabs at once, with faults in between: each case is decided once.
func TestBulkRace(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	cases := w.apart("hate", 5)
	b, err := w.PlanBulk(ctx, rui, none("hate"), cases)
	w.ok(err)
	w.store.FailNext("InsertDecision", false)
	w.store.FailNext("InsertDecision", true)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { _ = w.ConfirmBulk(ctx, rui, b.ID) })
	}
	wg.Wait()
	w.ok(w.ConfirmBulk(ctx, rui, b.ID))
	if got := w.outcomes("rui", b.ID); got != "decided|decided|decided|decided|decided" {
		t.Errorf("the result says %q", got)
	}
	for _, id := range cases {
		if n := len(w.view(id).Decisions); n != 1 {
			t.Errorf("%d decisions", n)
		}
	}
}

// TestUndoWithin holds that whoever decided is offered to undo it for a while, that its notices wait for that long, and that what told others is not offered.
func TestUndoWithin(t *testing.T) {
	w := newWorld(t)
	w.UndoWithin = time.Minute
	offered := func(who string, r triage.Report) triage.DecisionID {
		v, err := w.OpenCase(t.Context(), w.people[who], r.Case)
		w.ok(err)
		return v.Undo
	}
	r, d := w.decided(triage.ActSuspend, 3)
	if offered("rui", r) != d.ID || offered("robin", r) != "" || offered("lena", r) != "" {
		t.Errorf("offered are %q, %q, %q", offered("rui", r), offered("robin", r), offered("lena", r))
	}
	waits := 0
	for _, j := range w.store.Jobs() {
		if m, ok := j.(triage.DeliverMessage); ok && m.NotBefore.Equal(d.Decided.Add(time.Minute+5*time.Second)) {
			waits++
		}
	}
	if waits != 2 {
		t.Errorf("%d notices wait", waits)
	}
	w.now = w.now.Add(time.Minute)
	if id := offered("rui", r); id != "" {
		t.Errorf("after a minute %s is offered", id)
	}
	r, d = w.decided(triage.ActRefer, 0)
	if id := offered("rui", r); id != "" {
		t.Errorf("a referral is offered as %s", id)
	}
	w.is(triage.ErrConflict, w.UndoDecision(t.Context(), w.people["rui"], r.Case, d.ID))
	r, d = w.decided(triage.ActWarn, 0)
	w.ok(w.UndoDecision(t.Context(), w.people["rui"], r.Case, d.ID))
	if id := offered("rui", r); id != "" {
		t.Errorf("what is undone is offered as %s", id)
	}
}

// TestUndoDecision holds who may take which decision back, and when.
func TestUndoDecision(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	undo := func(who string, r triage.Report, d triage.Decision) error {
		return w.UndoDecision(ctx, w.people[who], r.Case, d.ID)
	}
	r, d := w.decided(triage.ActSuspend, 3)
	w.is(triage.ErrForbidden, undo("robin", r, d))
	w.is(triage.ErrForbidden, undo("lena", r, d))
	w.is(triage.ErrNotFound, undo("host", r, d))
	w.ok(undo("rui", r, d))
	w.is(triage.ErrConflict, undo("rui", r, d))
	v := w.view(r.Case)
	if v.Decisions[0].State != triage.DecisionUndone || v.Case.State != triage.StateQueued || v.Enforcements[0].Reversed.IsZero() {
		t.Errorf("%+v, %s, %+v", v.Decisions[0], v.Case.State, v.Enforcements)
	}
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		ms, err := tx.NoticesOf(ctx, d.ID)
		for _, m := range ms {
			if m.State != triage.MessageWithdrawn {
				t.Errorf("a notice is %s", m.State)
			}
		}
		if len(ms) != 2 {
			t.Errorf("%d notices", len(ms))
		}
		return err
	}))
	_, err := w.Claim(ctx, rui, r.Case)
	w.ok(err)
	d, err = w.Decide(ctx, rui, r.Case, w.finding(r, triage.ActWarn, 0))
	w.ok(err)
	if d.Number != 2 || d.Supersedes != "" {
		t.Errorf("the next decision is %+v", d)
	}
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		ms, err := tx.NoticesOf(ctx, d.ID)
		w.ok(err)
		return w.Delivered(ctx, ms[0], triage.MessageDelivered, nil)
	}))
	w.is(triage.ErrConflict, undo("rui", r, d))
	r, d = w.decided(triage.ActNone, 0)
	w.now = w.now.Add(triage.UndoTime - time.Second)
	w.ok(undo("rui", r, d))
}
