package triagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

func testDecisions(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateAwaiting, 50, 0)
	r := w.addReport(c, 1, triage.Person{Name: "One"}, triage.Person{Name: "Two"})
	first := triage.Decision{ID: "D-1", Case: c.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(5), State: triage.DecisionProposed,
		Findings: []triage.Finding{
			{Person: r.People[1].ID, Policy: "hate", Severity: triage.SeverityHigh, Action: triage.ActSuspend, Days: 30, Reasons: "Hatred.",
				Spans: []triage.Span{{Exhibit: "X-1", From: 1200, To: 3400}}},
			{Person: r.People[0].ID, Policy: "hate", Action: triage.ActNone, Reasons: "Nothing."}}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, first))
		is(w, first)(tx.Decision(ctx, first.ID))
		answered := first
		answered.Approver, answered.Answered, answered.Answer, answered.State = w.ben.ID, w.at(6), "Agreed.", triage.DecisionInForce
		changed := answered
		changed.Decider, changed.Findings = w.child.ID, nil // are not saved
		w.ok(tx.SaveDecision(ctx, changed))
		w.fails(tx.SaveDecision(ctx, changed), triage.ErrConflict)
		answered.Version = 1
		is(w, answered)(tx.Decision(ctx, first.ID))
		first = answered
	})
	second := triage.Decision{ID: "D-2", Case: c.ID, Number: 2, Decider: w.ben.ID, Decided: w.at(7), State: triage.DecisionInForce,
		Supersedes: "D-1", Findings: []triage.Finding{{Person: r.People[0].ID, Policy: "hate", Action: triage.ActNone}}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, second)) // the old one may be ended after it, in the same transaction
		old := first
		old.State = triage.DecisionSuperseded
		w.ok(tx.SaveDecision(ctx, old))
		old.Version = 2
		is(w, []triage.Decision{old, second})(tx.Decisions(ctx, c.ID))
	})
	twin := second
	twin.ID, twin.State = "D-3", triage.DecisionRefused
	w.fails(w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertDecision(t.Context(), twin) }), triage.ErrConflict)
	waiting := w.addCase(triage.LaneGeneral, triage.StateAwaiting, 50, 0)
	w.update(func(ctx context.Context, tx triage.Tx) {
		gone := triage.Decision{ID: "D-4", Case: waiting.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(7), State: triage.DecisionProposed}
		w.ok(tx.InsertDecision(ctx, gone))
		gone.State = triage.DecisionLapsed
		w.ok(tx.SaveDecision(ctx, gone))
		gone.Version++
		is(w, gone)(tx.Decision(ctx, gone.ID))
	})
}

func testEnforcements(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0)
	w.update(func(ctx context.Context, tx triage.Tx) {
		for n := 1; n <= 2; n++ {
			w.ok(tx.InsertDecision(ctx, triage.Decision{ID: triage.DecisionID(fmt.Sprintf("D-%d", n)), Case: c.ID, Number: n, Decider: w.ann.ID,
				Decided: w.at(n), State: triage.DecisionRefused}))
		}
	})
	effect := func(n int, d triage.DecisionID, of account.ID, ends time.Time) triage.Enforcement {
		e := triage.Enforcement{ID: fmt.Sprintf("F-%d", n), Decision: d, Case: c.ID, Account: of, Kind: triage.ActSuspend, Starts: w.at(n), Ends: ends}
		w.update(func(ctx context.Context, tx triage.Tx) {
			w.ok(tx.InsertEnforcement(ctx, e))
			w.fails(tx.InsertEnforcement(ctx, e), triage.ErrConflict)
		})
		return e
	}
	open, over := effect(1, "D-1", w.ben.ID, time.Time{}), effect(2, "D-1", w.ben.ID, w.at(10))
	later := effect(3, "D-2", w.ben.ID, w.at(90))
	child := triage.Enforcement{ID: "F-4", Decision: "D-1", Case: c.ID, Account: w.child.ID, Host: w.host.ID, Kind: triage.ActRemove, Starts: w.at(4)}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertEnforcement(ctx, child))
		ended := must(tx.ReverseEnforcements(ctx, "D-1", w.at(20)))
		open.Reversed, child.Reversed = w.at(20), w.at(20)
		equal(w, len(ended), 2)
		equal(w, map[string]triage.Enforcement{ended[0].ID: ended[0], ended[1].ID: ended[1]}[open.ID], open)
		empty(w, must(tx.ReverseEnforcements(ctx, "D-1", w.at(21))))
		is(w, []triage.Enforcement{open, over, later, child})(tx.Enforcements(ctx, c.ID))
		is(w, []triage.Enforcement{later, over, open})(tx.EnforcementsOn(ctx, w.ben.ID))
	})
}

func testPackages(t *testing.T, w *world) {
	c, hidden := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0), w.addCase(triage.LaneChildSafety, triage.StateDecided, 50, 0)
	r := w.addReport(c, 1, triage.Person{Name: "Mallory"}, triage.Person{Name: "Ben", Account: w.ben.ID})
	one, two := w.addExhibit(r, 1), w.addExhibit(r, 2)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: c.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(1), State: triage.DecisionInForce}))
	})
	request := func(n int, of triage.Case, xs ...triage.ExhibitID) triage.Package {
		p := triage.Package{ID: triage.PackageID(fmt.Sprintf("P-%d", n)), Case: of.ID, Lane: of.Lane, Exhibits: xs, Recipient: "Police",
			Basis: "warrant", Reference: "42", Scope: "All", Requester: w.ann.ID, Requested: w.at(n), State: triage.PackageRequested}
		if n == 1 {
			p.Decision = "D-1"
		}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertPackage(ctx, p)) })
		return p
	}
	p, secret, q := request(1, c, two.ID, one.ID), request(2, hidden), request(3, c) // q as of before decisions were kept
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(tx.InsertPackage(ctx, p), triage.ErrConflict)
		is(w, p)(tx.Package(ctx, p.ID))
		general := triage.PackageQuery{Lanes: []triage.Lane{triage.LaneGeneral}, Limit: 9}
		is(w, []triage.Package{q, p})(tx.Packages(ctx, general))
		is(w, []triage.Package{q, secret})(tx.Packages(ctx, triage.PackageQuery{Lanes: triage.AllLanes, Limit: 2}))
		empty(w, must(tx.Packages(ctx, triage.PackageQuery{Limit: 9})))
		for _, party := range []account.ID{w.host.ID, w.ben.ID} {
			general.Without = party
			empty(w, must(tx.Packages(ctx, general)))
		}
		general.Without, general.State = w.ann.ID, triage.PackageRequested
		is(w, []triage.Package{q, p})(tx.Packages(ctx, general))
		general.State = triage.PackageReady
		empty(w, must(tx.Packages(ctx, general)))
		is(w, []triage.Package{q, p})(tx.PackagesOf(ctx, c.ID))

		w.ok(tx.Progress(ctx, p.ID, 5, 10)) // leaves the version alone
		ready := p
		ready.Approver, ready.Answered, ready.Answer, ready.State = w.ben.ID, w.at(4), "Yes.", triage.PackageReady
		ready.Done, ready.Total, ready.Key, ready.SHA256, ready.Size, ready.Built, ready.Why = 10, 10, "k", triage.SHA256{1}, 9, w.at(5), "no"
		changed := ready
		changed.Recipient, changed.Exhibits, changed.Decision = "Somebody else", nil, "" // are not saved
		w.ok(tx.SavePackage(ctx, changed))
		w.fails(tx.SavePackage(ctx, changed), triage.ErrConflict)
		ready.Version = 1
		is(w, ready)(tx.Package(ctx, p.ID))
		w.ok(tx.Progress(ctx, p.ID, 3, 11))
		ready.Done, ready.Total = 3, 11
		is(w, ready)(tx.Package(ctx, p.ID))
	})
}

func (w *world) event(n int, of triage.CaseID, actor account.ID) custody.Event {
	w.t.Helper()
	return must(custody.NewEvent(fmt.Sprintf("E-%d", n), w.at(n), custody.CaseRead, string(actor), string(of), "", custody.Detail{"why": fmt.Sprint(n)}))
}

// sequence does what Desk.Sequence does, and returns the events that got a place.
func (w *world) sequence(limit int) (events []string) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx triage.Tx) {
		events = nil
		waiting := must(tx.Unsequenced(ctx, limit))
		size := must(tx.TreeSize(ctx))
		leaves, data := make([]triage.Leaf, len(waiting)), make([][]byte, len(waiting))
		for i, e := range waiting {
			w.ok(e.CheckDetail())
			data[i] = must(e.Leaf.Encode())
			leaves[i] = triage.Leaf{Index: size + int64(i), Event: e.ID, Data: data[i]}
			events = append(events, e.ID)
		}
		growth := must(custody.Append(w.tree, data, w.reader(ctx, tx)))
		w.ok(tx.AppendLeaves(ctx, size, leaves, mapped(growth.Hashes, func(h tlog.Hash) [32]byte { return h })))
		w.tree = growth.New
	})
	return events
}

func (w *world) reader(ctx context.Context, tx triage.Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hs, err := tx.ReadHashes(ctx, indexes)
		return mapped(hs, func(h [32]byte) tlog.Hash { return h }), err
	})
}

func testLog(t *testing.T, w *world) {
	w.tree = custody.EmptyTree
	c := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	var events []custody.Event
	for n := range 5 {
		e := w.event(n, c.ID, w.ann.ID)
		if n == 3 {
			e = w.event(n, "", account.System)
		}
		events = append(events, e)
		w.update(func(ctx context.Context, tx triage.Tx) {
			w.ok(tx.Log(ctx, e))
			w.fails(tx.Log(ctx, e), triage.ErrConflict)
		})
	}
	equal(w, w.sequence(2), []string{"E-0", "E-1"})
	equal(w, w.sequence(9), []string{"E-2", "E-3", "E-4"})
	equal(w, w.sequence(9), nil)
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.Log(ctx, w.event(5, c.ID, account.System))) })
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, int64(5))(tx.TreeSize(ctx))
		logged := must(tx.EventsOf(ctx, c.ID))
		equal(w, mapped(logged, func(e triage.LoggedEvent) int64 { return e.Index }), []int64{0, 1, 2, 4, -1})
		equal(w, logged[0], triage.LoggedEvent{Event: events[0], Index: 0, ActorName: "Ann"})
		equal(w, logged[4].ActorName, triage.SystemActor.Name)
		is(w, logged)(tx.EventsOn(ctx, c.ID, logged[0].Subject, "other.act", logged[0].Act))
		empty(w, must(tx.EventsOn(ctx, c.ID, logged[0].Subject, "other.act")))
		empty(w, must(tx.EventsOn(ctx, c.ID, "exhibit/other", logged[0].Act)))
		leaves := must(tx.Leaves(ctx, 1, 3))
		equal(w, mapped(leaves, func(l triage.Leaf) string { return l.Event }), []string{"E-1", "E-2", "E-3"})
		want := triage.Leaf{Index: 3, Event: "E-3", Data: must(events[3].Leaf.Encode()), Salt: events[3].Salt, Content: events[3].Detail}
		equal(w, leaves[2], want)
		is(w, want)(tx.LeafOf(ctx, "E-3"))
		refused[triage.Leaf](w, triage.ErrNotFound)(tx.LeafOf(ctx, "E-5"))
		refused[[][32]byte](w, triage.ErrNotFound)(tx.ReadHashes(ctx, []int64{0, 999}))
		proof := must(custody.ProveInclusion(5, 3, w.reader(ctx, tx)))
		w.ok(proof.Check(w.tree, want.Data))
	})
	w.fails(w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.AppendLeaves(t.Context(), 4, nil, nil) }), triage.ErrConflict)
	if err := w.s.Update(t.Context(), func(tx triage.Tx) error {
		return tx.AppendLeaves(t.Context(), 5, []triage.Leaf{{Index: 5, Event: "E-5", Data: []byte("x")}}, nil)
	}); err == nil {
		t.Fatal("a leaf without its hashes was stored")
	}
	testCheckpoints(w)
}

func testCheckpoints(w *world) {
	w.update(func(ctx context.Context, tx triage.Tx) {
		for size := int64(1); size <= 3; size++ {
			w.ok(tx.InsertCheckpoint(ctx, size, fmt.Appendf(nil, "signed %d", size), w.at(int(size))))
		}
	})
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, [][]byte{[]byte("signed 2"), []byte("signed 3")})(tx.Checkpoints(ctx, 1, 9))
		is(w, [][]byte{[]byte("signed 1")})(tx.Checkpoints(ctx, 0, 1))
		signed, size, err := tx.Checkpoint(ctx)
		w.ok(err)
		equal(w, string(signed), "signed 3")
		equal(w, size, 3)
	})
}
