package triage

import (
	"context"
	"errors"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// StaffOrg is the organisation of staff who are not made in another one.
const StaffOrg = "Trust and safety"

// Identity is who somebody is to the house's own sign-in provider.
type Identity struct {
	Issuer, Subject string
	Email           string // verified by the provider, or ""
	Name            string
	Roles           account.Roles // that the provider's claims come to here
}

// SignInAs is SignIn for who comes from the house's sign-in provider. Their roles follow what the provider says, at each sign-in: they are granted and
// withdrawn, with an event. Who is new gets an account if there is a role for them; an account with the same verified address is theirs.
func (d *Desk) SignInAs(ctx context.Context, i Identity) (acc account.Account, err error) {
	none := Errorf(Forbidden, "The sign-in provider knows you, but none of what it says about you gives you a role here. Ask whoever keeps its groups.")
	refused := false
	err = d.Store.Update(ctx, func(tx Tx) error {
		refused = false
		acc, err = d.accountOf(ctx, tx, i)
		if errors.Is(err, ErrNotFound) && len(i.Roles) == 0 {
			return none
		}
		if errors.Is(err, ErrNotFound) {
			acc, err = d.newStaff(ctx, tx, i)
		}
		if err != nil {
			return err
		}
		if _, err := d.admit(ctx, tx, acc.ID); err != nil {
			return err
		}
		if err := d.followRoles(ctx, tx, &acc, i); err != nil {
			return err
		}
		if refused = len(i.Roles) == 0; refused {
			return tx.DeleteSessions(ctx, acc.ID)
		}
		return d.record(ctx, tx, acc.ID, entry{custody.SessionStarted, "", "account/" + string(acc.ID), custody.Detail{"provider": i.Issuer}})
	})
	if err == nil && refused {
		err = none
	}
	return acc, err
}

// accountOf is the account of an identity: the one that it had before, or the one with its address, which is its own from now on.
func (d *Desk) accountOf(ctx context.Context, tx Tx, i Identity) (account.Account, error) {
	id, err := tx.Identity(ctx, i.Issuer, i.Subject)
	if err == nil {
		return tx.Account(ctx, id)
	}
	email, bad := account.NormalizeEmail(i.Email)
	if !errors.Is(err, ErrNotFound) || bad != nil {
		return account.Account{}, err
	}
	acc, err := tx.AccountByEmail(ctx, email)
	if err != nil {
		return acc, err
	}
	return acc, d.link(ctx, tx, i, acc.ID)
}

func (d *Desk) link(ctx context.Context, tx Tx, i Identity, to account.ID) error {
	if err := tx.InsertIdentity(ctx, i.Issuer, i.Subject, to); err != nil {
		return err
	}
	return d.record(ctx, tx, account.System, entry{custody.IdentityLinked, "", "account/" + string(to), custody.Detail{"provider": i.Issuer, "identity": i.Subject}})
}

func (d *Desk) newStaff(ctx context.Context, tx Tx, i Identity) (acc account.Account, err error) {
	email, err := account.NormalizeEmail(i.Email)
	if err != nil {
		return acc, Errorf(Forbidden, "The sign-in provider does not say that your e-mail address is verified, so no account can be made for you. Ask whoever keeps it.")
	}
	orgs, err := tx.Organisations(ctx)
	if err != nil {
		return acc, err
	}
	acc = account.Account{ID: account.ID(NewID(prefixAccount)), Name: account.CleanName(i.Name, MaxName), Email: email, Created: d.now()}
	if acc.Name == "" || HoldsKey(acc.Name) {
		acc.Name = account.CleanName(email, MaxName)
	}
	for _, o := range orgs {
		if o.Name == StaffOrg {
			acc.Org = o.ID
		}
	}
	if acc.Org == "" {
		o := account.Organisation{ID: account.OrgID(NewID(prefixOrg)), Name: StaffOrg, Plan: account.PlanEnterprise, Comped: true, Window: account.DefaultWindow, Created: d.now()}
		if err := tx.InsertOrganisation(ctx, o); err != nil {
			return acc, err
		}
		acc.Org = o.ID
	}
	if err := tx.InsertAccount(ctx, acc); err != nil {
		return acc, err
	}
	return acc, d.link(ctx, tx, i, acc.ID)
}

// followRoles gives an account the roles that the provider's claims come to.
func (d *Desk) followRoles(ctx context.Context, tx Tx, acc *account.Account, i Identity) error {
	if sameRoles(acc.Roles, i.Roles) {
		return nil
	}
	before := acc.Roles
	acc.Roles = i.Roles
	if err := tx.SetRoles(ctx, acc.ID, i.Roles); err != nil {
		return err
	}
	return d.record(ctx, tx, account.System, entry{custody.RoleChanged, "", "account/" + string(acc.ID), custody.Detail{"provider": i.Issuer,
		"granted": rolesBeyond(i.Roles, before), "withdrawn": rolesBeyond(before, i.Roles), "roles": rolesBeyond(i.Roles, nil)}})
}
