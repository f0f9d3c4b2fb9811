package triage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// CaseView is everything that the case page shows.
type CaseView struct {
	Case         Case
	On           Target // what Can is asked about the case
	Follows      CaseID // Case.Follows, if the actor may open that one
	Reports      []Report
	People       []Person
	Earlier      map[PersonID][]EarlierReport
	Standing     map[PersonID][]Enforcement // what is or was in force on the person's account
	Exhibits     []ExhibitCard
	Notes        []Note
	Decisions    []Decision
	Undo         DecisionID // of the actor, that they can still undo; or ""
	Opinions     []Opinion  // that were given: before that, the page says nothing of them
	Enforcements []Enforcement
	Packages     []PackageRow // those that the actor may read
	Visits       []Visit      // of staff to the meeting, newest first
	Unvisitable  string       // why nobody of staff can enter the meeting; "" where somebody can
	Events       []LoggedEvent
	Moves        []MoveView  // merges and splits, as far as the actor may open the other case
	MergedInto   CaseID      // where a merged case ended
	CanMerge     bool        // the actor may merge cases into it, or split it
	Mergeable    []Mergeable // cases that could be merged into it
	Names        map[account.ID]string
	Orgs         map[account.OrgID]account.Organisation // that the reports came from
	Now          time.Time
}

// ExhibitCard is an exhibit with what was made of it and who watched how much.
type ExhibitCard struct {
	Exhibit
	Derivatives map[DerivativeKind]Derivative
	Watches     []Watch
	Again       []Verification // oldest first
	Known       []Known        // newest first
	Listed      []Listed       // on lists that the actor may know of
}

// OpenCase shows a case. That somebody read it is recorded before anything is shown.
func (d *Desk) OpenCase(ctx context.Context, a Actor, id CaseID) (v CaseView, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		c, on, err := openCase(ctx, tx, a, CaseRead, id)
		if err != nil {
			return err
		}
		if err := d.recordView(ctx, tx, a, entry{custody.CaseRead, id, "case/" + string(id), custody.Detail{"kind": viewCase}}); err != nil {
			return err
		}
		if v, err = d.caseView(ctx, tx, a, c, on); err != nil {
			return err
		}
		return d.viewsLines(ctx, tx, a, on, v.Exhibits)
	})
	return v, err
}

func (d *Desk) caseView(ctx context.Context, tx Tx, a Actor, c Case, on Target) (CaseView, error) {
	v := CaseView{Case: c, On: on, Now: d.now(), Orgs: map[account.OrgID]account.Organisation{}, Earlier: map[PersonID][]EarlierReport{}, Standing: map[PersonID][]Enforcement{}}
	var err error
	steps := []func() error{
		func() error { v.Follows, err = followed(ctx, tx, a, c); return err },
		func() error { v.Reports, err = tx.ReportsOf(ctx, c.ID); return err },
		func() error { v.People = peopleOf(v.Reports); return d.viewPeople(ctx, tx, a, &v) },
		func() error { return viewExhibits(ctx, tx, a, &v) },
		func() error { v.Notes, err = notesOf(ctx, tx, c.ID); return err },
		func() error { v.Decisions, err = tx.Decisions(ctx, c.ID); d.offerUndo(a, &v); return err },
		func() error { v.Opinions, err = tx.OpinionsOf(ctx, c.ID); v.Opinions = given(v.Opinions); return err },
		func() error { v.Enforcements, err = tx.Enforcements(ctx, c.ID); return err },
		func() error { return viewPackages(ctx, tx, a, &v) },
		func() error { return viewVisits(ctx, tx, &v) },
		func() error { v.Events, err = tx.EventsOf(ctx, c.ID); return err },
		func() error { return d.viewMoves(ctx, tx, a, &v) },
		func() error { return viewOrgs(ctx, tx, &v) },
		func() error { v.Names, err = tx.Names(ctx, v.accounts()); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return v, fmt.Errorf("case %s: %w", c.ID, err)
		}
	}
	return v, nil
}

func (d *Desk) viewPeople(ctx context.Context, tx Tx, a Actor, v *CaseView) (err error) {
	for _, p := range v.People {
		if v.Earlier[p.ID], err = earlierOn(ctx, tx, a, p, v.Case.ID); err != nil {
			return err
		}
		if p.Account == "" {
			continue
		}
		if v.Standing[p.ID], err = standing(ctx, tx, a, p.Account); err != nil {
			return err
		}
	}
	return nil
}

// earlierOn is the other reports on a person, as far as the actor may know of their cases.
func earlierOn(ctx context.Context, tx Tx, a Actor, p Person, not CaseID) (out []EarlierReport, err error) {
	all, err := tx.ReportsOn(ctx, p, not, Lanes(a, CaseRead), 10)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if known, err := mayRead(ctx, tx, a, r.Case); err != nil {
			return nil, err
		} else if known {
			out = append(out, r)
		}
	}
	return out, nil
}

// standing is what holds or held on an account, as far as the actor may know of the cases behind it.
func standing(ctx context.Context, tx Tx, a Actor, id account.ID) (out []Enforcement, err error) {
	all, err := tx.EnforcementsOn(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if known, err := mayRead(ctx, tx, a, e.Case); err != nil {
			return nil, err
		} else if known {
			out = append(out, e)
		}
	}
	return out, nil
}

// mayRead reports whether the actor could open a case: it is of their lane and state, and they are no party to it.
func mayRead(ctx context.Context, tx Tx, a Actor, id CaseID) (bool, error) {
	_, err := loadCase(ctx, tx, a, CaseRead, id)
	if errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func viewPackages(ctx context.Context, tx Tx, a Actor, v *CaseView) error {
	if !Can(a, PackageRead, v.On) {
		return nil
	}
	ps, err := tx.PackagesOf(ctx, v.Case.ID)
	if err != nil {
		return err
	}
	v.Packages, err = packageRows(ctx, tx, a, ps)
	return err
}

func viewOrgs(ctx context.Context, tx Tx, v *CaseView) (err error) {
	for _, r := range v.Reports {
		if r.Org == "" { // a guest's
			continue
		}
		if v.Orgs[r.Org], err = tx.Organisation(ctx, r.Org); err != nil {
			return err
		}
	}
	return nil
}

func viewExhibits(ctx context.Context, tx Tx, a Actor, v *CaseView) error {
	xs, err := tx.ExhibitsOf(ctx, v.Case.ID)
	if err != nil {
		return err
	}
	for _, x := range xs {
		xv := ExhibitCard{Exhibit: x, Derivatives: map[DerivativeKind]Derivative{}}
		ds, err := tx.Derivatives(ctx, x.ID)
		if err != nil {
			return err
		}
		for _, dv := range ds {
			xv.Derivatives[dv.Kind] = dv
		}
		if xv.Watches, err = tx.Watches(ctx, x.ID); err != nil {
			return err
		}
		if xv.Again, err = tx.Verifications(ctx, x.ID); err != nil {
			return err
		}
		if xv.Known, err = knownAs(ctx, tx, a, x); err != nil {
			return err
		}
		if xv.Listed, err = tx.MatchesOf(ctx, x.ID, listLanes(a), listedShown); err != nil {
			return err
		}
		v.Exhibits = append(v.Exhibits, xv)
	}
	return nil
}

// peopleOf is the reported people of a case, in the order in which they were named.
func peopleOf(rs []Report) (ps []Person) {
	for _, r := range rs {
		ps = append(ps, r.People...)
	}
	return ps
}

// accounts lists every account that the view names.
func (v CaseView) accounts() []account.ID {
	ids := []account.ID{v.Case.Claimant}
	for _, r := range v.Reports {
		ids = append(ids, r.Reporter)
	}
	for _, n := range v.Notes {
		ids = append(ids, n.Author)
	}
	for _, dec := range v.Decisions {
		ids = append(ids, dec.Decider, dec.Approver)
	}
	for _, x := range v.Visits {
		ids = append(ids, x.Visitor, x.Approver)
	}
	for _, m := range v.Moves {
		ids = append(ids, m.By, m.UndoneBy)
	}
	for _, o := range v.Opinions {
		ids = append(ids, o.Taker, o.Settler)
	}
	for _, es := range v.Earlier {
		for _, e := range es {
			ids = append(ids, e.Reporter)
		}
	}
	for _, x := range v.Exhibits {
		for _, w := range x.Watches {
			ids = append(ids, w.Account)
		}
		for _, k := range x.Again {
			ids = append(ids, k.By)
		}
	}
	return ids
}
