package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/web"
)

// returnCookie keeps where to go after signing in; it never leaves the browser that was sent away.
const returnCookie = "proffer-return"

const returnSeconds = 3600

func (s *server) setReturn(w http.ResponseWriter, path string) {
	c := &http.Cookie{Name: returnCookie, Value: path, Path: "/", MaxAge: returnSeconds, HttpOnly: true, Secure: s.secure(),
		SameSite: http.SameSiteLaxMode}
	if path == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *server) signInForm(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	to := safeReturn(r.URL.Query().Get("return"))
	if a.Account != "" {
		return seeOther(w, r, orStart(to))
	}
	if to != "" {
		s.setReturn(w, to)
	}
	return s.showSignIn(w, r, http.StatusOK, "", nil)
}

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request, status int, email string, m web.Messages) error {
	p, err := s.page(r, "Sign in", "/sign-in")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.SignIn(web.SignInView{Page: p, Email: email, Messages: m, MailOff: s.MailOff && !s.Demo, Provider: s.OIDC != nil}))
}

func (s *server) requestLink(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	email := strings.TrimSpace(f.Get("email"))
	if err := s.desk.RequestLink(r.Context(), email); err != nil {
		if status, ok := again(err); ok {
			return s.showSignIn(w, r, status, account.CleanName(email, 254), web.MessagesOf(err))
		}
		return err
	}
	p, err := s.page(r, "Look into your mail", "/sign-in")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.SignInSent(web.SignInSentView{Page: p, Email: email, Minutes: int(triage.LinkTime.Minutes())}))
}

// confirmSignIn shows one button and touches nothing: mail scanners follow links, and would use them up.
func (s *server) confirmSignIn(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	token := chi.URLParam(r, "token")
	if !plausible(token) {
		return errNothing
	}
	p, err := s.page(r, "Sign in", "/sign-in")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.SignInConfirm(web.SignInConfirmView{Page: p, Token: token}))
}

// plausible reports whether a token could be one: what it has to be is the desk's to know.
func plausible(token string) bool {
	return len(token) >= 20 && len(token) <= 100 &&
		strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == ""
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	token := chi.URLParam(r, "token")
	if !plausible(token) {
		return errNothing
	}
	acc, err := s.desk.SignIn(r.Context(), token)
	if errors.Is(err, triage.ErrNotFound) {
		return s.showSignIn(w, r, http.StatusNotFound, "", web.MessagesOf(err))
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
	return seeOther(w, r, orStart(to))
}

func orStart(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// switchPerson becomes one of the demonstration's people. The route does not exist outside demonstration mode, and nobody
// but those people can be chosen.
func (s *server) switchPerson(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	id := account.ID(f.Get("account"))
	if !slices.ContainsFunc(s.People, func(x account.Account) bool { return x.ID == id }) {
		return errNothing
	}
	acc, err := s.desk.SwitchTo(r.Context(), id)
	if err != nil {
		return err
	}
	if err := s.enter(r, acc); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	if a.Account != "" {
		if err := s.desk.SignedOut(r.Context(), a); err != nil {
			return err
		}
	}
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, "/sign-in")
}

// start leads to the page that the actor's work begins on.
func (s *server) start(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	if requestOf(r).unkeyed {
		return seeOther(w, r, "/me#passkeys")
	}
	for _, at := range []struct {
		do   triage.Action
		path string
	}{{triage.QueueRead, "/queue"}, {triage.LogRead, "/log"}, {triage.PeopleRead, "/people"}} {
		if triage.Can(a, at.do, triage.Target{}) {
			return seeOther(w, r, at.path)
		}
	}
	return seeOther(w, r, "/reports")
}

func (s *server) publicKeys(w http.ResponseWriter, _ *http.Request, _ triage.Actor) error {
	return download(w, "platform.pub", s.PublicKeys())
}

// download answers with a small text file.
func download(w http.ResponseWriter, name string, text []byte) error {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	plain(w, http.StatusOK, string(text))
	return nil
}

// downloadAs is download of another kind of text.
func downloadAs(w http.ResponseWriter, contentType, name string, text []byte) error {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(text) // the peer is gone; there is nobody left to tell
	return nil
}

func (s *server) me(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.showMe(w, r, a, http.StatusOK, func(*web.MeView) {})
}

func (s *server) showMe(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, change func(*web.MeView)) error {
	list, err := s.desk.MySessions(r.Context(), a)
	if err != nil {
		return err
	}
	here, err := s.handle(r)
	if err != nil {
		return err
	}
	acc, org, err := s.desk.Me(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Your account", "/me")
	if err != nil {
		return err
	}
	tokens, err := s.desk.MyTokens(r.Context(), a)
	if err != nil {
		return err
	}
	keys, err := s.desk.MyPasskeys(r.Context(), a)
	if err != nil {
		return err
	}
	lost, err := s.desk.MyRecovery(r.Context(), a)
	if err != nil {
		return err
	}
	v := web.MeView{Page: p, Passkeys: keys, Recovery: lost, Unkeyed: requestOf(r).unkeyed, Email: acc.Email, Org: org.Name, Tokens: tokens, Form: triage.NewToken{Scopes: account.AllScopes}, Days: strconv.Itoa(triage.TokenDays)}
	for _, x := range list {
		v.Sessions = append(v.Sessions, web.SessionItem{Session: x, Current: x.ID == here})
	}
	change(&v)
	return s.render(w, r, status, web.Me(v))
}

func (s *server) endSession(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id := chi.URLParam(r, "id")
	if id == "" || len(id) > 64 {
		return errNothing
	}
	if err := s.desk.EndSession(r.Context(), a, id); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "That browser is signed out.")
	return seeOther(w, r, "/me")
}

func (s *server) endOthers(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	list, err := s.desk.MySessions(r.Context(), a)
	if err != nil {
		return err
	}
	here, err := s.handle(r)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.ID == here {
			continue
		}
		if err := s.desk.EndSession(r.Context(), a, x.ID); err != nil && !errors.Is(err, triage.ErrNotFound) {
			return err
		}
	}
	s.flash(r, web.FlashDone, "You are signed out everywhere else.")
	return seeOther(w, r, "/me")
}

func (s *server) outbox(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	ms, err := s.desk.MyMail(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Outbox", "/outbox")
	if err != nil {
		return err
	}
	v := web.OutboxView{Page: p}
	for _, m := range ms {
		v.Messages = append(v.Messages, web.OutboxItem{Message: m, Link: linkIn(m.Body, s.URL)})
	}
	return s.render(w, r, http.StatusOK, web.Outbox(v))
}

// linkIn is the path of the first link to this site in a message, or "".
func linkIn(body, site string) string {
	for line := range strings.Lines(body) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), site); ok && strings.HasPrefix(path, "/") && !strings.ContainsAny(path, " ()") {
			return path
		}
	}
	return ""
}

func (s *server) people(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	all, err := s.desk.ListPeople(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "People", "/people")
	if err != nil {
		return err
	}
	query := account.CleanName(r.URL.Query().Get("q"), triage.MaxName)
	found, err := s.desk.FindPeople(r.Context(), a, query)
	if err != nil {
		return err
	}
	recoveries, err := s.desk.ListRecoveries(r.Context(), a)
	if err != nil {
		return err
	}
	v, sizes, names := web.PeopleView{Page: p, Query: query, Found: found, Recoveries: recoveries, MailOff: s.MailOff, Setback: all.Setback, Stranded: all.Stranded}, map[account.OrgID]int{}, map[account.ID]string{}
	for _, acc := range all.Accounts {
		sizes[acc.Org]++
		names[acc.ID] = acc.Name
		if acc.Staff() {
			v.Staff = append(v.Staff, acc)
		}
	}
	for _, o := range all.Organisations {
		v.Orgs = append(v.Orgs, web.OrgItem{Organisation: o, Accounts: sizes[o.ID]})
	}
	for _, m := range all.Undelivered {
		v.Deliveries = append(v.Deliveries, web.DeliveryItem{Message: m, ToName: names[m.To]})
	}
	return s.render(w, r, http.StatusOK, web.People(v))
}

// eventWords is a custody event as pages show it.
func eventWords(l custody.Leaf) web.EventView {
	e := web.EventView{Index: -1, ID: l.ID, At: l.Time, Act: l.Act.Title(), Actor: l.Actor, Case: triage.CaseID(l.Case), Subject: l.Subject}
	if in, ok := l.Act.Info(); ok {
		e.Words = in.Sentence
	}
	return e
}
