package triage

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Span is a stretch of an exhibit that supports a finding.
type Span struct {
	Exhibit ExhibitID `json:"exhibit"`
	From    int64     `json:"from_ms"` // places in the clip, in milliseconds
	To      int64     `json:"to_ms"`
}

// Limits of what supports one finding.
const (
	MaxSpans    = 20
	maxSpanMS   = 24 * 60 * 60 * 1000
	maxEvidence = 2000 // bytes of the field
)

// NumberedSpan is a span as people write it: by the exhibit's number in the case.
type NumberedSpan struct {
	Number   int
	From, To int64 // milliseconds
}

// String is the one way in which ParseSpans' result is written: "1 3.2-5".
func (s NumberedSpan) String() string {
	return fmt.Sprintf("%d %s-%s", s.Number, secondsOf(s.From), secondsOf(s.To))
}

func secondsOf(ms int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%03d", ms/1000, ms%1000), "0"), ".")
}

var spanForm = regexp.MustCompile(`^([0-9]{1,4}) +([0-9:.]{1,12}) ?[-–] ?([0-9:.]{1,12})$`)

// ParseSpans reads what a decider gives as evidence: "1 3.2-5, 2 1:05-1:12.5", each an exhibit's number and two places in
// it, in seconds or minutes and seconds. An empty text is no span.
func ParseSpans(text string) (out []NumberedSpan, err error) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	bad := Errorf(Invalid, "Write evidence as exhibit number and seconds, such as “1 3.2-5, 2 1:05-1:12”.")
	if len(text) > maxEvidence {
		return nil, bad
	}
	for _, part := range strings.Split(text, ",") {
		m := spanForm.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, bad
		}
		s := NumberedSpan{}
		s.Number, _ = strconv.Atoi(m[1]) // the form says so
		var fromOK, toOK bool
		s.From, fromOK = parsePlace(m[2])
		s.To, toOK = parsePlace(m[3])
		if !fromOK || !toOK || s.Number < 1 || s.To <= s.From || s.To > maxSpanMS {
			return nil, bad
		}
		if out = append(out, s); len(out) > MaxSpans {
			return nil, Errorf(Invalid, "At most %d stretches fit. Join those that touch.", MaxSpans)
		}
	}
	return out, nil
}

var placeForm = regexp.MustCompile(`^(?:([0-9]{1,4}):([0-5]?[0-9])|([0-9]{1,5}))(?:\.([0-9]{1,3}))?$`)

// parsePlace reads "65.5" or "1:05.5" as milliseconds.
func parsePlace(s string) (int64, bool) {
	m := placeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n := func(s string) int64 { v, _ := strconv.ParseInt("0"+s, 10, 64); return v }
	thousandths := n((m[4] + "000")[:3])
	return (n(m[1])*60+n(m[2])+n(m[3]))*1000 + thousandths, true
}

// spans turns what was typed as evidence into spans of the case's exhibits.
func spans(ctx context.Context, tx Tx, c CaseID, findings []Finding) error {
	xs, err := tx.ExhibitsOf(ctx, c)
	if err != nil {
		return err
	}
	var fe FieldErrors
	for i := range findings {
		f := &findings[i]
		field := "evidence-" + string(f.Person)
		typed, err := ParseSpans(f.Evidence)
		if err != nil {
			fe.Add(field, "%s", err.Error())
		}
		f.Evidence, f.Spans = "", nil
		for _, s := range typed {
			x := exhibitNumbered(xs, s.Number)
			switch length := x.Probe.Duration.Milliseconds(); {
			case x.ID == "":
				fe.Add(field, "There is no exhibit %d in this case.", s.Number)
			case length > 0 && s.To > length+1000: // a second more: players round up
				fe.Add(field, "Exhibit %d ends after %s seconds.", s.Number, secondsOf(length))
			default:
				f.Spans = append(f.Spans, Span{x.ID, s.From, s.To})
			}
		}
	}
	return fe.Err()
}

func exhibitNumbered(xs []Exhibit, n int) Exhibit {
	for _, x := range xs {
		if x.Number == n {
			return x
		}
	}
	return Exhibit{}
}

// SpanWords is spans as the log and packages write them: "X-00000-00001 3.2-5; …".
func SpanWords(ss []Span) string {
	words := make([]string, len(ss))
	for i, s := range ss {
		words[i] = fmt.Sprintf("%s %s-%s", s.Exhibit, secondsOf(s.From), secondsOf(s.To))
	}
	return strings.Join(words, "; ")
}
