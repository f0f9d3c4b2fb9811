package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Folder is a data folder that this process alone uses.
type Folder struct {
	Path string // absolute
	lock *os.File
}

// OpenFolder makes the folder if need be and locks it; a second server on it is refused. The lock goes with the process.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the data folder's lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another server uses the data folder %s: stop it, or set PROFFER_DATA to another folder", path)
		}
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	return &Folder{Path: path, lock: f}, nil
}

// Close lets the folder go.
func (f *Folder) Close() error { return f.lock.Close() }

// Sync returns when everything written to the folder's file system so far is on the disk (syncfs(2)). The S3 gateway does
// not do it by itself.
func (f *Folder) Sync() error {
	if err := unix.Syncfs(int(f.lock.Fd())); err != nil {
		return fmt.Errorf("writing the data folder to disk: %w", err)
	}
	return nil
}

// syncDir returns when the names in a folder are on the disk.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
