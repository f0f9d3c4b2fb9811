package triage_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
)

// deed is one use case with its arguments, which can be run again when its answer was lost.
type deed struct {
	name     string
	by       triage.Actor // where it is not whoever was drawn
	on       triage.CaseID
	run      func() error
	logs     string        // what it adds to the log when it succeeds: a regular expression over the acts
	steps    []triage.Step // what it may do to a case
	byPerson bool          // by somebody of the staff, on a case
	held     bool          // only on a case that they hold
	silent   bool          // it may change what is stored without an event: progress of jobs
	said     string        // words that are to be found once, if it is acknowledged
}

// draw makes up something to do for somebody. Most of it makes sense; whether it is allowed is for the desk to say.
func (m *model) draw(a triage.Actor) deed {
	if len(m.reports) == 0 || len(m.reports) < 10 && m.rng.IntN(40) == 0 {
		return m.drawReport(a)
	}
	if m.rng.IntN(20) == 0 {
		m.focus = m.rng.IntN(len(m.reports))
	}
	r := m.reports[m.focus]
	draws := []func(triage.Actor, triage.Report) deed{m.drawHost, m.drawQueue, m.drawQueue, m.drawCase, m.drawCase, m.drawDecision,
		m.drawDecision, m.drawDecision, m.drawPackage, m.drawPackage, m.drawPackage, m.drawJob, m.drawJob}
	d := draws[m.rng.IntN(len(draws))](a, r)
	if d.on == "" {
		d.on = r.Case
	}
	return d
}

// apt is often one of the people named, where it would otherwise be whoever was drawn; no name stands for the one who
// holds the case.
func (m *model) apt(a triage.Actor, c triage.CaseID, names ...string) triage.Actor {
	if m.rng.IntN(3) == 0 {
		return a
	}
	if len(names) > 0 {
		return m.people[names[m.rng.IntN(len(names))]]
	}
	for _, name := range m.names {
		if p := m.people[name]; p.Account == m.last[c].Claimant {
			return p
		}
	}
	return a
}

func (m *model) unique() string { return fmt.Sprintf("words %d, unlike any others", m.rng.Uint64()) }

func (m *model) drawReport(a triage.Actor) deed {
	a = m.apt(a, "", "host", "host", "mallory", "robin")
	policies := []triage.PolicyID{"hate", "hate", "disruption", "csam", "threat"}
	people := []triage.Person{{Name: "Mallory", Identifier: "mallory@test.example"}, {Name: "Guest"}, {Name: "Robin", Identifier: "robin@test.example"},
		{Name: "Lena", Identifier: "lena@test.example"}}
	n := m.form(policies[m.rng.IntN(len(policies))])
	n.Words = m.unique()
	if m.rng.IntN(2) == 0 { // in one of few meetings, so that reports join
		n.Meeting, n.MeetingName = m.meetings[m.rng.IntN(len(m.meetings))], ""
	}
	n.People = []triage.Person{people[m.rng.IntN(2)]}
	if m.rng.IntN(3) == 0 {
		n.People = append(n.People, people[2+m.rng.IntN(2)])
	}
	if a.Account == m.people["host"].Account {
		for range m.rng.IntN(3) {
			n.Uploads = append(n.Uploads, m.upload())
		}
	}
	return deed{name: "file", by: a, said: n.Words, logs: "report.submitted case.(opened|joined)( exhibit.sealed)*", run: func() error {
		form := n
		form.People = slices.Clone(n.People)
		r, err := m.FileReport(m.t.Context(), a, form)
		if err == nil && !slices.ContainsFunc(m.reports, func(x triage.Report) bool { return x.ID == r.ID }) {
			m.reports = append(m.reports, r)
		}
		return err
	}}
}

func (m *model) drawHost(a triage.Actor, r triage.Report) deed {
	for _, name := range m.names { // mostly by the one whose report it is
		if p := m.people[name]; p.Account == r.Reporter && m.rng.IntN(3) > 0 {
			a = p
		}
	}
	ctx := m.t.Context()
	if m.rng.IntN(12) == 0 {
		return deed{name: "withdraw", by: a, logs: "report.withdrawn", run: func() error { return m.WithdrawReport(ctx, a, r.ID) }}
	}
	words := m.unique()
	var ups []triage.UploadID
	if a.Account == m.people["host"].Account && m.rng.IntN(2) == 0 {
		ups = append(ups, m.upload())
	}
	return deed{name: "add", by: a, logs: "(exhibit.sealed )*report.amended", said: words, run: func() error { return second(m.AddToReport(ctx, a, r.ID, words, ups)) }}
}

const maybeExpired = "(case.lease_expired )?"

func (m *model) drawQueue(a triage.Actor, r triage.Report) deed {
	ctx, id := m.t.Context(), r.Case
	claim, release := []triage.Step{triage.StepClaim}, []triage.Step{triage.StepRelease}
	if m.last[id].Claimant != "" {
		a = m.apt(a, id)
	} else {
		a = m.apt(a, id, "rui", "lena", "sam", "cleo")
	}
	if m.last[id].Claimant == "" && m.rng.IntN(2) == 0 {
		return deed{name: "claim", by: a, byPerson: true, steps: claim, logs: "case.claimed", run: func() error { return second(m.Claim(ctx, a, id)) }}
	}
	all := []deed{
		{name: "claim", by: a, byPerson: true, steps: claim, logs: "(" + maybeExpired + "case.claimed)?", run: func() error { return second(m.Claim(ctx, a, id)) }},
		{name: "next", by: a, steps: claim, logs: "case.claimed", run: func() error { return second(m.ClaimNext(ctx, a)) }},
		{name: "renew", by: a, logs: "", run: func() error { return second(m.Renew(ctx, a, id)) }},
		{name: "release", by: a, byPerson: true, steps: release, logs: "(case.released)?", run: func() error { return m.Release(ctx, a, id) }},
		{name: "skip", by: a, byPerson: true, steps: release, logs: "case.skipped", run: func() error { return m.Skip(ctx, a, id) }},
	}
	return all[m.rng.IntN(len(all))]
}

func (m *model) drawCase(a triage.Actor, r triage.Report) deed {
	ctx, id, words := m.t.Context(), r.Case, m.unique()
	lane := triage.AllLanes[min(1, m.rng.IntN(8)/7)]
	if m.last[id].Claimant != "" {
		a = m.apt(a, id)
	} else {
		a = m.apt(a, id, "lena", "lex", "sam", "cleo", "lior")
	}
	all := []deed{
		{name: "open", by: a, byPerson: true, logs: "(case.read)?", run: func() error { return second(m.OpenCase(ctx, a, id)) }},
		{name: "note", by: a, byPerson: true, logs: "note.added", said: words, run: func() error { return m.AddNote(ctx, a, id, words) }},
		{name: "escalate", by: a, byPerson: true, held: true, steps: []triage.Step{triage.StepEscalate, triage.StepRelease}, logs: "case.(escalated|moved)",
			run: func() error { return m.Escalate(ctx, a, id, lane, words) }},
		{name: "reopen", by: a, byPerson: true, steps: []triage.Step{triage.StepReopen}, logs: "case.reopened", run: func() error { return m.Reopen(ctx, a, id, words) }},
	}
	if xs := m.last[id].exhibits; len(xs) > 0 {
		x := xs[m.rng.IntN(len(xs))].ID
		all = append(all,
			deed{name: "view", by: a, byPerson: true, logs: "(exhibit.viewed)?", run: func() error { return noBytes(second(m.OpenOriginal(ctx, a, x))) }},
			deed{name: "watch", by: a, byPerson: true, logs: "exhibit.played", run: func() error {
				return m.LogWatch(ctx, a, x, []triage.Watch{{To: time.Duration(1 + m.rng.IntN(5000))}})
			}},
			deed{name: "retry", by: a, byPerson: true, logs: "exhibit.retried", run: func() error { return second(m.RetryExhibit(ctx, a, x)) }})
	}
	return all[m.rng.IntN(len(all))]
}

// noBytes forgives the objects of this test that they hold nothing.
func noBytes(err error) error {
	if err != nil && strings.Contains(err.Error(), "no bytes in this test") {
		return nil
	}
	return err
}

const effects = "( enforcement.(started|reversed))*"

func (m *model) drawDecision(a triage.Actor, r triage.Report) deed {
	ctx, old := m.t.Context(), m.last[r.Case]
	if ds := old.decisions; len(ds) > 0 && m.rng.IntN(2) == 0 {
		a = m.apt(a, r.Case, "lena", "lex", "sam", "cleo")
		d, yes := ds[len(ds)-1-m.rng.IntN(min(2, len(ds)))], m.rng.IntN(3) > 0
		return deed{name: "answer", by: a, byPerson: true, steps: []triage.Step{triage.StepApprove, triage.StepRefuse},
			logs: "(decision.rejected|act.signed decision.approved" + effects + ")", run: func() error { return m.Answer(ctx, a, r.Case, d.ID, yes, "for these reasons") }}
	}
	a = m.apt(a, r.Case)
	actions := []triage.ActionKind{triage.ActNone, triage.ActWarn, triage.ActBan, triage.ActSuspend, triage.ActRefer, triage.ActRemove}
	action, days := actions[m.rng.IntN(len(actions))], 1+m.rng.IntN(14)
	var fs []triage.Finding
	for _, p := range old.people() {
		f := triage.Finding{Person: p.ID, Policy: "hate", Severity: triage.SeverityHigh, Action: action, Days: days, Reasons: "These are the reasons."}
		if p.Account == "" {
			f.Action = triage.ActRefer
		}
		fs = append(fs, f)
	}
	return deed{name: "decide", by: a, byPerson: true, held: true, steps: []triage.Step{triage.StepDecide, triage.StepPropose}, logs: "(act.signed )?decision.made( decision.finding)+" + effects,
		run: func() error { return second(m.Decide(ctx, a, r.Case, fs)) }}
}

func (m *model) drawPackage(a triage.Actor, r triage.Report) deed {
	ctx, scope := m.t.Context(), m.unique()
	a = m.apt(a, r.Case, "lior", "sam", "lena")
	if len(m.packages) == 0 || m.rng.IntN(4) == 0 {
		return deed{name: "request", by: a, byPerson: true, logs: "act.signed package.requested", run: func() error {
			p, err := m.RequestPackage(ctx, a, m.ask(r, scope))
			if err == nil {
				m.packages = append(m.packages, p.ID)
			}
			return err
		}}
	}
	p := m.packages[len(m.packages)-1-m.rng.IntN(min(2, len(m.packages)))]
	key, failed := builtKey, ""
	if m.rng.IntN(2) == 0 {
		key, failed = "", "The disk is full."
	}
	all := []deed{
		{name: "approve", by: a, byPerson: true, logs: "act.signed package.approved", run: func() error { return m.AnswerPackage(ctx, a, p, true, "") }},
		{name: "refuse", by: a, byPerson: true, logs: "package.refused", run: func() error { return m.AnswerPackage(ctx, a, p, false, "for these reasons") }},
		{name: "begin building", silent: true, logs: "(package.failed)?", run: func() error { _, _, err := m.BeginBuilding(ctx, p); return err }},
		{name: "finish building", logs: "((exhibit.exported )+package.built|package.failed)?", run: func() error {
			if _, done, err := m.BeginBuilding(ctx, p); done || err != nil {
				return err
			}
			return m.FinishBuilding(ctx, p, key, sha256.Sum256([]byte(builtBytes)), int64(len(builtBytes)), failed)
		}},
		{name: "build again", by: a, byPerson: true, logs: "package.retried", run: func() error { return m.RetryPackage(ctx, a, p) }},
		{name: "download", by: a, byPerson: true, logs: "package.downloaded", run: func() error { return second(m.DownloadPackage(ctx, a, p)) }},
	}
	return all[m.rng.IntN(len(all))]
}

func (m *model) drawJob(_ triage.Actor, r triage.Report) deed {
	ctx := m.t.Context()
	sweep := deed{name: "sweep", steps: []triage.Step{triage.StepRelease, triage.StepClose}, logs: "(case.(lease_expired|closed) ?)*", run: func() error { return m.Sweep(ctx) }}
	if xs := m.last[r.Case].exhibits; len(xs) > 0 && m.rng.IntN(2) == 0 {
		x, failed := xs[m.rng.IntN(len(xs))].ID, m.rng.IntN(3) == 0
		if m.rng.IntN(3) == 0 {
			return deed{name: "begin", silent: true, steps: []triage.Step{triage.StepPrepare}, run: func() error { _, _, err := m.BeginPreparing(ctx, x); return err }}
		}
		if m.rng.IntN(3) == 0 {
			return deed{name: "keep", silent: true, logs: "(exhibit.derived)?", run: func() error {
				return m.KeepDerivative(ctx, triage.Derivative{Exhibit: x, Kind: triage.DerivedPoster})
			}}
		}
		return deed{name: "finish", steps: []triage.Step{triage.StepPrepared}, logs: "(exhibit.(processed|failed)( case.queued)?)?", run: func() error {
			return m.FinishPreparing(ctx, x, triage.Prepared{Failed: failed, Why: "why"})
		}}
	}
	if m.rng.IntN(2) == 0 {
		return sweep
	}
	return deed{name: "deliver", logs: "(notice.sent ?)*", run: func() error {
		for _, j := range m.store.Jobs() {
			d, ok := j.(triage.DeliverMessage)
			if !ok {
				continue
			}
			msg, err := m.MessageToDeliver(ctx, d.Message)
			if err == nil && msg.State != triage.MessageDelivered {
				err = m.Delivered(ctx, msg, triage.MessageDelivered, nil)
			}
			for errors.Is(err, triage.ErrUnavailable) { // the queue tries again
				if msg, err = m.MessageToDeliver(ctx, d.Message); err == nil && msg.State != triage.MessageDelivered {
					err = m.Delivered(ctx, msg, triage.MessageDelivered, nil)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
}
