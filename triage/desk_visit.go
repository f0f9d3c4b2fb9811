package triage

import (
	"context"
	"fmt"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// visitContext starts what is signed of a visit.
const visitContext = "proffer signed visit v1"

// statementOf is what is signed of a visit: by who asks for it (visit.requested) and by the second person (visit.approved).
func (v Visit) statementOf(act custody.Act) passkey.Statement {
	return passkey.Statement{Act: string(act), Subject: "visit/" + string(v.ID), Case: string(v.Case),
		Digest: digestOf(visitContext, v.ID, v.Case, v.Meeting, v.Visitor, v.Reason)}
}

// AskVisit asks for the passkey of who wants to enter the meeting of a case, visibly.
func (d *Desk) AskVisit(ctx context.Context, a Actor, id CaseID, reason string) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		v, _, err := d.draftVisit(ctx, tx, a, id, reason)
		if err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, v.statementOf(custody.VisitRequested))
		return err
	})
	return asked, err
}

// RequestVisit asks for a visit, which waits for a second person. answer is what the actor's passkey signed.
func (d *Desk) RequestVisit(ctx context.Context, a Actor, id CaseID, reason string, answer []byte) (v Visit, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		var on Target
		if v, on, err = d.draftVisit(ctx, tx, a, id, reason); err != nil {
			return err
		}
		if err := d.signedAs(ctx, tx, a, answer, "visit", func(number string) passkey.Statement {
			v.ID = VisitID(number)
			return v.statementOf(custody.VisitRequested)
		}); err != nil {
			return err
		}
		if err := tx.InsertVisit(ctx, v); err != nil {
			return err
		}
		detail := custody.Detail{"meeting": string(v.Meeting), "reason": v.Reason}
		if err := d.recordAt(ctx, tx, v.Requested, a.Account, entry{custody.VisitRequested, id, "visit/" + string(v.ID), detail}); err != nil {
			return err
		}
		return d.tellStaff(ctx, tx, VisitApprove, on.Proposed(a.Account), id, "Somebody asks to enter a meeting", fmt.Sprintf( // a meeting does not wait
			"A member of staff asks to enter a running meeting, visibly, and needs a second person within the hour:\n\n%s/cases/%s#visits\n", d.URL, id))
	})
	return v, err
}

// draftVisit is the visit that a form comes to, checked, and what Can is asked about its case.
func (d *Desk) draftVisit(ctx context.Context, tx Tx, a Actor, id CaseID, reason string) (v Visit, on Target, err error) {
	c, on, err := openCase(ctx, tx, a, VisitRequest, id)
	if err != nil {
		return v, on, err
	}
	reason = account.CleanText(reason)
	if n := len([]rune(reason)); n < 10 || n > MaxNote {
		return v, on, fieldError("reason", "Say in 10 to %d characters why somebody has to enter this meeting, and why what was reported is not enough.", MaxNote)
	}
	if err := refuseKey("reason", reason); err != nil {
		return v, on, err
	}
	rs, err := tx.ReportsOf(ctx, c.ID)
	if err != nil {
		return v, on, err
	}
	m, err := meetingOf(ctx, tx, rs)
	if err != nil {
		return v, on, err
	}
	if why := mayBeVisited(c, m); why != "" {
		return v, on, Errorf(Conflict, "%s", why)
	}
	vs, err := tx.Visits(ctx, c.ID)
	if slices.ContainsFunc(vs, func(v Visit) bool { return v.Visitor == a.Account && (v.Open(d.now()) || v.Waits(d.now())) }) {
		return v, on, Errorf(Conflict, "You asked already: it stands on the page of the case.")
	}
	return Visit{ID: VisitID(NewID(prefixVisit)), Case: c.ID, Meeting: m.ID, Visitor: a.Account, Reason: reason, Requested: d.now(), State: VisitRequested}, on, err
}

// meetingOf is the meeting that the reports of a case are about; the zero one where it was not one of ours.
func meetingOf(ctx context.Context, tx Tx, rs []Report) (m Meeting, err error) {
	if i := slices.IndexFunc(rs, func(r Report) bool { return r.Meeting != "" }); i >= 0 {
		m, _, err = tx.Meeting(ctx, rs[i].Meeting)
	}
	return m, err
}

// mayBeVisited says why nobody of staff can enter the meeting of a case; "" where somebody can.
func mayBeVisited(c Case, m Meeting) string {
	switch {
	case m.ID == "":
		return "This case is about a meeting that was not held here."
	case m.Mode != ModeStandard:
		return "This meeting is end-to-end encrypted: nobody enters it but whom its own people let in, and staff have no other way."
	case !m.Ended.IsZero():
		return "This meeting is over."
	case c.State.Settled():
		return "This case is decided. Take it up again first."
	}
	return ""
}

// viewVisits needs the view's reports.
func viewVisits(ctx context.Context, tx Tx, v *CaseView) (err error) {
	m, err := meetingOf(ctx, tx, v.Reports)
	if err != nil {
		return err
	}
	v.Unvisitable = mayBeVisited(v.Case, m)
	v.Visits, err = tx.Visits(ctx, v.Case.ID)
	return err
}

// visitToAnswer is a visit that the actor may approve or refuse.
func (d *Desk) visitToAnswer(ctx context.Context, tx Tx, a Actor, id VisitID) (v Visit, err error) {
	if err := Allow(a, VisitApprove, Target{}); err != nil {
		return v, err
	}
	if v, err = tx.Visit(ctx, id); err != nil {
		return v, err
	}
	c, on, err := caseOn(ctx, tx, v.Case)
	if err != nil {
		return v, err
	}
	if err := Allow(a, VisitApprove, on.Proposed(v.Visitor)); err != nil {
		return v, err
	}
	if !v.Waits(d.now()) {
		return v, Errorf(Conflict, "This was answered already, or it is too old.")
	}
	m, _, err := tx.Meeting(ctx, v.Meeting)
	if why := mayBeVisited(c, m); err == nil && why != "" {
		err = Errorf(Conflict, "%s", why)
	}
	return v, err
}

// VisitRow is a visit in a list.
type VisitRow struct {
	Visit
	Policy      PolicyID
	VisitorName string
}

// visitsToApprove lists visits that wait for the actor as second person.
func (d *Desk) visitsToApprove(ctx context.Context, tx Tx, a Actor) (rows []VisitRow, err error) {
	vs, err := tx.WaitingVisits(ctx, Lanes(a, VisitApprove), a.Account, d.now().Add(-visitWaitTime), WaitingLimit)
	if err != nil {
		return nil, err
	}
	for _, v := range vs {
		c, on, err := caseOn(ctx, tx, v.Case)
		if err != nil {
			return nil, err
		}
		names, err := tx.Names(ctx, []account.ID{v.Visitor})
		if err != nil {
			return nil, err
		}
		if Can(a, VisitApprove, on.Proposed(v.Visitor)) {
			rows = append(rows, VisitRow{v, c.Policy, names[v.Visitor]})
		}
	}
	return rows, nil
}

// AskAnswerVisit asks for the second person's passkey.
func (d *Desk) AskAnswerVisit(ctx context.Context, a Actor, id VisitID) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		v, err := d.visitToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, v.statementOf(custody.VisitApproved))
		return err
	})
	return asked, err
}

// AnswerVisit is the second person's word: it lets the visitor in for VisitTime, or refuses. Approving is signed.
func (d *Desk) AnswerVisit(ctx context.Context, a Actor, id VisitID, approve bool, words string, answer []byte) (v Visit, err error) {
	words = account.CleanText(words)
	if n := len([]rune(words)); !approve && n < 10 || n > MaxNote {
		return v, fieldError("words", "Say in 10 to %d characters why you refuse it.", MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return v, err
	}
	err = d.updateSigned(ctx, func(tx Tx) error {
		if v, err = d.visitToAnswer(ctx, tx, a, id); err != nil {
			return err
		}
		act := custody.VisitRefused
		v.State, v.Approver, v.Answered, v.Answer = VisitRefused, a.Account, d.now(), words
		if approve {
			act, v.State = custody.VisitApproved, VisitApproved
			if err := d.signed(ctx, tx, a, answer, v.statementOf(act)); err != nil {
				return err
			}
		}
		if err := tx.SaveVisit(ctx, v); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, v.Answered, a.Account, entry{act, v.Case, "visit/" + string(id), custody.Detail{"words": words}})
	})
	return v, err
}

// EndVisit ends a visit before its time, or takes a request back: its visitor, or who may approve such.
func (d *Desk) EndVisit(ctx context.Context, a Actor, id VisitID) (v Visit, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := Allow(a, VisitRequest, Target{}); err != nil {
			return err
		}
		if v, err = tx.Visit(ctx, id); err != nil {
			return err
		}
		if v.Visitor != a.Account {
			if _, err := loadCase(ctx, tx, a, VisitApprove, v.Case); err != nil {
				return err
			}
		}
		if !v.Open(d.now()) && !v.Waits(d.now()) {
			return nil // over already
		}
		v.State, v.Ended = VisitEnded, d.now()
		if err := tx.SaveVisit(ctx, v); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, v.Ended, a.Account, entry{custody.VisitEnded, v.Case, "visit/" + string(id), nil})
	})
	return v, err
}

// Visiting reports whether an account is let into a meeting as visible staff, as things stand now.
func (d *Desk) Visiting(ctx context.Context, who account.ID, meeting string) (open bool, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		v, err := d.openVisit(ctx, tx, who, meeting)
		open = v.ID != ""
		return err
	})
	return open, err
}

// openVisit is the visit that lets an account into a meeting now, or the zero one. Roles that were taken away take it along.
func (d *Desk) openVisit(ctx context.Context, tx Tx, who account.ID, meeting string) (Visit, error) {
	vs, err := tx.VisitsTo(ctx, MeetingID(meeting), who)
	i := slices.IndexFunc(vs, func(v Visit) bool { return v.Open(d.now()) })
	if err != nil || i < 0 {
		return Visit{}, err
	}
	acc, err := tx.Account(ctx, who)
	if err != nil {
		return Visit{}, err
	}
	c, err := tx.Case(ctx, vs[i].Case)
	if err != nil {
		return Visit{}, err
	}
	if acc.Closed || !Can(actorOf(acc), VisitRequest, Target{Lane: c.Lane}) { // who reports from a visit is a party to the case, and stays
		return Visit{}, nil
	}
	return vs[i], nil
}

// Visited records that a visitor came into their meeting, or is out of it: the meeting core says so.
func (d *Desk) Visited(ctx context.Context, who account.ID, meeting string, in bool) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		vs, err := tx.VisitsTo(ctx, MeetingID(meeting), who)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(vs, func(v Visit) bool { return !v.Answered.IsZero() && v.State != VisitRefused }) // the newest that ever let them in
		if i < 0 {
			return Errorf(NotFound, "There was no such visit.")
		}
		return d.visited(ctx, tx, vs[i], in)
	})
}

func (d *Desk) visited(ctx context.Context, tx Tx, v Visit, in bool) error {
	act, since := custody.VisitorLeft, noTime
	if in {
		act, since = custody.VisitorEntered, d.now()
		if err := d.noticeLost(ctx, tx); err != nil { // who comes back after their server was lost left before
			return err
		}
	}
	if err := tx.Inside(ctx, v.ID, since); err != nil {
		return err
	}
	return d.record(ctx, tx, v.Visitor, entry{act, v.Case, "visit/" + string(v.ID), custody.Detail{"meeting": string(v.Meeting)}})
}

// visitsNoticed is how many visitors one transaction notices.
const visitsNoticed = 100

// noticeLost records that visitors are out whose meeting was kept by a server that is no more: it could not say so itself, and when they left is
// not known.
func (d *Desk) noticeLost(ctx context.Context, tx Tx) error {
	vs, err := tx.LostVisits(ctx, visitsNoticed)
	if err != nil {
		return err
	}
	for _, v := range vs {
		if err := tx.Inside(ctx, v.ID, noTime); err != nil {
			return err
		}
		detail := custody.Detail{"meeting": string(v.Meeting), "noticed": "after the server that kept the meeting was lost"}
		if err := d.record(ctx, tx, account.System, entry{custody.VisitorLeft, v.Case, "visit/" + string(v.ID), detail}); err != nil {
			return err
		}
	}
	return nil
}

// sweepVisits notices visitors whose server was lost.
func (d *Desk) sweepVisits(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx Tx) error { return d.noticeLost(ctx, tx) })
}
