package web

import (
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
)

// ViewItem is a saved view as pages list it.
type ViewItem struct {
	triage.ViewRow
	Address string // of the page that it leads to
}

// Href is the view's own address, which stays the same.
func (v ViewItem) Href() string { return "/views/" + string(v.ID) }

// Words says what the view filters by.
func (v ViewItem) Words() string {
	q := v.Ask
	days := ""
	if q.Older > 0 {
		days = "opened at least " + plural(q.Older, "day", "days") + " ago"
	}
	parts := []string{q.State.Title(), q.Policy.Title(), quoted(q.Text), laneWords(q.Lane), after("clip ", string(q.Trust)), days,
		after("reporter ", q.Reporter), after("reported ", q.Reported), dayWords("from ", q.From), dayWords("until ", q.To)}
	switch {
	case v.Tab != "":
		parts = append([]string{"Queue, " + string(v.Tab)}, parts...)
	case q.Reviewer == triage.Myself:
		parts = append(parts, "mine")
	case q.Reviewer != "":
		parts = append(parts, "of one reviewer")
	}
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, " · ")
}

func after(words, value string) string {
	if value == "" {
		return ""
	}
	return words + value
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "“" + firstRunes(s, 60) + "”"
}

func laneWords(l triage.Lane) string {
	if l == "" {
		return ""
	}
	return laneTitle(l)
}

func dayWords(words string, t time.Time) string { return after(words, dayValue(t)) }

// ViewBar is the row of views above the queue and the search.
type ViewBar struct {
	Items    []ViewItem
	Address  string // of what is shown now, without a page
	CanKeep  bool   // there is something to save
	CanShare bool
}

// ViewsView is the page of one's saved views.
type ViewsView struct {
	Page
	Items    []ViewItem
	From     string // address whose filters are to be saved, or ""
	Name     string // as typed
	Shared   bool
	CanShare bool
	Messages Messages
}
