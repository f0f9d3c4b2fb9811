package web

import (
	"time"

	"github.com/a-h/templ"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

func (w world) reviewPages() map[string]templ.Component {
	shift := triage.ShiftExposure{Began: w.ago(time.Hour), Spent: map[triage.BudgetGroup]time.Duration{triage.BudgetShift: 42 * time.Minute}, Unbroken: time.Hour,
		Policies: []triage.PolicyExposure{{Policy: "hate", Watched: 42 * time.Minute}}, Budgets: triage.DefaultBudgets,
		Lifted: map[triage.BudgetGroup]time.Time{triage.BudgetUrgent: w.now}}
	p := triage.DefaultPreferences
	p.OptOuts = []triage.PolicyID{"hate"}
	o := w.opinion()
	blind := OpinionView{Page: w.page("Second opinion", "/opinions/Z-1"), OpinionView: triage.OpinionView{Opinion: triage.Opinion{ID: "Z-1", Case: "C-1"}, Policy: "hate"},
		Said: []CaseReport{{Report: w.report(), ReporterName: w.name}}, About: []CasePerson{{Person: w.person("AAAAA"), Ladder: triage.Ladder, Finding: FindingForm{Reasons: w.words}}},
		Choices: triage.Policies(), Messages: w.messages("action-W-AAAAA-00000", "policy-W-AAAAA-00000", "reasons-W-AAAAA-00000")}
	both := blind
	both.OpinionView.Opinion, both.First, both.Settles, both.Words = o.Opinion, &triage.Decision{}, true, w.words
	both.Decided, both.Given = &DecisionView{DeciderName: w.name, Findings: o.Findings}, &o
	both.Messages = w.messages("verdict", "words")
	ask := triage.FindAsk{Text: w.words, Reporter: w.name, Reported: w.name, Older: 3, Policy: "hate", State: triage.StateQueued, Lane: triage.LaneGeneral, From: w.now}
	saved := []ViewItem{{triage.ViewRow{View: triage.View{ID: "VW-1", Name: w.name, Shared: true, Ask: ask}, OwnerName: w.name, CanChange: true, CanShare: true}, "/search?q=x"}}
	rows := []triage.BulkRow{{BulkItem: triage.BulkItem{Case: "C-1", Outcome: triage.BulkDecided, Decision: "D-1"}, Known: true, Policy: "hate", People: []triage.Person{w.person("AAAAA")}},
		{BulkItem: triage.BulkItem{Case: "C-2", Outcome: triage.BulkLeftOut, Why: w.name}}, {BulkItem: triage.BulkItem{Case: "C-3"}, Known: true, Policy: "hate", People: []triage.Person{w.person("BBBBB")}}}
	bulk := triage.Bulk{ID: "BU-1", Policy: "hate", Action: triage.ActWarn, Severity: triage.SeverityLow, Reasons: w.words, Made: w.now}
	for _, r := range rows {
		bulk.Items = append(bulk.Items, r.BulkItem)
	}
	going := bulk
	going.Confirmed = w.now
	return map[string]templ.Component{
		"views":      Views(ViewsView{Page: w.page("Saved views", "/views"), Items: saved, From: "/search?q=x", Name: w.name, CanShare: true, Messages: w.messages("name", "shared", "from")}),
		"views none": Views(ViewsView{Page: w.page("Saved views", "/views")}),
		"bulk form": BulkForm(BulkFormView{Page: w.page("Decide together", "/queue"), Rows: rows, Form: bulk, Policies: triage.Policies(), Templates: triage.ReasonTemplates,
			Messages: w.messages("case", "action", "policy", "severity", "reasons")}),
		"bulk preview": Bulk(BulkView{w.page("Decide together", "/bulk/BU-1"), triage.BulkView{Bulk: bulk, Rows: rows}}),
		"bulk going":   Bulk(BulkView{w.page("Decide together", "/bulk/BU-1"), triage.BulkView{Bulk: going, Rows: rows, Undo: true}}),
		"opinions": Opinions(OpinionsView{Page: w.page("Second opinions", "/opinions"), Settles: true, OpinionList: triage.OpinionList{Waiting: 2, Mine: []triage.Opinion{o.Opinion},
			Disputed: []triage.Opinion{o.Opinion}, Policies: map[triage.CaseID]triage.PolicyID{"C-1": "hate"}, Names: map[account.ID]string{"A-1": w.name, "A-2": w.name}}}),
		"opinions none": Opinions(OpinionsView{Page: w.page("Second opinions", "/opinions")}),
		"opinion blind": Opinion(blind),
		"opinion both":  Opinion(both),
		"sampling": SamplingPage(SamplingView{Page: w.page("Sampling", "/team/sampling"), Sampling: triage.Sampling{Default: 5, Policies: triage.Policies(),
			People: []account.Account{{ID: "A-1", Name: w.name}}, Rates: []triage.Rate{{Kind: triage.RateReviewer, Subject: "A-1", Percent: 9}, {Kind: triage.RatePolicy, Subject: "hate", Percent: 3}}},
			Percent: w.words, Messages: w.messages("subject", "percent")}),
		"figures":       FiguresPage(FiguresView{Page: w.page("Figures", "/team/figures"), Figures: w.figures()}),
		"figures empty": FiguresPage(FiguresView{Page: w.page("Figures", "/team/figures"), Figures: triage.Figures{Days: 7, Now: w.now}}),
		"reviewing":     Reviewing(ReviewingView{Page: w.page("Reviewing", "/me/reviewing"), Preferences: p, Shift: shift, Policies: triage.Policies(), Messages: w.messages("optout")}),
		"routing":       RoutingPage(w.routing()),
		"policies": PoliciesPage(PoliciesView{Page: w.page("Policies and service levels", "/policies"), Change: true, All: triage.Policies(),
			Refused: &triage.Policy{ID: "hate", Title: w.words}, Messages: w.messages("title", "look", "id")}),
		"routing none": RoutingPage(RoutingView{Page: w.page("Queues and rules", "/routing"), Routing: triage.Routing{Lanes: triage.AllLanes[:1]}}),
		"hash lists": HashLists(HashListsView{Page: w.page("Hash lists", "/hashlists"), Lists: []triage.HashList{{ID: "HL-1", Lane: triage.LaneGeneral, Source: w.name, Label: w.name,
			Kind: triage.HashMD5, Entries: 2, By: "A-1", At: w.now}}, Names: map[account.ID]string{"A-1": w.name}, Lanes: triage.AllLanes, Pasted: w.words,
			Typed: triage.NewHashList{Source: w.name, Label: w.name}, Checked: []triage.HashEntry{{Number: 1, Hash: []byte{1}, Label: w.name}},
			Messages: w.messages("source", "label", "kind", "lane", "file")}),
		"hash list": HashList(HashListView{Page: w.page("Known", "/hashlists/HL-1"), HashListView: triage.HashListView{HashList: triage.HashList{ID: "HL-1", Lane: triage.LaneGeneral,
			Source: w.name, Label: w.name, Kind: triage.HashPDQ, Entries: 2, At: w.now}, ByName: w.name, Cases: true, Change: true,
			Matches: []triage.Listed{{HashMatch: triage.HashMatch{Exhibit: "X-1"}, Case: "C-1", Source: w.name, Holds: w.name, Label: w.name, Kind: triage.HashPDQ}}}}),
		"reporters": Reporters(ReportersView{Page: w.page("Reporters", "/team/reporters"), Reporters: triage.Reporters{
			Counts: []triage.ReporterCount{{Account: "A-1", Name: w.name, Reports: 9, Withdrawn: 1, Decided: 4, Unfounded: 3}},
			Mutes:  []triage.Mute{{ID: "Q-1", Account: "A-1", By: "A-2", Reason: w.words, At: w.now, Until: w.now}},
			Names:  map[account.ID]string{"A-1": w.name, "A-2": w.name}}, Reason: w.words, Days: w.words, Messages: w.messages("account", "days", "reason")}),
		"team": Team(TeamView{Page: w.page("Reviewers", "/team"), Team: triage.Team{People: []account.Account{{ID: "A-1", Name: w.name}},
			Overrides: []triage.Override{{ID: "B-1", Account: "A-1", By: "A-2", Group: triage.BudgetShift, Reason: w.words, At: w.now, Until: w.now}},
			Names:     map[account.ID]string{"A-1": w.name, "A-2": w.name}}, Reason: w.words, Hours: w.words, Messages: w.messages("account", "group", "hours", "reason")}),
	}
}

// routing has a queue and a rule of every state, a form that was refused, and a trial.
func (w world) routing() RoutingView {
	rule := triage.RoutingRule{ID: "RU-1", Lane: triage.LaneGeneral, Rule: routing.Rule{Name: w.name, Condition: w.words, Queue: "QU-1", Points: -5}, Tried: w.now, On: true}
	off := rule
	off.ID, off.On, off.Position = "RU-2", false, 1
	fresh := off
	fresh.ID, fresh.Tried, fresh.Lane = "RU-3", time.Time{}, triage.LaneChildSafety
	return RoutingView{Page: w.page("Queues and rules", "/routing"), Queue: &triage.WorkQueue{Name: w.words}, Rule: &off, Messages: w.messages("name", "members", "condition", "points", "queue"),
		Routing: triage.Routing{Lanes: triage.AllLanes, Tries: true, Rules: []triage.RoutingRule{rule, off, fresh}, People: []account.Account{{ID: "A-1", Name: w.name}},
			Names: map[account.ID]string{"A-1": w.name}, Waiting: map[triage.QueueID]int{"QU-1": 3}, Queues: []triage.WorkQueue{
				{ID: "QU-1", Lane: triage.LaneGeneral, Name: w.name, Members: []account.ID{"A-1"}}, {ID: "QU-2", Lane: triage.LaneChildSafety, Name: w.name, Closed: true}}},
		Trial: &triage.Trial{Rule: off, Cases: 9, Matches: 3, Taken: 1, Failed: 1, Changed: []triage.TrialRow{{CaseRow: w.row(1).CaseRow, Priority: 7, Queue: "QU-1"}}}}
}

// figures are some of every kind.
func (w world) figures() triage.Figures {
	f := triage.Figures{Days: 7, Since: w.ago(144 * time.Hour), Now: w.now,
		Backlog: []triage.BacklogCell{{Policy: "hate", Band: 0, Cases: 3}, {Policy: "hate", Band: 4, Cases: 2, Late: 2}, {Policy: "nudity", Band: 1, Cases: 1}},
		Waits: []triage.Wait{{Policy: "hate", Opened: 9, Looked: 7, Decided: 4, LookMedian: 20 * time.Minute, LookP90: 5 * time.Hour, DecideMedian: 3 * time.Hour,
			DecideP90: 50 * time.Hour, LookMet: 5, LookLate: 2, DecideMet: 3, DecideLate: 3}, {Policy: "gone", Opened: 1}},
		Outcomes: []triage.Outcome{{Policy: "hate", Action: triage.ActNone, Findings: 1}, {Policy: "hate", Action: triage.ActBan, Findings: 3}},
		Agree:    []triage.Agreement{{Policy: "hate", Pairs: 8, Same: 6, Kappa: 0.5, Known: true}, {Policy: "fraud", Pairs: 1, Same: 1}},
		Wellbeing: triage.Wellbeing{Breaks: []triage.WeekFigure{{Week: w.ago(336 * time.Hour), Times: 40, People: 6}}, Overrides: []triage.WeekFigure{{Week: w.ago(336 * time.Hour), Times: 7, People: 5}},
			OptOuts: []triage.OptOut{{Policy: "self-harm", People: 10}}, Exposure: []triage.ExposureWeek{{Week: w.ago(336 * time.Hour), Cells: []triage.ExposureCell{{Lane: triage.LaneGeneral, Policy: "hate", Watched: 90 * time.Minute, People: 6},
				{Lane: triage.LaneGeneral, Watched: 12 * time.Minute, People: 5}}, Withheld: true}}}}
	for i := range f.Days {
		f.Flow = append(f.Flow, triage.DayFlow{Day: f.Since.AddDate(0, 0, i), Reports: 4 * i, Opened: 3 * i, Decided: 7 - i})
	}
	return f
}

// opinion is one that was settled.
func (w world) opinion() OpinionGiven {
	return OpinionGiven{Opinion: triage.Opinion{ID: "Z-1", Case: "C-1", Decider: "A-1", Taker: "A-2", Taken: w.now, Given: w.now, Settler: "A-3", Settled: w.now, Verdict: triage.VerdictEither, Words: w.words},
		TakerName: w.name, SettlerName: w.name, Findings: []FindingView{{Finding: triage.Finding{Person: "W-1", Policy: "hate", Action: triage.ActWarn, Reasons: w.words}, PersonName: w.name}}}
}
