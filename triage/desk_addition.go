package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// AddToReport appends words and clips to one's own report, until a reviewer has decided. Added clips get a receipt of
// their own.
func (d *Desk) AddToReport(ctx context.Context, a Actor, id ReportID, words string, uploads []UploadID) (Report, error) {
	words = account.CleanText(words)
	var fe FieldErrors
	if n := len([]rune(words)); n > MaxNote {
		fe.Add("words", "That is %d characters; %d fit. Shorten it, or add the rest afterwards.", n, MaxNote)
	} else if n == 0 && len(uploads) == 0 {
		fe.Add("words", "Write something, or attach a clip.")
	}
	fe.noKey("words", words)
	if err := fe.Err(); err != nil {
		return Report{}, err
	}
	if r, err := d.addedAlready(ctx, a, id, words, uploads); err != nil || r.ID != "" {
		return r, err
	}
	if err := d.retainUploads(ctx, a, uploads); err != nil {
		return Report{}, err
	}
	var out Report
	err := d.updateAgain(ctx, func(tx Tx) error {
		r, c, err := ownOpenReport(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if again, err := d.repeatsAddition(ctx, tx, r, words, uploads); again || err != nil {
			out = r
			return err
		}
		out, err = d.insertAddition(ctx, tx, a, r, c, words, uploads)
		return err
	})
	return out, err
}

// addedAlready returns the report if its last addition is this very one, whose answer was lost and which was sent again.
func (d *Desk) addedAlready(ctx context.Context, a Actor, id ReportID, words string, uploads []UploadID) (out Report, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err := tx.Report(ctx, id)
		if err != nil {
			return err
		}
		if err := Allow(a, ReportChange, Target{Owner: r.Reporter}); err != nil {
			return err
		}
		again, err := d.repeatsAddition(ctx, tx, r, words, uploads)
		if again {
			out = r
		}
		return err
	})
	return out, err
}

func (d *Desk) repeatsAddition(ctx context.Context, tx Tx, r Report, words string, uploads []UploadID) (bool, error) {
	if len(r.Additions) == 0 {
		return false, nil
	}
	last := r.Additions[len(r.Additions)-1]
	if last.Words != words || len(last.Exhibits) != len(uploads) || !d.now().Before(last.At.Add(repeatTime)) {
		return false, nil
	}
	for i, id := range uploads {
		u, err := tx.Upload(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && u.Exhibit != last.Exhibits[i] {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

func (d *Desk) insertAddition(ctx context.Context, tx Tx, a Actor, r Report, c Case, words string, uploads []UploadID) (Report, error) {
	xs, err := tx.ExhibitsOf(ctx, c.ID)
	if err != nil {
		return r, err
	}
	if len(xs)+len(uploads) > maxCaseExhibits || len(r.Additions) >= 50 {
		return r, fieldError("clips", "This report cannot take more. File a new one and name this one's number in it.")
	}
	receipt, added, err := d.planExhibits(ctx, tx, a, r.ID, c.ID, uploads, lastNumber(xs))
	if err != nil {
		return r, err
	}
	add := Addition{At: d.now(), Words: words}
	for _, x := range added {
		add.Exhibits = append(add.Exhibits, x.ID)
	}
	if len(added) > 0 {
		if add.Receipt, err = d.Signer.SignReceipt(receipt); err != nil {
			return r, err
		}
	}
	r.Additions = append(r.Additions, add)
	if err := tx.SaveReport(ctx, r); err != nil {
		return r, err
	}
	if err := d.takeExhibits(ctx, tx, a, added, uploads); err != nil {
		return r, err
	}
	facts := AdditionFacts(len(r.Additions), words)
	facts["clips"] = fmt.Sprint(len(added))
	if len(added) > 0 {
		facts["receipt_sha256"] = sumHex(add.Receipt)
	}
	return r, d.recordAt(ctx, tx, add.At, a.Account, entry{custody.ReportAmended, c.ID, "report/" + string(r.ID), facts})
}

// ownOpenReport fetches the actor's own report if it can still be changed: not withdrawn, and no decision taken. It
// saves the case, so that a decision which is taken at the same time either is seen here or loses, and has to look again.
func ownOpenReport(ctx context.Context, tx Tx, a Actor, id ReportID) (Report, Case, error) {
	r, err := tx.Report(ctx, id)
	if err != nil {
		return r, Case{}, err
	}
	if err := Allow(a, ReportChange, Target{Owner: r.Reporter}); err != nil {
		return r, Case{}, err
	}
	c, err := tx.Case(ctx, r.Case)
	if err != nil {
		return r, c, err
	}
	if !r.Withdrawn.IsZero() {
		return r, c, Errorf(Conflict, "You withdrew this report. File a new one if something else happened.")
	}
	decided, err := everDecided(ctx, tx, c)
	if err != nil {
		return r, c, err
	}
	if decided {
		return r, c, Errorf(Conflict, "A reviewer has decided already, so this report cannot be changed. File a new one for what is new.")
	}
	return r, c, tx.SaveCase(ctx, c)
}

// everDecided reports whether a reviewer has decided on the case, now or before it was reopened.
func everDecided(ctx context.Context, tx Tx, c Case) (bool, error) {
	if c.State == StateAwaiting || c.State.Settled() {
		return true, nil
	}
	ds, err := tx.Decisions(ctx, c.ID)
	return slices.ContainsFunc(ds, func(dec Decision) bool { return dec.State == DecisionInForce }), err
}

// WithdrawReport marks one's own report as withdrawn. Evidence stays under retention, and reviewers may still act.
func (d *Desk) WithdrawReport(ctx context.Context, a Actor, id ReportID) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		r, c, err := ownOpenReport(ctx, tx, a, id)
		if err != nil {
			return err
		}
		r.Withdrawn = d.now()
		if err := tx.SaveReport(ctx, r); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, r.Withdrawn, a.Account, entry{Act: custody.ReportWithdrawn, Case: c.ID, Subject: "report/" + string(r.ID)})
	})
}
