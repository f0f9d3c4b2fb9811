package handlers

import (
	"errors"
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

// queuePage is how many cases one page of the queue shows.
const queuePage = 50

var tabTitles = map[triage.Tab]string{triage.TabOpen: "Open", triage.TabMine: "Mine", triage.TabEscalated: "Escalated",
	triage.TabApproval: "Approval", triage.TabDecided: "Decided", triage.TabPreparing: "Preparing"}

// tabsOf is the tabs that mean something to the actor: who cannot take cases sees settled ones only.
func tabsOf(a triage.Actor) []triage.Tab {
	if len(triage.Lanes(a, triage.CaseClaim)) == 0 {
		return []triage.Tab{triage.TabDecided}
	}
	return triage.Tabs
}

func (s *server) queue(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	in := r.URL.Query()
	tabs := tabsOf(a)
	tab := triage.Tab(in.Get("tab"))
	if !slices.Contains(tabs, tab) {
		tab = tabs[0]
	}
	ask := triage.QueueQuery{Policy: triage.PolicyID(in.Get("policy")), Text: account.CleanName(in.Get("q"), triage.MaxName), Limit: queuePage}
	if id, ok := triage.ParseID("QU", in.Get("queue")); ok {
		ask.Queue = triage.QueueID(id)
	} else if in.Get("queue") == string(triage.NoQueue) {
		ask.Queue = triage.NoQueue
	}
	if after := in.Get("after"); after != "" {
		var ok bool
		if ask.After, ok = parseCursor(after); !ok {
			return errNothing
		}
	}
	list, err := s.desk.ListQueue(r.Context(), a, tab, ask)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Queue", r.URL.RequestURI())
	if err != nil {
		return err
	}
	queues, err := s.desk.WorkQueues(r.Context(), a)
	if err != nil {
		return err
	}
	v := web.QueueView{Page: p, Tab: string(tab), Query: ask.Text, Policy: ask.Policy, Queue: ask.Queue, Queues: queues, Policies: policiesOf(a, triage.QueueRead),
		CanClaim: len(triage.Lanes(a, triage.CaseClaim)) > 0, CanBulk: canBulk(a, tab), Stranded: list.Stranded}
	for _, t := range tabs {
		n := list.Counts[t]
		v.Tabs = append(v.Tabs, web.QueueTab{ID: string(t), Title: tabTitles[t], Href: "/queue?tab=" + string(t), Count: n,
			Capped: n >= triage.CountLimit})
	}
	for _, row := range list.Rows {
		v.Rows = append(v.Rows, queueRow(a, row))
	}
	v.Packages, v.Visits = packageItems(a, list.Packages), list.Visits
	if list.More {
		v.More = queueAddress(tab, ask, formatCursor(list.Rows[len(list.Rows)-1].Case))
	}
	if in.Get("after") != "" {
		v.First = queueAddress(tab, ask, "")
	}
	if v.Views, err = s.viewBar(r, a, queueAddress(tab, ask, "")); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Queue(v))
}

// canBulk reports whether cases of a tab can be selected, to be decided together.
func canBulk(a triage.Actor, tab triage.Tab) bool {
	return len(triage.Lanes(a, triage.BulkDecide)) > 0 && (tab == triage.TabOpen || tab == triage.TabMine)
}

// policiesOf is the policies, retired ones too, of the lanes that the actor may do something in.
func policiesOf(a triage.Actor, do triage.Action) (ps []triage.Policy) {
	lanes := triage.Lanes(a, do)
	for _, p := range triage.Policies() {
		if slices.Contains(lanes, p.Lane) {
			ps = append(ps, p)
		}
	}
	return ps
}

func queueRow(a triage.Actor, r triage.QueueRow) web.QueueRow {
	row := web.QueueRow{CaseRow: r.CaseRow, Mine: r.Mine, CanClaim: r.CanClaim}
	if d := r.Proposed; d != nil {
		row.Proposal, row.Proposer, row.Own = findingsWords(d.Findings), r.Proposer, d.Decider == a.Account
	}
	return row
}

func findingsWords(fs []triage.Finding) string {
	words := make([]string, len(fs))
	for i, f := range fs {
		words[i] = f.Words()
	}
	return strings.Join(words, "; ")
}

func queueAddress(tab triage.Tab, ask triage.QueueQuery, after string) string {
	v := url.Values{"tab": {string(tab)}}
	for name, value := range map[string]string{"q": ask.Text, "policy": string(ask.Policy), "queue": string(ask.Queue), "after": after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return "/queue?" + v.Encode()
}

// formatCursor writes a place in the queue as priority, time and case: "90.1795996800000000.C-XXXXX-XXXXX".
func formatCursor(c triage.Case) string {
	return strconv.Itoa(c.Priority) + "." + strconv.FormatInt(c.Opened.UnixMicro(), 10) + "." + string(c.ID)
}

// lastMicro is the end of the year 9999, in microseconds: no database knows a later time.
const lastMicro = 253402300799_000000

// parseCursor accepts nothing but what formatCursor writes.
func parseCursor(s string) (triage.Cursor, bool) {
	parts := strings.Split(s, ".")
	if len(s) > 80 || len(parts) != 3 {
		return triage.Cursor{}, false
	}
	priority, err1 := strconv.Atoi(parts[0])
	micros, err2 := strconv.ParseInt(parts[1], 10, 64)
	id, ok := triage.ParseID("C", parts[2])
	if err1 != nil || err2 != nil || !ok || priority < 0 || priority > 100 || micros < 0 || micros > lastMicro {
		return triage.Cursor{}, false
	}
	c := triage.Cursor{Priority: priority, Opened: time.UnixMicro(micros).UTC(), Case: triage.CaseID(id)}
	return c, formatCursor(triage.Case{Priority: c.Priority, Opened: c.Opened, ID: c.Case}) == s
}

func (s *server) nextCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	c, err := s.desk.ClaimNext(r.Context(), a)
	if errors.Is(err, triage.ErrNotFound) {
		s.flash(r, web.FlashNote, "No case is waiting for you.")
		return seeOther(w, r, queueBack(r))
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/cases/"+string(c.ID))
}

// queueBack is the place in the queue that a form says it was opened from, or the top where it names none.
func queueBack(r *http.Request) string {
	if to := safeReturn(r.PostForm.Get("back")); strings.HasPrefix(to, "/queue?") {
		return to
	}
	return "/queue"
}
