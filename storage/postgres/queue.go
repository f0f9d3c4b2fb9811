package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage"
)

// maxPage bounds a page of the queue.
const maxPage = 200

func queueColumns(r *triage.CaseRow) []column {
	return append(of("c", caseColumns(&r.Case)), column{"coalesce((SELECT name FROM accounts a WHERE a.id = c.claimant), '')", &r.ClaimantName},
		column{"coalesce(p.names, '{}')", &r.People}, column{"p.count", &r.PeopleCount},
		column{"x.count", &r.Exhibits}, column{"x.failed", &r.Failed},
		column{"coalesce(r.withdrawn, false)", &r.Withdrawn}, column{"coalesce(f.meeting_mode, '')", &r.Mode},
		column{"coalesce(f.reporter, '')", &r.Reporter})
}

// rowDetails gathers what a list shows beside the case itself, for the rows of the page only.
const rowDetails = `
	CROSS JOIN LATERAL (SELECT count(*), (array_agg(name ORDER BY first))[1:3] AS names FROM (
		SELECT name, min(r.filed) AS first FROM report_people rp JOIN reports r ON r.id = rp.report WHERE rp.case_id = c.id
		GROUP BY rp.name, rp.identifier, rp.account) who) p
	CROSS JOIN LATERAL (SELECT count(*), count(*) FILTER (WHERE processing IN ('failed', 'altered')) AS failed
		FROM exhibits WHERE case_id = c.id) x
	CROSS JOIN LATERAL (SELECT bool_and(withdrawn IS NOT NULL) AS withdrawn FROM reports WHERE case_id = c.id) r
	LEFT JOIN LATERAL (SELECT meeting_mode, CASE WHEN reporter IS NULL THEN '` + triage.GuestTitle + `' ELSE a.name END AS reporter FROM reports LEFT JOIN accounts a ON a.id = reporter
		WHERE case_id = c.id ORDER BY filed, reports.id LIMIT 1) f ON true `

func (t *tx) Queue(ctx context.Context, q triage.QueueQuery) ([]triage.CaseRow, error) {
	limit := min(max(q.Limit, 1), maxPage)
	order := "rank, opened, id"
	if q.Recent {
		order = "opened DESC, id DESC"
	}
	b := queryBuilder{}
	inner, ok := b.cases(q, order, limit)
	if !ok {
		return nil, nil
	}
	rows, err := list(ctx, t, queueColumns, "FROM ("+inner+" ORDER BY "+order+" LIMIT "+strconv.Itoa(limit)+") c"+rowDetails+
		"ORDER BY "+prefixed(order), b.args...)
	return rows, err
}

func (t *tx) Count(ctx context.Context, q triage.QueueQuery, limit int) (int, error) {
	q.After = triage.Cursor{}
	b := queryBuilder{}
	inner, ok := b.cases(q, "", max(limit, 0))
	if !ok {
		return 0, nil
	}
	return scalar[int](ctx, t, "SELECT count(*) FROM ("+inner+" LIMIT "+strconv.Itoa(max(limit, 0))+") c", b.args...)
}

func prefixed(order string) string {
	return "c." + strings.ReplaceAll(order, ", ", ", c.")
}

// queryBuilder collects the arguments of one statement.
type queryBuilder struct{ args []any }

func (b *queryBuilder) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

// cases is the heart of Queue and Count: for each lane and state asked for it reads at most limit rows, each from one run
// of an index that is in the right order already, so that its cost depends on limit and not on the table.
func (b *queryBuilder) cases(q triage.QueueQuery, order string, limit int) (sql string, ok bool) {
	var pairs []string
	for _, l := range distinct(q.Lanes) {
		for _, s := range distinct(q.States) {
			pairs = append(pairs, fmt.Sprintf("(%s, %s)", b.arg(string(l)), b.arg(string(s))))
		}
	}
	if len(pairs) == 0 {
		return "", false
	}
	where := b.filters(q)
	if order != "" {
		order = " ORDER BY " + prefixed(order)
	}
	return "SELECT c.* FROM (VALUES " + strings.Join(pairs, ", ") + ") AS want (lane, state) CROSS JOIN LATERAL (" +
		"SELECT * FROM cases c WHERE c.lane = want.lane AND c.state = want.state" + where + order +
		" LIMIT " + strconv.Itoa(limit) + ") c", true
}

func (b *queryBuilder) filters(q triage.QueueQuery) string {
	var w strings.Builder
	and := func(format string, args ...any) { fmt.Fprintf(&w, " AND "+format, args...) }
	if q.Policy != "" {
		and("c.policy = %s", b.arg(string(q.Policy)))
	}
	switch q.Queue {
	case "":
	case triage.NoQueue:
		and("c.queue IS NULL")
	default:
		and("c.queue = %s", b.arg(string(q.Queue)))
	}
	if !q.Awake.IsZero() {
		and("(c.deferred IS NULL OR c.deferred <= %s)", b.arg(q.Awake))
	}
	if q.Claimant != "" {
		and("c.claimant = %s", b.arg(string(q.Claimant)))
	}
	if q.Proposer != "" {
		and("EXISTS (SELECT FROM decisions d WHERE d.case_id = c.id AND d.state = 'proposed' AND d.decider <> %s)", b.arg(string(q.Proposer)))
	}
	if q.Without != "" {
		and("%s", noParty("c.id", b.arg(string(q.Without))))
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		and("c.id IN (%s)", b.search(text))
	}
	switch a := q.After; {
	case a == triage.Cursor{}:
	case q.Recent:
		and("(c.opened, c.id) < (%s::timestamptz, %s::text)", b.arg(a.Opened), b.arg(string(a.Case)))
	default:
		and("(c.rank, c.opened, c.id) > (%s::int, %s::timestamptz, %s::text)", b.arg(-a.Priority), b.arg(a.Opened), b.arg(string(a.Case)))
	}
	return w.String()
}

// search finds cases by a number, typed in any way that triage.ParseID accepts, or by a part of a reported name.
func (b *queryBuilder) search(text string) string {
	if id, ok := triage.ParseID("C", text); ok {
		return "SELECT " + b.arg(id)
	}
	if id, ok := triage.ParseID("R", text); ok {
		return "SELECT case_id FROM reports WHERE id = " + b.arg(id)
	}
	meeting := b.arg(text)
	if id, ok := triage.ParseID("M", text); ok {
		return "SELECT case_id FROM reports WHERE meeting = " + b.arg(id) + " OR meeting_name IN (" + meeting + ", " + b.arg(id) + ")"
	}
	part := b.arg("%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(text)) + "%")
	return "SELECT case_id FROM report_people WHERE name_folded LIKE " + part +
		" UNION SELECT case_id FROM reports WHERE meeting_name = " + meeting
}

// laneList writes lanes out as a condition. Only the lanes of the taxonomy are let through: they become part of the SQL.
func laneList(lanes []triage.Lane) (string, error) {
	var in []string
	for _, l := range distinct(lanes) {
		if !slices.Contains(triage.AllLanes, l) {
			return "", fmt.Errorf("unknown lane %q", l)
		}
		in = append(in, "'"+string(l)+"'")
	}
	switch len(in) {
	case 0:
		return "false", nil
	case 1:
		return "lane = " + in[0], nil
	}
	return "lane IN (" + strings.Join(in, ", ") + ")", nil
}

func distinct[T comparable](in []T) []T {
	var out []T
	for _, v := range in {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
