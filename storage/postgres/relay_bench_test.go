package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage/account"
)

// echoes takes what a relay is sent, and nothing else.
type echoes struct{ came chan int }

func (echoes) Barred(account.ID)            {}
func (e echoes) Take(_ string, data []byte) { e.came <- len(data) }
func (echoes) Gone(string)                  {}
func (e echoes) Lost()                      { e.came <- 0 }

// BenchmarkRelay measures how long a sign of life and the keys of a thousand members take from one node to another, and gives the first as a
// ratio to a bare round trip to the database.
func BenchmarkRelay(b *testing.B) {
	s, other := open(b), echoes{make(chan int, 10)}
	second := s.again()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer func() { stop(); running.Wait() }()
	for r, to := range map[*postgres.Relay]echoes{s.Relay(): {make(chan int, 10)}, second.Relay(): other} { // who sends is watched
		running.Go(func() { r.Run(ctx, to) })
		<-to.came
	}
	for name, size := range map[string]int{"live": 400, "keys": 1_300_000} {
		b.Run(name, func(b *testing.B) {
			var took, bare []time.Duration
			data := make([]byte, size)
			for b.Loop() {
				began := time.Now()
				if err := s.Ping(b.Context()); err != nil {
					b.Fatal(err)
				}
				bare = append(bare, time.Since(began))
				began = time.Now()
				if err := s.Relay().Send(b.Context(), second.Relay().Node(), data); err != nil {
					b.Fatal(err)
				}
				if n := <-other.came; n != size {
					b.Fatalf("%d bytes came", n)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64(median(took).Microseconds()), "µs")
			b.ReportMetric(float64(median(took))/float64(median(bare)), "x_ping")
		})
	}
}
