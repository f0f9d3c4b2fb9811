package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

func opinionID(r *http.Request) (triage.OpinionID, error) {
	return pathID[triage.OpinionID](r, "id", "Z")
}

func (s *server) opinions(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	l, err := s.desk.ListOpinions(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Second opinions", "/opinions")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Opinions(web.OpinionsView{Page: p, OpinionList: l, Settles: len(triage.Lanes(a, triage.OpinionSettle)) > 0}))
}

func (s *server) nextOpinion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	o, err := s.desk.TakeOpinion(r.Context(), a)
	if errors.Is(err, triage.ErrNotFound) {
		s.flash(r, web.FlashNote, "No decision waits for a second opinion of yours.")
		return seeOther(w, r, "/opinions")
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/opinions/"+string(o.ID))
}

func (s *server) opinion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := opinionID(r)
	if err != nil {
		return err
	}
	return s.opinionPage(w, r, a, id, http.StatusOK, nil, nil)
}

// opinionPage shows an opinion with its form as it was left.
func (s *server) opinionPage(w http.ResponseWriter, r *http.Request, a triage.Actor, id triage.OpinionID, status int, typed url.Values, m web.Messages) error {
	x, err := s.desk.OpenOpinion(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Second opinion "+string(id), "/opinions/"+string(id))
	if err != nil {
		return err
	}
	v := web.OpinionView{Page: p, OpinionView: x, Watch: rand.Text(), Messages: m, Verdict: triage.OpinionVerdict(typed.Get("verdict")), Words: typed.Get("words")}
	if v.Preferences, err = s.desk.Preferences(r.Context(), a); err != nil {
		return err
	}
	if v.Shift, err = s.desk.Exposure(r.Context(), a); err != nil {
		return err
	}
	for _, pol := range triage.Policies() {
		if pol.Lane == x.Lane || x.Lane == triage.LaneChildSafety {
			v.Choices = append(v.Choices, pol)
		}
	}
	about := triage.CaseView{On: x.On, Names: x.Names, Reports: x.Reports, People: x.People, Orgs: x.Orgs, Now: p.Now}
	for _, rep := range x.Reports {
		v.Said = append(v.Said, caseReport(about, rep))
		for _, person := range rep.People {
			v.About = append(v.About, casePerson(a, about, rep, person, typed))
		}
	}
	for _, e := range x.Exhibits {
		v.Shown = append(v.Shown, linesAsked(r, p.Path, exhibitView(a, about, e)))
	}
	if x.First != nil {
		v.Decided = new(decisionView(a, about, *x.First))
		v.Given = new(opinionGiven(x.Opinion, x.People, x.Names))
	}
	return s.render(w, r, status, web.Opinion(v))
}

// opinionGiven is an opinion that was given, with names.
func opinionGiven(o triage.Opinion, people []triage.Person, names map[account.ID]string) web.OpinionGiven {
	return web.OpinionGiven{Opinion: o, TakerName: names[o.Taker], SettlerName: names[o.Settler], Findings: findingViews(o.Findings, people)}
}

func (s *server) giveOpinion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := opinionForm(r)
	if err != nil {
		return err
	}
	o, err := s.desk.GiveOpinion(r.Context(), a, id, readFindings(v))
	if status, ok := again(err); ok && errors.Is(err, triage.ErrInvalid) {
		return s.opinionPage(w, r, a, id, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	words := "Thank you. You and the decision agree."
	if !o.Agrees {
		words = "Thank you. You and the decision differ, so a lead looks at both. The decision stands meanwhile."
	}
	s.flash(r, web.FlashDone, words)
	return seeOther(w, r, "/opinions/"+string(id))
}

// opinionForm reads the number and the form that every post on an opinion has.
func opinionForm(r *http.Request) (triage.OpinionID, url.Values, error) {
	id, err := opinionID(r)
	if err != nil {
		return "", nil, err
	}
	v, err := form(r)
	return id, v, err
}

func (s *server) returnOpinion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, _, err := opinionForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.ReturnOpinion(r.Context(), a, id); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Given back; somebody else will be offered it.")
	return seeOther(w, r, "/opinions")
}

func (s *server) settleOpinion(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, v, err := opinionForm(r)
	if err != nil {
		return err
	}
	err = s.desk.SettleOpinion(r.Context(), a, id, triage.OpinionVerdict(v.Get("verdict")), v.Get("words"))
	if status, ok := again(err); ok && errors.Is(err, triage.ErrInvalid) {
		return s.opinionPage(w, r, a, id, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Settled. The decision is as it was; where it has to be another, reopen the case.")
	return seeOther(w, r, "/opinions/"+string(id))
}

func (s *server) sampling(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.samplingPage(w, r, a, http.StatusOK, url.Values{}, nil)
}

func (s *server) samplingPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, typed url.Values, m web.Messages) error {
	x, err := s.desk.Sampling(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Sampling", "/team/sampling")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.SamplingPage(web.SamplingView{Page: p, Sampling: x, Subject: typed.Get("subject"), Percent: typed.Get("percent"), Messages: m}))
}

func (s *server) setRate(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	kind, subject, _ := strings.Cut(v.Get("subject"), "/")
	rate := triage.Rate{Kind: triage.RateKind(kind), Subject: subject, Percent: -1}
	if v.Get("reset") != "yes" {
		if rate.Percent, err = strconv.Atoi(strings.TrimSpace(v.Get("percent"))); err != nil || rate.Percent < 0 {
			rate.Percent = 101 // which the use case refuses, with words
		}
	}
	err = s.desk.SetRate(r.Context(), a, rate)
	if status, ok := again(err); ok {
		return s.samplingPage(w, r, a, status, v, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Saved. It holds for decisions from now on.")
	return seeOther(w, r, "/team/sampling")
}
