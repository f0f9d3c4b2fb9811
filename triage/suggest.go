package triage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// The ladder suggests and a person decides (TRIAGE.md). A suggestion is a sum of points that the page shows: the weight of
// the policy, what the severity adds, and the weights of earlier decisions that have not expired.

// StrikeLife is for how long an earlier decision counts.
const StrikeLife = 180 * 24 * time.Hour

// Strike is one finding in force that found a violation by an account.
type Strike struct {
	Case    CaseID
	Policy  PolicyID
	Action  ActionKind
	Decided time.Time
}

// StrikeTx reads earlier findings.
type StrikeTx interface {
	// StrikesOn lists findings of decisions in force that found a violation by an account, decided since; the newest first.
	StrikesOn(ctx context.Context, of account.ID, since time.Time) ([]Strike, error)
}

// Suggestion is what the ladder says of one person, and why.
type Suggestion struct {
	Action ActionKind
	Days   int
	Why    string
}

var severityPoints = map[Severity]int{SeverityLow: 0, SeverityMedium: 1, SeverityHigh: 3, SeverityCritical: 6}

// suggestions is the ladder by points: the first whose limit is not exceeded.
var suggestions = []struct {
	upTo   int
	action ActionKind
	days   int
}{{1, ActWarn, 0}, {3, ActRemove, 0}, {5, ActNoHosting, 7}, {7, ActSuspend, 7}, {9, ActSuspend, 30}}

// Suggest says what the ladder suggests for a violation, given the strikes that the decider may know of.
func Suggest(p Person, id PolicyID, s Severity, strikes []Strike) Suggestion {
	policy, ok := PolicyByID(id)
	if !ok {
		return Suggestion{}
	}
	grave := policy.Level == 0 && (s == SeverityHigh || s == SeverityCritical)
	switch {
	case policy.Weight == 0:
		return Suggestion{ActNone, 0, policy.Title + " has no strike weight: who is in danger needs help, not a measure."}
	case p.Account == "" && grave:
		return Suggestion{ActRefer, 0, "There is no account to act upon, and the matter is grave enough for law enforcement."}
	case p.Account == "":
		return Suggestion{}
	}
	points, earlier := policy.Weight+severityPoints[s], 0
	for _, x := range strikes {
		if was, ok := PolicyByID(x.Policy); ok {
			earlier += was.Weight
		}
	}
	points += earlier
	why := []string{fmt.Sprintf("%s weighs %d", policy.Title, policy.Weight), fmt.Sprintf("%s severity adds %d", s, severityPoints[s])}
	if len(strikes) > 0 {
		why = append(why, fmt.Sprintf("%d earlier %s within %d days %s %d", len(strikes), plural(len(strikes), "decision", "decisions"),
			int(StrikeLife.Hours()/24), plural(len(strikes), "adds", "add"), earlier))
	}
	out := Suggestion{Action: ActBan, Why: strings.Join(why, ", ") + fmt.Sprintf(": %d %s.", points, plural(points, "point", "points"))}
	for _, r := range suggestions {
		if points <= r.upTo {
			out.Action, out.Days = r.action, r.days
			break
		}
	}
	if grave {
		out.Why += " Think of a referral to law enforcement, too."
	}
	return out
}

// Suggest is the suggestion for one reported person of a case, from what the actor may know of.
func (d *Desk) Suggest(ctx context.Context, a Actor, id CaseID, person PersonID, policy PolicyID, s Severity) (out Suggestion, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		if _, err := loadCase(ctx, tx, a, CaseRead, id); err != nil {
			return err
		}
		rs, err := tx.ReportsOf(ctx, id)
		if err != nil {
			return err
		}
		p, _ := personIn(rs, person)
		if x, ok := PolicyByID(policy); p.ID == "" || !ok || !laneOpen(a, x.Lane) {
			return Errorf(NotFound, "There is nothing to suggest about that.")
		}
		strikes, err := d.strikes(ctx, tx, a, p.Account, id)
		out = Suggest(p, policy, s, strikes)
		return err
	})
	return out, err
}

// strikes is what counts against an account, as far as the actor may know of the cases behind it, without the case itself.
func (d *Desk) strikes(ctx context.Context, tx Tx, a Actor, of account.ID, not CaseID) (out []Strike, err error) {
	if of == "" {
		return nil, nil
	}
	all, err := tx.StrikesOn(ctx, of, d.now().Add(-StrikeLife))
	for _, s := range all {
		if s.Case == not {
			continue
		}
		known, err := mayRead(ctx, tx, a, s.Case)
		if err != nil {
			return nil, err
		}
		if known {
			out = append(out, s)
		}
	}
	return out, err
}
