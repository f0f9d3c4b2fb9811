package custody

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// keeping is a witness with a log to keep checkpoints of.
type keeping struct {
	*Witness
	t     *testing.T
	dir   string
	trees []tlog.Tree // of the first n entries
	hash  memory
}

func newKeeping(t *testing.T, entries int) *keeping {
	t.Helper()
	k := &keeping{t: t, dir: t.TempDir(), trees: []tlog.Tree{EmptyTree}}
	k.Witness = NewWitness(openRing(t, k.dir))
	_, leaves := events(t, entries)
	for _, l := range leaves {
		g, err := Append(k.trees[len(k.trees)-1], [][]byte{l}, k.hash)
		check(t, err)
		k.hash, k.trees = append(k.hash, g.Hashes...), append(k.trees, g.New)
	}
	return k
}

func (k *keeping) sign(tree tlog.Tree) []byte {
	k.t.Helper()
	b, err := SignCheckpoint(tree, noon, k.ring.Signer(RoleLog))
	check(k.t, err)
	return b
}

func (k *keeping) keep(from, to int) error {
	k.t.Helper()
	p, err := ProveConsistency(int64(from), int64(to), k.hash)
	check(k.t, err)
	return k.Keep(k.sign(k.trees[to]), p)
}

// holds expects the kept checkpoint to be of a size, for another process too.
func (k *keeping) holds(size int64) {
	k.t.Helper()
	for _, w := range []*Witness{k.Witness, NewWitness(openRing(k.t, k.dir))} {
		if got, err := w.Kept(); err != nil || got.Tree.N != size {
			k.t.Errorf("%d entries are kept, %v; want %d", got.Tree.N, err, size)
		}
	}
}

func TestWitnessOnlyGoesForward(t *testing.T) {
	k := newKeeping(t, 12)
	k.holds(0)
	check(t, k.keep(0, 5))
	check(t, k.keep(5, 9))
	k.holds(9)
	info, err := os.Stat(filepath.Join(k.dir, keptFile))
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %o", info.Mode().Perm())
	}
	check(t, k.keep(5, 7)) // somebody was quicker
	check(t, k.keep(0, 12))
	check(t, k.keep(9, 9))
	k.holds(9)
	proof, err := ProveConsistency(9, 12, k.hash)
	check(t, err)
	stranger, _ := key(t, "desk.example.org/log")
	forged, err := SignCheckpoint(k.trees[12], noon, stranger)
	check(t, err)
	other := k.trees[12]
	other.Hash[0] ^= 1
	for name, err := range map[string]error{
		"another tree":                k.Keep(k.sign(other), proof),
		"another tree of its size":    k.Keep(k.sign(tlog.Tree{N: 9, Hash: other.Hash}), Consistency{9, 9, nil}),
		"a smaller tree":              k.Keep(k.sign(k.trees[5]), Consistency{9, 5, nil}),
		"no proof":                    k.Keep(k.sign(k.trees[12]), Consistency{9, 12, nil}),
		"the proof of another":        k.Keep(k.sign(k.trees[11]), proof),
		"a checkpoint by a stranger":  k.Keep(forged, proof),
		"something that is no note":   k.Keep([]byte("x"), proof),
		"a note with one bit changed": k.Keep(append(k.sign(k.trees[12])[1:], 0), proof),
	} {
		if err == nil {
			t.Errorf("%s is kept", name)
		}
		k.holds(9)
	}
	check(t, k.Keep(k.sign(k.trees[12]), proof))
	k.holds(12)
}

func TestWitnessOutlivesTheKey(t *testing.T) {
	k := newKeeping(t, 6)
	check(t, k.keep(0, 4))
	for range 2 {
		_, err := k.ring.Rotate(RoleLog, noon)
		check(t, err)
		k.holds(4)
	}
	check(t, k.keep(4, 6))
	k.holds(6)
}

// TestWitnessesOfOneFolder has several processes keep checkpoints in one folder at once: the newest stays.
func TestWitnessesOfOneFolder(t *testing.T) {
	k := newKeeping(t, 40)
	var wg sync.WaitGroup
	for range 4 {
		node := *k
		node.Witness = NewWitness(openRing(t, k.dir))
		wg.Go(func() {
			for {
				kept, err := node.Kept()
				if err != nil {
					t.Error(err)
					return
				}
				from := int(kept.Tree.N)
				if from == 40 {
					return
				}
				if err := node.keep(from, from+1); err != nil {
					t.Errorf("from %d: %v", from, err)
					return
				}
				if now, err := node.Kept(); err != nil || now.Tree.N <= kept.Tree.N {
					t.Errorf("after %d: %d, %v", kept.Tree.N, now.Tree.N, err)
				}
			}
		})
	}
	wg.Wait()
	k.holds(40)
}

func TestWitnessDoesNotBelieveAnything(t *testing.T) {
	foreign, _ := key(t, "other.example.org/log")
	for name, c := range map[string]struct {
		spoil func(k *keeping, path string) error
		words string
	}{
		"cut short": {func(k *keeping, path string) error { return os.Truncate(path, 40) }, "canonical form"},
		"empty":     {func(k *keeping, path string) error { return os.Truncate(path, 0) }, "canonical form"},
		"one bit": {func(k *keeping, path string) error {
			b, err := os.ReadFile(path)
			b[bytes.IndexByte(b, '\n')+1] ^= 1 // in the size
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		}, "changed after it was signed"},
		"another platform's": {func(k *keeping, path string) error {
			b, err := SignCheckpoint(k.trees[3], noon, foreign)
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		}, "other.example.org"},
		"a receipt": {func(k *keeping, path string) error {
			b, err := SignReceipt(Receipt{Report: "R-1", Time: noon}, k.ring.Signer(RoleReceipt))
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		}, "not a key for a log"},
		"a link elsewhere": {func(k *keeping, path string) error {
			return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
		}, "not an ordinary file"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeping(t, 5)
			check(t, k.keep(0, 3))
			path := filepath.Join(k.dir, keptFile)
			check(t, c.spoil(k, path))
			_, err := k.Kept()
			if err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "proffer staff restored") {
				t.Errorf("got %v", err)
			}
			if err := k.keep(3, 5); err == nil {
				t.Error("it was replaced")
			}
			was, err := os.ReadFile(path)
			check(t, err)
			aside, err := k.SetAside(noon)
			check(t, err)
			if is, err := os.ReadFile(filepath.Join(k.dir, aside)); err != nil || !bytes.Equal(is, was) {
				t.Errorf("set aside: %v", err)
			}
			k.holds(0)
		})
	}
}

func TestWitnessSetsAsideForEver(t *testing.T) {
	k := newKeeping(t, 5)
	if _, err := k.SetAside(noon); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with nothing kept: %v", err)
	}
	for i := range 3 {
		check(t, k.keep(0, i+1))
		_, err := k.SetAside(noon.Add(time.Duration(i) * time.Hour))
		check(t, err)
	}
	check(t, k.keep(0, 5))
	if _, err := k.SetAside(noon); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over one that was set aside before: %v", err)
	}
	k.holds(5)
	aside, err := k.Aside()
	check(t, err)
	for i, a := range aside {
		if a.Tree != k.trees[i+1] || len(a.Signed) == 0 || a.At.IsZero() {
			t.Errorf("number %d is %+v", i, a)
		}
	}
	if len(aside) != 3 || aside[0].Name != "log-"+noon.Format("2006-01-02T150405Z")+".checkpoint" {
		t.Errorf("%d were set aside: %v", len(aside), aside)
	}
	openRing(t, k.dir) // the key ring does not take them for keys
}

func TestContinuedBy(t *testing.T) {
	k := newKeeping(t, 12)
	other := newKeeping(t, 12)
	at := func(k *keeping, n int) Checkpoint { return Checkpoint{"desk.example.org/log", k.trees[n], noon} }
	for name, c := range map[string]struct {
		kept, head Checkpoint
		want       Problem
	}{
		"nothing kept":      {at(k, 0), at(k, 7), ""},
		"the same":          {at(k, 7), at(k, 7), ""},
		"grown":             {at(k, 7), at(k, 12), ""},
		"cut":               {at(k, 7), at(k, 6), WentBack},
		"gone":              {at(k, 7), at(k, 0), WentBack},
		"another":           {at(k, 7), at(other, 7), Rewritten},
		"another and grown": {at(other, 7), at(k, 12), Rewritten},
	} {
		err := Kept{Checkpoint: c.kept}.ContinuedBy(c.head, k.hash)
		var f *Failure
		if errors.As(err, &f); (c.want == "") != (err == nil) || f != nil && f.Problem != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Kept{Checkpoint: at(k, 7)}).ContinuedBy(at(k, 12), memory{}); err == nil {
		t.Error("without stored hashes it is believed")
	}
}

func TestVerifyHoldsTheLogAgainstWhatIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, b *logbook)
		want   Problem
		words  string
	}{
		"as it was": {func(*testing.T, *logbook) {}, "", "It continues the checkpoint over 60 entries that is kept outside"},
		"the end and its checkpoints cut off": {func(t *testing.T, b *logbook) {
			b.entries, b.checkpoints = b.entries[:50], b.checkpoints[:1]
		}, WentBack, "covers 60 entries, but the database has 50"},
		"cut off up to a checkpoint": {func(t *testing.T, b *logbook) {
			b.entries, b.checkpoints = b.entries[:30], b.checkpoints[:1]
		}, WentBack, "the database has 30, signed on 20"},
		"everything gone": {func(t *testing.T, b *logbook) { b.entries, b.checkpoints = nil, nil }, WentBack, "the database has 0"},
		"other entries under the log's own key": {func(t *testing.T, b *logbook) {
			b.replace(t, 41)
			b.rehash(t)
			b.checkpoints = b.checkpoints[:1]
			b.sign(t, b.tree(t), noon.Add(time.Hour))
		}, Rewritten, "first 60 entries in the database are not those of the checkpoint of 20"},
		"an entry changed": {func(t *testing.T, b *logbook) { b.replace(t, 41) }, EntryChanged, "Entry 41 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newLogbook(t, 64, 30, 60)
			kept := Kept{Checkpoint{"desk.example.org/log", b.trees[1], noon.Add(time.Minute)}, b.checkpoints[1], noon, keptFile}
			c.change(t, b)
			a := b.audit()
			a.Kept = kept
			v, err := Verify(context.Background(), a)
			if c.want == "" {
				check(t, err)
				if !strings.Contains(v.String(), c.words) {
					t.Errorf("it says %q", v)
				}
				return
			}
			var f *Failure
			if !errors.As(err, &f) || f.Problem != c.want || !strings.Contains(f.Error(), c.words) {
				t.Errorf("got %v (%+v), want %s: … %s …", err, f, c.want, c.words)
			}
		})
	}
}

// tree is the tree of all entries.
func (b *logbook) tree(t *testing.T) tlog.Tree {
	t.Helper()
	e, err := readEdge(int64(len(b.entries)), b.hashes)
	check(t, err)
	return e.tree()
}
