package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// moveRoutes is how cases are merged and split, and how that is undone.
func (s *server) moveRoutes() []route {
	return []route{
		{Method: post, Pattern: "/cases/{id}/merge", Needs: triage.CaseMerge, serve: s.mergeCase},
		{Method: post, Pattern: "/cases/{id}/split", Needs: triage.CaseMerge, serve: s.splitCase},
		{Method: post, Pattern: "/moves/{id}/undo", Needs: triage.CaseMerge, serve: s.undoMove},
	}
}

// fieldSure is the box to tick before anything moves.
const fieldSure = "sure"

func sure(v url.Values, words string) error {
	if v.Get(fieldSure) != "yes" {
		return fieldError(fieldSure, words)
	}
	return nil
}

// otherCase is the case to merge: the number that was typed, or else the suggestion that was chosen.
func otherCase(v url.Values) (triage.CaseID, error) {
	typed := v.Get(triage.FieldOther)
	if typed == "" {
		typed = v.Get("suggested")
	}
	if typed == "" {
		return "", fieldError(triage.FieldOther, "Choose the other case, or write its number.")
	}
	id, ok := triage.ParseID("C", typed)
	if !ok {
		return "", fieldError(triage.FieldOther, "That is no number of a case. It looks like C-12345-6789A and stands at the top of its page.")
	}
	return triage.CaseID(id), nil
}

func (s *server) mergeCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	other, err := otherCase(v)
	if err == nil {
		err = sure(v, "Tick that you looked at both cases.")
	}
	var m triage.Move
	if err == nil {
		m, err = s.desk.Merge(r.Context(), a, id, other, v.Get(triage.FieldReason))
	}
	if err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{move: web.MoveForm{Kind: triage.MoveMerge, Other: v.Get(triage.FieldOther), Suggested: triage.CaseID(v.Get("suggested")),
			Reason: v.Get(triage.FieldReason), Sure: v.Get(fieldSure) == "yes"}})
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "Everything of " + string(m.From) + " is in this case now.", Undo: "/moves/" + string(m.ID) + "/undo", Link: "Undo the merge"})
	return seeOther(w, r, "/cases/"+string(id)+"#moves")
}

func (s *server) splitCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	reports := idList[triage.ReportID](v[triage.FieldReports])
	m, err := triage.Move{}, sure(v, "Tick that the reports are about another matter.")
	if err == nil {
		m, err = s.desk.Split(r.Context(), a, id, reports, v.Get(triage.FieldReason))
	}
	if err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{move: web.MoveForm{Kind: triage.MoveSplit, Reports: reports, Reason: v.Get(triage.FieldReason), Sure: v.Get(fieldSure) == "yes"}})
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "What you chose is a case of its own now.", Href: "/cases/" + string(m.Into), Link: string(m.Into)})
	return seeOther(w, r, "/cases/"+string(id)+"#moves")
}

// undoMove goes back to the case from whose page it was asked for.
func (s *server) undoMove(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[triage.MoveID](r, "id", "CM")
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	m, err := s.desk.UndoMove(r.Context(), a, id)
	at := m.Into
	if v.Get("case") == string(m.From) {
		at = m.From
	}
	if err != nil && at != "" && errors.Is(err, triage.ErrConflict) {
		return s.caseAgain(w, r, a, at, err, caseForms{})
	} else if err != nil {
		return err
	}
	words := "The merge is undone: both cases are as they were."
	if m.Kind == triage.MoveSplit {
		words, at = "The split is undone: everything is in one case again.", m.From
	}
	s.flash(r, web.FlashDone, words)
	return seeOther(w, r, "/cases/"+string(at)+"#moves")
}

// moveView is a move as the page of a case shows it.
func moveView(x triage.CaseView, m triage.MoveView) web.MoveView {
	return web.MoveView{MoveView: m, Here: x.Case.ID, ByName: x.Names[m.By], UndoneByName: x.Names[m.UndoneBy]}
}
