package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// TestFindAmongMany holds that a search which looks among the newest cases first finds what one that looks everywhere would: what few old cases have,
// what fills the page from the newest, and what fills it from both, page by page.
func TestFindAmongMany(t *testing.T) {
	t.Parallel()
	s := open(t)
	const cases = 620 // more than are looked at first
	for _, statement := range []string{
		`INSERT INTO cases (id, lane, policy, state, priority, opened, due, escalated, simulated, version)
			SELECT 'C-' || lpad(i::text, 4, '0'), 'general', 'hate', 'queued', 50, timestamptz '2026-01-01' + i * interval '1 min', timestamptz '2026-02-01', false, false, 0 FROM generate_series(1, $1) i`,
		`INSERT INTO case_words (case_id, kind, of, folded) SELECT 'C-' || lpad(i::text, 4, '0'), 'report', 'R-' || i,
			'all' || CASE WHEN i % 100 = 3 THEN ' some' ELSE '' END || CASE WHEN i = 7 THEN ' one' ELSE '' END FROM generate_series(1, $1) i`,
	} {
		if err := s.sql(statement, cases); err != nil {
			t.Fatal(err)
		}
	}
	number := func(i int) triage.CaseID { return triage.CaseID(fmt.Sprintf("C-%04d", i)) }
	var all, some []triage.CaseID
	for i := cases; i > 0; i-- {
		all = append(all, number(i))
		if i%100 == 3 {
			some = append(some, number(i))
		}
	}
	for _, x := range []struct {
		words []string
		limit int
		want  []triage.CaseID
	}{{[]string{"all"}, 150, all}, {[]string{"som"}, 2, some}, {[]string{"all", "som"}, 200, some}, {[]string{"one"}, 10, []triage.CaseID{number(7)}}, {[]string{"none"}, 10, nil}, {nil, 199, all}} {
		var got []triage.CaseID
		q := triage.FindQuery{In: []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateQueued}}, Words: x.words, Limit: x.limit, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		for more := true; more; {
			s.update(func(ctx context.Context, tx triage.Tx) error {
				rows, err := tx.Find(ctx, q)
				for _, r := range rows {
					got, q.After = append(got, r.ID), triage.Cursor{Opened: r.Opened, Case: r.ID}
				}
				more = len(rows) == x.limit
				return err
			})
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%q finds %d, want %d: %v", x.words, len(got), len(x.want), got)
		}
	}
}
