package triage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// sequenceBatch is how many events get their place in one transaction.
const sequenceBatch = 1000

// Sequence gives new events their places in the tree and signs a checkpoint of the result, in one transaction, after
// which the witness keeps it. It reports how many events there were; when it was a full batch there may be more. Where the
// log in the database does not continue the checkpoint that is kept outside of it, nothing is signed, the events wait, and
// the error is a *custody.Failure.
func (d *Desk) Sequence(ctx context.Context) (n int, err error) {
	kept := d.kept()
	var head logHead
	var proof custody.Consistency
	err = d.Store.Update(ctx, func(tx Tx) error {
		events, err := tx.Unsequenced(ctx, sequenceBatch)
		if err != nil {
			return err
		}
		if head, err = d.head(ctx, tx); err != nil {
			return err
		}
		if err := kept.check(ctx, tx, head.Checkpoint); err != nil {
			return err
		}
		if n = len(events); n > 0 {
			if head, err = d.extend(ctx, tx, head, events); err != nil {
				return err
			}
		}
		proof, err = custody.ProveConsistency(kept.Tree.N, head.Tree.N, hashReader(ctx, tx))
		return err
	})
	if err != nil || head.Tree == kept.Tree {
		return 0, err
	}
	if err := d.Witness.Keep(head.signed, proof); err != nil {
		return 0, fmt.Errorf("%d entries were sequenced, but their checkpoint could not be kept outside the database: %w", n, err)
	}
	if kept.Signed == nil {
		d.Log.Info("the first checkpoint is kept outside the database: what that says of its entries so far was believed", "entries", head.Tree.N)
	}
	return n, nil
}

// logHead is the newest checkpoint in the database.
type logHead struct {
	custody.Checkpoint
	signed []byte
}

// head is the last signed checkpoint: nothing is ever signed that does not continue it.
func (d *Desk) head(ctx context.Context, tx Tx) (h logHead, err error) {
	h.signed, _, err = tx.Checkpoint(ctx)
	if errors.Is(err, ErrNotFound) {
		return logHead{Checkpoint: custody.Checkpoint{Tree: custody.EmptyTree}}, nil
	} else if err != nil {
		return h, err
	}
	if h.Checkpoint, err = d.Signer.OpenCheckpoint(h.signed); err != nil {
		return h, &custody.Failure{Problem: custody.CheckpointBad, Index: -1,
			Msg: "The newest checkpoint in the database does not hold (if the log's key was replaced elsewhere, restart this server)", Err: err}
	}
	return h, nil
}

// extend appends events to the log and signs a checkpoint of the result.
func (d *Desk) extend(ctx context.Context, tx Tx, old logHead, events []custody.Event) (next logHead, err error) {
	size := old.Tree.N
	leaves, data := make([]Leaf, len(events)), make([][]byte, len(events))
	for i, e := range events {
		if data[i], err = e.Leaf.Encode(); err != nil {
			return next, err
		}
		leaves[i] = Leaf{Index: size + int64(i), Event: e.ID, Data: data[i]}
	}
	growth, err := custody.Append(old.Tree, data, hashReader(ctx, tx))
	if err != nil {
		return next, err
	}
	if err := tx.AppendLeaves(ctx, size, leaves, plainHashes(growth.Hashes)); err != nil {
		return next, err
	}
	at := d.now()
	if at.Before(old.Time) {
		at = old.Time // the clock went back; the log does not
	}
	next.Origin, next.Tree, next.Time = old.Origin, growth.New, at
	if next.signed, err = d.Signer.SignCheckpoint(growth.New, at); err != nil {
		return next, err
	}
	return next, tx.InsertCheckpoint(ctx, growth.New.N, next.signed, at)
}

func hashReader(ctx context.Context, tx Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		plain, err := tx.ReadHashes(ctx, indexes)
		hs := make([]tlog.Hash, len(plain))
		for i, h := range plain {
			hs[i] = tlog.Hash(h)
		}
		return hs, err
	})
}

func plainHashes(hs []tlog.Hash) [][32]byte {
	out := make([][32]byte, len(hs))
	for i, h := range hs {
		out[i] = [32]byte(h)
	}
	return out
}

// RunSequencer sequences every interval while there is anything new, until ctx ends. Failures are logged and tried
// again: events wait in the database meanwhile.
func (d *Desk) RunSequencer(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for said := (complaint{}); ; {
		n, err := d.Sequence(ctx)
		if ctx.Err() == nil {
			said = d.complain(said, err)
		}
		if n == sequenceBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// complaint is what the sequencer said last: the same is said again after a minute only.
type complaint struct {
	words string
	at    time.Time
}

func (d *Desk) complain(last complaint, err error) complaint {
	if err == nil {
		return complaint{}
	}
	now := complaint{err.Error(), d.now()}
	if now.words == last.words && now.at.Before(last.at.Add(time.Minute)) {
		return last
	}
	var failure *custody.Failure
	if errors.As(err, &failure) {
		d.Log.Error("NOTHING IS SIGNED INTO THE CUSTODY LOG ANY MORE; new events wait", "why", failure, "next", SetbackAdvice)
	} else {
		d.Log.Error("the custody log could not be extended; it is tried again", "err", err)
	}
	return now
}

// LogPage is one page of the custody log as auditors see it: leaves only, so no names and no words.
type LogPage struct {
	Leaves     []custody.Leaf
	Withheld   []bool // for each leaf: it is about a case that the actor may not know of, so nothing of it may be shown
	From, Size int64
	Checkpoint []byte // newest signed checkpoint, or nil
	Head       custody.Checkpoint
	Kept       custody.Kept     // what is kept outside the database
	Aside      []custody.Kept   // what was set aside after restores, oldest first
	Setback    *custody.Failure // why the log does not continue Kept, or nil
}

// ReadLog shows leaves from an index on; a negative index shows the newest.
func (d *Desk) ReadLog(ctx context.Context, a Actor, from int64, limit int) (p LogPage, err error) {
	if err := Allow(a, LogRead, Target{}); err != nil {
		return p, err
	}
	aside, err := d.Witness.Aside()
	if err != nil {
		return p, err
	}
	kept := d.kept()
	err = d.Store.View(ctx, func(tx Tx) error {
		head, setback, err := d.standing(ctx, tx, kept)
		if err != nil {
			return err
		}
		p = LogPage{From: from, Size: head.Tree.N, Checkpoint: head.signed, Head: head.Checkpoint, Kept: kept.Kept, Aside: aside, Setback: setback}
		if p.Size == 0 {
			return nil
		}
		if p.From < 0 || p.From > p.Size {
			p.From = max(0, p.Size-int64(limit))
		}
		rows, err := tx.Leaves(ctx, p.From, limit)
		if err != nil {
			return err
		}
		for _, row := range rows {
			leaf, err := custody.ParseLeaf(row.Data)
			if err != nil {
				return fmt.Errorf("entry %d: %w", row.Index, err)
			}
			p.Leaves = append(p.Leaves, leaf)
		}
		p.Withheld, err = withheld(ctx, tx, a, p.Leaves)
		return err
	})
	return p, err
}

// closedSubject begins the subject of what is of the child-safety lane and of no case: its queues and rules.
const closedSubject = "closed_"

// inLane is the subject of something that is of a lane and of no case.
func inLane(l Lane, subject string) string {
	if l == LaneChildSafety {
		return closedSubject + subject
	}
	return subject
}

// withheld reports which of the leaves are about a case, or a lane, that the actor may not know of (DESIGN I10), or about what lies
// in such a case now. An auditor may read every other entry of the log, but those about uploads while nobody knows yet which case they will be of.
func withheld(ctx context.Context, tx Tx, a Actor, leaves []custody.Leaf) ([]bool, error) {
	hidden, moved := map[CaseID]bool{"": false}, map[string]bool{}
	hides := func(id CaseID) (bool, error) {
		if _, known := hidden[id]; !known {
			c, err := tx.Case(ctx, id)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return false, err
			}
			hidden[id] = err != nil || !Can(a, LogRead, Target{Lane: c.Lane})
		}
		return hidden[id], nil
	}
	out := make([]bool, len(leaves))
	for i, l := range leaves {
		of, pending, err := caseOfLeaf(ctx, tx, l)
		if err != nil {
			return nil, err
		}
		about := []CaseID{CaseID(of)}
		if _, known := moved[of]; !known {
			ms, err := tx.MovesOf(ctx, CaseID(of))
			if err != nil {
				return nil, err
			}
			moved[of] = len(ms) > 0
		}
		if moved[of] {
			elsewhere, err := casesOf(ctx, tx, l.Subject)
			if err != nil {
				return nil, err
			}
			about = append(about, elsewhere...)
		}
		out[i] = pending || strings.HasPrefix(l.Subject, closedSubject) && !Can(a, LogRead, Target{Lane: LaneChildSafety})
		for _, id := range about {
			hides, err := hides(id)
			if err != nil {
				return nil, err
			}
			out[i] = out[i] || hides
		}
	}
	return out, nil
}

// caseOfLeaf is the case that an entry is about. An upload is logged before there is one: it is of the case whose report took it, and pending
// while a report still could. Otherwise clips that no report to be seen has would count those that may not be seen.
func caseOfLeaf(ctx context.Context, tx Tx, l custody.Leaf) (of string, pending bool, err error) {
	id, upload := strings.CutPrefix(l.Subject, "upload/")
	if l.Case != "" || !upload {
		return l.Case, false, nil
	}
	u, err := tx.Upload(ctx, UploadID(id))
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	} else if err != nil || u.Exhibit == "" {
		return "", u.State == UploadOpen || u.State == UploadSealed, err
	}
	x, err := tx.Exhibit(ctx, u.Exhibit)
	return string(x.Case), false, err
}

// VerifyLog recomputes the whole log and compares it with every checkpoint, the one that is kept outside the database
// too. A log that does not hold is a result, not an error: failure says in words what is wrong. The verification itself is
// an event.
func (d *Desk) VerifyLog(ctx context.Context, a Actor) (ok custody.Verified, failure *custody.Failure, err error) {
	if err := Allow(a, LogRead, Target{}); err != nil {
		return ok, nil, err
	}
	kept := d.kept()
	err = d.Store.View(ctx, func(tx Tx) error {
		ok, err = custody.Verify(ctx, custody.Audit{
			Entries:     logEntries(ctx, tx),
			Checkpoints: logCheckpoints(ctx, tx, d.Signer),
			Keys:        d.Signer.LogKeys(),
			Hashes:      hashReader(ctx, tx),
			Kept:        kept.Kept,
		})
		if err == nil && kept.err != nil {
			err = kept.unreadable()
		}
		if err != nil {
			return err
		}
		event, index, err := tx.Drift(ctx)
		if err == nil && event != "" {
			err = &custody.Failure{Problem: custody.EntryChanged, Index: index, Msg: fmt.Sprintf(
				"the record of event %s was changed, removed or put in without its place in the log: case pages cannot be believed about it", event)}
		}
		return err
	})
	act := custody.LogVerified
	if errors.As(err, &failure) {
		act, err = custody.LogVerifyFail, nil
	}
	if err != nil {
		return ok, nil, err
	}
	return ok, failure, d.Store.Update(ctx, func(tx Tx) error {
		return d.record(ctx, tx, a.Account, entry{Act: act, Detail: custody.Detail{"entries": strconv.FormatInt(ok.Entries, 10)}})
	})
}

func logEntries(ctx context.Context, tx Tx) iter.Seq2[custody.Entry, error] {
	return func(yield func(custody.Entry, error) bool) {
		for next := int64(0); ; {
			rows, err := tx.Leaves(ctx, next, sequenceBatch)
			if err != nil {
				yield(custody.Entry{}, err)
				return
			}
			for _, r := range rows {
				if !yield(custody.Entry{Index: r.Index, Leaf: r.Data, Salt: r.Salt, Detail: r.Content}, nil) {
					return
				}
				next = r.Index + 1
			}
			if len(rows) < sequenceBatch {
				return
			}
		}
	}
}

func logCheckpoints(ctx context.Context, tx Tx, s Signer) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for after := int64(0); ; {
			cs, err := tx.Checkpoints(ctx, after, sequenceBatch)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range cs {
				if !yield(c, nil) {
					return
				}
			}
			if len(cs) < sequenceBatch {
				return
			}
			last, err := s.OpenCheckpoint(cs[len(cs)-1])
			if err != nil {
				yield(nil, err)
				return
			}
			after = last.Tree.N
		}
	}
}

// Proof is what it takes to check that one event is in the log.
type Proof struct {
	Leaf       []byte // the leaf's bytes; nil where the actor may not know of its case
	Hash       tlog.Hash
	Inclusion  custody.Inclusion
	Checkpoint []byte
}

// ProveEvent makes the inclusion proof of an event against the newest checkpoint.
func (d *Desk) ProveEvent(ctx context.Context, a Actor, event string) (p Proof, err error) {
	if err := Allow(a, LogRead, Target{}); err != nil {
		return p, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		row, err := tx.LeafOf(ctx, event)
		if err != nil {
			return err
		}
		var size int64
		if p.Checkpoint, size, err = tx.Checkpoint(ctx); err != nil {
			return err
		}
		leaf, err := custody.ParseLeaf(row.Data)
		if err != nil {
			return fmt.Errorf("entry %d: %w", row.Index, err)
		}
		hidden, err := withheld(ctx, tx, a, []custody.Leaf{leaf})
		if err != nil {
			return err
		}
		if p.Hash = tlog.RecordHash(row.Data); !hidden[0] {
			p.Leaf = row.Data
		}
		p.Inclusion, err = custody.ProveInclusion(size, row.Index, hashReader(ctx, tx))
		return err
	})
	return p, err
}

// ProveConsistency proves that the newest checkpoint continues the tree of an older size.
func (d *Desk) ProveConsistency(ctx context.Context, a Actor, old int64) (p custody.Consistency, checkpoint []byte, err error) {
	if err := Allow(a, LogRead, Target{}); err != nil {
		return p, nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		var size int64
		if checkpoint, size, err = tx.Checkpoint(ctx); err != nil {
			return err
		}
		if old < 1 || old > size {
			return Errorf(Invalid, "The older size has to be between 1 and %d.", size)
		}
		p, err = custody.ProveConsistency(old, size, hashReader(ctx, tx))
		return err
	})
	return p, checkpoint, err
}

// KeyRotated records that an operator replaced a signing key.
func (d *Desk) KeyRotated(ctx context.Context, role string) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		return d.record(ctx, tx, account.System, entry{Act: custody.KeyRotated, Detail: custody.Detail{"role": role}})
	})
}
