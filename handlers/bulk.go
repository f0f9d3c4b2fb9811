package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// bulkRoutes is what is about one decision on many cases.
func (s *server) bulkRoutes() []route {
	return []route{
		{Method: get, Pattern: "/bulk", Needs: triage.BulkDecide, serve: s.bulkForm},
		{Method: post, Pattern: "/bulk", Needs: triage.BulkDecide, serve: s.planBulk},
		{Method: get, Pattern: "/bulk/{id}", Needs: triage.BulkDecide, serve: s.bulk},
		{Method: post, Pattern: "/bulk/{id}/confirm", Needs: triage.BulkDecide, kind: kindLong, serve: s.confirmBulk},
		{Method: post, Pattern: "/bulk/{id}/undo", Needs: triage.BulkDecide, kind: kindLong, serve: s.undoBulk},
	}
}

func bulkID(r *http.Request) (triage.BulkID, error) { return pathID[triage.BulkID](r, "id", "BU") }

// bulkCases is the cases that a form names. What is no case's number is left out.
func bulkCases(in url.Values) (ids []triage.CaseID) {
	for _, x := range in["case"] {
		if id, ok := triage.ParseID("C", x); ok && !slices.Contains(ids, triage.CaseID(id)) {
			ids = append(ids, triage.CaseID(id))
		}
	}
	return ids
}

func readBulk(v url.Values) triage.Bulk {
	return triage.Bulk{Policy: triage.PolicyID(v.Get("policy")), Action: triage.ActionKind(v.Get("action")), Severity: triage.Severity(v.Get("severity")),
		Reasons: withTemplate(v.Get("reasons"), v.Get("template"))}
}

func (s *server) bulkForm(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.bulkFormPage(w, r, a, http.StatusOK, r.URL.Query(), nil)
}

func (s *server) bulkFormPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, typed url.Values, m web.Messages) error {
	cases := bulkCases(typed)
	rows, err := s.desk.PreviewBulk(r.Context(), a, cases)
	if err != nil {
		return err
	}
	if m == nil && len(cases) == 0 {
		m = web.Messages{"case": {"Select cases in the queue or in a search first."}}
	} else if m == nil && len(cases) > triage.MaxBulk {
		m = web.Messages{"case": {"These are " + strconv.Itoa(len(cases)) + " cases; one bulk has at most " + strconv.Itoa(triage.MaxBulk) + ", so the rest is left away."}}
	}
	p, err := s.page(r, "Decide together", "/queue")
	if err != nil {
		return err
	}
	policies := slices.DeleteFunc(policiesOf(a, triage.BulkDecide), func(p triage.Policy) bool { return p.Lane == triage.LaneChildSafety })
	v := web.BulkFormView{Page: p, Rows: rows, Form: readBulk(typed), Policies: policies, Templates: triage.TemplatesFor(policies), Messages: m}
	if v.Form.Policy == "" {
		v.Form.Policy = mostCommon(rows)
	}
	return s.render(w, r, status, web.BulkForm(v))
}

// mostCommon is the policy that most of the cases were reported under.
func mostCommon(rows []triage.BulkRow) (best triage.PolicyID) {
	n := map[triage.PolicyID]int{}
	for _, r := range rows {
		if n[r.Policy]++; r.Known && n[r.Policy] > n[best] {
			best = r.Policy
		}
	}
	return best
}

func (s *server) planBulk(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	b, err := s.desk.PlanBulk(r.Context(), a, readBulk(v), bulkCases(v))
	if status, ok := again(err); ok {
		return s.bulkFormPage(w, r, a, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/bulk/"+string(b.ID))
}

func (s *server) bulk(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := bulkID(r)
	if err != nil {
		return err
	}
	b, err := s.desk.OpenBulk(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Decide together", "/bulk/"+string(id))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Bulk(web.BulkView{Page: p, BulkView: b}))
}

func (s *server) confirmBulk(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := bulkID(r)
	if err != nil {
		return err
	}
	var e *triage.Error
	if err := s.desk.ConfirmBulk(r.Context(), a, id); errors.Is(err, triage.ErrInvalid) && errors.As(err, &e) {
		s.flash(r, web.FlashProblem, e.Msg)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/bulk/"+string(id))
}

func (s *server) undoBulk(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := bulkID(r)
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	only, _ := triage.ParseID("C", v.Get("case"))
	if v.Get("case") != "" && only == "" {
		return errNothing
	}
	n, err := s.desk.UndoBulk(r.Context(), a, id, triage.CaseID(only))
	if err != nil {
		return err
	}
	words, kind := "Nothing was undone; the reasons are below.", web.FlashProblem
	if n == 1 {
		words, kind = "1 decision is undone, and nobody was told of it. The case is back in the queue.", web.FlashDone
	} else if n > 1 {
		words, kind = strconv.Itoa(n)+" decisions are undone, and nobody was told of them. The cases are back in the queue.", web.FlashDone
	}
	s.flash(r, kind, words)
	return seeOther(w, r, "/bulk/"+string(id))
}
