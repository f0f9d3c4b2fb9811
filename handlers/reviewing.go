package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// reviewRoutes is what is about reviewers and their work, not about a case.
func (s *server) reviewRoutes() []route {
	return []route{
		{Method: get, Pattern: "/me/reviewing", Needs: triage.ExhibitView, serve: s.reviewing},
		{Method: post, Pattern: "/me/reviewing", Needs: triage.ExhibitView, serve: s.saveReviewing},
		{Method: get, Pattern: "/cases/{id}/suggestion", Needs: triage.CaseRead, kind: kindAPI, serve: s.suggestion},
		{Method: get, Pattern: "/team", Needs: triage.TeamLead, serve: s.team},
		{Method: post, Pattern: "/team/budgets", Needs: triage.TeamLead, serve: s.liftBudget},
		{Method: get, Pattern: "/team/figures", Needs: triage.TeamLead, serve: s.figures},
		{Method: get, Pattern: "/team/figures/{file}", Needs: triage.TeamLead, kind: kindText, serve: s.figureFile},
		{Method: get, Pattern: "/team/sampling", Needs: triage.TeamLead, serve: s.sampling},
		{Method: post, Pattern: "/team/sampling", Needs: triage.TeamLead, serve: s.setRate},
		{Method: get, Pattern: "/opinions", Needs: triage.OpinionGive, serve: s.opinions},
		{Method: post, Pattern: "/opinions/next", Needs: triage.OpinionGive, serve: s.nextOpinion},
		{Method: get, Pattern: "/opinions/{id}", Needs: triage.OpinionGive, serve: s.opinion},
		{Method: post, Pattern: "/opinions/{id}", Needs: triage.OpinionGive, serve: s.giveOpinion},
		{Method: post, Pattern: "/opinions/{id}/return", Needs: triage.OpinionGive, serve: s.returnOpinion},
		{Method: post, Pattern: "/opinions/{id}/settle", Needs: triage.OpinionSettle, serve: s.settleOpinion},
		{Method: get, Pattern: "/team/reporters", Needs: triage.TeamLead, serve: s.reporters},
		{Method: post, Pattern: "/team/reporters/mute", Needs: triage.TeamLead, serve: s.muteReporter},
		{Method: post, Pattern: "/team/reporters/unmute", Needs: triage.TeamLead, serve: s.unmuteReporter},
	}
}

func (s *server) reviewing(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	p, err := s.desk.Preferences(r.Context(), a)
	if err != nil {
		return err
	}
	return s.reviewingPage(w, r, a, http.StatusOK, p, nil)
}

func (s *server) reviewingPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, prefs triage.Preferences, m web.Messages) error {
	shift, err := s.desk.Exposure(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Reviewing", "/me/reviewing")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.Reviewing(web.ReviewingView{Page: p, Preferences: prefs, Shift: shift,
		Policies: policiesOf(a, triage.ExhibitView), Messages: m}))
}

func (s *server) saveReviewing(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	on := func(field string) bool { return v.Get(field) == "on" }
	p := triage.Preferences{Blur: on("blur"), Grey: on("grey"), Mute: on("mute"), Small: on("small"), Stills: on("stills"),
		OptOuts: idList[triage.PolicyID](v["optout"])}
	err = s.desk.SavePreferences(r.Context(), a, p)
	if status, ok := again(err); ok {
		return s.reviewingPage(w, r, a, status, p, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Saved. It holds from the next page on.")
	return seeOther(w, r, "/me/reviewing")
}

func (s *server) team(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.teamPage(w, r, a, http.StatusOK, url.Values{}, nil)
}

func (s *server) teamPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, typed url.Values, m web.Messages) error {
	t, err := s.desk.Team(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Reviewers", "/team")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.Team(web.TeamView{Page: p, Team: t, Account: account.ID(typed.Get("account")),
		Group: triage.BudgetGroup(typed.Get("group")), Hours: typed.Get("hours"), Reason: typed.Get("reason"), Messages: m}))
}

func (s *server) liftBudget(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	n := triage.NewOverride{Account: account.ID(v.Get("account")), Group: triage.BudgetGroup(v.Get("group")), Reason: v.Get("reason")}
	n.Hours, _ = strconv.Atoi(v.Get("hours")) // 0 is refused
	_, err = s.desk.Lift(r.Context(), a, n)
	if status, ok := again(err); ok {
		return s.teamPage(w, r, a, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The budget is lifted until the time below. The log keeps your reason.")
	return seeOther(w, r, "/team")
}

// Headers of the answer to what was watched.
const (
	leftHeader  = "Proffer-Exposure-Left" // seconds that may still be watched of this policy
	breakHeader = "Proffer-Break"         // minutes since the last break, once one is due
)

// tellExposure lets the player know how much may still be watched.
func (s *server) tellExposure(ctx context.Context, h http.Header, a triage.Actor, id triage.ExhibitID) error {
	shift, policy, err := s.desk.ExposureOn(ctx, a, id)
	if err != nil {
		return err
	}
	if left, _, ok := shift.Left(policy); ok {
		h.Set(leftHeader, strconv.Itoa(int(left.Seconds())))
	}
	if shift.BreakDue() {
		h.Set(breakHeader, strconv.Itoa(int(shift.Unbroken.Minutes())))
	}
	return nil
}
