package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/proffer/proffer/triage"
)

// TestOvertime gives a clip up that ran out of its time three times; what else went wrong before does not count, and
// neither do deadlines inside the job.
func TestOvertime(t *testing.T) {
	const away = "the object store does not answer"
	took := errOvertime.Error() + ": the decoder was ended"
	for _, tc := range []struct {
		name   string
		before []string
		late   bool
		tell   bool
	}{
		{"the third", []string{took, took}, true, true}, {"the third with others between", []string{took, away, away, took, away}, true, true},
		{"the second", []string{away, took, away}, true, false}, {"in time", []string{took, took}, false, false},
	} {
		var told error
		w := &worker[triage.PreparePreview]{overtimes: overtimes,
			work: func(ctx context.Context, _ triage.PreparePreview) error {
				if tc.late {
					<-ctx.Done()
				}
				return errors.New("the decoder was ended")
			},
			final: func(_ context.Context, _ triage.Job, cause error) error { told = cause; return nil }}
		row := &rivertype.JobRow{Attempt: len(tc.before) + 1, MaxAttempts: maxAttempts}
		for i, e := range tc.before {
			row.Errors = append(row.Errors, rivertype.AttemptError{Attempt: i + 1, Error: e})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := w.Work(ctx, &river.Job[triage.PreparePreview]{JobRow: row})
		cancel()
		var end *river.JobCancelError
		if errors.As(err, &end) != tc.tell || errors.Is(told, context.DeadlineExceeded) != tc.tell {
			t.Errorf("%s: %v, told %v", tc.name, err, told)
		}
		if !tc.tell && err.Error() != took && tc.late {
			t.Errorf("%s: River keeps %q, by which it is not counted", tc.name, err)
		}
	}
}
