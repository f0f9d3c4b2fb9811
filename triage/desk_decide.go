package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Decide takes a decision on a held case. A severe one (DESIGN I7) waits for a second person; any other comes into
// force at once. An earlier decision is never changed: the new one supersedes it and its effects are reversed. answer is
// what the decider's passkey signed, which a severe one needs (AskDecide).
func (d *Desk) Decide(ctx context.Context, a Actor, id CaseID, findings []Finding, answer []byte) (dec Decision, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		c, rs, severe, err := d.draft(ctx, tx, a, id, findings, &dec)
		if err != nil {
			return err
		}
		if severe {
			if err := d.signProposal(ctx, tx, a, &dec, answer); err != nil {
				return err
			}
		}
		return d.decide(ctx, tx, c, &dec, rs)
	})
	return dec, err
}

// draft is the decision that findings come to, checked, and whether it is severe.
func (d *Desk) draft(ctx context.Context, tx Tx, a Actor, id CaseID, findings []Finding, dec *Decision) (c Case, rs []Report, severe bool, err error) {
	if c, err = d.workOn(ctx, tx, a, id); err != nil {
		return c, nil, false, err
	}
	if rs, err = tx.ReportsOf(ctx, id); err != nil {
		return c, nil, false, err
	}
	given := slices.Clone(findings)
	if err := validateFindings(given, peopleOf(rs), c.Lane); err != nil {
		return c, nil, false, err
	}
	if err := spans(ctx, tx, id, given); err != nil {
		return c, nil, false, err
	}
	earlier, err := tx.Decisions(ctx, id)
	if err != nil {
		return c, nil, false, err
	}
	*dec = Decision{ID: DecisionID(NewID(prefixDecision)), Case: id, Number: len(earlier) + 1, Findings: given,
		Decider: a.Account, Decided: d.now(), State: DecisionInForce}
	if i := slices.IndexFunc(earlier, func(x Decision) bool { return x.State == DecisionInForce }); i >= 0 {
		dec.Supersedes = earlier[i].ID
	}
	if severe, err = d.severe(ctx, tx, a, *dec, rs); severe {
		dec.State = DecisionProposed
	}
	return c, rs, severe, err
}

func (d *Desk) decide(ctx context.Context, tx Tx, c Case, dec *Decision, rs []Report) error {
	step := StepDecide
	if dec.State == DecisionProposed {
		step = StepPropose
	}
	if err := c.advance(step); err != nil {
		return err
	}
	if err := tx.SaveCase(ctx, c); err != nil {
		return err
	}
	if err := tx.InsertDecision(ctx, *dec); err != nil {
		return err
	}
	if err := d.recordDecision(ctx, tx, *dec, rs); err != nil {
		return err
	}
	if dec.State == DecisionProposed {
		return nil
	}
	if err := d.draw(ctx, tx, *dec); err != nil {
		return err
	}
	return d.enact(ctx, tx, c, *dec, rs)
}

// severe reports whether a decision needs two people (DESIGN I7). A suspension does when it makes the account stay out for
// more than SevereSuspend days in one go, together with the suspensions and bans that it follows or prolongs, whoever
// agreed on those: nobody keeps a person out alone by deciding seven days again and again. What is of cases that the
// decider may not know of does not count: the answer would tell them.
func (d *Desk) severe(ctx context.Context, tx Tx, a Actor, dec Decision, rs []Report) (bool, error) {
	if dec.Severe() {
		return true, nil
	}
	for _, f := range dec.Findings {
		p, _ := personIn(rs, f.Person)
		if f.Action != ActSuspend || p.Account == "" {
			continue
		}
		before, err := standing(ctx, tx, a, p.Account)
		if err != nil {
			return false, err
		}
		if d.now().Sub(barredSince(before, d.now()))+days(f.Days) > days(SevereSuspend) {
			return true, nil
		}
	}
	return false, nil
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// recordDecision writes the decision down: one entry that says nothing about anybody, and one about each person, so that
// what a package may not say about one of them can stay behind while the rest is proven.
func (d *Desk) recordDecision(ctx context.Context, tx Tx, dec Decision, rs []Report) error {
	subject := "decision/" + string(dec.ID)
	if err := d.recordAt(ctx, tx, dec.Decided, dec.Decider, entry{custody.DecisionMade, dec.Case, subject, DecisionFacts(dec)}); err != nil {
		return err
	}
	for _, f := range dec.Findings {
		if err := d.recordAt(ctx, tx, dec.Decided, dec.Decider, entry{custody.DecisionFinding, dec.Case, subject,
			FindingFacts(f, personName(rs, f.Person), f.Words())}); err != nil {
			return err
		}
	}
	return nil
}

func personName(rs []Report, id PersonID) string {
	for _, p := range peopleOf(rs) {
		if p.ID == id {
			return p.Name
		}
	}
	return string(id)
}

// Answer is the second person's approval or refusal of a severe decision. An approval needs answer, what their passkey signed (AskAnswer); a refusal
// changes nothing for anybody, and needs none.
func (d *Desk) Answer(ctx context.Context, a Actor, id CaseID, decision DecisionID, approve bool, words string, answer []byte) error {
	words = account.CleanText(words)
	if !approve && len([]rune(words)) < 10 {
		return fieldError("words", "Say why you refuse it, so that the case can be decided again.")
	}
	if len([]rune(words)) > MaxNote {
		return fieldError("words", "That is %d characters; %d fit. Shorten it.", len([]rune(words)), MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return err
	}
	return d.updateSigned(ctx, func(tx Tx) error {
		c, dec, err := toAnswer(ctx, tx, a, id, decision)
		if err != nil {
			return err
		}
		if approve {
			if err := d.signed(ctx, tx, a, answer, dec.statementOf(custody.DecisionApproved)); err != nil {
				return err
			}
		}
		return d.answer(ctx, tx, a, c, dec, approve, words)
	})
}

// toAnswer is a decision that the actor may answer.
func toAnswer(ctx context.Context, tx Tx, a Actor, id CaseID, decision DecisionID) (c Case, dec Decision, err error) {
	if c, err = tx.Case(ctx, id); err != nil {
		return c, dec, err
	}
	on, err := caseTarget(ctx, tx, c)
	if err != nil {
		return c, dec, err
	}
	if dec, err = tx.Decision(ctx, decision); err != nil {
		return c, dec, err
	}
	if dec.Case != id {
		return c, dec, Errorf(NotFound, "There is no such decision on this case.")
	}
	if err := Allow(a, DecisionApprove, on.Proposed(dec.Decider)); err != nil {
		return c, dec, err
	}
	if dec.State != DecisionProposed {
		return c, dec, Errorf(Conflict, "This decision was answered already: it is %s.", dec.State)
	}
	return c, dec, nil
}

func (d *Desk) answer(ctx context.Context, tx Tx, a Actor, c Case, dec Decision, approve bool, words string) error {
	step, act := StepApprove, custody.DecisionApproved
	dec.State = DecisionInForce
	if !approve {
		step, act, dec.State = StepRefuse, custody.DecisionRejected, DecisionRefused
	}
	dec.Approver, dec.Answered, dec.Answer = a.Account, d.now(), words
	if err := c.advance(step); err != nil {
		return err
	}
	if err := tx.SaveCase(ctx, c); err != nil {
		return err
	}
	if err := tx.SaveDecision(ctx, dec); err != nil {
		return err
	}
	if err := d.recordAt(ctx, tx, dec.Answered, a.Account, entry{act, c.ID, "decision/" + string(dec.ID), custody.Detail{"words": words}}); err != nil {
		return err
	}
	if !approve {
		return nil
	}
	rs, err := tx.ReportsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := d.draw(ctx, tx, dec); err != nil {
		return err
	}
	return d.enact(ctx, tx, c, dec, rs)
}

// enact lets a decision take effect: the superseded one ends, accounts are acted upon, everyone concerned is told.
func (d *Desk) enact(ctx context.Context, tx Tx, c Case, dec Decision, rs []Report) error {
	if err := d.supersede(ctx, tx, dec); err != nil {
		return err
	}
	for _, f := range dec.Findings {
		if err := d.enforce(ctx, tx, c, dec, f, rs); err != nil {
			return err
		}
	}
	if err := d.tellLiaisons(ctx, tx, c, dec); err != nil {
		return err
	}
	return d.tellReporters(ctx, tx, dec, rs)
}

func (d *Desk) supersede(ctx context.Context, tx Tx, dec Decision) error {
	if dec.Supersedes == "" {
		return nil
	}
	old, err := tx.Decision(ctx, dec.Supersedes)
	if err != nil {
		return err
	}
	old.State = DecisionSuperseded
	if err := tx.SaveDecision(ctx, old); err != nil {
		return err
	}
	return d.reverse(ctx, tx, old, custody.Detail{"superseded_by": string(dec.ID)})
}

func (d *Desk) enforce(ctx context.Context, tx Tx, c Case, dec Decision, f Finding, rs []Report) error {
	p, r := personIn(rs, f.Person)
	if f.Action == ActNone || f.Action == ActRefer || p.Account == "" {
		return nil
	}
	e := Enforcement{ID: NewID(prefixEnforcement), Decision: dec.ID, Case: c.ID, Account: p.Account, Kind: f.Action, Starts: d.now()}
	if f.Action == ActRemove {
		e.Host = r.Reporter
		if e.Host == account.Guest { // it is the host whose meetings they are kept out of
			m, _, err := tx.Meeting(ctx, r.Meeting)
			if err != nil {
				return err
			}
			e.Host = m.Host
		}
	}
	if f.Days > 0 {
		e.Ends = e.Starts.Add(days(f.Days))
	}
	if err := tx.InsertEnforcement(ctx, e); err != nil {
		return err
	}
	if e.Bars(d.now()) {
		if err := tx.DeleteSessions(ctx, p.Account); err != nil {
			return err
		}
	}
	if err := d.record(ctx, tx, account.System, entry{custody.EnforcementStarted, c.ID, "enforcement/" + e.ID,
		custody.Detail{"account": string(e.Account), "action": f.Words()}}); err != nil {
		return err
	}
	person, err := tx.Account(ctx, p.Account)
	if err != nil {
		return err
	}
	return d.notify(ctx, tx, dec, person, "A decision about your account", statementOfReasons(f, r, dec))
}

func personIn(rs []Report, id PersonID) (Person, Report) {
	for _, r := range rs {
		for _, p := range r.People {
			if p.ID == id {
				return p, r
			}
		}
	}
	return Person{}, Report{}
}

// statementOfReasons tells the person what was decided and why. It never says who reported them.
func statementOfReasons(f Finding, r Report, dec Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A person of our trust-and-safety team has looked at a report about a meeting on %s and decided:\n\n", r.Occurred.Format("2 January 2006"))
	fmt.Fprintf(&b, "  %s\n\nRule: %s\nReasons: %s\n\n", f.Words(), f.Policy.Title(), f.Reasons)
	b.WriteString("The report came from somebody in the meeting; no automated means took this decision. ")
	if dec.Approver != "" {
		b.WriteString("Two people agreed on it. ")
	}
	b.WriteString("If you think it is wrong, answer this e-mail within six months: somebody who had no part in it will look again.\n")
	return b.String()
}

// tellReporters tells each host what came of their report: what was done, never private reasons.
func (d *Desk) tellReporters(ctx context.Context, tx Tx, dec Decision, rs []Report) error {
	for _, r := range rs {
		if r.Reporter == account.Guest {
			continue // nobody to write to
		}
		reporter, err := tx.Account(ctx, r.Reporter)
		if err != nil {
			return err
		}
		var b strings.Builder
		fmt.Fprintf(&b, "We have decided about your report %s:\n\n", r.ID)
		for _, f := range dec.Findings {
			for _, p := range r.People {
				if p.ID == f.Person {
					fmt.Fprintf(&b, "  %s: %s\n", p.Name, f.Words())
				}
			}
		}
		fmt.Fprintf(&b, "\nThe report and its receipt: %s/reports/%s\nThank you for telling us.\n", d.URL, r.ID)
		if err := d.notify(ctx, tx, dec, reporter, "What came of your report "+string(r.ID), b.String()); err != nil {
			return err
		}
	}
	return nil
}

// tellLiaisons tells every liaison who may know of the case that it was referred to law enforcement; the message names
// nobody and nothing but the case.
func (d *Desk) tellLiaisons(ctx context.Context, tx Tx, c Case, dec Decision) error {
	if !dec.refers() {
		return nil
	}
	on, err := caseTarget(ctx, tx, c)
	if err != nil {
		return err
	}
	return d.tellStaff(ctx, tx, PackageRequest, on, c.ID, "A case was referred to law enforcement", fmt.Sprintf(
		"A decision refers this case to law enforcement, so a package of its exhibits may be asked for:\n\n%s/cases/%s\n", d.URL, c.ID))
}

// Reopen puts a settled case back into the queue, so that a new decision can be taken. The old one stays in force
// until then.
func (d *Desk) Reopen(ctx context.Context, a Actor, id CaseID, words string) error {
	words, err := noteWords(words)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		c, err := loadCase(ctx, tx, a, CaseReopen, id)
		if err != nil {
			return err
		}
		if err := c.advance(StepReopen); err != nil {
			return err
		}
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.CaseReopened, id, "case/" + string(id), custody.Detail{"words": words}})
	})
}
