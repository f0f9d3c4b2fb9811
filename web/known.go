package web

import (
	"strings"

	"github.com/proffer/proffer/triage"
)

// knownWords is what was decided about a clip before: "Warning (Hate)".
func knownWords(k triage.Known) string {
	var all []string
	for _, f := range k.Finding {
		words := f.Words()
		if f.Action != triage.ActNone {
			words += " (" + f.Policy.Title() + ")"
		}
		all = append(all, words)
	}
	return strings.Join(all, "; ")
}

// knownIntro says what the list under it is.
func knownIntro(list []triage.Known) string {
	if list[0].Same {
		return "The very same bytes were decided before, so it need not be watched again:"
	}
	return "Clips that look nearly the same were decided before. Compare the stills; it may not need to be watched again:"
}

// knownHow is how near a clip is: "93 % of its pictures match:".
func knownHow(k triage.Known) string {
	if k.Same {
		return "The same bytes:"
	}
	return num(k.Share) + " % of its pictures match:"
}

// listedWords is a match: "On list Partner: Hate as “Number 7” (MD5)".
func listedWords(m triage.Listed) string {
	words := "On list " + clean(m.Source) + ": " + clean(m.Holds)
	if m.Label != "" {
		words += " as “" + clean(m.Label) + "”"
	}
	switch {
	case m.Kind == triage.HashPDQ && m.Exhibit != "":
		words += " (the picture at " + m.At.String() + " looks the same, " + plural(m.Distance, "bit", "bits") + " of 256 apart)"
	case m.Kind == triage.HashPDQ:
		words += " (PDQ, " + plural(m.Distance, "bit", "bits") + " of 256 apart)"
	default:
		words += " (the same " + m.Kind.Title() + ")"
	}
	return words
}
