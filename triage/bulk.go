package triage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// One decision on many cases is many decisions: each is taken on its own case, in a transaction of its own, by the rules of Decide, and can be
// undone on its own. What is bulk about them is that a person says once what they decide, sees before what it comes to, and that
// their number stands in every entry. The child-safety lane has none, and nothing that needs a second person is in one.

// BulkID names a bulk.
type BulkID string

// Bounds of bulks.
const (
	MaxBulk  = 100
	BulkLife = time.Hour        // how long a preview can be confirmed
	UndoTime = 10 * time.Minute // how long a decision can be undone; the notices of a bulk wait for longer
	undoSafe = time.Minute      // by how much

	undoSlack = 5 * time.Second // by how much the notices of a single decision do
)

// Bulk is one decision that somebody wants to take on many cases.
type Bulk struct {
	ID        BulkID
	By        account.ID
	Policy    PolicyID // only cases that were reported under it
	Action    ActionKind
	Severity  Severity // "" with ActNone
	Reasons   string
	Made      time.Time // the preview
	Confirmed time.Time // zero: it was not
	Version   int
	Items     []BulkItem
}

// BulkItem is one case of a bulk.
type BulkItem struct {
	Case     CaseID // as it was chosen: there may be none, or none that the person may know of
	Basis    string // what the preview knew of the case; see basis
	Outcome  BulkOutcome
	Why      string // it was left out, or could not be undone
	Decision DecisionID
}

// BulkOutcome is what became of one case.
type BulkOutcome string

// The outcomes.
const (
	BulkPlanned BulkOutcome = ""
	BulkLeftOut BulkOutcome = "left out"
	BulkDecided BulkOutcome = "decided"
	BulkUndone  BulkOutcome = "undone"
)

// BulkTx keeps bulks.
type BulkTx interface {
	InsertBulk(ctx context.Context, b Bulk) error
	Bulk(ctx context.Context, id BulkID) (Bulk, error)
	SaveBulk(ctx context.Context, b Bulk) error // Confirmed only
	// SaveBulkItem writes Outcome, Why and Decision of one case, if its outcome is still the one that was read; Conflict otherwise. Whoever
	// comes second waits for the first one's transaction, so no case is decided twice.
	SaveBulkItem(ctx context.Context, b BulkID, was BulkOutcome, item BulkItem) error
}

// BulkRungs is the part of the ladder that a bulk can do: what no second person, no number of days and no liaison has a part in.
func BulkRungs() (out []Rung) {
	for _, r := range Ladder {
		if !r.Timed && r.Kind != ActRefer && !(Finding{Action: r.Kind}).Severe() {
			out = append(out, r)
		}
	}
	return out
}

// Count is how many cases have one of the outcomes.
func (b Bulk) Count(of ...BulkOutcome) (n int) {
	for _, x := range b.Items {
		if slices.Contains(of, x.Outcome) {
			n++
		}
	}
	return n
}

// looks reports whether the person must have opened each case: where something is done to somebody, and where somebody may be in danger.
func (b Bulk) looks() bool {
	p, _ := PolicyByID(b.Policy)
	return b.Action != ActNone || p.Level == 0
}

// findings is the decision on the people of one case.
func (b Bulk) findings(people []Person) (fs []Finding) {
	for _, p := range people {
		fs = append(fs, Finding{Person: p.ID, Policy: b.Policy, Severity: b.Severity, Action: b.Action, Reasons: b.Reasons})
	}
	return fs
}

// check tidies the form up and says what is wrong with it.
func (b *Bulk) check() error {
	var fe FieldErrors
	if p, ok := PolicyByID(b.Policy); !ok || p.Lane == LaneChildSafety {
		fe.Add("policy", "Choose the policy that the cases were reported under.")
	}
	if !slices.ContainsFunc(BulkRungs(), func(r Rung) bool { return r.Kind == b.Action }) {
		fe.Add("action", "Choose what is decided. Whatever needs days, a second person or the liaison is decided case by case.")
	}
	if b.Action == ActNone {
		b.Severity = ""
	} else if !slices.Contains(Severities, b.Severity) {
		fe.Add("severity", "Choose how severe it was.")
	}
	b.Reasons = account.CleanText(b.Reasons)
	fe.noKey("reasons", b.Reasons)
	if n := len([]rune(b.Reasons)); n < 10 || n > MaxReasons {
		fe.Add("reasons", "Give the reasons in words (10 to %d characters): every person will read them.", MaxReasons)
	}
	switch n := len(b.Items); {
	case n == 0:
		fe.Add("case", "Select cases in the queue or in a search first.")
	case n > MaxBulk:
		fe.Add("case", "These are %d cases; one bulk has at most %d. Select fewer.", n, MaxBulk)
	}
	return fe.Err()
}

// basis is what a preview knows of a case. When it is another at the confirmation, somebody has to look anew.
func basis(c Case, rs []Report) string {
	added, withdrawn := 0, 0
	for _, r := range rs {
		added += len(r.Additions)
		if !r.Withdrawn.IsZero() {
			withdrawn++
		}
	}
	return fmt.Sprintf("version %d, reports %d, people %d, additions %d, withdrawn %d", c.Version, len(rs), len(peopleOf(rs)), added, withdrawn)
}
