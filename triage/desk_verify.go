package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Verification is one time that an exhibit was held against its proof again. What was found when it was prepared stays as it was (Exhibit.Verdict).
type Verification struct {
	ID      string
	Exhibit ExhibitID
	By      account.ID
	Asked   time.Time
	Done    time.Time // zero while it waits
	Trust   Trust     // "" until then, and where it failed
	Verdict []byte    // JSON of clip.Found; nil likewise
	Differs string    // in words, what is not as it was; "" where nothing is
	Failed  string    // in words, why nothing was found out; "" where something was
}

// Verifiable reports whether there is something to hold the exhibit against, and something that was found before.
func (x Exhibit) Verifiable() bool { return len(x.Verdict) > 0 && x.Processing == ProcessingDone }

// VerifyAgain asks for an exhibit to be held against its proof again. While one such wish waits, another is the same.
func (d *Desk) VerifyAgain(ctx context.Context, a Actor, id ExhibitID) (x Exhibit, err error) {
	err = d.updateAgain(ctx, func(tx Tx) error {
		if x, err = tx.Exhibit(ctx, id); err != nil {
			return err
		}
		if _, err := loadCase(ctx, tx, a, ExhibitVerify, x.Case); err != nil {
			return err
		}
		if !x.Verifiable() {
			return Errorf(Conflict, "This exhibit has no verdict that could be found again: no proof came with it, or it is not prepared.")
		}
		vs, err := tx.Verifications(ctx, id)
		if err != nil || slices.ContainsFunc(vs, func(v Verification) bool { return v.Done.IsZero() }) {
			return err
		}
		v := Verification{ID: NewID(prefixVerification), Exhibit: id, By: a.Account, Asked: d.now()}
		if err := tx.InsertVerification(ctx, v); err != nil {
			return err
		}
		if err := tx.SaveExhibit(ctx, x); err != nil { // whoever looks at it sees it wait
			return err
		}
		if err := tx.Enqueue(ctx, VerifyExhibit{Exhibit: id, Verification: v.ID}); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, v.Asked, a.Account, entry{custody.ExhibitVerifyAsked, x.Case, "exhibit/" + string(id), custody.Detail{"verification": v.ID}})
	})
	return x, err
}

// Reverify holds an exhibit against its proof again, compares with what was found before, and keeps both. It can be repeated.
func (d *Desk) Reverify(ctx context.Context, j VerifyExhibit) error {
	var x Exhibit
	var v Verification
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		if x, err = tx.Exhibit(ctx, j.Exhibit); err != nil {
			return err
		}
		v, err = verification(ctx, tx, j)
		return err
	})
	if err != nil || !v.Done.IsZero() {
		return err
	}
	v.Verdict, v.Trust, err = d.Verify(ctx, x)
	switch {
	case errors.Is(err, ErrAltered):
		if err := d.MarkAltered(ctx, x.ID, err); err != nil {
			return err
		}
		v = Verification{ID: v.ID, Exhibit: v.Exhibit, By: v.By, Asked: v.Asked, Failed: WhyAltered}
	case err != nil:
		return err
	case v.Verdict == nil:
		v.Trust, v.Failed = "", "This server has no keys of meetings, so it could not look."
	default:
		v.Differs = verdictDiffers(x.Verdict, v.Verdict)
	}
	return d.finishVerification(ctx, x, v)
}

// GiveUpVerifying is called when the queue stops trying.
func (d *Desk) GiveUpVerifying(ctx context.Context, j VerifyExhibit) error {
	var x Exhibit
	var v Verification
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		if x, err = tx.Exhibit(ctx, j.Exhibit); err != nil {
			return err
		}
		v, err = verification(ctx, tx, j)
		return err
	})
	if err != nil || !v.Done.IsZero() {
		return err
	}
	v.Failed = "It could not be verified, although it was tried many times. Try again, or ask an administrator to look into the server's log."
	return d.finishVerification(ctx, x, v)
}

func verification(ctx context.Context, tx Tx, j VerifyExhibit) (Verification, error) {
	vs, err := tx.Verifications(ctx, j.Exhibit)
	if err != nil {
		return Verification{}, err
	}
	i := slices.IndexFunc(vs, func(v Verification) bool { return v.ID == j.Verification })
	if i < 0 {
		return Verification{}, Errorf(NotFound, "There is no such verification.")
	}
	return vs[i], nil
}

func (d *Desk) finishVerification(ctx context.Context, seen Exhibit, v Verification) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, v.Exhibit)
		if err != nil {
			return err
		}
		now, err := verification(ctx, tx, VerifyExhibit{v.Exhibit, v.ID})
		if err != nil || !now.Done.IsZero() {
			return err
		}
		v.Done = d.now()
		if err := tx.FinishVerification(ctx, v); err != nil {
			return err
		}
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		detail := custody.Detail{"verification": v.ID, "trust": string(v.Trust), "differs": v.Differs, "failed": v.Failed}
		if v.Verdict != nil {
			detail = VerdictFacts(detail, v.Verdict)
			detail["before"] = sumHex(seen.Verdict)
		}
		return d.recordAt(ctx, tx, v.Done, account.System, entry{custody.ExhibitVerified, x.Case, "exhibit/" + string(x.ID), detail})
	})
}

// maxDiffers bounds what is kept of how two verdicts differ, in bytes.
const maxDiffers = 4000

// verdictDiffers says in words what of a verdict is not as it was; "" where nothing is.
func verdictDiffers(was, now []byte) string {
	a, err := clip.ReadFound(was)
	b, err2 := clip.ReadFound(now)
	if err != nil || err2 != nil {
		return fmt.Sprintf("The verdict from before cannot be read: %v.", errors.Join(err, err2))
	}
	words := strings.Join(a.Differences(b), "; ")
	if len(words) > maxDiffers {
		words = strings.ToValidUTF8(words[:maxDiffers], "") + "…"
	}
	return words
}
