package triage

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Tab is one view of the queue.
type Tab string

// The tabs of the queue.
const (
	TabOpen      Tab = "open"
	TabMine      Tab = "mine"
	TabEscalated Tab = "escalated"
	TabApproval  Tab = "approval"
	TabDecided   Tab = "decided"
	TabPreparing Tab = "preparing"
)

// Tabs lists every tab in the order pages show them.
var Tabs = []Tab{TabOpen, TabMine, TabEscalated, TabApproval, TabDecided, TabPreparing}

// tabStates are the states of the cases that a tab shows.
var tabStates = map[Tab][]State{
	TabOpen:      {StateQueued, StateClaimed},
	TabMine:      {StateClaimed},
	TabEscalated: {StateEscalated},
	TabApproval:  {StateAwaiting},
	TabDecided:   {StateDecided, StateClosed},
	TabPreparing: {StateReceived, StateProcessing},
}

// query is what a tab shows to an actor: the lanes whose cases in those states they may know of. It is false where that is
// nothing. A case to which they are a party is not among them.
func (t Tab) query(a Actor) (QueueQuery, bool) {
	q := QueueQuery{States: tabStates[t], Recent: t == TabDecided, Without: a.Account}
	if len(q.States) == 0 {
		return q, false
	}
	for _, l := range AllLanes {
		if Can(a, QueueRead, Target{Lane: l, State: q.States[0]}) {
			q.Lanes = append(q.Lanes, l)
		}
	}
	if t == TabMine {
		q.Claimant = a.Account
	}
	return q, len(q.Lanes) > 0
}

// CountLimit is up to where the tabs count; beyond it they say "500+".
const CountLimit = 500

// Queue is one page of one tab, and how many cases each tab holds.
type Queue struct {
	Rows     []QueueRow
	More     bool
	Counts   map[Tab]int
	Packages []PackageRow // on TabApproval: packages that wait for the actor as second person
	Visits   []VisitRow   // on TabApproval: visits to meetings that wait for the actor as second person
	Stranded []CaseID     // for leads: queued cases that none but a lead may take, as every other reviewer is a party
}

// QueueRow is a case of the queue with what the actor may do with it.
type QueueRow struct {
	CaseRow
	Mine     bool      // held by the actor
	CanClaim bool      // free, and the actor may
	Proposed *Decision // on TabApproval: what waits for a second person
	Proposer string    // name of who decided it
}

// ListQueue shows a page of the queue: only what the actor's lanes hold and does not concern them, also in the counts.
func (d *Desk) ListQueue(ctx context.Context, a Actor, tab Tab, ask QueueQuery) (out Queue, err error) {
	if err := Allow(a, QueueRead, Target{}); err != nil {
		return Queue{}, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		out = Queue{Counts: map[Tab]int{}}
		for _, t := range Tabs {
			q, ok := t.query(a)
			if !ok {
				continue
			}
			if out.Counts[t], err = tx.Count(ctx, q, CountLimit); err != nil {
				return err
			}
		}
		if out.Stranded, err = strandedFor(ctx, tx, a); err != nil {
			return err
		}
		q, ok := tab.query(a)
		if !ok {
			return nil
		}
		q.Policy, q.Queue, q.Text, q.After = ask.Policy, ask.Queue, account.CleanName(ask.Text, MaxName), ask.After
		q.Limit = min(max(ask.Limit, 1), 199)
		if err := d.listRows(ctx, tx, a, q, &out); err != nil || tab != TabApproval {
			return err
		}
		return d.addProposals(ctx, tx, a, &out)
	})
	return out, err
}

func (d *Desk) listRows(ctx context.Context, tx Tx, a Actor, q QueueQuery, out *Queue) error {
	limit := q.Limit
	q.Limit++
	rows, err := tx.Queue(ctx, q)
	if out.More = len(rows) > limit; out.More {
		rows = rows[:limit]
	}
	for _, r := range rows {
		on := r.target(nil) // the query left out every case to which the actor is a party
		out.Rows = append(out.Rows, QueueRow{CaseRow: r, Mine: r.HeldBy(a.Account, d.now()), CanClaim: r.Free(d.now()) && Can(a, CaseClaim, on)})
	}
	return err
}

// addProposals fills in what the approval tab shows besides.
func (d *Desk) addProposals(ctx context.Context, tx Tx, a Actor, out *Queue) (err error) {
	for i := range out.Rows {
		row := &out.Rows[i]
		ds, err := tx.Decisions(ctx, row.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(ds, func(d Decision) bool { return d.State == DecisionProposed })
		if at < 0 {
			continue
		}
		names, err := tx.Names(ctx, []account.ID{ds[at].Decider})
		if err != nil {
			return err
		}
		row.Proposed, row.Proposer = &ds[at], names[ds[at].Decider]
	}
	if out.Packages, err = packagesToApprove(ctx, tx, a); err != nil {
		return err
	}
	out.Visits, err = d.visitsToApprove(ctx, tx, a)
	return err
}

// Waiting is how much waits for somebody, each counted up to WaitingLimit: the numbers in the menu.
type Waiting struct {
	Open      int // cases to take
	Decisions int // of others, to approve
	Packages  int // of others, to approve
	Visits    int // of others to meetings, to approve
	Opinions  int // second opinions to give, and for leads those that differ
}

// WaitingLimit is up to where Waiting counts.
const WaitingLimit = 100

// CountWaiting counts what waits for the actor, in their lanes and without what they are a party to.
func (d *Desk) CountWaiting(ctx context.Context, a Actor) (n Waiting, err error) {
	claim, approve := Lanes(a, CaseClaim), Lanes(a, DecisionApprove)
	if len(claim)+len(approve)+len(Lanes(a, PackageApprove))+len(Lanes(a, VisitApprove)) == 0 {
		return n, nil
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		n = Waiting{}
		if n.Open, err = tx.Count(ctx, QueueQuery{Lanes: claim, States: []State{StateQueued}, Without: a.Account, Awake: d.now()}, WaitingLimit); err != nil {
			return err
		}
		q := QueueQuery{Lanes: approve, States: []State{StateAwaiting}, Proposer: a.Account, Without: a.Account}
		if n.Decisions, err = tx.Count(ctx, q, WaitingLimit); err != nil {
			return err
		}
		ps, err := packagesToApprove(ctx, tx, a)
		if err != nil {
			return err
		}
		vs, err := d.visitsToApprove(ctx, tx, a)
		if err != nil {
			return err
		}
		n.Packages, n.Visits = len(ps), len(vs)
		n.Opinions, err = d.countOpinions(ctx, tx, a)
		return err
	})
	return n, err
}

// Claim gives the actor the lease on a case, or renews it.
func (d *Desk) Claim(ctx context.Context, a Actor, id CaseID) (c Case, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if c, err = loadCase(ctx, tx, a, CaseClaim, id); err != nil {
			return err
		}
		if c.State == StateClaimed && c.HeldBy(a.Account, d.now()) {
			return d.renew(ctx, tx, &c)
		}
		if c.State == StateClaimed && !c.Free(d.now()) {
			names, err := tx.Names(ctx, []account.ID{c.Claimant})
			if err != nil {
				return err
			}
			return Errorf(Conflict, "%s holds this case until %s UTC, unless it is given back before. Take another one.",
				names[c.Claimant], c.Lease.Format("15:04"))
		}
		return d.claim(ctx, tx, a, &c)
	})
	return c, err
}

// ClaimNext claims the most urgent free case that the actor has not just skipped; NotFound when there is none.
func (d *Desk) ClaimNext(ctx context.Context, a Actor) (c Case, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		lanes := Lanes(a, CaseClaim)
		if len(lanes) == 0 {
			return Allow(a, CaseClaim, Target{Lane: LaneGeneral})
		}
		c, err = tx.NextCase(ctx, lanes, a.Account, d.now(), d.now().Add(-SkipTime))
		if errors.Is(err, ErrNotFound) {
			return Errorf(NotFound, "No case is waiting. Well done: the queue is empty for you.")
		} else if err != nil {
			return err
		}
		return d.claim(ctx, tx, a, &c)
	})
	return c, err
}

func (d *Desk) claim(ctx context.Context, tx Tx, a Actor, c *Case) error {
	if err := d.wanted(ctx, tx, a, *c); err != nil {
		return err
	}
	if c.State == StateClaimed {
		if err := d.recordExpiry(ctx, tx, *c); err != nil {
			return err
		}
	}
	if err := c.advance(StepClaim); err != nil {
		return err
	}
	c.Deferred = noTime
	if c.Claimant = a.Account; c.Looked.IsZero() {
		c.Looked = d.now()
	}
	if err := d.renew(ctx, tx, c); err != nil {
		return err
	}
	return d.record(ctx, tx, a.Account, entry{Act: custody.CaseClaimed, Case: c.ID, Subject: "case/" + string(c.ID)})
}

func (d *Desk) renew(ctx context.Context, tx Tx, c *Case) error {
	c.Lease = d.now().Add(LeaseTime)
	err := tx.SaveCase(ctx, *c)
	c.Version++
	return err
}

func (d *Desk) recordExpiry(ctx context.Context, tx Tx, c Case) error {
	return d.record(ctx, tx, account.System, entry{custody.CaseLeaseExpired, c.ID, "case/" + string(c.ID),
		custody.Detail{"claimant": string(c.Claimant)}})
}

// Renew extends the lease while the page is open. A lease that ran out is not revived if somebody else took the case.
func (d *Desk) Renew(ctx context.Context, a Actor, id CaseID) (c Case, err error) {
	err = d.updateAgain(ctx, func(tx Tx) error {
		if c, err = loadCase(ctx, tx, a, CaseWork, id); err != nil {
			return err
		}
		if c.State != StateClaimed || c.Claimant != a.Account {
			return Errorf(Conflict, "You do not hold this case any more. Claim it again if it is free.")
		}
		return d.renew(ctx, tx, &c)
	})
	return c, err
}

// workOn loads a case that the actor holds a running lease on.
func (d *Desk) workOn(ctx context.Context, tx Tx, a Actor, id CaseID) (Case, error) {
	c, err := loadCase(ctx, tx, a, CaseWork, id)
	if err != nil {
		return c, err
	}
	if c.State == StateClaimed && !c.HeldBy(a.Account, d.now()) {
		return c, Errorf(Conflict, "Your claim on this case ran out. Claim it again to go on; what you wrote is still in the form.")
	}
	if c.State != StateClaimed {
		return c, Errorf(Conflict, "Claim the case first. It is “%s” now.", strings.ToLower(c.State.Title()))
	}
	return c, nil
}

// Release gives a case back to the queue.
func (d *Desk) Release(ctx context.Context, a Actor, id CaseID) error {
	return d.giveBack(ctx, a, id, custody.CaseReleased)
}

// Skip passes over a case without penalty: it is given back if it was held, and not offered to the actor for SkipTime.
func (d *Desk) Skip(ctx context.Context, a Actor, id CaseID) error {
	return d.giveBack(ctx, a, id, custody.CaseSkipped)
}

func (d *Desk) giveBack(ctx context.Context, a Actor, id CaseID, act custody.Act) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		c, err := loadCase(ctx, tx, a, CaseClaim, id)
		if err != nil {
			return err
		}
		mine := c.State == StateClaimed && c.Claimant == a.Account
		if act == custody.CaseReleased && !mine {
			return nil // given back before, or lost: releasing twice is no error
		}
		if act == custody.CaseSkipped {
			if c.State != StateQueued && c.State != StateEscalated && c.State != StateClaimed {
				return Errorf(Conflict, "This case is “%s”; there is nothing to skip.", strings.ToLower(c.State.Title()))
			}
			if err := tx.Skip(ctx, id, a.Account, d.now()); err != nil {
				return err
			}
		}
		if mine {
			if err := c.advance(StepRelease); err != nil {
				return err
			}
			if err := tx.SaveCase(ctx, c); err != nil {
				return err
			}
		}
		return d.record(ctx, tx, a.Account, entry{Act: act, Case: id, Subject: "case/" + string(id)})
	})
}

// Escalate hands a held case to the leads, or into the child-safety lane, with words that say why. From then on a case
// that moved lanes does not exist any more for whoever moved it, unless they hold the role.
func (d *Desk) Escalate(ctx context.Context, a Actor, id CaseID, to Lane, words string) error {
	words, err := noteWords(words)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		c, err := d.workOn(ctx, tx, a, id)
		if err != nil {
			return err
		}
		act, step := custody.CaseEscalated, StepEscalate
		if to == LaneChildSafety && c.Lane != LaneChildSafety {
			act, step = custody.CaseMoved, StepRelease
			if err := d.intoChildSafety(ctx, tx, &c); err != nil {
				return err
			}
		}
		if err := c.advance(step); err != nil {
			return err
		}
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := d.takeMergedAlong(ctx, tx, a, c); err != nil {
			return err
		}
		if err := tx.InsertNote(ctx, Note{NewID(prefixNote), id, a.Account, d.now(), words}); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{act, id, "case/" + string(id), custody.Detail{"words": words, "lane": string(c.Lane)}})
	})
}

// intoChildSafety moves a case into the lane, as urgent as what is reported there. What queue it was in says nothing there.
func (d *Desk) intoChildSafety(ctx context.Context, tx Tx, c *Case) error {
	c.Lane, c.Queue, c.Placed = LaneChildSafety, "", false
	if due := d.now().Add(movedWithin); due.Before(c.Due) {
		c.Due = due
	}
	return d.rateAgain(ctx, tx, c)
}

// AddNote writes a note that the staff who may see the case can read.
func (d *Desk) AddNote(ctx context.Context, a Actor, id CaseID, words string) error {
	words, err := noteWords(words)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if _, err := loadCase(ctx, tx, a, CaseNote, id); err != nil {
			return err
		}
		if ns, err := tx.Notes(ctx, id); err != nil || len(ns) > 0 && d.repeats(ns[len(ns)-1], a, words) {
			return err
		}
		n := Note{NewID(prefixNote), id, a.Account, d.now(), words}
		if err := tx.InsertNote(ctx, n); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.NoteAdded, id, "note/" + n.ID, custody.Detail{"words": words}})
	})
}

// repeats reports whether a note was written already by a request that got no answer and was sent again.
func (d *Desk) repeats(last Note, a Actor, words string) bool {
	return last.Author == a.Account && last.Words == words && d.now().Before(last.At.Add(repeatTime))
}

func noteWords(s string) (string, error) {
	s = account.CleanText(s)
	if n := len([]rune(s)); n == 0 {
		return s, fieldError("words", "Write something first.")
	} else if n > MaxNote {
		return s, fieldError("words", "That is %d characters; %d fit. Shorten it.", n, MaxNote)
	}
	return s, refuseKey("words", s)
}
