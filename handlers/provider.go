package handlers

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// keyAttempt is the session's key of an attempt to sign in with the house's provider: JSON of an oidc.Attempt.
const keyAttempt = "oidc"

var errProviderAway = &problem{http.StatusServiceUnavailable, "Not reachable", "The sign-in provider does not answer.",
	"Try again in a moment, or sign in with a passkey or a link."}

// beginProvider sends a browser to the house's sign-in provider.
func (s *server) beginProvider(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	if s.OIDC == nil {
		return errNothing
	}
	if r.Method == head {
		return nil // a link that is looked at begins nothing
	}
	address, attempt, err := s.OIDC.Begin(r.Context(), rand.Text)
	if errors.Is(err, oidc.ErrAway) {
		s.Log.WarnContext(r.Context(), "the sign-in provider", "err", err)
		return errProviderAway
	} else if err != nil {
		return err
	}
	b, err := json.Marshal(attempt)
	if err != nil {
		return err
	}
	s.sessions.Put(r.Context(), keyAttempt, string(b))
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// finishProvider takes a browser that the provider sends back. Each attempt counts once.
func (s *server) finishProvider(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	if s.OIDC == nil {
		return errNothing
	}
	if r.Method == head {
		return nil
	}
	var attempt oidc.Attempt
	_ = json.Unmarshal([]byte(s.sessions.PopString(r.Context(), keyAttempt)), &attempt) // none: the state is not the one
	q := r.URL.Query()
	if e := q.Get("error"); e != "" {
		return s.providerRefused(w, r, errors.New("the provider says "+account.CleanName(e, 80)))
	}
	who, err := s.OIDC.Finish(r.Context(), attempt, q.Get("state"), q.Get("code"))
	if errors.Is(err, oidc.ErrAway) {
		s.Log.WarnContext(r.Context(), "the sign-in provider", "err", err)
		return errProviderAway
	} else if err != nil {
		return s.providerRefused(w, r, err)
	}
	acc, err := s.desk.SignInAs(r.Context(), triage.Identity(who))
	if errors.Is(err, triage.ErrForbidden) {
		return s.showSignIn(w, r, http.StatusForbidden, "", web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	to := ""
	if c, err := r.Cookie(returnCookie); err == nil {
		to = safeReturn(c.Value)
		s.setReturn(w, "")
	}
	if err := s.enter(r, acc); err != nil {
		return err
	}
	s.sessions.Put(r.Context(), keyKeyed, true) // how the house makes sure of its people is the provider's business; what is severe is signed all the same
	return seeOther(w, r, orStart(to))
}

// providerRefused says that what came back does not sign anybody in; why is for the log.
func (s *server) providerRefused(w http.ResponseWriter, r *http.Request, why error) error {
	s.Log.WarnContext(r.Context(), "what the sign-in provider sent was refused", "err", why)
	err := triage.Errorf(triage.Forbidden, "What came back from the sign-in provider does not sign you in: it was refused there, it is too old, or it was meant for somebody else. Begin again.")
	return s.showSignIn(w, r, http.StatusForbidden, "", web.MessagesOf(err))
}
