package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearOldPostmaster waits until a postmaster of a run that was killed has ended, and removes the file it left where the
// file names a process that is something else by now: PostgreSQL would take that one for a postmaster and refuse to
// start. That happens after a power cut, and in containers, where process ids are small. A file that names no process
// is PostgreSQL's own to handle.
func clearOldPostmaster(ctx context.Context, dir string) error {
	path := filepath.Join(dir, "postmaster.pid")
	for {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		line, _, _ := strings.Cut(string(b), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || pid <= 1 {
			return nil
		}
		if syscall.Kill(pid, 0) != nil {
			return nil // it is gone, or another user's: PostgreSQL sees it so too
		}
		ours, err := worksIn(pid, dir)
		if err != nil {
			return nil // it may not be looked at: PostgreSQL decides
		}
		if !ours {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("removing what an old PostgreSQL left: %w", err)
			}
			return nil
		}
		// It had this signal from the kernel when its parent died; it may be one whose parent did not die but failed.
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("an old PostgreSQL (process %d) still uses %s: end it and start again: %w", pid, dir, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("an old PostgreSQL (process %d) still uses %s and does not end", pid, dir)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// worksIn reports whether a living process has that working folder, as every process of a PostgreSQL has its cluster. It
// fails when it may not look at the process.
func worksIn(pid int, dir string) (bool, error) {
	proc := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil || strings.Contains(string(stat), ") Z ") {
		return false, nil
	}
	at, err := os.Stat(proc + "/cwd")
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return false, err
		}
		return false, nil
	}
	here, err := os.Stat(dir)
	return err == nil && os.SameFile(at, here), nil
}
