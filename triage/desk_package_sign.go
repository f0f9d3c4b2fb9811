package triage

import (
	"context"

	"github.com/proffer/proffer/triage/custody"
)

// AskRequest asks for the passkey of who asks for a package; nil where the same was asked for a moment ago.
func (d *Desk) AskRequest(ctx context.Context, a Actor, n NewPackage) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		var p Package
		asked = nil
		_, there, err := d.draftPackage(ctx, tx, a, &n, &p)
		if err != nil || there {
			return err
		}
		asked, err = d.ask(ctx, tx, a, p.statementOf(custody.PackageRequested))
		return err
	})
	return asked, err
}

// AskAnswerPackage asks for the second person's passkey.
func (d *Desk) AskAnswerPackage(ctx context.Context, a Actor, id PackageID) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		p, err := packageToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := mayLeave(ctx, tx, p); err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, p.statementOf(custody.PackageApproved))
		return err
	})
	return asked, err
}

// packageToAnswer is a package that the actor may answer.
func packageToAnswer(ctx context.Context, tx Tx, a Actor, id PackageID) (Package, error) {
	p, err := loadPackage(ctx, tx, a, PackageApprove, id)
	if err == nil && p.State != PackageRequested {
		err = Errorf(Conflict, "This package was answered already: it is %s.", p.State)
	}
	return p, err
}
