package objects

import (
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"net/http"
	"sync"
	"time"

	tus "github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// IntakeConfig says what the intake allows. Zero values stand for the defaults.
type IntakeConfig struct {
	Clock      triage.Clock  // time.Now
	Log        *slog.Logger  // for what people are not told; default: nothing is logged
	BasePath   string        // URL path with slashes at both ends; "/uploads/"
	UploadLock time.Duration // object lock of a sealed clip until a report extends it; triage.UnreportedLock

	MaxOpen   int   // open uploads of one account; 20
	MaxBytes  int64 // bytes of one account's uploads that are open, or sealed within UploadLock and in no report; 10 GiB
	MaxDay    int64 // bytes of one account's uploads that began within a day and were not given up, in a report or not; 20 GiB
	MaxActive int   // requests that may send bytes at once, which bounds memory to about 8 MiB each; 32

	// Free is how many bytes the disk below the object store has left; nil where that is not ours to know. An upload that
	// would leave less than MinFree is not begun, so that the database on the same disk, and reports in words, go on.
	Free    func() (int64, error)
	MinFree int64 // bytes; 2 GiB
}

// activePerOwner is how many requests of one account may send bytes at once.
const activePerOwner = 4

// day is the time over which MaxDay counts.
const day = 24 * time.Hour

// spareBuffers is how many part buffers all uploads together may hold beyond one each.
const spareBuffers = 8

// Intake takes clips in; see the package comment. Its methods may be called from many goroutines, on many nodes.
type Intake struct {
	store   triage.Store
	objects *Store
	IntakeConfig

	locks *memorylocker.MemoryLocker // one request at a time per upload, on this node
	tus   http.Handler

	creating sync.Mutex // held while an account's quota is checked and used

	buffers sync.Pool     // of *[]byte, each of the part size
	spare   chan struct{} // one token per buffer beyond the first of an upload

	mu     sync.Mutex
	active map[string]int // requests that send bytes, by owner; guarded by mu
	total  int            // their sum; guarded by mu
}

// NewIntake makes an intake over both stores.
func NewIntake(store triage.Store, objects *Store, c IntakeConfig) (*Intake, error) {
	in := &Intake{
		store: store, objects: objects, IntakeConfig: withDefaults(c),
		locks:  memorylocker.New(),
		spare:  make(chan struct{}, spareBuffers),
		active: map[string]int{},
	}
	in.buffers.New = func() any { b := make([]byte, objects.partSize); return &b }
	composer := tus.NewStoreComposer()
	composer.UseCore(in)
	composer.UseTerminater(in)
	composer.UseLocker(in.locks)
	h, err := tus.NewHandler(tus.Config{
		StoreComposer: composer, BasePath: in.BasePath, MaxSize: triage.MaxClipBytes,
		DisableDownload: true, DisableConcatenation: true,
		Cors:           &tus.CorsConfig{Disable: true},
		Logger:         quietLogger(),
		NetworkTimeout: 30 * time.Second,
		// Long enough to keep the bytes of a connection that broke, also when S3 is slow.
		GracefulRequestCompletionTimeout: 15 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up resumable uploads: %w", err)
	}
	in.tus = h
	return in, nil
}

func withDefaults(c IntakeConfig) IntakeConfig {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.BasePath = orDefault(c.BasePath, "/uploads/")
	if c.UploadLock == 0 {
		c.UploadLock = triage.UnreportedLock
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = 20
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 20 * triage.MaxClipBytes
	}
	if c.MaxDay == 0 {
		c.MaxDay = 40 * triage.MaxClipBytes
	}
	if c.MinFree == 0 {
		c.MinFree = 2 << 30
	}
	if c.MaxActive == 0 {
		c.MaxActive = 32
	}
	return c
}

func (in *Intake) now() time.Time { return in.Clock().UTC().Truncate(time.Microsecond) }

// create makes the record of an upload that is within its owner's quota. Nothing goes to S3 yet.
func (in *Intake) create(ctx context.Context, by triage.Actor, d declaration) (triage.Upload, error) {
	in.creating.Lock()
	defer in.creating.Unlock()
	if err := in.hasRoom(d.size); err != nil {
		return triage.Upload{}, err
	}
	now := in.now()
	u := triage.Upload{
		ID: triage.UploadID(triage.NewID("U")), Owner: by.Account, Name: d.name, Size: d.size, SHA256: d.sha256,
		State: triage.UploadOpen, Created: now, Touched: now,
	}
	err := in.store.Update(ctx, func(tx triage.Tx) error {
		others, err := tx.UploadsOf(ctx, by.Account)
		if err != nil {
			return err
		}
		if err := in.withinQuota(others, d.size, now); err != nil {
			return err
		}
		today, err := tx.DeclaredSince(ctx, by.Account, now.Add(-day))
		if err != nil {
			return err
		}
		if today+d.size > in.MaxDay {
			return triage.Errorf(triage.Forbidden, "Your clips of the last 24 hours would take more than %d MiB, which is as much as one account can send in a day. What arrived is sealed; send this one tomorrow, and file the report now: clips can be added to it.", in.MaxDay>>20)
		}
		if err := tx.InsertUpload(ctx, u); err != nil {
			return err
		}
		return logEvent(ctx, tx, now, custody.UploadStarted, string(by.Account), u, custody.Detail{"name": u.Name})
	})
	if err != nil {
		return triage.Upload{}, err
	}
	return in.load(ctx, u.ID)
}

func (in *Intake) withinQuota(others []triage.Upload, size int64, now time.Time) error {
	var open int
	var bytes int64
	for _, u := range others {
		switch {
		case u.State == triage.UploadOpen:
			open++
			bytes += u.Size
		case u.State == triage.UploadSealed && now.Sub(u.Touched) < in.UploadLock:
			bytes += u.Size
		}
	}
	if open >= in.MaxOpen {
		return triage.Errorf(triage.Forbidden, "You have %d unfinished uploads. Finish or cancel one of them first.", open)
	}
	if bytes+size > in.MaxBytes {
		return triage.Errorf(triage.Forbidden, "Your uploads that are in no report yet would take more than %d MiB. File the report with what is there, or cancel an upload, first.", in.MaxBytes>>20)
	}
	return nil
}

// hasRoom refuses an upload for which the disk has no room.
func (in *Intake) hasRoom(size int64) error {
	if in.Free == nil {
		return nil
	}
	free, err := in.Free()
	if err != nil {
		return fmt.Errorf("asking how much room the disk has: %w", err)
	}
	if free-size >= in.MinFree {
		return nil
	}
	e := triage.Errorf(triage.Full, "The server has no room for more clips right now; whoever runs it was told. File the report in words: it still arrives, and clips can be added to it later.")
	e.Err = fmt.Errorf("the disk has %d MiB left, and %d MiB are kept for the database: make room in the data folder", free>>20, in.MinFree>>20)
	return e
}

func (in *Intake) load(ctx context.Context, id triage.UploadID) (u triage.Upload, err error) {
	err = in.store.View(ctx, func(tx triage.Tx) error {
		u, err = tx.Upload(ctx, id)
		return err
	})
	return u, err
}

// owned loads an upload if it is the actor's, and otherwise knows nothing of it.
func (in *Intake) owned(ctx context.Context, by triage.Actor, id triage.UploadID) (triage.Upload, error) {
	u, err := in.load(ctx, id)
	if err == nil && (by.Account == "" || u.Owner != by.Account) {
		return triage.Upload{}, errNoUpload()
	}
	if errors.Is(err, triage.ErrNotFound) {
		return triage.Upload{}, errNoUpload()
	}
	return u, err
}

func errNoUpload() error {
	return triage.Errorf(triage.NotFound, "There is no such upload. It may have been cancelled, or it stood still for a day; start it again.")
}

// save writes an upload over the version that was read, and sets the new version.
func (in *Intake) save(ctx context.Context, u *triage.Upload) error {
	u.Touched = in.now()
	if err := in.store.Update(ctx, func(tx triage.Tx) error { return tx.SaveUpload(ctx, *u) }); err != nil {
		return fmt.Errorf("saving the state of upload %s: %w", u.ID, err)
	}
	u.Version++
	return nil
}

// Cancel ends an open upload of the actor's and throws its bytes away. A request that is sending them is broken off.
// Conflict where the upload is complete already: what is sealed stays under its lock.
func (in *Intake) Cancel(ctx context.Context, by triage.Actor, id triage.UploadID) error {
	if _, err := in.owned(ctx, by, id); err != nil {
		return err
	}
	unlock, err := in.lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	return in.cancel(ctx, by, id)
}

// cancel is Cancel for one who holds the upload's lock.
func (in *Intake) cancel(ctx context.Context, by triage.Actor, id triage.UploadID) error {
	u, err := in.owned(ctx, by, id)
	if err != nil || u.State == triage.UploadCancelled {
		return err
	}
	if u.State != triage.UploadOpen {
		return triage.Errorf(triage.Conflict, "This upload has ended already, so it cannot be cancelled. A clip that is sealed can be left out of the report; it is locked, and deleted by itself %d days after it was sealed if no report takes it.", int(triage.UnreportedLock.Hours()/24))
	}
	return in.end(ctx, u, triage.UploadCancelled, "", string(by.Account), custody.UploadCancelled, in.now())
}

// end puts an open upload into a final state in which nothing is kept, and throws its bytes away.
func (in *Intake) end(ctx context.Context, u triage.Upload, s triage.UploadState, why, actor string, act custody.Act, at time.Time) error {
	key, multipart := triage.Blob{SHA256: u.SHA256}.Key(), u.Multipart
	u.State, u.Why, u.Touched = s, why, at
	u.Multipart, u.Parts, u.Tail, u.TailSum = "", nil, 0, triage.SHA256{}
	err := in.store.Update(ctx, func(tx triage.Tx) error {
		if err := tx.SaveUpload(ctx, u); err != nil {
			return err
		}
		d := custody.Detail{"name": u.Name}
		if why != "" {
			d["why"] = why
		}
		return logEvent(ctx, tx, at, act, actor, u, d)
	})
	if err != nil {
		return fmt.Errorf("ending upload %s: %w", u.ID, err)
	}
	in.discard(ctx, u.ID, key, multipart)
	return nil
}

// discard throws away what an upload no longer needs. What cannot be removed now is found by Collect.
func (in *Intake) discard(ctx context.Context, id triage.UploadID, key, multipart string) {
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(in.objects.abort(ctx, key, multipart), in.objects.clearStaging(ctx, id)); err != nil {
		in.Log.WarnContext(ctx, "bytes of an ended upload are left for the collector", "upload", id, "error", err)
	}
}

// lock takes the upload's lock on this node, breaking off a request that holds it.
func (in *Intake) lock(ctx context.Context, id triage.UploadID) (unlock func(), err error) {
	l, err := in.locks.NewLock(string(id))
	if err != nil {
		return nil, fmt.Errorf("locking upload %s: %w", id, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := l.Lock(ctx, func() {}); err != nil {
		return nil, triage.Errorf(triage.Conflict, "This upload is busy. Try again in a moment.")
	}
	return func() { l.Unlock() }, nil // it fails never: the lock is held
}

// admit lets one more request send bytes, within the bounds on memory.
func (in *Intake) admit(owner string) (leave func(), err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.active[owner] >= activePerOwner {
		return nil, triage.Errorf(triage.Unavailable, "You are sending %d files at once already. This one goes on when one of them is done.", activePerOwner)
	}
	if in.total >= in.MaxActive {
		return nil, triage.Errorf(triage.Unavailable, "Many people are sending files right now. This upload goes on by itself in a moment.")
	}
	in.active[owner]++
	in.total++
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.total--
		if in.active[owner]--; in.active[owner] == 0 {
			delete(in.active, owner)
		}
	}, nil
}

func logEvent(ctx context.Context, tx triage.Tx, at time.Time, act custody.Act, actor string, u triage.Upload, d custody.Detail) error {
	e, err := custody.NewEvent(triage.NewID("E"), at, act, actor, "", "upload/"+string(u.ID), d)
	if err != nil {
		return fmt.Errorf("logging %s of upload %s: %w", act, u.ID, err)
	}
	return tx.Log(ctx, e)
}

// restore is a SHA-256 that goes on from a saved state; nil starts anew.
func restore(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if state == nil {
		return h, nil
	}
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("going on with a saved SHA-256: %w", err)
	}
	return h, nil
}

// midstate is what restore takes. It never fails for crypto/sha256.
func midstate(h hash.Hash) ([]byte, error) {
	return h.(encoding.BinaryMarshaler).MarshalBinary()
}
