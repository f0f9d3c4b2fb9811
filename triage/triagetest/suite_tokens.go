package triagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func testTokens(t *testing.T, w *world) {
	key := func(n byte) triage.SHA256 { return triage.SHA256{0xcc, n} }
	token := func(n int, of account.ID, good time.Duration) account.Token {
		k := account.Token{ID: fmt.Sprintf("T-%d", n), Account: of, Name: "Telephone", Scopes: []account.Scope{account.Uploads, account.ReportsRead},
			Created: w.at(n), Expires: w.at(n).Add(good)}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertToken(ctx, key(byte(n)), k)) })
		return k
	}
	token(1, w.ann.ID, -time.Hour)
	first, second := token(2, w.ann.ID, 3*time.Hour), token(3, w.ann.ID, 3*time.Hour)
	bens := token(4, w.ben.ID, 3*time.Hour)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(tx.InsertToken(ctx, key(2), first), triage.ErrConflict)
		is(w, []account.Token{second, first})(tx.Tokens(ctx, w.ann.ID))
		is(w, first)(tx.Token(ctx, key(2), w.at(5)))
		refused[account.Token](w, triage.ErrNotFound)(tx.Token(ctx, key(2), first.Expires))
		refused[account.Token](w, triage.ErrNotFound)(tx.Token(ctx, key(1), w.at(5)))
		refused[account.Token](w, triage.ErrNotFound)(tx.Token(ctx, key(9), w.at(5)))
		w.ok(tx.TouchToken(ctx, key(2), w.at(7)))
		w.ok(tx.TouchToken(ctx, key(2), w.at(6))) // the later one counts
		w.ok(tx.TouchToken(ctx, key(9), w.at(6)))
		first.Used = w.at(7)
		is(w, first)(tx.Token(ctx, key(2), w.at(8)))
		w.fails(tx.DeleteToken(ctx, w.ben.ID, first.ID), triage.ErrNotFound)
		w.ok(tx.DeleteToken(ctx, w.ann.ID, first.ID))
		w.fails(tx.DeleteToken(ctx, w.ann.ID, first.ID), triage.ErrNotFound)
		refused[account.Token](w, triage.ErrNotFound)(tx.Token(ctx, key(2), w.at(8)))
		w.ok(tx.DeleteTokens(ctx, w.ann.ID))
		empty(w, must(tx.Tokens(ctx, w.ann.ID)))
		is(w, []account.Token{bens})(tx.Tokens(ctx, w.ben.ID))
	})
}
