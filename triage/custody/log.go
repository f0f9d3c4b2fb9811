package custody

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree is the one of RFC 6962, its hashes numbered as tlog.StoredHashIndex says. Storage keeps one row per stored
// hash (index, 32 bytes), append-only, and offers them as a tlog.HashReader that closes over its context and
// transaction: ReadHashes returns them in the order asked for, or an error if one is missing.

// EmptyTree is the tree of a log without entries.
var EmptyTree = tlog.Tree{N: 0, Hash: tlog.Hash{
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
}}

// maxEntries bounds every tree size that is read or worked on: far more than any log holds, exact in every language's
// numbers, and well below the sizes near 2^63 at which tlog's arithmetic runs over and never returns.
const maxEntries = 1 << 53

// ErrTreeChanged means that the stored hashes no longer give the tree that was last signed. Nothing may be signed on
// top of them.
var ErrTreeChanged = errors.New("the stored hashes of the custody log do not give the tree that was last signed")

// Growth is what appending leaves adds to a tree.
type Growth struct {
	Old, New tlog.Tree
	First    int64       // stored hash index of Hashes[0]
	Hashes   []tlog.Hash // to be stored at First, First+1, …
}

// Append adds leaves, in order, to a tree whose stored hashes r reads; the first becomes entry old.N. It reads at most 54
// stored hashes in one call, and refuses with ErrTreeChanged if they do not give the old tree, which the caller takes
// from the last signed checkpoint: so every tree that is signed extends the one signed before it. The hashes and the
// checkpoint of New are to be stored in one transaction, by one sequencer at a time.
func Append(old tlog.Tree, leaves [][]byte, r tlog.HashReader) (Growth, error) {
	e, err := readEdge(old.N, r)
	if err != nil {
		return Growth{}, err
	}
	if e.tree() != old {
		return Growth{}, fmt.Errorf("appending to the custody log at %d entries: %w", old.N, ErrTreeChanged)
	}
	g := Growth{Old: old, First: tlog.StoredHashCount(old.N), Hashes: make([]tlog.Hash, 0, 2*len(leaves)+64)}
	for _, leaf := range leaves {
		g.Hashes = e.add(tlog.RecordHash(leaf), g.Hashes)
	}
	g.New = e.tree()
	return g, nil
}

// edge is the right edge of a tree: the hashes of its largest complete subtrees, largest first, one for each bit set in
// n. It is all that is needed to grow the tree, so a log of any length is computed in a few hundred bytes.
type edge struct {
	n      int64
	hashes []tlog.Hash
}

// add appends the leaf's record hash and every hash of a subtree that it completes to out, in the order in which they are
// stored.
func (e *edge) add(h tlog.Hash, out []tlog.Hash) []tlog.Hash {
	out = append(out, h)
	for m := e.n; m&1 == 1; m >>= 1 {
		last := len(e.hashes) - 1
		h = tlog.NodeHash(e.hashes[last], h)
		e.hashes = e.hashes[:last]
		out = append(out, h)
	}
	e.hashes = append(e.hashes, h)
	e.n++
	return out
}

func (e *edge) tree() tlog.Tree {
	if e.n == 0 {
		return EmptyTree
	}
	last := len(e.hashes) - 1
	h := e.hashes[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(e.hashes[i], h)
	}
	return tlog.Tree{N: e.n, Hash: h}
}

func readEdge(n int64, r tlog.HashReader) (*edge, error) {
	if n < 0 || n > maxEntries {
		return nil, fmt.Errorf("a custody log cannot hold %d entries", n)
	}
	var index []int64
	for level, at := 53, int64(0); level >= 0; level-- {
		if n&(1<<level) != 0 {
			index = append(index, tlog.StoredHashIndex(level, at>>level))
			at += 1 << level
		}
	}
	e := &edge{n: n}
	if len(index) == 0 {
		return e, nil
	}
	hashes, err := r.ReadHashes(index)
	if err != nil {
		return nil, fmt.Errorf("reading the stored hashes of the custody log: %w", err)
	}
	if len(hashes) != len(index) {
		return nil, fmt.Errorf("reading the stored hashes of the custody log: %d of %d came back", len(hashes), len(index))
	}
	e.hashes = append(e.hashes, hashes...)
	return e, nil
}
