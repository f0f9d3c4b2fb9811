package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// deskSizes are the numbers of cases that the desk is measured with: PROFFER_BENCH_CASES, such as "10000,100000", or up to a million,
// which takes some minutes to fill.
func deskSizes(b *testing.B) (sizes []int) {
	words := os.Getenv("PROFFER_BENCH_CASES")
	if words == "" {
		return []int{10_000, 100_000, 1_000_000}
	}
	for _, w := range strings.Split(words, ",") {
		n, err := strconv.Atoi(w)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

const benchReviewers = 50

// busyDesk is a desk with n cases, half of them open, and 50 reviewers; a tenth of the open ones are in a queue of ten of them.
func busyDesk(b *testing.B, n int) (*triage.Desk, []triage.Actor) {
	s := open(b)
	s.people()
	fillQueue(b, s, n/2)
	var team []triage.Actor
	var members []account.ID
	if err := s.Update(b.Context(), func(tx triage.Tx) error {
		for i := range benchReviewers {
			a := account.Account{ID: account.ID(fmt.Sprintf("A-B%04d-00000", i)), Org: "O-1", Name: fmt.Sprintf("Reviewer %d", i),
				Email: fmt.Sprintf("r%d@example.org", i), Roles: account.Roles{account.Reviewer}, Created: time.Now()}
			if err := tx.InsertAccount(b.Context(), a); err != nil {
				return err
			}
			team = append(team, triage.Actor{Account: a.ID, Org: a.Org, Name: a.Name, Roles: a.Roles})
			if i%5 == 0 {
				members = append(members, a.ID)
			}
		}
		return tx.InsertWorkQueue(b.Context(), triage.WorkQueue{ID: "QU-1", Lane: triage.LaneGeneral, Name: "Hosts", Members: members})
	}); err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE cases SET queue = 'QU-1' WHERE lane = 'general' AND state = 'queued' AND hashtext(id) % 10 = 0",
		`INSERT INTO case_words (case_id, kind, of, folded) SELECT id, 'report', 'R-' || substr(id, 3), 'he shouted at everyone ' || md5(id) FROM cases`,
		"VACUUM ANALYZE",
	} {
		if err := s.sql(statement); err != nil {
			b.Fatal(err)
		}
	}
	return &triage.Desk{Store: s.Store, Clock: time.Now, Log: quiet()}, team
}

// deskActs is what a reviewer does all day.
var deskActs = []struct {
	name string
	do   func(ctx context.Context, d *triage.Desk, a triage.Actor, n int) error
}{
	{"claim", func(ctx context.Context, d *triage.Desk, a triage.Actor, _ int) error {
		c, err := d.ClaimNext(ctx, a)
		if err != nil {
			return err
		}
		return d.Release(ctx, a, c.ID)
	}},
	{"queue page", func(ctx context.Context, d *triage.Desk, a triage.Actor, n int) error {
		_, err := d.ListQueue(ctx, a, triage.TabOpen, triage.QueueQuery{Limit: 50})
		return err
	}},
	{"case page", func(ctx context.Context, d *triage.Desk, a triage.Actor, n int) error {
		_, err := d.OpenCase(ctx, a, triage.CaseID(fmt.Sprintf("C-%d", 1+n*37%9000)))
		if errors.Is(err, triage.ErrNotFound) { // of the other lane
			return nil
		}
		return err
	}},
	{"search page", func(ctx context.Context, d *triage.Desk, a triage.Actor, n int) error {
		_, err := d.Find(ctx, a, triage.FindAsk{Text: "shouted", Limit: 50})
		return err
	}},
}

// BenchmarkDesk has 50 reviewers at once claim, look at the queue, open cases and search, at each number of cases. It reports acts per
// second, the 99th percentile, and how much slower the largest is than the smallest, whose limit is 1.5.
func BenchmarkDesk(b *testing.B) {
	sizes := deskSizes(b)
	desks, teams := make([]*triage.Desk, len(sizes)), make([][]triage.Actor, len(sizes))
	for i, n := range sizes {
		desks[i], teams[i] = busyDesk(b, n)
	}
	for _, act := range deskActs {
		b.Run(strings.ReplaceAll(act.name, " ", "-"), func(b *testing.B) {
			took := make([][]time.Duration, len(sizes))
			rates := make([]float64, len(sizes))
			for b.Loop() {
				for i, d := range desks {
					began := time.Now()
					all := atOnce(b, d, teams[i], act.do)
					rates[i] = float64(len(all)) / time.Since(began).Seconds()
					took[i] = append(took[i], all...)
				}
			}
			p99s := make([]time.Duration, len(sizes))
			for i, n := range sizes {
				p99s[i] = percentile(took[i], 99)
				b.ReportMetric(float64(p99s[i].Microseconds())/1000, fmt.Sprintf("p99-at-%d_ms", n))
				b.ReportMetric(rates[i], fmt.Sprintf("rate-at-%d_per-second", n))
			}
			last := len(sizes) - 1
			b.ReportMetric(float64(p99s[last].Microseconds())/1000, "ms")
			b.ReportMetric(float64(p99s[last])/float64(p99s[0]), "x_smallest")
		})
	}
}

// atOnce has everybody do something five times, all at once, and says how long each time took.
func atOnce(b *testing.B, d *triage.Desk, team []triage.Actor, do func(context.Context, *triage.Desk, triage.Actor, int) error) (took []time.Duration) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, a := range team {
		wg.Go(func() {
			for k := range 5 {
				began := time.Now()
				if err := do(b.Context(), d, a, i*5+k); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return took
}

func percentile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, len(d)*p/100)]
}
