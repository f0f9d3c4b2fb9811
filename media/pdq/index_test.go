package pdq

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func random(r *rand.Rand, n int) []Hash {
	hs := make([]Hash, n)
	for i := range hs {
		hs[i] = Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
	}
	return hs
}

// off flips n bits of a hash.
func off(r *rand.Rand, h Hash, n int) Hash {
	for _, k := range r.Perm(256)[:n] {
		h[k/64] ^= 1 << (k % 64)
	}
	return h
}

// linear is Near by looking at every hash: what an index is held against.
func linear(hashes []Hash, h Hash) (out []int) {
	for i, g := range hashes {
		if g.Matches(h) {
			out = append(out, i)
		}
	}
	return out
}

// TestIndex holds that an index finds what looking at every hash finds, up to the threshold and not beyond it.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	hs := random(r, 5000)
	for i := range 500 {
		hs = append(hs, off(r, hs[i], i%40))
	}
	x := NewIndex(hs)
	for i := range 500 {
		h := off(r, hs[i], i%(MatchDistance+2))
		got, want := x.Near(h), linear(hs, h)
		if !slices.Equal(got, want) {
			t.Fatalf("%v has near it %v, want %v", h, got, want)
		}
		if found := slices.Contains(got, i); found != (i%(MatchDistance+2) <= MatchDistance) {
			t.Fatalf("at a distance of %d it was found: %v", i%(MatchDistance+2), found)
		}
	}
	if got := NewIndex(nil).Near(hs[0]); got != nil {
		t.Errorf("in nothing there is %v", got)
	}
}

// TestBands holds that whoever is near shares a band with what may be near, and that few others do.
func TestBands(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	shares := func(h, g Hash) bool {
		return slices.ContainsFunc(g.Bands(), func(b int32) bool { return slices.Contains(h.NearBands(), b) })
	}
	far := 0
	for i := range 2000 {
		h := random(r, 1)[0]
		if g := off(r, h, i%(MatchDistance+1)); !shares(h, g) {
			t.Fatalf("%v and %v are %d apart and share no band", h, g, h.Distance(g))
		}
		if shares(h, random(r, 1)[0]) {
			far++
		}
	}
	if far > 40 { // one in 240 is to be expected
		t.Errorf("%d of 2000 strangers share a band", far)
	}
}

// BenchmarkIndex matches one hash against a million and more, against a linear popcount scan.
func BenchmarkIndex(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	all := random(r, 10_000_000)
	for _, millions := range []int{1, 5, 10} {
		b.Run(fmt.Sprintf("%d-million", millions), func(b *testing.B) {
			hs := all[:millions*1_000_000]
			began := time.Now()
			x := NewIndex(hs)
			made := time.Since(began)
			var near, scan time.Duration
			for b.Loop() {
				h := off(r, hs[r.IntN(len(hs))], r.IntN(MatchDistance+1))
				began := time.Now()
				got := x.Near(h)
				near += time.Since(began)
				began = time.Now()
				want := linear(hs, h)
				scan += time.Since(began)
				if !slices.Equal(got, want) {
					b.Fatalf("%v, want %v", got, want)
				}
			}
			b.ReportMetric(float64(near.Microseconds())/float64(b.N), "µs/match")
			b.ReportMetric(float64(near)/float64(scan), "x_linear_popcount_scan")
			b.ReportMetric(made.Seconds(), "making-it_s")
		})
	}
}
