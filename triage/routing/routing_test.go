package routing

import (
	"slices"
	"strings"
	"testing"
)

// usual is a case as most are.
var usual = Facts{Reports: 1, Clips: 1, Policy: "harassment", Level: 1, Base: 65, MeetingKnown: true, Mode: "e2ee", People: 1, Known: true, AgeDays: 400}

func with(change func(*Facts)) Facts {
	f := usual
	change(&f)
	return f
}

func TestRate(t *testing.T) {
	hosts := Rule{Name: "hosts", Condition: `account.host && meeting.mode == "e2ee"`, Queue: "hosts", Points: 10}
	young := Rule{Name: "young", Condition: `account.known && account.age_days < 3`, Points: -5}
	for _, x := range []struct {
		name     string
		facts    Facts
		rules    []Rule
		priority int
		queue    string
		reasons  int
	}{
		{"the policy alone", usual, nil, 65, "", 1},
		{"earlier reports, at most ten points", with(func(f *Facts) { f.Earlier = 9 }), nil, 75, "", 2},
		{"several reports", with(func(f *Facts) { f.Reports = 3 }), nil, 69, "", 2},
		{"proven", with(func(f *Facts) { f.Verified = true }), nil, 68, "", 2},
		{"contradicted", with(func(f *Facts) { f.Contradicted = true }), nil, 55, "", 2},
		{"cut off at 100", with(func(f *Facts) { f.Base, f.Earlier, f.Upheld = 100, 5, 3 }), nil, 100, "", 3},
		{"muted comes last", with(func(f *Facts) { f.Muted = true }), nil, 0, "", 2},
		{"moved stays first, even muted", with(func(f *Facts) { f.Moved, f.Muted = true, true }), nil, 100, "", 1},
		{"a rule", with(func(f *Facts) { f.Host = true }), []Rule{hosts, young}, 75, "hosts", 2},
		{"the first that holds", with(func(f *Facts) { f.Host, f.AgeDays = true, 1 }), []Rule{young, hosts}, 60, "", 2},
		{"none holds", usual, []Rule{hosts, young}, 65, "", 1},
		{"no rule goes below 0", usual, []Rule{{Condition: "true", Points: -100}}, 0, "", 2},
		{"one that fails is passed over", with(func(f *Facts) { f.Host = true }), []Rule{{Condition: "1 / (report.count - 1) > 0"}, hosts}, 75, "hosts", 2},
	} {
		r := Rate(x.facts, x.rules)
		if r.Priority != x.priority || r.Queue != x.queue || len(r.Reasons) != x.reasons {
			t.Errorf("%s: %+v", x.name, r)
		}
	}
	if r := Rate(usual, []Rule{{Name: "broken", Condition: "1 / (report.count - 1) > 0"}}); len(r.Failed) != 1 || r.Rule != -1 {
		t.Errorf("a rule that failed is not told: %+v", r)
	}
}

func TestCompile(t *testing.T) {
	for expression, want := range map[string]string{
		"":                           "write a condition",
		"report.clip > 0":            "undeclared reference to 'report",
		"report.clips":               "gives int",
		"report.clips > \"a\"":       "no matching overload",
		"report.clips >":             "column",
		strings.Repeat("true ", 300): "characters",
		"policy.id in [":             "line 1",
	} {
		if _, err := Compile(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", expression, err)
		}
	}
	for _, f := range Fields { // each can be asked about
		literal := map[string]string{"int": "0", "bool": "false", "string": `""`}[f.Type]
		c, err := Compile(f.Name + " == " + literal)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if _, err := c.Holds(usual); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// TestCost: no condition holds up the filing of a report.
func TestCost(t *testing.T) {
	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 40), ",") + "]"
	c, err := Compile(list + ".all(a, " + list + ".all(b, " + list + ".all(c, " + list + ".all(d, a + b + c + d > 0))))")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Holds(usual); err == nil || !strings.Contains(err.Error(), "cost limit") {
		t.Errorf("it ran to its end: %v", err)
	}
	if words, err := Compile(`report.words.contains("doxx") || report.words.matches("(?i)home ?address")`); err != nil {
		t.Error(err)
	} else if _, err := words.Holds(with(func(f *Facts) { f.Words = strings.Repeat("äbc ", 5000) })); err != nil {
		t.Errorf("the longest words are too much: %v", err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, x := range []string{"true", "report.clips > 0", `report.words.contains("x")`, "[1].map(x, x)", "\x00", "policy.id.matches('(')"} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		c, err := Compile(expression)
		if err != nil {
			return
		}
		a, errA := c.Holds(usual)
		b, errB := c.Holds(usual)
		if a != b || (errA == nil) != (errB == nil) {
			t.Errorf("%q is not the same twice", expression)
		}
	})
}

func BenchmarkRules(b *testing.B) {
	rules := slices.Repeat([]Rule{{Name: "hosts", Condition: `account.host && meeting.mode == "standard" && report.words.contains("zoom")`}}, 20)
	Rate(usual, rules)
	b.ReportAllocs()
	for b.Loop() {
		Rate(usual, rules)
	}
	b.ReportMetric(float64(b.N*len(rules))/b.Elapsed().Seconds(), "rules/s")
}
