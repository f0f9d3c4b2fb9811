package triage

import (
	"context"
	"errors"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Guest is somebody who was let into a meeting without an account: nobody vouches for the name. The zero Guest is nobody.
type Guest struct {
	Device [32]byte // public key that they joined with
	Name   string   // that they chose
}

// GuestTitle is what reviewers are told of who reported, where it was a guest.
const GuestTitle = "Guest of the meeting, unvouched"

// GuestTime is for how long after a meeting its guests can report. What waits on their devices is erased after a day.
const GuestTime = 24 * time.Hour

// FileGuestReport files a report in words by a guest (GuestActor). It is a report as any other, but its reporter has no account: nobody can be
// written to, and the receipt is all that they keep.
func (d *Desk) FileGuestReport(ctx context.Context, a Actor, n NewReport) (Report, error) {
	if err := Allow(a, GuestReport, Target{Meeting: n.Meeting}); err != nil {
		return Report{}, err
	}
	if len(n.Uploads)+len(n.Proofs) > 0 {
		return Report{}, fieldError("clips", "Guests report in words. Sign in to report with clips, or take them out.")
	}
	return d.file(ctx, a, n)
}

// GuestActor is a guest of a meeting, known by a device that has proven itself, as an actor, as long as guests of that meeting can report.
func (d *Desk) GuestActor(ctx context.Context, id MeetingID, device [32]byte) (a Actor, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		m, _, err := tx.Meeting(ctx, id)
		if err != nil {
			return err
		}
		g, err := tx.Guest(ctx, id, device)
		if errors.Is(err, ErrNotFound) {
			return Errorf(Forbidden, "Only guests who were let into this meeting can report like this. Reload the meeting’s page, or sign in to report.")
		} else if err != nil {
			return err
		}
		if !m.Ended.IsZero() && d.now().After(m.Ended.Add(GuestTime)) {
			return Errorf(Forbidden, "This meeting was over more than a day ago, so its guests cannot report from here any more. Sign in to report.")
		}
		a = Actor{Account: account.Guest, Name: g.Name, Guest: g, Meeting: id}
		return nil
	})
	return a, err
}

// reportByKey finds the report that an actor filed with a form of that key.
func reportByKey(ctx context.Context, tx Tx, a Actor, key string) (Report, error) {
	if a.Account == account.Guest {
		return tx.ReportByGuest(ctx, a.Guest.Device, key)
	}
	return tx.ReportByKey(ctx, a.Account, key)
}
