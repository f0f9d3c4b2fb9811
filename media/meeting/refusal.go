package meeting

import "fmt"

// RefusalKind says what sort of failure a Refusal is.
type RefusalKind int

// The kinds.
const (
	Invalid   RefusalKind = iota + 1 // what was sent cannot be accepted
	Forbidden                        // by policy or standing
	Gone                             // the meeting is over
	Crowded                          // there is no room, or it came too fast
)

// Refusal is a failure that a person can be told of, in words that say what to do next.
type Refusal struct {
	Kind RefusalKind
	Why  string
}

func (r *Refusal) Error() string { return r.Why }

func refusal(k RefusalKind, format string, args ...any) *Refusal {
	return &Refusal{Kind: k, Why: fmt.Sprintf(format, args...)}
}

var errOver = refusal(Gone, "This meeting is over. Ask the host for a new one.")
