package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// peopleFound is how many people a search shows.
const peopleFound = 50

// FindPeople finds people, staff or not, by a part of their name or address, or by their number; at most 50, by name.
func (d *Desk) FindPeople(ctx context.Context, a Actor, words string) (found []account.Account, err error) {
	if err := Allow(a, PeopleRead, Target{}); err != nil {
		return nil, err
	}
	if words = account.CleanName(words, MaxName); words == "" {
		return nil, nil
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		found, err = tx.FindAccounts(ctx, words, peopleFound)
		return err
	})
	return found, err
}

// PersonView is one person as an administrator sees them.
type PersonView struct {
	account.Account
	Org       account.Organisation
	Standing  []Enforcement // in force, of general cases only: what another lane did would tell of its cases
	Passkeys  int
	Last      bool // the last administrator there is
	CanChange bool // the actor may change their roles
}

// OpenPerson shows a person.
func (d *Desk) OpenPerson(ctx context.Context, a Actor, id account.ID) (v PersonView, err error) {
	if err := Allow(a, PeopleRead, Target{}); err != nil {
		return v, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		v = PersonView{CanChange: Can(a, PeopleChange, Target{Owner: id})}
		if v.Account, err = tx.Account(ctx, id); err != nil {
			return err
		}
		if v.Org, err = tx.Organisation(ctx, v.Account.Org); err != nil {
			return err
		}
		keys, err := tx.Passkeys(ctx, id)
		if err != nil {
			return err
		}
		v.Passkeys = len(keys)
		es, err := tx.EnforcementsOn(ctx, id)
		for _, e := range es {
			c, err := tx.Case(ctx, e.Case)
			if err != nil {
				return err
			}
			if c.Lane == LaneGeneral && e.InForce(d.now()) {
				v.Standing = append(v.Standing, e)
			}
		}
		return err
	})
	return v, err
}

// NewRoles is the form with which an administrator changes somebody's roles.
type NewRoles struct {
	Account account.ID
	Roles   account.Roles
	Why     string
}

// rolesContext starts what is signed of a change of roles.
const rolesContext = "proffer signed roles v1"

// statementOf is what the administrator signs.
func (n NewRoles) statementOf() passkey.Statement {
	return passkey.Statement{Act: string(custody.RoleChanged), Subject: "account/" + string(n.Account), Digest: digestOf(rolesContext, n.Account, n.Roles, n.Why)}
}

// check cleans the form and reports what is wrong with it; what comes back is the person as they are.
func (n *NewRoles) check(ctx context.Context, tx Tx, a Actor) (account.Account, error) {
	if err := Allow(a, PeopleChange, Target{Owner: n.Account}); err != nil {
		return account.Account{}, err
	}
	acc, err := tx.Account(ctx, n.Account)
	if err != nil {
		return acc, err
	}
	var fe FieldErrors
	n.Why = account.CleanText(n.Why)
	fe.noKey("why", n.Why)
	if l := len([]rune(n.Why)); l < 10 || l > MaxNote {
		fe.Add("why", "Say in 10 to %d characters why: it stands in the custody log.", MaxNote)
	}
	slices.SortFunc(n.Roles, func(x, y account.Role) int {
		return slices.Index(account.AllRoles, x) - slices.Index(account.AllRoles, y)
	})
	n.Roles = slices.Compact(n.Roles)
	if slices.ContainsFunc(n.Roles, func(r account.Role) bool { return !slices.Contains(account.AllRoles, r) }) {
		fe.Add("roles", "One of these roles does not exist. Reload the page.")
	}
	if len(fe) == 0 && sameRoles(acc.Roles, n.Roles) {
		fe.Add("roles", "These are the roles that %s has already.", acc.Name)
	}
	if acc.Roles.Has(account.Administrator) && !n.Roles.Has(account.Administrator) {
		admins, err := tx.LockAdministrators(ctx)
		if err != nil {
			return acc, err
		}
		if !slices.ContainsFunc(admins, func(id account.ID) bool { return id != n.Account }) {
			fe.Add("roles", "%s is the last administrator. Make another one first.", acc.Name)
		}
	}
	return acc, fe.Err()
}

func sameRoles(a, b account.Roles) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(r account.Role) bool { return !b.Has(r) })
}

// AskRoles asks for the administrator's passkey.
func (d *Desk) AskRoles(ctx context.Context, a Actor, n NewRoles) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if _, err := n.check(ctx, tx, a); err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, n.statementOf())
		return err
	})
	return asked, err
}

// ChangeRoles grants and withdraws roles, with the reason, signed with the administrator's passkey. Nobody changes their own, and there is always an
// administrator left. Withdrawn roles count for nothing from the next request on.
func (d *Desk) ChangeRoles(ctx context.Context, a Actor, n NewRoles, answer []byte) (acc account.Account, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		if acc, err = n.check(ctx, tx, a); err != nil {
			return err
		}
		if err := d.signed(ctx, tx, a, answer, n.statementOf()); err != nil {
			return err
		}
		if err := tx.SetRoles(ctx, n.Account, n.Roles); err != nil {
			return err
		}
		before := acc.Roles
		acc.Roles = n.Roles
		return d.record(ctx, tx, a.Account, entry{custody.RoleChanged, "", "account/" + string(n.Account), custody.Detail{
			"granted": rolesBeyond(n.Roles, before), "withdrawn": rolesBeyond(before, n.Roles), "roles": rolesBeyond(n.Roles, nil), "words": n.Why}})
	})
	return acc, err
}

// rolesBeyond is the roles that are in one list and not in another.
func rolesBeyond(have, other account.Roles) string {
	var out []string
	for _, r := range have {
		if !other.Has(r) {
			out = append(out, fmt.Sprint(r))
		}
	}
	return strings.Join(out, " ")
}
