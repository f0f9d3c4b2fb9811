package triagetest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// matchKey is what a match is of.
type matchKey struct {
	list    triage.HashListID
	entry   int
	exhibit triage.ExhibitID
}

func (t *tx) InsertHashList(_ context.Context, l triage.HashList, entries []triage.HashEntry) error {
	if err := t.write("InsertHashList"); err != nil {
		return err
	}
	t.entries[l.ID] = copyOf(entries)
	return insert(t.hashLists, l.ID, l)
}

func (t *tx) HashList(_ context.Context, id triage.HashListID) (triage.HashList, error) {
	return get(t.hashLists, id)
}

var newestList = newest(func(l triage.HashList) time.Time { return l.At }, func(l triage.HashList) triage.HashListID { return l.ID })

func (t *tx) HashLists(_ context.Context, lanes []triage.Lane) ([]triage.HashList, error) {
	return find(t.hashLists, func(l triage.HashList) bool { return slices.Contains(lanes, l.Lane) }, newestList, 0), nil
}

func (t *tx) SaveHashList(_ context.Context, l triage.HashList) error {
	if err := t.write("SaveHashList"); err != nil {
		return err
	}
	old, err := guarded(t.hashLists, l.ID, func(l triage.HashList) int { return l.Version }, l.Version)
	if err != nil {
		return err
	}
	old.Done, old.Version = l.Done, old.Version+1
	t.hashLists[l.ID] = old
	return nil
}

func (t *tx) DeleteHashList(_ context.Context, id triage.HashListID) error {
	if err := t.write("DeleteHashList"); err != nil {
		return err
	}
	if _, err := get(t.hashLists, id); err != nil {
		return err
	}
	delete(t.hashLists, id)
	delete(t.entries, id)
	for k := range t.hits {
		if k.list == id {
			delete(t.hits, k)
		}
	}
	return nil
}

func (t *tx) Hashes(_ context.Context, id triage.HashListID, after, limit int) (out []triage.HashEntry, _ error) {
	all := t.entries[id]
	return copyOf(all[min(after, len(all)):min(after+limit, len(all))]), nil
}

func (t *tx) Listed(_ context.Context, kind triage.HashKind, hash []byte, lanes []triage.Lane, limit int) (out []triage.Listed, _ error) {
	for _, l := range find(t.hashLists, func(l triage.HashList) bool { return l.Kind == kind && slices.Contains(lanes, l.Lane) }, newestList, 0) {
		for _, e := range t.entries[l.ID] {
			if d, ok := distance(kind, e.Hash, hash); ok && len(out) < limit {
				out = append(out, listed(l, e, triage.HashMatch{List: l.ID, Entry: e.Number, Distance: d}))
			}
		}
	}
	return out, nil
}

// distance is in how many bits two hashes differ; false where they do not match.
func distance(kind triage.HashKind, a, b []byte) (int, bool) {
	if kind != triage.HashPDQ {
		return 0, bytes.Equal(a, b)
	}
	d := pdq.FromBytes([32]byte(a)).Distance(pdq.FromBytes([32]byte(b)))
	return d, d <= pdq.MatchDistance
}

func listed(l triage.HashList, e triage.HashEntry, m triage.HashMatch) triage.Listed {
	return triage.Listed{HashMatch: m, Lane: l.Lane, Source: l.Source, Holds: l.Label, Kind: l.Kind, Label: e.Label}
}

func (t *tx) ExhibitsHashed(ctx context.Context, kind triage.HashKind, hash []byte, limit int) (out []triage.FrameNear, _ error) {
	if kind == triage.HashPDQ {
		return t.FramesNear(ctx, pdq.FromBytes([32]byte(hash)), limit)
	}
	for _, x := range find(t.exhibits, func(x triage.Exhibit) bool {
		p, ok := t.prints[x.ID]
		return kind == triage.HashSHA256 && bytes.Equal(x.SHA256[:], hash) || kind == triage.HashMD5 && ok && bytes.Equal(p.MD5[:], hash)
	}, newestExhibit, limit) {
		out = append(out, triage.FrameNear{Exhibit: x.ID})
	}
	return out, nil
}

func (t *tx) PutMatch(_ context.Context, m triage.HashMatch) (bool, error) {
	if err := t.write("PutMatch"); err != nil {
		return false, err
	}
	k := matchKey{m.List, m.Entry, m.Exhibit}
	if _, ok := t.hits[k]; ok {
		return false, nil
	}
	t.hits[k] = m
	return true, nil
}

func (t *tx) matched(keep func(triage.Listed) bool, order func(a, b triage.Listed) int, limit int) []triage.Listed {
	all := map[matchKey]triage.Listed{}
	for k, m := range t.hits {
		l := listed(t.hashLists[k.list], t.entries[k.list][k.entry-1], m)
		l.Case, l.Number = t.exhibits[k.exhibit].Case, t.exhibits[k.exhibit].Number
		all[k] = l
	}
	return find(all, keep, order, limit)
}

func (t *tx) MatchesOf(_ context.Context, x triage.ExhibitID, lanes []triage.Lane, limit int) ([]triage.Listed, error) {
	return t.matched(func(l triage.Listed) bool { return l.Exhibit == x && slices.Contains(lanes, l.Lane) }, func(a, b triage.Listed) int {
		return cmp.Or(newestList(t.hashLists[a.List], t.hashLists[b.List]), a.Entry-b.Entry)
	}, limit), nil
}

func (t *tx) MatchesOn(_ context.Context, id triage.HashListID, lanes []triage.Lane, without account.ID, limit int) ([]triage.Listed, error) {
	return t.matched(func(l triage.Listed) bool {
		return l.List == id && slices.Contains(lanes, t.cases[l.Case].Lane) && !t.isParty(without, l.Case)
	}, func(a, b triage.Listed) int {
		return cmp.Or(newestExhibit(t.exhibits[a.Exhibit], t.exhibits[b.Exhibit]), a.Entry-b.Entry)
	}, limit), nil
}
