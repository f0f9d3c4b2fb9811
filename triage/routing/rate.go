package routing

import (
	"fmt"
	"sync"
)

// Rule sends a case to a queue, or moves it up or down, where a condition holds.
type Rule struct {
	Name      string
	Condition string // in CEL, over Fields
	Queue     string // that the case goes to; "" leaves it where everybody works
	Points    int    // -100 to 100, added to the priority
}

// Reason is one part of a priority, in words.
type Reason struct {
	Points int    `json:"points"`
	Words  string `json:"words"`
}

// Rating is where a case belongs, and why.
type Rating struct {
	Priority int // 0 to 100: the sum of the reasons, cut off at both ends
	Reasons  []Reason
	Queue    string // "" is the one that everybody works on
	Rule     int    // which of the rules applied; -1: none
	Failed   []error
}

// Rate is the one way to a priority. Rules are asked in their order and the first that holds applies; the others are not looked at.
func Rate(f Facts, rules []Rule) Rating {
	r := Rating{Rule: -1}
	add := func(points int, format string, args ...any) {
		if points != 0 {
			r.Reasons = append(r.Reasons, Reason{points, fmt.Sprintf(format, args...)})
		}
	}
	base(f, add)
	r.apply(f, rules, add)
	for _, x := range r.Reasons {
		r.Priority += x.Points
	}
	r.Priority = max(0, min(100, r.Priority))
	if f.Muted && !f.Moved {
		r.Priority = 0
		r.Reasons = append(r.Reasons, Reason{Words: "whoever reported it is muted, so it comes last"})
	}
	return r
}

// base are the points that a case has before any rule: the policy's, and what makes it likelier or worse.
func base(f Facts, add func(points int, format string, args ...any)) {
	if f.Moved {
		add(100, "staff moved it to this lane")
		return
	}
	add(f.Base, "the policy it was reported under")
	add(2*min(f.Earlier, 5), "%s on the same accounts", plural(f.Earlier, "other report"))
	add(2*min(f.Upheld, 3), "%s of a violation by them", plural(f.Upheld, "finding"))
	add(2*min(f.Reports-1, 3), "%s", plural(f.Reports, "report"))
	if f.Verified {
		add(3, "a clip with every frame proven")
	}
	if f.Contradicted {
		add(-10, "a clip that its proof contradicts")
	}
}

func (r *Rating) apply(f Facts, rules []Rule, add func(points int, format string, args ...any)) {
	if len(rules) == 0 {
		return
	}
	in := f.activation()
	for i, rule := range rules {
		c, err := compiled(rule.Condition)
		holds := false
		if err == nil {
			holds, err = c.holds(in)
		}
		if err != nil {
			r.Failed = append(r.Failed, fmt.Errorf("routing: rule %q: %w", rule.Name, err))
		}
		if holds {
			r.Queue, r.Rule = rule.Queue, i
			add(rule.Points, "rule “%s”", rule.Name)
			return
		}
	}
}

// conditions keeps what was compiled, by its text: reading a condition takes a thousand times as long as asking it.
var conditions = struct {
	sync.Mutex
	known map[string]*Condition
}{known: map[string]*Condition{}}

const maxKnown = 1000

func compiled(expression string) (*Condition, error) {
	conditions.Lock()
	defer conditions.Unlock()
	if c := conditions.known[expression]; c != nil {
		return c, nil
	}
	c, err := Compile(expression)
	if err == nil {
		if len(conditions.known) >= maxKnown {
			clear(conditions.known)
		}
		conditions.known[expression] = c
	}
	return c, err
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
