package triage

import (
	"context"
	"strconv"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// SetWindow sets for how many seconds devices of hosts keep what they received in an organisation's meetings. Meetings that run keep the one
// that their people were told; it counts for those that begin from now on.
func (d *Desk) SetWindow(ctx context.Context, a Actor, id account.OrgID, w account.Window) error {
	if err := Allow(a, PeopleChange, Target{}); err != nil {
		return err
	}
	if w < account.MinWindow || w > account.MaxWindow {
		return fieldError("window", "Write a number of seconds from 15 to 120.")
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		o, err := tx.Organisation(ctx, id)
		if err != nil || o.Window == w {
			return err
		}
		if err := tx.SetWindow(ctx, id, w); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.WindowChanged, "", "organisation/" + string(id),
			custody.Detail{"was": strconv.Itoa(int(o.Window)), "seconds": strconv.Itoa(int(w))}})
	})
}
