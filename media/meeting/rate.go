package meeting

import "time"

// bucket is one limit of one session: what it holds runs out with use and comes back with time. Not safe for concurrent use.
type bucket struct {
	rate, burst float64 // a second, and at most
	left        float64
	at          time.Time
}

func newBucket(rate, burst float64) bucket { return bucket{rate: rate, burst: burst, left: burst} }

// take reports whether n can be taken now, and takes it.
func (b *bucket) take(n float64, now time.Time) bool {
	if !b.at.IsZero() {
		b.left = min(b.burst, b.left+b.rate*max(0, now.Sub(b.at).Seconds()))
	}
	b.at = now
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

// limits are those of a session, by the kind of what arrives. They are far above what honest clients need: a leader of a thousand who lets
// somebody in twice a second posts 1.4 MB each time.
type limits struct {
	posts, bytes, fetches, lives, lines, orders bucket
	batches, commitments                        bucket

	far bucket // of all that a client of another node's meeting sends
}

func newLimits() limits {
	return limits{posts: newBucket(10, 60), bytes: newBucket(4<<20, 16<<20), fetches: newBucket(2, 20), lives: newBucket(2, 20),
		lines: newBucket(4, 20), orders: newBucket(5, 50), batches: newBucket(8, 60), commitments: newBucket(4000, 32_000), far: newBucket(20, 200)}
}
