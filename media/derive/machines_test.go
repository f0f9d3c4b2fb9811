package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// playUser makes and derives a clip, and prints how the sandbox was made, or why it could not be.
func playUser([]string) error {
	s := New(Config{})
	ctx := context.Background()
	if err := s.Check(ctx); err != nil {
		var d *DecodeError
		if errors.As(err, &d) {
			fmt.Printf("refused %s: %s [%s]\n", d.Cause, d.Reason, d.Detail)
			return nil
		}
		return err
	}
	dir, err := os.MkdirTemp("", "proffer-user-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "clip")
	b, err := s.Sample(ctx, SampleOptions{Length: time.Second})
	if err := errors.Join(err, os.WriteFile(path, b, 0o644)); err != nil {
		return err
	}
	c, err := s.Open(ctx, path)
	if err != nil {
		return err
	}
	r, err := c.Derive(ctx, Options{Stills: 2}, nil)
	if err := errors.Join(err, c.Close()); err != nil {
		return err
	}
	fmt.Printf("uid %d, %s: %d derivatives, %d problems\n", os.Getuid(), s.ready.mode, len(r.Derivatives), len(r.Problems))
	return nil
}

// playNoNamespaces turns user namespaces off, which its own user namespace allows it, and plays the user named next.
func playNoNamespaces(args []string) error {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", "user")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if args[0] == "ordinary" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}}
	}
	return cmd.Run()
}

func play(t *testing.T, attr *syscall.SysProcAttr, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.SysProcAttr = attr
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TMPDIR=/tmp"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, &stderr)
	}
	return string(out)
}

// A server that is not root keeps all its walls. Where these tests are not root themselves, all others show it.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	attr, uid := &syscall.SysProcAttr{}, os.Getuid()
	if uid == 0 {
		attr.Credential, uid = &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}, nobody
	}
	want := fmt.Sprintf("uid %d, user namespace: 3 derivatives, 0 problems\n", uid)
	if got := play(t, attr, "user"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// machine starts a process that is root of a user namespace of its own; only root can also lend it the user nobody.
func machine() *syscall.SysProcAttr {
	m := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	g := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	if os.Getuid() == 0 {
		m = append(m, syscall.SysProcIDMap{ContainerID: nobody, HostID: nobody, Size: 1})
		g = append(g, syscall.SysProcIDMap{ContainerID: nobody, HostID: nobody, Size: 1})
	}
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: m, GidMappings: g,
		GidMappingsEnableSetgroups: os.Getuid() == 0}
}

func TestNoUserNamespaces(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		// Without a second user to lend, both parts are played by a root who cannot become nobody: nothing may be decoded.
		if got := play(t, machine(), "no-namespaces", "root"); !strings.HasPrefix(got, "refused no sandbox: ") {
			t.Errorf("got %q, want a refusal in words", got)
		}
		return
	}
	t.Run("ordinary user", func(t *testing.T) {
		t.Parallel()
		got := play(t, machine(), "no-namespaces", "ordinary")
		if !strings.HasPrefix(got, "refused no sandbox: ") || !strings.Contains(got, "user.max_user_namespaces") {
			t.Errorf("got %q, want a refusal that says what to set", got)
		}
	})
	t.Run("root", func(t *testing.T) {
		t.Parallel()
		if got := play(t, machine(), "no-namespaces", "root"); got != "uid 0, root without user namespaces: 3 derivatives, 0 problems\n" {
			t.Errorf("got %q", got)
		}
	})
}

// The second mode must hold as the first does.
func TestRootWithoutUserNamespacesHoldsAnIntruder(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	found, err := findTools()
	if err != nil {
		t.Fatal(err)
	}
	found.mode = modeRoot
	if found.ffmpeg, err = s.try(t.Context(), found); os.Getuid() != 0 {
		decodeError(t, err, CauseSandbox) // the mode is root's alone
		return
	} else if err != nil {
		t.Fatalf("%v: %+v", err, err)
	}
	s.ready = found
	checkIntruder(t, intrude(t, s, os.Args[0]))
}

// Root's own temporary folder is closed to nobody: that is said, and does not lead to the second mode.
func TestClosedTempDirIsNamed(t *testing.T) {
	t.Parallel()
	err := New(Config{TempDir: t.TempDir()}).Check(t.Context())
	if os.Getuid() != 0 { // an ordinary user's sandbox is that user outside, and reaches what it reaches
		if err != nil && strings.Contains(err.Error(), "711") {
			t.Errorf("%+v", err)
		}
		return
	}
	if d := decodeError(t, err, CauseSandbox); !strings.Contains(d.Reason, "711") {
		t.Errorf("%+v", d)
	}
}

func TestMissingProgramsAreNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := New(Config{}).Check(t.Context())
	if d := decodeError(t, err, CauseSandbox); !d.Retryable || !strings.Contains(d.Reason, "install the package") {
		t.Errorf("%+v", d)
	}
}

// Without a sandbox the demonstration still has its samples: nothing of a stranger's goes into one.
func TestSampleWithoutSandbox(t *testing.T) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal(err)
	}
	want, err := box(t, Limits{}).Sample(t.Context(), SampleOptions{Length: time.Second, Label: "100% '; [x]"})
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir() // ffmpeg and no bubblewrap
	if err := os.Symlink(path, filepath.Join(bin, "ffmpeg")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	got, err := New(Config{}).Sample(t.Context(), SampleOptions{Length: time.Second, Label: "100% '; [x]"})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want the same %d bytes", len(got), err, len(want))
	}
}

// Without a sandbox a clip is still staged and sniffed, and nothing is decoded.
func TestNothingIsDecodedWithoutSandbox(t *testing.T) {
	path := sample(t, box(t, Limits{}), SampleOptions{Length: time.Second})
	t.Setenv("PATH", t.TempDir())
	c := open(t, New(Config{}), path)
	if c.Container() != WebM {
		t.Errorf("container %q", c.Container())
	}
	_, err := c.Derive(t.Context(), Options{}, nil)
	decodeError(t, err, CauseSandbox)
}

func TestSweepTakesOnlyTheDead(t *testing.T) {
	t.Parallel()
	s := New(Config{TempDir: t.TempDir()})
	live, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	defer live.remove()
	dead := filepath.Join(s.tempDir, workPrefix+"dead") // a moment ago: a server that was killed is started again at once
	fresh := filepath.Join(s.tempDir, makingPrefix+"fresh")
	stuck := filepath.Join(s.tempDir, makingPrefix+"stuck")
	other := filepath.Join(s.tempDir, "somebody-elses")
	hourAgo := time.Now().Add(-time.Hour)
	for _, dir := range []string{dead, fresh, stuck, other} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{stuck, other, live.dir} {
		if err := os.Chtimes(dir, hourAgo, hourAgo); err != nil {
			t.Fatal(err)
		}
	}
	n, err := s.Sweep()
	if n != 2 || err != nil {
		t.Errorf("swept %d, %v; want 2", n, err)
	}
	for dir, want := range map[string]bool{dead: false, stuck: false, fresh: true, other: true, live.dir: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", filepath.Base(dir), err == nil, want)
		}
	}
}

func dirNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
