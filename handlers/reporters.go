package handlers

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

func (s *server) reporters(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.reportersPage(w, r, a, http.StatusOK, url.Values{}, nil)
}

func (s *server) reportersPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, typed url.Values, m web.Messages) error {
	out, err := s.desk.Reporters(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Reporters", "/team/reporters")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.Reporters(web.ReportersView{Page: p, Reporters: out, Account: typed.Get("account"), Days: typed.Get("days"),
		Reason: typed.Get("reason"), Messages: m}))
}

func (s *server) muteReporter(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	days, _ := strconv.Atoi(v.Get("days")) // 0 is refused
	err = s.desk.MuteReporter(r.Context(), a, account.ID(v.Get("account")), days, v.Get("reason"))
	if status, ok := again(err); ok {
		return s.reportersPage(w, r, a, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Muted. Their reports come in last until then; you can undo it below.")
	return seeOther(w, r, "/team/reporters")
}

func (s *server) unmuteReporter(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	if err := s.desk.UnmuteReporter(r.Context(), a, account.ID(v.Get("account"))); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Not muted any more: new reports of theirs have their ordinary place.")
	return seeOther(w, r, "/team/reporters")
}
