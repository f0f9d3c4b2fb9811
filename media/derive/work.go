package derive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// workPrefix begins the name of every staging folder, makingPrefix that of one which is not locked yet, and holds nothing.
const (
	workPrefix   = "proffer-clip-"
	makingPrefix = "proffer-making-"
)

// work is a private staging folder: mode 711 under a random name, so that the user nobody can open the files it owns
// there but nobody can list them. A lock on the folder, held while this process lives, tells Sweep that it is in use; it
// has its name only once it is locked.
type work struct {
	dir  string
	lock *os.File
}

func (s *Sandbox) newWork() (*work, error) {
	making, err := os.MkdirTemp(s.tempDir, makingPrefix)
	if err != nil {
		return nil, err
	}
	w := &work{dir: making}
	dir := filepath.Join(s.tempDir, workPrefix+strings.TrimPrefix(filepath.Base(making), makingPrefix))
	if err := errors.Join(os.Chmod(making, 0o711), w.hold(), os.Rename(making, dir)); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	w.dir = dir
	return w, nil
}

// hold takes the folder's lock without waiting.
func (w *work) hold() error {
	f, err := os.Open(w.dir)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return err
	}
	w.lock = f
	return nil
}

// remove deletes the folder and lets the lock go.
func (w *work) remove() error {
	err := os.RemoveAll(w.dir)
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
	}
	return err
}

// errTooLarge says that a reader held more than was allowed.
var errTooLarge = errors.New("larger than allowed")

// write stores at most max bytes of r in the folder as a file that only the decoder's user may read.
func (w *work) write(name string, r io.Reader, max int64) (path string, err error) {
	f, err := w.create(name, 0o400)
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, io.LimitReader(r, max+1))
	if err == nil && n > max {
		err = errTooLarge
	}
	return f.Name(), errors.Join(err, f.Close())
}

// create makes an empty file in the folder that belongs to the decoder's user; its name begins with name.
func (w *work) create(name string, perm os.FileMode) (*os.File, error) {
	f, err := os.CreateTemp(w.dir, name+"-*")
	if err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		err = f.Chown(nobody, nobody)
	}
	if errors.Is(err, unix.EINVAL) {
		err = fmt.Errorf("there is no user nobody (id %d) in this container; run it with a whole range of user ids, or as an ordinary user: %w", nobody, err)
	}
	if err := errors.Join(err, f.Chmod(perm)); err != nil {
		f.Close()
		return nil, fmt.Errorf("giving a staged file to the user nobody: %w", err)
	}
	return f, nil
}

// sweepAge spares an empty folder that another process has just made and not yet locked.
const sweepAge = time.Minute

// Sweep ends what processes that died left running, and removes their staged clips: call it at start. It returns how many
// clips it removed.
func (s *Sandbox) Sweep() (int, error) {
	if n := endStrays(); n > 0 {
		s.log.Info("sandboxes of an earlier run were ended", "processes", n)
	}
	entries, err := os.ReadDir(s.tempDir)
	if err != nil {
		return 0, fmt.Errorf("looking for left-over clips: %w", err)
	}
	n := 0
	var all error
	for _, e := range entries {
		info, err := e.Info()
		unlocked := strings.HasPrefix(e.Name(), makingPrefix)
		if err != nil || !e.IsDir() || !unlocked && !strings.HasPrefix(e.Name(), workPrefix) || unlocked && time.Since(info.ModTime()) < sweepAge {
			continue
		}
		w := &work{dir: filepath.Join(s.tempDir, e.Name())}
		if w.hold() != nil {
			continue // in use, or another user's
		}
		if err := w.remove(); err != nil {
			all = errors.Join(all, err)
			continue
		}
		n++
	}
	return n, all
}
