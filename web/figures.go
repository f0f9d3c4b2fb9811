package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/proffer/proffer/triage"
)

// FiguresView is the leads' page of figures.
type FiguresView struct {
	Page
	triage.Figures
}

// figure is one of them: a chart, a sentence that says the same, and the table behind both.
type figure struct {
	id, title, says, hint string
	drawn                 templ.Component // nil: there is nothing to draw
	figureTable
}

// chart is the frame of what is drawn of the figure.
func (f figure) chart() chart { return chart{id: f.id, title: f.title, says: f.says} }

// figureTable is the numbers, for the page and for the CSV file alike.
type figureTable struct {
	head []string
	rows [][]datum
}

// datum is a cell, for people and for programs.
type datum struct {
	words, raw string
	number     bool
}

func textOf(s string) datum { return datum{s, s, false} }
func countOf(n int) datum   { return datum{num(n), num(n), true} }
func dayOf(t time.Time) datum {
	return datum{t.Format("2\u00a0Jan\u00a02006"), t.Format(time.DateOnly), false}
}

// timeOf is a length of time: in its unit for people, in minutes for programs. Of nothing it is empty.
func timeOf(d time.Duration, of int) datum {
	if of == 0 {
		return datum{"–", "", true}
	}
	return datum{waitWords(d), strconv.FormatFloat(d.Minutes(), 'f', 1, 64), true}
}

// waitWords is a length of time with as much precision as matters: "12 min", "1.8 h", "3.2 d".
func waitWords(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "under 1 min"
	case d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 24*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f d", d.Hours()/24)
}

// figures is all of the page, in its order.
func figures(f triage.Figures) []figure {
	return []figure{flowFigure(f), backlogFigure(f), lookFigure(f), decideFigure(f), breachFigure(f), outcomeFigure(f), agreeFigure(f), exposureFigure(f),
		weekFigure("breaks", "Breaks", fmt.Sprintf("Pauses of %.0f minutes or more between clips of one shift, in weeks that are over.", triage.BreakTime.Minutes()), "breaks", f.Breaks),
		weekFigure("overrides", "Budgets lifted", "How often leads gave somebody more time with clips than a shift allows.", "overrides", f.Overrides), optOutFigure(f)}
}

// FigureCSV is the table of one figure as CSV with a line of heads (RFC 4180); false where there is no such figure.
func FigureCSV(f triage.Figures, id string) ([]byte, bool) {
	all := figures(f)
	i := slices.IndexFunc(all, func(x figure) bool { return x.id == id })
	if i < 0 {
		return nil, false
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(all[i].head) // into memory: it cannot fail
	for _, row := range all[i].rows {
		line := make([]string, len(row))
		for j, d := range row {
			line[j] = d.raw
		}
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes(), true
}

func flowFigure(f triage.Figures) figure {
	out := figure{id: "inflow", title: "Inflow", hint: "Columns are cases that were opened, the line is decisions that came into force. Days are those of UTC; today is not over.",
		figureTable: figureTable{head: []string{"Day", "Reports", "Cases opened", "Decisions"}}}
	var days []time.Time
	var opened, decided []int
	reports, in, done := 0, 0, 0
	for _, d := range f.Flow {
		days, opened, decided = append(days, d.Day), append(opened, d.Opened), append(decided, d.Decided)
		reports, in, done = reports+d.Reports, in+d.Opened, done+d.Decided
		out.rows = append(out.rows, []datum{dayOf(d.Day), countOf(d.Reports), countOf(d.Opened), countOf(d.Decided)})
	}
	slices.Reverse(out.rows) // the newest day is what one looks for
	out.says = fmt.Sprintf("%s opened %s, and %s came into force.", plural(reports, "report", "reports"), plural(in, "case", "cases"), plural(done, "decision", "decisions"))
	if in+done > 0 {
		out.drawn = columnSVG(columns(out.chart(), days, opened, decided))
	}
	return out
}

// ageSeries are the kinds of the backlog's pieces.
var ageSeries = []series{{"tone-1", "up to 1 h"}, {"tone-2", "up to 1 day"}, {"tone-3", "up to 3 days"}, {"tone-4", "up to 7 days"}, {"tone-5", "older"}}

// waiting is a policy's cases that wait, by age.
type waiting struct {
	policy      triage.PolicyID
	ages        []float64
	cases, late int
}

// backlogOf gathers the cells of each policy, the most first.
func backlogOf(cells []triage.BacklogCell) (rows []waiting) {
	for _, c := range cells {
		i := slices.IndexFunc(rows, func(w waiting) bool { return w.policy == c.Policy })
		if i < 0 {
			i, rows = len(rows), append(rows, waiting{policy: c.Policy, ages: make([]float64, len(ageSeries))})
		}
		rows[i].ages[c.Band] += float64(c.Cases)
		rows[i].cases, rows[i].late = rows[i].cases+c.Cases, rows[i].late+c.Late
	}
	slices.SortStableFunc(rows, func(a, b waiting) int { return b.cases - a.cases })
	return rows
}

func backlogFigure(f triage.Figures) figure {
	out := figure{id: "backlog", title: "Backlog by policy and age", hint: "Cases without a decision in force, now. Late are those past the time within which they should have been decided."}
	out.head = []string{"Policy", "Cases"}
	for _, s := range ageSeries {
		out.head = append(out.head, "Age "+s.words)
	}
	out.head = append(out.head, "Late")
	var rows bars
	cases, late := 0, 0
	for _, w := range backlogOf(f.Backlog) {
		row := []datum{textOf(w.policy.Title()), countOf(w.cases)}
		for _, n := range w.ages {
			row = append(row, countOf(int(n)))
		}
		out.rows = append(out.rows, append(row, countOf(w.late)))
		rows.add(w.policy.Title(), lateWords(w.cases, w.late), w.ages...)
		cases, late = cases+w.cases, late+w.late
	}
	if out.says = "No case waits."; cases > 0 {
		out.says = plural(cases, "case waits", "cases wait") + ", " + num(late) + " of them late. The most are about: " + rows.labels[0] + "."
		out.drawn = stackSVG(stacked(out.chart(), ageSeries, rows))
	}
	return out
}

func lateWords(n, late int) string {
	if late == 0 {
		return num(n)
	}
	return num(n) + ", " + num(late) + " late"
}

// slowest orders waits by what is drawn of them, the longest first, without those of which nothing is known.
func slowest(ws []triage.Wait, p90 func(triage.Wait) time.Duration, of func(triage.Wait) int) []triage.Wait {
	ws = slices.DeleteFunc(slices.Clone(ws), func(w triage.Wait) bool { return of(w) == 0 })
	slices.SortStableFunc(ws, func(a, b triage.Wait) int { return int((p90(b) - p90(a)) / time.Second) })
	return ws
}

// waitFigure is how long something took, by policy.
func waitFigure(f triage.Figures, id, title, hint, done string, median, p90, due func(triage.Wait) time.Duration, of func(triage.Wait) int) figure {
	out := figure{id: id, title: title, hint: hint, figureTable: figureTable{head: []string{"Policy", "Cases", done, "Median", "90th percentile"}}}
	for _, w := range f.Waits {
		out.rows = append(out.rows, []datum{textOf(w.Policy.Title()), countOf(w.Opened), countOf(of(w)), timeOf(median(w), of(w)), timeOf(p90(w), of(w))})
	}
	ws := slowest(f.Waits, p90, of)
	if out.says = "Nothing of that yet in this period."; len(ws) == 0 {
		return out
	}
	var labels []string
	var medians, p90s, dues []time.Duration
	for _, w := range ws {
		labels, medians, p90s, dues = append(labels, w.Policy.Title()), append(medians, median(w)), append(p90s, p90(w)), append(dues, due(w))
	}
	out.says = fmt.Sprintf("Slowest is “%s”: half of its cases within %s, nine of ten within %s.", labels[0], waitWords(medians[0]), waitWords(p90s[0]))
	out.drawn = spanSVG(spans(out.chart(), labels, medians, p90s, dues))
	return out
}

func lookFigure(f triage.Figures) figure {
	return waitFigure(f, "first-look", "Time to first look", "From the first report until somebody took the case up, of cases that were opened in the period. In the file, times are minutes.", "Looked at",
		func(w triage.Wait) time.Duration { return w.LookMedian }, func(w triage.Wait) time.Duration { return w.LookP90 },
		func(w triage.Wait) time.Duration {
			return levelOf(w, func(p triage.Policy) time.Duration { return p.LookWithin })
		}, func(w triage.Wait) int { return w.Looked })
}

func decideFigure(f triage.Figures) figure {
	return waitFigure(f, "decision", "Time to decision", "Until the first decision came into force, with the second person’s approval where it needs one. In the file, times are minutes.", "Decided",
		func(w triage.Wait) time.Duration { return w.DecideMedian }, func(w triage.Wait) time.Duration { return w.DecideP90 },
		func(w triage.Wait) time.Duration {
			return levelOf(w, func(p triage.Policy) time.Duration { return p.DecideWithin })
		}, func(w triage.Wait) int { return w.Decided })
}

// levelOf is a service level of the wait's policy; 0 of one that the taxonomy no longer knows.
func levelOf(w triage.Wait, level func(triage.Policy) time.Duration) time.Duration {
	if p, ok := triage.PolicyByID(w.Policy); ok {
		return level(p)
	}
	return 0
}

var breachSeries = []series{{"tone-bad", "looked at late"}, {"tone-warn", "decided late"}}

func breachFigure(f triage.Figures) figure {
	out := figure{id: "breaches", title: "Service-level breaches", hint: "Of cases that were opened in the period. What is not due yet is neither late nor in time.",
		figureTable: figureTable{head: []string{"Policy", "Looked at in time", "Looked at late", "Decided in time", "Decided late"}}}
	ws := slices.Clone(f.Waits)
	slices.SortStableFunc(ws, func(a, b triage.Wait) int { return b.LookLate + b.DecideLate - a.LookLate - a.DecideLate })
	var rows bars
	looks, decides := 0, 0
	for _, w := range ws {
		out.rows = append(out.rows, []datum{textOf(w.Policy.Title()), countOf(w.LookMet), countOf(w.LookLate), countOf(w.DecideMet), countOf(w.DecideLate)})
		looks, decides = looks+w.LookLate, decides+w.DecideLate
		if w.LookLate+w.DecideLate > 0 {
			rows.add(w.Policy.Title(), num(w.LookLate)+" + "+num(w.DecideLate), float64(w.LookLate), float64(w.DecideLate))
		}
	}
	if out.says = "Every level was kept."; len(rows.labels) > 0 {
		out.says = plural(looks, "case was", "cases were") + " looked at late, and " + plural(decides, "case was", "cases were") + " decided late or still are."
		out.drawn = stackSVG(stacked(out.chart(), breachSeries, rows))
	} else if len(f.Waits) == 0 {
		out.says = "No case was opened in this period."
	}
	return out
}

// ladderSeries are the kinds of what was decided, mildest first.
func ladderSeries() (out []series) {
	for i, r := range triage.Ladder {
		out = append(out, series{"tone-act-" + num(i), r.Title})
	}
	return out
}

func outcomeFigure(f triage.Figures) figure {
	out := figure{id: "decisions", title: "Decisions by policy", hint: "One for each person whom a decision in force is about, under the policy that was decided.",
		figureTable: figureTable{head: []string{"Policy", "Action", "People"}}}
	kinds := ladderSeries()
	var rows bars
	total, none := 0, 0
	for _, o := range f.Outcomes {
		rung := slices.IndexFunc(triage.Ladder, func(r triage.Rung) bool { return r.Kind == o.Action })
		if rung < 0 {
			continue
		}
		out.rows = append(out.rows, []datum{textOf(o.Policy.Title()), textOf(triage.Ladder[rung].Title), countOf(o.Findings)})
		i := rows.at(o.Policy.Title(), len(kinds))
		rows.counts[i][rung] += float64(o.Findings)
		rows.values[i] = strconv.FormatFloat(sum(rows.counts[i]), 'f', 0, 64)
		if total += o.Findings; o.Action == triage.ActNone {
			none += o.Findings
		}
	}
	if out.says = "Nothing was decided in this period."; total > 0 {
		out.says = fmt.Sprintf("Decided about %s; no violation was found in %d%% of that.", plural(total, "person", "people"), none*100/total)
		out.drawn = stackSVG(stacked(out.chart(), kinds, rows))
	}
	return out
}

// exposureTitle names a cell. A lane is named only to those who may know of it: others have no cells of it.
func exposureTitle(c triage.ExposureCell) string {
	title := c.Policy.Title()
	if c.Policy == "" {
		title = "Other policies together"
	}
	if p, _ := triage.PolicyByID(c.Policy); c.Lane == triage.LaneChildSafety && p.Lane != c.Lane {
		title += " (child-safety lane)"
	}
	return title
}

func exposureFigure(f triage.Figures) figure {
	out := figure{id: "exposure", title: "Exposure", hint: fmt.Sprintf("Minutes of clips that reviewers watched, in weeks that are over. What fewer than %d people watched is put together, "+
		"or left out where that is still too few.", triage.SmallestGroup), figureTable: figureTable{head: []string{"Week of", "Policy", "Minutes", "People"}}}
	var rows bars
	total, withheld := 0.0, false
	for _, w := range f.Exposure {
		withheld = withheld || w.Withheld
		for _, c := range w.Cells {
			title, m := exposureTitle(c), c.Watched.Minutes()
			out.rows = append(out.rows, []datum{dayOf(w.Week), textOf(title), {minutes(c.Watched), strconv.FormatFloat(m, 'f', 1, 64), true}, countOf(c.People)})
			i := rows.at(title, 1)
			rows.counts[i][0] += m
			rows.values[i] = strconv.FormatFloat(rows.counts[i][0], 'f', 0, 64) + " min"
			total += m
		}
	}
	if out.says = "Nothing that can be shown was watched in whole weeks of this period."; total > 0 {
		out.says = fmt.Sprintf("%.0f minutes of clips were watched, most of “%s”.", total, rows.labels[slices.IndexFunc(rows.counts, func(c []float64) bool { return c[0] == maxOf(rows.counts) })])
		for _, c := range rows.counts {
			c[0] = float64(int(c[0]*10)) / 10
		}
		out.drawn = stackSVG(stacked(out.chart(), []series{{"tone-4", "minutes"}}, rows))
	}
	if withheld {
		out.says += " More was watched by so few people that it is not shown."
	}
	return out
}

// weekFigure is how often something was done, by week.
func weekFigure(id, title, hint, what string, weeks []triage.WeekFigure) figure {
	out := figure{id: id, title: title, hint: hint + " " + fewWords, figureTable: figureTable{head: []string{"Week of", "Times", "People"}}}
	var rows bars
	for _, w := range weeks {
		out.rows = append(out.rows, []datum{dayOf(w.Week), countOf(w.Times), countOf(w.People)})
		rows.add("Week of "+dayOf(w.Week).words, num(w.Times), float64(w.Times))
	}
	if out.says = "Nothing that can be shown in whole weeks of this period."; len(weeks) > 0 {
		out.says = fmt.Sprintf("In the last week of these: %d, by %d people.", weeks[0].Times, weeks[0].People)
		out.drawn = stackSVG(stacked(out.chart(), []series{{"tone-3", what}}, rows))
	}
	return out
}

// fewWords says why a figure about reviewers may be missing.
var fewWords = fmt.Sprintf("What fewer than %d people did is not shown.", triage.SmallestGroup)

func optOutFigure(f triage.Figures) figure {
	out := figure{id: "opt-outs", title: "Opt-outs", hint: fmt.Sprintf("Reviewers who do not want to be given cases of a policy, now; rounded down to a multiple of %d. Nobody needs a reason.", triage.SmallestGroup),
		figureTable: figureTable{head: []string{"Policy", "People, at least"}}}
	var rows bars
	for _, o := range f.OptOuts {
		out.rows = append(out.rows, []datum{textOf(o.Policy.Title()), countOf(o.People)})
		rows.add(o.Policy.Title(), num(o.People)+" or more", float64(o.People))
	}
	if out.says = fmt.Sprintf("No policy is opted out of by %d people or more.", triage.SmallestGroup); len(rows.labels) > 0 {
		out.says = plural(len(rows.labels), "policy is", "policies are") + fmt.Sprintf(" opted out of by %d people or more.", triage.SmallestGroup)
		out.drawn = stackSVG(stacked(out.chart(), []series{{"tone-4", "people"}}, rows))
	}
	return out
}

func maxOf(rows [][]float64) (most float64) {
	for _, r := range rows {
		most = max(most, r[0])
	}
	return most
}

// headlines is the page in a few sentences: where the backlog is, and why.
func (v FiguresView) headlines() (out []string) {
	rows := backlogOf(v.Backlog)
	if len(rows) == 0 {
		return []string{"Nothing waits."}
	}
	cases, late, behind := 0, 0, []string{}
	for _, w := range rows {
		if cases, late = cases+w.cases, late+w.late; w.late > 0 {
			behind = append(behind, fmt.Sprintf("%s (%d of %d)", w.policy.Title(), w.late, w.cases))
		}
	}
	where := plural(cases, "case waits", "cases wait") + ", most of them about: " + rows[0].policy.Title() + " (" + num(rows[0].cases) + ")."
	if late > 0 {
		where += " Late are " + num(late) + ": " + strings.Join(behind[:min(len(behind), 3)], ", ") + "."
	}
	return append(out, where, v.why())
}

// why compares what came in with what went out, over the last seven days at most.
func (v FiguresView) why() string {
	last := v.Flow[max(0, len(v.Flow)-7):]
	in, done := 0, 0
	for _, d := range last {
		in, done = in+d.Opened, done+d.Decided
	}
	days := "In the last " + plural(len(last), "day", "days") + " "
	switch {
	case in > done:
		return fmt.Sprintf("%s%s came in than were decided (%d and %d).", days, plural(in-done, "more case", "more cases"), in, done)
	case in < done:
		return fmt.Sprintf("%s%s decided than came in (%d and %d): the backlog shrinks.", days, plural(done-in, "more case was", "more cases were"), done, in)
	}
	return days + "as many cases came in as were decided (" + num(in) + ")."
}

// FigureFile is the name of a figure's file.
func FigureFile(id string, f triage.Figures) string {
	return "proffer-" + id + "-" + num(f.Days) + "-days-to-" + f.Now.UTC().Format(time.DateOnly) + ".csv"
}
