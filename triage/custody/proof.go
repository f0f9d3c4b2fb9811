package custody

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// maxProof is more hashes than a proof in a tree of maxEntries takes.
const maxProof = 110

// ErrNotIncluded means that a proof does not show the entry at that place in that tree.
var ErrNotIncluded = errors.New("the proof does not show that this entry is in the log at that place")

// ErrNotConsistent means that a proof does not show one tree to be the continuation of the other.
var ErrNotConsistent = errors.New("the proof does not show that the newer log continues the older one unchanged")

// Inclusion proves that the tree of Size entries holds a leaf at Index (RFC 6962 section 2.1.1). As text:
//
//	proffer inclusion v1
//	size <decimal>
//	index <decimal>
//	<base64 of 32 bytes>      one line for each hash, from the leaf upwards
type Inclusion struct {
	Size, Index int64
	Hashes      tlog.RecordProof
}

// Consistency proves that the tree of New entries starts with the Old entries of an older tree (RFC 6962 section
// 2.1.2). As text: "proffer consistency v1", "old <decimal>", "new <decimal>", then the hashes.
type Consistency struct {
	Old, New int64
	Hashes   tlog.TreeProof
}

// ProveInclusion makes the proof for one entry in the tree of size entries.
func ProveInclusion(size, index int64, r tlog.HashReader) (Inclusion, error) {
	if index < 0 || index >= size || size > maxEntries {
		return Inclusion{}, fmt.Errorf("there is no entry %d in a custody log of %d", index, size)
	}
	p, err := tlog.ProveRecord(size, index, r)
	if err != nil {
		return Inclusion{}, fmt.Errorf("proving entry %d: %w", index, err)
	}
	return Inclusion{size, index, p}, nil
}

// Check returns nil if the proof shows that the tree holds the encoded leaf at p.Index, else ErrNotIncluded.
func (p Inclusion) Check(tree tlog.Tree, leaf []byte) error {
	if p.Size != tree.N || tree.N > maxEntries || tlog.CheckRecord(p.Hashes, tree.N, tree.Hash, p.Index, tlog.RecordHash(leaf)) != nil {
		return ErrNotIncluded
	}
	return nil
}

// ProveConsistency makes the proof that the tree of new entries continues the tree of old entries.
func ProveConsistency(old, new int64, r tlog.HashReader) (Consistency, error) {
	if old < 0 || old > new || new > maxEntries {
		return Consistency{}, fmt.Errorf("a custody log of %d entries does not continue one of %d", new, old)
	}
	if old == 0 {
		return Consistency{0, new, nil}, nil
	}
	p, err := tlog.ProveTree(new, old, r)
	if err != nil {
		return Consistency{}, fmt.Errorf("proving that the log of %d entries continues that of %d: %w", new, old, err)
	}
	return Consistency{old, new, p}, nil
}

// Check returns nil if the proof shows that the newer tree continues the older one, else ErrNotConsistent. Every tree
// continues the empty one, and needs no hashes for it.
func (p Consistency) Check(old, new tlog.Tree) error {
	if p.Old != old.N || p.New != new.N || new.N > maxEntries {
		return ErrNotConsistent
	}
	if old.N == 0 {
		if old != EmptyTree || len(p.Hashes) != 0 || new.N < 0 || new.N == 0 && new != EmptyTree {
			return ErrNotConsistent
		}
		return nil
	}
	if tlog.CheckTree(p.Hashes, new.N, new.Hash, old.N, old.Hash) != nil {
		return ErrNotConsistent
	}
	return nil
}

// Encode writes the proof as text.
func (p Inclusion) Encode() []byte {
	return encodeProof(InclusionContext, "size", p.Size, "index", p.Index, p.Hashes)
}

// Encode writes the proof as text.
func (p Consistency) Encode() []byte {
	return encodeProof(ConsistencyContext, "old", p.Old, "new", p.New, p.Hashes)
}

// ParseInclusion accepts nothing but what Encode writes.
func ParseInclusion(b []byte) (Inclusion, error) {
	size, index, hashes, ok := parseProof(b, InclusionContext, "size", "index")
	if !ok || index >= size {
		return Inclusion{}, errors.New("this is not an inclusion proof in its one canonical form")
	}
	return Inclusion{size, index, hashes}, nil
}

// ParseConsistency accepts nothing but what Encode writes.
func ParseConsistency(b []byte) (Consistency, error) {
	old, new, hashes, ok := parseProof(b, ConsistencyContext, "old", "new")
	if !ok || old > new {
		return Consistency{}, errors.New("this is not a consistency proof in its one canonical form")
	}
	return Consistency{old, new, hashes}, nil
}

func encodeProof(context, first string, a int64, second string, b int64, hashes []tlog.Hash) []byte {
	out := fmt.Appendf(nil, "%s\n%s %d\n%s %d\n", context, first, a, second, b)
	for _, h := range hashes {
		out = base64.StdEncoding.AppendEncode(out, h[:])
		out = append(out, '\n')
	}
	return out
}

func parseProof(in []byte, context, first, second string) (a, b int64, hashes []tlog.Hash, ok bool) {
	if len(in) > 8<<10 {
		return 0, 0, nil, false
	}
	lines := strings.Split(string(in), "\n")
	if len(lines) < 4 || len(lines) > 4+maxProof || lines[0] != context || lines[len(lines)-1] != "" {
		return 0, 0, nil, false
	}
	a, ok1 := parseLabelled(lines[1], first)
	b, ok2 := parseLabelled(lines[2], second)
	if !ok1 || !ok2 {
		return 0, 0, nil, false
	}
	for _, l := range lines[3 : len(lines)-1] {
		h, ok := parseHash(l)
		if !ok {
			return 0, 0, nil, false
		}
		hashes = append(hashes, h)
	}
	return a, b, hashes, true
}

// parseLabelled reads "label 123": decimal, 0 to maxEntries, no leading zeros.
func parseLabelled(line, label string) (int64, bool) {
	s, ok := strings.CutPrefix(line, label+" ")
	if !ok {
		return 0, false
	}
	return parseCount(s)
}

func parseCount(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= maxEntries && strconv.FormatInt(n, 10) == s
}

// parseHash reads base64 strictly: a flipped bit in the padding would otherwise go unseen.
func parseHash(s string) (tlog.Hash, bool) {
	if len(s) != 44 { // before decoding, which skips line ends
		return tlog.Hash{}, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize {
		return tlog.Hash{}, false
	}
	return tlog.Hash(b), true
}
