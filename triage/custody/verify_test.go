package custody

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// logbook is a whole log as a store would keep it.
type logbook struct {
	entries     []Entry
	hashes      memory
	checkpoints [][]byte
	trees       []tlog.Tree // of checkpoints
	signer      note.Signer
	keys        PublicKeys
}

// newLogbook makes a log with a checkpoint at each of the sizes; entries after the last are in none.
func newLogbook(t testing.TB, n int, sizes ...int) *logbook {
	t.Helper()
	b := &logbook{}
	b.signer, b.keys = key(t, "desk.example.org/log")
	es, leaves := events(t, n)
	for i, e := range es {
		b.entries = append(b.entries, Entry{int64(i), leaves[i], e.Salt, e.Detail})
	}
	tree, from := EmptyTree, 0
	for i, size := range append(sizes, n) {
		g, err := Append(tree, leaves[from:size], b.hashes)
		check(t, err)
		b.hashes, tree, from = append(b.hashes, g.Hashes...), g.New, size
		if i < len(sizes) {
			b.sign(t, tree, noon.Add(time.Duration(i)*time.Minute))
		}
	}
	return b
}

func (b *logbook) sign(t testing.TB, tree tlog.Tree, at time.Time) {
	t.Helper()
	c, err := SignCheckpoint(tree, at, b.signer)
	check(t, err)
	b.checkpoints, b.trees = append(b.checkpoints, c), append(b.trees, tree)
}

func (b *logbook) audit() Audit {
	return Audit{Entries: Each(b.entries), Checkpoints: Each(b.checkpoints), Keys: b.keys.Verifiers(RoleLog), Hashes: b.hashes}
}

// replace puts another well-formed leaf in the place of entry i.
func (b *logbook) replace(t testing.TB, i int) {
	t.Helper()
	l, err := ParseLeaf(b.entries[i].Leaf)
	check(t, err)
	l.Actor = "A-99999-99999"
	b.entries[i].Leaf, err = l.Encode()
	check(t, err)
}

func TestVerifyAgreesWithAnHonestLog(t *testing.T) {
	b := newLogbook(t, 5000, 0, 1, 1, 17, 2500, 4990)
	b.entries[3].Salt, b.entries[3].Detail = Salt{}, nil
	v, err := Verify(context.Background(), b.audit())
	check(t, err)
	if v.Entries != 5000 || v.Opened != 4999 || v.Heads != 6 || v.Unsettled != 10 || !v.Signed || v.Head.Tree != b.trees[5] {
		t.Errorf("got %+v", v)
	}
	for _, want := range []string{"5000 entries", "6 checkpoints", "4999 details", "newest 10"} {
		if !strings.Contains(v.String(), want) {
			t.Errorf("%q does not say %q", v, want)
		}
	}
	a := b.audit()
	a.Keys, a.Hashes = nil, nil
	v, err = Verify(context.Background(), a)
	check(t, err)
	if v.Signed || !strings.Contains(v.String(), "signer unknown") {
		t.Errorf("without a key: %s", v)
	}
	if v, err = Verify(context.Background(), newLogbook(t, 0).audit()); err != nil || v.Entries != 0 {
		t.Errorf("the empty log: %+v, %v", v, err)
	}
}

func TestVerifyNamesTheFirstThingThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, b *logbook)
		want   Problem
		index  int64
		words  string
	}{
		"an entry changed": {func(t *testing.T, b *logbook) { b.replace(t, 41) }, EntryChanged, 41, "Entry 41 was changed"},
		"an entry changed along with its hash": {func(t *testing.T, b *logbook) {
			b.replace(t, 41)
			b.hashes[tlog.StoredHashIndex(0, 41)] = tlog.RecordHash(b.entries[41].Leaf)
		}, HashChanged, 40, "tree hash over entries 40 to 41"},
		"an entry changed along with all hashes": {func(t *testing.T, b *logbook) {
			b.replace(t, 41)
			b.rehash(t)
		}, TreeDiffers, 30, "among entries 30 to 59"},
		"an entry in no form": {func(t *testing.T, b *logbook) { b.entries[9].Leaf = []byte("x") }, EntryMalformed, 9, "Entry 9 cannot"},
		"an entry taken out": {func(t *testing.T, b *logbook) { b.entries = slices.Delete(b.entries, 7, 8) },
			EntryMissing, 7, "Entry 7 is missing"},
		"an entry taken out and the rest renumbered": {func(t *testing.T, b *logbook) {
			b.entries = slices.Delete(b.entries, 7, 8)
			for i := range b.entries {
				b.entries[i].Index = int64(i)
			}
		}, EntryChanged, 7, "Entry 7 was changed"},
		"two entries swapped": {func(t *testing.T, b *logbook) {
			b.entries[5].Leaf, b.entries[6].Leaf = b.entries[6].Leaf, b.entries[5].Leaf
			b.entries[5].Salt, b.entries[6].Salt = b.entries[6].Salt, b.entries[5].Salt
			b.entries[5].Detail, b.entries[6].Detail = b.entries[6].Detail, b.entries[5].Detail
		}, EntryChanged, 5, "Entry 5 was changed"},
		"the end cut off": {func(t *testing.T, b *logbook) { b.entries = b.entries[:50] },
			EntryMissing, 50, "entries 50 and later are missing"},
		"everything gone": {func(t *testing.T, b *logbook) { b.entries = nil }, EntryMissing, 0, "ends after 0 entries"},
		"a detail changed": {func(t *testing.T, b *logbook) { b.entries[12].Detail = Detail{"name": "other"} },
			DetailChanged, 12, ") stands, but not its detail"},
		"a detail without its salt": {func(t *testing.T, b *logbook) { b.entries[12].Salt = Salt{} }, DetailChanged, 12, "salt is not"},
		"a stored hash changed":     {func(t *testing.T, b *logbook) { b.hashes[2][0] ^= 1 }, HashChanged, 0, "over entries 0 to 1"},
		"a checkpoint changed":      {func(t *testing.T, b *logbook) { b.checkpoints[1][30] ^= 1 }, CheckpointBad, -1, "Checkpoint 2"},
		"a checkpoint by a stranger": {func(t *testing.T, b *logbook) {
			b.signer, _ = key(t, "desk.example.org/log")
			b.sign(t, b.trees[1], noon.Add(time.Hour))
		}, CheckpointBad, -1, "not by a key that is known"},
		"an older checkpoint served last": {func(t *testing.T, b *logbook) { b.checkpoints = append(b.checkpoints, b.checkpoints[0]) },
			CheckpointOlder, -1, "the log went back"},
		"a checkpoint of an earlier time": {func(t *testing.T, b *logbook) { b.sign(t, b.trees[1], noon.Add(-1e6)) },
			CheckpointOlder, -1, "the log went back"},
		"two logs of one size": {func(t *testing.T, b *logbook) {
			b.sign(t, tlog.Tree{N: b.trees[1].N, Hash: tlog.Hash{1}}, noon.Add(time.Hour))
		}, TreeDiffers, -1, "Two different logs of 60"},
		"no checkpoint": {func(t *testing.T, b *logbook) { b.checkpoints = nil }, CheckpointMissing, -1, "nothing vouches"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newLogbook(t, 64, 30, 60)
			c.change(t, b)
			_, err := Verify(context.Background(), b.audit())
			var f *Failure
			if !errors.As(err, &f) || f.Problem != c.want || f.Index != c.index || !strings.Contains(f.Error(), c.words) {
				t.Errorf("got %v (%+v), want %s at %d: … %s …", err, f, c.want, c.index, c.words)
			}
		})
	}
}

func (b *logbook) rehash(t testing.TB) {
	t.Helper()
	var leaves [][]byte
	for _, e := range b.entries {
		leaves = append(leaves, e.Leaf)
	}
	g, err := Append(EmptyTree, leaves, memory{})
	check(t, err)
	b.hashes = g.Hashes
}

// TestVerifyFindsEveryBit flips each bit of each leaf, without the stored hashes to help.
func TestVerifyFindsEveryBit(t *testing.T) {
	b := newLogbook(t, 5, 5)
	a := b.audit()
	a.Hashes = nil
	for i := range b.entries {
		flips(b.entries[i].Leaf, func(bit int, _ []byte) {
			if _, err := Verify(context.Background(), a); err == nil {
				t.Errorf("entry %d: bit %d does not count", i, bit)
			}
		})
	}
	if _, err := Verify(context.Background(), a); err != nil {
		t.Error(err)
	}
}

func TestVerifyPassesOnWhatItCannotRead(t *testing.T) {
	b := newLogbook(t, 64, 64)
	broken := errors.New("the disk is gone")
	for name, change := range map[string]func(*Audit){
		"entries": func(a *Audit) {
			a.Entries = func(yield func(Entry, error) bool) { _ = yield(b.entries[0], nil) && yield(Entry{}, broken) }
		},
		"checkpoints": func(a *Audit) { a.Checkpoints = func(yield func([]byte, error) bool) { yield(nil, broken) } },
		"hashes": func(a *Audit) {
			a.Hashes = tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, broken })
		},
	} {
		a := b.audit()
		change(&a)
		var f *Failure
		if _, err := Verify(context.Background(), a); !errors.Is(err, broken) || errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Verify(ctx, b.audit()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
