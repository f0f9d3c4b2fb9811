package meeting

import (
	"fmt"

	"github.com/google/cel-go/cel"

	"github.com/proffer/proffer/triage/account"
)

// DefaultRule is who may have end-to-end encrypted meetings where the configuration says nothing else: organisations on a
// business or enterprise plan, paid or comped (schools), and not the free self-service plan (DESIGN I3).
const DefaultRule = `plan in ["business", "enterprise"]`

// Rule decides who may have end-to-end encrypted meetings: a CEL expression over the organisation that a meeting belongs to.
//
//	plan          string   "free", "business" or "enterprise"
//	comped        bool     the plan is given, not paid
//	organisation  string   its name
//	id            string   its number, such as "O-3K9QA-77ZPW"
//
// It gives true or false, or a text: why not, "" where it is allowed.
type Rule struct{ program cel.Program }

// maxCost bounds what one evaluation may cost, in CEL's units.
const maxCost = 10_000

// NewRule reads a rule; "" stands for DefaultRule.
func NewRule(expression string) (*Rule, error) {
	if expression == "" {
		expression = DefaultRule
	}
	env, err := cel.NewEnv(cel.Variable("plan", cel.StringType), cel.Variable("comped", cel.BoolType),
		cel.Variable("organisation", cel.StringType), cel.Variable("id", cel.StringType))
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, fmt.Errorf("the rule for end-to-end encryption cannot be read: %w", issues.Err())
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.StringType) {
		return nil, fmt.Errorf("the rule for end-to-end encryption gives %s; it has to give true or false, or a text that says why not", t)
	}
	p, err := env.Program(ast, cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("the rule for end-to-end encryption cannot be used: %w", err)
	}
	return &Rule{p}, nil
}

// Denies says in words why an organisation may not have end-to-end encrypted meetings; "" where it may. A rule that fails denies.
func (r *Rule) Denies(o account.Organisation) (why string, err error) {
	v, _, err := r.program.Eval(map[string]any{"plan": string(o.Plan), "comped": o.Comped, "organisation": o.Name, "id": string(o.ID)})
	if err != nil {
		return "Whether your organisation may have end-to-end encrypted meetings could not be decided. Ask whoever runs this server.", err
	}
	switch answer := v.Value().(type) {
	case bool:
		if !answer {
			return fmt.Sprintf("End-to-end encryption is not part of your organisation’s plan (%s). It comes with a business or enterprise "+
				"plan, paid or given; ask whoever runs this server.", o.Plan), nil
		}
		return "", nil
	case string:
		return account.CleanName(answer, 900), nil
	}
	return "", fmt.Errorf("meeting: the rule gave a %T", v.Value())
}

// Feature is something that a meeting can have only while the server holds its key.
type Feature string

// The features that cannot work in an end-to-end encrypted meeting.
const (
	DialIn        Feature = "dial-in"
	SIPRoom       Feature = "sip-room"
	Recording     Feature = "recording"
	Transcription Feature = "transcription"
	Streaming     Feature = "streaming"
)

// Features lists every one, in the order pages show them.
var Features = []Feature{DialIn, SIPRoom, Recording, Transcription, Streaming}

// features says why each cannot work.
var features = map[Feature]string{
	DialIn:        "Telephones cannot decrypt, so the server would have to hold the key for them: nobody can dial into an end-to-end encrypted meeting.",
	SIPRoom:       "Room systems that call in by SIP cannot decrypt, so the server would have to hold the key for them: they cannot join an end-to-end encrypted meeting.",
	Recording:     "The server cannot record what it cannot decrypt: an end-to-end encrypted meeting has no cloud recording.",
	Transcription: "The server cannot transcribe what it cannot decrypt: an end-to-end encrypted meeting has no transcription.",
	Streaming:     "A live stream would show the meeting to people without its key: an end-to-end encrypted meeting has no live streaming.",
}

// Refuses says in words why a meeting cannot have a feature; "" where it can.
func (m Meeting) Refuses(f Feature) (why string) {
	words, known := features[f]
	switch {
	case !known:
		return "There is no such feature."
	case m.State() == Ended:
		return errOver.Why
	case m.Mode != Standard:
		return words
	}
	return ""
}
