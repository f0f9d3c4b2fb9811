package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// noUserNamespaces, set to "1" in the environment, makes root use another user even where namespaces work; for tests.
const noUserNamespaces = "PROFFER_NO_USERNS"

// postgresUser says as whom PostgreSQL runs, which refuses to be root: an ordinary user runs it as themselves; root in a
// namespace of one id, in which root outside is user 1000 inside, so that all files stay root's; and where namespaces
// are off, as the user postgres or nobody, whose files are then theirs.
func postgresUser(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	inside := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
		Credential:  &syscall.Credential{Uid: 1000, Gid: 1000, NoSetGroups: true},
	}
	if os.Getenv(noUserNamespaces) != "1" && ownedBy(dir, 0) {
		probe := exec.Command("/bin/true")
		probe.SysProcAttr = inside
		if probe.Run() == nil {
			return inside, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		if err := makeTraversable(filepath.Dir(dir)); err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and this machine has neither user namespaces nor a user postgres or nobody. Start Proffer as an ordinary user")
}

// ownedBy reports whether the folder is the user's, or not there yet.
func ownedBy(dir string, uid uint32) bool {
	st, err := os.Stat(dir)
	if err != nil {
		return true
	}
	return st.Sys().(*syscall.Stat_t).Uid == uid
}

// makeOwned makes a folder, with mode 0700, that belongs to whoever the attributes run as.
func makeOwned(dir string, as *syscall.SysProcAttr) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	uid := uint32(os.Getuid())
	if as.Credential != nil && as.Cloneflags == 0 {
		uid = as.Credential.Uid
		if err := os.Chown(dir, int(uid), int(as.Credential.Gid)); err != nil {
			return err
		}
	} else if st.Sys().(*syscall.Stat_t).Uid != uid || !st.IsDir() {
		return fmt.Errorf("%s belongs to somebody else", dir)
	}
	return os.Chmod(dir, 0o700)
}

// makeTraversable lets other users pass through our data folder (not list it), and says which folder above it they
// cannot pass.
func makeTraversable(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	for up := filepath.Dir(dir); ; up = filepath.Dir(up) {
		st, err := os.Stat(up)
		if err != nil {
			return err
		}
		if st.Mode()&0o001 == 0 {
			return fmt.Errorf("PostgreSQL cannot run as root, and another user cannot pass through %s: set PROFFER_DATA to a folder elsewhere (such as /var/lib/proffer), or start Proffer as an ordinary user", up)
		}
		if up == filepath.Dir(up) {
			return nil
		}
	}
}

// awaitOldPostmaster waits until a postmaster of a run that was killed has ended. A stale file is PostgreSQL's own to
// handle: it checks whether that process lives.
func awaitOldPostmaster(ctx context.Context, dir string) error {
	for {
		b, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
		if err != nil {
			return nil
		}
		line, _, _ := strings.Cut(string(b), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || !isPostgres(pid, dir) {
			return nil
		}
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("an old PostgreSQL (process %d) still uses %s and does not end", pid, dir)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// isPostgres reports whether a process is a postmaster on that folder.
func isPostgres(pid int, dir string) bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(cmdline), "\x00-D\x00"+dir+"\x00")
}
