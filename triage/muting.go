package triage

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// A reporter whose reports are in bad faith is muted by a person, with a reason and an end. Nothing is lost: reports still
// come in and are decided, but last. No number mutes anybody by itself, and what children may be harmed by is never put last.

// Bounds of muting.
const (
	MaxMuteDays   = 90
	reporterReach = 180 * 24 * time.Hour // how far back reports are counted
	reportersMost = 100
)

// Mute puts the reports of one account last until it ends or is undone.
type Mute struct {
	ID      string
	Account account.ID
	Reason  string
	By      account.ID
	At      time.Time
	Until   time.Time
	Undone  time.Time // zero: it was not
}

// ReporterCount is what became of somebody's reports outside of the child-safety lane.
type ReporterCount struct {
	Account   account.ID
	Name      string
	Reports   int
	Withdrawn int
	Decided   int
	Unfounded int // decided, and no violation was found by anybody whom the report named
}

// MuteTx keeps who is muted, and counts what became of reports.
type MuteTx interface {
	InsertMute(ctx context.Context, m Mute) error
	// UndoMute ends the mutes of an account that run and says how many there were.
	UndoMute(ctx context.Context, of account.ID, at time.Time) (int, error)
	Mutes(ctx context.Context, of account.ID, now time.Time) ([]Mute, error) // those that run; of all accounts for "". The newest come first
	// ReporterCounts counts reports of the general lane filed since, without cases to which an account is a party; most
	// unfounded ones first, then most reports.
	ReporterCounts(ctx context.Context, without account.ID, since time.Time, limit int) ([]ReporterCount, error)
}

// Reporters is what leads see of those who report.
type Reporters struct {
	Counts []ReporterCount
	Mutes  []Mute
	Names  map[account.ID]string
}

// Reporters counts what became of people's reports in the last 180 days.
func (d *Desk) Reporters(ctx context.Context, a Actor) (out Reporters, err error) {
	if err := Allow(a, TeamLead, Target{Lane: LaneGeneral}); err != nil {
		return out, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		if out.Counts, err = tx.ReporterCounts(ctx, a.Account, d.now().Add(-reporterReach), reportersMost); err != nil {
			return err
		}
		if out.Mutes, err = tx.Mutes(ctx, "", d.now()); err != nil {
			return err
		}
		var ids []account.ID
		for _, m := range out.Mutes {
			ids = append(ids, m.Account, m.By)
		}
		out.Names, err = tx.Names(ctx, ids)
		return err
	})
	return out, err
}

// MuteReporter puts somebody's further reports last, for some days and with a reason.
func (d *Desk) MuteReporter(ctx context.Context, a Actor, of account.ID, days int, reason string) error {
	if err := Allow(a, TeamLead, Target{Lane: LaneGeneral}); err != nil {
		return err
	}
	var fe FieldErrors
	reason = account.CleanText(reason)
	if n := len([]rune(reason)); n < 10 || n > MaxNote {
		fe.Add("reason", "Say why, in 10 to %d characters: the log keeps it.", MaxNote)
	}
	fe.noKey("reason", reason)
	if days < 1 || days > MaxMuteDays {
		fe.Add("days", "Choose 1 to %d days.", MaxMuteDays)
	}
	if of == a.Account {
		fe.Add("account", "Nobody decides on their own reports. Ask another lead.")
	}
	if err := fe.Err(); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, of); err != nil {
			return fieldError("account", "Choose a person who has reported something.")
		}
		m := Mute{ID: NewID(prefixMute), Account: of, Reason: reason, By: a.Account, At: d.now(), Until: d.now().AddDate(0, 0, days)}
		if err := tx.InsertMute(ctx, m); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, m.At, a.Account, entry{custody.ReporterMuted, "", "account/" + string(of),
			custody.Detail{"until": factTime(m.Until), "reason": reason}})
	})
}

// UnmuteReporter undoes it. What was put last meanwhile stays where it is in the queue until it is rated anew.
func (d *Desk) UnmuteReporter(ctx context.Context, a Actor, of account.ID) error {
	if err := Allow(a, TeamLead, Target{Lane: LaneGeneral}); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		n, err := tx.UndoMute(ctx, of, d.now())
		if err != nil || n == 0 {
			return err // it has ended, or somebody was quicker: nothing is left to undo
		}
		return d.record(ctx, tx, a.Account, entry{Act: custody.ReporterUnmuted, Subject: "account/" + string(of)})
	})
}
