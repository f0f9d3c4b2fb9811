package triagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

func testPasskeys(t *testing.T, w *world) {
	key := func(n int, of account.ID) account.Passkey {
		k := account.Passkey{ID: fmt.Sprintf("K-%d", n), Account: of, Name: "Telephone", Credential: []byte{0xcc, byte(n)}, Public: []byte{1, 2, 3},
			Synced: n == 2, Created: w.at(n)}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertPasskey(ctx, k)) })
		return k
	}
	first, second, bens := key(1, w.ann.ID), key(2, w.ann.ID), key(3, w.ben.ID)
	w.update(func(ctx context.Context, tx triage.Tx) {
		stolen := bens
		stolen.ID, stolen.Account = "K-9", w.ann.ID
		w.fails(tx.InsertPasskey(ctx, stolen), triage.ErrConflict)
		is(w, []account.Passkey{first, second})(tx.Passkeys(ctx, w.ann.ID))
		is(w, second)(tx.Passkey(ctx, second.Credential))
		refused[account.Passkey](w, triage.ErrNotFound)(tx.Passkey(ctx, []byte{9}))

		w.ok(tx.UsePasskey(ctx, first.ID, 0, w.at(5))) // without a counter, ever again
		w.ok(tx.UsePasskey(ctx, first.ID, 0, w.at(6)))
		first.Used = w.at(6)
		is(w, first)(tx.Passkey(ctx, first.Credential))
		w.ok(tx.UsePasskey(ctx, second.ID, 4_000_000_000, w.at(6)))
		for _, count := range []uint32{4_000_000_000, 3, 0} {
			w.fails(tx.UsePasskey(ctx, second.ID, count, w.at(7)), triage.ErrConflict)
		}
		second.Count, second.Used = 4_000_000_000, w.at(6)
		is(w, second)(tx.Passkey(ctx, second.Credential))
		w.fails(tx.UsePasskey(ctx, "K-9", 1, w.at(7)), triage.ErrNotFound)

		w.fails(tx.DeletePasskey(ctx, w.ben.ID, first.ID), triage.ErrNotFound)
		w.ok(tx.DeletePasskey(ctx, w.ann.ID, first.ID))
		w.fails(tx.DeletePasskey(ctx, w.ann.ID, first.ID), triage.ErrNotFound)
		is(w, []account.Passkey{second})(tx.Passkeys(ctx, w.ann.ID))
		is(w, []account.Passkey{bens})(tx.Passkeys(ctx, w.ben.ID))
	})
}

func testChallenges(t *testing.T, w *world) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	challenge := func(n byte, of account.ID, expires time.Time) triage.Challenge {
		c := triage.Challenge{Challenge: triage.SHA256{0xdd, n}, Statement: []byte{'s', '0' + n, '\n'}, Account: of, Expires: expires}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertChallenge(ctx, c)) })
		return c
	}
	old := challenge(1, w.ann.ID, now.Add(-time.Hour))
	anns, anyones := challenge(2, w.ann.ID, now.Add(time.Hour)), challenge(3, "", now.Add(time.Hour))
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(tx.InsertChallenge(ctx, anns), triage.ErrConflict)
		refused[triage.Challenge](w, triage.ErrNotFound)(tx.TakeChallenge(ctx, old.Challenge, now.Add(-2*time.Hour))) // it was swept
		refused[triage.Challenge](w, triage.ErrNotFound)(tx.TakeChallenge(ctx, anns.Challenge, anns.Expires))
		is(w, anns)(tx.TakeChallenge(ctx, anns.Challenge, now))
		refused[triage.Challenge](w, triage.ErrNotFound)(tx.TakeChallenge(ctx, anns.Challenge, now))
		is(w, anyones)(tx.TakeChallenge(ctx, anyones.Challenge, now))
	})
}

func testSignatures(t *testing.T, w *world) {
	sig := func(n int, subject string) triage.Signature {
		s := triage.Signature{ID: fmt.Sprintf("G-%d", n), Account: w.ann.ID, Act: custody.RoleChanged, Subject: subject, At: w.at(n),
			Statement: []byte(fmt.Sprintf("statement %d\n", n)), Passkey: "K-1", Credential: []byte{1}, Public: []byte{2}, AuthData: []byte{3}, ClientData: []byte{4}, Signature: []byte{5}}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertSignature(ctx, s)) })
		return s
	}
	first, second, other := sig(1, "account/A-1"), sig(2, "account/A-1"), sig(3, "account/A-2")
	w.update(func(ctx context.Context, tx triage.Tx) {
		again := first
		again.ID = "G-9"
		w.fails(tx.InsertSignature(ctx, again), triage.ErrConflict)
		is(w, []triage.Signature{first, second})(tx.Signatures(ctx, "account/A-1"))
		is(w, []triage.Signature{other})(tx.Signatures(ctx, "account/A-2"))
		empty(w, must(tx.Signatures(ctx, "account/A-3")))
	})
}
