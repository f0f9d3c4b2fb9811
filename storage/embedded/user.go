package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// noUserNamespaces, set to "1" in the environment, acts as if the machine had no user namespaces; for tests.
const noUserNamespaces = "PROFFER_NO_USERNS"

// postgresUser says as whom PostgreSQL runs, which refuses to be root, and whose initdb refuses a user without a name.
//
//   - A cluster that root finds to be another user's runs as that user.
//   - An ordinary user runs it as themselves.
//   - Root, and a user without a name, run it in a namespace of one id, in which they are a user that has one: the files
//     stay theirs.
//   - Where namespaces are off, root runs it as the user postgres or nobody, whose files they then are.
func postgresUser(dir string) (*syscall.SysProcAttr, error) {
	uid, owner := os.Getuid(), ownerOf(dir)
	if uid == 0 && owner != nil && owner.Uid != 0 {
		return asUser(dir, owner)
	}
	if _, err := user.LookupId(strconv.Itoa(uid)); uid != 0 && err == nil {
		return &syscall.SysProcAttr{}, nil
	}
	plain := plainUser()
	if plain != nil {
		if as := namespaced(plain); as != nil {
			return as, nil
		}
	}
	switch {
	case uid != 0:
		return &syscall.SysProcAttr{}, nil // initdb says what it lacks
	case plain != nil:
		return asUser(dir, plain)
	}
	return nil, errors.New("PostgreSQL does not run as root, and this machine has no user postgres or nobody. Start Proffer as an ordinary user")
}

// plainUser is an ordinary user that every Debian has, or nil.
func plainUser() *syscall.Credential {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if errors.Join(uidErr, gidErr) == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return nil
}

// namespaced runs a program in a user namespace where this process's user is the one named inside; nil where the machine
// does not allow it.
func namespaced(inside *syscall.Credential) *syscall.SysProcAttr {
	if os.Getenv(noUserNamespaces) == "1" {
		return nil
	}
	as := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: int(inside.Uid), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: int(inside.Gid), HostID: os.Getgid(), Size: 1}},
		Credential:  &syscall.Credential{Uid: inside.Uid, Gid: inside.Gid, NoSetGroups: true},
	}
	probe := exec.Command("/bin/true")
	probe.SysProcAttr = as
	if probe.Run() != nil {
		return nil
	}
	return as
}

// asUser runs a program as another user, without any of root's groups.
func asUser(dir string, c *syscall.Credential) (*syscall.SysProcAttr, error) {
	if err := makeTraversable(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.Uid, Gid: c.Gid}}, nil
}

// otherUser is the user as whom the attributes run a program, or nil where its files are this process's own.
func otherUser(as *syscall.SysProcAttr) *syscall.Credential {
	if as.Cloneflags&syscall.CLONE_NEWUSER != 0 {
		return nil
	}
	return as.Credential
}

// ownerOf is the user that a file or folder belongs to, or nil where there is none.
func ownerOf(path string) *syscall.Credential {
	st, err := os.Lstat(path)
	if err != nil {
		return nil
	}
	sys := st.Sys().(*syscall.Stat_t)
	return &syscall.Credential{Uid: sys.Uid, Gid: sys.Gid}
}

// makeOwned makes a folder, with mode 0700, that belongs to whoever the attributes run as. One that is there already has
// to be theirs or this process's: in a folder like /tmp, anybody may have put a folder or a symbolic link there before.
func makeOwned(dir string, as *syscall.SysProcAttr) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	self, owner := uint32(os.Getuid()), st.Sys().(*syscall.Stat_t).Uid
	want := &syscall.Credential{Uid: self, Gid: uint32(os.Getgid())}
	if other := otherUser(as); other != nil {
		want = other
	}
	if !st.IsDir() || owner != want.Uid && owner != self {
		return fmt.Errorf("%s is not a folder of ours: remove it, or set PROFFER_DATA to another folder", dir)
	}
	if owner != want.Uid {
		if err := os.Lchown(dir, int(want.Uid), int(want.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o700)
}

// handOver gives a cluster that was root's, in a namespace, to the user that runs it where namespaces are now off. The
// folder itself comes last, so that an interrupted change is done again.
func handOver(dir string, as *syscall.SysProcAttr) error {
	to, owner := otherUser(as), ownerOf(dir)
	if to == nil || owner == nil || owner.Uid == to.Uid {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return os.Lchown(path, int(to.Uid), int(to.Gid))
	})
	if err == nil {
		err = os.Lchown(dir, int(to.Uid), int(to.Gid))
	}
	if err != nil {
		return fmt.Errorf("giving the PostgreSQL cluster to user %d: %w", to.Uid, err)
	}
	return nil
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
