package postgres

import (
	"context"
	"time"
)

// Keeping says how long meetings are kept.
type Keeping struct {
	Board time.Duration // of one that is over: its board; at least a day
	Idle  time.Duration // of one to which nobody comes any more: until it is over
}

// Thinned counts what one run of ThinBoards did.
type Thinned struct {
	Ended  int   // meetings to which nobody came any more
	Boards int   // of which something was erased
	Rows   int64 // entries that were erased
}

// thinChunk is how many meetings one statement looks up.
const thinChunk = 50

// ThinBoards ends meetings to which nobody came for long, and erases boards of those that are over. Of a meeting that somebody reported, only
// keys messages are erased. The meeting itself, who was there and who was a host stay.
func (s *Store) ThinBoards(ctx context.Context, k Keeping) (done Thinned, err error) {
	now := s.now().UTC()
	if done.Ended, err = s.endIdle(ctx, now, k.Idle); err != nil {
		return done, err
	}
	if err := s.forgetGuests(ctx, now.Add(-k.Board)); err != nil {
		return done, err
	}
	for {
		var ids []string
		err := s.read(ctx, func(t *tx) error {
			ids, err = list(ctx, t, func(id *string) []column { return []column{{"id", id}} }, `FROM meetings m WHERE ended < $1 AND (
				EXISTS (SELECT FROM board_entries WHERE meeting = m.id AND kind = 'keys') OR
				EXISTS (SELECT FROM board_entries WHERE meeting = m.id) AND NOT EXISTS (SELECT FROM reports WHERE meeting = m.id))
				ORDER BY ended, id LIMIT $2`, now.Add(-k.Board), thinChunk)
			return err
		})
		if err != nil || len(ids) == 0 {
			return done, err
		}
		for _, id := range ids {
			n, err := s.thin(ctx, id)
			if err != nil {
				return done, err
			}
			done.Boards, done.Rows = done.Boards+1, done.Rows+n
		}
	}
}

// endIdle ends meetings on whose board nothing came for long.
func (s *Store) endIdle(ctx context.Context, now time.Time, idle time.Duration) (n int, err error) {
	err = s.change(ctx, func(t *tx) error {
		tag, err := t.exec(ctx, `UPDATE meetings m SET ended = $1 WHERE mode <> '' AND opened AND ended IS NULL AND started < $2
			AND coalesce((SELECT at FROM board_entries WHERE meeting = m.id ORDER BY number DESC LIMIT 1), started) < $2`, now, now.Add(-idle))
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}

// thin erases one board. A report that is being filed about the meeting holds its row: it comes before, and keeps the board, or after.
func (s *Store) thin(ctx context.Context, id string) (rows int64, err error) {
	err = s.change(ctx, func(t *tx) error {
		if _, err := scalar[string](ctx, t, "SELECT id FROM meetings WHERE id = $1 FOR UPDATE", id); err != nil {
			return err
		}
		tag, err := t.exec(ctx, `DELETE FROM board_entries WHERE meeting = $1 AND (kind = 'keys' OR NOT EXISTS (SELECT FROM reports WHERE meeting = $1))`, id)
		rows = tag.RowsAffected()
		return err
	})
	return rows, err
}

// forgetGuests erases which devices guests of meetings that were over by then had: they report within a day.
func (s *Store) forgetGuests(ctx context.Context, before time.Time) error {
	return s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM meeting_guests g USING meetings m WHERE m.id = g.meeting AND m.ended < $1", before)
		return err
	})
}
