package triage_test

import (
	"errors"
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

const why = "Both are about the same evening."

// with adds somebody with roles.
func (w *world) with(name string, roles ...account.Role) triage.Actor {
	w.t.Helper()
	acc, err := w.AddAccount(w.t.Context(), account.System, name, name+"@test.example", w.people["host"].Org, roles)
	w.ok(err)
	w.people[name] = triage.Actor{Account: acc.ID, Org: acc.Org, Name: name, Roles: roles}
	return w.people[name]
}

// prepared files a report with clips and prepares these.
func (w *world) prepared(policy triage.PolicyID, clips int) triage.Report {
	w.t.Helper()
	var us []triage.UploadID
	for range clips {
		us = append(us, w.upload())
	}
	w.now = w.now.Add(time.Minute)
	r := w.fileAs("host", w.form(policy, us...))
	for _, x := range r.Exhibits {
		_, _, err := w.BeginPreparing(w.t.Context(), x)
		w.ok(err)
		w.ok(w.FinishPreparing(w.t.Context(), x, triage.Prepared{}))
	}
	return r
}

func (w *world) open(a triage.Actor, c triage.CaseID) triage.CaseView {
	w.t.Helper()
	v, err := w.OpenCase(w.t.Context(), a, c)
	w.ok(err)
	return v
}

// numbers lists the exhibits of a case with their numbers.
func numbers(v triage.CaseView) (out []string) {
	for _, x := range v.Exhibits {
		out = append(out, fmt.Sprintf("%d %s", x.Number, x.ID))
	}
	return out
}

func (w *world) says(err error, part string) {
	w.t.Helper()
	var fe triage.FieldErrors
	said := fmt.Sprint(err)
	if errors.As(err, &fe) {
		said = fe[0].Msg
	}
	if err == nil || !strings.Contains(said, part) {
		w.t.Errorf("got %v (%s), want an error that says %q", err, said, part)
	}
}

func TestMergeAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy, rui := w.with("ivy", account.Investigator), w.people["rui"]
	a, b := w.prepared("disruption", 2), w.prepared("threat", 1)
	first, second := w.caseOf(a.Case), w.caseOf(b.Case)
	_, err := w.Claim(t.Context(), rui, b.Case)
	w.ok(err)
	_, err = w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.says(err, "Somebody else holds this case")
	w.ok(w.AddNote(t.Context(), rui, b.Case, "Seen before."))
	w.ok(w.Escalate(t.Context(), rui, b.Case, "", "A lead should see this."))
	before := w.open(ivy, a.Case)
	if len(before.Mergeable) != 1 || before.Mergeable[0].ID != b.Case || !before.CanMerge {
		t.Fatalf("suggested is %+v", before.Mergeable)
	}
	w.now = w.now.Add(time.Minute)
	m, err := w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.ok(err)
	v := w.open(ivy, a.Case)
	c := v.Case
	if c.Policy != "threat" || c.Priority != second.Priority || !c.Due.Equal(second.Due) || !c.Escalated || c.State != triage.StateEscalated || c.Looked.IsZero() {
		t.Errorf("the more urgent of both does not count: %+v of %+v and %+v", c, first, second)
	}
	if got, want := numbers(v), []string{"1 " + string(a.Exhibits[0]), "2 " + string(a.Exhibits[1]), "3 " + string(b.Exhibits[0])}; !slices.Equal(got, want) {
		t.Errorf("exhibits are %v, want %v", got, want)
	}
	if len(v.Reports) != 2 || len(v.Notes) != 2 || len(v.Moves) != 1 || v.Moves[0].Held != "" || v.Moves[0].Reason != why {
		t.Errorf("the case has %d reports, %d notes and moves %+v", len(v.Reports), len(v.Notes), v.Moves)
	}
	if acts := w.acts(a.Case); !has(acts, custody.CaseAbsorbed, custody.ReportMoved, custody.ExhibitMoved) || count(acts, custody.ExhibitSealed) != 3 || count(acts, custody.ReportSubmitted) != 2 {
		t.Errorf("its history is %v", acts)
	}
	old := w.open(ivy, b.Case)
	if old.Case.State != triage.StateMerged || old.MergedInto != a.Case || len(old.Reports) != 0 || !has(w.acts(b.Case), custody.CaseMerged, custody.ExhibitSealed, custody.CaseClaimed) {
		t.Errorf("what was merged is %+v with %v", old.Case, w.acts(b.Case))
	}
	if found, err := w.Find(t.Context(), ivy, triage.FindAsk{Text: string(b.Case), Limit: 9}); err != nil || len(found.Rows) != 1 {
		t.Errorf("its number finds %+v, %v", found.Rows, err)
	}
	// What is sealed can still be opened from the log, and what is added comes after it.
	added, err := w.AddToReport(t.Context(), w.people["host"], b.ID, "One more.", []triage.UploadID{w.upload()})
	w.ok(err)
	w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
		x, err := tx.Exhibit(t.Context(), added.Additions[0].Exhibits[0])
		if err != nil || x.Case != a.Case || x.Number != 4 {
			t.Errorf("what is added is %+v, %v", x, err)
		}
		es, err := tx.EventsOn(t.Context(), a.Case, "exhibit/"+string(b.Exhibits[0]), custody.ExhibitSealed)
		if len(es) != 1 {
			t.Errorf("%d entries say that it was sealed", len(es))
		}
		return err
	}))
	_, err = w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.says(err, "was merged into another one")
	_, err = w.Claim(t.Context(), rui, b.Case)
	w.is(triage.ErrConflict, err)

	w.now = w.now.Add(time.Minute)
	_, err = w.UndoMove(t.Context(), ivy, m.ID)
	w.ok(err)
	if c := w.caseOf(a.Case); c.Policy != first.Policy || c.Priority != first.Priority || !c.Due.Equal(first.Due) || c.Escalated || c.State != triage.StateQueued || !c.Looked.IsZero() {
		t.Errorf("after undoing the case is %+v, it was %+v", c, first)
	}
	back := w.open(ivy, b.Case)
	if got := numbers(back); back.Case.State != triage.StateEscalated || back.Case.MergedInto != "" || len(back.Reports) != 1 || len(got) != 2 || got[0] != "1 "+string(b.Exhibits[0]) {
		t.Errorf("the merged case is back as %+v with %v", back.Case, got)
	}
	if v := w.open(ivy, a.Case); len(v.Reports) != 1 || len(v.Moves) != 1 || v.Moves[0].UndoneBy != ivy.Account || !has(w.acts(a.Case), custody.CaseUnmerged) || !has(w.acts(b.Case), custody.CaseRestored) {
		t.Errorf("undoing is not on record: %+v", v.Moves)
	}
	_, err = w.UndoMove(t.Context(), ivy, m.ID)
	w.says(err, "undone already")
	my, err := w.MyReport(t.Context(), w.people["host"], b.ID)
	if w.ok(err); my.State != triage.StateEscalated {
		t.Errorf("the reporter's report is %s", my.State)
	}
}

func count(acts []custody.Act, act custody.Act) (n int) {
	for _, a := range acts {
		if a == act {
			n++
		}
	}
	return n
}

func TestSplitAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy := w.with("ivy", account.Investigator)
	m := w.meetingWith("mallory")
	var rs []triage.Report
	for i, policy := range []triage.PolicyID{"hate", "threat", "hate"} {
		w.now = w.now.Add(time.Minute)
		n := w.on(m, policy, "mallory")
		if i > 0 {
			n.Uploads = []triage.UploadID{w.upload()}
		}
		rs = append(rs, w.fileAs("host", n))
	}
	whole := w.caseOf(rs[0].Case)
	_, err := w.Split(t.Context(), ivy, whole.ID, nil, why)
	w.says(err, "Choose the reports")
	_, err = w.Split(t.Context(), ivy, whole.ID, []triage.ReportID{rs[0].ID, rs[1].ID, rs[2].ID}, why)
	w.says(err, "At least one report has to stay")
	_, err = w.Split(t.Context(), ivy, whole.ID, []triage.ReportID{"R-OTHER"}, why)
	w.says(err, "Choose the reports")
	_, err = w.Split(t.Context(), ivy, whole.ID, []triage.ReportID{rs[1].ID, "R-OTHER"}, why)
	w.says(err, "not in this case any more")
	w.now = w.now.Add(time.Minute)
	split, err := w.Split(t.Context(), ivy, whole.ID, []triage.ReportID{rs[1].ID}, why)
	w.ok(err)
	parent, child := w.open(ivy, whole.ID), w.open(ivy, split.Into)
	if parent.Case.Policy != "hate" || parent.Case.Priority != whole.Priority || child.Case.Policy != "threat" || child.Case.Priority != whole.Priority || !child.Case.Due.Equal(whole.Due) || child.Case.State != triage.StateQueued {
		t.Errorf("the two cases are %+v and %+v", parent.Case, child.Case)
	}
	if got := fmt.Sprint(numbers(parent), numbers(child)); got != fmt.Sprintf("[2 %s] [1 %s]", rs[2].Exhibits[0], rs[1].Exhibits[0]) {
		t.Errorf("exhibits are %s", got)
	}
	if acts := w.acts(child.Case.ID); !has(acts, custody.CaseOpened, custody.ReportMoved, custody.ExhibitSealed, custody.ReportSubmitted) || !has(w.acts(whole.ID), custody.CaseSplit) {
		t.Errorf("the history of what was split off is %v", acts)
	}
	// A report that joins one of the two since gets a number of its own; the split can be undone all the same.
	late := w.on(m, "hate", "mallory", w.upload())
	if r := w.fileAs("host", late); r.Case != whole.ID {
		t.Fatalf("the next report is in %s", r.Case)
	}
	w.now = w.now.Add(time.Minute)
	_, err = w.UndoMove(t.Context(), ivy, split.ID)
	w.ok(err)
	parent, child = w.open(ivy, whole.ID), w.open(ivy, split.Into)
	if got := numbers(parent); len(got) != 3 || got[0] != "1 "+string(rs[1].Exhibits[0]) || parent.Case.Policy != "threat" || len(parent.Reports) != 4 {
		t.Errorf("after undoing the case has %v, %+v", got, parent.Case)
	}
	if child.Case.State != triage.StateMerged || child.MergedInto != whole.ID || child.Moves[0].Undone.IsZero() {
		t.Errorf("what was split off is %+v", child.Case)
	}
	_, err = w.UndoMove(t.Context(), ivy, split.ID)
	w.says(err, "undone already")
}

// TestNothingMovesThatMayNot tries what is refused.
func TestNothingMovesThatMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy := w.with("ivy", account.Investigator)
	both := w.with("both", account.Investigator, account.ChildSafety)
	a, b, hidden := w.prepared("hate", 0), w.prepared("hate", 1), w.prepared("csam", 0)
	merge := func(who triage.Actor, into, from triage.CaseID) error {
		_, err := w.Merge(t.Context(), who, into, from, why)
		return err
	}
	for _, name := range []string{"rui", "lena", "lior", "ada", "host", "mallory"} {
		if err := merge(w.people[name], a.Case, b.Case); !errors.Is(err, triage.ErrForbidden) && !errors.Is(err, triage.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Split(t.Context(), w.people[name], a.Case, []triage.ReportID{a.ID}, why); !errors.Is(err, triage.ErrForbidden) && !errors.Is(err, triage.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.Merge(t.Context(), ivy, a.Case, b.Case, "short")
	w.says(err, "Say why")
	w.says(merge(ivy, a.Case, a.Case), "That is this case")
	w.says(merge(both, a.Case, hidden.Case), "different lanes")
	// A case of the other lane is answered like a number that does not exist.
	if none, closed := merge(ivy, a.Case, "C-00000-00000"), merge(ivy, a.Case, hidden.Case); fmt.Sprint(none) != fmt.Sprint(closed) || none.(triage.FieldErrors)[0].Msg != closed.(triage.FieldErrors)[0].Msg {
		t.Errorf("a hidden case answers %v, none %v", closed, none)
	}
	w.is(triage.ErrNotFound, merge(ivy, hidden.Case, a.Case))
	n := w.form("hate")
	n.People = []triage.Person{{Name: "Somebody else"}}
	w.says(merge(ivy, a.Case, w.fileAs("host", n).Case), "Nobody is reported in both")
	n = w.form("hate", w.upload())
	w.says(merge(ivy, a.Case, w.fileAs("host", n).Case), "still being prepared")
	done, _ := w.decided(triage.ActWarn, 0)
	w.says(merge(ivy, a.Case, done.Case), "is “decided”")
	w.ok(w.Reopen(t.Context(), w.people["lena"], done.Case, "Once more."))
	w.says(merge(ivy, a.Case, done.Case), "Somebody decided on case")
	w.says(merge(ivy, done.Case, a.Case), "Somebody decided on case")
	sample := w.form("hate")
	sample.Simulated = true
	w.says(merge(ivy, a.Case, w.fileAs("host", sample).Case), "is a sample")
	for _, m := range w.open(ivy, a.Case).Mergeable {
		if m.ID != b.Case {
			t.Errorf("%s is suggested", m.ID)
		}
	}
	// Once somebody decided, undoing is too late, and says so.
	m, err := w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.ok(err)
	_, err = w.Claim(t.Context(), w.people["rui"], a.Case)
	w.ok(err)
	_, err = w.UndoMove(t.Context(), ivy, m.ID)
	w.says(err, "Somebody else holds")
	_, err = w.Decide(t.Context(), w.people["rui"], a.Case, slices.Concat(w.finding(a, triage.ActNone, 0), w.finding(b, triage.ActNone, 0)))
	w.ok(err)
	_, err = w.UndoMove(t.Context(), ivy, m.ID)
	w.says(err, "what was decided stays")
	_, err = w.UndoMove(t.Context(), w.people["rui"], m.ID)
	w.is(triage.ErrForbidden, err)
	_, err = w.UndoMove(t.Context(), ivy, "CM-00000-00000")
	w.is(triage.ErrNotFound, err)
}

// TestMovesTellNothingOfTheClosedLane merges and splits, moves what came of it to child safety, and looks everywhere.
func TestMovesTellNothingOfTheClosedLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy, cleo := w.with("ivy", account.Investigator), w.people["cleo"]
	a, b, c := w.prepared("hate", 1), w.prepared("hate", 1), w.prepared("hate", 1)
	toChildSafety := func(id triage.CaseID) {
		t.Helper()
		_, err := w.Claim(t.Context(), w.people["rui"], id)
		w.ok(err)
		w.ok(w.Escalate(t.Context(), w.people["rui"], id, triage.LaneChildSafety, "A child."))
	}
	blind := func(who triage.Actor, at triage.CaseID, numbers ...string) {
		t.Helper()
		v := fmt.Sprintf("%+v", w.open(who, at))
		for _, n := range numbers {
			if strings.Contains(v, n) {
				t.Errorf("the page of %s tells of %s", at, n)
			}
		}
	}
	// What was split off goes: the case that it came from says nothing of it.
	_, err := w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.ok(err)
	split, err := w.Split(t.Context(), ivy, a.Case, []triage.ReportID{b.ID}, why)
	w.ok(err)
	toChildSafety(split.Into)
	blind(ivy, a.Case, string(split.Into), string(b.ID), string(b.Exhibits[0]), string(split.ID))
	blind(ivy, b.Case, string(split.Into), string(b.ID), string(b.Exhibits[0]), string(split.ID))
	_, err = w.UndoMove(t.Context(), ivy, split.ID)
	w.is(triage.ErrNotFound, err)
	// A merged case goes with the one that it went into.
	_, err = w.Merge(t.Context(), ivy, a.Case, c.Case, why)
	w.ok(err)
	toChildSafety(a.Case)
	for _, id := range []triage.CaseID{a.Case, b.Case, c.Case, split.Into} {
		_, err := w.OpenCase(t.Context(), ivy, id)
		w.is(triage.ErrNotFound, err)
		if found, err := w.Find(t.Context(), ivy, triage.FindAsk{Text: string(id), Limit: 9}); err != nil || len(found.Rows) != 0 {
			t.Errorf("%s finds %d cases, %v", id, len(found.Rows), err)
		}
	}
	_, err = w.Sequence(t.Context())
	w.ok(err)
	p, err := w.ReadLog(t.Context(), w.people["ada"], 0, 1000)
	w.ok(err)
	for i, l := range p.Leaves {
		if l.Case != "" && !p.Withheld[i] {
			t.Errorf("the auditor reads %s on %s of %s", l.Act, l.Subject, l.Case)
		}
	}
	if v := w.open(cleo, a.Case); len(v.Moves) != 3 {
		t.Errorf("a specialist sees the moves %+v", v.Moves)
	}
}

// TestAuditorOfASplitCase reads the log after what was split off went to child safety: what lies there now is withheld, what stayed is not.
func TestAuditorOfASplitCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy := w.with("ivy", account.Investigator)
	a, b := w.prepared("hate", 1), w.prepared("hate", 1)
	_, err := w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.ok(err)
	split, err := w.Split(t.Context(), ivy, a.Case, []triage.ReportID{b.ID}, why)
	w.ok(err)
	_, err = w.Claim(t.Context(), w.people["rui"], split.Into)
	w.ok(err)
	w.ok(w.Escalate(t.Context(), w.people["rui"], split.Into, triage.LaneChildSafety, "A child."))
	_, err = w.Sequence(t.Context())
	w.ok(err)
	p, err := w.ReadLog(t.Context(), w.people["ada"], 0, 1000)
	w.ok(err)
	seen := map[string]bool{}
	for i, l := range p.Leaves {
		if !p.Withheld[i] {
			seen[l.Subject] = true
		}
	}
	for subject, want := range map[string]bool{"report/" + string(a.ID): true, "exhibit/" + string(a.Exhibits[0]): true, "case/" + string(a.Case): true,
		"report/" + string(b.ID): false, "exhibit/" + string(b.Exhibits[0]): false, "move/" + string(split.ID): false, "case/" + string(split.Into): false} {
		if seen[subject] != want {
			t.Errorf("%s: the auditor reads it is %t", subject, seen[subject])
		}
	}
}

// TestPartiesOfMovedReports: who is named in what moved out of a case stays a party to it.
func TestPartiesOfMovedReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ivy, robin := w.with("ivy", account.Investigator), w.people["robin"]
	m := w.meetingWith("mallory", "robin", "rui")
	a, b := w.prepared("hate", 0), w.fileAs("robin", w.on(m, "hate", "mallory"))
	if _, err := w.OpenCase(t.Context(), robin, a.Case); err != nil {
		t.Fatal(err)
	}
	move, err := w.Merge(t.Context(), ivy, a.Case, b.Case, why)
	w.ok(err)
	for _, id := range []triage.CaseID{a.Case, b.Case} {
		_, err := w.OpenCase(t.Context(), robin, id)
		w.is(triage.ErrNotFound, err)
	}
	if r := w.fileAs("rui", w.on(m, "hate", "mallory")); r.Case != a.Case { // who reports what joins the case is a party to what was merged into it, too
		t.Fatalf("the next report is in %s", r.Case)
	}
	_, err = w.OpenCase(t.Context(), w.people["rui"], b.Case)
	w.is(triage.ErrNotFound, err)
	if found, err := w.Find(t.Context(), w.people["rui"], triage.FindAsk{Text: string(b.Case), Limit: 9}); err != nil || len(found.Rows) != 0 {
		t.Errorf("a party finds %+v, %v", found.Rows, err)
	}
	_, err = w.UndoMove(t.Context(), ivy, move.ID)
	w.ok(err)
	_, err = w.OpenCase(t.Context(), robin, a.Case)
	w.is(triage.ErrNotFound, err)
}

// TestMergesAtOnce merges one case into two at once, over a real database, while somebody decides on it and somebody reports.
func TestMergesAtOnce(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	ivy, rui := w.with("ivy", account.Investigator), w.people["rui"]
	for range rounds {
		a, b, c := w.file("hate"), w.file("hate"), w.file("hate")
		var errs [4]error
		var moves [2]triage.Move
		var wg sync.WaitGroup
		wg.Go(func() { moves[0], errs[0] = w.Merge(t.Context(), ivy, a.Case, c.Case, why) })
		wg.Go(func() { moves[1], errs[1] = w.Merge(t.Context(), ivy, b.Case, c.Case, why) })
		wg.Go(func() {
			if _, errs[2] = w.Claim(t.Context(), rui, c.Case); errs[2] == nil {
				_, errs[2] = w.Decide(t.Context(), rui, c.Case, w.finding(c, triage.ActNone, 0))
			}
		})
		wg.Go(func() {
			_, errs[3] = w.AddToReport(t.Context(), w.people["host"], c.ID, "More of it.", []triage.UploadID{w.upload()})
		})
		wg.Wait()
		won := 0
		for i, err := range errs {
			if err == nil && i < 3 {
				won++
			} else if err != nil && !errors.Is(err, triage.ErrConflict) && !(i < 2 && errors.Is(err, triage.ErrInvalid)) { // the second merge is told where the case went
				t.Fatalf("%d: %v", i, err)
			}
		}
		if won > 1 { // none, where the decision lost against what was added
			t.Fatalf("%d of a decision and two merges went through: %v", won, errs)
		}
		w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
			r, err := tx.Report(t.Context(), c.ID)
			xs, _ := tx.ExhibitsOf(t.Context(), r.Case)
			if errs[3] == nil && len(xs) != 1 {
				t.Errorf("the case of the report has %d exhibits", len(xs))
			}
			return err
		}))
		for i, m := range moves {
			if errs[i] == nil && errs[2] != nil {
				w.undoneOnce(ivy, m)
			}
		}
	}
}

// undoneOnce undoes a move twice at once.
func (w *world) undoneOnce(a triage.Actor, m triage.Move) {
	w.t.Helper()
	var errs [2]error
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.UndoMove(w.t.Context(), a, m.ID) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		w.t.Errorf("undoing twice at once answers %v", errs)
	}
}
