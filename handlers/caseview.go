package handlers

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/web"
)

// Limits of what a page writes out of the log, which holds all of it.
const (
	eventsShown = 200 // newest events of a case
	detailShown = 300 // runes of what was watched, of one event
)

// casePage shows a case with its forms as they were left.
func (s *server) casePage(w http.ResponseWriter, r *http.Request, a triage.Actor, id triage.CaseID, status int, f caseForms) error {
	x, err := s.desk.OpenCase(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Case "+string(id), "/cases/"+string(id))
	if err != nil {
		return err
	}
	v := web.CaseView{Page: p, Case: x.Case, ClaimantName: x.Names[x.Case.Claimant], Mine: x.Case.HeldBy(a.Account, x.Now),
		Watch: rand.Text(), Follows: x.Follows, Policies: policiesOf(a, triage.CaseRead), Messages: f.messages, Draft: f.draft, VisitDraft: f.visit,
		MergedInto: x.MergedInto, CanMerge: x.CanMerge, Mergeable: x.Mergeable, MoveForm: f.move}
	v.Now = x.Now
	if v.Preferences, err = s.desk.Preferences(r.Context(), a); err != nil {
		return err
	}
	if v.Shift, err = s.desk.Exposure(r.Context(), a); err != nil {
		return err
	}
	if v.Queues, err = s.desk.WorkQueues(r.Context(), a); err != nil {
		return err
	}
	permissions(&v, a, x)
	for _, rep := range x.Reports {
		v.Reports = append(v.Reports, caseReport(x, rep))
		for _, person := range rep.People {
			about := casePerson(a, x, rep, person, f.decision)
			if err := s.suggest(r.Context(), a, id, &about); err != nil {
				return err
			}
			v.People = append(v.People, about)
		}
	}
	for _, e := range x.Exhibits {
		v.Exhibits = append(v.Exhibits, linesAsked(r, p.Path, exhibitView(a, x, e)))
	}
	for _, n := range x.Notes {
		v.Notes = append(v.Notes, web.NoteView{Note: n, AuthorName: x.Names[n.Author]})
	}
	for _, d := range x.Decisions {
		v.Decisions = append(v.Decisions, decisionView(a, x, d))
	}
	v.Packages = packageItems(a, x.Packages)
	for _, k := range x.Visits {
		v.Visits = append(v.Visits, visitView(a, x, k))
	}
	for _, m := range x.Moves {
		v.Moves = append(v.Moves, moveView(x, m))
	}
	for _, e := range x.Events {
		v.Events = append(v.Events, loggedEvent(e))
	}
	v.Events = v.Events[max(0, len(v.Events)-eventsShown):]
	v.EarlierEvents = len(x.Events) - len(v.Events)
	if f.decision != nil {
		v.Decision.NeedsSecond = slices.ContainsFunc(readFindings(f.decision), triage.Finding.Severe)
	}
	return s.render(w, r, status, web.Case(v))
}

// permissions fills in what the actor may do on the case as it stands.
func permissions(v *web.CaseView, a triage.Actor, x triage.CaseView) {
	on := x.On
	free := x.Case.Free(x.Now)
	taking := triage.Can(a, triage.CaseClaim, on)
	work := v.Mine && triage.Can(a, triage.CaseWork, on)
	v.CanClaim = taking && free && !v.Mine
	v.CanSkip = taking && (free || v.Mine)
	v.CanRelease, v.CanEscal, v.CanDecide = work, work, work
	v.CanNote = triage.Can(a, triage.CaseNote, on)
	v.CanReopen = x.Case.State.Settled() && triage.Can(a, triage.CaseReopen, on)
	v.CanVisit = visitable(a, x)
	v.CanPackage = x.Case.State.Settled() && len(x.Exhibits) > 0 && triage.Can(a, triage.PackageRequest, on)
}

func caseReport(x triage.CaseView, rep triage.Report) web.CaseReport {
	org := x.Orgs[rep.Org]
	return web.CaseReport{Report: rep, ReporterName: reporterName(x, rep), OrgName: org.Name, Plan: planWords(org)}
}

func planWords(o account.Organisation) string {
	if o.Plan == "" {
		return ""
	}
	words := strings.ToUpper(string(o.Plan[:1])) + string(o.Plan[1:])
	if o.Comped {
		words += " (comped)"
	}
	return words
}

func casePerson(a triage.Actor, x triage.CaseView, rep triage.Report, p triage.Person, typed url.Values) web.CasePerson {
	out := web.CasePerson{Person: p, ReportedIn: rep.ID, Finding: web.FindingForm{Policy: rep.Policy}}
	for _, e := range x.Standing[p.ID] {
		if e.InForce(x.Now) {
			out.Standing = append(out.Standing, standingWords(e))
		}
	}
	for _, e := range x.Earlier[p.ID] {
		if triage.Can(a, triage.CaseRead, triage.Target{State: e.State}) { // of lanes that the actor may read
			out.Earlier = append(out.Earlier, web.EarlierItem{EarlierReport: e, ReporterName: cmp.Or(x.Names[e.Reporter], guestTitle(e.Reporter)), CanOpen: true})
		}
	}
	for _, r := range triage.Ladder {
		if p.Account != "" || !r.ForKnown {
			out.Ladder = append(out.Ladder, r)
		}
	}
	if typed != nil {
		f := readFinding(typed, p.ID)
		out.Finding = web.FindingForm{Policy: f.Policy, Severity: f.Severity, Action: f.Action, Days: typed.Get("days-" + string(p.ID)),
			Reasons: f.Reasons, Evidence: f.Evidence}
	}
	return out
}

// standingWords says what is in force against an account, without a word of the case that it came from.
func standingWords(e triage.Enforcement) string {
	rung, _ := triage.RungOf(e.Kind)
	words := rung.Title + ", since " + e.Starts.Format("2 January 2006")
	if !e.Ends.IsZero() {
		words += ", until " + e.Ends.Format("2 January 2006, 15:04 UTC")
	}
	return words
}

func decisionView(a triage.Actor, x triage.CaseView, d triage.Decision) web.DecisionView {
	v := web.DecisionView{Decision: d, DeciderName: x.Names[d.Decider], ApproverName: x.Names[d.Approver], Own: d.Decider == a.Account, CanUndo: d.ID == x.Undo}
	v.CanApprove = d.State == triage.DecisionProposed && triage.Can(a, triage.DecisionApprove, x.On.Proposed(d.Decider))
	v.Findings = findingViews(d.Findings, x.People)
	for _, o := range x.Opinions {
		if o.Decision == d.ID {
			v.Opinion = new(opinionGiven(o, x.People, x.Names))
		}
	}
	return v
}

// findingViews is findings with the names of whom they are about.
func findingViews(fs []triage.Finding, people []triage.Person) (out []web.FindingView) {
	for _, f := range fs {
		name := string(f.Person)
		for _, p := range people {
			if p.ID == f.Person {
				name = p.Name
			}
		}
		out = append(out, web.FindingView{Finding: f, PersonName: name})
	}
	return out
}

// loggedEvent is a custody event of a case that the actor may read. The digests of reported people are for packages and
// verifiers, and stay out: their names stand beside them.
func loggedEvent(e triage.LoggedEvent) web.EventView {
	v := eventWords(e.Leaf)
	v.Index, v.Erased = e.Index, e.Erased()
	if e.ActorName != "" {
		v.Actor = e.ActorName
	} else if e.Actor == string(account.System) {
		v.Actor = triage.SystemActor.Name
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		if e.Detail[k] != "" && !strings.HasPrefix(k, triage.PersonDigestPrefix) {
			parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+e.Detail[k])
		}
	}
	v.Detail = strings.Join(parts, "; ")
	if rs := []rune(v.Detail); e.Act == custody.ExhibitPlayed && len(rs) > detailShown {
		v.Detail = string(rs[:detailShown]) + "…"
	}
	return v
}

// reporterName is who reported: the name of an account, or the one that a guest chose.
func reporterName(x triage.CaseView, r triage.Report) string {
	if r.Reporter == account.Guest {
		return r.Guest.Name
	}
	return x.Names[r.Reporter]
}

func guestTitle(reporter account.ID) string {
	if reporter == account.Guest {
		return triage.GuestTitle
	}
	return ""
}
