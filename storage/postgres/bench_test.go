package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// fillQueue makes n open cases in the general lane, with people and exhibits, beside as many closed ones and a tenth as
// many in the other lane.
func fillQueue(b *testing.B, s subject, n int) {
	b.Helper()
	for _, statement := range []string{
		`INSERT INTO cases (id, lane, policy, state, priority, opened, due, escalated, simulated, version)
			SELECT 'C-' || i, CASE WHEN i % 21 = 0 THEN 'child-safety' ELSE 'general' END, 'hate',
				CASE WHEN i > $1 THEN 'closed' WHEN i % 10 = 3 THEN 'escalated' ELSE 'queued' END, i % 101 * 7919 % 101, now() - i * interval '1 second', now(), false, false, 0
			FROM generate_series(1, 2 * $1) i`,
		`INSERT INTO reports (id, case_id, reporter, key, meeting_name, meeting_mode, occurred, policy, words, exhibits, simulated, filed, version)
			SELECT 'R-' || i, 'C-' || i, 'A-1', 'k' || i, 'Meeting', 'e2ee', now(), 'hate', 'words', '{}', false, now(), 0 FROM generate_series(1, 2 * $1) i`,
		`INSERT INTO report_people (id, report, case_id, number, name, identifier, name_folded, identifier_folded)
			SELECT 'W-' || i || '-' || k, 'R-' || i, 'C-' || i, k, 'Person ' || i, '', 'person ' || i || ' ' || md5(i::text), ''
			FROM generate_series(1, 2 * $1) i, generate_series(1, 2) k`,
	} {
		if err := s.sql(statement, n); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.sql("VACUUM ANALYZE"); err != nil { // as autovacuum does in a database that lives
		b.Fatal(err)
	}
}

var benchQuery = triage.QueueQuery{Lanes: []triage.Lane{triage.LaneGeneral}, Limit: 50, Without: "A-2",
	States: []triage.State{triage.StateQueued, triage.StateClaimed, triage.StateEscalated, triage.StateAwaiting}}

func queuePage(ctx context.Context, s subject) error {
	return s.View(ctx, func(tx triage.Tx) error {
		q := benchQuery
		page, err := tx.Queue(ctx, q)
		if err != nil || len(page) != q.Limit {
			return fmt.Errorf("a page of %d: %w", len(page), err)
		}
		last := page[q.Limit-1]
		q.After = triage.Cursor{Priority: last.Priority, Opened: last.Opened, Case: last.ID}
		if _, err := tx.Queue(ctx, q); err != nil {
			return err
		}
		_, err = tx.Count(ctx, q, 1000)
		return err
	})
}

func claim(ctx context.Context, s subject, skipped time.Time) error {
	return s.Update(ctx, func(tx triage.Tx) error {
		c, err := tx.NextCase(ctx, []triage.Lane{triage.LaneGeneral}, "A-2", time.Now(), skipped)
		if err != nil {
			return err
		}
		c.State, c.Claimant, c.Lease = triage.StateClaimed, "A-2", time.Now().Add(time.Minute)
		if err := tx.SaveCase(ctx, c); err != nil {
			return err
		}
		c.State, c.Claimant, c.Lease, c.Version = triage.StateQueued, "", time.Time{}, c.Version+1
		return tx.SaveCase(ctx, c) // given back, so that the queue stays as long as it was
	})
}

// BenchmarkQueue measures a page of the queue (with the one after it, and the count) and a claim, with 1,000 and with
// 10,000 open cases in turn, and reports the ratio of the medians: 1 is flat.
func BenchmarkQueue(b *testing.B) {
	sizes := []int{1000, 10000}
	stores := make([]subject, len(sizes))
	for i, n := range sizes {
		stores[i] = open(b)
		stores[i].people()
		fillQueue(b, stores[i], n)
	}
	for name, act := range map[string]func(context.Context, subject) error{
		"page":  queuePage,
		"claim": func(ctx context.Context, s subject) error { return claim(ctx, s, time.Now()) },
	} {
		b.Run(name, func(b *testing.B) {
			took := make([][]time.Duration, len(sizes))
			for b.Loop() {
				for i, s := range stores {
					began := time.Now()
					if err := act(b.Context(), s); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(began))
				}
			}
			small, large := median(took[0]), median(took[1])
			b.ReportMetric(float64(small.Microseconds()), "at_1000_µs")
			b.ReportMetric(float64(large.Microseconds()), "µs")
			b.ReportMetric(float64(large)/float64(small), "x_1000_open_cases")
		})
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
