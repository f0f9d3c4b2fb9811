package triage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// reported files a report of one clip on somebody.
func (w *world) reported(who ...string) triage.Report {
	w.t.Helper()
	n := w.form("hate", w.upload())
	n.People = nil
	for _, name := range who {
		n.People = append(n.People, triage.Person{Name: "The reported " + name, Identifier: name + "@test.example"})
	}
	r, err := w.FileReport(w.t.Context(), w.people["host"], n)
	w.ok(err)
	_, _, err = w.BeginPreparing(w.t.Context(), r.Exhibits[0])
	w.ok(err)
	w.ok(w.FinishPreparing(w.t.Context(), r.Exhibits[0], triage.Prepared{}))
	return r
}

// blind looks for a case wherever somebody can look: nothing shows it, and every number is what it was without it.
func (w *world) blind(name string, r triage.Report, p triage.PackageID, before triage.Waiting) {
	w.t.Helper()
	a := w.people[name]
	look := func(where string, v any) {
		w.t.Helper()
		for _, n := range []string{string(r.Case), string(r.ID), string(p), string(r.Exhibits[0])} {
			if n != "" && strings.Contains(fmt.Sprintf("%+v", v), n) {
				w.t.Errorf("%s sees %s in %s", name, n, where)
			}
		}
	}
	for _, tab := range triage.Tabs {
		for _, text := range []string{"", "reported", string(r.Case), string(r.ID), "Choir"} {
			q, err := w.ListQueue(w.t.Context(), a, tab, triage.QueueQuery{Limit: 100, Text: text})
			w.ok(err)
			look(string(tab)+" for "+text, q)
			for t, n := range q.Counts {
				if n > 0 {
					w.t.Errorf("%s counts %d in %s", name, n, t)
				}
			}
		}
	}
	now, err := w.CountWaiting(w.t.Context(), a)
	if w.ok(err); now != before {
		w.t.Errorf("for %s %+v waits, before it was %+v", name, now, before)
	}
	if ps, err := w.ListPackages(w.t.Context(), a, 100); err == nil {
		look("packages", ps)
	}
	_, err = w.NewsOfCase(w.t.Context(), a, r.Case, "")
	w.is(triage.ErrNotFound, err)
	_, err = w.NewsOfCase(w.t.Context(), a, r.Case, triage.LaneGeneral)
	w.is(triage.ErrNotFound, err)
	if p != "" {
		w.is(triage.ErrNotFound, second(w.NewsOfPackage(w.t.Context(), a, p)))
	}
	v, err := w.OpenCase(w.t.Context(), a, r.Case)
	w.is(triage.ErrNotFound, err)
	look("the answer", []any{v, err})
	_, err = w.ClaimNext(w.t.Context(), a)
	w.is(triage.ErrNotFound, err)
}

// TestPartiesAreNotTippedOff takes a report on a member of every team through its whole life.
func TestPartiesAreNotTippedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cleoToo := account.Roles{account.Reviewer, account.Lead, account.Liaison}
	w.ok(w.Store.Update(t.Context(), func(tx triage.Tx) error { return tx.SetRoles(t.Context(), w.people["robin"].Account, cleoToo) }))
	robin := w.people["robin"]
	robin.Roles = cleoToo
	w.people["robin"] = robin
	before, err := w.CountWaiting(t.Context(), robin)
	w.ok(err)
	r := w.reported("robin", "mallory")
	rui, lena, lior := w.people["rui"], w.people["lena"], w.people["lior"]
	look := func(p triage.PackageID) { t.Helper(); w.blind("robin", r, p, before) }
	look("")
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	look("")
	fs := append(w.finding(r, triage.ActRefer, 0), triage.Finding{Person: r.People[1].ID, Policy: "hate", Severity: triage.SeverityHigh,
		Action: triage.ActBan, Reasons: "These are the reasons."})
	dec, err := w.Decide(t.Context(), rui, r.Case, fs)
	w.ok(err)
	look("")
	w.ok(w.Answer(t.Context(), lena, r.Case, dec.ID, true, ""))
	look("")
	p, err := w.RequestPackage(t.Context(), lior, w.ask(r, "All of the clip."))
	w.ok(err)
	look(p.ID)
	if n, err := w.CountWaiting(t.Context(), lena); err != nil || n.Packages != 1 {
		t.Errorf("the lead has %+v to approve, %v", n, err)
	}
	w.ok(w.AnswerPackage(t.Context(), lena, p.ID, true, ""))
	look(p.ID)
	w.ok(w.FinishBuilding(t.Context(), p.ID, "key", triage.SHA256{1}, 7, ""))
	look(p.ID)
}

// TestCasesThatNobodyMayTake names every reviewer, then every lead too, in one report: somebody who is not named is told.
func TestCasesThatNobodyMayTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acc, err := w.AddAccount(t.Context(), account.System, "ari", "ari@test.example", w.people["host"].Org, account.Roles{account.Administrator})
	w.ok(err)
	ari := triage.Actor{Account: acc.ID, Roles: acc.Roles}
	told := func(who string) int {
		t.Helper()
		q, err := w.ListQueue(t.Context(), w.people[who], triage.TabOpen, triage.QueueQuery{Limit: 9})
		w.ok(err)
		return len(q.Stranded)
	}
	stuck := func() int {
		t.Helper()
		p, err := w.ListPeople(t.Context(), ari)
		w.ok(err)
		return p.Stranded
	}
	w.reported("rui")
	if told("lena") != 0 || stuck() != 0 {
		t.Error("robin could take it")
	}
	w.reported("rui", "robin")
	if told("lena") != 1 || told("robin") != 0 || told("rui") != 0 || stuck() != 0 {
		t.Errorf("leads are told of %d, robin of %d; %d are stuck", told("lena"), told("robin"), stuck())
	}
	all := []string{"rui", "robin", "lena", "lex", "sam"}
	r := w.reported(all...)
	if told("lena") != 1 || stuck() != 1 {
		t.Errorf("named herself, a lead is told of %d; %d are stuck", told("lena"), stuck())
	}
	w.reported(append(all, "ari")...)
	if stuck() != 1 {
		t.Errorf("an administrator is told of a case on themselves: %d", stuck())
	}
	// A ban that only a party could approve is stuck too.
	zoe, err := w.AddAccount(t.Context(), account.System, "zoe", "zoe@test.example", w.people["host"].Org, account.Roles{account.Reviewer})
	w.ok(err)
	a := triage.Actor{Account: zoe.ID, Roles: zoe.Roles}
	if stuck() != 0 {
		t.Errorf("%d are stuck, with a new reviewer", stuck())
	}
	_, err = w.Claim(t.Context(), a, r.Case)
	w.ok(err)
	var fs []triage.Finding
	for _, p := range r.People {
		fs = append(fs, triage.Finding{Person: p.ID, Policy: "hate", Severity: triage.SeverityHigh, Action: triage.ActBan, Reasons: "These are the reasons."})
	}
	w.ok(second(w.Decide(t.Context(), a, r.Case, fs)))
	if stuck() != 1 {
		t.Errorf("%d decisions are stuck", stuck())
	}
}

// TestGoneIsTold moves a case to child safety: who saw it in its old lane is told that it is gone, and nobody else
// anything.
func TestGoneIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.reported("robin")
	rui := w.people["rui"]
	_, err := w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	w.ok(w.Escalate(t.Context(), rui, r.Case, triage.LaneChildSafety, "there is a child in it"))
	for _, who := range []string{"rui", "lena"} {
		n, err := w.NewsOfCase(t.Context(), w.people[who], r.Case, triage.LaneGeneral)
		if w.ok(err); n != (triage.CaseNews{Case: r.Case, Gone: true}) {
			t.Errorf("%s is told %+v", who, n)
		}
		w.is(triage.ErrNotFound, second(w.NewsOfCase(t.Context(), w.people[who], r.Case, "")))
	}
	for _, who := range []string{"robin", "host", "lior", "ada", "mallory"} {
		if n, err := w.NewsOfCase(t.Context(), w.people[who], r.Case, triage.LaneGeneral); err == nil {
			t.Errorf("%s is told %+v", who, n)
		}
	}
	n, err := w.NewsOfCase(t.Context(), w.people["cleo"], r.Case, triage.LaneGeneral)
	if w.ok(err); n.Gone || n.State != triage.StateQueued {
		t.Errorf("child safety is told %+v", n)
	}
}
