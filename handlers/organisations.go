package handlers

import (
	"fmt"
	"net/http"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// setWindow sets for how many seconds devices of hosts of an organisation's meetings keep what they received.
func (s *server) setWindow(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[account.OrgID](r, "id", "O")
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	if err := triage.Allow(a, triage.PeopleChange, triage.Target{}); err != nil {
		return err
	}
	window, err := account.ParseWindow(v.Get("window"))
	if err != nil {
		return fieldError("window", "Write a whole number of seconds from 15 to 120. Nothing was changed.")
	}
	if err := s.desk.SetWindow(r.Context(), a, id, window); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, fmt.Sprintf("In meetings of that organisation that begin from now on, devices of hosts keep the last %d seconds. Everybody in them is told.", window))
	return seeOther(w, r, "/people")
}
