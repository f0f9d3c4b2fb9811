package export

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// reports holds what the reporters told against the entries: each report, each of its people, each addition, and that
// there are no others.
func (r *record) reports(rs []Report, xs []Exhibit, simulated bool) (wrong []string) {
	listed, people, marked := map[string]bool{}, map[triage.PersonID]bool{}, false
	for _, rep := range rs {
		subject := "report/" + string(rep.ID)
		if listed[subject] {
			wrong = append(wrong, fmt.Sprintf("report %s is there twice", rep.ID))
		}
		listed[subject], marked = true, marked || rep.Simulated
		if !slices.ContainsFunc(xs, func(x Exhibit) bool { return x.Report == rep.ID }) {
			wrong = append(wrong, fmt.Sprintf("report %s brought none of the exhibits", rep.ID))
		}
		for _, p := range rep.People {
			if people[p.ID] {
				wrong = append(wrong, fmt.Sprintf("person %s is reported twice", p.ID))
			}
			people[p.ID] = true
		}
		wrong = append(wrong, r.report(subject, rep)...)
	}
	for _, x := range xs {
		if !listed["report/"+string(x.Report)] {
			wrong = append(wrong, fmt.Sprintf("report %s, which brought exhibit %d, is left out", x.Report, x.Number))
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(r.by)) {
		if strings.HasPrefix(subject, "report/") && !listed[subject] {
			wrong = append(wrong, fmt.Sprintf("the entries speak of %s, which is left out", subject))
		}
	}
	if simulated != marked {
		wrong = append(wrong, "the package is not marked as simulated exactly where a report is")
	}
	return wrong
}

func (r *record) report(subject string, rep Report) (wrong []string) {
	of := "report " + string(rep.ID)
	t, wrong := r.one(subject, custody.ReportSubmitted)
	if wrong != nil {
		return wrong
	}
	facts := triage.Report{Meeting: rep.Meeting, MeetingName: rep.MeetingName, MeetingMode: rep.MeetingMode, Occurred: rep.Occurred,
		Policy: rep.Policy, Words: rep.Words, Simulated: rep.Simulated}
	for _, p := range rep.People {
		facts.People = append(facts.People, triage.Person(p))
	}
	wrong = append(wrong, t.signed(of, "filed", string(rep.Reporter), rep.Filed)...)
	wrong = append(wrong, t.differences(of, triage.ReportFacts(facts), "receipt_sha256")...)
	wrong = append(wrong, r.additions(subject, rep)...)
	return append(wrong, r.withdrawn(subject, rep)...)
}

func (r *record) additions(subject string, rep Report) (wrong []string) {
	added := r.of(subject, custody.ReportAmended)
	if len(added) != len(rep.Additions) {
		return []string{fmt.Sprintf("report %s has %d additions, and the log recorded %d", rep.ID, len(rep.Additions), len(added))}
	}
	for i, a := range rep.Additions {
		of := fmt.Sprintf("addition %d to report %s", i+1, rep.ID)
		wrong = append(wrong, added[i].signed(of, "made", string(rep.Reporter), a.At)...)
		wrong = append(wrong, added[i].differences(of, triage.AdditionFacts(i+1, a.Words), "clips", "receipt_sha256")...)
	}
	return wrong
}

func (r *record) withdrawn(subject string, rep Report) []string {
	of := "report " + string(rep.ID)
	switch all := r.of(subject, custody.ReportWithdrawn); {
	case len(all) == 0 && rep.Withdrawn == nil:
		return nil
	case len(all) == 1 && rep.Withdrawn != nil:
		return all[0].signed(of, "withdrawn", string(rep.Reporter), *rep.Withdrawn)
	default:
		return []string{of + " is not withdrawn exactly where the log says so"}
	}
}

// receipts holds receipts against those that the log names; an addition without clips has none.
func (r *record) receipts(all []Receipt) (wrong []string) {
	for _, c := range all {
		have := ""
		if len(c.Note) > 0 {
			have = fmt.Sprintf("%x", sha256.Sum256(c.Note))
		}
		if r.receipt(c.Name) != have {
			wrong = append(wrong, fmt.Sprintf("receipt %s is not the one that the log names", c.Name))
		}
	}
	return wrong
}

// receipt is the SHA-256, in hex, of the receipt that is called so, as the log names it.
func (r *record) receipt(name string) string {
	report, added, _ := strings.Cut(name, addedReceipt)
	for _, t := range r.of("report/"+report, custody.ReportSubmitted, custody.ReportAmended) {
		if t.detail["number"] == added {
			return t.detail["receipt_sha256"]
		}
	}
	return ""
}

// standing is a decision as the entries tell it.
type standing struct {
	id       triage.DecisionID
	made     told
	findings []told
	answered *told
	state    triage.DecisionState // as it follows from the entries
}

// standings follows the decisions through the log, each act of it in turn: which came into force, was refused, or was
// superseded. number n of a case is standing n-1.
func (r *record) standings() (all []*standing, wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	known := map[string]*standing{}
	for _, t := range r.decided {
		s := known[t.Subject]
		_, id, _ := strings.Cut(t.Subject, "/")
		switch {
		case t.Act == custody.DecisionMade && s == nil:
			s = &standing{id: triage.DecisionID(id), made: t, state: triage.DecisionState(t.detail["state"])}
			known[t.Subject], all = s, append(all, s)
			if t.detail["number"] != strconv.Itoa(len(all)) {
				bad("decision %s is number %d among the entries, and the log recorded it as number %s: one is missing", id, len(all), orNone(t.detail["number"]))
			}
			switch s.state {
			case triage.DecisionProposed:
			case triage.DecisionInForce:
				wrong = append(wrong, s.enact(all)...)
			default:
				bad("the log does not say in which state decision %s was made", id)
			}
		case s == nil || t.Act == custody.DecisionMade:
			bad("the log does not record that decision %s was made once, before all else about it", id)
		case t.Act == custody.DecisionFinding:
			s.findings = append(s.findings, t)
		case t.Act == custody.DecisionUndone && s.state == triage.DecisionInForce && t.Actor == s.made.Actor && s.answered == nil:
			s.state = triage.DecisionUndone
		case t.Act == custody.DecisionUndone:
			bad("decision %s was undone although it did not stand as somebody's own", id)
		case t.Act == custody.DecisionLapsed && s.state == triage.DecisionProposed:
			s.state = triage.DecisionLapsed
		case s.state != triage.DecisionProposed:
			bad("decision %s was answered although it did not wait for an answer", id)
		case t.Actor == s.made.Actor:
			bad("one person made and answered decision %s; two are needed", id)
		default:
			s.answered, s.state = &t, triage.DecisionRefused
			if t.Act == custody.DecisionApproved {
				wrong = append(wrong, s.enact(all)...)
			}
		}
	}
	for _, s := range all {
		if n := s.made.detail["findings"]; n != strconv.Itoa(len(s.findings)) {
			bad("the log recorded %s findings of decision %s; the entries of %d are here", orNone(n), s.id, len(s.findings))
		}
	}
	return all, wrong
}

// enact brings a decision into force. It ends the one that is in force then, which has to be the one that it names.
func (s *standing) enact(all []*standing) (wrong []string) {
	for _, old := range all {
		if old != s && old.state == triage.DecisionInForce {
			old.state = triage.DecisionSuperseded
			if string(old.id) != s.made.detail["supersedes"] {
				wrong = append(wrong, fmt.Sprintf("decision %s came into force beside decision %s", s.id, old.id))
			}
		}
	}
	s.state = triage.DecisionInForce
	return wrong
}

// decisions holds what was decided about the people of the reports against the entries: every decision that says
// anything about one of them is there, with every finding about them and none besides, where it stands, and by whom.
func (r *record) decisions(ds []Decision, rs []Report) []string {
	all, wrong := r.standings()
	names := map[string]string{}
	for _, rep := range rs {
		for _, p := range rep.People {
			names[string(p.ID)] = p.Name
		}
	}
	shown := 0
	for _, s := range all {
		wrong = append(wrong, s.complete(r, rs)...)
		s.findings = slices.DeleteFunc(s.findings, func(t told) bool { return t.detail == nil })
		if len(s.findings) == 0 {
			continue
		}
		if shown == len(ds) || ds[shown].ID != s.id {
			return append(wrong, fmt.Sprintf("decision %s, which the log records, is left out or not in its place", s.id))
		}
		wrong = append(wrong, s.decision(ds[shown], names)...)
		shown++
	}
	for _, d := range ds[shown:] {
		wrong = append(wrong, fmt.Sprintf("the log has no entry about decision %s", d.ID))
	}
	return wrong
}

// complete requires a finding about each person who was reported before the decision: the desk takes none without.
func (s *standing) complete(r *record, rs []Report) (wrong []string) {
	about := map[string]int{}
	for _, f := range s.findings {
		about[f.detail["person"]]++
	}
	for _, rep := range rs {
		filed, none := r.one("report/"+string(rep.ID), custody.ReportSubmitted)
		if none != nil || filed.place > s.made.place {
			continue
		}
		for _, p := range rep.People {
			if n := about[string(p.ID)]; n != 1 {
				wrong = append(wrong, fmt.Sprintf("%d entries show what decision %s says about person %s, where there is one", n, s.id, p.ID))
			}
		}
	}
	return wrong
}

func (s *standing) decision(d Decision, names map[string]string) (wrong []string) {
	of := "decision " + string(d.ID)
	facts := triage.DecisionFacts(triage.Decision{Number: d.Number, Supersedes: d.Supersedes})
	wrong = append(wrong, s.made.signed(of, "made", string(d.Decider), d.Decided)...)
	wrong = append(wrong, s.made.differences(of, facts, "state", "findings", "bulk")...)
	if d.State != s.state {
		wrong = append(wrong, fmt.Sprintf("%s is not “%s”; by the log it is “%s”", of, d.State, s.state))
	}
	switch {
	case s.answered == nil && (d.Approver != "" || d.Answered != nil || d.Answer != ""):
		wrong = append(wrong, fmt.Sprintf("the log does not record that anybody answered %s", of))
	case s.answered != nil && d.Answered == nil:
		wrong = append(wrong, fmt.Sprintf("the log records an answer to %s, which is left out", of))
	case s.answered != nil:
		wrong = append(wrong, s.answered.signed(of, "answered", string(d.Approver), *d.Answered)...)
		wrong = append(wrong, s.answered.differences("the answer to "+of, custody.Detail{"words": d.Answer})...)
	}
	return append(wrong, s.said(of, d, names)...)
}

// said holds the findings of a decision against their entries.
func (s *standing) said(of string, d Decision, names map[string]string) (wrong []string) {
	if len(d.Findings) != len(s.findings) {
		return []string{fmt.Sprintf("%s has %d findings, and the log shows %d", of, len(d.Findings), len(s.findings))}
	}
	for i, f := range d.Findings {
		about := fmt.Sprintf("the finding of %s about person %s", of, f.Person)
		t := s.findings[i]
		finding := triage.Finding{Person: f.Person, Policy: f.Policy, Severity: f.Severity, Action: f.Action, Days: f.Days, Reasons: f.Reasons, Spans: f.Evidence}
		wrong = append(wrong, t.signed(about, "made", string(d.Decider), d.Decided)...)
		wrong = append(wrong, t.differences(about, triage.FindingFacts(finding, f.Name, f.Words))...)
		if name, ok := names[string(f.Person)]; !ok || name != f.Name {
			wrong = append(wrong, about+" is about nobody of that name whom the reports name")
		}
		if finding.Severe() && s.made.detail["state"] != string(triage.DecisionProposed) {
			wrong = append(wrong, about+" is severe, and came into force without a second person")
		}
	}
	return wrong
}
