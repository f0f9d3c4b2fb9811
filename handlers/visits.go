package handlers

import (
	"net/http"
	"slices"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// visitRoutes is how staff come into a standard meeting, visibly.
func (s *server) visitRoutes() []route {
	return []route{
		{Method: post, Pattern: "/cases/{id}/visits", Needs: triage.VisitRequest, serve: s.requestVisit},
		{Method: post, Pattern: "/cases/{id}/visits/ask", Needs: triage.VisitRequest, kind: kindAPI, serve: s.askVisit},
		{Method: post, Pattern: "/visits/{id}/ask", Needs: triage.VisitApprove, kind: kindAPI, serve: s.askAnswerVisit},
		{Method: post, Pattern: "/visits/{id}/approve", Needs: triage.VisitApprove, serve: s.answerVisit(true)},
		{Method: post, Pattern: "/visits/{id}/refuse", Needs: triage.VisitApprove, serve: s.answerVisit(false)},
		{Method: post, Pattern: "/visits/{id}/end", Needs: triage.VisitRequest, serve: s.endVisit},
	}
}

func visitID(r *http.Request) (triage.VisitID, error) {
	return pathID[triage.VisitID](r, "id", "L")
}

// askVisit takes the form of a visit, and says what who asks for it has to sign.
func (s *server) askVisit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskVisit(r.Context(), a, id, v.Get("reason"))
	return s.answerAsked(w, asked, err)
}

func (s *server) requestVisit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	if _, err := s.desk.RequestVisit(r.Context(), a, id, v.Get("reason"), signed(v)); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{visit: v.Get("reason")})
	}
	s.flash(r, web.FlashDone, "You asked to enter the meeting. Everybody who could be the second person was told; nothing happens before one of them agrees.")
	return seeOther(w, r, "/cases/"+string(id)+"#visits")
}

// askAnswerVisit says what the second person has to sign of a visit.
func (s *server) askAnswerVisit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := visitID(r)
	if err != nil {
		return err
	}
	asked, err := s.desk.AskAnswerVisit(r.Context(), a, id)
	return s.answerAsked(w, asked, err)
}

func (s *server) answerVisit(approve bool) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, err := visitID(r)
		if err != nil {
			return err
		}
		v, err := form(r)
		if err != nil {
			return err
		}
		visit, err := s.desk.AnswerVisit(r.Context(), a, id, approve, v.Get("words"), signed(v))
		if err != nil && visit.Case != "" {
			return s.caseAgain(w, r, a, visit.Case, err, caseForms{})
		} else if err != nil {
			return err
		}
		words := "You agreed. They can enter the meeting for an hour, and everybody in it sees them."
		if !approve {
			words = "You refused. Nobody enters the meeting."
		}
		s.flash(r, web.FlashDone, words)
		return seeOther(w, r, "/cases/"+string(visit.Case)+"#visits")
	}
}

func (s *server) endVisit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := visitID(r)
	if err != nil {
		return err
	}
	v, err := s.desk.EndVisit(r.Context(), a, id)
	if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The visit is over. Who is still in the meeting is out within seconds.")
	return seeOther(w, r, "/cases/"+string(v.Case)+"#visits")
}

// visitable reports whether the actor can ask to enter the meeting of a case: they may, somebody of staff can, and they have not asked already.
func visitable(a triage.Actor, x triage.CaseView) bool {
	return x.Unvisitable == "" && triage.Can(a, triage.VisitRequest, x.On) &&
		!slices.ContainsFunc(x.Visits, func(v triage.Visit) bool { return v.Visitor == a.Account && (v.Open(x.Now) || v.Waits(x.Now)) })
}

func visitView(a triage.Actor, x triage.CaseView, v triage.Visit) web.VisitView {
	agrees := triage.Can(a, triage.VisitApprove, x.On.Proposed(v.Visitor))
	return web.VisitView{Visit: v, VisitorName: x.Names[v.Visitor], ApproverName: x.Names[v.Approver], Own: v.Visitor == a.Account,
		CanAnswer: v.Waits(x.Now) && x.Unvisitable == "" && agrees, CanEnd: agrees}
}
