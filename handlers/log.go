package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/web"
)

// logPage is how many entries one page of the custody log shows.
const logPage = 100

func (s *server) log(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	from := int64(-1)
	if raw := r.URL.Query().Get("from"); raw != "" {
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || n < 0 {
			return errNothing
		}
		from = n
	}
	return s.showLog(w, r, a, from, nil)
}

func (s *server) showLog(w http.ResponseWriter, r *http.Request, a triage.Actor, from int64, result *web.LogResult) error {
	x, err := s.desk.ReadLog(r.Context(), a, from, logPage)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Custody log", "/log")
	if err != nil {
		return err
	}
	v := web.LogView{Page: p, Size: x.Size, Checkpoint: string(x.Checkpoint), Checked: x.Head.Time, Origin: x.Head.Origin, Result: result,
		Kept: keptView(x.Kept)}
	if x.Setback != nil {
		v.Setback = x.Setback.Error()
	}
	for _, k := range x.Aside {
		v.Aside = append(v.Aside, keptView(k))
	}
	for i, l := range x.Leaves {
		e := eventWords(l)
		if x.Withheld[i] {
			e = withheld(l.ID)
		}
		e.Index = x.From + int64(i)
		v.Events = append(v.Events, e)
	}
	slices.Reverse(v.Events)
	if x.From > 0 {
		v.Older = "/log?from=" + strconv.FormatInt(max(0, x.From-logPage), 10)
	}
	if next := x.From + int64(len(x.Leaves)); next < x.Size {
		v.Newer = "/log?from=" + strconv.FormatInt(next, 10)
	}
	return s.render(w, r, http.StatusOK, web.Log(v))
}

func keptView(k custody.Kept) web.KeptView {
	return web.KeptView{Name: k.Name, Size: k.Tree.N, Signed: k.Time, At: k.At, Text: string(k.Signed)}
}

// withheld stands for an entry about something that the actor may not know of. It says nothing but that there is one,
// which the tree says too.
func withheld(id string) web.EventView {
	return web.EventView{ID: id, Act: "Withheld", Words: "This entry is about something that you may not see. It is part of the tree and of every verification."}
}

func (s *server) verifyLog(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	began := time.Now()
	ok, failure, err := s.desk.VerifyLog(r.Context(), a)
	if err != nil {
		return err
	}
	res := &web.LogResult{Holds: failure == nil, Leaves: ok.Entries, Took: time.Since(began).Round(time.Millisecond)}
	if failure == nil {
		res.Lines = []web.LogLine{{Holds: true, Words: ok.String()}}
	} else {
		res.Lines = []web.LogLine{{Words: failure.Msg}}
		if failure.Problem == custody.KeptUnreadable {
			res.Lines[0].Words = failure.Error()
		}
		s.Log.ErrorContext(r.Context(), "the custody log does not hold", "problem", string(failure.Problem), "index", failure.Index, "err", failure)
	}
	return s.showLog(w, r, a, -1, res)
}

func (s *server) checkpoint(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	x, err := s.desk.ReadLog(r.Context(), a, -1, 1)
	if err != nil {
		return err
	}
	if len(x.Checkpoint) == 0 {
		return errNothing
	}
	return download(w, "checkpoint.txt", x.Checkpoint)
}

// kept is the checkpoint that is kept outside the database.
func (s *server) kept(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	x, err := s.desk.ReadLog(r.Context(), a, -1, 1)
	if err != nil {
		return err
	}
	if len(x.Kept.Signed) == 0 {
		return errNothing
	}
	return download(w, "kept-checkpoint.txt", x.Kept.Signed)
}

// inclusion proves that an entry is in the log: the entry (or, where it is about something that the actor may not know
// of, its hash alone), the proof and the checkpoint, with empty lines between.
func (s *server) inclusion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	event := chi.URLParam(r, "event")
	if id, ok := triage.ParseID("E", event); !ok || id != event {
		return errNothing
	}
	p, err := s.desk.ProveEvent(r.Context(), a, event)
	if err != nil {
		return err
	}
	if p.Leaf == nil {
		p.Leaf = fmt.Appendf(nil, "record-hash %s\n", p.Hash)
	}
	text := fmt.Appendf(nil, "%s\n%s\n%s", p.Leaf, p.Inclusion.Encode(), p.Checkpoint)
	return download(w, "proof-"+event+".txt", text)
}

func (s *server) consistency(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	if err != nil {
		return triage.Errorf(triage.Invalid, "Say from which size on, as a number of entries.")
	}
	proof, checkpoint, err := s.desk.ProveConsistency(r.Context(), a, from)
	if err != nil {
		return err
	}
	return download(w, fmt.Sprintf("consistency-%d-%d.txt", proof.Old, proof.New), fmt.Appendf(nil, "%s\n%s", proof.Encode(), checkpoint))
}
