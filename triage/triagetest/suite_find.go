package triagetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testFind(t *testing.T, w *world) {
	const m = triage.MeetingID("M-find-1")
	w.meetingOf(m)
	old, mid := w.addCase(triage.LaneGeneral, triage.StateClosed, 10, 1), w.addCase(triage.LaneGeneral, triage.StateQueued, 10, 5)
	young, closed := w.addCase(triage.LaneGeneral, triage.StateClaimed, 10, 9), w.addCase(triage.LaneChildSafety, triage.StateQueued, 10, 7)
	report := w.reportIn(mid, m, triage.Person{Name: "Ökonom O'Neil", Identifier: "Oko@Example.org"})
	w.reportIn(old, "", triage.Person{Name: "Ben", Account: w.ben.ID})
	w.reportIn(closed, m, triage.Person{Name: "Ökonom"})
	w.update(func(ctx context.Context, tx triage.Tx) {
		r := must(tx.Report(ctx, report.ID))
		r.Additions = []triage.Addition{{At: w.at(3), Words: "STRASSENBAHN, 50% of it"}}
		w.ok(tx.SaveReport(ctx, r))
		w.ok(tx.InsertNote(ctx, triage.Note{ID: "N-find", Case: old.ID, Author: w.ann.ID, At: w.at(1), Words: "Siehe Straßenbahn und ökonomisch; 'quotes' & <b>bold</b> \\ :*"}))
	})
	everywhere := []triage.Place{}
	for _, s := range triage.AllStates {
		everywhere = append(everywhere, triage.Place{Lane: triage.LaneGeneral, State: s})
	}
	words := func(text string) triage.FindQuery { return triage.FindQuery{Words: triage.Tokens(text)} }
	number := func(n triage.Number) triage.FindQuery { return triage.FindQuery{Number: n} }
	for _, x := range []struct {
		what string
		q    triage.FindQuery
		want []triage.CaseID
	}{
		{"everything", triage.FindQuery{}, ids(young, mid, old)},
		{"a word's beginning, folded", words("ÖKON"), ids(mid, old)},
		{"its middle", words("konom"), nil},
		{"words of one text", words("siehe quotes bold"), ids(old)},
		{"words of two texts", words("strassenbahn words"), nil},
		{"an addition", words("strassen 50"), ids(mid)},
		{"sharp s is no double s", words("straßen"), ids(old)},
		{"a name with an apostrophe", words("o'neil"), ids(mid)},
		{"a meeting's name", words("choir"), ids(mid, old)},
		{"nothing", words("nowhere"), nil},
		{"case", number(triage.Number{Case: old.ID}), ids(old)},
		{"case of a closed lane", number(triage.Number{Case: closed.ID}), nil},
		{"report", number(triage.Number{Report: report.ID}), ids(mid)},
		{"meeting", number(triage.Number{Meeting: m}), ids(mid)},
		{"organisation", number(triage.Number{Org: w.org.ID}), ids(mid, old)},
		{"reported account", number(triage.Number{Account: w.ben.ID}), ids(old)},
		{"reporter", number(triage.Number{Account: w.host.ID}), ids(mid, old)},
		{"address", number(triage.Number{Identifier: "oko@example.ORG"}), ids(mid)},
		{"address or account", number(triage.Number{Identifier: "oko@example.org", Account: w.ben.ID}), ids(mid, old)},
		{"no exhibit", number(triage.Number{SHA256: triage.SHA256{7}}), nil},
		{"state", triage.FindQuery{In: []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateClosed}}}, ids(old)},
		{"nowhere", triage.FindQuery{In: []triage.Place{}}, nil},
		{"from", triage.FindQuery{From: mid.Opened}, ids(young, mid)},
		{"to", triage.FindQuery{To: mid.Opened}, ids(old)},
		{"no party", triage.FindQuery{Without: w.ben.ID}, ids(young, mid)},
		{"who holds it", triage.FindQuery{Reviewer: young.Claimant}, ids(young)},
		{"by reporter", triage.FindQuery{Reporter: w.host.ID}, ids(mid, old)},
		{"by a reported person as reporter", triage.FindQuery{Reporter: w.ben.ID}, nil},
		{"by reported account", triage.FindQuery{Reported: triage.Number{Account: w.ben.ID}}, ids(old)},
		{"by the reporter as reported", triage.FindQuery{Reported: triage.Number{Account: w.host.ID}}, nil},
		{"by reported handle", triage.FindQuery{Reported: triage.Number{Identifier: "oko@EXAMPLE.org"}}, ids(mid)},
		{"policy", triage.FindQuery{Policy: "none"}, nil},
		{"grade", triage.FindQuery{Trust: triage.TrustVerified}, nil},
		{"after", triage.FindQuery{After: triage.Cursor{Opened: mid.Opened, Case: mid.ID}}, ids(old)},
		{"a page", triage.FindQuery{Limit: 1}, ids(young)},
	} {
		if x.q.In == nil {
			x.q.In = everywhere
		}
		if x.q.Limit == 0 {
			x.q.Limit = 50
		}
		w.view(func(ctx context.Context, tx triage.Tx) {
			var got []triage.CaseID
			for _, r := range must(tx.Find(ctx, x.q)) {
				got = append(got, r.ID)
			}
			if fmt.Sprint(got) != fmt.Sprint(x.want) {
				t.Errorf("%s: %v, want %v", x.what, got, x.want)
			}
		})
	}
}

func ids(cs ...triage.Case) (out []triage.CaseID) {
	for _, c := range cs {
		out = append(out, c.ID)
	}
	return out
}
