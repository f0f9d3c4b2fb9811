package custody

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The files of the kept checkpoints in the key folder. Each holds one signed checkpoint and nothing else.
const (
	keptFile    = "log.checkpoint" // the newest
	asidePrefix = "log-"           // one that was set aside is called prefix, time in UTC, suffix
	asideTime   = "2006-01-02T150405Z"
	asideSuffix = ".checkpoint"
	witnessLock = ".log.checkpoint.lock" // flock(2) of whoever changes the kept checkpoint
)

// Kept is a signed checkpoint that is kept outside the store of the log.
type Kept struct {
	Checkpoint           // of the empty log where nothing was kept yet
	Signed     []byte    // the note, byte for byte; nil where nothing was kept yet
	At         time.Time // when it was put there
	Name       string    // of its file
}

// Witness keeps the newest signed checkpoint beside the keys, where the owner of the database cannot reach. Whoever cuts
// entries off the log or puts an older database in its place is found out by it: a log that does not continue the kept
// checkpoint is not gone on with. It only ever goes forward, and what is set aside is never deleted. It stands and falls
// with the key folder: whoever can write there can sign too.
//
// Nodes that share the folder share the kept checkpoint; others each keep their own. A Witness is safe for concurrent
// use, by several processes too.
type Witness struct{ ring *Ring }

// NewWitness keeps checkpoints in the folder of the ring, and believes those that its log keys signed.
func NewWitness(r *Ring) *Witness { return &Witness{r} }

// Kept is the newest checkpoint that was kept. An error means that there is one that cannot be read or believed: nothing
// may be signed then.
func (w *Witness) Kept() (Kept, error) {
	k, err := w.read(keptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Kept{Checkpoint: Checkpoint{Tree: EmptyTree}}, nil
	}
	if err != nil {
		return k, fmt.Errorf("the checkpoint of the custody log that is kept in %s cannot be believed: %w; put the file back from a copy "+
			"of the key folder (or the .pub file of the key that signed it), or, if it is lost, run proffer staff restored --why \"…\", "+
			"which records that and sets it aside", filepath.Join(w.ring.dir, keptFile), err)
	}
	return k, nil
}

func (w *Witness) read(name string) (Kept, error) {
	path := filepath.Join(w.ring.dir, name)
	k := Kept{Name: name}
	info, err := os.Lstat(path)
	if err != nil {
		return k, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNote {
		return k, errors.New("it is not an ordinary file of the size of a checkpoint")
	}
	k.At = info.ModTime().UTC()
	if k.Signed, err = os.ReadFile(path); err != nil {
		return k, err
	}
	k.Checkpoint, err = OpenCheckpoint(k.Signed, w.ring.Verifiers(RoleLog))
	return k, err
}

// Keep replaces the kept checkpoint by one that the proof shows to continue it, on disk whole or not at all. Where
// another process was quicker, so that the proof starts from one that is no longer kept, nothing is changed: the next
// proof starts from what is kept then.
func (w *Witness) Keep(signed []byte, proof Consistency) error {
	next, err := OpenCheckpoint(signed, w.ring.Verifiers(RoleLog))
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return w.locked(func() error {
		old, err := w.Kept()
		if err != nil || old.Tree == next.Tree || old.Tree.N != proof.Old {
			return err
		}
		if err := proof.Check(old.Tree, next.Tree); err != nil {
			return fmt.Errorf("keeping the checkpoint of %d entries in place of that of %d: %w", next.Tree.N, old.Tree.N, err)
		}
		return replaceFile(filepath.Join(w.ring.dir, keptFile), signed, 0o600)
	})
}

// SetAside moves the kept checkpoint, whatever is in its file, to a name with the time, where it stays for ever. Nothing
// is kept afterwards.
func (w *Witness) SetAside(now time.Time) (name string, err error) {
	name = asidePrefix + now.UTC().Format(asideTime) + asideSuffix
	return name, w.locked(func() error {
		from := filepath.Join(w.ring.dir, keptFile)
		if err := os.Link(from, filepath.Join(w.ring.dir, name)); err != nil { // fails where the name is taken, unlike a rename
			return err
		}
		if err := syncFolder(w.ring.dir); err != nil {
			return err
		}
		return errors.Join(os.Remove(from), syncFolder(w.ring.dir))
	})
}

// Aside lists what was set aside, oldest first. One that cannot be believed has its text and the empty tree.
func (w *Witness) Aside() ([]Kept, error) {
	files, err := os.ReadDir(w.ring.dir) // by name, which is by time
	if err != nil {
		return nil, fmt.Errorf("listing the checkpoints that were set aside: %w", err)
	}
	var out []Kept
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), asidePrefix) || !strings.HasSuffix(f.Name(), asideSuffix) {
			continue
		}
		k, err := w.read(f.Name())
		if err != nil {
			k.Checkpoint = Checkpoint{Tree: EmptyTree}
		}
		out = append(out, k)
	}
	return out, nil
}

// locked runs f while no other process changes the kept checkpoint. The lock goes with the descriptor.
func (w *Witness) locked(f func() error) error {
	lock, err := os.OpenFile(filepath.Join(w.ring.dir, witnessLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("keeping a checkpoint needs a key folder that can be written to: %w", err)
	}
	defer lock.Close()
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("locking the kept checkpoint: %w", err)
	}
	return f()
}

// ContinuedBy returns nil if the stored hashes prove that the log whose newest checkpoint is head continues the kept one,
// and a *Failure if it does not.
func (k Kept) ContinuedBy(head Checkpoint, r tlog.HashReader) error {
	switch {
	case k.Tree == head.Tree:
		return nil
	case k.Tree.N > head.Tree.N:
		return k.wentBack(head)
	}
	p, err := ProveConsistency(k.Tree.N, head.Tree.N, r)
	if err != nil {
		return err
	}
	if p.Check(k.Tree, head.Tree) != nil {
		return k.rewritten(head)
	}
	return nil
}

// wentBack is the failure of a log that is shorter than what is kept.
func (k Kept) wentBack(last Checkpoint) *Failure {
	return failf(WentBack, last.Tree.N, "The log went back: the checkpoint of %s that is kept outside the database covers %d entries, but the database has %d%s. "+
		"Its end was cut off, or an older database was put back.", k.Time.Format(time.RFC3339), k.Tree.N, last.Tree.N, signedAt(last))
}

// rewritten is the failure of a log that has other entries than what is kept. Last is a later checkpoint of it.
func (k Kept) rewritten(last Checkpoint) *Failure {
	return failf(Rewritten, -1, "The log was rewritten: the first %d entries in the database are not those of the checkpoint of %s that is kept outside of it. "+
		"The database has others, %d in all%s.", k.Tree.N, k.Time.Format(time.RFC3339), last.Tree.N, signedAt(last))
}

func signedAt(c Checkpoint) string {
	if c.Time.IsZero() {
		return ""
	}
	return ", signed on " + c.Time.Format(time.RFC3339)
}
