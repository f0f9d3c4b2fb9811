package triage

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// DecisionID names a decision.
type DecisionID string

// DecisionState is where a decision stands.
type DecisionState string

// The states of a decision. A decision is never overwritten: a change is a new decision that supersedes it.
const (
	DecisionProposed   DecisionState = "proposed" // severe, waits for a second person
	DecisionInForce    DecisionState = "in force"
	DecisionRefused    DecisionState = "refused"
	DecisionSuperseded DecisionState = "superseded"
	DecisionUndone     DecisionState = "undone" // taken back within minutes, before anybody was told
	DecisionLapsed     DecisionState = "lapsed" // a proposal whose case went to the child-safety lane before a second person answered
)

// Decision is what a person decided on a case, with one finding for each reported person.
type Decision struct {
	ID         DecisionID
	Case       CaseID
	Number     int // 1, 2, … within the case
	Findings   []Finding
	Decider    account.ID
	Decided    time.Time
	Approver   account.ID // the second person, where one was needed
	Answered   time.Time  // when the second person approved or refused
	Answer     string     // what the second person wrote
	State      DecisionState
	Supersedes DecisionID
	Bulk       BulkID // that it was part of, or ""
	Version    int
}

// Finding is what was decided about one person.
type Finding struct {
	Person   PersonID   `json:"person"`
	Policy   PolicyID   `json:"policy"`
	Severity Severity   `json:"severity"`
	Action   ActionKind `json:"action"`
	Days     int        `json:"days,omitempty"` // for timed actions
	Reasons  string     `json:"reasons"`
	Spans    []Span     `json:"evidence,omitempty"` // what supports it
	Evidence string     `json:"-"`                  // likewise, as typed: see ParseSpans. Not kept
}

// Severe reports whether the finding by itself needs two people (DESIGN I7). What a suspension adds to is asked by
// Desk.severe.
func (f Finding) Severe() bool {
	return f.Action == ActBan || f.Action == ActSuspend && f.Days > SevereSuspend
}

// Words is the action as a sentence fragment, such as "Suspend for 30 days".
func (f Finding) Words() string {
	r, _ := RungOf(f.Action)
	if r.Timed {
		return fmt.Sprintf("%s for %d %s", r.Title, f.Days, plural(f.Days, "day", "days"))
	}
	return r.Title
}

// Severe reports whether any finding needs two people.
func (d Decision) Severe() bool { return slices.ContainsFunc(d.Findings, Finding.Severe) }

// validateFindings checks that every reported person has exactly one finding and that each is complete.
func validateFindings(findings []Finding, people []Person, lane Lane) error {
	return aboutEveryone(findings, people, "Decide about %s too.", func(f *Finding, p Person, fe *FieldErrors) { f.validate(p, lane, fe) })
}

// refers reports whether a finding is a referral to law enforcement.
func (d Decision) refers() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Action == ActRefer })
}

// aboutEveryone checks each reported person's finding; missing is what is said, with a name in it, of who has none.
func aboutEveryone(findings []Finding, people []Person, missing string, check func(*Finding, Person, *FieldErrors)) error {
	var fe FieldErrors
	for _, p := range people {
		i := slices.IndexFunc(findings, func(f Finding) bool { return f.Person == p.ID })
		if i < 0 {
			fe.Add("action-"+string(p.ID), missing, p.Name)
			continue
		}
		check(&findings[i], p, &fe)
	}
	if len(findings) > len(people) && len(fe) == 0 {
		fe.Add("", "The form names somebody who is not reported in this case. Reload it.")
	}
	return fe.Err()
}

func (f *Finding) validate(p Person, lane Lane, fe *FieldErrors) {
	id := string(p.ID)
	rung := f.validateOutcome(p, lane, fe)
	if f.Action != ActNone && !slices.Contains(Severities, f.Severity) {
		fe.Add("severity-"+id, "Choose how severe it was.")
	}
	if f.Action == ActNone {
		f.Severity = ""
	}
	switch {
	case !rung.Timed:
		f.Days = 0
	case f.Days < 1 || f.Days > MaxDays:
		fe.Add("days-"+id, "Say for how many days: 1 to %d.", MaxDays)
	}
}

// validateOutcome checks what a decision and a second opinion have in common: the policy, the action and the reasons.
func (f *Finding) validateOutcome(p Person, lane Lane, fe *FieldErrors) Rung {
	id := string(p.ID)
	if policy, ok := PolicyByID(f.Policy); !ok {
		fe.Add("policy-"+id, "Choose the policy.")
	} else if policy.Lane == LaneChildSafety && lane != LaneChildSafety {
		fe.Add("policy-"+id, "Move the case to child safety first: only its specialists decide on that policy.")
	}
	rung, ok := RungOf(f.Action)
	if !ok {
		fe.Add("action-"+id, "Choose an action.")
	}
	if rung.ForKnown && p.Account == "" {
		fe.Add("action-"+id, "%s has no account here that could be acted upon. Choose “No violation” or “Refer to law enforcement”.", p.Name)
	}
	f.Reasons = account.CleanText(f.Reasons)
	fe.noKey("reasons-"+id, f.Reasons)
	if n := len([]rune(f.Reasons)); n < 10 || n > MaxReasons {
		fe.Add("reasons-"+id, "Give the reasons in words (10 to %d characters): the person will read them.", MaxReasons)
	}
	return rung
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Enforcement is one effect of a finding on an account. It starts when the decision comes into force.
type Enforcement struct {
	ID       string
	Decision DecisionID
	Case     CaseID
	Account  account.ID
	Host     account.ID // whose meetings are closed, for ActRemove
	Kind     ActionKind
	Starts   time.Time
	Ends     time.Time // zero: until reversed
	Reversed time.Time // zero: not reversed
}

// InForce reports whether the effect holds at that moment. It is written when it starts, so a clock that is behind, or on
// another node, does not put it off.
func (e Enforcement) InForce(now time.Time) bool {
	return e.Reversed.IsZero() && (e.Ends.IsZero() || now.Before(e.Ends))
}

// Bars reports whether the effect keeps the account from signing in at that moment.
func (e Enforcement) Bars(now time.Time) bool { return e.barring() && e.InForce(now) }

func (e Enforcement) barring() bool { return e.Kind == ActBan || e.Kind == ActSuspend }

// ended is when the effect ended, or now where it has not.
func (e Enforcement) ended(now time.Time) time.Time {
	for _, at := range []time.Time{e.Ends, e.Reversed} {
		if !at.IsZero() && at.Before(now) {
			now = at
		}
	}
	return now
}

// suspendGap is how long an account may be free between two suspensions that still count as one.
const suspendGap = 24 * time.Hour

// barredSince is since when an account has been kept out without a break of more than suspendGap; now where it is not, and
// was not a moment ago.
func barredSince(es []Enforcement, now time.Time) time.Time {
	since := now
	for longer := true; longer; {
		longer = false
		for _, e := range es {
			if e.barring() && e.Starts.Before(since) && !e.ended(now).Before(since.Add(-suspendGap)) {
				since, longer = e.Starts, true
			}
		}
	}
	return since
}
