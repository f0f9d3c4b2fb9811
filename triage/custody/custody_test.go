package custody

import (
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// memory is the stored hashes of a tree, by index.
type memory []tlog.Hash

func (m memory) ReadHashes(index []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(index))
	for i, x := range index {
		if x < 0 || x >= int64(len(m)) {
			return nil, fmt.Errorf("no stored hash %d", x)
		}
		out[i] = m[x]
	}
	return out, nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// key makes a signer and the keys that know it.
func key(t testing.TB, name string) (note.Signer, PublicKeys) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	check(t, err)
	s, err := note.NewSigner(skey)
	check(t, err)
	k, err := ParsePublicKey(vkey)
	check(t, err)
	return s, PublicKeys{k}
}

func event(t testing.TB, i int) Event {
	t.Helper()
	all := Acts()
	e, err := NewEvent(fmt.Sprintf("E-%05d", i), noon.Add(time.Duration(i)*time.Second), all[i%len(all)].Act,
		"A-00000-00001", "C-00000-00001", "exhibit/X-00000-00001", Detail{"name": fmt.Sprint("clip ", i)})
	check(t, err)
	return e
}

func events(t testing.TB, n int) (es []Event, leaves [][]byte) {
	t.Helper()
	for i := range n {
		e := event(t, i)
		b, err := e.Encode()
		check(t, err)
		es, leaves = append(es, e), append(leaves, b)
	}
	return es, leaves
}

// flips calls f with b once for each of its bits, that bit flipped.
func flips(b []byte, f func(bit int, b []byte)) {
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		f(bit, b)
		b[bit/8] ^= 1 << (bit % 8)
	}
}

func TestAppendGivesTheTreeOfTlog(t *testing.T) {
	_, leaves := events(t, 300)
	var want memory
	for i, l := range leaves {
		h, err := tlog.StoredHashes(int64(i), l, want)
		check(t, err)
		want = append(want, h...)
	}
	rng := mrand.New(mrand.NewPCG(1, 2))
	for range 20 {
		var have memory
		tree := EmptyTree
		for rest := leaves; len(rest) > 0; {
			n := min(len(rest), rng.IntN(40))
			g, err := Append(tree, rest[:n], have)
			check(t, err)
			if g.First != int64(len(have)) || g.Old != tree {
				t.Fatalf("appending at %d: first is %d, old is %v", len(have), g.First, g.Old)
			}
			have, tree, rest = append(have, g.Hashes...), g.New, rest[n:]
			root, err := tlog.TreeHash(tree.N, want)
			check(t, err)
			if root != tree.Hash {
				t.Fatalf("tree of %d differs from tlog's", tree.N)
			}
		}
		for i := range want {
			if have[i] != want[i] {
				t.Fatalf("stored hash %d differs from tlog's", i)
			}
		}
	}
	root, err := tlog.TreeHash(0, nil)
	check(t, err)
	if root != EmptyTree.Hash {
		t.Error("the empty tree differs from tlog's")
	}
}

func TestAppendRefusesAChangedTree(t *testing.T) {
	_, leaves := events(t, 23)
	g, err := Append(EmptyTree, leaves, memory{})
	check(t, err)
	m := memory(g.Hashes)
	refused := 0
	for i := range m {
		m[i][7] ^= 4
		if _, err := Append(g.New, leaves[:1], m); errors.Is(err, ErrTreeChanged) {
			refused++
		} else {
			check(t, err)
		}
		m[i][7] ^= 4
	}
	if refused != 4 { // 23 = 16 + 4 + 2 + 1
		t.Errorf("%d changed hashes of the edge were noticed, want 4", refused)
	}
	if _, err := Append(tlog.Tree{N: 24, Hash: g.New.Hash}, nil, m); err == nil {
		t.Error("a tree longer than its stored hashes was extended")
	}
	if _, err := Append(tlog.Tree{N: -1}, nil, m); err == nil {
		t.Error("a tree of -1 entries was extended")
	}
}

func TestProofsHoldForEverySizeAndPlace(t *testing.T) {
	const n = 40
	_, leaves := events(t, n)
	g, err := Append(EmptyTree, leaves, memory{})
	check(t, err)
	m := memory(g.Hashes)
	trees := []tlog.Tree{EmptyTree}
	for size := int64(1); size <= n; size++ {
		h, err := tlog.TreeHash(size, m)
		check(t, err)
		trees = append(trees, tlog.Tree{N: size, Hash: h})
		for i := range size {
			p, err := ProveInclusion(size, i, m)
			check(t, err)
			p, err = ParseInclusion(p.Encode())
			check(t, err)
			check(t, p.Check(trees[size], leaves[i]))
			if p.Check(trees[size], leaves[(i+1)%n]) == nil || p.Check(trees[size-1], leaves[i]) == nil {
				t.Fatalf("the proof of entry %d in %d shows something else too", i, size)
			}
		}
		for old := range size + 1 {
			p, err := ProveConsistency(old, size, m)
			check(t, err)
			p, err = ParseConsistency(p.Encode())
			check(t, err)
			check(t, p.Check(trees[old], trees[size]))
			other := trees[old]
			other.Hash[0] ^= 1
			if p.Check(other, trees[size]) == nil {
				t.Fatalf("the proof from %d to %d holds for another past", old, size)
			}
		}
	}
	for _, bad := range [][2]int64{{3, 3}, {3, -1}, {0, 0}} {
		if _, err := ProveInclusion(bad[0], bad[1], m); err == nil {
			t.Errorf("entry %d of %d was proved", bad[1], bad[0])
		}
	}
	if _, err := ProveConsistency(4, 3, m); err == nil {
		t.Error("a log was proved to continue a longer one")
	}
}

// TestHugeSizesAreRefused guards against tlog's arithmetic, which runs over near 2^63 and never returns.
func TestHugeSizesAreRefused(t *testing.T) {
	const huge = 1<<63 - 1
	none := memory{}
	p, c := Inclusion{huge, 1, make(tlog.RecordProof, 62)}, Consistency{1, huge, make(tlog.TreeProof, 62)}
	if p.Check(tlog.Tree{N: huge}, nil) == nil || c.Check(tlog.Tree{N: 1}, tlog.Tree{N: huge}) == nil {
		t.Error("a proof in a huge tree holds")
	}
	for _, size := range []int64{huge, maxEntries + 1} {
		_, err1 := ProveInclusion(size, 1, none)
		_, err2 := ProveConsistency(1, size, none)
		_, err3 := Append(tlog.Tree{N: size}, nil, none)
		_, err4 := ParseInclusion(Inclusion{size, 1, nil}.Encode())
		_, err5 := ParseConsistency(Consistency{1, size, nil}.Encode())
		s, _ := key(t, "desk.example.org/log")
		_, err6 := SignCheckpoint(tlog.Tree{N: size}, noon, s)
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if err == nil {
				t.Errorf("case %d took a tree of %d", i+1, size)
			}
		}
	}
}

func TestEveryBitOfProofsLeavesAndNotesCounts(t *testing.T) {
	_, leaves := events(t, 21)
	g, err := Append(EmptyTree, leaves, memory{})
	check(t, err)
	m := memory(g.Hashes)
	p, err := ProveInclusion(21, 9, m)
	check(t, err)
	flips(p.Encode(), func(bit int, b []byte) {
		if q, err := ParseInclusion(b); err == nil && q.Check(g.New, leaves[9]) == nil {
			t.Errorf("inclusion proof: bit %d does not count", bit)
		}
	})
	flips(leaves[9], func(bit int, b []byte) {
		if p.Check(g.New, b) == nil {
			t.Errorf("leaf: bit %d does not count", bit)
		}
	})
	old, err := tlog.TreeHash(11, m)
	check(t, err)
	c, err := ProveConsistency(11, 21, m)
	check(t, err)
	flips(c.Encode(), func(bit int, b []byte) {
		if q, err := ParseConsistency(b); err == nil && q.Check(tlog.Tree{N: 11, Hash: old}, g.New) == nil {
			t.Errorf("consistency proof: bit %d does not count", bit)
		}
	})
	s, keys := key(t, "desk.example.org/log")
	cp, err := SignCheckpoint(g.New, noon, s)
	check(t, err)
	flips(cp, func(bit int, b []byte) {
		if _, err := OpenCheckpoint(b, keys.Verifiers(RoleLog)); err == nil {
			t.Errorf("checkpoint: bit %d does not count", bit)
		}
	})
	s, keys = key(t, "desk.example.org/receipt")
	r, err := SignReceipt(Receipt{"R-12345-67890", noon, []Clip{{Size: 5}, {Size: 1 << 29}}, new(int64(7))}, s)
	check(t, err)
	flips(r, func(bit int, b []byte) {
		if _, _, err := OpenReceipt(b, keys.Verifiers(RoleReceipt)); err == nil {
			t.Errorf("receipt: bit %d does not count", bit)
		}
	})
}
