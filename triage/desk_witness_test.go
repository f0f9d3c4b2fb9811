package triage_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/triagetest"
)

// owned is a world whose database is in the hands of an attacker, who has neither the keys nor what is kept beside them.
type owned struct {
	*world
	dsn string
}

func newOwned(t *testing.T) *owned {
	t.Helper()
	o := &owned{dsn: embeddedtest.Postgres(t)}
	o.world = newWorldOver(t, func(triage.Clock) triage.Store { return o.store(o.dsn, t) })
	return o
}

func (o *owned) store(dsn string, t *testing.T) triage.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// tamper runs statements as the database's owner can, with the triggers off.
func (o *owned) tamper(statements string) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.dsn)
	o.ok(err)
	defer conn.Close(o.t.Context())
	_, err = conn.Exec(o.t.Context(), "BEGIN; SET LOCAL session_replication_role = replica; "+statements+"; COMMIT")
	o.ok(err)
}

// cut takes everything after the first n entries out of the database, as if it had never been.
func (o *owned) cut(n int64) {
	o.t.Helper()
	o.tamper(fmt.Sprintf(`DELETE FROM custody_details WHERE event IN (SELECT event FROM custody_leaves WHERE index >= %[1]d);
		CREATE TEMP TABLE gone AS SELECT event FROM custody_leaves WHERE index >= %[1]d;
		DELETE FROM custody_leaves WHERE index >= %[1]d; DELETE FROM custody_events WHERE id IN (SELECT event FROM gone);
		DELETE FROM custody_pending; DELETE FROM custody_hashes WHERE index >= %[2]d; DELETE FROM custody_checkpoints WHERE size > %[1]d`,
		n, tlog.StoredHashCount(n)))
}

// sequence sequences everything and returns the size of the log.
func (w *world) sequence() int64 {
	w.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = w.Sequence(w.t.Context())
		w.ok(err)
	}
	return w.size()
}

func (w *world) size() (n int64) {
	w.t.Helper()
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) (err error) {
		_, n, err = tx.Checkpoint(w.t.Context())
		return err
	}))
	return n
}

// stands expects that nothing is signed, that events wait, and that everybody concerned is told why.
func (w *world) stands(problem custody.Problem, words ...string) {
	w.t.Helper()
	before := w.size()
	w.file("hate")
	_, err := w.Sequence(w.t.Context())
	var failure *custody.Failure
	if !errors.As(err, &failure) || failure.Problem != problem {
		w.t.Fatalf("sequencing: %v", err)
	}
	for _, part := range words {
		contains(w.t, failure.Error(), part)
	}
	if w.size() != before {
		w.t.Error("a checkpoint was signed")
	}
	w.ok(w.Store.Update(w.t.Context(), func(tx triage.Tx) error {
		waiting, err := tx.Unsequenced(w.t.Context(), 100)
		if len(waiting) == 0 {
			w.t.Error("the events do not wait")
		}
		return err
	}))
	page, err := w.ReadLog(w.t.Context(), w.people["ada"], -1, 10)
	if w.ok(err); page.Setback == nil || page.Setback.Problem != problem {
		w.t.Errorf("the auditor's page says %v", page.Setback)
	}
	if people, err := w.ListPeople(w.t.Context(), triage.Actor{Account: "A-1", Roles: account.Roles{account.Administrator}}); err != nil || !people.Setback {
		w.t.Errorf("the administrator's page says %v, %v", people.Setback, err)
	}
}

// fails expects a verification to fail.
func (w *world) fails(problem custody.Problem, words ...string) {
	w.t.Helper()
	_, failure, err := w.VerifyLog(w.t.Context(), w.people["ada"])
	if w.ok(err); failure == nil || failure.Problem != problem {
		w.t.Fatalf("verifying: %v", failure)
	}
	for _, part := range words {
		contains(w.t, failure.Error(), part)
	}
}

func (w *world) verifies() custody.Verified {
	w.t.Helper()
	ok, failure, err := w.VerifyLog(w.t.Context(), w.people["ada"])
	if w.ok(err); failure != nil {
		w.t.Fatal(failure)
	}
	return ok
}

// TestTailCutOff has the database's owner make the newest events undone.
func TestTailCutOff(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.file("hate")
	old := o.sequence()
	o.now = o.now.Add(time.Hour)
	o.file("threat")
	size := o.sequence()
	o.cut(old)
	o.stands(custody.WentBack, fmt.Sprintf("covers %d entries, but the database has %d", size, old), "2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z")
	o.fails(custody.WentBack, "The log went back", fmt.Sprintf("covers %d entries", size))
	o.cut(0)
	o.fails(custody.WentBack, "the database has 0")
	if _, err := o.Sequence(t.Context()); err != nil { // the verifications wait
		contains(t, err.Error(), "the database has 0")
	} else {
		t.Error("a new log was begun")
	}
}

// TestTailReplaced has the owner put other entries in the place of the newest. They cannot sign for them.
func TestTailReplaced(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.file("hate")
	old := o.sequence()
	o.file("threat")
	size := o.sequence()
	o.tamper(fmt.Sprintf("UPDATE custody_leaves SET data = replace(convert_from(data, 'UTF8'), 'report.submitted', 'report.withdrawn')::bytea WHERE index >= %d", old))
	_, failure, err := o.VerifyLog(t.Context(), o.people["ada"])
	if o.ok(err); failure == nil || failure.Problem != custody.EntryChanged {
		t.Errorf("verifying: %v", failure)
	}
	o.cut(old)
	for range 3 {
		o.file("fraud") // as many and more others, in wait for a signature
	}
	o.stands(custody.WentBack, fmt.Sprint(size))
	stranger := o.forge(size + 5)
	o.tamper(fmt.Sprintf("INSERT INTO custody_checkpoints (size, signed, at) VALUES (%d, decode('%x', 'hex'), now())", size+5, stranger))
	o.stands(custody.CheckpointBad, "not by a key that is known")
}

// forge signs a checkpoint as somebody can who has no key of the log, but its name.
func (o *owned) forge(size int64) []byte {
	o.t.Helper()
	skey, _, err := note.GenerateKey(rand.Reader, "test.example/log")
	o.ok(err)
	s, err := note.NewSigner(skey)
	o.ok(err)
	b, err := custody.SignCheckpoint(tlog.Tree{N: size, Hash: tlog.Hash{1}}, o.now, s)
	o.ok(err)
	return b
}

// TestLogRewrittenUnderItsOwnKey has a node without a kept checkpoint sign a log that was cut. Those that keep one notice,
// however long it has grown.
func TestLogRewrittenUnderItsOwnKey(t *testing.T) {
	t.Parallel()
	for _, grows := range []int{0, 5} {
		o := newOwned(t)
		o.file("hate")
		old := o.sequence()
		o.file("threat")
		size := o.sequence()
		o.cut(old)
		node := o.node(o.copyKeys())
		o.ok(os.Remove(filepath.Join(node.folder, "log.checkpoint")))
		o.file("fraud") // as many events as were cut off
		for range grows {
			o.file("fraud")
		}
		if now := node.sequence(); (grows == 0) != (now == size) {
			t.Fatalf("the other node has %d entries, the first had %d", now, size)
		}
		node.verifies()
		o.stands(custody.Rewritten, fmt.Sprintf("the first %d entries", size))
		o.fails(custody.Rewritten, "The log was rewritten")
	}
}

// node is another server on the same database.
func (o *owned) node(folder string) *world {
	o.t.Helper()
	ring, err := custody.OpenRing(folder, "test.example")
	o.ok(err)
	desk := *o.Desk
	desk.Store, desk.Witness = o.store(o.dsn, o.t), custody.NewWitness(ring)
	return &world{Signing: triagetest.NewSigning(&desk), t: o.t, now: o.now, people: o.people, folder: folder}
}

func (o *owned) copyKeys() string {
	o.t.Helper()
	dir := o.t.TempDir()
	o.ok(os.CopyFS(dir, os.DirFS(o.folder)))
	o.ok(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	}))
	return dir
}

// TestNodesKeepWhatTheyKnow runs several nodes on one database: two on one key folder, one with its own.
func TestNodesKeepWhatTheyKnow(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	nodes := []*world{o.world, o.node(o.folder), o.node(o.copyKeys())}
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			for range 8 {
				if i == 0 {
					n.file("hate")
				}
				if _, err := n.Sequence(t.Context()); err != nil {
					t.Errorf("node %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	size := o.sequence()
	for i, n := range nodes { // a node behind catches up when it looks, with nothing new to sequence
		if n.sequence() != size {
			t.Errorf("node %d has another log", i)
		}
		kept, err := n.Witness.Kept()
		if o.ok(err); kept.Tree.N != size {
			t.Errorf("node %d keeps %d of %d entries", i, kept.Tree.N, size)
		}
	}
}

// faultyWitness fails before or after it has kept a checkpoint, as a crash there would look from outside.
type faultyWitness struct {
	triage.Witness
	after bool
}

var errCrash = errors.New("the power went")

func (w faultyWitness) Keep(signed []byte, proof custody.Consistency) error {
	if w.after {
		return errors.Join(w.Witness.Keep(signed, proof), errCrash)
	}
	return errCrash
}

// TestCrashBetweenCommitAndKeeping loses the power after the checkpoint was committed: what is kept is older, or not, and the
// next run goes on either way.
func TestCrashBetweenCommitAndKeeping(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		o := newOwned(t)
		real := o.Witness
		first := o.sequence()
		o.Witness = faultyWitness{real, after}
		o.file("hate")
		if n, err := o.Sequence(t.Context()); !errors.Is(err, errCrash) || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		size := o.size()
		kept, err := real.Kept()
		if o.ok(err); size == first || (kept.Tree.N == size) != after || !after && kept.Tree.N != first {
			t.Errorf("after %d entries, %d were committed and %d are kept", first, size, kept.Tree.N)
		}
		o.Witness = real
		o.verifies()
		o.sequence()
		if kept, err = real.Kept(); err != nil || kept.Tree.N != o.size() {
			t.Errorf("then %d of %d are kept, %v", kept.Tree.N, o.size(), err)
		}
	}
}

// TestCommitInDoubt has the database lose the answer to the commit: what is kept is not ahead of what was committed.
func TestCommitInDoubt(t *testing.T) {
	t.Parallel()
	for _, persists := range []bool{false, true} {
		w := newWorld(t)
		first := w.sequence()
		w.file("hate")
		w.store.FailNext("InsertCheckpoint", persists)
		w.is(triage.ErrUnavailable, second(w.Sequence(t.Context())))
		if kept, err := w.Witness.Kept(); err != nil || kept.Tree.N != first {
			t.Errorf("%d entries are kept, %v", kept.Tree.N, err)
		}
		w.sequence()
		w.verifies()
	}
}

// TestOlderDatabase puts a backup of the database in its place while the key folder stayed, and says so.
func TestOlderDatabase(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.file("hate")
	old := o.sequence()
	backup := o.backup()
	o.now = o.now.Add(24 * time.Hour)
	o.file("threat")
	size := o.sequence()
	lost, err := o.Witness.Kept()
	o.ok(err)

	o.dsn = backup
	o.Store = o.store(backup, t)
	o.stands(custody.WentBack, fmt.Sprintf("covers %d entries, but the database has %d", size, old))
	o.fails(custody.WentBack)
	o.is(triage.ErrInvalid, second(o.LogRestored(t.Context(), " \n")))
	aside, err := o.LogRestored(t.Context(), "The disk of 23 November failed.")
	o.ok(err)

	set, err := o.Witness.Aside()
	if o.ok(err); len(set) != 1 || set[0].Name != aside || string(set[0].Signed) != string(lost.Signed) {
		t.Fatalf("set aside as %q: %+v", aside, set)
	}
	held := o.verifies()
	if len(held.Restored) != 1 || held.Kept.Tree.N <= old {
		t.Fatalf("%+v", held)
	}
	for _, part := range []string{fmt.Sprintf("covered %d entries, the log went on from %d", size, old), "The disk of 23 November failed.",
		fmt.Sprintf("Entry %d", held.Restored[0].Index), "continues the checkpoint"} {
		contains(t, held.String(), part)
	}
	if d := held.Restored[0].Detail; d["kept_checkpoint"] != string(lost.Signed) || d["kept_root"] != lost.Tree.Hash.String() || d["root"] == "" {
		t.Errorf("the event says %v", d)
	}
	page, err := o.ReadLog(t.Context(), o.people["ada"], 0, 1000)
	if o.ok(err); page.Setback != nil || len(page.Aside) != 1 || !slices.ContainsFunc(page.Leaves, func(l custody.Leaf) bool { return l.Act == custody.LogRestored }) {
		t.Errorf("the page shows %v, %d set aside", page.Setback, len(page.Aside))
	}
	o.file("hate")
	o.sequence()
	o.verifies()
}

// backup copies the database as it stands, as a dump would.
func (o *owned) backup() (dsn string) {
	o.t.Helper()
	dsn = embeddedtest.Postgres(o.t)
	from, err := pgx.ParseConfig(o.dsn)
	o.ok(err)
	to, err := pgx.ParseConfig(dsn)
	o.ok(err)
	o.Store.(*postgres.Store).Close() // a template must not be in use
	admin := to.Copy()
	admin.Database = "postgres"
	conn, err := pgx.ConnectConfig(o.t.Context(), admin)
	o.ok(err)
	defer conn.Close(context.WithoutCancel(o.t.Context()))
	for _, s := range []string{"DROP DATABASE " + to.Database, "CREATE DATABASE " + to.Database + " TEMPLATE " + from.Database} {
		_, err = conn.Exec(o.t.Context(), s)
		o.ok(err)
	}
	o.Store = o.store(o.dsn, o.t)
	return dsn
}

// TestRestoredWithoutNeed records a restore that what is kept does not show, as after the key folder was lost too.
func TestRestoredWithoutNeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 { // with nothing kept yet, and with something
		aside, err := w.LogRestored(t.Context(), "The whole machine was lost.")
		if w.ok(err); aside != "" {
			t.Errorf("set aside as %s", aside)
		}
	}
	if held := w.verifies(); len(held.Restored) != 2 {
		t.Errorf("%v", held)
	}
}

// TestKeptCheckpointSpoilt damages the file while the server runs.
func TestKeptCheckpointSpoilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sequence()
	path := filepath.Join(w.folder, "log.checkpoint")
	w.ok(os.WriteFile(path, []byte("lost+found"), 0o600))
	w.stands(custody.KeptUnreadable, path, "proffer staff restored")
	w.fails(custody.KeptUnreadable, path)
	aside, err := w.LogRestored(t.Context(), "The file was damaged.")
	if w.ok(err); aside == "" {
		t.Error("it was not set aside")
	}
	held := w.verifies()
	contains(t, held.String(), "The file was damaged.")
	if set, err := w.Witness.Aside(); err != nil || len(set) != 1 || string(set[0].Signed) != "lost+found" {
		t.Errorf("%+v, %v", set, err)
	}
}

// TestKeptOverARotation replaces the log's key: what the old one signed is continued under the new one.
func TestKeptOverARotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.sequence()
	_, err := w.Signer.(ring).Rotate(custody.RoleLog, w.now)
	w.ok(err)
	w.ok(w.KeyRotated(t.Context(), "log"))
	if kept, err := w.Witness.Kept(); err != nil || kept.Tree.N != first {
		t.Errorf("%d, %v", kept.Tree.N, err)
	}
	if w.sequence() <= first {
		t.Error("the log does not go on")
	}
	if held := w.verifies(); !strings.Contains(held.String(), "continues the checkpoint") {
		t.Error(held)
	}
}

// TestStrangeKeys starts on a log that was signed with keys which are not here.
func TestStrangeKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.KnowsLog(t.Context())) // there is nothing to know yet
	w.file("hate")
	w.ok(second(w.Sequence(t.Context())))
	w.ok(w.KnowsLog(t.Context()))
	other, err := custody.OpenRing(t.TempDir(), "test.example")
	w.ok(err)
	w.Signer = ring{other}
	if err := w.KnowsLog(t.Context()); err == nil || !strings.Contains(err.Error(), "not by a key that is known here") {
		t.Errorf("got %v", err)
	}
}
