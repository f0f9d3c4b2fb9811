package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func testRecoveries(t *testing.T, w *world) {
	recovery := func(id string, of account.ID, minute int) account.Recovery {
		r := account.Recovery{ID: id, Account: of, Words: "My telephone is lost.", Asked: w.at(minute), Expires: w.at(minute).Add(time.Hour)}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertRecovery(ctx, r)) })
		return r
	}
	first, second := recovery("B-1", w.ann.ID, 1), recovery("B-2", w.ben.ID, 2)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(tx.InsertRecovery(ctx, first), triage.ErrConflict)
		is(w, first)(tx.Recovery(ctx, first.ID))
		refused[account.Recovery](w, triage.ErrNotFound)(tx.Recovery(ctx, "B-9"))
		is(w, []account.Recovery{second, first})(tx.Recoveries(ctx, "", 10))
		is(w, []account.Recovery{second})(tx.Recoveries(ctx, "", 1))
		is(w, []account.Recovery{first})(tx.Recoveries(ctx, w.ann.ID, 10))
		first.First, first.FirstAt = w.ben.ID, w.at(3)
		w.ok(tx.SaveRecovery(ctx, first))
		w.fails(tx.SaveRecovery(ctx, first), triage.ErrConflict) // read before
		first.Version++
		is(w, first)(tx.Recovery(ctx, first.ID))
		first.Second, first.Granted = w.child.ID, w.at(4)
		w.ok(tx.SaveRecovery(ctx, first))
		first.Version++
		is(w, first)(tx.Recovery(ctx, first.ID))
		second.Refuser, second.Refused, second.Answer = w.ann.ID, w.at(5), "This is not Ben."
		w.ok(tx.SaveRecovery(ctx, second))
	})
}

func testFindingPeople(t *testing.T, w *world) {
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []account.Account{w.ann})(tx.FindAccounts(ctx, "ANN", 10))
		is(w, []account.Account{w.ben})(tx.FindAccounts(ctx, w.ben.Email, 10))
		is(w, []account.Account{w.child})(tx.FindAccounts(ctx, string(w.child.ID), 10))
		is(w, []account.Account{w.ann, w.ben})(tx.FindAccounts(ctx, "", 2))
		empty(w, must(tx.FindAccounts(ctx, "%", 10))) // no pattern
		empty(w, must(tx.LockAdministrators(ctx)))
		w.ok(tx.SetRoles(ctx, w.ben.ID, account.Roles{account.Administrator}))
		w.ok(tx.SetRoles(ctx, w.ann.ID, account.Roles{account.Reviewer, account.Administrator}))
		is(w, []account.ID{w.ann.ID, w.ben.ID})(tx.LockAdministrators(ctx))
		w.ok(tx.SetClosed(ctx, w.ann.ID, true))
		is(w, []account.ID{w.ben.ID})(tx.LockAdministrators(ctx))
	})
}

func testIdentities(t *testing.T, w *world) {
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertIdentity(ctx, "https://login.example", "1", w.ann.ID))
		w.ok(tx.InsertIdentity(ctx, "https://other.example", "1", w.ben.ID))
		w.fails(tx.InsertIdentity(ctx, "https://login.example", "1", w.ben.ID), triage.ErrConflict)
		is(w, w.ann.ID)(tx.Identity(ctx, "https://login.example", "1"))
		refused[account.ID](w, triage.ErrNotFound)(tx.Identity(ctx, "https://login.example", "2"))
	})
}
