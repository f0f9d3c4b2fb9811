package triage

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// SetbackAdvice says what an operator does about a log that does not continue the checkpoint that is kept outside the
// database.
const SetbackAdvice = "If you put a backup of the database back, run: proffer staff restored --why \"…\". If nobody did, somebody changed the " +
	"database: keep it and the key folder as they are, as evidence, and find out who."

// keptCheckpoint is what the witness keeps. It is read before a transaction begins: whatever is kept has been committed
// by then, so a database that does not have it went back, and is not merely late.
type keptCheckpoint struct {
	custody.Kept
	err error // why it cannot be believed
}

func (d *Desk) kept() keptCheckpoint {
	k, err := d.Witness.Kept()
	if err != nil {
		return keptCheckpoint{err: err}
	}
	return keptCheckpoint{Kept: k}
}

// check returns a *custody.Failure if the log in the database does not continue what is kept.
func (k keptCheckpoint) check(ctx context.Context, tx Tx, head custody.Checkpoint) error {
	if k.err != nil {
		return k.unreadable()
	}
	err := k.ContinuedBy(head, hashReader(ctx, tx))
	if errors.Is(err, ErrNotFound) {
		return &custody.Failure{Problem: custody.HashChanged, Index: -1, Msg: "Stored hashes of the log are missing from the database, so that it " +
			"cannot be shown to continue the checkpoint that is kept outside of it", Err: err}
	}
	return err
}

func (k keptCheckpoint) unreadable() *custody.Failure {
	return &custody.Failure{Problem: custody.KeptUnreadable, Index: -1, Msg: "What is kept of the log outside the database says nothing", Err: k.err}
}

// standing is the head of the log in the database, and why it does not continue what is kept; nil where it does.
func (d *Desk) standing(ctx context.Context, tx Tx, kept keptCheckpoint) (head logHead, failure *custody.Failure, err error) {
	if head, err = d.head(ctx, tx); err == nil {
		err = kept.check(ctx, tx, head.Checkpoint)
	}
	if errors.As(err, &failure) {
		return head, failure, nil
	}
	return head, nil, err
}

// Setback says why nothing is signed into the custody log any more; nil while the log continues what is kept outside the
// database.
func (d *Desk) Setback(ctx context.Context) (failure *custody.Failure, err error) {
	kept := d.kept()
	err = d.Store.View(ctx, func(tx Tx) error {
		_, failure, err = d.standing(ctx, tx, kept)
		return err
	})
	return failure, err
}

// KnowsLog fails where the newest checkpoint of the database was signed by a key that is not known here: nothing could be
// signed on top of it, ever.
func (d *Desk) KnowsLog(ctx context.Context) error {
	return d.Store.View(ctx, func(tx Tx) error {
		_, err := d.head(ctx, tx)
		return err
	})
}

// LogRestored records that an operator put an older database back, and why. Where the log does not continue the kept
// checkpoint, that one is set aside for ever, so that the log goes on from what was put back; aside is its new name, or "".
// The event comes first: what is set aside is always spoken of in the log.
func (d *Desk) LogRestored(ctx context.Context, why string) (aside string, err error) {
	if why = account.CleanName(why, MaxWords); why == "" {
		return "", fieldError("why", "Say why the database was put back; auditors read it for ever.")
	}
	kept := d.kept()
	var failure *custody.Failure
	err = d.Store.Update(ctx, func(tx Tx) error {
		failure = nil
		head, err := d.head(ctx, tx)
		if err != nil {
			return err // what was put back does not hold itself
		}
		if err := kept.check(ctx, tx, head.Checkpoint); err != nil && !errors.As(err, &failure) {
			return err
		}
		return d.record(ctx, tx, account.System, entry{Act: custody.LogRestored, Detail: restoredDetail(kept, head.Checkpoint, why)})
	})
	if err != nil {
		return "", err
	}
	if failure != nil {
		if aside, err = d.Witness.SetAside(d.now()); err != nil {
			return "", err
		}
	}
	for n := sequenceBatch; n == sequenceBatch; {
		if n, err = d.Sequence(ctx); err != nil {
			return aside, err
		}
	}
	return aside, nil
}

func restoredDetail(kept keptCheckpoint, head custody.Checkpoint, why string) custody.Detail {
	size := func(c custody.Checkpoint) string { return strconv.FormatInt(c.Tree.N, 10) }
	out := custody.Detail{"why": why, "size": size(head), "root": head.Tree.Hash.String()}
	if kept.err != nil {
		out["kept_size"], out["kept_error"] = "an unknown number of", account.CleanName(kept.err.Error(), MaxWords)
		return out
	}
	out["kept_size"], out["kept_root"], out["kept_checkpoint"] = size(kept.Checkpoint), kept.Tree.Hash.String(), string(kept.Signed)
	if !kept.Time.IsZero() {
		out["kept_time"] = kept.Time.Format(time.RFC3339)
	}
	return out
}
