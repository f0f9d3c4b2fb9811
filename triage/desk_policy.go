package triage

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Bounds of a policy.
const (
	MaxPolicies = 100
	MaxWeight   = 20
	MaxWithin   = 90 * 24 * time.Hour // of a service level
)

// PolicyTx keeps the taxonomy.
type PolicyTx interface {
	Policies(ctx context.Context) ([]Policy, error) // in their order
	InsertPolicy(ctx context.Context, p Policy) error
	SavePolicy(ctx context.Context, p Policy) error // all but ID and Lane
	// Redate gives the cases of a policy that nobody has looked at a due time of so long after their opening.
	Redate(ctx context.Context, p PolicyID, within time.Duration) error
}

// LoadPolicies makes the stored taxonomy the one in force in this process. It is called at the start, every few seconds, and after a change.
func (d *Desk) LoadPolicies(ctx context.Context) error {
	var ps []Policy
	err := d.Store.View(ctx, func(tx Tx) (err error) { ps, err = tx.Policies(ctx); return err })
	if err == nil && len(ps) > 0 {
		inForce.Store(&ps)
	}
	return err
}

// RunPolicies keeps the taxonomy of this process as it is stored, whichever node changed it, until ctx ends.
func (d *Desk) RunPolicies(ctx context.Context, every time.Duration) {
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			if err := d.LoadPolicies(ctx); err != nil && ctx.Err() == nil {
				d.Log.Warn("the policies could not be read; those of before hold", "err", err)
			}
		}
	}
}

// AllPolicies lists the stored taxonomy.
func (d *Desk) AllPolicies(ctx context.Context, a Actor) (ps []Policy, err error) {
	if err := Allow(a, PolicyRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ps, err = tx.Policies(ctx)
		return err
	})
	return ps, err
}

// SavePolicy adds a policy (one of Version -1) or changes one. A change of the service level holds for cases that are opened from then
// on; with redate, also for open ones that nobody has looked at.
func (d *Desk) SavePolicy(ctx context.Context, a Actor, p Policy, redate bool) error {
	if err := Allow(a, PolicyChange, Target{}); err != nil {
		return err
	}
	p.Title, p.Help = account.CleanName(p.Title, MaxName), account.CleanName(p.Help, MaxTitle)
	if err := validatePolicy(p); err != nil {
		return err
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		all, err := tx.Policies(ctx)
		if err != nil {
			return err
		}
		facts, err := putPolicy(ctx, tx, all, &p)
		if err != nil {
			return err
		}
		if redate {
			if err := tx.Redate(ctx, p.ID, p.LookWithin); err != nil {
				return err
			}
		}
		facts["redated"] = strconv.FormatBool(redate)
		return d.record(ctx, tx, a.Account, entry{custody.PolicyChanged, "", "policy/" + string(p.ID), facts})
	})
	if err != nil {
		return err
	}
	return d.LoadPolicies(ctx)
}

// policyIDForm is what a new policy can be called in addresses and records.
var policyIDForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,38}[a-z0-9]$`)

func validatePolicy(p Policy) error {
	var fe FieldErrors
	if !policyIDForm.MatchString(string(p.ID)) {
		fe.Add("id", "Give it a short name of 3 to 40 small letters, digits and dashes, such as “spam”. It stays for ever.")
	}
	if !slices.Contains(AllLanes, p.Lane) {
		fe.Add("lane", "Choose a lane.")
	}
	if n := len([]rune(p.Title)); n < 3 {
		fe.Add("title", "Give it a title of at least three characters.")
	}
	if len([]rune(p.Help)) < 3 {
		fe.Add("help", "Say in one line what it is about: it helps people choose.")
	}
	if p.Level < 0 || p.Level > 2 {
		fe.Add("level", "Choose P0, P1 or P2.")
	}
	if p.Priority < 0 || p.Priority > 100 {
		fe.Add("priority", "Choose 0 to 100 points.")
	}
	if p.Weight < 0 || p.Weight > MaxWeight {
		fe.Add("weight", "Choose 0 to %d.", MaxWeight)
	}
	for field, within := range map[string]time.Duration{"look": p.LookWithin, "decide": p.DecideWithin} {
		if within < time.Minute || within > MaxWithin {
			fe.Add(field, "Choose up to %d days, and at least a minute.", int(MaxWithin.Hours()/24))
		}
	}
	return fe.Err()
}

// putPolicy stores a policy and says what it is now, and what of it was otherwise before.
func putPolicy(ctx context.Context, tx Tx, all []Policy, p *Policy) (facts custody.Detail, err error) {
	i := slices.IndexFunc(all, func(o Policy) bool { return o.ID == p.ID })
	switch {
	case p.Version < 0 && i >= 0:
		return nil, fieldError("id", "There is a policy of that name already.")
	case p.Version < 0 && len(all) >= MaxPolicies:
		return nil, Errorf(Full, "There are %d policies already. Change one that is retired.", MaxPolicies)
	case p.Version < 0:
		p.Version, p.Position = 0, all[len(all)-1].Position+1
		return policyFacts(*p), tx.InsertPolicy(ctx, *p)
	case i < 0:
		return nil, Errorf(NotFound, "There is no such policy.")
	}
	was := all[i]
	p.Lane, p.Position, p.DSA, p.Keyword, p.NCMECType = was.Lane, was.Position, was.DSA, was.Keyword, was.NCMECType
	if p.Retired && !slices.ContainsFunc(all, func(o Policy) bool { return o.ID != p.ID && o.Lane == p.Lane && !o.Retired }) {
		return nil, fieldError("retired", "It is the last policy of its lane, which would be left without any.")
	}
	facts = policyFacts(*p)
	for name, value := range policyFacts(was) {
		if facts[name] != value {
			facts["was_"+name] = value
		}
	}
	return facts, tx.SavePolicy(ctx, *p)
}

func policyFacts(p Policy) custody.Detail {
	return custody.Detail{"lane": string(p.Lane), "title": p.Title, "help": p.Help, "level": strconv.Itoa(p.Level), "priority": strconv.Itoa(p.Priority),
		"weight": strconv.Itoa(p.Weight), "look_within": p.LookWithin.String(), "decide_within": p.DecideWithin.String(), "retired": strconv.FormatBool(p.Retired)}
}
