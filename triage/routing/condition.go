package routing

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
)

// Bounds of a condition.
const (
	MaxCondition = 1000   // characters
	maxCost      = 50_000 // of one evaluation, in CEL's units; a scan of the longest words costs about 2,000
)

// Condition is a CEL expression over Facts that gives true or false.
type Condition struct{ program cel.Program }

var environment = sync.OnceValues(func() (*cel.Env, error) {
	vars := make([]cel.EnvOption, len(Fields))
	for i, f := range Fields {
		vars[i] = cel.Variable(f.Name, celTypes[f.Type])
	}
	return cel.NewEnv(vars...)
})

// Compile reads a condition. The error is in words for whoever wrote it: where it is wrong, and what would be right.
func Compile(expression string) (*Condition, error) {
	switch n := len([]rune(expression)); {
	case n == 0:
		return nil, errors.New("write a condition, such as report.clips > 0 && policy.level == 0")
	case n > MaxCondition:
		return nil, fmt.Errorf("the condition has %d characters; %d fit", n, MaxCondition)
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, fmt.Errorf("the condition cannot be read: %s", firstIssue(issues))
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("the condition gives %s; it has to give true or false, as in report.clips > 0", t)
	}
	p, err := env.Program(ast, cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("the condition cannot be used: %w", err)
	}
	return &Condition{p}, nil
}

// firstIssue is the first thing that is wrong, with its place.
func firstIssue(issues *cel.Issues) string {
	e := issues.Errors()[0]
	words := strings.ReplaceAll(e.Message, " (in container '')", "")
	return fmt.Sprintf("line %d, column %d: %s", e.Location.Line(), e.Location.Column()+1, strings.TrimSuffix(words, "."))
}

// Holds reports whether the condition is true of a case. An error, such as a division by zero, is no match.
func (c *Condition) Holds(f Facts) (bool, error) { return c.holds(f.activation()) }

func (c *Condition) holds(in map[string]any) (bool, error) {
	v, _, err := c.program.Eval(in)
	if err != nil {
		return false, err
	}
	yes, _ := v.Value().(bool) // nothing else compiles
	return yes, nil
}
