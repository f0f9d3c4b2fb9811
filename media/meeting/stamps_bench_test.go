package meeting_test

import (
	"testing"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// BenchmarkFrankingBytes is the bytes a second that franking adds for one person in a call, who sends 30 pictures and 50 frames of sound a second: commitments
// in the trailers, and four batches, whose stamps come back to everybody. Against the least there is, 32 bytes a frame.
func BenchmarkFrankingBytes(b *testing.B) {
	const pictures, sounds, batches = 30, 50, 4
	const least = 32 * (pictures + sounds)
	up, down := 0, 0
	for b.Loop() {
		up, down = least, least // a commitment in each trailer, both ways
		for i := range uint64(batches) {
			n := pictures/batches + int(i%2) // 7 or 8
			runs := []franking.Run{run1(1, 200+i, 70_000+i, n), run1(2, 200+i, 90_000+i, sounds/batches+int(i%2))}
			up += len(meetingtest.Batch(runs...))
			down += len(stamped(runs))
		}
	}
	b.ReportMetric(float64(up), "B/s")
	b.ReportMetric(float64(up)/least, "x_32_bytes_a_frame")
	b.ReportMetric(float64(down), "to-each-receiver_B/s")
	b.ReportMetric(float64(down)/least, "to-each-receiver-against-32-bytes-a-frame_ratio")
}

// stamped is what everybody is sent of a batch.
func stamped(runs []franking.Run) []byte {
	var pairs []any
	for _, r := range runs {
		pairs = append(pairs, []any{[]any{r.Stream, r.Sequence, r.First, r.Commitments}, make([]byte, 32)})
	}
	var j meeting.J
	return meetingtest.Array("stamped", j[:], uint64(20_000), uint64(1_790_000_000_000), pairs)
}
