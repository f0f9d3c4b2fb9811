package derive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets this binary play other parts: the intruder inside the sandbox, an ordinary user, a machine without user
// namespaces, a process that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if part := parts[os.Args[1]]; part != nil {
			if err := part(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var parts = map[string]func([]string) error{}

func init() {
	parts["intruder"] = intruder
	parts["user"] = playUser
	parts["no-namespaces"] = playNoNamespaces
	parts["victim"] = playVictim
}

// self is a copy of this test binary that the user nobody can run.
func self(t testing.TB, s *Sandbox) string {
	t.Helper()
	w, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.remove() })
	out, err := w.create("self", 0o555)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

// withTool gives the sandbox one more program to run, which no caller outside this package can do.
func withTool(t testing.TB, s *Sandbox, name, path string) *walls {
	t.Helper()
	w, err := s.walls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	more := *w
	more.tools = map[string]string{name: path}
	for k, v := range w.tools {
		more.tools[k] = v
	}
	return &more
}

func shell(t testing.TB, s *Sandbox) *walls {
	t.Helper()
	path, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	return withTool(t, s, "sh", path)
}

// report is what the intruder found.
type report struct {
	UID, GID, PID int
	Root          []string          // names in /
	Read          map[string]string // path → error, "" where it could be read
	Write         map[string]string // path → error, "" where it could be written
	Dial          string
	Kill          string
	Userns        string
	Memory        string
	Mount         string
	NoNewPrivs    int
	Caps          uint32
}

// intruder is what a decoder that was taken over would try. Arguments: address to dial, process to signal, files to read.
func intruder(args []string) error {
	r := report{UID: os.Getuid(), GID: os.Getgid(), PID: os.Getpid(), Read: map[string]string{}, Write: map[string]string{}}
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, e := range entries {
		r.Root = append(r.Root, e.Name())
	}
	for _, path := range args[2:] {
		_, err := os.Stat(path)
		r.Read[path] = text(err)
	}
	for _, path := range []string{"/x", "/tmp/x", "/dev/x", "/dev/shm/x", "/in/clip", "/in/x", "/usr/lib/x", "/bin/x", "/out/x",
		"/out/made"} {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			f.Close()
		}
		r.Write[path] = text(err)
	}
	_, err = net.DialTimeout("tcp", args[0], 2*time.Second)
	r.Dial = text(err)
	var pid int
	if _, err := fmt.Sscan(args[1], &pid); err != nil {
		return err
	}
	r.Kill = text(syscall.Kill(pid, 0))
	r.Userns = text(unix.Unshare(unix.CLONE_NEWUSER))
	r.Mount = text(unix.Mount("none", "/in", "tmpfs", 0, ""))
	_, err = unix.Mmap(-1, 0, 4<<30, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	r.Memory = text(err)
	r.NoNewPrivs, _ = unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	header, data := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	r.Caps = data[0].Effective | data[0].Permitted | data[0].Inheritable | data[1].Effective | data[1].Permitted | data[1].Inheritable
	return json.NewEncoder(os.Stdout).Encode(r)
}

// intrude runs the intruder in a sandbox and returns what it found. The listener must not have been reached.
func intrude(t *testing.T, s *Sandbox, secret string) report {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reached := make(chan struct{})
	go func() {
		if _, err := l.Accept(); err == nil {
			close(reached)
		}
	}()
	walls := withTool(t, s, "intruder", self(t, s))
	work, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	defer work.remove()
	input, err := work.write("clip", strings.NewReader("evidence"), 100)
	if err != nil {
		t.Fatal(err)
	}
	out, err := work.create("made", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	var stdout bytes.Buffer
	err = s.runIn(t.Context(), walls, job{stage: "test", tool: "intruder", input: input, output: out.Name(), outPath: "/out/made",
		args: []string{"intruder", l.Addr().String(), fmt.Sprint(os.Getpid()), "/etc/shadow", "/etc/passwd", "/root", "/home",
			"/work", "/var", "/run", "/sys", "/proc/1", "/tmp", "/usr/bin", secret, input},
		wall: time.Minute, outMax: 100, stdout: &stdout, stdoutMax: 1 << 20})
	if err != nil {
		t.Fatalf("%v: %+v", err, err)
	}
	select {
	case <-reached:
		t.Error("the sandbox reached a listener of this machine")
	default:
	}
	if got := read(t, input); string(got) != "evidence" {
		t.Errorf("the clip was changed to %q", got)
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSandboxHoldsAnIntruder(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "evidence.webm")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	// The namespaces alone must hold; the system call filter is a second wall.
	for name, filter := range map[string][]byte{"with system call filter": seccompFilter(), "namespaces alone": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(Config{})
			s.seccomp = filter
			r := intrude(t, s, secret)
			checkIntruder(t, r)
			if filter != nil && !strings.Contains(r.Userns, "not permitted") {
				t.Errorf("a user namespace could be made: %q", r.Userns)
			}
			if filter != nil && !strings.Contains(r.Dial, "operation not permitted") {
				t.Errorf("a socket could be made: %q", r.Dial)
			}
		})
	}
}

func checkIntruder(t *testing.T, r report) {
	t.Helper()
	if r.UID != nobody || r.GID != nobody || r.Caps != 0 || r.NoNewPrivs != 1 {
		t.Errorf("user %d:%d, capabilities %x, no-new-privileges %d", r.UID, r.GID, r.Caps, r.NoNewPrivs)
	}
	if r.PID > 5 {
		t.Errorf("process number %d: not alone in its namespace", r.PID)
	}
	for _, name := range r.Root {
		if !strings.Contains(" bin dev etc in lib lib64 out usr ", " "+name+" ") {
			t.Errorf("/%s is there", name)
		}
	}
	for path, err := range r.Read {
		if err == "" {
			t.Errorf("%s can be seen", path)
		}
	}
	for path, err := range r.Write {
		if (err == "") != (path == "/out/made") {
			t.Errorf("writing %s: %q", path, err)
		}
	}
	for what, err := range map[string]string{"dialling": r.Dial, "signalling": r.Kill, "mounting": r.Mount, "4 GiB": r.Memory} {
		if err == "" {
			t.Errorf("%s was possible", what)
		}
	}
}

// runShell runs a script in the sandbox, with one output file of at most 1 MiB.
func runShell(t *testing.T, wall time.Duration, script string, stdout io.Writer, args ...string) (made int64, err error) {
	t.Helper()
	s := New(Config{})
	w := shell(t, s)
	work, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	defer work.remove()
	out, err := work.create("made", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	err = s.runIn(t.Context(), w, job{stage: "test", tool: "sh", args: append([]string{"-c", script, "sh"}, args...), output: out.Name(),
		outPath: "/out/made", wall: wall, outMax: 1 << 20, stdout: stdout, stdoutMax: 1 << 20})
	info, statErr := out.Stat()
	if statErr != nil {
		t.Fatal(statErr)
	}
	return info.Size(), err
}

func TestFloodsAreBounded(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("x", 1000)
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		made, err := runShell(t, time.Minute, "while :; do echo "+line+"; done > /out/made", nil)
		decodeError(t, err, CauseLimits)
		if made > 1<<20 {
			t.Errorf("%d bytes were written", made)
		}
	})
	t.Run("stdout", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		_, err := runShell(t, time.Minute, "while :; do echo "+line+"; done", &out)
		decodeError(t, err, CauseLimits)
		if out.Len() > 1<<20 {
			t.Errorf("%d bytes came out", out.Len())
		}
	})
	t.Run("stderr", func(t *testing.T) {
		t.Parallel()
		_, err := runShell(t, time.Second, "while :; do echo "+line+" >&2; done", nil)
		if d := decodeError(t, err, CauseTime); len(d.Detail) > 500 {
			t.Errorf("%d bytes of detail", len(d.Detail))
		}
	})
	t.Run("processes", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		_, err := runShell(t, time.Minute, "i=0; while [ $i -lt 2000 ]; do sh -c 'kill -STOP $$' & i=$((i+1)); echo $i; done", &out)
		decodeError(t, err, CauseUndecodable)
		if n := strings.Count(out.String(), "\n"); n < 5 || n > 8*maxProcesses {
			t.Errorf("%d processes could be started", n)
		}
	})
	t.Run("processor time", func(t *testing.T) {
		t.Parallel()
		s := New(Config{})
		w := shell(t, s)
		// Eight seconds of wall time give sixteen of processor; four busy processes would get there only on many cores, so
		// what is tested is the mapping of the kernel's signal.
		err := s.runIn(t.Context(), w, job{stage: "test", tool: "sh", args: []string{"-c", "kill -XCPU $$"}, wall: 8 * time.Second})
		decodeError(t, err, CauseTime)
	})
}

// processesWith counts processes of this machine whose command line holds a marker.
func processesWith(t *testing.T, marker string) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(marker)) &&
			!strings.Contains(path, fmt.Sprintf("/%d/", os.Getpid())) {
			n++
		}
	}
	return n
}

func eventuallyNone(t *testing.T, marker string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); processesWith(t, marker) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d processes are left", processesWith(t, marker))
		}
	}
}

const forkAndLoop = "sh -c 'while :; do :; done' $1 & sh -c 'trap \"\" TERM INT HUP; kill -STOP $$' $1 & while :; do :; done"

func TestTimeoutLeavesNoProcess(t *testing.T) {
	t.Parallel()
	marker := fmt.Sprintf("proffer-timeout-%d", os.Getpid())
	_, err := runShell(t, 700*time.Millisecond, forkAndLoop, nil, marker)
	if d := decodeError(t, err, CauseTime); !d.Retryable {
		t.Error("a timeout must be retryable")
	}
	eventuallyNone(t, marker)
}

// playVictim runs something endless in the sandbox until it is killed.
func playVictim(args []string) error {
	s := New(Config{})
	w, err := s.walls(context.Background())
	if err != nil {
		return err
	}
	path, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		return err
	}
	w.tools["sh"] = path
	return s.runIn(context.Background(), w, job{stage: "test", tool: "sh", args: []string{"-c", "echo up; " + forkAndLoop, "sh", args[0]},
		wall: time.Hour, stdout: os.Stdout, stdoutMax: 1 << 20})
}

func TestKillOfTheServerLeavesNoProcess(t *testing.T) {
	t.Parallel()
	marker := fmt.Sprintf("proffer-killed-%d", os.Getpid())
	cmd := exec.Command("/proc/self/exe", "victim", marker)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 3)); err != nil {
		t.Fatal("the victim did not start: ", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	eventuallyNone(t, marker)
}
