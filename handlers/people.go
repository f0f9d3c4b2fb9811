package handlers

import (
	"net/http"
	"net/url"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// peopleRoutes is the administrators' pages.
func (s *server) peopleRoutes() []route {
	return []route{
		{Method: get, Pattern: "/people", Needs: triage.PeopleRead, serve: s.people},
		{Method: get, Pattern: "/people/{id}", Needs: triage.PeopleRead, serve: s.person},
		{Method: post, Pattern: "/people/{id}/roles/ask", Needs: triage.PeopleChange, kind: kindAPI, serve: s.askRoles},
		{Method: post, Pattern: "/people/{id}/roles", Needs: triage.PeopleChange, serve: s.changeRoles},
		{Method: post, Pattern: "/me/recovery", Needs: triage.SelfManage, serve: s.askRecovery},
		{Method: get, Pattern: "/people/recoveries/{id}", Needs: triage.PeopleRead, serve: s.recovery},
		{Method: post, Pattern: "/people/recoveries/{id}/ask", Needs: triage.RecoveryAnswer, kind: kindAPI, serve: s.askAnswerRecovery},
		{Method: post, Pattern: "/people/recoveries/{id}/approve", Needs: triage.RecoveryAnswer, serve: s.answerRecovery(true)},
		{Method: post, Pattern: "/people/recoveries/{id}/refuse", Needs: triage.RecoveryAnswer, serve: s.answerRecovery(false)},
	}
}

func personID(r *http.Request) (account.ID, error) { return pathID[account.ID](r, "id", "A") }
func recoveryID(r *http.Request) (string, error)   { return pathID[string](r, "id", "B") }
func recoveryPath(id string) string                { return "/people/recoveries/" + id }
func personPath(id account.ID) string              { return "/people/" + string(id) }
func readRoles(id account.ID, v url.Values) triage.NewRoles {
	return triage.NewRoles{Account: id, Roles: idList[account.Role](v["role"]), Why: v.Get("why")}
}

func (s *server) person(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	return s.personPage(w, r, a, id, http.StatusOK, nil, nil)
}

// personPage shows a person; typed is a form of roles that was refused.
func (s *server) personPage(w http.ResponseWriter, r *http.Request, a triage.Actor, id account.ID, status int, typed *triage.NewRoles, m web.Messages) error {
	x, err := s.desk.OpenPerson(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, x.Name, personPath(id))
	if err != nil {
		return err
	}
	v := web.PersonView{Page: p, Person: x, Form: triage.NewRoles{Account: id, Roles: x.Roles}, Messages: m}
	if typed != nil {
		v.Form = *typed
	}
	return s.render(w, r, status, web.Person(v))
}

func (s *server) askRoles(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskRoles(r.Context(), a, readRoles(id, v))
	return s.answerAsked(w, asked, err)
}

func (s *server) changeRoles(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	acc, err := s.desk.ChangeRoles(r.Context(), a, readRoles(id, v), signed(v))
	if status, ok := again(err); ok {
		typed := readRoles(id, v)
		return s.personPage(w, r, a, id, status, &typed, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, acc.Name+": "+roleWords(acc.Roles)+". It holds from their next click on.")
	return seeOther(w, r, personPath(id))
}

func (s *server) askRecovery(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	_, err = s.desk.AskRecovery(r.Context(), a, v.Get("words"))
	if status, ok := again(err); ok {
		return s.showMe(w, r, a, status, func(m *web.MeView) { m.Lost, m.KeyMessages = v.Get("words"), web.MessagesOf(err) })
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Two administrators were told. Once both agree, a link to make a new passkey comes by mail.")
	return seeOther(w, r, "/me#passkeys")
}

func (s *server) recovery(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := recoveryID(r)
	if err != nil {
		return err
	}
	return s.recoveryPage(w, r, a, id, http.StatusOK, nil)
}

func (s *server) recoveryPage(w http.ResponseWriter, r *http.Request, a triage.Actor, id string, status int, m web.Messages) error {
	x, err := s.desk.OpenRecovery(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Lost passkeys", recoveryPath(id))
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.Recovery(web.RecoveryView{Page: p, Recovery: x, Messages: m}))
}

func (s *server) askAnswerRecovery(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := recoveryID(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskAnswerRecovery(r.Context(), a, id)
	return s.answerAsked(w, asked, err)
}

func (s *server) answerRecovery(agree bool) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, err := recoveryID(r)
		if err != nil {
			return err
		}
		v, err := form(r)
		if err != nil {
			return err
		}
		words := "You refused it. Nothing changes."
		if agree {
			var granted bool
			granted, err = s.desk.AgreeToRecovery(r.Context(), a, id, signed(v))
			words = "You agreed. Another administrator has to, too."
			if granted {
				words = "Granted: the old passkeys are gone, and a link to make a new one is on its way by mail."
			}
		} else {
			err = s.desk.RefuseRecovery(r.Context(), a, id, v.Get("words"))
		}
		if status, ok := again(err); ok {
			return s.recoveryPage(w, r, a, id, status, web.MessagesOf(err))
		} else if err != nil {
			return err
		}
		s.flash(r, web.FlashDone, words)
		return seeOther(w, r, recoveryPath(id))
	}
}
