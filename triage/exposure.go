package triage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// What reviewers had before their eyes is counted from the intervals that players report (LogWatch), which the custody log
// keeps, too. A shift begins with the first interval after ShiftGap without any: that needs no calendar and no time zone, and
// neither midnight nor a page that is opened anew gives a fresh budget. A player that is made to report nothing is not
// counted; the viewing of it is in the log all the same.

// Times of a shift.
const (
	ShiftGap     = 8 * time.Hour    // so long without watching ends a shift
	shiftReach   = 48 * time.Hour   // how far back a shift can begin
	BreakAfter   = 25 * time.Minute // of watching without a pause of BreakTime: a break is due
	BreakTime    = 5 * time.Minute
	MaxOverride  = 24 * time.Hour // how long a lead's override can last
	budgetNearly = 5 * time.Minute
)

// BudgetGroup is what a budget is for.
type BudgetGroup string

// The groups of policies with a budget each. What is urgent counts to both.
const (
	BudgetShift  BudgetGroup = "shift"  // everything that is watched
	BudgetUrgent BudgetGroup = "urgent" // policies of level P0: the worst there is
)

// BudgetGroups lists every group.
var BudgetGroups = []BudgetGroup{BudgetShift, BudgetUrgent}

// Title is the group in words.
func (g BudgetGroup) Title() string {
	if g == BudgetUrgent {
		return "Most urgent policies (P0)"
	}
	return "All clips of a shift"
}

// Budgets is how much of a group may be watched in one shift; a group without an entry has no budget.
type Budgets map[BudgetGroup]time.Duration

// DefaultBudgets is what holds where nobody configured anything.
var DefaultBudgets = Budgets{BudgetShift: 90 * time.Minute, BudgetUrgent: 20 * time.Minute}

// groupsOf is the budgets that watching a case of that policy draws on.
func groupsOf(p PolicyID) []BudgetGroup {
	if policy, ok := PolicyByID(p); ok && policy.Level == 0 {
		return []BudgetGroup{BudgetShift, BudgetUrgent}
	}
	return []BudgetGroup{BudgetShift}
}

// Exposure is one stretch of watching: how much of a clip, in its own time, was before somebody's eyes.
type Exposure struct {
	At     time.Time // when it was reported, seconds after it was watched
	Policy PolicyID  // of the case, as it is now
	Lane   Lane      // likewise
	Length time.Duration
}

// Override lifts a budget of one person until it ends. A lead gives it, with a reason; nobody gives it to themselves.
type Override struct {
	ID      string
	Account account.ID
	Group   BudgetGroup
	Reason  string
	By      account.ID
	At      time.Time
	Until   time.Time
}

// ReviewTx keeps what is about reviewers themselves.
type ReviewTx interface {
	// Preferences are how somebody wants clips to be shown, DefaultPreferences where they never said.
	Preferences(ctx context.Context, of account.ID) (Preferences, error)
	SavePreferences(ctx context.Context, of account.ID, p Preferences) error
	// Exposures lists what an account watched since a time, oldest first.
	Exposures(ctx context.Context, of account.ID, since time.Time) ([]Exposure, error)
	InsertOverride(ctx context.Context, o Override) error
	// Overrides lists those that have not ended; of one account, or of all (""). The newest come first.
	Overrides(ctx context.Context, of account.ID, now time.Time) ([]Override, error)
}

// Preferences are one's own defaults for clips, and the policies that one is not to be given.
type Preferences struct {
	Blur, Grey, Mute bool
	Small            bool // stills and clip in a small frame
	Stills           bool // stills first, where there are any; a clip never plays by itself either way
	OptOuts          []PolicyID
}

// DefaultPreferences softens everything.
var DefaultPreferences = Preferences{Blur: true, Grey: true, Mute: true, Stills: true}

// ShiftExposure is what somebody watched in the shift that goes on.
type ShiftExposure struct {
	Began    time.Time // zero: nothing was watched yet
	Spent    map[BudgetGroup]time.Duration
	Policies []PolicyExposure // the most first
	Unbroken time.Duration    // watched since the last pause of BreakTime; 0 when one goes on
	Budgets  Budgets
	Lifted   map[BudgetGroup]time.Time // budgets that a lead lifted, with the end of that
}

// PolicyExposure is how much of one policy's clips was watched.
type PolicyExposure struct {
	Policy  PolicyID
	Watched time.Duration
}

// Left is how much more of that policy may be watched, and which budget says so. Without a limit, ok is false.
func (s ShiftExposure) Left(p PolicyID) (left time.Duration, g BudgetGroup, ok bool) {
	for _, x := range groupsOf(p) {
		budget, limited := s.Budgets[x]
		if _, lifted := s.Lifted[x]; !limited || lifted {
			continue
		}
		if l := max(0, budget-s.Spent[x]); !ok || l < left {
			left, g, ok = l, x, true
		}
	}
	return left, g, ok
}

// BreakDue reports whether it is time to look at something else.
func (s ShiftExposure) BreakDue() bool { return s.Unbroken >= BreakAfter }

// NearlySpent reports whether little is left of what that policy draws on.
func (s ShiftExposure) NearlySpent(p PolicyID) bool {
	left, _, ok := s.Left(p)
	return ok && left <= budgetNearly
}

// shiftOf counts what belongs to the shift that goes on; es is oldest first.
func shiftOf(es []Exposure, now time.Time) ShiftExposure {
	s := ShiftExposure{Spent: map[BudgetGroup]time.Duration{}}
	by := map[PolicyID]time.Duration{}
	broken, last := false, now
	for _, e := range slices.Backward(es) {
		gap := last.Sub(e.At)
		if gap >= ShiftGap {
			break
		}
		if broken = broken || gap >= BreakTime; !broken {
			s.Unbroken += e.Length
		}
		s.Began, last = e.At, e.At
		by[e.Policy] += e.Length
		for _, g := range groupsOf(e.Policy) {
			s.Spent[g] += e.Length
		}
	}
	for p, d := range by {
		s.Policies = append(s.Policies, PolicyExposure{p, d})
	}
	slices.SortFunc(s.Policies, func(a, b PolicyExposure) int {
		if a.Watched != b.Watched {
			return int(b.Watched - a.Watched)
		}
		return slices.Index(policyIDs(), a.Policy) - slices.Index(policyIDs(), b.Policy)
	})
	return s
}

func policyIDs() (ids []PolicyID) {
	for _, p := range Policies() {
		ids = append(ids, p.ID)
	}
	return ids
}

// shift is the exposure of an account as it stands, with the budgets that hold for it.
func (d *Desk) shift(ctx context.Context, tx Tx, of account.ID) (ShiftExposure, error) {
	now := d.now()
	es, err := tx.Exposures(ctx, of, now.Add(-shiftReach))
	if err != nil {
		return ShiftExposure{}, err
	}
	s := shiftOf(es, now)
	if s.Budgets = d.Budgets; s.Budgets == nil {
		s.Budgets = DefaultBudgets
	}
	s.Lifted = map[BudgetGroup]time.Time{}
	os, err := tx.Overrides(ctx, of, now)
	for _, o := range os {
		if o.Until.After(s.Lifted[o.Group]) {
			s.Lifted[o.Group] = o.Until
		}
	}
	return s, err
}

// Exposure is the actor's own shift.
func (d *Desk) Exposure(ctx context.Context, a Actor) (s ShiftExposure, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return s, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		s, err = d.shift(ctx, tx, a.Account)
		return err
	})
	return s, err
}

// ExposureOn is the actor's shift, with the policy of an exhibit's case, which says what budget it draws on.
func (d *Desk) ExposureOn(ctx context.Context, a Actor, id ExhibitID) (s ShiftExposure, p PolicyID, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, id)
		if err != nil {
			return err
		}
		c, err := loadCase(ctx, tx, a, ExhibitView, x.Case)
		if err != nil {
			return err
		}
		p = c.Policy
		s, err = d.shift(ctx, tx, a.Account)
		return err
	})
	return s, p, err
}

// withinBudget refuses to play a clip once the budget of the shift is spent.
func (d *Desk) withinBudget(ctx context.Context, tx Tx, a Actor, p PolicyID) error {
	s, err := d.shift(ctx, tx, a.Account)
	if err != nil {
		return err
	}
	if left, g, ok := s.Left(p); ok && left == 0 {
		return Errorf(Forbidden, "%s", SpentWords(g, s.Budgets[g]))
	}
	return nil
}

// SpentWords says that a budget is spent, and what one can still do.
func SpentWords(g BudgetGroup, budget time.Duration) string {
	of := "clips"
	if g == BudgetUrgent {
		of = "clips of the most urgent policies"
	}
	return fmt.Sprintf("You have watched %d minutes of %s, which is what one shift allows. Stills, waveform and words stay open to you: "+
		"decide by them, give the case back, or ask a lead for more time. It begins anew after %d hours without clips.",
		int(budget.Minutes()), of, int(ShiftGap.Hours()))
}

// Preferences are the actor's own.
func (d *Desk) Preferences(ctx context.Context, a Actor) (p Preferences, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return p, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		p, err = tx.Preferences(ctx, a.Account)
		return err
	})
	return p, err
}

// SavePreferences keeps the actor's own. The log says that they changed and not how: what somebody cannot bear is their own
// business. Policies of lanes that they may not know of are refused like unknown ones.
func (d *Desk) SavePreferences(ctx context.Context, a Actor, p Preferences) error {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return err
	}
	p.OptOuts = slices.Compact(slices.Sorted(slices.Values(p.OptOuts)))
	for _, id := range p.OptOuts {
		policy, ok := PolicyByID(id)
		if !ok || !slices.Contains(Lanes(a, ExhibitView), policy.Lane) {
			return fieldError("optout", "One of the policies is not known here. Reload the page.")
		}
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.SavePreferences(ctx, a.Account, p); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{Act: custody.PreferencesChanged, Subject: "account/" + string(a.Account)})
	})
}

// wanted refuses to give somebody a case of a policy that they opted out of, or of a queue that others take.
func (d *Desk) wanted(ctx context.Context, tx Tx, a Actor, c Case) error {
	p, err := tx.Preferences(ctx, a.Account)
	if err == nil && slices.Contains(p.OptOuts, c.Policy) {
		return Errorf(Conflict, "You opted out of “%s”, so this case stays for others. You can change that under Reviewing in your menu.", c.Policy.Title())
	} else if err != nil {
		return err
	}
	return othersTake(ctx, tx, a, c)
}

// NewOverride is what a lead fills in.
type NewOverride struct {
	Account account.ID
	Group   BudgetGroup
	Hours   int // how long it lasts
	Reason  string
}

// Lift gives somebody more time than their budget. It is in the log with its reason.
func (d *Desk) Lift(ctx context.Context, a Actor, n NewOverride) (o Override, err error) {
	if _, err := someLanes(a, TeamLead); err != nil {
		return o, err
	}
	var fe FieldErrors
	n.Reason = account.CleanText(n.Reason)
	if c := len([]rune(n.Reason)); c < 10 || c > MaxNote {
		fe.Add("reason", "Say why, in 10 to %d characters: the log keeps it.", MaxNote)
	}
	fe.noKey("reason", n.Reason)
	if !slices.Contains(BudgetGroups, n.Group) {
		fe.Add("group", "Choose which budget is lifted.")
	}
	if until := time.Duration(n.Hours) * time.Hour; n.Hours < 1 || until > MaxOverride {
		fe.Add("hours", "Choose 1 to %d hours.", int(MaxOverride.Hours()))
	}
	if n.Account == a.Account {
		fe.Add("account", "Nobody lifts their own budget. Ask another lead.")
	}
	if err := fe.Err(); err != nil {
		return o, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		who, err := tx.Account(ctx, n.Account)
		if err != nil || len(Lanes(actorOf(who), ExhibitView)) == 0 {
			return fieldError("account", "Choose a person who reviews clips.")
		}
		o = Override{ID: NewID(prefixOverride), Account: n.Account, Group: n.Group, Reason: n.Reason, By: a.Account, At: d.now(),
			Until: d.now().Add(time.Duration(n.Hours) * time.Hour)}
		if err := tx.InsertOverride(ctx, o); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, o.At, a.Account, entry{custody.BudgetLifted, "", "account/" + string(n.Account),
			custody.Detail{"budget": string(n.Group), "until": factTime(o.Until), "reason": n.Reason}})
	})
	return o, err
}

// Team is what leads see of reviewers' budgets: who could be given more time, and who has been.
type Team struct {
	People    []account.Account
	Overrides []Override
	Names     map[account.ID]string
}

// Team lists the people whose budgets the actor may lift.
func (d *Desk) Team(ctx context.Context, a Actor) (t Team, err error) {
	if _, err := someLanes(a, TeamLead); err != nil {
		return t, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		t = Team{Names: map[account.ID]string{}}
		staff, err := tx.Accounts(ctx, true)
		if err != nil {
			return err
		}
		for _, x := range staff {
			t.Names[x.ID] = x.Name
			if x.ID != a.Account && !x.Closed && len(Lanes(actorOf(x), ExhibitView)) > 0 {
				t.People = append(t.People, x)
			}
		}
		t.Overrides, err = tx.Overrides(ctx, "", d.now())
		return err
	})
	return t, err
}
