package triage

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// DefaultRate is how many of a hundred decisions are drawn for a second opinion where no lead said otherwise.
const DefaultRate = 5

// DefaultSevereRate is how many of a hundred severe decisions are drawn once they are approved, where no lead said otherwise.
const DefaultSevereRate = 10

// RateKind says whose decisions a rate is of.
type RateKind string

// The kinds.
const (
	RateDefault  RateKind = "default"
	RateSevere   RateKind = "severe" // of decisions that two people took
	RateReviewer RateKind = "reviewer"
	RatePolicy   RateKind = "policy"
)

// Rate is how many of a hundred decisions are drawn for a second opinion: of one reviewer, on one policy, of severe
// ones, or of all others.
type Rate struct {
	Kind    RateKind
	Subject string // an account, a policy, or "" for the default and for severe ones
	Percent int    // 0 to 100
	By      account.ID
	At      time.Time
}

// percentOf is the rate that holds for a decision: the highest that was set for its decider or for a policy in it, else the default; for a severe one
// theirs, or a higher one that was set.
func percentOf(rates []Rate, dec Decision) int {
	percent, set := 0, false
	usual, severe := DefaultRate, DefaultSevereRate
	for _, r := range rates {
		mine := r.Kind == RateReviewer && r.Subject == string(dec.Decider) ||
			r.Kind == RatePolicy && slices.ContainsFunc(dec.Findings, func(f Finding) bool { return string(f.Policy) == r.Subject })
		switch {
		case mine:
			percent, set = max(percent, r.Percent), true
		case r.Kind == RateDefault:
			usual = r.Percent
		case r.Kind == RateSevere:
			severe = r.Percent
		}
	}
	if dec.Approver != "" {
		return max(percent, severe)
	}
	if !set {
		return usual
	}
	return percent
}

// draw decides, in the transaction that brings a decision into force, whether it gets a second opinion. The number is drawn after everything that the
// decider chooses is fixed, and known to nobody before the commit: it cannot be foreseen, and trying again means deciding again.
func (d *Desk) draw(ctx context.Context, tx Tx, dec Decision) error {
	rates, err := tx.Rates(ctx)
	if err != nil {
		return err
	}
	percent := percentOf(rates, dec)
	if hit, err := d.roll(percent); err != nil || !hit {
		return err
	}
	o := Opinion{ID: OpinionID(NewID(prefixOpinion)), Decision: dec.ID, Case: dec.Case, Decider: dec.Decider, Approver: dec.Approver, Drawn: dec.Decided, Percent: percent}
	if dec.Approver != "" {
		o.Drawn = dec.Answered
	}
	if err := tx.InsertOpinion(ctx, o); err != nil {
		return err
	}
	return d.recordAt(ctx, tx, o.Drawn, account.System, entry{Act: custody.OpinionDrawn, Case: o.Case, Subject: "opinion/" + string(o.ID)})
}

// roll is true in so many of a hundred cases.
func (d *Desk) roll(percent int) (bool, error) {
	if d.Dice != nil {
		return d.Dice(100) < percent, nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100))
	return err == nil && n.Int64() < int64(percent), err
}

// Sampling is what a lead sees of rates.
type Sampling struct {
	Default  int
	Severe   int
	Rates    []Rate // of reviewers and policies
	People   []account.Account
	Policies []Policy
	Names    map[account.ID]string
}

// Sampling shows how often decisions are drawn. Policies of lanes that the lead may not know of are not among them.
func (d *Desk) Sampling(ctx context.Context, a Actor) (s Sampling, err error) {
	t, err := d.Team(ctx, a) // asks whether the actor leads
	if err != nil {
		return s, err
	}
	lanes := Lanes(a, TeamLead)
	s = Sampling{Default: DefaultRate, Severe: DefaultSevereRate, People: t.People, Names: t.Names}
	for _, p := range Policies() {
		if slices.Contains(lanes, p.Lane) {
			s.Policies = append(s.Policies, p)
		}
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		rates, err := tx.Rates(ctx)
		for _, r := range rates {
			p, known := PolicyByID(PolicyID(r.Subject))
			switch {
			case r.Kind == RateDefault:
				s.Default = r.Percent
			case r.Kind == RateSevere:
				s.Severe = r.Percent
			case r.Kind == RateReviewer, known && slices.Contains(lanes, p.Lane):
				s.Rates = append(s.Rates, r)
			}
		}
		return err
	})
	return s, err
}

// SetRate sets how many of a hundred decisions are drawn; a negative number goes back to the default.
func (d *Desk) SetRate(ctx context.Context, a Actor, r Rate) error {
	lanes, err := someLanes(a, TeamLead)
	if err != nil {
		return err
	}
	var fe FieldErrors
	if r.Percent > 100 || r.Percent < 0 && (r.Kind == RateDefault || r.Kind == RateSevere) {
		fe.Add("percent", "Choose 0 to 100.")
	}
	switch r.Kind {
	case RateDefault, RateSevere:
		r.Subject = ""
	case RatePolicy:
		if p, ok := PolicyByID(PolicyID(r.Subject)); !ok || !slices.Contains(lanes, p.Lane) {
			fe.Add("subject", "Choose a policy.")
		}
	case RateReviewer:
		if r.Subject == string(a.Account) {
			fe.Add("subject", "Nobody sets their own rate. Ask another lead.")
		}
	default:
		fe.Add("subject", "Choose a reviewer or a policy.")
	}
	if err := fe.Err(); err != nil {
		return err
	}
	r.By, r.At = a.Account, d.now()
	return d.Store.Update(ctx, func(tx Tx) error {
		if r.Kind == RateReviewer {
			if who, err := tx.Account(ctx, account.ID(r.Subject)); err != nil || len(Lanes(actorOf(who), ExhibitView)) == 0 {
				return fieldError("subject", "Choose a person who reviews clips.")
			}
		}
		if err := putRate(ctx, tx, r); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, r.At, a.Account, entry{custody.SamplingChanged, "", "sampling/" + string(r.Kind), custody.Detail{"of": r.Subject, "percent": percentWords(r)}})
	})
}

func putRate(ctx context.Context, tx Tx, r Rate) error {
	if r.Percent < 0 {
		return tx.DeleteRate(ctx, r.Kind, r.Subject)
	}
	return tx.SaveRate(ctx, r)
}

func percentWords(r Rate) string {
	if r.Percent < 0 {
		return "as the default"
	}
	return strconv.Itoa(r.Percent)
}
