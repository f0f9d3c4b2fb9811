package export

import (
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// TestPackageOfMovedExhibits discloses what came into a case from another one, and a case that was split off: numbers and chains of custody hold.
func TestPackageOfMovedExhibits(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	ivy := triage.Actor{Account: w.lead.Account, Org: w.lead.Org, Name: w.lead.Name, Roles: account.Roles{account.Investigator}}
	w.submit(smallClips[:1], triage.Person{Name: "Mallory 王"})
	first := w.report
	n := triage.NewReport{Key: "abcdef0123456789abcd", MeetingName: "Maths", Occurred: w.now.Add(-time.Hour), Policy: "harassment", Words: "Once more.", Declared: true,
		Simulated: true, People: []triage.Person{{Name: "Mallory 王"}}, Uploads: []triage.UploadID{w.upload(smallClips[1])}}
	second := must(w.desk.FileReport(w.ctx, w.host, n))
	w.prepare(second.Exhibits[0], smallClips[1])
	must(w.desk.Merge(w.ctx, ivy, first.Case, second.Case, "The same lesson, told twice."))
	w.disclosed(2, first.People[0], second.People[0])

	w = newWorld(t, "desk.example.org")
	w.submit(smallClips[:1], triage.Person{Name: "Mallory 王"})
	first = w.report
	n.Uploads, n.Occurred = []triage.UploadID{w.upload(smallClips[1])}, w.now.Add(-time.Hour)
	second = must(w.desk.FileReport(w.ctx, w.host, n))
	w.prepare(second.Exhibits[0], smallClips[1])
	ivy.Account = w.lead.Account
	must(w.desk.Merge(w.ctx, ivy, first.Case, second.Case, "The same lesson, told twice."))
	m := must(w.desk.Split(w.ctx, ivy, first.Case, []triage.ReportID{second.ID}, "Another lesson after all."))
	w.report.Case = m.Into
	w.disclosed(1, second.People[0])
}

// disclosed decides the case and verifies a package of its first n exhibits.
func (w *world) disclosed(n int, people ...triage.Person) {
	w.Helper()
	must(w.desk.Claim(w.ctx, w.reviewer, w.report.Case))
	w.decide(triage.Finding{Action: triage.ActRefer}, people...)
	w.look()
	w.request(n)
	expect(w, verify(w, w.build(writeCover), w.ring.Keys()), 0, "")
}

// TestEntriesOfOtherCases holds that an entry about an exhibit of another case counts only where the log says that the exhibit came from there.
func TestEntriesOfOtherCases(t *testing.T) {
	entry := func(r *record, act custody.Act, in string, d custody.Detail) {
		if err := r.note(custody.Leaf{Act: act, Case: in, Subject: "exhibit/X-1"}, d); err != nil {
			t.Fatal(err)
		}
	}
	came := custody.Detail{"from": "C-1", "into": "C-2", "number": "3"}
	for _, x := range []struct {
		what  string
		moves []custody.Detail
		good  bool
	}{{"none", nil, false}, {"from there", []custody.Detail{came}, true}, {"from elsewhere", []custody.Detail{{"from": "C-3", "into": "C-2"}}, false},
		{"and on", []custody.Detail{came, {"from": "C-2", "into": "C-4"}}, false}, {"withheld", []custody.Detail{nil}, false}} {
		var r record
		entry(&r, custody.ExhibitViewed, "C-1", nil)
		for _, d := range x.moves {
			entry(&r, custody.ExhibitMoved, "C-2", d)
		}
		if wrong := r.came("C-2"); (len(wrong) == 0) != x.good {
			t.Errorf("%s: %v", x.what, wrong)
		}
	}
}
