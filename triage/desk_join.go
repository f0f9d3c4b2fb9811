package triage

import (
	"context"
	"fmt"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// maxCaseExhibits is how many exhibits a case takes, from all of its reports.
const maxCaseExhibits = 5 * MaxClips

// joining is a case that a report is about to join; the zero joining is none.
type joining struct {
	Case
	exhibits int // the highest number of those that it has already
}

// joinable finds the open case that a report belongs to: of the same lane, about the same meeting and one of the same people.
// Only a meeting that the server itself knows counts: a title that somebody typed joins things that have nothing to do with
// each other (an investigator can still merge such cases). Where there is only a case that was decided, the new one of the
// report follows it: what was decided stays as it is, and was not about this report.
func joinable(ctx context.Context, tx Tx, r Report, fresh *Case, clips int) (joining, error) {
	if r.Meeting == "" {
		return joining{}, nil
	}
	cases, err := tx.Joinable(ctx, fresh.Lane, r.Meeting, r.People)
	if err != nil {
		return joining{}, err
	}
	for _, c := range cases {
		if c.Simulated != r.Simulated {
			continue
		}
		decided, err := everDecided(ctx, tx, c)
		if err != nil {
			return joining{}, err
		}
		if decided {
			fresh.Follows = c.ID // the newest one, in the end
			continue
		}
		xs, err := tx.ExhibitsOf(ctx, c.ID)
		if err != nil {
			return joining{}, err
		}
		if !holderConcerned(r, c) && len(xs)+clips <= maxCaseExhibits {
			return joining{c, lastNumber(xs)}, nil
		}
	}
	return joining{}, nil
}

// holderConcerned reports whether the report would make the one who holds the case a party to it: nobody works on a case that
// is about them, nor learns how it came to be.
func holderConcerned(r Report, c Case) bool {
	return c.Claimant != "" && (r.Reporter == c.Claimant || slices.ContainsFunc(r.People, func(p Person) bool { return p.Account == c.Claimant }))
}

// with is the case once it holds what a case of the report alone would be: the more urgent of the two counts.
func (j joining) with(fresh Case) Case {
	c := j.Case
	was, _ := PolicyByID(c.Policy)
	if now, _ := PolicyByID(fresh.Policy); now.Priority > was.Priority {
		c.Policy = fresh.Policy
	}
	if c.Due.IsZero() || fresh.Due.Before(c.Due) {
		c.Due = fresh.Due
	}
	return c
}

// recordCaseOf writes down which case a report came to, and tells who holds it.
func (d *Desk) recordCaseOf(ctx context.Context, tx Tx, r Report, c Case, joined bool) error {
	detail := custody.Detail{"priority": fmt.Sprint(c.Priority)}
	if !joined {
		if c.Follows != "" {
			detail["follows"] = string(c.Follows)
		}
		return d.recordAt(ctx, tx, c.Opened, account.System, entry{custody.CaseOpened, c.ID, "case/" + string(c.ID), detail})
	}
	detail["report"] = string(r.ID)
	if err := d.recordAt(ctx, tx, r.Filed, account.System, entry{custody.CaseJoined, c.ID, "case/" + string(c.ID), detail}); err != nil {
		return err
	}
	if c.Claimant == "" || !c.HeldBy(c.Claimant, d.now()) {
		return nil
	}
	holder, err := tx.Account(ctx, c.Claimant)
	if err != nil {
		return err
	}
	return d.send(ctx, tx, holder, c.ID, "A report joined the case you hold", fmt.Sprintf(
		"Another report on the same person and meeting has joined case %s, which you hold. Look at it before you decide:\n\n%s/cases/%s\n", c.ID, d.URL, c.ID))
}

// followed is the case that another follows, if the actor may open it.
func followed(ctx context.Context, tx Tx, a Actor, c Case) (CaseID, error) {
	if c.Follows == "" {
		return "", nil
	}
	known, err := mayRead(ctx, tx, a, c.Follows)
	if !known {
		return "", err
	}
	return c.Follows, nil
}
