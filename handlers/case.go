package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

func (s *server) showCase(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	return s.casePage(w, r, a, id, http.StatusOK, caseForms{})
}

// caseForms is what a refused form of the case page held.
type caseForms struct {
	messages web.Messages
	draft    string // of a note
	visit    string // the reason of a visit
	move     web.MoveForm
	decision url.Values // of the decision panel
}

// caseAgain shows the case again where an error belongs into its forms: nothing that was typed is lost.
func (s *server) caseAgain(w http.ResponseWriter, r *http.Request, a triage.Actor, id triage.CaseID, err error, f caseForms) error {
	status, ok := again(err)
	if !ok {
		return err
	}
	f.messages = web.MessagesOf(err)
	return s.casePage(w, r, a, id, status, f)
}

// caseForm reads the number and the form that every post on a case has.
func caseForm(r *http.Request) (triage.CaseID, url.Values, error) {
	id, err := caseID(r)
	if err != nil {
		return "", nil, err
	}
	v, err := form(r)
	return id, v, err
}

func (s *server) claim(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, _, err := caseForm(r)
	if err != nil {
		return err
	}
	if _, err := s.desk.Claim(r.Context(), a, id); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{})
	}
	return seeOther(w, r, "/cases/"+string(id))
}

// leaseHeader says when a claim ends (RFC 3339), beside the Date header to compare it with.
const leaseHeader = "Proffer-Lease"

func (s *server) renew(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	c, err := s.desk.Renew(r.Context(), a, id)
	if err != nil {
		return err
	}
	w.Header().Set(leaseHeader, c.Lease.UTC().Format(time.RFC3339))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) release(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, _, err := caseForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.Release(r.Context(), a, id); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{})
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "You do not hold that case any more; others can take it.",
		Undo: "/cases/" + string(id) + "/claim", Link: "Take it back"})
	return seeOther(w, r, queueBack(r))
}

func (s *server) skip(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, _, err := caseForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.Skip(r.Context(), a, id); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{})
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "Skipped " + string(id) + "; others will be offered it.",
		Undo: "/cases/" + string(id) + "/claim", Link: "Take it after all"})
	return s.nextCase(w, r, a)
}

func (s *server) escalate(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	to := triage.Lane(v.Get("to"))
	if to != "" && to != triage.LaneChildSafety {
		err = triage.Errorf(triage.Invalid, "Choose to whom the case goes.")
	} else {
		err = s.desk.Escalate(r.Context(), a, id, to, v.Get("words"))
	}
	if err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{draft: v.Get("words")})
	}
	words := "The case waits for a lead now."
	if to == triage.LaneChildSafety {
		words = "The case went to child safety. From now on only its specialists see it."
	}
	s.flash(r, web.FlashDone, words)
	return seeOther(w, r, queueBack(r))
}

func (s *server) note(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.AddNote(r.Context(), a, id, v.Get("words")); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{draft: v.Get("words")})
	}
	return seeOther(w, r, "/cases/"+string(id)+"#notes")
}

func (s *server) reopen(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.Reopen(r.Context(), a, id, v.Get("words")); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{draft: v.Get("words")})
	}
	s.flash(r, web.FlashDone, "The case is open again. The decision stays in force until a new one replaces it.")
	return seeOther(w, r, "/cases/"+string(id))
}

func (s *server) decide(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := caseForm(r)
	if err != nil {
		return err
	}
	dec, err := s.desk.Decide(r.Context(), a, id, readFindings(v), signed(v))
	if err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{decision: v})
	}
	words := "Decided: " + findingsWords(dec.Findings) + "."
	if dec.State == triage.DecisionProposed {
		words = "Your decision waits for a second person. Nothing is done before that."
	}
	told := web.Flash{Kind: web.FlashDone, Text: words}
	if s.desk.Undoable(a, dec) {
		told.Undo, told.UndoWords = "/cases/"+string(id)+"/decisions/"+string(dec.ID)+"/undo", "Undo"
	}
	if v.Get("next") == "yes" {
		told.Href, told.Link = "/cases/"+string(id), string(id)
		s.leave(r, told)
		return s.nextCase(w, r, a)
	}
	s.leave(r, told)
	return seeOther(w, r, "/cases/"+string(id))
}

// undoDecision takes back what one has just decided, and the case in hand again where nobody was quicker.
func (s *server) undoDecision(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := pathID[triage.CaseID](r, "id", "C")
	if err != nil {
		return err
	}
	decision, err := pathID[triage.DecisionID](r, "decision", "D")
	if err != nil {
		return err
	}
	if err := s.desk.UndoDecision(r.Context(), a, id, decision); err != nil {
		return s.caseAgain(w, r, a, id, err, caseForms{})
	}
	words := "Undone, and nobody was told. The case is yours again."
	if _, err := s.desk.Claim(r.Context(), a, id); err != nil {
		words = "Undone, and nobody was told. The case is back in the queue."
	}
	s.flash(r, web.FlashDone, words)
	return seeOther(w, r, "/cases/"+string(id))
}

// findingFields are the fields that the decision panel has for each person, each followed by a dash and the person.
var findingFields = []string{"policy", "severity", "action", "days", "reasons", "evidence", "template"}

// readFindings reads the decision panel: one finding for each person that any field names.
func readFindings(v url.Values) (fs []triage.Finding) {
	seen := map[triage.PersonID]bool{}
	for name := range v {
		field, id, ok := strings.Cut(name, "-")
		if !ok || !contains(findingFields, field) || seen[triage.PersonID(id)] {
			continue
		}
		seen[triage.PersonID(id)] = true
		fs = append(fs, readFinding(v, triage.PersonID(id)))
	}
	return fs
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func readFinding(v url.Values, p triage.PersonID) triage.Finding {
	at := func(field string) string { return v.Get(field + "-" + string(p)) }
	f := triage.Finding{Person: p, Policy: triage.PolicyID(at("policy")), Severity: triage.Severity(at("severity")),
		Action: triage.ActionKind(at("action")), Reasons: withTemplate(at("reasons"), at("template")), Evidence: at("evidence")}
	if days := strings.TrimSpace(at("days")); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			n = -1 // which the use case refuses, with words
		}
		f.Days = n
	}
	return f
}

// answerDecision is the second person's answer.
func (s *server) answerDecision(approve bool) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, v, err := caseForm(r)
		if err != nil {
			return err
		}
		decision, err := pathID[triage.DecisionID](r, "decision", "D")
		if err != nil {
			return err
		}
		if err := s.desk.Answer(r.Context(), a, id, decision, approve, v.Get("words"), signed(v)); err != nil {
			return s.caseAgain(w, r, a, id, err, caseForms{})
		}
		words := "You approved the decision. It is in force."
		if !approve {
			words = "You refused the decision. The case is back in the queue."
		}
		s.leave(r, web.Flash{Kind: web.FlashDone, Text: words, Href: "/queue?tab=" + string(triage.TabApproval), Link: "To what else waits for approval"})
		return seeOther(w, r, "/cases/"+string(id))
	}
}
