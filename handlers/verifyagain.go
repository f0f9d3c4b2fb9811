package handlers

import (
	"net/http"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

func (s *server) verifyExhibit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := exhibitID(r)
	if err != nil {
		return err
	}
	x, err := s.desk.VerifyAgain(r.Context(), a, id)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/cases/"+string(x.Case))
}

// againView is what came of holding an exhibit against its proof again, newest first.
func againView(a triage.Actor, x triage.CaseView, e triage.ExhibitCard) (v web.AgainView) {
	for i := len(e.Again) - 1; i >= 0; i-- {
		k := e.Again[i]
		v.Waiting = v.Waiting || k.Done.IsZero()
		v.Past = append(v.Past, web.AgainItem{Verification: k, ByName: x.Names[k.By]})
	}
	v.CanAsk = !v.Waiting && e.Verifiable() && triage.Can(a, triage.ExhibitVerify, x.On)
	return v
}
