package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// lockSequencer is the advisory lock of whoever gives events their places.
const lockSequencer = 0x73657175 // "sequ"

func leafColumns(l *custody.Leaf) []column {
	return []column{{"id", &l.ID}, {"at", &l.Time}, {"act", &l.Act}, {"actor", &l.Actor}, {"case_id", opt(&l.Case)},
		{"subject", &l.Subject}, {"commitment", hash(&l.Commitment)}}
}

// eventRow is an event with its erasable detail beside it; both are NULL once erased.
type eventRow struct {
	triage.LoggedEvent
	detail []byte
	data   []byte // of its leaf, once it is sequenced
}

func eventColumns(e *eventRow) []column {
	return append(of("e", leafColumns(&e.Leaf)), column{"d.salt", hash(&e.Salt)}, column{"d.detail", textBytes{&e.detail}})
}

func loggedColumns(e *eventRow) []column {
	return append(eventColumns(e), column{"coalesce(l.index, -1)", &e.Index}, column{"l.data", &e.data}, column{"coalesce(a.name, '')", &e.ActorName})
}

func (t *tx) Log(ctx context.Context, e custody.Event) error {
	detail, err := e.Detail.Canonical()
	if err != nil {
		return fmt.Errorf("writing down custody event %s: %w", e.Act, err)
	}
	tag, err := t.exec(ctx, `WITH event AS (
			INSERT INTO custody_events (id, at, act, actor, case_id, subject, commitment) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING RETURNING id, number),
		pending AS (INSERT INTO custody_pending (event, number) SELECT id, number FROM event)
		INSERT INTO custody_details (event, salt, detail) SELECT id, $8, $9 FROM event`,
		append(values(leafColumns(&e.Leaf)), hash(&e.Salt), string(detail))...)
	if err == nil && tag.RowsAffected() == 0 {
		return triage.Errorf(triage.Conflict, "This event is in the custody log already.")
	}
	return err
}

// ofCase is the events of a case ($1), and of the cases that its reports came from those on what it has now.
const ofCase = `e.case_id = ANY (array_append(ARRAY(SELECT unnest(ARRAY[from_case, into_case]) FROM case_moves
		WHERE reports && ARRAY(SELECT id FROM reports WHERE case_id = $1)), $1))
	AND (e.case_id = $1 OR e.subject IN (SELECT 'report/' || id FROM reports WHERE case_id = $1
		UNION ALL SELECT 'exhibit/' || id FROM exhibits WHERE case_id = $1))`

func (t *tx) EventsOf(ctx context.Context, c triage.CaseID) ([]triage.LoggedEvent, error) {
	return t.logged(ctx, ofCase, c)
}

func (t *tx) EventsOn(ctx context.Context, c triage.CaseID, subject string, acts ...custody.Act) ([]triage.LoggedEvent, error) {
	return t.logged(ctx, ofCase+" AND e.subject = $2 AND e.act = ANY ($3)", c, subject, ids(&acts))
}

// logged lists the events for which a condition holds, oldest first.
func (t *tx) logged(ctx context.Context, condition string, args ...any) ([]triage.LoggedEvent, error) {
	rows, err := list(ctx, t, loggedColumns, `FROM custody_events e LEFT JOIN custody_details d ON d.event = e.id
		LEFT JOIN custody_leaves l ON l.event = e.id LEFT JOIN accounts a ON a.id = e.actor
		WHERE `+condition+` ORDER BY e.at, e.number`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]triage.LoggedEvent, len(rows))
	for i := range rows {
		if out[i], err = rows[i].logged(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// logged is the event as its leaf says, once it has one: that is what the signed tree vouches for, and not the row. That
// a leaf can be read at all is for the verification of the log to say.
func (e eventRow) logged() (triage.LoggedEvent, error) {
	if leaf, err := custody.ParseLeaf(e.data); err == nil {
		e.Leaf = leaf
	}
	if e.Actor == custody.System {
		e.ActorName = triage.SystemActor.Name
	}
	if e.detail != nil {
		d, err := custody.ParseDetail(e.detail)
		if err != nil {
			return triage.LoggedEvent{}, fmt.Errorf("reading the detail of custody event %s: %w", e.ID, err)
		}
		e.Detail = d
	}
	return e.LoggedEvent, nil
}

func (t *tx) lockSequencer(ctx context.Context) error {
	_, err := t.exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockSequencer))
	return err
}

func (t *tx) Unsequenced(ctx context.Context, limit int) ([]custody.Event, error) {
	if err := t.lockSequencer(ctx); err != nil {
		return nil, err
	}
	rows, err := list(ctx, t, eventColumns, `FROM custody_pending p JOIN custody_events e ON e.id = p.event
		LEFT JOIN custody_details d ON d.event = e.id ORDER BY p.number LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	out := make([]custody.Event, len(rows))
	for i := range rows {
		e, err := rows[i].logged()
		if err != nil {
			return nil, err
		}
		out[i] = e.Event
	}
	return out, nil
}

func (t *tx) AppendLeaves(ctx context.Context, size int64, leaves []triage.Leaf, hashes [][32]byte) error {
	if err := t.lockSequencer(ctx); err != nil {
		return err
	}
	now, err := t.TreeSize(ctx)
	if err != nil {
		return err
	}
	if now != size {
		return triage.Errorf(triage.Conflict, "The custody log has grown meanwhile: it has %d entries, not %d.", now, size)
	}
	if err := checkGrowth(size, leaves, hashes); err != nil {
		return err
	}
	events, data := make([]string, len(leaves)), make([][]byte, len(leaves))
	for i, l := range leaves {
		events[i], data[i] = l.Event, l.Data
	}
	if _, err := t.exec(ctx, `INSERT INTO custody_leaves (index, event, data)
		SELECT $1 + n - 1, event, data FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS l (event, data, n)`, size, events, data); err != nil {
		return err
	}
	stored := make([][]byte, len(hashes))
	for i := range hashes {
		stored[i] = hashes[i][:]
	}
	if _, err := t.exec(ctx, `INSERT INTO custody_hashes (index, hash)
		SELECT $1 + n - 1, hash FROM unnest($2::bytea[]) WITH ORDINALITY AS h (hash, n)`, tlog.StoredHashCount(size), stored); err != nil {
		return err
	}
	_, err = t.exec(ctx, "DELETE FROM custody_pending WHERE event = ANY($1)", events)
	return err
}

// checkGrowth refuses leaves and hashes that do not continue a tree of that size.
func checkGrowth(size int64, leaves []triage.Leaf, hashes [][32]byte) error {
	for i, l := range leaves {
		if l.Index != size+int64(i) {
			return fmt.Errorf("appending to the custody log: leaf %d where %d comes next", l.Index, size+int64(i))
		}
	}
	want := tlog.StoredHashCount(size+int64(len(leaves))) - tlog.StoredHashCount(size)
	if int64(len(hashes)) != want {
		return fmt.Errorf("appending to the custody log: %d hashes for %d leaves; there should be %d", len(hashes), len(leaves), want)
	}
	return nil
}

func (t *tx) TreeSize(ctx context.Context) (int64, error) {
	return scalar[int64](ctx, t, "SELECT coalesce(max(index), -1) + 1 FROM custody_leaves")
}

func (t *tx) ReadHashes(ctx context.Context, indexes []int64) ([][32]byte, error) {
	type stored struct {
		index int64
		hash  [32]byte
	}
	rows, err := list(ctx, t, func(s *stored) []column { return []column{{"index", &s.index}, {"hash", hash(&s.hash)}} },
		"FROM custody_hashes WHERE index = ANY($1)", indexes)
	if err != nil {
		return nil, err
	}
	at := make(map[int64][32]byte, len(rows))
	for _, r := range rows {
		at[r.index] = r.hash
	}
	out := make([][32]byte, len(indexes))
	for i, index := range indexes {
		h, ok := at[index]
		if !ok {
			return nil, triage.Errorf(triage.NotFound, "The custody log has no stored hash %d.", index)
		}
		out[i] = h
	}
	return out, nil
}

// placedRow is a leaf with what can be erased beside it.
type placedRow struct {
	triage.Leaf
	detail []byte
}

func placedColumns(l *placedRow) []column {
	return []column{{"l.index", &l.Index}, {"l.event", &l.Event}, {"l.data", &l.Data}, {"d.salt", hash(&l.Salt)},
		{"d.detail", textBytes{&l.detail}}}
}

func (t *tx) leaves(ctx context.Context, rest string, args ...any) ([]triage.Leaf, error) {
	rows, err := list(ctx, t, placedColumns, "FROM custody_leaves l LEFT JOIN custody_details d ON d.event = l.event "+rest, args...)
	if err != nil {
		return nil, err
	}
	out := make([]triage.Leaf, len(rows))
	for i, r := range rows {
		if out[i] = r.Leaf; r.detail == nil {
			continue
		}
		if out[i].Content, err = custody.ParseDetail(r.detail); err != nil {
			return nil, fmt.Errorf("reading the detail of custody event %s: %w", r.Event, err)
		}
	}
	return out, nil
}

func (t *tx) Leaves(ctx context.Context, from int64, limit int) ([]triage.Leaf, error) {
	return t.leaves(ctx, "WHERE l.index >= $1 ORDER BY l.index LIMIT $2", from, limit)
}

func (t *tx) LeafOf(ctx context.Context, event string) (triage.Leaf, error) {
	found, err := t.leaves(ctx, "WHERE l.event = $1", event)
	if err == nil && len(found) == 0 {
		return triage.Leaf{}, triage.Errorf(triage.NotFound, "The custody log has no place for event %q yet.", event)
	}
	if err != nil {
		return triage.Leaf{}, err
	}
	return found[0], nil
}

func (t *tx) InsertCheckpoint(ctx context.Context, size int64, signed []byte, at time.Time) error {
	return t.insert(ctx, "custody_checkpoints", []column{{"size", &size}, {"signed", &signed}, {"at", &at}})
}

func (t *tx) Checkpoints(ctx context.Context, after int64, limit int) ([][]byte, error) {
	rows, err := t.q.Query(ctx, "SELECT signed FROM custody_checkpoints WHERE size > $1 ORDER BY size, number LIMIT $2", after, limit)
	if err != nil {
		return nil, mapError(err)
	}
	signed, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return signed, mapError(err)
}

func (t *tx) Checkpoint(ctx context.Context) (signed []byte, size int64, err error) {
	err = t.q.QueryRow(ctx, "SELECT signed, size FROM custody_checkpoints ORDER BY size DESC, number DESC LIMIT 1").Scan(&signed, &size)
	return signed, size, mapError(err)
}
