package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// Keys of a session's data. The store copies account and agent into columns of their own.
const (
	keyAccount = "account" // string, the account's id
	keyAgent   = "agent"   // string, the browser's User-Agent
	keySeen    = "seen"    // int64, Unix time of the last use, to within seenEvery
	keyKeyed   = "keyed"   // bool: a passkey opened it, or was made in it
	keyFlash   = "flash"   // string, JSON of a web.Flash for the next page
)

// How long sessions hold.
const (
	sessionTime = 7 * 24 * time.Hour
	staffIdle   = 12 * time.Hour // staff who stay away longer sign in again
	seenEvery   = 5 * time.Minute
)

func newSessions(c Config, failed func(http.ResponseWriter, *http.Request, error)) *scs.SessionManager {
	// Not scs.New, which starts a store in memory that would clean itself for ever.
	m := &scs.SessionManager{Store: c.Sessions, HashTokenInStore: true, Lifetime: sessionTime, Codec: scs.GobCodec{}, ErrorFunc: failed,
		Cookie: scs.SessionCookie{Name: "proffer", HttpOnly: true, Path: "/", SameSite: http.SameSiteLaxMode, Persist: true}}
	if c.secure() { // the prefix makes browsers refuse the cookie from other hosts and from plain HTTP
		m.Cookie.Name, m.Cookie.Secure = "__Host-proffer", true
	}
	return m
}

func (s *server) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.answer(w, r, fmt.Errorf("session: %w", err))
}

// signedIn finds out who asks. The account is loaded with every request, so that bans and roles act at once.
func (s *server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		find := s.actor
		if requestOf(r).byToken {
			find = func(r *http.Request) (triage.Actor, error) { return s.actorOfToken(w, r) }
		}
		a, err := find(r)
		if err != nil {
			s.answer(w, r, err)
			return
		}
		requestOf(r).actor = a
		next.ServeHTTP(w, r)
	})
}

// actor is the account behind the request's session, or the zero actor. A session whose account may no longer sign in
// is ended; the error says why.
func (s *server) actor(r *http.Request) (triage.Actor, error) {
	ctx := r.Context()
	id := account.ID(s.sessions.GetString(ctx, keyAccount))
	if id == "" {
		return triage.Actor{}, nil
	}
	a, err := s.desk.ActorOf(ctx, id)
	switch {
	case errors.Is(err, triage.ErrForbidden):
		return triage.Actor{}, errors.Join(err, s.sessions.Destroy(ctx))
	case errors.Is(err, triage.ErrNotFound):
		return triage.Actor{}, s.sessions.Destroy(ctx)
	case err != nil:
		return triage.Actor{}, err
	}
	now := s.desk.Clock()
	idle := now.Sub(time.Unix(s.sessions.GetInt64(ctx, keySeen), 0))
	if len(a.Roles) > 0 && idle > staffIdle {
		return triage.Actor{}, s.sessions.Destroy(ctx)
	}
	if idle > seenEvery {
		s.sessions.Put(ctx, keySeen, now.Unix())
	}
	if s.unkeyed(s.sessions.GetBool(ctx, keyKeyed), a) {
		a.Roles, requestOf(r).unkeyed = nil, true
	}
	return a, nil
}

// enter signs a browser in. The token changes, so that one which somebody else knew or planted is worth nothing, and
// nothing of a former session is left.
func (s *server) enter(r *http.Request, acc account.Account) error {
	ctx := r.Context()
	if err := s.sessions.Clear(ctx); err != nil {
		return fmt.Errorf("clearing the session: %w", err)
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing the session: %w", err)
	}
	agent := []rune(account.CleanName(r.UserAgent(), 200))
	s.sessions.Put(ctx, keyAccount, string(acc.ID))
	s.sessions.Put(ctx, keyAgent, string(agent))
	s.sessions.Put(ctx, keySeen, s.desk.Clock().Unix())
	return nil
}

// handle is the public handle of the request's session.
func (s *server) handle(r *http.Request) (string, error) {
	return s.Sessions.Handle(r.Context(), s.sessions.Token(r.Context()))
}

// stillIn loads the account behind a cookie anew, for requests that last: false when the session has ended meanwhile.
func (s *server) stillIn(r *http.Request) (triage.Actor, bool, error) {
	ctx, err := s.sessions.Load(freshContext{r.Context()}, s.sessions.Token(r.Context()))
	if err != nil {
		return triage.Actor{}, false, err
	}
	id := account.ID(s.sessions.GetString(ctx, keyAccount))
	if id == "" {
		return triage.Actor{}, false, nil
	}
	a, err := s.desk.ActorOf(ctx, id)
	if errors.Is(err, triage.ErrForbidden) || errors.Is(err, triage.ErrNotFound) {
		return a, false, nil
	}
	if s.unkeyed(s.sessions.GetBool(ctx, keyKeyed), a) {
		a.Roles = nil
	}
	return a, err == nil, err
}
