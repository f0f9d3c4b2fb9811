package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/proffer/proffer/media/connector/recorder"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/triage"
)

// recordings keeps the files of recordings. Each is written into its recording's folder first, <meeting>/<recording>/<file>.part, so that
// nothing but the last seconds is lost however the process ends; it loses the ending when it is whole, and goes to the object store. What there
// is, and whose, is in the database before a byte of it is written.
type recordings struct {
	dir     string
	desk    *triage.Desk
	objects *objects.Store
	free    func() (int64, error) // nil: not ours to know
	log     *slog.Logger
	work    chan struct{} // holds one when there is something to store

	mu   sync.Mutex // over both below
	open map[string]bool
	runs map[triage.RecordingID]bool // that this process began and whose end it has not seen
}

// Of recordings.
const (
	minFree    = 2 << 30  // bytes that are left for everything else
	lookEvery  = 16 << 20 // bytes of one file, after which the disk is looked at
	storeEvery = time.Minute
	seeEvery   = triage.RecordingLost / 10
	noteTime   = 10 * time.Second // for one note in the database
	unfinished = ".part"
)

func newRecordings(s *services) *recordings {
	return &recordings{dir: filepath.Join(s.cfg.Data, "recordings"), desk: s.desk, objects: s.objects, free: s.free, log: s.log,
		work: make(chan struct{}, 1), open: map[string]bool{}, runs: map[triage.RecordingID]bool{}}
}

// take is a recording that runs; it is its recorder's Sink.
type take struct {
	*recordings
	is triage.Recording
}

// begin notes that a host began a recording.
func (r *recordings) begin(ctx context.Context, id string, by meeting.Orderer) (take, error) {
	if err := r.hasRoom(); err != nil {
		return take{}, err
	}
	is, err := r.desk.BeginRecording(ctx, triage.MeetingID(id), by.Account, joinWords(by))
	if err != nil {
		return take{}, err
	}
	t := take{r, is}
	r.mu.Lock()
	r.runs[is.ID] = true
	r.mu.Unlock()
	if err := os.MkdirAll(t.folder(), 0o700); err != nil {
		t.end(meeting.Orderer{}, triage.RecordingFailed)
		return take{}, err
	}
	return t, nil
}

func joinWords(by meeting.Orderer) string {
	if by.J == (meeting.J{}) {
		return ""
	}
	return hex.EncodeToString(by.J[:])
}

func (t take) folder() string { return filepath.Join(t.dir, string(t.is.Meeting), string(t.is.ID)) }

// end notes that the recording is over, at whose word and how. If it can not be noted now, the sweep does so in a while.
func (t take) end(by meeting.Orderer, how triage.RecordingEnd) {
	ctx, cancel := context.WithTimeout(context.Background(), noteTime)
	defer cancel()
	if err := t.desk.EndRecording(ctx, t.is.ID, by.Account, joinWords(by), how); err != nil {
		t.log.Warn("the end of a recording could not be noted; it will be called interrupted", "recording", t.is.ID, "err", err)
	}
	t.mu.Lock()
	delete(t.runs, t.is.ID)
	t.mu.Unlock()
	t.wake()
}

func (r *recordings) wake() {
	select {
	case r.work <- struct{}{}:
	default:
	}
}

// Create begins a file.
func (t take) Create(f recorder.File) (io.WriteCloser, error) {
	if err := t.hasRoom(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), noteTime)
	defer cancel()
	noted, err := t.desk.BeginRecordingFile(ctx, triage.RecordingFile{Recording: t.is.ID, Person: f.Person, Screen: f.Screen, Part: f.Part, Type: f.Type, Began: f.Began})
	if err != nil {
		return nil, err
	}
	path := filepath.Join(t.folder(), string(noted.ID)+noted.Extension()+unfinished)
	t.mu.Lock()
	defer t.mu.Unlock() // so that it is not taken for one that an earlier process left
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	t.open[path] = true
	return &recording{File: file, of: t.recordings}, nil
}

// hasRoom tells whether the disk has room for everything else, too.
func (r *recordings) hasRoom() error {
	if r.free == nil {
		return nil
	}
	if free, err := r.free(); err != nil || free < minFree {
		return errors.Join(fmt.Errorf("there is no room for a recording: %d MiB are free", free>>20), err)
	}
	return nil
}

// recording is a file that is written.
type recording struct {
	*os.File
	of     *recordings
	unseen int  // bytes since the disk was looked at
	broken bool // something was not written
}

// Write writes while there is room.
func (f *recording) Write(b []byte) (n int, err error) {
	if f.unseen += len(b); f.unseen > lookEvery {
		f.unseen = 0
		err = f.of.hasRoom()
	}
	if err == nil {
		n, err = f.File.Write(b)
	}
	f.broken = f.broken || err != nil
	return n, err
}

// Close ends the file, and has it stored.
func (f *recording) Close() error {
	err := errors.Join(f.File.Sync(), f.File.Close())
	if err == nil && !f.broken {
		err = os.Rename(f.Name(), strings.TrimSuffix(f.Name(), unfinished))
	}
	f.of.mu.Lock()
	delete(f.of.open, f.Name())
	f.of.mu.Unlock()
	f.of.wake()
	return err
}

// Run stores what has been closed, and what an earlier process left, until ctx ends.
func (r *recordings) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { r.live(ctx) })
	again := time.NewTicker(storeEvery)
	defer again.Stop()
	for {
		if err := r.store(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn("a recording could not be stored; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.work:
		case <-again.C:
		}
	}
}

// live gives signs of life, however long storing takes.
func (r *recordings) live(ctx context.Context) {
	again := time.NewTicker(seeEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		var ids []triage.RecordingID
		r.mu.Lock()
		for id := range r.runs {
			ids = append(ids, id)
		}
		r.mu.Unlock()
		if len(ids) == 0 {
			continue
		}
		if err := r.desk.SeeRecordings(ctx, ids); err != nil && ctx.Err() == nil {
			r.log.Warn("that a recording runs could not be noted", "err", err)
		}
	}
}

// store stores every file that nobody writes any more, and clears the folders of recordings that are over.
func (r *recordings) store(ctx context.Context) error {
	folders, err := filepath.Glob(filepath.Join(r.dir, "*", "*"))
	errs := []error{err}
	for _, folder := range folders {
		if id, ok := triage.ParseID("V", filepath.Base(folder)); ok && ctx.Err() == nil {
			errs = append(errs, r.clear(ctx, folder, triage.RecordingID(id)))
		}
	}
	return errors.Join(errs...)
}

// clear stores what is in one folder. It goes once the recording is over and nothing is left in it. A recording that is not of this
// process was left by an earlier one, which ended without a word.
func (r *recordings) clear(ctx context.Context, folder string, id triage.RecordingID) error {
	r.mu.Lock()
	runs := r.runs[id]
	r.mu.Unlock()
	files, err := os.ReadDir(folder)
	errs := []error{err}
	if !runs {
		if err := r.desk.InterruptRecording(ctx, id, lastChange(files)); err != nil { // which changes nothing of one that has ended
			return err
		}
	}
	for _, f := range files {
		errs = append(errs, r.put(ctx, filepath.Join(folder, f.Name())))
	}
	if err := errors.Join(errs...); err != nil || runs {
		return err
	}
	if err := r.desk.SettleRecording(ctx, id); err != nil {
		return err
	}
	if err := os.Remove(folder); err != nil {
		return err
	}
	_ = os.Remove(filepath.Dir(folder)) // of the meeting, if it is empty
	return nil
}

// lastChange is when something was last written into files.
func lastChange(files []fs.DirEntry) (last time.Time) {
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// put stores one file, unless it is written still. What was erased meanwhile is not kept.
func (r *recordings) put(ctx context.Context, path string) error {
	r.mu.Lock()
	busy := r.open[path]
	r.mu.Unlock()
	if busy {
		return nil
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil // it lost its ending since the folder was read
	}
	name, broke := strings.CutSuffix(filepath.Base(path), unfinished)
	is, err := r.desk.RecordingFile(ctx, triage.RecordingFileID(strings.TrimSuffix(name, filepath.Ext(name))))
	switch {
	case errors.Is(err, triage.ErrNotFound):
		return r.forget(ctx, path, name)
	case err != nil:
		return err
	case !is.Stored():
		if err := r.keep(ctx, path, is, !broke); errors.Is(err, triage.ErrNotFound) {
			return r.forget(ctx, path, name)
		} else if err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// keep stores the bytes, and notes that they are.
func (r *recordings) keep(ctx context.Context, path string, is triage.RecordingFile, whole bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := r.objects.PutDerivative(ctx, is.Key(), is.Type, f, info.Size()); err != nil {
		return err
	}
	if err := r.objects.Sync(ctx); err != nil {
		return err
	}
	return r.desk.KeepRecordingFile(ctx, is.ID, info.Size(), info.ModTime(), whole)
}

// forget deletes what was erased before it was stored, or while it was.
func (r *recordings) forget(ctx context.Context, path, name string) error {
	rest, err := filepath.Rel(r.dir, filepath.Dir(path))
	if err != nil {
		return err
	}
	if err := r.objects.DeleteDerivative(ctx, "recordings/"+filepath.ToSlash(rest)+"/"+name); err != nil {
		return err
	}
	return os.Remove(path)
}
