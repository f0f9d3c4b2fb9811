package triage

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/routing"
)

// Routing is what the page of queues and rules shows: those of the actor's lanes.
type Routing struct {
	Queues  []WorkQueue
	Waiting map[QueueID]int // cases that wait, up to WaitingLimit; for those who may see cases only
	Rules   []RoutingRule
	People  []account.Account // who could be a member, by name
	Names   map[account.ID]string
	Lanes   []Lane // in which the actor may make some
	Tries   bool   // the actor may try rules out, since they may see cases
}

// WorkQueues lists the queues of the actor's lanes, to choose from and to read names.
func (d *Desk) WorkQueues(ctx context.Context, a Actor) (qs []WorkQueue, err error) {
	lanes := Lanes(a, QueueRead)
	err = d.Store.View(ctx, func(tx Tx) error {
		qs, err = queuesIn(ctx, tx, lanes)
		return err
	})
	return qs, err
}

func queuesIn(ctx context.Context, tx Tx, lanes []Lane) ([]WorkQueue, error) {
	all, err := tx.WorkQueues(ctx)
	return slices.DeleteFunc(all, func(q WorkQueue) bool { return !slices.Contains(lanes, q.Lane) }), err
}

func rulesIn(ctx context.Context, tx Tx, lanes []Lane) ([]RoutingRule, error) {
	all, err := tx.RoutingRules(ctx)
	return slices.DeleteFunc(all, func(r RoutingRule) bool { return !slices.Contains(lanes, r.Lane) }), err
}

// Routing shows queues and rules.
func (d *Desk) Routing(ctx context.Context, a Actor) (out Routing, err error) {
	lanes, err := someLanes(a, RoutingChange)
	if err != nil {
		return out, err
	}
	sees := Lanes(a, QueueRead)
	err = d.Store.View(ctx, func(tx Tx) error {
		out = Routing{Lanes: lanes, Tries: len(sees) > 0, Names: map[account.ID]string{}, Waiting: map[QueueID]int{}}
		if out.Queues, err = queuesIn(ctx, tx, lanes); err != nil {
			return err
		}
		if out.Rules, err = rulesIn(ctx, tx, lanes); err != nil {
			return err
		}
		staff, err := tx.Accounts(ctx, true)
		if err != nil {
			return err
		}
		for _, x := range staff {
			out.Names[x.ID] = x.Name
			if !x.Closed && len(Lanes(actorOf(x), CaseClaim)) > 0 {
				out.People = append(out.People, x)
			}
		}
		for _, q := range append(out.Queues, WorkQueue{ID: NoQueue}) {
			ask := QueueQuery{Lanes: sees, States: []State{StateQueued}, Queue: q.ID, Without: a.Account}
			if out.Waiting[q.ID], err = tx.Count(ctx, ask, WaitingLimit); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// SaveQueue makes a queue, or changes the name, the members and whether it is closed of one that exists.
func (d *Desk) SaveQueue(ctx context.Context, a Actor, q WorkQueue) (WorkQueue, error) {
	if err := Allow(a, RoutingChange, Target{Lane: q.Lane}); err != nil || !slices.Contains(AllLanes, q.Lane) {
		return q, errors.Join(err, badLane(q.Lane))
	}
	q.Name = account.CleanName(q.Name, MaxName)
	q.Members = slices.Compact(slices.Sorted(slices.Values(q.Members)))
	if len([]rune(q.Name)) < 2 {
		return q, fieldError("name", "Give the queue a name of at least two characters.")
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		for _, id := range q.Members {
			if who, err := tx.Account(ctx, id); err != nil || !Can(actorOf(who), CaseClaim, Target{Lane: q.Lane}) {
				return fieldError("members", "One of the members cannot take cases of this lane. Choose people who can.")
			}
		}
		all, err := tx.WorkQueues(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o WorkQueue) bool {
			return o.ID != q.ID && o.Lane == q.Lane && !o.Closed && strings.EqualFold(o.Name, q.Name)
		}) && !q.Closed {
			return fieldError("name", "There is a queue of that name already. Choose another.")
		}
		if err := putQueue(ctx, tx, all, &q); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.QueueChanged, "", inLane(q.Lane, "queue/"+string(q.ID)), queueFacts(q)})
	})
	return q, err
}

func badLane(l Lane) error {
	if slices.Contains(AllLanes, l) {
		return nil
	}
	return fieldError("lane", "Choose a lane.")
}

func putQueue(ctx context.Context, tx Tx, all []WorkQueue, q *WorkQueue) error {
	if q.ID == "" {
		if len(all) >= MaxQueues {
			return Errorf(Full, "There are %d queues already. Close one that nobody needs, and use it for something else.", MaxQueues)
		}
		q.ID = QueueID(NewID(prefixQueue))
		return tx.InsertWorkQueue(ctx, *q)
	}
	i := slices.IndexFunc(all, func(o WorkQueue) bool { return o.ID == q.ID && o.Lane == q.Lane })
	if i < 0 {
		return Errorf(NotFound, "There is no such queue.")
	}
	return tx.SaveWorkQueue(ctx, *q)
}

func queueFacts(q WorkQueue) custody.Detail {
	members := make([]string, len(q.Members))
	for i, m := range q.Members {
		members[i] = string(m)
	}
	return custody.Detail{"lane": string(q.Lane), "name": q.Name, "members": strings.Join(members, " "), "closed": strconv.FormatBool(q.Closed)}
}

// SaveRule writes a rule, or changes one: then it is switched off until it was tried again.
func (d *Desk) SaveRule(ctx context.Context, a Actor, r RoutingRule) (RoutingRule, error) {
	if err := Allow(a, RoutingChange, Target{Lane: r.Lane}); err != nil || !slices.Contains(AllLanes, r.Lane) {
		return r, errors.Join(err, badLane(r.Lane))
	}
	r.Name, r.Condition = account.CleanName(r.Name, MaxName), account.CleanText(r.Condition)
	r.On, r.Tried, r.By, r.Changed = false, noTime, a.Account, d.now()
	err := d.Store.Update(ctx, func(tx Tx) error {
		if err := validateRule(ctx, tx, r); err != nil {
			return err
		}
		all, err := rulesIn(ctx, tx, []Lane{r.Lane})
		if err != nil {
			return err
		}
		if r.ID == "" {
			if len(all) >= MaxRules {
				return Errorf(Full, "There are %d rules already. Delete one that is not needed any more.", MaxRules)
			}
			r.ID, r.Position = RuleID(NewID(prefixRule)), len(all)
			err = tx.InsertRoutingRule(ctx, r)
		} else {
			was, err := ruleOf(all, r.ID)
			if err != nil {
				return err
			}
			r.Position = was.Position
			if err := tx.SaveRoutingRule(ctx, r); err != nil {
				return err
			}
			r.Version++
		}
		if err != nil {
			return err
		}
		return d.recordRule(ctx, tx, a, r, "written")
	})
	return r, err
}

func validateRule(ctx context.Context, tx Tx, r RoutingRule) error {
	var fe FieldErrors
	if len([]rune(r.Name)) < 2 {
		fe.Add("name", "Give the rule a name of at least two characters: reviewers read it as a reason.")
	}
	fe.noKey("name", r.Name)
	if _, err := routing.Compile(r.Condition); err != nil {
		fe.Add("condition", "%s.", sentence(err.Error()))
	}
	if r.Points < -MaxPoints || r.Points > MaxPoints {
		fe.Add("points", "Choose -%d to %d points.", MaxPoints, MaxPoints)
	}
	if r.Points == 0 && r.Queue == "" {
		fe.Add("points", "A rule does something: give it points, or a queue.")
	}
	qs, err := queuesIn(ctx, tx, []Lane{r.Lane})
	if err != nil {
		return err
	}
	if r.Queue != "" && !slices.ContainsFunc(qs, func(q WorkQueue) bool { return string(q.ID) == r.Queue && !q.Closed }) {
		fe.Add("queue", "Choose an open queue of the rule’s lane.")
	}
	return fe.Err()
}

// sentence begins with a capital.
func sentence(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

func ruleOf(all []RoutingRule, id RuleID) (RoutingRule, error) {
	if i := slices.IndexFunc(all, func(r RoutingRule) bool { return r.ID == id }); i >= 0 {
		return all[i], nil
	}
	return RoutingRule{}, Errorf(NotFound, "There is no such rule. Somebody may have deleted it: reload the page.")
}

func (d *Desk) recordRule(ctx context.Context, tx Tx, a Actor, r RoutingRule, what string) error {
	return d.record(ctx, tx, a.Account, entry{custody.RuleChanged, "", inLane(r.Lane, "rule/"+string(r.ID)), custody.Detail{"what": what, "lane": string(r.Lane), "name": r.Name,
		"condition": r.Condition, "queue": r.Queue, "points": strconv.Itoa(r.Points), "position": strconv.Itoa(r.Position), "on": strconv.FormatBool(r.On)}})
}

// changeRule does something with one rule, among those of its lane in their order.
func (d *Desk) changeRule(ctx context.Context, a Actor, id RuleID, do func(tx Tx, r RoutingRule, lane []RoutingRule) error) error {
	lanes, err := someLanes(a, RoutingChange)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		all, err := rulesIn(ctx, tx, lanes)
		if err != nil {
			return err
		}
		r, err := ruleOf(all, id)
		if err != nil {
			return err
		}
		return do(tx, r, slices.DeleteFunc(all, func(o RoutingRule) bool { return o.Lane != r.Lane }))
	})
}

// SwitchRule switches a rule on, once it was tried as it is, or off. It holds for what is rated from then on.
func (d *Desk) SwitchRule(ctx context.Context, a Actor, id RuleID, on bool) error {
	return d.changeRule(ctx, a, id, func(tx Tx, r RoutingRule, _ []RoutingRule) error {
		switch {
		case r.On == on:
			return nil
		case on && r.Tried.IsZero():
			return Errorf(Conflict, "Try the rule out first: then you see which past cases it would have changed.")
		case on:
			if err := validateRule(ctx, tx, r); err != nil {
				return Errorf(Conflict, "The rule cannot be switched on as it is: its queue may be closed. Change the rule.")
			}
		}
		r.On = on
		if err := tx.SaveRoutingRule(ctx, r); err != nil {
			return err
		}
		return d.recordRule(ctx, tx, a, r, "switched")
	})
}

// MoveRule moves a rule one place up or down: the first that holds applies.
func (d *Desk) MoveRule(ctx context.Context, a Actor, id RuleID, up bool) error {
	return d.changeRule(ctx, a, id, func(tx Tx, r RoutingRule, lane []RoutingRule) error {
		i := slices.IndexFunc(lane, func(o RoutingRule) bool { return o.ID == id })
		j := i + 1
		if up {
			j = i - 1
		}
		if j < 0 || j >= len(lane) {
			return nil // it is at the end already
		}
		lane[i], lane[j] = lane[j], lane[i]
		for n, o := range lane {
			if o.Position == n {
				continue
			}
			o.Position = n
			if err := tx.SaveRoutingRule(ctx, o); err != nil {
				return err
			}
		}
		r.Position = j
		return d.recordRule(ctx, tx, a, r, "moved")
	})
}

// DeleteRule deletes a rule for good. The log keeps what it said.
func (d *Desk) DeleteRule(ctx context.Context, a Actor, id RuleID) error {
	return d.changeRule(ctx, a, id, func(tx Tx, r RoutingRule, _ []RoutingRule) error {
		if err := tx.DeleteRoutingRule(ctx, id); err != nil {
			return err
		}
		r.On = false
		return d.recordRule(ctx, tx, a, r, "deleted")
	})
}

// Trial is what a rule would have done to the newest cases of its lane.
type Trial struct {
	Rule    RoutingRule
	Cases   int // that were looked at
	Matches int // for which its condition holds
	Taken   int // of those, how many an earlier rule takes, so that this one never applies
	Failed  int // for which its condition could not be evaluated
	Changed []TrialRow
}

// TrialRow is a case that would be somewhere else.
type TrialRow struct {
	CaseRow
	Priority int
	Queue    QueueID
}

// maxTrialRows bounds how many changed cases a trial names.
const maxTrialRows = 25

// TryRule holds a rule against the newest cases of its lane, as they are known today, and notes that it was tried.
func (d *Desk) TryRule(ctx context.Context, a Actor, id RuleID) (t Trial, err error) {
	err = d.changeRule(ctx, a, id, func(tx Tx, r RoutingRule, lane []RoutingRule) error {
		if !Can(a, QueueRead, Target{Lane: r.Lane}) {
			return Errorf(Forbidden, "To try a rule out shows cases, which your role does not see. Ask a lead to try it.")
		}
		t = Trial{Rule: r}
		if err := d.tryRule(ctx, tx, a, lane, &t); err != nil {
			return err
		}
		r.Tried = d.now()
		if err := tx.SaveRoutingRule(ctx, r); err != nil {
			return err
		}
		r.Version++
		t.Rule = r
		return d.recordAt(ctx, tx, r.Tried, a.Account, entry{custody.RuleTried, "", inLane(r.Lane, "rule/"+string(r.ID)),
			custody.Detail{"cases": strconv.Itoa(t.Cases), "matches": strconv.Itoa(t.Matches), "condition": r.Condition}})
	})
	return t, err
}

func (d *Desk) tryRule(ctx context.Context, tx Tx, a Actor, lane []RoutingRule, t *Trial) error {
	before, with := beforeAndWith(lane, t.Rule)
	q := QueueQuery{Lanes: []Lane{t.Rule.Lane}, States: AllStates, Recent: true, Without: a.Account, Limit: 100}
	for t.Cases < trialCases {
		rows, err := tx.Queue(ctx, q)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := d.tryOn(ctx, tx, row, before, with, t); err != nil {
				return err
			}
		}
		last := rows[len(rows)-1]
		q.After = Cursor{Opened: last.Opened, Case: last.ID}
	}
	return nil
}

// beforeAndWith are the rules that come before one, as they are on, and those with the one at its place.
func beforeAndWith(lane []RoutingRule, rule RoutingRule) (before, with []routing.Rule) {
	for _, o := range lane {
		switch {
		case o.ID == rule.ID:
			before = slices.Clone(with)
			with = append(with, rule.Rule)
		case o.On:
			with = append(with, o.Rule)
		}
	}
	return before, with
}

func (d *Desk) tryOn(ctx context.Context, tx Tx, row CaseRow, before, with []routing.Rule, t *Trial) error {
	rs, err := tx.ReportsOf(ctx, row.ID)
	if err != nil || len(rs) == 0 { // it was merged into another
		return err
	}
	t.Cases++
	f, err := d.factsOf(ctx, tx, row.Case, rs)
	if err != nil {
		return err
	}
	alone := routing.Rate(f, []routing.Rule{t.Rule.Rule})
	switch {
	case len(alone.Failed) > 0:
		t.Failed++
		return nil
	case alone.Rule < 0:
		return nil
	}
	t.Matches++
	if routing.Rate(f, before).Rule >= 0 {
		t.Taken++
		return nil
	}
	r := routing.Rate(f, with)
	if (r.Priority != row.Priority || QueueID(r.Queue) != row.Queue) && len(t.Changed) < maxTrialRows {
		t.Changed = append(t.Changed, TrialRow{CaseRow: row, Priority: r.Priority, Queue: QueueID(r.Queue)})
	}
	return nil
}
