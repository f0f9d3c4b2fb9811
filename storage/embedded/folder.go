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
	// lock is a bare descriptor: an os.File that nobody refers to is closed by the garbage collector, and the lock with it.
	lock int
}

// OpenFolder makes the folder if need be and locks it; a second server on it is refused. The lock is held
// until Close or the end of the process.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	fd, err := syscall.Open(filepath.Join(path, "lock"), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of the data folder %s: %w", path, err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		syscall.Close(fd)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another server uses the data folder %s: stop it, or set PROFFER_DATA to another folder", path)
		}
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	return &Folder{Path: path, lock: fd}, nil
}

// Close lets the folder go.
func (f *Folder) Close() error { return syscall.Close(f.lock) }

// Sync returns when everything written to the folder's file system so far is on the disk (syncfs(2)). The S3 gateway does
// not do it by itself.
func (f *Folder) Sync() error {
	if err := unix.Syncfs(f.lock); err != nil {
		return fmt.Errorf("writing the data folder to disk: %w", err)
	}
	return nil
}

// Free is how many bytes the folder's file system has left for this process (statfs(2)).
func (f *Folder) Free() (int64, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(f.lock, &s); err != nil {
		return 0, fmt.Errorf("asking the file system of the data folder: %w", err)
	}
	return int64(s.Bavail) * s.Bsize, nil
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
