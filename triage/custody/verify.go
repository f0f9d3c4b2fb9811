package custody

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Audit is everything a verification of the whole log looks at.
type Audit struct {
	// Entries yields the log's entries in order from index 0. An error ends the verification and is returned as it is.
	Entries iter.Seq2[Entry, error]

	// Checkpoints yields signed checkpoints, oldest first: those of the store, and any others, put in their place by
	// size. The last one is the head of the log. There must be at least one, unless the log is empty.
	Checkpoints iter.Seq2[[]byte, error]

	// Keys are the known keys of the log. With nil, signatures are not checked, and the result says so.
	Keys note.Verifiers

	// Hashes reads the stored hashes of the tree, or is nil. With them, the first changed entry is named, and a stored
	// hash that differs is found even where no proof uses it.
	Hashes tlog.HashReader

	// Kept is the checkpoint that is kept outside the store, which the log must continue. The zero Kept is none.
	Kept Kept
}

// Entry is one row of the log as it is stored.
type Entry struct {
	Index  int64
	Leaf   []byte
	Salt   Salt   // zero where erased, or not shown to this verifier
	Detail Detail // nil likewise
}

// Verified is what a verification found to hold.
type Verified struct {
	Entries   int64      // entries recomputed
	Opened    int64      // of these, entries whose detail is there and fits
	Head      Checkpoint // the last checkpoint
	Heads     int64      // checkpoints that the recomputed tree agrees with
	Signed    bool       // the signatures of the checkpoints were checked
	Unsettled int64      // entries after the last checkpoint, which nothing vouches for yet
	Kept      Kept       // what is kept outside the store, which the log continues; the zero Kept where nothing is
	Restored  []Restored // entries that say that an older database was put back
}

// Restored is an entry of the act LogRestored: the log went back there, and an operator said so.
type Restored struct {
	Index  int64
	Time   time.Time
	Detail Detail // nil once erased
}

// String says in words what was restored.
func (r Restored) String() string {
	s := fmt.Sprintf("Entry %d: an operator put an older database back, as recorded on %s", r.Index, r.Time.Format(time.RFC3339))
	if d := r.Detail; d != nil {
		s += fmt.Sprintf("; the checkpoint kept until then covered %s entries, the log went on from %s; reason given: %q", d["kept_size"], d["size"], d["why"])
	}
	return s + "."
}

// String says in words what holds.
func (v Verified) String() string {
	s := fmt.Sprintf("The custody log of %d entries was recomputed and agrees with each of %d checkpoints", v.Entries, v.Heads)
	if v.Heads > 0 {
		s += ", the last of " + v.Head.Time.Format("2 January 2006 15:04:05 MST")
	}
	s += fmt.Sprintf("; %d details are present and unchanged.", v.Opened)
	if !v.Signed && v.Heads > 0 {
		s += " No key was given, so the signatures were not checked: consistent, signer unknown."
	}
	if v.Unsettled > 0 {
		s += fmt.Sprintf(" The newest %d entries are in no checkpoint yet.", v.Unsettled)
	}
	if k := v.Kept; k.Signed != nil {
		s += fmt.Sprintf(" It continues the checkpoint over %d entries that is kept outside the database since %s.", k.Tree.N, k.At.Format(time.RFC3339))
	}
	for _, r := range v.Restored {
		s += " " + r.String()
	}
	return s
}

// Each yields the elements of a list, for an Audit whose parts are in memory.
func Each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// Problem says what kind of thing failed.
type Problem string

// The problems a verification tells apart.
const (
	EntryMissing      Problem = "entry missing"
	EntryChanged      Problem = "entry changed"
	EntryMalformed    Problem = "entry malformed"
	DetailChanged     Problem = "detail changed"
	HashChanged       Problem = "stored hash changed"
	TreeDiffers       Problem = "tree differs"
	CheckpointBad     Problem = "checkpoint bad"
	CheckpointOlder   Problem = "checkpoint older"
	CheckpointMissing Problem = "checkpoint missing"
	WentBack          Problem = "went back"
	Rewritten         Problem = "rewritten"
	KeptUnreadable    Problem = "kept checkpoint unreadable"
)

// Failure is the first thing in the log that does not hold. Its text is for people.
type Failure struct {
	Problem Problem
	Index   int64 // the first entry that may be concerned, or -1
	Msg     string
	Err     error // what the check said, or nil
}

func (f *Failure) Error() string {
	if f.Err != nil {
		return f.Msg + ": " + f.Err.Error()
	}
	return f.Msg
}

func (f *Failure) Unwrap() error { return f.Err }

func failf(p Problem, index int64, format string, args ...any) *Failure {
	return &Failure{Problem: p, Index: index, Msg: fmt.Sprintf(format, args...)}
}

// hashBatch is how many stored hashes are compared in one read.
const hashBatch = 4096

// Verify recomputes the whole tree from its entries, in memory that does not grow with the log, and compares it with every
// checkpoint. It returns a *Failure for the first thing that does not hold, and any other error if it could not read on.
func Verify(ctx context.Context, a Audit) (Verified, error) {
	next, stop := iter.Pull2(a.Checkpoints)
	defer stop()
	w := walk{Audit: a, next: next, out: Verified{Signed: a.Keys != nil, Kept: a.Kept}}
	if err := w.fetch(); err != nil {
		return w.out, err
	}
	if err := w.settle(); err != nil { // checkpoints of the empty log
		return w.out, err
	}
	for e, err := range a.Entries {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return w.out, fmt.Errorf("verifying the custody log after %d entries: %w", w.edge.n, err)
		}
		if err := w.entry(e); err != nil {
			return w.out, err
		}
		if err := w.settle(); err != nil {
			return w.out, err
		}
	}
	return w.finish()
}

// walk is the state of one verification.
type walk struct {
	Audit
	next    func() ([]byte, error, bool)
	ahead   *Checkpoint // the next checkpoint to be reached, nil after the last
	last    *Checkpoint // the one before it
	edge    edge
	pending []tlog.Hash // computed and not yet compared with Hashes
	first   int64       // stored hash index of pending[0]
	out     Verified
}

// fetch reads the next checkpoint and checks that it does not go back.
func (w *walk) fetch() error {
	w.ahead = nil
	data, err, ok := w.next()
	if err != nil {
		return fmt.Errorf("reading the checkpoints of the custody log: %w", err)
	}
	if !ok {
		return nil
	}
	var c Checkpoint
	if w.Keys != nil {
		c, err = OpenCheckpoint(data, w.Keys)
	} else {
		c, err = ReadCheckpoint(data)
	}
	if err != nil {
		return &Failure{CheckpointBad, -1, fmt.Sprintf("Checkpoint %d of the log does not hold", w.out.Heads+1), err}
	}
	if l := w.last; l != nil && (c.Tree.N < l.Tree.N || c.Time.Before(l.Time)) {
		return failf(CheckpointOlder, -1, "The checkpoint of %s over %d entries is older than the one before it, of %s over %d: the log went back.",
			c.Time.Format(time.RFC3339), c.Tree.N, l.Time.Format(time.RFC3339), l.Tree.N)
	}
	w.ahead = &c
	return nil
}

func (w *walk) entry(e Entry) error {
	n := w.edge.n
	if e.Index != n {
		return failf(EntryMissing, n, "Entry %d is missing: entry %d stands in its place.", n, e.Index)
	}
	l, err := ParseLeaf(e.Leaf)
	if err != nil {
		return &Failure{EntryMalformed, n, fmt.Sprintf("Entry %d cannot be read", n), err}
	}
	w.pending = w.edge.add(tlog.RecordHash(e.Leaf), w.pending)
	if e.Salt != (Salt{}) || e.Detail != nil {
		ev := Event{Leaf: l, Salt: e.Salt, Detail: e.Detail}
		if err := ev.CheckDetail(); err != nil {
			return &Failure{DetailChanged, n, fmt.Sprintf("Entry %d (%s) stands, but not its detail", n, l.Act), err}
		}
		w.out.Opened++
	}
	if l.Act == LogRestored {
		w.out.Restored = append(w.out.Restored, Restored{n, l.Time, e.Detail})
	}
	w.out.Entries, w.out.Unsettled = w.edge.n, w.out.Unsettled+1
	if len(w.pending) >= hashBatch {
		return w.compare()
	}
	return nil
}

// settle compares the tree with every checkpoint of its present size.
func (w *walk) settle() error {
	if w.Kept.Signed != nil && w.Kept.Tree.N == w.edge.n && w.edge.tree() != w.Kept.Tree {
		if err := w.compare(); err != nil { // names the entry, where it can
			return err
		}
		last := w.reached()
		if w.ahead != nil {
			last = *w.ahead
		}
		return w.Kept.rewritten(last)
	}
	for w.ahead != nil && w.ahead.Tree.N == w.edge.n {
		if tree := w.edge.tree(); tree != w.ahead.Tree {
			if err := w.compare(); err != nil { // names the entry, where it can
				return err
			}
			from := int64(0)
			if w.last != nil {
				from = w.last.Tree.N
			}
			if from == tree.N {
				return failf(TreeDiffers, -1, "Two different logs of %d entries were signed, at %s and at %s: somebody was shown another past.",
					from, w.last.Time.Format(time.RFC3339), w.ahead.Time.Format(time.RFC3339))
			}
			return failf(TreeDiffers, from, "The log was changed: its first %d entries do not give the tree of the checkpoint of %s. "+
				"They agreed up to %d entries, so the change lies among entries %d to %d.",
				tree.N, w.ahead.Time.Format(time.RFC3339), from, from, tree.N-1)
		}
		w.out.Heads, w.out.Head, w.out.Unsettled = w.out.Heads+1, *w.ahead, 0
		w.last = w.ahead
		if err := w.fetch(); err != nil {
			return err
		}
	}
	return nil
}

// reached is the tree so far, signed or not.
func (w *walk) reached() Checkpoint {
	c := Checkpoint{Tree: w.edge.tree()}
	if w.last != nil && w.last.Tree == c.Tree {
		c.Time = w.last.Time
	}
	return c
}

// compare holds the computed hashes against the stored ones.
func (w *walk) compare() error {
	defer func() { w.first, w.pending = w.first+int64(len(w.pending)), w.pending[:0] }()
	if w.Hashes == nil || len(w.pending) == 0 {
		return nil
	}
	index := make([]int64, len(w.pending))
	for i := range index {
		index[i] = w.first + int64(i)
	}
	stored, err := w.Hashes.ReadHashes(index)
	if err != nil {
		return fmt.Errorf("reading the stored hashes of the custody log: %w", err)
	}
	if len(stored) != len(index) {
		return errors.New("reading the stored hashes of the custody log: some are missing")
	}
	for i, h := range stored {
		if h == w.pending[i] {
			continue
		}
		level, n := tlog.SplitStoredHashIndex(index[i])
		if level == 0 {
			return failf(EntryChanged, n, "Entry %d was changed after it was put into the log: it no longer fits its stored hash.", n)
		}
		return failf(HashChanged, n<<level, "The stored tree hash over entries %d to %d was changed; the entries themselves fit theirs.",
			n<<level, (n+1)<<level-1)
	}
	return nil
}

func (w *walk) finish() (Verified, error) {
	if err := w.compare(); err != nil {
		return w.out, err
	}
	n := w.edge.n
	switch {
	case w.Kept.Signed != nil && w.Kept.Tree.N > n:
		return w.out, w.Kept.wentBack(w.reached())
	case w.ahead != nil:
		return w.out, failf(EntryMissing, n, "The log ends after %d entries, but a checkpoint of %s covers %d: entries %d and later are missing.",
			n, w.ahead.Time.Format(time.RFC3339), w.ahead.Tree.N, n)
	case n > 0 && w.out.Heads == 0:
		return w.out, failf(CheckpointMissing, -1, "There is no checkpoint, so nothing vouches for the log's %d entries.", n)
	}
	return w.out, nil
}
