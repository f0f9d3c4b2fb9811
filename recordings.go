package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
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
	"github.com/proffer/proffer/storage/objects"
)

// recordings keeps the files of recordings. Each is written into a folder first, so that nothing but the last seconds is lost however the
// process ends, and goes to the object store once it is closed: recordings/<meeting>/<begun>/<name>, beside an index that says whose is what.
type recordings struct {
	dir     string
	objects *objects.Store
	free    func() (int64, error) // nil: not ours to know
	log     *slog.Logger
	closed  chan struct{} // holds one when there is something to store

	mu    sync.Mutex // over both below
	open  map[string]bool
	index map[string][]indexed // by the recording's folder: of all that this process began
}

// indexed is one line of a recording's index.
type indexed struct {
	File   string    `json:"file"`
	Person string    `json:"person"` // as the meeting called them
	Join   string    `json:"join"`
	Screen bool      `json:"screen"`
	Part   int       `json:"part"`
	Type   string    `json:"type"`
	Began  time.Time `json:"began"`
}

// Of recordings.
const (
	minFree    = 2 << 30  // bytes that are left for everything else
	lookEvery  = 16 << 20 // bytes of one file, after which the disk is looked at
	storeEvery = time.Minute
	indexName  = "index.json"
)

func newRecordings(s *services) *recordings {
	return &recordings{dir: filepath.Join(s.cfg.Data, "recordings"), objects: s.objects, free: s.free, log: s.log, closed: make(chan struct{}, 1),
		open: map[string]bool{}, index: map[string][]indexed{}}
}

// Create begins a file.
func (r *recordings) Create(f recorder.File) (io.WriteCloser, error) {
	if err := r.hasRoom(); err != nil {
		return nil, err
	}
	folder := filepath.Join(r.dir, f.Meeting, f.Recording.UTC().Format("20060102T150405Z"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := r.list(folder, f); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, f.Name())
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[path] = true
	return &recording{File: file, of: r}, nil
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

// list adds a file to the recording's index.
func (r *recordings) list(folder string, f recorder.File) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(r.index[folder], indexed{File: f.Name(), Person: f.Person, Join: hex.EncodeToString(f.Join[:]), Screen: f.Screen, Part: f.Part, Type: f.Type, Began: f.Began.UTC()})
	r.index[folder] = all
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	draft := filepath.Join(folder, "."+indexName)
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, filepath.Join(folder, indexName))
}

// recording is a file that is written.
type recording struct {
	*os.File
	of     *recordings
	unseen int // bytes since the disk was looked at
}

// Write writes while there is room.
func (f *recording) Write(b []byte) (int, error) {
	if f.unseen += len(b); f.unseen > lookEvery {
		f.unseen = 0
		if err := f.of.hasRoom(); err != nil {
			return 0, err
		}
	}
	return f.File.Write(b)
}

// Close ends the file, and has it stored.
func (f *recording) Close() error {
	err := errors.Join(f.File.Sync(), f.File.Close())
	f.of.mu.Lock()
	delete(f.of.open, f.Name())
	f.of.mu.Unlock()
	select {
	case f.of.closed <- struct{}{}:
	default:
	}
	return err
}

// Run stores what has been closed, and what an earlier process left, until ctx ends.
func (r *recordings) Run(ctx context.Context) {
	again := time.NewTicker(storeEvery)
	defer again.Stop()
	for {
		if err := r.store(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn("a recording could not be stored; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.closed:
		case <-again.C:
		}
	}
}

// store stores every file that nobody writes any more.
func (r *recordings) store(ctx context.Context) error {
	var errs []error
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // no recording yet
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		errs = append(errs, r.put(ctx, path))
		return nil
	})
	r.sweep()
	return errors.Join(append(errs, err)...)
}

// types of files, by how their names end.
var recordingTypes = map[string]string{".webm": "video/webm", ".mka": "audio/x-matroska", ".json": "application/json"}

// put stores one file, unless it is written still. The index stays while files may be added to it.
func (r *recordings) put(ctx context.Context, path string) error {
	r.mu.Lock()
	busy := r.open[path]
	r.mu.Unlock()
	rest, err := filepath.Rel(r.dir, path)
	if busy || err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	key := "recordings/" + filepath.ToSlash(rest)
	if err := r.objects.PutDerivative(ctx, key, recordingTypes[filepath.Ext(path)], f, info.Size()); err != nil {
		return err
	}
	if filepath.Base(path) == indexName {
		return nil
	}
	return os.Remove(path)
}

// sweep removes the folders of recordings that are over and stored.
func (r *recordings) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	folders, _ := filepath.Glob(filepath.Join(r.dir, "*", "*"))
	for _, folder := range folders {
		left, err := filepath.Glob(filepath.Join(folder, "[^.]*"))
		if err != nil || len(left) != 1 || filepath.Base(left[0]) != indexName || time.Since(lastChange(left[0])) < storeEvery {
			continue
		}
		_ = os.RemoveAll(folder)            // what stays is swept the next time
		_ = os.Remove(filepath.Dir(folder)) // of the meeting, if it is empty
	}
}

func lastChange(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}
