package triage

import (
	"context"
	"errors"

	"github.com/proffer/proffer/triage/account"
)

// CaseNews is what somebody who follows the queue is told of a case that changed.
type CaseNews struct {
	Case     CaseID
	Gone     bool // it left for a lane that they may not know of: nothing else is told
	State    State
	Claimant string // name
}

// NewsOfCase reads what the actor may be told of a case; NotFound is nothing. was is the lane that the case has just left,
// or "": those who could see it there know its number, and are told that it is gone.
func (d *Desk) NewsOfCase(ctx context.Context, a Actor, id CaseID, was Lane) (n CaseNews, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		c, on, err := openCase(ctx, tx, a, QueueRead, id)
		if err == nil {
			names, err := tx.Names(ctx, []account.ID{c.Claimant})
			n = CaseNews{Case: id, State: c.State, Claimant: names[c.Claimant]}
			return err
		}
		// A case moves while somebody holds it, so who was shown held cases of that lane was shown this one.
		if was != "" && errors.Is(err, ErrNotFound) && Can(a, QueueRead, Target{Lane: was, State: StateClaimed, Parties: on.Parties}) {
			n = CaseNews{Case: id, Gone: true}
			return nil
		}
		return err
	})
	return n, err
}

// NewsOfPackage reads a package for those who follow it; NotFound and Forbidden are nothing.
func (d *Desk) NewsOfPackage(ctx context.Context, a Actor, id PackageID) (p Package, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		p, err = loadPackage(ctx, tx, a, PackageRead, id)
		return err
	})
	return p, err
}

// NewsOfReports reads one's own reports in a case, for their reporter to follow.
func (d *Desk) NewsOfReports(ctx context.Context, a Actor, id CaseID) (vs []ReportView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		vs = vs[:0]
		rs, err := tx.ReportsOf(ctx, id)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if !Can(a, ReportRead, Target{Owner: r.Reporter}) {
				continue
			}
			v, err := reportView(ctx, tx, r)
			if err != nil {
				return err
			}
			vs = append(vs, v)
		}
		return nil
	})
	return vs, err
}
