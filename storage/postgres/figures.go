package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
)

// counted is the cases c that figures are about: those of some lanes ($1) to which an account ($2) is no party. The cases of a party are
// few, so they are found once and not asked for case by case. A merged case counts as part of the one that it went into.
const counted = ` c.lane = ANY ($1) AND c.state <> 'merged' AND c.id NOT IN (SELECT case_id FROM reports WHERE reporter = $2
	UNION SELECT case_id FROM report_people WHERE account = $2 UNION SELECT case_id FROM former_parties WHERE account = $2) `

// effective is when a decision came into force.
const effective = "coalesce(d.answered, d.decided)"

// spell is a length of time in whole microseconds: SQL's intervals have months, and floats round.
func spell(interval string) string { return "(extract(epoch FROM " + interval + ") * 1000000)::bigint" }

func (t *tx) Flow(ctx context.Context, q triage.FigureQuery) ([]triage.DayFlow, error) {
	return list(ctx, t, func(f *triage.DayFlow) []column {
		return []column{{"date_trunc('day', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS day", optTime{&f.Day}},
			{"count(*) FILTER (WHERE what = 'filed')", &f.Reports}, {"count(*) FILTER (WHERE what = 'opened')", &f.Opened},
			{"count(*) FILTER (WHERE what = 'decided')", &f.Decided}}
	}, `FROM (SELECT r.filed AS at, 'filed' AS what FROM reports r JOIN cases c ON c.id = r.case_id WHERE r.filed >= $3 AND r.filed <= $4 AND`+counted+`
		UNION ALL SELECT c.opened, 'opened' FROM cases c WHERE c.opened >= $3 AND c.opened <= $4 AND`+counted+`
		UNION ALL SELECT `+effective+`, 'decided' FROM decisions d JOIN cases c ON c.id = d.case_id
			WHERE d.state IN ('in force', 'superseded') AND `+effective+` >= $3 AND `+effective+` <= $4 AND`+counted+`) f
		GROUP BY day ORDER BY day`, ids(&q.Lanes), q.Without, q.Since, q.Now)
}

// table is a table of policies and times as two lists, of which SQL makes rows.
func table(within map[triage.PolicyID]time.Duration) (policies []string, micros []int64) {
	for _, p := range slices.Sorted(maps.Keys(within)) {
		policies, micros = append(policies, string(p)), append(micros, within[p].Microseconds())
	}
	return policies, micros
}

func (t *tx) Backlog(ctx context.Context, q triage.FigureQuery, within map[triage.PolicyID]time.Duration) ([]triage.BacklogCell, error) {
	policies, micros := table(within)
	var bands []int64
	for _, b := range triage.AgeBands {
		bands = append(bands, b.Microseconds())
	}
	return list(ctx, t, func(b *triage.BacklogCell) []column {
		return []column{{"policy", &b.Policy}, {"band", &b.Band}, {"count(*)", &b.Cases}, {"count(*) FILTER (WHERE age > within)", &b.Late}}
	}, `FROM (SELECT c.policy, within, age, width_bucket(age, $6::bigint[]) AS band FROM cases c
			LEFT JOIN unnest($4::text[], $5::bigint[]) AS l (policy, within) ON l.policy = c.policy
			CROSS JOIN LATERAL (SELECT `+spell("$3 - c.opened")+` AS age) a
			WHERE c.state NOT IN ('decided', 'closed') AND`+counted+`) open
		GROUP BY policy, band ORDER BY policy COLLATE "C", band`, ids(&q.Lanes), q.Without, q.Now, policies, micros, bands)
}

func (t *tx) Waits(ctx context.Context, q triage.FigureQuery, within map[triage.PolicyID]time.Duration) ([]triage.Wait, error) {
	policies, micros := table(within)
	quantile := func(p, of string) string {
		return "(percentile_disc(" + p + ") WITHIN GROUP (ORDER BY " + of + ")) * 1000"
	}
	return list(ctx, t, func(w *triage.Wait) []column {
		return []column{{"policy", &w.Policy}, {"count(*)", &w.Opened}, {"count(look)", &w.Looked}, {"count(wait)", &w.Decided},
			{quantile("0.5", "look"), nanos{&w.LookMedian}}, {quantile("0.9", "look"), nanos{&w.LookP90}},
			{quantile("0.5", "wait"), nanos{&w.DecideMedian}}, {quantile("0.9", "wait"), nanos{&w.DecideP90}},
			{"count(*) FILTER (WHERE look <= due)", &w.LookMet}, {"count(*) FILTER (WHERE coalesce(look, age) > due)", &w.LookLate},
			{"count(*) FILTER (WHERE wait <= within)", &w.DecideMet}, {"count(*) FILTER (WHERE coalesce(wait, age) > within)", &w.DecideLate}}
	}, `FROM (SELECT c.policy, l.within, `+spell("c.due - c.opened")+` AS due, `+spell("c.looked - c.opened")+` AS look,
			`+spell("d.at - c.opened")+` AS wait, `+spell("$4 - c.opened")+` AS age FROM cases c
			LEFT JOIN unnest($5::text[], $6::bigint[]) AS l (policy, within) ON l.policy = c.policy
			LEFT JOIN LATERAL (SELECT min(`+effective+`) AS at FROM decisions d WHERE d.case_id = c.id AND d.state IN ('in force', 'superseded')) d ON true
			WHERE c.opened >= $3 AND c.opened <= $4 AND`+counted+`) waited
		GROUP BY policy ORDER BY policy COLLATE "C"`, ids(&q.Lanes), q.Without, q.Since, q.Now, policies, micros)
}

func (t *tx) Outcomes(ctx context.Context, q triage.FigureQuery) ([]triage.Outcome, error) {
	return list(ctx, t, func(o *triage.Outcome) []column {
		return []column{{"f.policy", &o.Policy}, {"f.action", &o.Action}, {"count(*)", &o.Findings}}
	}, `FROM decisions d JOIN cases c ON c.id = d.case_id JOIN decision_findings f ON f.decision = d.id
		WHERE d.state = 'in force' AND `+effective+` >= $3 AND `+effective+` <= $4 AND`+counted+`
		GROUP BY f.policy, f.action ORDER BY f.policy COLLATE "C", f.action COLLATE "C"`, ids(&q.Lanes), q.Without, q.Since, q.Now)
}

// weekOf is the Monday of a time's week, by UTC.
func weekOf(at string) string {
	return "date_trunc('week', " + at + " AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS week"
}

func (t *tx) Watched(ctx context.Context, q triage.FigureQuery) ([]triage.WatchedBy, error) {
	return list(ctx, t, func(w *triage.WatchedBy) []column {
		return []column{{weekOf("w.at"), optTime{&w.Week}}, {"c.lane", &w.Lane}, {"c.policy", &w.Policy},
			{"w.account", &w.Account}, {"sum(w.to_ns - w.from_ns)::bigint", nanos{&w.Watched}}}
	}, `FROM watches w JOIN exhibits x ON x.id = w.exhibit JOIN cases c ON c.id = x.case_id
		WHERE w.at >= $3 AND w.at < $4 AND`+counted+`
		GROUP BY week, c.lane, c.policy, w.account ORDER BY week, c.lane COLLATE "C", c.policy COLLATE "C", w.account COLLATE "C"`,
		ids(&q.Lanes), q.Without, q.Since, q.Now)
}

func weekCounts(at string) func(*triage.WeekCount) []column {
	return func(w *triage.WeekCount) []column {
		return []column{{weekOf(at), optTime{&w.Week}}, {"account", &w.Account}, {"count(*)", &w.Times}}
	}
}

func (t *tx) Breaks(ctx context.Context, q triage.FigureQuery) ([]triage.WeekCount, error) {
	return list(ctx, t, weekCounts("at"), `FROM (SELECT w.account, w.at, w.at - lag(w.at) OVER (PARTITION BY w.account ORDER BY w.at, w.number) AS gap
			FROM watches w JOIN exhibits x ON x.id = w.exhibit JOIN cases c ON c.id = x.case_id
			WHERE w.at >= $3::timestamptz - $6::bigint * interval '1 microsecond' AND w.at < $4 AND`+counted+`) watched
		WHERE at >= $3 AND gap >= $5::bigint * interval '1 microsecond' AND gap < $6::bigint * interval '1 microsecond'
		GROUP BY week, account ORDER BY week, account COLLATE "C"`, ids(&q.Lanes), q.Without, q.Since, q.Now, triage.BreakTime.Microseconds(), triage.ShiftGap.Microseconds())
}

func (t *tx) Overridden(ctx context.Context, q triage.FigureQuery) ([]triage.WeekCount, error) {
	return list(ctx, t, weekCounts("at"), `FROM budget_overrides WHERE at >= $1 AND at < $2 GROUP BY week, account ORDER BY week, account COLLATE "C"`, q.Since, q.Now)
}

func (t *tx) OptedOut(ctx context.Context) (map[triage.PolicyID]int, error) {
	type row struct {
		policy triage.PolicyID
		people int
	}
	rows, err := list(ctx, t, func(r *row) []column { return []column{{"policy", &r.policy}, {"count(*)", &r.people}} },
		"FROM preferences p JOIN accounts a ON a.id = p.account, unnest(p.opt_outs) AS policy WHERE NOT a.closed GROUP BY policy")
	out := map[triage.PolicyID]int{}
	for _, r := range rows {
		out[r.policy] = r.people
	}
	return out, err
}
