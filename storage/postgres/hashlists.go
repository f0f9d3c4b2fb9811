package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func hashListColumns(l *triage.HashList) []column {
	return []column{{"id", &l.ID}, {"lane", &l.Lane}, {"source", &l.Source}, {"label", &l.Label}, {"kind", &l.Kind}, {"entries", &l.Entries},
		{"done", &l.Done}, {"by", &l.By}, {"at", &l.At}, {"version", &l.Version}}
}

func (t *tx) InsertHashList(ctx context.Context, l triage.HashList, entries []triage.HashEntry) error {
	if err := t.insert(ctx, "hash_lists", hashListColumns(&l)); err != nil {
		return err
	}
	_, err := t.q.CopyFrom(ctx, pgx.Identifier{"hash_entries"}, []string{"list", "number", "hash", "label", "pdq", "bands"}, pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) {
		e := entries[i]
		row := []any{string(l.ID), e.Number, e.Hash, e.Label, nil, nil}
		if l.Kind == triage.HashPDQ {
			h := pdq.FromBytes([32]byte(e.Hash))
			row[4], row[5] = bits(h), h.Bands()
		}
		return row, nil
	}))
	return mapError(err)
}

func (t *tx) HashList(ctx context.Context, id triage.HashListID) (triage.HashList, error) {
	return one(ctx, t, hashListColumns, "FROM hash_lists WHERE id = $1", id)
}

func (t *tx) HashLists(ctx context.Context, lanes []triage.Lane) ([]triage.HashList, error) {
	return list(ctx, t, hashListColumns, "FROM hash_lists WHERE lane = ANY($1) ORDER BY at DESC, id", ids(&lanes))
}

func (t *tx) SaveHashList(ctx context.Context, l triage.HashList) error {
	return t.save(ctx, "hash_lists", string(l.ID), l.Version, only(hashListColumns(&l), "done"))
}

func (t *tx) DeleteHashList(ctx context.Context, id triage.HashListID) error {
	tag, err := t.exec(ctx, "DELETE FROM hash_lists WHERE id = $1", id)
	if err == nil && tag.RowsAffected() == 0 {
		return triage.Errorf(triage.NotFound, "There is no such list any more.")
	}
	return err
}

func (t *tx) Hashes(ctx context.Context, id triage.HashListID, after, limit int) ([]triage.HashEntry, error) {
	return list(ctx, t, func(e *triage.HashEntry) []column {
		return []column{{"number", &e.Number}, {"hash", &e.Hash}, {"label", &e.Label}}
	}, "FROM hash_entries WHERE list = $1 AND number > $2 ORDER BY number LIMIT $3", id, after, limit)
}

// listedColumns are those of hash_lists l and hash_entries e.
func listedColumns(l *triage.Listed, distance string) []column {
	return []column{{"l.id", &l.List}, {"e.number", &l.Entry}, {"l.lane", &l.Lane}, {"l.source", &l.Source}, {"l.label", &l.Holds}, {"l.kind", &l.Kind},
		{"e.label", &l.Label}, {distance, &l.Distance}}
}

func (t *tx) Listed(ctx context.Context, kind triage.HashKind, hash []byte, lanes []triage.Lane, limit int) ([]triage.Listed, error) {
	const newest = " ORDER BY l.at DESC, l.id, e.number LIMIT $4"
	if kind != triage.HashPDQ {
		return list(ctx, t, func(l *triage.Listed) []column { return listedColumns(l, "0") },
			"FROM hash_entries e JOIN hash_lists l ON l.id = e.list WHERE e.hash = $1 AND l.kind = $2 AND l.lane = ANY($3)"+newest, hash, kind, ids(&lanes), limit)
	}
	h := pdq.FromBytes([32]byte(hash))
	return list(ctx, t, func(l *triage.Listed) []column { return listedColumns(l, "n.distance") },
		`FROM entries_near($1::bit(256), $2) n JOIN hash_entries e USING (list, number) JOIN hash_lists l ON l.id = e.list WHERE l.lane = ANY($3)`+newest, bits(h), h.NearBands(), ids(&lanes), limit)
}

func (t *tx) ExhibitsHashed(ctx context.Context, kind triage.HashKind, hash []byte, limit int) ([]triage.FrameNear, error) {
	if kind == triage.HashPDQ {
		return t.FramesNear(ctx, pdq.FromBytes([32]byte(hash)), limit)
	}
	from := "FROM exhibits x WHERE x.sha256 = $1"
	if kind == triage.HashMD5 {
		from = "FROM prints p JOIN exhibits x ON x.id = p.exhibit WHERE p.md5 = $1"
	}
	return list(ctx, t, func(f *triage.FrameNear) []column { return []column{{"x.id", &f.Exhibit}} }, from+" ORDER BY x.received DESC, x.id LIMIT $2", hash, limit)
}

func (t *tx) PutMatch(ctx context.Context, m triage.HashMatch) (bool, error) {
	tag, err := t.exec(ctx, `INSERT INTO hash_matches (list, entry, exhibit, at_ms, distance) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		m.List, m.Entry, m.Exhibit, int(m.At.Milliseconds()), m.Distance)
	return tag.RowsAffected() == 1, err
}

// matchColumns are listedColumns with hash_matches m and exhibits x.
func matchColumns(l *triage.Listed) []column {
	return append(listedColumns(l, "m.distance"), column{"m.exhibit", &l.Exhibit}, column{"m.at_ms", millis{&l.At}}, column{"x.case_id", &l.Case}, column{"x.number", &l.Number})
}

const matchTables = `FROM hash_matches m JOIN hash_entries e ON e.list = m.list AND e.number = m.entry JOIN hash_lists l ON l.id = m.list
	JOIN exhibits x ON x.id = m.exhibit `

func (t *tx) MatchesOf(ctx context.Context, x triage.ExhibitID, lanes []triage.Lane, limit int) ([]triage.Listed, error) {
	return list(ctx, t, matchColumns, matchTables+"WHERE m.exhibit = $1 AND l.lane = ANY($2) ORDER BY l.at DESC, l.id, m.entry LIMIT $3", x, ids(&lanes), limit)
}

func (t *tx) MatchesOn(ctx context.Context, id triage.HashListID, lanes []triage.Lane, without account.ID, limit int) ([]triage.Listed, error) {
	return list(ctx, t, matchColumns, matchTables+"JOIN cases c ON c.id = x.case_id WHERE m.list = $1 AND c.lane = ANY($2) AND "+noParty("c.id", "$3")+
		" ORDER BY x.received DESC, x.id, m.entry LIMIT $4", id, ids(&lanes), string(without), limit)
}
