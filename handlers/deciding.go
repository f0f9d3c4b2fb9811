package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// suggestion is what the ladder says of one person, for the script of the decision panel.
func (s *server) suggestion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	out, err := s.desk.Suggest(r.Context(), a, id, triage.PersonID(q.Get("person")), triage.PolicyID(q.Get("policy")), triage.Severity(q.Get("severity")))
	if err != nil {
		return err
	}
	b, err := json.Marshal(map[string]any{"action": out.Action, "days": out.Days, "why": out.Why})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the peer is gone; there is nobody left to tell
	return nil
}

// suggest fills in what the ladder suggests for a person before anything is chosen: for the report's policy, medium.
func (s *server) suggest(ctx context.Context, a triage.Actor, id triage.CaseID, p *web.CasePerson) error {
	severity := p.Finding.Severity
	if severity == "" {
		severity = triage.SeverityMedium
	}
	out, err := s.desk.Suggest(ctx, a, id, p.ID, p.Finding.Policy, severity)
	if errors.Is(err, triage.ErrNotFound) { // a policy that is unknown, or was typed
		return nil
	}
	p.Suggested, p.ForDays, p.Why = out.Action, out.Days, out.Why
	return err
}

// withTemplate puts a template before the words, where it was chosen and a script did not do so already.
func withTemplate(words, template string) string {
	text := triage.TemplateText(template)
	if text == "" || strings.Contains(words, text) {
		return words
	}
	return strings.TrimSpace(text + "\n" + words)
}
