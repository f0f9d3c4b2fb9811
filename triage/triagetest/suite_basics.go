package triagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func testTransactions(t *testing.T, w *world) {
	own := errors.New("no")
	err := w.s.Update(t.Context(), func(tx triage.Tx) error {
		w.ok(tx.InsertOrganisation(t.Context(), account.Organisation{ID: "O-2", Name: "Beta", Plan: account.PlanFree, Window: account.MinWindow, Created: w.at(1)}))
		return own
	})
	if err != own {
		t.Fatalf("Update gave %v, want the function's own error", err)
	}
	w.view(func(ctx context.Context, tx triage.Tx) { is(w, []account.Organisation{w.org})(tx.Organisations(ctx)) })
	if err := w.s.View(t.Context(), func(tx triage.Tx) error { return tx.SetRoles(t.Context(), w.ann.ID, nil) }); err == nil {
		t.Fatal("a View could write")
	}
	w.view(func(ctx context.Context, tx triage.Tx) { is(w, w.ann)(tx.Account(ctx, w.ann.ID)) })

	// A View does not see what commits while it runs.
	w.view(func(ctx context.Context, tx triage.Tx) {
		equal(w, len(must(tx.Organisations(ctx))), 1)
		w.update(func(ctx context.Context, tx triage.Tx) {
			w.ok(tx.InsertOrganisation(ctx, account.Organisation{ID: "O-3", Name: "Gamma", Plan: account.PlanFree, Window: account.MinWindow, Created: w.at(1)}))
		})
		equal(w, len(must(tx.Organisations(ctx))), 1)
	})
	w.view(func(ctx context.Context, tx triage.Tx) { equal(w, len(must(tx.Organisations(ctx))), 2) })
}

func testWindows(t *testing.T, w *world) {
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.SetWindow(ctx, w.org.ID, account.MaxWindow))
		w.fails(tx.SetWindow(ctx, "O-NONE", account.MaxWindow), triage.ErrNotFound)
	})
	want := w.org
	want.Window = account.MaxWindow
	w.view(func(ctx context.Context, tx triage.Tx) { is(w, want)(tx.Organisation(ctx, w.org.ID)) })
}

func testJobs(t *testing.T, w *world) {
	own := errors.New("no")
	err := w.s.Update(t.Context(), func(tx triage.Tx) error {
		w.ok(tx.Enqueue(t.Context(), triage.DeliverMessage{Message: "S-1"}))
		return own
	})
	if err != own {
		t.Fatal(err)
	}
	equal(w, w.s.Jobs(), nil)

	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1"}))
		w.ok(tx.Enqueue(ctx, triage.PrepareExhibit{Exhibit: "X-1"}))
		w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1"}))
	})
	equal(w, w.together(8, nil, func(int) error {
		return w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.Enqueue(t.Context(), triage.BuildPackage{Package: "P-1"}) })
	}), 8)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1"}))
		w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-2"}))
	})
	equal(w, w.s.Jobs(), []triage.Job{triage.DeliverMessage{Message: "S-1"}, triage.PrepareExhibit{Exhibit: "X-1"},
		triage.BuildPackage{Package: "P-1"}, triage.DeliverMessage{Message: "S-2"}})

	// A job that has begun does not count: what is new may come too late for it.
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.Enqueue(ctx, triage.DeliverMessage{Message: "S-1"})) })
	equal(w, w.s.Jobs(), []triage.Job{triage.DeliverMessage{Message: "S-1"}})
}

func testAccounts(t *testing.T, w *world) {
	guest := account.Account{ID: "A-00000-00009", Org: w.org.ID, Name: "Aaron", Created: w.at(1)}
	other := guest
	other.ID = "A-00000-00010"
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertAccount(ctx, guest))
		w.ok(tx.InsertAccount(ctx, other)) // accounts without an address do not collide
		taken := w.ann
		taken.ID = "A-00000-00011"
		w.fails(tx.InsertAccount(ctx, taken), triage.ErrConflict)
		w.fails(tx.InsertAccount(ctx, w.ann), triage.ErrConflict)
		w.fails(tx.InsertOrganisation(ctx, w.org), triage.ErrConflict)
		is(w, w.ann)(tx.Account(ctx, w.ann.ID)) // a conflict leaves the transaction usable
	})
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, w.org)(tx.Organisation(ctx, w.org.ID))
		is(w, w.ann)(tx.AccountByEmail(ctx, w.ann.Email))
		refused[account.Account](w, triage.ErrNotFound)(tx.AccountByEmail(ctx, ""))
		is(w, []account.Account{guest, other, w.ann, w.ben, w.child, w.host})(tx.Accounts(ctx, false))
		is(w, []account.Account{w.ann, w.ben, w.child})(tx.Accounts(ctx, true))
		is(w, map[account.ID]string{w.ann.ID: "Ann", w.ben.ID: "Ben"})(tx.Names(ctx, []account.ID{w.ann.ID, w.ben.ID, "A-none", account.System}))
		is(w, map[account.ID]string{})(tx.Names(ctx, nil))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.SetRoles(ctx, w.ben.ID, account.Roles{account.Auditor}))
		w.ok(tx.SetRoles(ctx, w.child.ID, nil))
		w.fails(tx.SetRoles(ctx, "A-none", nil), triage.ErrNotFound)
		equal(w, must(tx.Account(ctx, w.ben.ID)).Roles, account.Roles{account.Auditor})
		equal(w, len(must(tx.Accounts(ctx, true))), 2)
		for _, closed := range []bool{true, false} {
			w.ok(tx.SetClosed(ctx, w.ann.ID, closed))
			equal(w, must(tx.Account(ctx, w.ann.ID)).Closed, closed)
		}
		w.fails(tx.SetClosed(ctx, "A-none", true), triage.ErrNotFound)
	})
}

func testLinks(t *testing.T, w *world) {
	soon := time.Now().Add(time.Hour)
	key := func(b byte) triage.SHA256 { return triage.SHA256{b, 1} }
	take := func(k triage.SHA256, now time.Time) (id account.ID, err error) {
		err = w.s.Update(t.Context(), func(tx triage.Tx) error {
			id, err = tx.TakeLink(t.Context(), k, now)
			return err
		})
		return id, err
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		for b := range byte(3) {
			w.ok(tx.InsertLink(ctx, key(b), w.ann.ID, soon))
		}
		w.fails(tx.InsertLink(ctx, key(0), w.ben.ID, soon), triage.ErrConflict)
		is(w, 3)(tx.LinksSince(ctx, w.ann.ID, w.start))
		is(w, 0)(tx.LinksSince(ctx, w.ann.ID, soon))
		is(w, 0)(tx.LinksSince(ctx, w.ben.ID, w.start))
	})
	is(w, w.ann.ID)(take(key(0), soon.Add(-time.Minute)))
	refused[account.ID](w, triage.ErrNotFound)(take(key(0), soon.Add(-time.Minute))) // used
	refused[account.ID](w, triage.ErrNotFound)(take(key(1), soon))                   // expired
	refused[account.ID](w, triage.ErrNotFound)(take(key(9), w.start))                // unknown
	equal(w, w.together(8, triage.ErrNotFound, func(int) error {
		_, err := take(key(2), soon.Add(-time.Minute))
		return err
	}), 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertLink(ctx, key(3), w.ann.ID, soon))
		w.ok(tx.InsertLink(ctx, key(4), w.ben.ID, soon))
		w.ok(tx.DeleteLinks(ctx, w.ann.ID))
	})
	refused[account.ID](w, triage.ErrNotFound)(take(key(3), w.start))
	is(w, w.ben.ID)(take(key(4), w.start))
}

func testSessions(t *testing.T, w *world) {
	session := func(n int, of account.ID, expires time.Duration) account.Session {
		s := account.Session{ID: fmt.Sprintf("session-%d", n), Account: of, UserAgent: "Firefox", Created: w.at(n), LastSeen: w.at(n),
			Expires: w.at(n).Add(expires)}
		w.s.AddSession(s)
		return s
	}
	first, second := session(1, w.ann.ID, 3*time.Hour), session(2, w.ann.ID, 3*time.Hour)
	session(3, w.ann.ID, time.Minute) // expired
	bens := session(4, w.ben.ID, 3*time.Hour)
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []account.Session{second, first})(tx.Sessions(ctx, w.ann.ID))
		w.fails(tx.DeleteSession(ctx, w.ann.ID, bens.ID), triage.ErrNotFound)
		w.ok(tx.DeleteSession(ctx, w.ann.ID, second.ID))
		w.fails(tx.DeleteSession(ctx, w.ann.ID, second.ID), triage.ErrNotFound)
		is(w, []account.Session{first})(tx.Sessions(ctx, w.ann.ID))
		w.ok(tx.DeleteSessions(ctx, w.ann.ID))
		w.ok(tx.DeleteSessions(ctx, w.ann.ID))
		empty(w, must(tx.Sessions(ctx, w.ann.ID)))
		is(w, []account.Session{bens})(tx.Sessions(ctx, w.ben.ID))
	})
}

func testMessages(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateDecided, 50, 0)
	message := func(n int, state triage.MessageState, of triage.CaseID) triage.Message {
		m := triage.Message{ID: fmt.Sprintf("S-%d", n), To: w.ann.ID, Address: w.ann.Email, Subject: "Hello", Body: "Line\nline",
			Case: of, Created: w.at(n), State: state}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertMessage(ctx, m)) })
		return m
	}
	one, two := message(1, triage.MessageWaiting, c.ID), message(2, triage.MessageKept, "")
	three := message(3, triage.MessageFailed, "")
	four := message(4, triage.MessageWaiting, w.addCase(triage.LaneChildSafety, triage.StateDecided, 50, 0).ID)
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, one)(tx.Message(ctx, one.ID))
		is(w, []triage.Message{four, three, two})(tx.MessagesTo(ctx, w.ann.ID, 3))
		general := []triage.Lane{triage.LaneGeneral}
		is(w, []triage.Message{one, three})(tx.Undelivered(ctx, general, 10))
		is(w, []triage.Message{one})(tx.Undelivered(ctx, general, 1))
		is(w, []triage.Message{three, four})(tx.Undelivered(ctx, []triage.Lane{triage.LaneChildSafety}, 10))
		w.fails(tx.InsertMessage(ctx, one), triage.ErrConflict)

		sent := one
		sent.State, sent.Tries, sent.Error, sent.Delivered = triage.MessageDelivered, 2, "refused once", w.at(9)
		sent.Subject = "rewritten" // is not saved
		w.ok(tx.SaveMessage(ctx, sent))
		w.fails(tx.SaveMessage(ctx, sent), triage.ErrConflict)
		sent.Subject, sent.Version = one.Subject, 1
		is(w, sent)(tx.Message(ctx, one.ID))
		is(w, []triage.Message{three})(tx.Undelivered(ctx, general, 10))
	})
}

func testNotFound(t *testing.T, w *world) {
	w.update(func(ctx context.Context, tx triage.Tx) {
		refused[account.Organisation](w, triage.ErrNotFound)(tx.Organisation(ctx, "O-none"))
		refused[account.Account](w, triage.ErrNotFound)(tx.Account(ctx, "A-none"))
		refused[triage.Message](w, triage.ErrNotFound)(tx.Message(ctx, "S-none"))
		refused[triage.Upload](w, triage.ErrNotFound)(tx.Upload(ctx, "U-none"))
		refused[triage.Report](w, triage.ErrNotFound)(tx.Report(ctx, "R-none"))
		refused[triage.Report](w, triage.ErrNotFound)(tx.ReportByKey(ctx, w.host.ID, "none"))
		refused[triage.Exhibit](w, triage.ErrNotFound)(tx.Exhibit(ctx, "X-none"))
		refused[triage.Case](w, triage.ErrNotFound)(tx.Case(ctx, "C-none"))
		refused[triage.Decision](w, triage.ErrNotFound)(tx.Decision(ctx, "D-none"))
		refused[triage.Package](w, triage.ErrNotFound)(tx.Package(ctx, "P-none"))
		refused[triage.Leaf](w, triage.ErrNotFound)(tx.LeafOf(ctx, "E-none"))
		_, _, err := tx.Meeting(ctx, "M-none")
		w.fails(err, triage.ErrNotFound)
		_, _, err = tx.Checkpoint(ctx)
		w.fails(err, triage.ErrNotFound)

		w.fails(tx.SaveMessage(ctx, triage.Message{ID: "S-none", State: triage.MessageKept}), triage.ErrNotFound)
		w.fails(tx.SaveUpload(ctx, triage.Upload{ID: "U-none", State: triage.UploadOpen}), triage.ErrNotFound)
		w.fails(tx.SaveReport(ctx, triage.Report{ID: "R-none"}), triage.ErrNotFound)
		w.fails(tx.SaveExhibit(ctx, triage.Exhibit{ID: "X-none", Processing: triage.ProcessingDone}), triage.ErrNotFound)
		w.fails(tx.SaveCase(ctx, triage.Case{ID: "C-none", Lane: triage.LaneGeneral, State: triage.StateQueued}), triage.ErrNotFound)
		w.fails(tx.SaveDecision(ctx, triage.Decision{ID: "D-none", State: triage.DecisionInForce}), triage.ErrNotFound)
		w.fails(tx.SavePackage(ctx, triage.Package{ID: "P-none", State: triage.PackageFailed}), triage.ErrNotFound)
		w.fails(tx.Progress(ctx, "P-none", 1, 2), triage.ErrNotFound)
		w.fails(tx.ExtendBlob(ctx, triage.SHA256{9}, w.at(1)), triage.ErrNotFound)
	})
}
