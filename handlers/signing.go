package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/passkey"
	"github.com/proffer/proffer/web"
)

// signed is what a passkey signed of a form, or nil.
func signed(v url.Values) []byte {
	if s := v.Get(triage.FieldPasskey); s != "" {
		return []byte(s)
	}
	return nil
}

// The JSON that scripts hand to navigator.credentials (WebAuthn section 5.4 and 5.5), with bytes in base64url.
type (
	// descriptor names a passkey.
	descriptor struct {
		Type string         `json:"type"`
		ID   base64URLBytes `json:"id"`
	}

	// getOptions asks for a signature.
	getOptions struct {
		Challenge        base64URLBytes `json:"challenge"`
		RPID             string         `json:"rpId"`
		Timeout          int64          `json:"timeout"` // ms
		UserVerification string         `json:"userVerification"`
		Allow            []descriptor   `json:"allowCredentials"`
	}

	// askedView answers a script that asks whether something has to be signed.
	askedView struct {
		Get  *getOptions `json:"get"`  // nil: it does not
		None bool        `json:"none"` // the account has no passkey yet
		Demo bool        `json:"demo"` // another one can be made at once
	}
)

// base64URLBytes are bytes in base64url without padding.
type base64URLBytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b base64URLBytes) MarshalText() ([]byte, error) { return []byte(rawURL.EncodeToString(b)), nil }

func (s *server) site() passkey.Site {
	site, _ := passkey.NewSite(s.URL) // Config.check has read the URL
	return site
}

func descriptors(credentials [][]byte) []descriptor {
	ds := []descriptor{}
	for _, c := range credentials {
		ds = append(ds, descriptor{"public-key", c})
	}
	return ds
}

func (s *server) get(a triage.Asked) *getOptions {
	return &getOptions{slices.Clone(a.Challenge[:]), s.site().ID, triage.SignTime.Milliseconds(), "required", descriptors(a.Allow)}
}

// answerAsked tells a script what is to be signed.
func (s *server) answerAsked(w http.ResponseWriter, asked *triage.Asked, err error) error {
	if err != nil {
		return err
	}
	v := askedView{Demo: s.Demo}
	if asked != nil {
		v.Get, v.None = s.get(*asked), len(asked.Allow) == 0
	}
	return answerJSON(w, http.StatusOK, v)
}

func answerJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the peer is gone; there is nobody left to tell
	return nil
}

// askDecide takes the decision panel's form, and says whether its decider has to sign it.
func (s *server) askDecide(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskDecide(r.Context(), a, id, readFindings(v))
	return s.answerAsked(w, asked, err)
}

// askAnswer says what the second person has to sign of a decision.
func (s *server) askAnswer(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	decision, err := pathID[triage.DecisionID](r, "decision", "D")
	if err != nil {
		return err
	}
	asked, err := s.desk.AskAnswer(r.Context(), a, id, decision)
	return s.answerAsked(w, asked, err)
}

// askRequest takes the form of a package, and says what who asks for it has to sign.
func (s *server) askRequest(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	n, err := readPackage(v)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskRequest(r.Context(), a, n)
	return s.answerAsked(w, asked, err)
}

func readPackage(v url.Values) (triage.NewPackage, error) {
	id, ok := triage.ParseID("C", v.Get("case"))
	if !ok {
		return triage.NewPackage{}, errNothing
	}
	return triage.NewPackage{Case: triage.CaseID(id), Exhibits: idList[triage.ExhibitID](v[web.FieldExhibit]), Recipient: v.Get("recipient"),
		Basis: triage.LegalBasis(v.Get("basis")), Reference: v.Get("reference"), Scope: v.Get("scope")}, nil
}

// askAnswerPackage says what the second person has to sign of a package.
func (s *server) askAnswerPackage(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := packageID(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskAnswerPackage(r.Context(), a, id)
	return s.answerAsked(w, asked, err)
}
