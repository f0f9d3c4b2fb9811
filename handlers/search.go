package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// searchPage is how many cases one page of a search shows.
const searchPage = 25

// search shows what a search finds.
func (s *server) search(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	in := r.URL.Query()
	ask, problem := readAsk(in)
	if after := in.Get("after"); after != "" {
		var ok bool
		if ask.After, ok = parseFound(after); !ok {
			return errNothing
		}
	}
	p, err := s.page(r, "Search", r.URL.RequestURI())
	if err != nil {
		return err
	}
	v := web.SearchView{Page: p, Ask: ask, Asked: !ask.Empty(), Policies: policiesOf(a, triage.QueueRead), Problem: problem,
		Lanes: triage.Lanes(a, triage.QueueRead), States: statesOf(a), CanBulk: len(triage.Lanes(a, triage.BulkDecide)) > 0}
	if v.Reviewers, err = s.desk.Colleagues(r.Context(), a); err != nil {
		return err
	}
	found, err := s.desk.Find(r.Context(), a, ask)
	if err != nil {
		return err
	}
	v.Rows, v.Lists = found.Rows, found.Lists
	if found.More {
		v.More = searchAddress(ask, formatFound(found.Rows[len(found.Rows)-1].Case))
	}
	if in.Get("after") != "" {
		v.First = searchAddress(ask, "")
	}
	if v.Views, err = s.viewBar(r, a, searchAddress(ask, "")); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Search(v))
}

// readAsk reads a search from an address. What is no day is said and left out; what names nothing finds nothing.
func readAsk(in url.Values) (ask triage.FindAsk, problem string) {
	ask = triage.FindAsk{Text: strings.TrimSpace(account.CleanText(in.Get("q"))), Policy: triage.PolicyID(in.Get("policy")), State: triage.State(in.Get("state")),
		Lane: triage.Lane(in.Get("lane")), Trust: triage.Trust(in.Get("grade")), Reviewer: account.ID(in.Get("reviewer")), Limit: searchPage,
		Reporter: account.CleanName(in.Get("reporter"), triage.MaxName), Reported: account.CleanName(in.Get("reported"), triage.MaxName)}
	if older := in.Get("older"); older != "" {
		n, err := strconv.Atoi(older)
		if err == nil && n > 0 && n <= triage.MaxOlder {
			ask.Older = n
		} else {
			problem = "That is no number of days. Write one from 1 to " + strconv.Itoa(triage.MaxOlder) + "."
		}
	}
	if len(ask.Text) > 4000 {
		ask.Text, problem = "", "That is too long to search for. Type a few words of it, or its number."
	}
	for name, day := range map[string]*time.Time{"from": &ask.From, "to": &ask.To} {
		text := in.Get(name)
		at, err := time.Parse(time.DateOnly, text)
		if err == nil && at.Year() >= 1970 && at.Year() < 9999 {
			*day = at
		} else if text != "" {
			problem = "That is no day. Write it as 2026-11-26."
		}
	}
	return ask, problem
}

func searchAddress(ask triage.FindAsk, after string) string {
	v := url.Values{}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.DateOnly)
	}
	older := ""
	if ask.Older > 0 {
		older = strconv.Itoa(ask.Older)
	}
	for name, value := range map[string]string{"q": ask.Text, "policy": string(ask.Policy), "state": string(ask.State), "lane": string(ask.Lane),
		"reporter": ask.Reporter, "reported": ask.Reported, "older": older, "grade": string(ask.Trust), "reviewer": string(ask.Reviewer), "from": day(ask.From), "to": day(ask.To), "after": after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return "/search?" + v.Encode()
}

// statesOf is the states in which the actor may know of a case.
func statesOf(a triage.Actor) (out []triage.State) {
	for _, st := range triage.AllStates {
		if slices.ContainsFunc(triage.AllLanes, func(l triage.Lane) bool {
			return triage.Can(a, triage.QueueRead, triage.Target{Lane: l, State: st})
		}) {
			out = append(out, st)
		}
	}
	return out
}

// formatFound writes a place in what a search found as time and case: "1795996800000000.C-XXXXX-XXXXX".
func formatFound(c triage.Case) string {
	return strconv.FormatInt(c.Opened.UnixMicro(), 10) + "." + string(c.ID)
}

// parseFound accepts nothing but what formatFound writes.
func parseFound(s string) (triage.Cursor, bool) {
	c, ok := parseCursor("0." + s)
	return c, ok
}
