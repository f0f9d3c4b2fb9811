package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/routing"
)

// rate says how urgent a case is, why, and whose it is, from its reports and what is known of its clips. It writes nothing but into c.
func (d *Desk) rate(ctx context.Context, tx Tx, c *Case, reports []Report) error {
	f, err := d.factsOf(ctx, tx, *c, reports)
	if err != nil {
		return err
	}
	rules, err := tx.RoutingRules(ctx)
	if err != nil {
		return err
	}
	r := routing.Rate(f, switchedOn(rules, c.Lane))
	for _, why := range r.Failed {
		d.Log.Warn("a routing rule failed and was passed over", "case", c.ID, "err", why)
	}
	c.Priority, c.Reasons = r.Priority, r.Reasons
	if !c.Placed {
		c.Queue = QueueID(r.Queue)
	}
	return nil
}

// rateAgain rates a stored case by what is stored now.
func (d *Desk) rateAgain(ctx context.Context, tx Tx, c *Case) error {
	rs, err := tx.ReportsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	return d.rate(ctx, tx, c, rs)
}

// switchedOn is a lane's rules that are switched on, in their order.
func switchedOn(all []RoutingRule, lane Lane) (rules []routing.Rule) {
	for _, r := range all {
		if r.On && r.Lane == lane {
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// factsOf gathers what a rule may ask of a case. The reports are given since the newest may not be stored yet.
func (d *Desk) factsOf(ctx context.Context, tx Tx, c Case, reports []Report) (f routing.Facts, err error) {
	policy, _ := PolicyByID(c.Policy)
	f = routing.Facts{Reports: len(reports), Policy: string(c.Policy), Level: policy.Level, Base: policy.Priority, AgeDays: -1,
		Moved: c.Lane == LaneChildSafety && !slices.ContainsFunc(reports, func(r Report) bool { p, _ := PolicyByID(r.Policy); return p.Lane == c.Lane })}
	words := make([]string, 0, len(reports))
	for _, r := range reports {
		words = append(words, r.Words)
		f.Guest = f.Guest || r.Reporter == account.Guest
		f.MeetingKnown = f.MeetingKnown || r.Meeting != ""
		f.Mode = max(f.Mode, string(r.MeetingMode)) // of one meeting, in the end: "" is before both
		f.Clips += len(r.Exhibits)
	}
	f.Words = strings.Join(words, "\n\n")
	if f.Muted, err = d.allMuted(ctx, tx, c.Lane, reports); err != nil {
		return f, err
	}
	if err := d.accountFacts(ctx, tx, c, reports, &f); err != nil {
		return f, err
	}
	xs, err := tx.ExhibitsOf(ctx, c.ID)
	for _, x := range xs {
		f.Verified = f.Verified || x.Trust == TrustVerified
		f.Contradicted = f.Contradicted || x.Trust == TrustContradicted
	}
	return f, err
}

// accountFacts are those of the reported people. What other lanes hold about them is no fact of this one.
func (d *Desk) accountFacts(ctx context.Context, tx Tx, c Case, reports []Report, f *routing.Facts) error {
	seen := map[account.ID]bool{}
	for _, r := range reports {
		for _, p := range r.People {
			f.People++
			if p.Account == "" || seen[p.Account] {
				continue
			}
			seen[p.Account] = true
			if err := d.oneAccount(ctx, tx, c, p, f); err != nil {
				return err
			}
			if err := hosted(ctx, tx, r.Meeting, p.Account, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Desk) oneAccount(ctx context.Context, tx Tx, c Case, p Person, f *routing.Facts) error {
	acc, err := tx.Account(ctx, p.Account)
	if err != nil {
		return err
	}
	if age := int(d.now().Sub(acc.Created).Hours() / 24); !f.Known || age < f.AgeDays {
		f.AgeDays = age
	}
	if !f.Known && acc.Org != "" {
		org, err := tx.Organisation(ctx, acc.Org)
		if err != nil {
			return err
		}
		f.Plan = string(org.Plan)
	}
	f.Known = true
	earlier, err := tx.ReportsOn(ctx, p, c.ID, []Lane{c.Lane}, 5)
	for _, e := range earlier {
		f.Earlier++
		if e.Outcome != "" && e.Outcome != ActNone {
			f.Upheld++
		}
	}
	return err
}

func hosted(ctx context.Context, tx Tx, m MeetingID, who account.ID, f *routing.Facts) error {
	if m == "" || f.Host {
		return nil
	}
	x, _, err := tx.Meeting(ctx, m)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	f.Host = x.Host == who
	return err
}

// allMuted reports whether everybody who reported was muted when they did, and still is. In the child-safety lane nobody is.
func (d *Desk) allMuted(ctx context.Context, tx Tx, lane Lane, reports []Report) (bool, error) {
	if lane != LaneGeneral {
		return false, nil
	}
	for _, r := range reports {
		if r.Reporter == account.Guest {
			return false, nil
		}
		ms, err := tx.Mutes(ctx, r.Reporter, d.now())
		if err != nil || !slices.ContainsFunc(ms, func(m Mute) bool { return !m.At.After(r.Filed) }) {
			return false, err
		}
	}
	return len(reports) > 0, nil
}

// RateWaiting has the cases of the actor's lanes that wait for somebody rated anew, by the rules in force then.
func (d *Desk) RateWaiting(ctx context.Context, a Actor) error {
	lanes, err := someLanes(a, RoutingChange)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		for _, l := range lanes {
			if err := tx.Enqueue(ctx, RateCases{By: a.Account, Lane: l}); err != nil {
				return err
			}
		}
		return nil
	})
}

// RateCases is the job of RateWaiting. A case that somebody took meanwhile stays as it is. It can be repeated.
func (d *Desk) RateCases(ctx context.Context, j RateCases) error {
	q := QueueQuery{Lanes: []Lane{j.Lane}, States: []State{StateQueued, StateEscalated}, Recent: true, Limit: 200}
	for {
		var rows []CaseRow
		err := d.Store.View(ctx, func(tx Tx) (err error) { rows, err = tx.Queue(ctx, q); return err })
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := d.rateWaiting(ctx, j.By, r.ID); err != nil {
				return err
			}
		}
		last := rows[len(rows)-1]
		q.After = Cursor{Opened: last.Opened, Case: last.ID}
	}
}

func (d *Desk) rateWaiting(ctx context.Context, by account.ID, id CaseID) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil || c.State != StateQueued && c.State != StateEscalated {
			return err // somebody took it meanwhile
		}
		was := c
		if err := d.rateAgain(ctx, tx, &c); err != nil {
			return err
		}
		if c.Priority == was.Priority && c.Queue == was.Queue && slices.Equal(c.Reasons, was.Reasons) {
			return nil
		}
		if err := tx.SaveCase(ctx, c); err != nil || c.Priority == was.Priority && c.Queue == was.Queue {
			return err // better words only
		}
		return d.record(ctx, tx, by, entry{custody.CaseRated, id, "case/" + string(id), RatedFacts(c)})
	})
}

// RatedFacts is what the log records of where a case belongs.
func RatedFacts(c Case) custody.Detail {
	return custody.Detail{"priority": fmt.Sprint(c.Priority), "queue": string(c.Queue)}
}
