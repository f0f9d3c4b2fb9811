package custody

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"
)

// BenchmarkAppend appends 10,000 leaves to a log that is not empty, and prints the ratio to SHA-256 of the same bytes.
func BenchmarkAppend(b *testing.B) {
	book := newLogbook(b, 1001, 1001)
	_, leaves := events(b, 10_000)
	raw := rawHash(leaves)
	for b.Loop() {
		if _, err := Append(book.trees[0], leaves, book.hashes); err != nil {
			b.Fatal(err)
		}
	}
	report(b, len(leaves), raw)
}

// BenchmarkVerify verifies a log of 10,000 entries with 100 checkpoints, all details and all stored hashes, and prints the
// ratio to SHA-256 of the leaves.
func BenchmarkVerify(b *testing.B) {
	var sizes []int
	for i := range 100 {
		sizes = append(sizes, 100*(i+1))
	}
	book := newLogbook(b, 10_000, sizes...)
	var leaves [][]byte
	for _, e := range book.entries {
		leaves = append(leaves, e.Leaf)
	}
	raw := rawHash(leaves)
	for b.Loop() {
		if _, err := Verify(context.Background(), book.audit()); err != nil {
			b.Fatal(err)
		}
	}
	report(b, len(leaves), raw)
}

// rawHash is how long it takes to hash each leaf once, at best of 20.
func rawHash(leaves [][]byte) time.Duration {
	best := time.Hour
	for range 20 {
		start := time.Now()
		for _, l := range leaves {
			sha256.Sum256(l)
		}
		best = min(best, time.Since(start))
	}
	return best
}

func report(b *testing.B, n int, raw time.Duration) {
	each := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(each/float64(n), "ns/entry")
	b.ReportMetric(each/float64(raw), "x_raw_SHA-256")
}
