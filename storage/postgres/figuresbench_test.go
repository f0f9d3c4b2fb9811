package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// figuresPage counts all that the leads' page shows of cases.
func figuresPage(ctx context.Context, s subject) error {
	now := time.Now().UTC()
	q := triage.FigureQuery{Lanes: []triage.Lane{triage.LaneGeneral}, Without: "A-2", Since: now.AddDate(0, 0, -30), Now: now}
	within := map[triage.PolicyID]time.Duration{"hate": time.Hour}
	return s.View(ctx, func(tx triage.Tx) error {
		if _, err := tx.Flow(ctx, q); err != nil {
			return err
		}
		if _, err := tx.Backlog(ctx, q, within); err != nil {
			return err
		}
		if _, err := tx.Waits(ctx, q, within); err != nil {
			return err
		}
		_, err := tx.Outcomes(ctx, q)
		return err
	})
}

// BenchmarkFigures measures the figures over 10,000 and 100,000 cases of one month, half of them open, and reports how much more than
// linearly it grows: 1 is linear, and less is better.
func BenchmarkFigures(b *testing.B) {
	sizes := []int{5_000, 50_000}
	took := make([][]time.Duration, len(sizes))
	stores := make([]subject, len(sizes))
	for i, n := range sizes {
		stores[i] = open(b)
		stores[i].people()
		fillQueue(b, stores[i], n)
	}
	for b.Loop() {
		for i, s := range stores {
			began := time.Now()
			if err := figuresPage(b.Context(), s); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	small, large := median(took[0]), median(took[1])
	b.ReportMetric(float64(large.Milliseconds()), "ms")
	b.ReportMetric(float64(large)/float64(small)/10, "x_linear")
}
