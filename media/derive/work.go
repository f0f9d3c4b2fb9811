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

// workPrefix begins the name of every staging folder.
const workPrefix = "proffer-clip-"

// work is a private staging folder: mode 711 under a random name, so that the user nobody can open the files it owns
// there but nobody can list them. A lock on the folder, held while this process lives, tells Sweep that it is in use.
type work struct {
	dir  string
	lock *os.File
}

func (s *Sandbox) newWork() (*work, error) {
	dir, err := os.MkdirTemp(s.tempDir, workPrefix)
	if err != nil {
		return nil, err
	}
	w := &work{dir: dir}
	if err := errors.Join(os.Chmod(dir, 0o711), w.hold()); err != nil {
		w.remove()
		return nil, err
	}
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
	if err := errors.Join(err, f.Chmod(perm)); err != nil {
		f.Close()
		return nil, fmt.Errorf("giving a staged file to the user nobody: %w", err)
	}
	return f, nil
}

// sweepAge spares a folder that another process has just made and not yet locked.
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
		if !e.IsDir() || !strings.HasPrefix(e.Name(), workPrefix) || err != nil || time.Since(info.ModTime()) < sweepAge {
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
