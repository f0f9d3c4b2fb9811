package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
	"github.com/proffer/proffer/web"
)

// routingRoutes is where queues and the rules that fill them are made.
func (s *server) routingRoutes() []route {
	rs := []route{
		{Method: get, Pattern: "/routing", Needs: triage.RoutingChange, serve: s.routing},
		{Method: post, Pattern: "/routing/queues", Needs: triage.RoutingChange, serve: s.saveQueue},
		{Method: post, Pattern: "/routing/rules", Needs: triage.RoutingChange, serve: s.saveRule},
		{Method: get, Pattern: "/policies", Needs: triage.PolicyRead, serve: s.policies},
		{Method: post, Pattern: "/policies", Needs: triage.PolicyChange, serve: s.savePolicy},
		{Method: post, Pattern: "/routing/rate", Needs: triage.RoutingChange, serve: s.rateWaiting},
		{Method: post, Pattern: "/routing/rules/{id}/try", Needs: triage.RoutingChange, serve: s.tryRule},
		{Method: post, Pattern: "/cases/{id}/defer", Needs: triage.CaseWork, serve: s.deferCase},
		{Method: post, Pattern: "/cases/{id}/place", Needs: triage.CaseClaim, serve: s.placeCase},
	}
	for do := range ruleChanges {
		rs = append(rs, route{Method: post, Pattern: "/routing/rules/{id}/" + do, Needs: triage.RoutingChange, serve: s.changeRule(do)})
	}
	return rs
}

// ruleChanges are what one button does to a rule, and what the page says then.
var ruleChanges = map[string]struct {
	do    func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error
	words string
}{
	"on": {func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error {
		return s.desk.SwitchRule(r.Context(), a, id, true)
	}, "Switched on. It holds for cases that come in from now on; the waiting ones can be rated anew below."},
	"off": {func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error {
		return s.desk.SwitchRule(r.Context(), a, id, false)
	}, "Switched off. Cases stay where it put them until they are rated anew."},
	"up": {func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error {
		return s.desk.MoveRule(r.Context(), a, id, true)
	}, "Moved up."},
	"down": {func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error {
		return s.desk.MoveRule(r.Context(), a, id, false)
	}, "Moved down."},
	"delete": {func(s *server, r *http.Request, a triage.Actor, id triage.RuleID) error {
		return s.desk.DeleteRule(r.Context(), a, id)
	}, "Deleted. The custody log keeps what the rule said."},
}

func (s *server) routing(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.routingPage(w, r, a, http.StatusOK, web.RoutingView{})
}

// routingPage shows queues and rules, with a form as it was left or a trial where v has one.
func (s *server) routingPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, v web.RoutingView) (err error) {
	if v.Routing, err = s.desk.Routing(r.Context(), a); err != nil {
		return err
	}
	if v.Page, err = s.page(r, "Queues and rules", "/routing"); err != nil {
		return err
	}
	return s.render(w, r, status, web.RoutingPage(v))
}

// version is the hidden field that says which state of a thing a form was made from; what is none is of nothing that exists.
func version(v url.Values) int {
	n, err := strconv.Atoi(v.Get("version"))
	if err != nil {
		return -1
	}
	return n
}

func (s *server) saveQueue(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	q := triage.WorkQueue{Lane: triage.Lane(v.Get("lane")), Name: v.Get("name"), Closed: v.Get("closed") == "yes", Version: version(v)}
	for _, m := range v["members"] {
		q.Members = append(q.Members, account.ID(m))
	}
	if v.Get("id") == "" {
		q.Version = 0
	} else if id, ok := triage.ParseID("QU", v.Get("id")); ok {
		q.ID = triage.QueueID(id)
	} else {
		return errNothing
	}
	_, err = s.desk.SaveQueue(r.Context(), a, q)
	if status, ok := again(err); ok {
		return s.routingPage(w, r, a, status, web.RoutingView{Queue: &q, Messages: web.MessagesOf(err)})
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Saved. Whoever takes the next case is offered what is theirs now.")
	return seeOther(w, r, "/routing")
}

func (s *server) saveRule(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	points, err := strconv.Atoi(strings.TrimSpace(v.Get("points")))
	if err != nil && v.Get("points") != "" {
		points = triage.MaxPoints + 1 // which the use case refuses, with words
	}
	rule := triage.RoutingRule{Lane: triage.Lane(v.Get("lane")), Version: version(v),
		Rule: routing.Rule{Name: v.Get("name"), Condition: v.Get("condition"), Queue: v.Get("queue"), Points: points}}
	if v.Get("id") == "" {
		rule.Version = 0
	} else if id, ok := triage.ParseID("RU", v.Get("id")); ok {
		rule.ID = triage.RuleID(id)
	} else {
		return errNothing
	}
	_, err = s.desk.SaveRule(r.Context(), a, rule)
	if status, ok := again(err); ok {
		return s.routingPage(w, r, a, status, web.RoutingView{Rule: &rule, Messages: web.MessagesOf(err)})
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Saved, and switched off. Try it out on past cases, then switch it on.")
	return seeOther(w, r, "/routing#rules")
}

func (s *server) tryRule(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[triage.RuleID](r, "id", "RU")
	if err != nil {
		return err
	}
	t, err := s.desk.TryRule(r.Context(), a, id)
	if status, ok := again(err); ok {
		return s.routingPage(w, r, a, status, web.RoutingView{Messages: web.MessagesOf(err)})
	} else if err != nil {
		return err
	}
	return s.routingPage(w, r, a, http.StatusOK, web.RoutingView{Trial: &t})
}

func (s *server) changeRule(do string) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, err := pathID[triage.RuleID](r, "id", "RU")
		if err != nil {
			return err
		}
		change := ruleChanges[do]
		err = change.do(s, r, a, id)
		if status, ok := again(err); ok {
			return s.routingPage(w, r, a, status, web.RoutingView{Messages: web.MessagesOf(err)})
		} else if err != nil {
			return err
		}
		s.flash(r, web.FlashDone, change.words)
		return seeOther(w, r, "/routing#rules")
	}
}

func (s *server) rateWaiting(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	if err := s.desk.RateWaiting(r.Context(), a); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The cases that wait are being rated anew, by the rules that are on. The queue shows it as it goes.")
	return seeOther(w, r, "/routing")
}

func (s *server) deferCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	hours, _ := strconv.Atoi(v.Get("hours")) // 0 is refused
	until := s.desk.Clock().Add(time.Duration(min(hours, 10_000)) * time.Hour)
	if err := s.desk.Defer(r.Context(), a, id, until, v.Get("words")); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{draft: v.Get("words")})
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "Put off. Nobody is offered " + string(id) + " before then.",
		Undo: "/cases/" + string(id) + "/claim", Link: "Take it back"})
	return seeOther(w, r, queueBack(r))
}

func (s *server) placeCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.Place(r.Context(), a, id, triage.QueueID(v.Get("queue"))); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{})
	}
	s.flash(r, web.FlashDone, "Moved. It stays in that queue, whatever the rules say.")
	return seeOther(w, r, "/cases/"+string(id))
}
