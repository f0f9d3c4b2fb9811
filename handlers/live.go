package handlers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// Paces of the event stream.
const (
	heartbeat  = 15 * time.Second
	gather     = 100 * time.Millisecond // changes that come together are told together
	maxStreams = 12                     // open streams of one account; browsers share one between all tabs
)

var errStreams = triage.Errorf(triage.Unavailable, "Too many pages of yours are listening. Close one of them.")

// stream is one subscriber's connection.
type stream struct {
	s     *server
	w     http.ResponseWriter
	rc    *http.ResponseController
	boot  string // names the connection in event ids
	n     int    // events sent
	told  map[triage.ReportID]string
	actor triage.Actor
}

// events tells a browser what changes, by server-sent events. Each one is read from the store and asked of triage.Can for
// the actor as they are at that moment; the stream ends when the session does.
func (s *server) events(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == head {
		return nil
	}
	leave, ok := s.streams.enter(string(a.Account))
	if !ok {
		return errStreams
	}
	defer leave()
	changes := s.Changes.Subscribe(r.Context())
	st := &stream{s: s, w: steady{w}, rc: http.NewResponseController(w), boot: rand.Text()[:8], told: map[triage.ReportID]string{}, actor: a}
	hello := "retry: 2000\n\n"
	if r.Header.Get("Last-Event-ID") != "" { // what was told while nobody listened is lost
		hello += st.format("resync", struct{}{})
	}
	if err := st.write(hello); err != nil {
		return nil
	}
	st.run(r, changes)
	return nil
}

// gate bounds how many of something one account, or one address, has open at once.
type gate struct {
	max int

	mu   sync.Mutex
	open map[string]int // guarded by mu
}

// enter counts one in.
func (g *gate) enter(who string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[who] >= g.max {
		return nil, false
	}
	if g.open == nil {
		g.open = map[string]int{}
	}
	g.open[who]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.open[who]--; g.open[who] == 0 {
			delete(g.open, who)
		}
	}, true
}

func (st *stream) run(r *http.Request, changes <-chan Change) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var pending []Change
	var due <-chan time.Time
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case c, open := <-changes:
			if !open {
				return
			}
			if pending = add(pending, c); due == nil {
				due = time.After(gather)
			}
			continue
		case <-due:
			err = st.flush(r, pending)
			pending, due = nil, nil
		case <-beat.C:
			if err = st.refresh(r); err == nil {
				err = st.write(": here\n\n")
			}
		}
		if err != nil {
			return // the browser is gone or signed out; while the store is away it comes back and gets a resync
		}
	}
}

// maxPending is how many different changes are gathered before they are told as one resync.
const maxPending = 200

// add gathers a change, each once.
func add(list []Change, c Change) []Change {
	for _, x := range list {
		if x == c || x.Kind == ChangeResync {
			return list
		}
	}
	if c.Kind == ChangeResync || len(list) >= maxPending {
		return []Change{{Kind: ChangeResync}}
	}
	return append(list, c)
}

var errEnded = errors.New("the session has ended")

// refresh loads the actor anew.
func (st *stream) refresh(r *http.Request) error {
	a, in, err := st.s.stillIn(r)
	if err != nil {
		return err
	}
	if !in || a.Account != st.actor.Account {
		return errEnded
	}
	st.actor = a
	return nil
}

func (st *stream) flush(r *http.Request, list []Change) error {
	list = st.mayConcern(list)
	if len(list) == 0 {
		return nil
	}
	if err := st.refresh(r); err != nil {
		return err
	}
	if list[0].Kind == ChangeResync {
		return st.write(st.format("resync", struct{}{}))
	}
	var out strings.Builder
	seen := map[string]bool{}
	for _, c := range list {
		err := st.tell(r.Context(), c, seen, &out)
		if err != nil && !errors.Is(err, triage.ErrNotFound) && !errors.Is(err, triage.ErrForbidden) {
			return err
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return st.write(out.String())
}

// mayConcern drops early what is of a lane that the actor may not know of and not of their own report.
func (st *stream) mayConcern(list []Change) (out []Change) {
	for _, c := range list {
		lane, was := triage.Target{Lane: c.Lane}, triage.Target{Lane: c.Was}
		if c.Kind == ChangeResync || c.Reporter == st.actor.Account || triage.Can(st.actor, triage.QueueRead, lane) ||
			triage.Can(st.actor, triage.PackageRead, lane) || c.Was != "" && triage.Can(st.actor, triage.QueueRead, was) {
			out = append(out, c)
		}
	}
	return out
}

// tell adds the events that a change comes to for this actor, as the store holds it now.
func (st *stream) tell(ctx context.Context, c Change, seen map[string]bool, out *strings.Builder) error {
	once := func(key string) bool {
		was := seen[key]
		seen[key] = true
		return !was
	}
	if c.Kind == ChangePackage {
		if !once("package/" + c.ID) {
			return nil
		}
		return st.tellPackage(ctx, triage.PackageID(c.ID), out)
	}
	if c.Reporter == st.actor.Account && once("report/"+string(c.Case)) {
		if err := st.tellReporter(ctx, c.Case, out); err != nil {
			return err
		}
	}
	if !once("case/" + string(c.Was) + "/" + string(c.Case)) {
		return nil
	}
	return st.tellCase(ctx, c, out)
}

// gone is the state in which a page shows a case that left for where the actor may not follow.
const gone = "gone"

func (st *stream) tellCase(ctx context.Context, c Change, out *strings.Builder) error {
	n, err := st.s.desk.NewsOfCase(ctx, st.actor, c.Case, c.Was)
	if err != nil {
		return err
	}
	data := map[string]string{"case": string(n.Case), "state": string(n.State), "claimant": n.Claimant}
	if n.Gone {
		data = map[string]string{"case": string(n.Case), "state": gone}
	}
	out.WriteString(st.format("case", data))
	return nil
}

func (st *stream) tellPackage(ctx context.Context, id triage.PackageID, out *strings.Builder) error {
	p, err := st.s.desk.NewsOfPackage(ctx, st.actor, id)
	if err != nil {
		return err
	}
	out.WriteString(st.format("package", map[string]any{"package": string(p.ID), "state": string(p.State), "done": p.Done, "total": p.Total}))
	return nil
}

// tellReporter tells a host of their own reports, in the host's words and only when these changed: what happens inside
// the team is not theirs to follow.
func (st *stream) tellReporter(ctx context.Context, id triage.CaseID, out *strings.Builder) error {
	vs, err := st.s.desk.NewsOfReports(ctx, st.actor, id)
	if err != nil {
		return err
	}
	for _, v := range vs {
		x := v.Report
		state := web.HostStateOf(v.State, !x.Withdrawn.IsZero()).Title
		shown := state + "/" + strconv.Itoa(len(x.Additions)) + "/" + clipStates(v.Exhibits)
		if st.told[x.ID] == shown {
			continue
		}
		st.told[x.ID] = shown
		out.WriteString(st.format("report", map[string]string{"report": string(x.ID), "state": state}))
	}
	return nil
}

// clipStates says how far each clip of a report is, for tellReporter to compare.
func clipStates(xs []triage.Exhibit) (states string) {
	for _, x := range xs {
		states += string(x.Processing) + " "
	}
	return states
}

// format writes one event (HTML, section 9.2). JSON has no line breaks in it.
func (st *stream) format(name string, data any) string {
	b, err := json.Marshal(data)
	if err != nil {
		b = []byte("{}") // maps of strings and numbers always marshal
	}
	st.n++
	return fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", st.boot, st.n, name, b)
}

func (st *stream) write(text string) error {
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	return st.rc.Flush()
}
