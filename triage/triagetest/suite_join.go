package triagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// reportIn files a report of that meeting in a case, on some people.
func (w *world) reportIn(c triage.Case, m triage.MeetingID, people ...triage.Person) triage.Report {
	w.t.Helper()
	n := w.n()
	for i := range people {
		people[i].ID = triage.PersonID(fmt.Sprintf("Q-%d-%d", n, i))
	}
	r := triage.Report{ID: triage.ReportID(fmt.Sprintf("R-in-%d", n)), Case: c.ID, Reporter: w.host.ID, Org: w.org.ID, Key: fmt.Sprintf("in-%d", n),
		Meeting: m, MeetingName: "Choir", Occurred: w.at(0), Policy: "hate", Words: "words", People: people, Filed: w.at(n), Receipt: []byte("receipt"), Version: 1}
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertReport(ctx, r)) })
	return r
}

func (w *world) meetingOf(id triage.MeetingID) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMeeting(ctx, triage.Meeting{ID: id, Org: w.org.ID, Host: w.host.ID, Title: "Choir", Started: w.at(0)}, nil))
	})
}

func testJoinable(t *testing.T, w *world) {
	const here, there = triage.MeetingID("M-join-1"), triage.MeetingID("M-join-2")
	w.meetingOf(here)
	w.meetingOf(there)
	late, early := w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 5), w.addCase(triage.LaneGeneral, triage.StateDecided, 10, 1)
	closed, elsewhere := w.addCase(triage.LaneChildSafety, triage.StateQueued, 10, 2), w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 3)
	ben, guest := triage.Person{Name: "Ben", Account: w.ben.ID}, triage.Person{Name: "Straße", Identifier: "Guest@x"}
	w.reportIn(late, here, ben, triage.Person{Name: "Other"})
	w.reportIn(late, here, ben)
	w.reportIn(early, here, triage.Person{Name: "Benny", Account: w.ben.ID}, guest)
	w.reportIn(closed, here, ben)
	w.reportIn(elsewhere, there, ben)
	for _, x := range []struct {
		what   string
		lane   triage.Lane
		m      triage.MeetingID
		people []triage.Person
		want   []triage.Case
	}{
		{"account", triage.LaneGeneral, here, []triage.Person{{Name: "X", Account: w.ben.ID}}, []triage.Case{early, late}},
		{"closed lane", triage.LaneChildSafety, here, []triage.Person{ben}, []triage.Case{closed}},
		{"another meeting", triage.LaneGeneral, there, []triage.Person{ben, guest}, []triage.Case{elsewhere}},
		{"name without account", triage.LaneGeneral, here, []triage.Person{{Name: "STRAßE"}}, []triage.Case{early}},
		{"identifier", triage.LaneGeneral, here, []triage.Person{{Name: "X", Identifier: "guest@X"}}, []triage.Case{early}},
		{"name of an account", triage.LaneGeneral, here, []triage.Person{{Name: "Ben"}}, nil},
		{"account of a name", triage.LaneGeneral, here, []triage.Person{{Name: "Other", Account: w.ann.ID}}, nil},
		{"no names", triage.LaneGeneral, here, []triage.Person{{}}, nil},
		{"nobody", triage.LaneGeneral, here, nil, nil},
		{"no meeting", triage.LaneGeneral, "", []triage.Person{ben}, nil},
	} {
		w.update(func(ctx context.Context, tx triage.Tx) {
			got, err := tx.Joinable(ctx, x.lane, x.m, x.people)
			w.ok(err)
			if equal(w, got, x.want); t.Failed() {
				t.Fatal(x.what)
			}
		})
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		next := late
		next.ID, next.Follows = "C-follows", early.ID
		w.ok(tx.InsertCase(ctx, next))
		saved := next
		saved.Follows = late.ID // is not saved
		w.ok(tx.SaveCase(ctx, saved))
		next.Version = late.Version + 1
		is(w, next)(tx.Case(ctx, next.ID))
	})
	// Who asks about a meeting waits for whoever asked before: of many that would each open a case, one does.
	equal(w, w.together(6, triage.ErrConflict, func(i int) error {
		return w.s.Update(t.Context(), func(tx triage.Tx) error {
			found, err := tx.Joinable(t.Context(), triage.LaneGeneral, there, []triage.Person{{Name: "Racer"}})
			if err != nil || len(found) > 0 {
				return cmpErr(err, triage.Errorf(triage.Conflict, "there is one"))
			}
			time.Sleep(5 * time.Millisecond)
			c := late
			c.ID, c.Version = triage.CaseID(fmt.Sprintf("C-race-%d", i)), 1
			if err := tx.InsertCase(t.Context(), c); err != nil {
				return err
			}
			return tx.InsertReport(t.Context(), triage.Report{ID: triage.ReportID(fmt.Sprintf("R-race-%d", i)), Case: c.ID, Reporter: w.host.ID, Org: w.org.ID,
				Key: fmt.Sprintf("race-%d", i), Meeting: there, Occurred: w.at(0), Policy: "hate", Filed: w.at(9), Version: 1,
				People: []triage.Person{{ID: triage.PersonID(fmt.Sprintf("Q-race-%d", i)), Name: "Racer"}}})
		})
	}), 1)
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
