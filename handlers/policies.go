package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

func (s *server) policies(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.policiesPage(w, r, a, http.StatusOK, web.PoliciesView{})
}

func (s *server) policiesPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, v web.PoliciesView) (err error) {
	if v.All, err = s.desk.AllPolicies(r.Context(), a); err != nil {
		return err
	}
	v.Change = triage.Can(a, triage.PolicyChange, triage.Target{})
	if v.Page, err = s.page(r, "Policies and service levels", "/policies"); err != nil {
		return err
	}
	return s.render(w, r, status, web.PoliciesPage(v))
}

func (s *server) savePolicy(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	number := func(field string) int {
		n, err := strconv.Atoi(strings.TrimSpace(v.Get(field)))
		if err != nil {
			return -1 // which the use case refuses, with words
		}
		return n
	}
	minutes := func(field string) time.Duration { // of a number that fits
		return time.Duration(min(number(field), int(2*triage.MaxWithin/time.Minute))) * time.Minute
	}
	p := triage.Policy{ID: triage.PolicyID(v.Get("id")), Title: v.Get("title"), Help: v.Get("help"), Lane: triage.Lane(v.Get("lane")), Level: number("level"),
		Priority: number("priority"), Weight: number("weight"), LookWithin: minutes("look"), DecideWithin: minutes("decide"),
		Retired: v.Get("retired") == "yes", Version: number("version")}
	if was, ok := triage.PolicyByID(p.ID); ok && p.Version >= 0 {
		p.Lane = was.Lane
	}
	err = s.desk.SavePolicy(r.Context(), a, p, v.Get("redate") == "yes")
	if status, ok := again(err); ok {
		return s.policiesPage(w, r, a, status, web.PoliciesView{Refused: &p, Messages: web.MessagesOf(err)})
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Saved. Forms and queues show it from now on; other servers of this platform within seconds.")
	return seeOther(w, r, "/policies#policy-"+string(p.ID))
}
