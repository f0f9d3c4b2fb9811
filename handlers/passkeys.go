package handlers

import (
	"encoding/base64"
	"net/http"
	"time"

	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/passkey"
	"github.com/proffer/proffer/web"
)

var rawURL = base64.RawURLEncoding

// passkeyRoutes is making, removing and signing in with passkeys.
func (s *server) passkeyRoutes() []route {
	entering := s.rate(30, time.Minute)
	return []route{
		{Method: get, Pattern: "/sign-in/oidc", Needs: open, serve: s.beginProvider, limits: entering},
		{Method: get, Pattern: oidc.CallbackPath, Needs: open, serve: s.finishProvider, limits: entering},
		{Method: post, Pattern: "/sign-in/passkey/ask", Needs: open, kind: kindAPI, serve: s.askSignIn, limits: entering},
		{Method: post, Pattern: "/sign-in/passkey", Needs: open, kind: kindAPI, serve: s.signInWithPasskey, limits: entering},
		{Method: post, Pattern: "/me/passkeys/ask", Needs: triage.SelfManage, kind: kindAPI, serve: s.askKey},
		{Method: post, Pattern: "/me/passkeys", Needs: triage.SelfManage, kind: kindAPI, serve: s.addPasskey},
		{Method: post, Pattern: "/me/passkeys/{id}/remove", Needs: triage.SelfManage, serve: s.removePasskey},
	}
}

func (s *server) askSignIn(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	asked, err := s.desk.AskSignIn(r.Context())
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, askedView{Get: s.get(asked)})
}

// signInWithPasskey answers where to go then.
func (s *server) signInWithPasskey(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	acc, err := s.desk.SignInWithPasskey(r.Context(), signed(v))
	if err != nil {
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
	s.sessions.Put(r.Context(), keyKeyed, true)
	return answerJSON(w, http.StatusOK, map[string]string{"to": orStart(to)})
}

// createOptions asks for a new passkey (WebAuthn section 5.4).
type createOptions struct {
	Challenge base64URLBytes `json:"challenge"`
	RP        struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          base64URLBytes `json:"id"`
		Name        string         `json:"name"`
		DisplayName string         `json:"displayName"`
	} `json:"user"`
	Params      []param           `json:"pubKeyCredParams"`
	Timeout     int64             `json:"timeout"` // ms
	Exclude     []descriptor      `json:"excludeCredentials"`
	Selection   map[string]string `json:"authenticatorSelection"`
	Attestation string            `json:"attestation"`
}

type param struct {
	Type string `json:"type"`
	Alg  int    `json:"alg"`
}

func (s *server) askKey(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	k, err := s.desk.AskKey(r.Context(), a)
	if err != nil {
		return err
	}
	c := createOptions{Challenge: k.Challenge[:], Timeout: triage.SignTime.Milliseconds(), Exclude: descriptors(k.Known), Attestation: "none",
		Selection: map[string]string{"residentKey": "required", "userVerification": "required"}}
	c.RP.ID, c.RP.Name = s.site().ID, "Proffer"
	c.User.ID, c.User.Name, c.User.DisplayName = []byte(k.Account.ID), k.Account.Email, k.Account.Name
	for _, alg := range passkey.Algorithms {
		c.Params = append(c.Params, param{"public-key", alg})
	}
	var confirm *getOptions
	if k.Confirm != nil {
		confirm = s.get(*k.Confirm)
	}
	return answerJSON(w, http.StatusOK, map[string]any{"create": c, "confirm": confirm})
}

func (s *server) addPasskey(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	var confirm []byte
	if c := v.Get("confirm"); c != "" {
		confirm = []byte(c)
	}
	k, err := s.desk.AddPasskey(r.Context(), a, v.Get("name"), signed(v), confirm)
	if err != nil {
		return err
	}
	s.sessions.Put(r.Context(), keyKeyed, true) // whoever is here has just used it
	if v.Get("quiet") == "" {
		s.flash(r, web.FlashDone, "The passkey “"+k.Name+"” is yours now.")
	}
	return answerJSON(w, http.StatusCreated, map[string]string{"id": k.ID, "name": k.Name})
}

func (s *server) removePasskey(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[string](r, "id", "K")
	if err != nil {
		return err
	}
	err = s.desk.RemovePasskey(r.Context(), a, id)
	if status, ok := again(err); ok {
		return s.showMe(w, r, a, status, func(m *web.MeView) { m.KeyMessages = web.MessagesOf(err) })
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "That passkey is removed. Delete it on its device, too: there it is still offered.")
	return seeOther(w, r, "/me#passkeys")
}

// unkeyed reports whether the session of a member of staff was not opened with a passkey where that is asked for: then their roles do not count.
func (s *server) unkeyed(keyed bool, a triage.Actor) bool {
	return s.StaffPasskeys && !s.Demo && account.Account{Roles: a.Roles}.Staff() && !keyed
}
