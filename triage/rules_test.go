package triage_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what the code says now; read the difference, then run go test -update if it is right.\n%s", path, got)
	}
}

// TestLifecycleGolden shows every state × step.
func TestLifecycleGolden(t *testing.T) {
	var b bytes.Buffer
	for _, s := range triage.AllStates {
		for _, step := range triage.AllSteps {
			next, err := triage.Apply(s, step)
			if err != nil {
				next = "–"
			}
			fmt.Fprintf(&b, "%-18s %-9s %s\n", s, step, next)
		}
	}
	golden(t, "lifecycle.golden", b.Bytes())
}

// TestCanGolden shows every action × role, on each kind of thing it can be asked about.
func TestCanGolden(t *testing.T) {
	actors := []triage.Actor{{}, {Account: "A-host"}}
	names := []string{"stranger", "host"}
	for _, r := range account.AllRoles {
		actors, names = append(actors, triage.Actor{Account: "A-me", Roles: account.Roles{r}}), append(names, string(r))
	}
	actors, names = append(actors, triage.Actor{Account: "A-me", Roles: account.Roles{account.ChildSafety, account.Lead, account.Liaison}}),
		append(names, "cs+lead+liaison")
	targets := []struct {
		name string
		on   triage.Target
	}{
		{"in general", triage.Target{}},
		{"queued", triage.Target{Lane: triage.LaneGeneral, State: triage.StateQueued}},
		{"escalated", triage.Target{Lane: triage.LaneGeneral, State: triage.StateEscalated}},
		{"mine", triage.Target{Lane: triage.LaneGeneral, State: triage.StateClaimed, Claimant: "A-me", Proposer: "A-me", Owner: "A-host"}},
		{"others'", triage.Target{Lane: triage.LaneGeneral, State: triage.StateAwaiting, Claimant: "A-x", Proposer: "A-x", Owner: "A-x"}},
		{"decided", triage.Target{Lane: triage.LaneGeneral, State: triage.StateDecided}},
		{"the host's, of an organisation that they left", triage.Target{Owner: "A-host", Org: "O-left"}},
		{"child safety", triage.Target{Lane: triage.LaneChildSafety, State: triage.StateQueued}},
		{"child safety, decided", triage.Target{Lane: triage.LaneChildSafety, State: triage.StateDecided}},
	}
	var b bytes.Buffer
	for _, tg := range targets {
		fmt.Fprintf(&b, "%s\n", tg.name)
		for _, do := range triage.AllActions {
			var may []string
			for i, a := range actors {
				if triage.Can(a, do, tg.on) {
					may = append(may, names[i])
				}
			}
			fmt.Fprintf(&b, "  %-17s %s\n", do, strings.Join(may, " "))
		}
	}
	golden(t, "can.golden", b.Bytes())
}

// TestChildSafetyLaneIsClosed says it once more without a file: no action on that lane without the role.
func TestChildSafetyLaneIsClosed(t *testing.T) {
	var all account.Roles
	for _, r := range account.AllRoles {
		if r != account.ChildSafety {
			all = append(all, r)
		}
	}
	a := triage.Actor{Account: "A-all", Roles: all}
	for _, do := range triage.AllActions {
		switch do {
		case triage.SelfManage, triage.ReportCreate, triage.ReportRead, triage.ReportChange, triage.MeetingCreate, triage.MeetingRead, triage.MeetingEnd,
			triage.RecordingRead, triage.RecordingDownload, triage.RecordingDelete:
			continue // not about a case
		}
		for _, s := range triage.AllStates {
			if triage.Can(a, do, triage.Target{Lane: triage.LaneChildSafety, State: s}) {
				t.Errorf("%s is allowed on a %s case of the child-safety lane", do, s)
			}
		}
		for _, l := range triage.Lanes(a, do) {
			if l == triage.LaneChildSafety {
				t.Errorf("Lanes(%s) holds the child-safety lane", do)
			}
		}
	}
}

func TestParseID(t *testing.T) {
	for range 1000 {
		id := triage.NewID("C")
		if got, ok := triage.ParseID("C", id); !ok || got != id {
			t.Fatalf("ParseID(%q) = %q, %v", id, got, ok)
		}
	}
	for in, want := range map[string]string{"c-0o1il-zzzzz": "C-00111-ZZZZZ", " C0000000000 ": "C-00000-00000"} {
		if got, _ := triage.ParseID("C", in); got != want {
			t.Errorf("ParseID(%q) = %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{"", "C", "R-00000-00000", "C-00000-0000U", "C-00000-000000", strings.Repeat("C", 100)} {
		if got, ok := triage.ParseID("C", bad); ok {
			t.Errorf("ParseID(%q) = %q", bad, got)
		}
	}
}

func validReport(now time.Time) triage.NewReport {
	return triage.NewReport{Key: "0123456789abcdef", MeetingName: "Choir", Occurred: now.Add(-time.Hour), Policy: "hate", Words: "What happened",
		People: []triage.Person{{Name: "Mallory"}}, Declared: true}
}

func TestNewReportValidate(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	n := validReport(now)
	if err := n.Validate(now); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		field  string
		change func(*triage.NewReport)
	}{
		"no key":         {"key", func(n *triage.NewReport) { n.Key = "" }},
		"odd key":        {"key", func(n *triage.NewReport) { n.Key = "0123456789abcde\x00" }},
		"no meeting":     {"meeting", func(n *triage.NewReport) { n.MeetingName = "\u202E" }},
		"no time":        {"occurred", func(n *triage.NewReport) { n.Occurred = time.Time{} }},
		"future":         {"occurred", func(n *triage.NewReport) { n.Occurred = now.Add(time.Hour) }},
		"long ago":       {"occurred", func(n *triage.NewReport) { n.Occurred = now.AddDate(-2, 0, 0) }},
		"unknown policy": {"policy", func(n *triage.NewReport) { n.Policy = "x" }},
		"too many words": {"words", func(n *triage.NewReport) { n.Words = strings.Repeat("x", triage.MaxWords+1) }},
		"nothing said":   {"words", func(n *triage.NewReport) { n.Words = " " }},
		"nobody":         {"people", func(n *triage.NewReport) { n.People = nil }},
		"nameless":       {"people", func(n *triage.NewReport) { n.People = []triage.Person{{Name: "\x00"}} }},
		"undeclared":     {"declared", func(n *triage.NewReport) { n.Declared = false }},
		"2,000 people": {"people", func(n *triage.NewReport) {
			n.People = nil
			for i := range 2000 {
				n.People = append(n.People, triage.Person{Name: fmt.Sprint("p", i)})
			}
		}},
	} {
		n := validReport(now)
		c.change(&n)
		err := n.Validate(now)
		fe, ok := err.(triage.FieldErrors)
		if !ok || len(fe) != 1 || fe[0].Field != c.field {
			t.Errorf("%s: got %v, want one error on %s", name, err, c.field)
		}
	}
}

func TestNewReportCleans(t *testing.T) {
	now := time.Now()
	n := validReport(now)
	n.People = []triage.Person{{Name: "Mal\u202Elory"}, {Name: "Mallory"}, {Name: "Mallory"}}
	if err := n.Validate(now); err != nil || len(n.People) != 1 || n.People[0].Name != "Mallory" {
		t.Errorf("people = %+v, %v; want one Mallory", n.People, err)
	}
}
