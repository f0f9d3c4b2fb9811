package triage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// TestPersonDigests shows that people are told apart by each of their fields, and that no text of one runs into another.
func TestPersonDigests(t *testing.T) {
	t.Parallel()
	seen := map[string]triage.Person{}
	for _, p := range []triage.Person{
		{}, {ID: "a"}, {Name: "a"}, {Identifier: "a"}, {Account: "a"}, {ID: "a", Name: "b"}, {ID: "ab"}, {Name: "ab"}, {Name: "a", Identifier: "b"},
		{Name: `a","identifier":"b`}, {Name: "a\nb"}, {Name: "a", Account: "b"},
	} {
		d := triage.ReportFacts(triage.Report{People: []triage.Person{p}})["person_01"]
		if other, ok := seen[d]; ok || len(d) != 64 {
			t.Errorf("%+v and %+v are both %q", p, other, d)
		}
		seen[d] = p
	}
	if d := triage.ReportFacts(triage.Report{People: []triage.Person{{Name: "a\x00"}}})["person_01"]; d != "not text" {
		t.Errorf("what is no text has the digest %q", d)
	}
}

// TestFactsFit writes down the largest of each, in letters that take the most bytes, plain and escaped.
func TestFactsFit(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"𝔚", `"`, "\n"} {
		text := func(n int) string { return strings.Repeat(letter, n) }
		r := triage.Report{MeetingName: text(triage.MaxTitle), Words: text(triage.MaxWords), Occurred: time.Now()}
		for range triage.MaxPeople {
			r.People = append(r.People, triage.Person{ID: "N-00000-00000", Name: text(triage.MaxName), Identifier: text(254), Account: "A-00000-00000"})
		}
		p := triage.Package{Recipient: text(triage.MaxTitle), Reference: text(triage.MaxTitle), Scope: text(triage.MaxReasons)}
		for i := range 5 * triage.MaxClips {
			p.Exhibits = append(p.Exhibits, triage.ExhibitID(fmt.Sprintf("X-00000-%05d", i)))
		}
		f := triage.Finding{Person: "N-00000-00000", Policy: "intimate-imagery", Action: triage.ActSuspend, Days: triage.MaxDays, Reasons: text(triage.MaxReasons)}
		for name, d := range map[string]custody.Detail{
			"report": triage.ReportFacts(r), "addition": triage.AdditionFacts(50, text(triage.MaxNote)), "package": triage.PackageFacts(p, "hate", text(triage.MaxName)),
			"finding": triage.FindingFacts(f, text(triage.MaxName), f.Words()), "approval": triage.ApprovedFacts(text(triage.MaxNote), text(triage.MaxName), 1<<40),
		} {
			if b, err := d.Canonical(); err != nil || len(b) > 60<<10 {
				t.Errorf("%s in %q: %d bytes, %v", name, letter, len(b), err)
			}
		}
	}
}
