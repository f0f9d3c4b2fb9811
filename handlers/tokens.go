package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// Tokens stand for an account at the addresses of clients, /api/v1/ and /uploads/, and nowhere else. Where one is sent, it alone counts: the
// session's cookie is not looked at. No page of another site can make a browser send one, so what holds such pages off does not concern it.

// anyScope is of routes that tell nothing about anybody.
const anyScope = account.Scope("*")

var (
	errToken = &problem{http.StatusUnauthorized, "Unknown token", "This token is not known, was revoked, or is too old.", "Make a new one on your account’s page."}
	errScope = &problem{http.StatusForbidden, "Not this token", "This token may not do that.", "Make one with the scope that it takes."}
)

// bearer is the token of a request at an address of clients (RFC 6750 section 2.1). ok: there is one, be it good or not.
func bearer(r *http.Request) (token string, ok bool) {
	if !strings.HasPrefix(r.URL.Path, "/api/v1/") && !strings.HasPrefix(r.URL.Path, "/uploads/") {
		return "", false
	}
	all := r.Header.Values("Authorization")
	for _, v := range all {
		scheme, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, ok = strings.TrimSpace(rest), true
		}
	}
	if len(all) > 1 {
		token = "" // whichever was meant
	}
	return token, ok
}

// tokenFirst takes the cookie away from a request with a token.
func tokenFirst(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r)
		if q.secret, q.byToken = bearer(r); q.byToken {
			r.Header.Del("Cookie")
		}
		next.ServeHTTP(w, r)
	})
}

// unlessToken is a middleware that requests with a token pass by.
func unlessToken(m func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		guarded := m(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requestOf(r).byToken {
				next.ServeHTTP(w, r)
				return
			}
			guarded.ServeHTTP(w, r)
		})
	}
}

// actorOfToken is who a request's token stands for; the errors say so in JSON.
func (s *server) actorOfToken(w http.ResponseWriter, r *http.Request) (a triage.Actor, err error) {
	q := withKindOf(r, kindAPI)
	a, q.token, err = s.desk.ActorOfToken(r.Context(), q.secret)
	if errors.Is(err, triage.ErrNotFound) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return a, errToken
	}
	return a, err
}

func withKindOf(r *http.Request, k kind) *request {
	withKind(r, k)
	return requestOf(r)
}

// admitToken refuses what the token's scopes do not reach, and every page.
func admitToken(w http.ResponseWriter, rt route, q *request) error {
	if !q.byToken || rt.Scope == anyScope || rt.Scope != "" && q.token.May(rt.Scope) {
		return nil
	}
	value := `Bearer error="insufficient_scope"`
	if rt.Scope != "" {
		value += `, scope="` + string(rt.Scope) + `"`
	}
	w.Header().Set("WWW-Authenticate", value)
	return errScope
}

// makeToken shows the new token, once: it is in the answer to the form and nowhere else, so the page is not one to come back to.
func (s *server) makeToken(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	n := triage.NewToken{Name: v.Get("name"), Scopes: idList[account.Scope](v["scope"])}
	n.Days, _ = strconv.Atoi(v.Get("days")) // 0 is refused
	secret, _, err := s.desk.MakeToken(r.Context(), a, n)
	if status, ok := again(err); ok {
		return s.showMe(w, r, a, status, func(m *web.MeView) { m.Form, m.Days, m.Messages = n, v.Get("days"), web.MessagesOf(err) })
	} else if err != nil {
		return err
	}
	return s.showMe(w, r, a, http.StatusCreated, func(m *web.MeView) { m.Secret = secret })
}

func (s *server) revokeToken(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[string](r, "id", "T")
	if err != nil {
		return err
	}
	if err := s.desk.RevokeToken(r.Context(), a, id); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "That token is revoked.")
	return seeOther(w, r, "/me")
}
