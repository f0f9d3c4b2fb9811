package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/proffer/proffer/triage"
)

// The queues. Preparing clips is heavy, so few run at once; a preview takes longest of all, and stands in nobody's way.
// Everything else goes through the last.
const (
	queueMedia   = "media"
	queuePreview = "preview"
	queueDefault = river.QueueDefault
)

// maxAttempts of a job: with waits capped at a minute that is some twenty minutes of an outage.
const maxAttempts = 25

func insertOpts(j triage.Job) *river.InsertOpts {
	o := &river.InsertOpts{MaxAttempts: maxAttempts, Queue: queueDefault}
	switch j := j.(type) {
	case triage.DeliverMessage:
		o.ScheduledAt = j.NotBefore
	case triage.PrepareExhibit, triage.VerifyExhibit:
		o.Queue = queueMedia
	case triage.PreparePreview:
		o.Queue = queuePreview
	}
	return o
}

// waiting are the states of a job that has not begun.
const waiting = "state IN ('available', 'pending', 'retryable', 'scheduled')"

// Enqueue inserts the job unless an equal one has not begun yet. River's own uniqueness is of no use here: it counts
// running jobs too, and what this transaction changes may come too late for one that runs.
//
// The equal job is locked until this transaction ends. Workers pass over locked rows, so it cannot begin before what
// this transaction writes is there to be seen; and one that is just being taken is passed over here and does not count.
func (t *tx) Enqueue(ctx context.Context, j triage.Job) error {
	args, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("writing down job %s: %w", j.Kind(), err)
	}
	key := j.Kind() + " " + string(args)
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key); err != nil {
		return err
	}
	tag, err := t.exec(ctx, `SELECT FROM river_job WHERE kind = $1 AND args @> $2::jsonb AND args = $2::jsonb AND `+waiting+`
		LIMIT 1 FOR SHARE SKIP LOCKED`, j.Kind(), string(args))
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	if _, err := t.s.jobs.InsertTx(ctx, t.q, j, insertOpts(j)); err != nil {
		return mapError(fmt.Errorf("enqueueing job %s: %w", j.Kind(), err))
	}
	return nil
}
