package triage_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// meetingWith makes a meeting of the host with everyone named in it, and a guest.
func (w *world) meetingWith(names ...string) triage.MeetingID {
	w.t.Helper()
	m := triage.Meeting{ID: triage.MeetingID(triage.NewID("M")), Org: w.people["host"].Org, Host: w.people["host"].Account, Title: "Biology", Started: w.now}
	roster := []triage.Attendee{{Name: "Guest"}}
	for _, n := range names {
		roster = append(roster, triage.Attendee{Name: n, Account: w.people[n].Account})
	}
	w.ok(w.Store.Update(w.t.Context(), func(tx triage.Tx) error { return tx.InsertMeeting(w.t.Context(), m, roster) }))
	return m.ID
}

// on is a form about one person of a meeting.
func (w *world) on(m triage.MeetingID, policy triage.PolicyID, person string, uploads ...triage.UploadID) triage.NewReport {
	n := w.form(policy, uploads...)
	n.Meeting, n.MeetingName, n.People = m, "", []triage.Person{{Name: person, Account: w.people[person].Account}}
	return n
}

func (w *world) fileAs(name string, n triage.NewReport) triage.Report {
	w.t.Helper()
	r, err := w.FileReport(w.t.Context(), w.people[name], n)
	w.ok(err)
	return r
}

func (w *world) caseOf(id triage.CaseID) (c triage.Case) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) (err error) {
		c, err = tx.Case(w.t.Context(), id)
		return err
	}))
	return c
}

func TestReportJoinsTheOpenCase(t *testing.T) {
	w := newWorld(t)
	m := w.meetingWith("mallory", "rui", "robin", "lex", "lena")
	first := w.fileAs("host", w.on(m, "disruption", "mallory"))
	opened := w.caseOf(first.Case)
	_, err := w.Claim(t.Context(), w.people["rui"], first.Case)
	w.ok(err)
	w.now = w.now.Add(time.Minute)
	second := w.fileAs("robin", w.on(m, "threat", "mallory"))
	third := w.fileAs("host", w.on(m, "hate", "mallory", w.upload(), w.upload()))
	if second.Case != first.Case || third.Case != first.Case {
		t.Fatalf("cases %s, %s, %s", first.Case, second.Case, third.Case)
	}
	c := w.caseOf(first.Case)
	if c.Policy != "threat" || c.Priority <= opened.Priority || !c.Due.Before(opened.Due) || c.State != triage.StateClaimed || !c.Opened.Equal(opened.Opened) {
		t.Errorf("the more urgent of both does not count: %+v after %+v", c, opened)
	}
	acts := w.acts(c.ID)
	if n := len(slices.DeleteFunc(slices.Clone(acts), func(a custody.Act) bool { return a != custody.CaseJoined })); n != 2 {
		t.Errorf("%d reports joined by the log: %v", n, acts)
	}
	if n := len(slices.DeleteFunc(acts, func(a custody.Act) bool { return a != custody.CaseOpened })); n != 1 {
		t.Errorf("the case was opened %d times", n)
	}
	told := 0
	w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
		ms, err := tx.MessagesTo(t.Context(), w.people["rui"].Account, 9)
		for _, msg := range ms {
			if strings.Contains(msg.Subject, "joined") && msg.Case == c.ID {
				told++
			}
		}
		return err
	}))
	if told != 2 {
		t.Errorf("who holds the case was told %d times", told)
	}
	// Each reporter has their own receipt and status, and nothing of the others.
	for name, r := range map[string]triage.Report{"robin": second, "host": first} {
		v, err := w.MyReport(t.Context(), w.people[name], r.ID)
		w.ok(err)
		if len(v.Exhibits) != 0 || !v.Open || v.State != triage.StateClaimed || len(v.Report.Receipt) == 0 {
			t.Errorf("%s sees %+v", name, v)
		}
	}
	_, err = w.MyReport(t.Context(), w.people["robin"], first.ID)
	w.is(triage.ErrNotFound, err)
	// Its parties: to robin the case does not exist from now on.
	_, err = w.OpenCase(t.Context(), w.people["robin"], c.ID)
	w.is(triage.ErrNotFound, err)
	// A decision is about everybody whom any of the reports names.
	_, err = w.Decide(t.Context(), w.people["rui"], c.ID, w.finding(first, triage.ActWarn, 0))
	w.is(triage.ErrInvalid, err)
	all := slices.Concat(w.finding(first, triage.ActWarn, 0), w.finding(second, triage.ActWarn, 0), w.finding(third, triage.ActWarn, 0))
	_, err = w.Decide(t.Context(), w.people["rui"], c.ID, all)
	w.ok(err)
	// A settled case is not joined: the next report opens one that follows it.
	w.now = w.now.Add(time.Minute)
	late := w.fileAs("robin", w.on(m, "hate", "mallory"))
	if next := w.caseOf(late.Case); next.ID == c.ID || next.Follows != c.ID {
		t.Errorf("after the decision: %+v", next)
	}
	if again := w.fileAs("host", w.on(m, "hate", "mallory")); again.Case != late.Case {
		t.Error("the case that follows is not joined")
	}
}

func TestReportDoesNotJoin(t *testing.T) {
	w := newWorld(t)
	m, other := w.meetingWith("mallory", "rui", "robin"), w.meetingWith("mallory", "rui")
	first := w.fileAs("host", w.on(m, "hate", "mallory"))
	typed := w.form("hate")
	typed.MeetingName = "Biology"
	practice := w.on(m, "hate", "mallory")
	practice.Simulated = true
	for what, n := range map[string]triage.NewReport{"another lane": w.on(m, "csam", "mallory"), "another meeting": w.on(other, "hate", "mallory"),
		"another person": w.on(m, "hate", "robin"), "a typed title": typed, "a sample": practice} {
		if r := w.fileAs("host", n); r.Case == first.Case || w.caseOf(r.Case).Follows != "" {
			t.Errorf("%s joined", what)
		}
	}
	_, err := w.Claim(t.Context(), w.people["rui"], first.Case)
	w.ok(err)
	if r := w.fileAs("rui", w.on(m, "hate", "mallory")); r.Case == first.Case {
		t.Error("a report of the one who holds the case joined it")
	}
	_, err = w.Decide(t.Context(), w.people["rui"], first.Case, w.finding(first, triage.ActBan, 0))
	w.ok(err)
	if r := w.fileAs("host", w.on(m, "hate", "mallory")); r.Case == first.Case {
		t.Error("a report joined a case whose decision waits for approval")
	}
}

// TestReportsAtOnceJoin files many reports about one person and meeting at the same moment: there is one case.
func TestReportsAtOnceJoin(t *testing.T) {
	w := newWorld(t)
	m := w.meetingWith("mallory")
	cases := make([]triage.CaseID, 8)
	var forms []triage.NewReport
	for i := range cases {
		n := w.on(m, "hate", "mallory", w.upload())
		n.Words = fmt.Sprint("report ", i)
		forms = append(forms, n)
	}
	var wg sync.WaitGroup
	for i, n := range forms {
		wg.Go(func() {
			r, err := w.FileReport(t.Context(), w.people["host"], n)
			if err != nil {
				t.Error(err)
			}
			cases[i] = r.Case
		})
	}
	wg.Wait()
	if len(slices.Compact(cases)) != 1 {
		t.Errorf("cases %v", cases)
	}
	v, err := w.OpenCase(t.Context(), triage.Actor{Account: w.people["rui"].Account, Name: "Rui", Roles: account.Roles{account.Reviewer}}, cases[0])
	w.ok(err)
	for i, x := range v.Exhibits {
		if x.Number != i+1 {
			t.Errorf("exhibit %d has number %d", i+1, x.Number)
		}
	}
}
