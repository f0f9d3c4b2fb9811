package web

import (
	"fmt"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/triage"
)

// LinesView is what was found about a file of lines of chat.
type LinesView struct {
	clip.LinesVerdict
	Page string // address of the page that shows them
	Of   triage.ExhibitID
	From int // number of the line, from 1, with whose page of lines the page begins; what is none is the first page
}

// shownLines is how many lines a page shows at once.
const shownLines = 2000

// bounds are the lines that the page shows, as indexes.
func (v LinesView) bounds() (from, to int) {
	if v.From > 0 && v.From <= len(v.Lines) {
		from = (v.From - 1) / shownLines * shownLines
	}
	return from, min(len(v.Lines), from+shownLines)
}

// linesAddress is the page with some line.
func (v LinesView) linesAddress(index int) string {
	return v.Page + "?lines=" + string(v.Of) + "&from=" + num(index+1) + "#exhibit-" + string(v.Of)
}

// writer is who wrote a line.
func (v LinesView) writer(l clip.LineVerdict) string { return v.Senders[l.Sender].Title() }

// linesWords says what the grade means for this file of lines.
func linesWords(v LinesView) string {
	switch v.Grade {
	case clip.Verified:
		return fmt.Sprintf("Every line was sent by its writer’s session in meeting %s: the platform’s notary received what it committed to at that time, and the text is exactly that.", v.Meeting)
	case clip.Partly:
		return fmt.Sprintf("Some of these lines are proven to be from their writers’ sessions in meeting %s; others are not. Each line says which.", v.Meeting)
	case clip.Contradicted:
		return "This file does not hold. Do not rely on these lines; what does not hold is listed below."
	}
	return "Nothing in this file proves who wrote these lines."
}

// lineState is the state of one line in words, with its chip’s tone.
func lineState(s clip.State) (words, tone string) {
	switch s {
	case clip.StateVerified:
		return "Verified", "done"
	case clip.StateUnstamped:
		return "Not stamped: nothing proves who wrote it", "off"
	case clip.StateLate:
		return "Late: when it was sent is not proven", "warn"
	}
	return "Not what its writer committed to", "problem"
}

// missingWords says how many lines the file leaves out before one.
func missingWords(n uint64) string {
	if n == 1 {
		return "1 line of the same writer before this one is not in the file"
	}
	return fmt.Sprintf("%d lines of the same writer before this one are not in the file", n)
}
