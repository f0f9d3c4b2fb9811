package postgres

import (
	"bytes"
	"context"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// driftBatch is how many events are compared with their leaves in one read.
const driftBatch = 1000

// storedLeaf is a row of custody_events beside the leaf that was made of it.
type storedLeaf struct {
	row   custody.Leaf
	index int64
	data  []byte
}

func (t *tx) Drift(ctx context.Context) (event string, index int64, err error) {
	rows, err := t.q.Query(ctx, `SELECT coalesce(l.event, e.id), coalesce(l.index, -1)
		FROM custody_leaves l FULL JOIN custody_events e ON e.id = l.event LEFT JOIN custody_pending p ON p.event = e.id
		WHERE e.id IS NULL OR (l.event IS NULL AND p.event IS NULL) ORDER BY 2 LIMIT 1`)
	if err != nil {
		return "", 0, mapError(err)
	}
	for rows.Next() {
		if err := rows.Scan(&event, &index); err != nil {
			return "", 0, mapError(err)
		}
	}
	if err := rows.Err(); err != nil || event != "" {
		return event, index, mapError(err)
	}
	return t.changedRow(ctx)
}

// changedRow finds the first event whose row no longer says what its leaf says.
func (t *tx) changedRow(ctx context.Context) (event string, index int64, err error) {
	columns := func(s *storedLeaf) []column {
		return append(of("e", leafColumns(&s.row)), column{"l.index", &s.index}, column{"l.data", &s.data})
	}
	for next := int64(0); ; {
		found, err := list(ctx, t, columns, `FROM custody_leaves l JOIN custody_events e ON e.id = l.event
			WHERE l.index >= $1 ORDER BY l.index LIMIT $2`, next, driftBatch)
		if err != nil {
			return "", 0, err
		}
		for _, s := range found {
			if data, err := s.row.Encode(); err != nil || !bytes.Equal(data, s.data) {
				return s.row.ID, s.index, nil // a row that cannot be encoded is not what was sequenced
			}
			next = s.index + 1
		}
		if len(found) < driftBatch {
			return "", 0, nil
		}
	}
}

var _ triage.LogTx = (*tx)(nil)
