package triage_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// The month: so many reports over 30 days, worked on by 40 people in three shifts, on PostgreSQL. Time stands still within two hours,
// in which everyone on duty works at once; so claims, decisions and opinions race as they do in life.
const (
	monthPeople = 40
	monthTick   = 2 * time.Hour
	monthClip   = time.Minute // what is watched between two questions to the server
)

// monthBudgets are small, so that they are spent.
var monthBudgets = triage.Budgets{triage.BudgetShift: 10 * time.Minute, triage.BudgetUrgent: 4 * time.Minute}

// month is a world with what its people know.
type month struct {
	*world
	staff     []*worker
	hosts     []triage.Actor
	offenders []triage.Actor
	rng       *rand.Rand // of those who report
	aside     *pgx.Conn

	mu       sync.Mutex
	reports  map[triage.CaseID]triage.Report // guarded by mu, like the rest
	truth    map[triage.CaseID]triage.ActionKind
	holders  map[triage.CaseID]account.ID
	decided  map[triage.CaseID]int // decisions taken
	again    map[triage.CaseID]int // taken up again: refused, or reopened
	given    int                   // second opinions
	refusals int                   // clips that a budget kept back
}

// worker is one of the people, who does one thing at a time.
type worker struct {
	triage.Actor
	rng     *rand.Rand
	shift   int               // 0 to 2
	leads   bool              // approves and settles: leads, and in their lane specialists
	watched []triage.Exposure // oldest first
	lifted  map[triage.BudgetGroup]time.Time
}

// TestSimulatedMonth holds that in a month of work nothing is lost, nothing is decided twice, no lease is held by two and every budget is
// kept, and that the figures say what happened.
func TestSimulatedMonth(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1_000
	}
	m := newMonth(t)
	began := time.Now()
	for tick, filed := 0, 0; tick < 30*12 && !t.Failed(); tick++ {
		due := n * (tick + 1) / (30 * 12)
		m.work(due - filed)
		filed = due
	}
	for range 24 { // two more days, in which nothing comes in
		if t.Failed() || m.idle() {
			break
		}
		m.work(0)
	}
	m.check(n)
	m.checkLog()
	m.checkFigures(n)
	t.Logf("%d reports in %v; %d second opinions; %d clips kept back by budgets", n, time.Since(began).Round(time.Second), m.given, m.refusals)
}

func newMonth(t *testing.T) *month {
	w, aside := monthWorld(t)
	m := &month{world: w, aside: aside, rng: rand.New(rand.NewPCG(1, 1)), reports: map[triage.CaseID]triage.Report{}, truth: map[triage.CaseID]triage.ActionKind{},
		holders: map[triage.CaseID]account.ID{}, decided: map[triage.CaseID]int{}, again: map[triage.CaseID]int{}}
	m.now = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	m.Budgets, m.Dice = monthBudgets, nil
	for i := range monthPeople {
		w := &worker{rng: rand.New(rand.NewPCG(2, uint64(i))), shift: i % 3, lifted: map[triage.BudgetGroup]time.Time{}}
		roles := account.Roles{account.Reviewer}
		switch {
		case i < 6:
			roles, w.leads = account.Roles{account.Lead}, true
		case i < 12:
			roles, w.leads = account.Roles{account.Reviewer, account.ChildSafety}, true
		}
		w.Actor = m.add(fmt.Sprintf("staff%d", i), roles)
		if i%9 == 8 {
			m.ok(m.SavePreferences(t.Context(), w.Actor, triage.Preferences{OptOuts: []triage.PolicyID{"self-harm", "hate"}}))
		}
		_, err := m.Key(t.Context(), w.Account)
		m.ok(err)
		m.staff = append(m.staff, w)
	}
	for i := range 20 {
		m.hosts = append(m.hosts, m.add(fmt.Sprintf("host%d", i), nil))
	}
	for i := range 200 {
		m.offenders = append(m.offenders, m.add(fmt.Sprintf("offender%d", i), nil))
	}
	return m
}

// deliver stands in for the workers, which carry out jobs and send letters: here nobody reads them.
func (m *month) deliver() {
	for _, sql := range []string{"DELETE FROM river_job", "UPDATE messages SET state = 'delivered' WHERE state = 'waiting'"} {
		_, err := m.aside.Exec(m.t.Context(), sql)
		m.ok(err)
	}
}

// monthWorld is overPostgres with a store that has the world's time, and a connection beside it.
func monthWorld(t *testing.T) (w *world, aside *pgx.Conn) {
	w = newWorldOver(t, func(clock triage.Clock) triage.Store {
		dsn := embeddedtest.Postgres(t)
		s, err := postgres.Open(t.Context(), dsn, postgres.Options{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		if aside, err = pgx.Connect(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { aside.Close(context.WithoutCancel(t.Context())) })
		return s
	})
	return w, aside
}

func (m *month) add(name string, roles account.Roles) triage.Actor {
	m.t.Helper()
	org := m.people["host"].Org
	acc, err := m.AddAccount(m.t.Context(), account.System, name, name+"@test.example", org, roles)
	m.ok(err)
	return triage.Actor{Account: acc.ID, Org: org, Name: name, Roles: roles}
}

// work is two hours.
func (m *month) work(reports int) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for range reports {
			m.report()
		}
	})
	duty := m.now.Hour() / 8
	for _, w := range m.staff {
		if w.shift == duty {
			wg.Go(func() { m.shift(w) })
		}
	}
	wg.Wait()
	if m.now = m.now.Add(monthTick); m.now.Hour()%4 == 0 {
		m.deliver()
		m.ok(m.Sweep(m.t.Context()))
	}
}

// report files one, a fifth of them with a clip, about somebody with an account or without.
func (m *month) report() {
	ctx, host := m.t.Context(), m.hosts[m.rng.IntN(len(m.hosts))]
	policies := triage.Policies()[:10]
	if m.rng.IntN(40) == 0 {
		policies = triage.Policies()[10:]
	}
	n := m.form(policies[m.rng.IntN(len(policies))].ID)
	n.People = []triage.Person{{Name: fmt.Sprintf("Stranger %d", m.rng.IntN(3000))}}
	action := []triage.ActionKind{triage.ActNone, triage.ActRefer}[m.rng.IntN(2)]
	if m.rng.IntN(3) == 0 {
		who := m.offenders[m.rng.IntN(len(m.offenders))]
		n.People = []triage.Person{{Name: who.Name, Identifier: who.Name + "@test.example"}}
		action = []triage.ActionKind{triage.ActNone, triage.ActWarn, triage.ActSuspend, triage.ActBan}[m.rng.IntN(4)]
	}
	if m.rng.IntN(5) == 0 {
		n.Uploads = []triage.UploadID{m.sealed(host)}
	}
	r, err := m.FileReport(ctx, host, n)
	m.expect(err)
	m.mu.Lock()
	m.reports[r.Case], m.truth[r.Case] = r, action
	m.mu.Unlock()
	for _, x := range r.Exhibits {
		_, _, err := m.BeginPreparing(ctx, x)
		m.expect(err)
		m.expect(m.FinishPreparing(ctx, x, triage.Prepared{}))
	}
}

// sealed is a clip of its own.
func (m *month) sealed(host triage.Actor) triage.UploadID {
	u := triage.Upload{ID: triage.UploadID(triage.NewID("U")), Owner: host.Account, Name: "clip.webm", Size: 7, State: triage.UploadSealed, Created: m.now, Touched: m.now}
	binary.BigEndian.PutUint64(u.SHA256[:], m.rng.Uint64())
	m.expect(m.Store.Update(m.t.Context(), func(tx triage.Tx) error {
		if err := tx.InsertUpload(m.t.Context(), u); err != nil {
			return err
		}
		return tx.InsertBlob(m.t.Context(), triage.Blob{SHA256: u.SHA256, Size: u.Size, Sealed: m.now, RetainUntil: m.now.Add(time.Minute)})
	}))
	return u.ID
}

// expect allows that somebody else was quicker, and nothing else.
func (m *month) expect(err error) bool {
	m.t.Helper()
	if err != nil && !errors.Is(err, triage.ErrConflict) {
		var fields triage.FieldErrors
		errors.As(err, &fields)
		m.t.Errorf("at %v: %v %v", m.now, err, errors.Join(fields.Unwrap()...))
	}
	return err == nil
}

// shift is what one person does in two hours: a few cases, now and then a second opinion, and what leads do besides.
func (m *month) shift(w *worker) {
	ctx := m.t.Context()
	if w.leads && w.rng.IntN(4) == 0 {
		m.leads(w)
	}
	for range 9 {
		c, err := m.ClaimNext(ctx, w.Actor)
		if errors.Is(err, triage.ErrNotFound) {
			break
		}
		if m.expect(err) && !m.handle(w, c) {
			return // walked away
		}
	}
	if w.rng.IntN(3) == 0 {
		m.opine(w)
	}
}

// handle does something with a case that was just claimed; false: nothing, so that the claim runs out.
func (m *month) handle(w *worker, c triage.Case) bool {
	ctx := m.t.Context()
	m.holds(w, c)
	m.watch(w, c)
	switch n := w.rng.IntN(100); {
	case n < 2:
		m.drop(c.ID) // by the time somebody else can have it, it is not held any more
		return false
	case n < 4:
		m.drop(c.ID)
		m.expect(m.Release(ctx, w.Actor, c.ID))
	case n < 7:
		m.drop(c.ID)
		m.expect(m.Skip(ctx, w.Actor, c.ID))
	case n < 9 && !w.Roles.Has(account.Lead):
		m.drop(c.ID)
		m.expect(m.Escalate(ctx, w.Actor, c.ID, "", "I am not sure about this one."))
	default:
		m.decide(w, c)
	}
	return true
}

// holds notes who has a case, and that nobody else has.
func (m *month) holds(w *worker, c triage.Case) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other := m.holders[c.ID]; other != "" {
		m.t.Errorf("at %v: %s claimed %s, which %s holds", m.now, w.Account, c.ID, other)
	}
	m.holders[c.ID] = w.Account
}

// drop notes that a case is about to be given away: noted afterwards, it might be claimed already.
func (m *month) drop(id triage.CaseID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.holders, id)
}

// known is what was reported. A case can be claimed before its reporter has noted that it is there.
func (m *month) known(id triage.CaseID) (triage.Report, triage.ActionKind) {
	for {
		m.mu.Lock()
		r, ok := m.reports[id]
		action := m.truth[id]
		m.mu.Unlock()
		if ok {
			return r, action
		}
		time.Sleep(time.Millisecond)
	}
}

// judge is what somebody makes of a case: mostly the truth.
func (m *month) judge(w *worker, id triage.CaseID) []triage.Finding {
	r, action := m.known(id)
	if w.rng.IntN(100) < 15 {
		action = []triage.ActionKind{triage.ActNone, triage.ActRefer}[w.rng.IntN(2)]
	}
	f := triage.Finding{Person: r.People[0].ID, Policy: r.Policy, Severity: triage.SeverityMedium, Action: action, Reasons: "It can be seen in the clip."}
	if action == triage.ActSuspend {
		f.Days = 3
	}
	return []triage.Finding{f}
}

func (m *month) decide(w *worker, c triage.Case) {
	m.drop(c.ID)
	findings := m.judge(w, c.ID)
	decide := m.Decide // signed, where it may have to be
	if action := findings[0].Action; action != triage.ActBan && action != triage.ActSuspend {
		decide = func(ctx context.Context, a triage.Actor, id triage.CaseID, fs []triage.Finding) (triage.Decision, error) {
			return m.Desk.Decide(ctx, a, id, fs, nil)
		}
	}
	if _, err := decide(m.t.Context(), w.Actor, c.ID, findings); m.expect(err) {
		m.mu.Lock()
		m.decided[c.ID]++
		m.mu.Unlock()
	}
}

// watch looks at the clip for some minutes, if the budget lets it, and holds the server's answer against an account of its own.
func (m *month) watch(w *worker, c triage.Case) {
	r, _ := m.known(c.ID)
	for _, x := range r.Exhibits {
		for i := range 1 + w.rng.IntN(2) {
			err := m.playing(w, x)
			if spent := w.spent(c.Policy, m.now); spent != errors.Is(err, triage.ErrForbidden) {
				m.t.Errorf("at %v: %s is answered %v, and the budget is spent: %v", m.now, w.Name, err, spent)
			}
			if errors.Is(err, triage.ErrForbidden) {
				m.mu.Lock()
				m.refusals++
				m.mu.Unlock()
				return
			}
			from := time.Duration(i) * monthClip
			if m.expect(m.LogWatch(m.t.Context(), w.Actor, x, []triage.Watch{{Session: "s", From: from, To: from + monthClip}})) {
				w.watched = append(w.watched, triage.Exposure{At: m.now, Policy: c.Policy, Length: monthClip})
			}
		}
	}
}

// playing asks for the original; that its bytes are not in this test is no refusal.
func (m *month) playing(w *worker, x triage.ExhibitID) error {
	if _, err := m.OpenOriginal(m.t.Context(), w.Actor, x); triage.KindOf(err) != triage.Unavailable && triage.KindOf(err) != triage.NotFound {
		return err
	}
	return nil
}

// spent reports whether one of the budgets that a policy draws on is spent, counted anew from what was watched.
func (w *worker) spent(p triage.PolicyID, now time.Time) bool {
	var all, urgent time.Duration
	last := now
	for _, e := range slices.Backward(w.watched) {
		if last.Sub(e.At) >= 8*time.Hour {
			break
		}
		last, all = e.At, all+e.Length
		if q, _ := triage.PolicyByID(e.Policy); q.Level == 0 {
			urgent += e.Length
		}
	}
	policy, _ := triage.PolicyByID(p)
	over := func(g triage.BudgetGroup, spent time.Duration) bool {
		return spent >= monthBudgets[g] && !w.lifted[g].After(now)
	}
	return over(triage.BudgetShift, all) || policy.Level == 0 && over(triage.BudgetUrgent, urgent)
}

// opine gives a second opinion, if one waits.
func (m *month) opine(w *worker) {
	ctx := m.t.Context()
	o, err := m.TakeOpinion(ctx, w.Actor)
	if errors.Is(err, triage.ErrNotFound) || !m.expect(err) {
		return
	}
	if o.Decider == w.Account {
		m.t.Errorf("%s is given their own decision %s", w.Name, o.Decision)
	}
	if _, err := m.OpenCase(ctx, w.Actor, o.Case); !errors.Is(err, triage.ErrForbidden) {
		m.t.Errorf("the case of a blind opinion is answered %v", err)
	}
	if w.rng.IntN(10) == 0 {
		m.expect(m.ReturnOpinion(ctx, w.Actor, o.ID))
		return
	}
	if _, err := m.GiveOpinion(ctx, w.Actor, o.ID, m.judge(w, o.Case)); m.expect(err) {
		m.mu.Lock()
		m.given++
		m.mu.Unlock()
	}
}

// leads approves, takes escalated cases, settles, reopens, and lifts a budget now and then.
func (m *month) leads(w *worker) {
	ctx := m.t.Context()
	q, err := m.ListQueue(ctx, w.Actor, triage.TabApproval, triage.QueueQuery{Limit: 20})
	m.expect(err)
	for _, row := range q.Rows {
		if row.Proposed == nil || !triage.Can(w.Actor, triage.DecisionApprove, triage.Target{Lane: row.Lane}.Proposed(row.Proposed.Decider)) {
			continue
		}
		approve := w.rng.IntN(10) > 0
		if m.expect(m.Answer(ctx, w.Actor, row.ID, row.Proposed.ID, approve, "I have looked at it, too.")) && !approve {
			m.reopened(row.ID)
		}
	}
	if q, err = m.ListQueue(ctx, w.Actor, triage.TabEscalated, triage.QueueQuery{Limit: 20}); m.expect(err) {
		for _, row := range q.Rows {
			if !row.CanClaim {
				continue
			}
			if c, err := m.Claim(ctx, w.Actor, row.ID); m.expect(err) {
				m.holds(w, c)
				m.decide(w, c)
			}
		}
	}
	m.settle(w)
	if w.Roles.Has(account.Lead) && w.rng.IntN(20) == 0 {
		m.lift(w)
	}
}

func (m *month) reopened(id triage.CaseID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.again[id]++
}

func (m *month) settle(w *worker) {
	ctx := m.t.Context()
	l, err := m.ListOpinions(ctx, w.Actor)
	m.expect(err)
	for _, o := range l.Disputed {
		verdict := triage.OpinionVerdicts[w.rng.IntN(3)]
		if m.expect(m.SettleOpinion(ctx, w.Actor, o.ID, verdict, "I have looked at both of them.")) && verdict == triage.VerdictSecond {
			if m.expect(m.Reopen(ctx, w.Actor, o.Case, "The second opinion was right.")) {
				m.reopened(o.Case)
			}
		}
	}
}

// lift gives more time to somebody who is off duty, and so not at work on the same account meanwhile.
func (m *month) lift(w *worker) {
	to := m.staff[w.rng.IntN(len(m.staff))]
	if to.shift == w.shift {
		return
	}
	o, err := m.Lift(m.t.Context(), w.Actor, triage.NewOverride{Account: to.Account, Group: triage.BudgetUrgent, Hours: 16, Reason: "A raid goes on, and nobody else is here."})
	if m.expect(err) {
		m.mu.Lock()
		defer m.mu.Unlock()
		to.lifted[triage.BudgetUrgent] = o.Until
	}
}

// idle reports whether nothing waits for anybody.
func (m *month) idle() (done bool) {
	sam := m.people["sam"]
	m.ok(m.Store.View(m.t.Context(), func(tx triage.Tx) error {
		n, err := tx.Count(m.t.Context(), triage.QueueQuery{Lanes: triage.AllLanes, States: []triage.State{triage.StateReceived, triage.StateProcessing, triage.StateQueued,
			triage.StateClaimed, triage.StateEscalated, triage.StateAwaiting}}, 1)
		waiting, err2 := tx.WaitingOpinions(m.t.Context(), triage.AllLanes, sam.Account, m.now, 1)
		disputed, err3 := tx.Opinions(m.t.Context(), triage.OpinionQuery{Lanes: triage.AllLanes, Disputed: true, Limit: 1})
		done = n+waiting+len(disputed) == 0
		return errors.Join(err, err2, err3)
	}))
	return done
}

// check looks at every case: every report is in one, and it was decided as often as it was taken up, by one decision in force.
func (m *month) check(n int) {
	ctx := m.t.Context()
	if len(m.reports) != n {
		m.t.Fatalf("%d reports have a case, want %d", len(m.reports), n)
	}
	m.ok(m.Store.View(ctx, func(tx triage.Tx) error {
		for id, r := range m.reports {
			kept, err := tx.Report(ctx, r.ID)
			if err != nil || kept.Case != id || len(kept.Receipt) == 0 {
				m.t.Errorf("report %s of %s is lost: %v", r.ID, id, err)
			}
			ds, err := tx.Decisions(ctx, id)
			if err != nil {
				return err
			}
			inForce := 0
			for _, d := range ds {
				if d.State == triage.DecisionInForce {
					inForce++
				}
			}
			if inForce != 1 || len(ds) != m.decided[id] || len(ds) != m.again[id]+1 {
				m.t.Errorf("case %s has %d decisions, %d in force; it was decided %d times and taken up again %d times", id, len(ds), inForce, m.decided[id], m.again[id])
			}
		}
		return nil
	}))
}

// checkLog holds from the custody log alone that no lease was held by two, and that the log is whole.
func (m *month) checkLog() {
	ctx := m.t.Context()
	m.ok(m.Store.View(ctx, func(tx triage.Tx) error {
		for id := range m.reports {
			es, err := tx.EventsOf(ctx, id)
			if err != nil {
				return err
			}
			m.checkLeases(id, es)
		}
		return nil
	}))
	for {
		n, err := m.Sequence(context.WithoutCancel(ctx))
		if m.ok(err); n == 0 {
			break
		}
	}
	_, failure, err := m.VerifyLog(ctx, m.people["ada"])
	if err != nil || failure != nil {
		m.t.Errorf("the log does not hold: %v %v", failure, err)
	}
}

func (m *month) checkLeases(id triage.CaseID, es []triage.LoggedEvent) {
	holder, decisions := "", 0
	for _, e := range es {
		switch e.Act {
		case custody.CaseClaimed:
			if holder != "" && holder != e.Actor {
				m.t.Errorf("%s was claimed by %s while %s held it", id, e.Actor, holder)
			}
			holder = e.Actor
		case custody.CaseReleased, custody.CaseSkipped, custody.CaseLeaseExpired, custody.CaseEscalated:
			holder = ""
		case custody.DecisionMade:
			if decisions++; holder != e.Actor {
				m.t.Errorf("%s was decided by %s while %q held it", id, e.Actor, holder)
			}
			holder = ""
		}
	}
	if decisions != m.decided[id] {
		m.t.Errorf("%s was decided %d times, and the log has %d", id, m.decided[id], decisions)
	}
}

// checkFigures holds that the leads' page adds up to what happened.
func (m *month) checkFigures(n int) {
	f, err := m.Figures(m.t.Context(), m.people["sam"], 90)
	m.ok(err)
	reports, opened, decided := 0, 0, 0
	for _, d := range f.Flow {
		reports, opened, decided = reports+d.Reports, opened+d.Opened, decided+d.Decided
	}
	outcomes, pairs, agreed := 0, 0, 0
	for _, o := range f.Outcomes {
		outcomes += o.Findings
	}
	for _, a := range f.Agree {
		pairs, agreed = pairs+a.Pairs, agreed+a.Same
	}
	if reports != n || opened != n || outcomes != n || len(f.Backlog) != 0 || pairs != m.given {
		m.t.Errorf("the figures have %d reports, %d cases, %d outcomes, a backlog of %v and %d pairs, want %d and %d pairs", reports, opened, outcomes, f.Backlog, pairs, n, m.given)
	}
	total := 0
	for _, times := range m.decided {
		total += times
	}
	if decided > total || decided < n {
		m.t.Errorf("%d decisions came into force, of %d that were taken", decided, total)
	}
	if pairs < n/50 || agreed*100 < pairs*60 || agreed == pairs { // two who are right in 85 of 100 cases
		m.t.Errorf("%d of %d opinions agree", agreed, pairs)
	}
	if n == 10_000 && (m.refusals == 0 || len(f.Exposure) == 0 || len(f.Breaks) == 0) {
		m.t.Errorf("%d clips were kept back; exposure %v, breaks %v", m.refusals, f.Exposure, f.Breaks)
	}
}
