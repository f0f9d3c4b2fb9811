package postgres

import (
	"context"
	"fmt"

	"github.com/proffer/proffer/media/meeting"
)

func entryColumns(e *meeting.Entry) []column {
	return []column{{"number", &e.Number}, {"at", &e.At}, {"kind", &e.Kind}, {"message", &e.Message}}
}

// AppendEntry puts an entry on a board and carries out what it causes, in one transaction.
func (s *Store) AppendEntry(ctx context.Context, id string, e meeting.Entry, cause meeting.Cause) error {
	cols := append(entryColumns(&e), column{"meeting", &id})
	return s.change(ctx, func(t *tx) error {
		tag, err := t.exec(ctx, insertSQL("board_entries", cols)+" ON CONFLICT DO NOTHING", values(cols)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return meeting.ErrTaken
		}
		switch cause {
		case "":
			return nil
		case meeting.Finished:
			return t.endMeeting(ctx, id, e.At)
		case meeting.Upgraded:
			_, err := t.exec(ctx, "UPDATE meetings SET mode = 'e2ee', lobby = false, locked = false WHERE id = $1", id)
			return err
		}
		return fmt.Errorf("postgres: a meeting cannot be caused to %q", cause)
	})
}

// Entries lists entries of a board from a number on.
func (s *Store) Entries(ctx context.Context, id string, from uint64, limit, maxBytes int) (es []meeting.Entry, err error) {
	err = s.read(ctx, func(t *tx) error {
		es, err = list(ctx, t, entryColumns, `FROM (SELECT *, sum(octet_length(message)) OVER (ORDER BY number) - octet_length(message) AS bytes_before
			FROM (SELECT * FROM board_entries WHERE meeting = $1 AND number >= $2 ORDER BY number LIMIT $3) AS page) AS run
			WHERE bytes_before < $4 ORDER BY number`, id, from, limit, maxBytes)
		return err
	})
	return es, err
}

// Outline lists every entry of a board that is neither a link nor keys, and the newest link.
func (s *Store) Outline(ctx context.Context, id string) (es []meeting.Entry, last uint64, err error) {
	err = s.read(ctx, func(t *tx) error {
		es, err = list(ctx, t, entryColumns, `FROM board_entries WHERE meeting = $1 AND (kind NOT IN ('link', 'keys')
			OR number = (SELECT max(number) FROM board_entries WHERE meeting = $1 AND kind = 'link')) ORDER BY number`, id)
		if err != nil {
			return err
		}
		last, err = scalar[uint64](ctx, t, "SELECT coalesce(max(number), 0) FROM board_entries WHERE meeting = $1", id)
		return err
	})
	return es, last, err
}
