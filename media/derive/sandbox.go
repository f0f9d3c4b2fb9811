package derive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Limits bound what one clip may cost. The zero value of a field means its default.
type Limits struct {
	Duration     time.Duration // of a clip that is processed; what lies beyond is left out and said so; default 2 h
	Side         int           // pixels, width or height of a picture; default 8192
	Pixels       int           // pixels of one picture; default 8192 × 4352
	Tracks       int           // tracks listed; default 64
	Memory       int64         // bytes of address space of the decoder; default 2 GiB
	PreviewBytes int64         // bytes of a preview; default 1 GiB
	ProbeTime    time.Duration // wall time; default 30 s
	StillTime    time.Duration // wall time of one still; default 30 s
	WaveTime     time.Duration // wall time of a waveform; default 5 min
	FramesTime   time.Duration // wall time of Frames; default 5 min
	PreviewTime  time.Duration // wall time of a preview; default 30 min
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Duration, 2*time.Hour)
	setDefault(&l.Side, 8192)
	setDefault(&l.Pixels, 8192*4352)
	setDefault(&l.Tracks, 64)
	setDefault(&l.Memory, 2<<30)
	setDefault(&l.PreviewBytes, 1<<30)
	setDefault(&l.ProbeTime, 30*time.Second)
	setDefault(&l.StillTime, 30*time.Second)
	setDefault(&l.WaveTime, 5*time.Minute)
	setDefault(&l.FramesTime, 5*time.Minute)
	setDefault(&l.PreviewTime, 30*time.Minute)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Config is what a Sandbox needs to know.
type Config struct {
	// TempDir is where clips are staged while they are worked on; default os.TempDir(). When this process is root, the
	// user nobody must be able to reach it (not to list it).
	TempDir string
	Limits  Limits
	Log     *slog.Logger // default: discard
}

// Sandbox runs ffmpeg and ffprobe behind walls. It is safe for concurrent use; how many run at once is the caller's choice.
type Sandbox struct {
	tempDir string
	limits  Limits
	log     *slog.Logger
	seccomp []byte // nil where the machine has no filter

	mu    sync.Mutex // guards what follows
	ready *walls     // nil until Check has succeeded once
}

// walls is a way of sandboxing that has been tried and works here.
type walls struct {
	bwrap  string            // host path of bubblewrap
	tools  map[string]string // name inside → resolved host path
	mode   mode
	ffmpeg string // version, as it names itself
}

// mode is how the sandbox's user becomes nobody.
type mode string

const (
	// modeUser makes a user namespace. An ordinary user stays that user outside; root first becomes nobody outside too,
	// so that not even a hole in the namespace leads to root.
	modeUser mode = "user namespace"
	// modeRoot is for root on a machine without user namespaces: root makes the other namespaces, then becomes nobody.
	modeRoot mode = "root without user namespaces"
)

// nobody is the user and group id of the decoder.
const nobody = 65534

// New makes a Sandbox. It cannot fail: what is missing shows in Check and is looked for again at each use until found.
func New(c Config) *Sandbox {
	if c.TempDir == "" {
		c.TempDir = os.TempDir()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Sandbox{tempDir: c.TempDir, limits: c.Limits.withDefaults(), log: c.Log, seccomp: seccompFilter()}
}

// Check says whether clips can be decoded on this machine: nil, or a *DecodeError of CauseSandbox whose Reason says in
// plain words what is missing and what to do. A success is remembered, a failure is not.
func (s *Sandbox) Check(ctx context.Context) error {
	_, err := s.walls(ctx)
	return err
}

// Version names the tool that made the derivatives, for example "ffmpeg 5.1.9-0+deb12u1"; "" before Check has succeeded.
func (s *Sandbox) Version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready == nil {
		return ""
	}
	return s.ready.ffmpeg
}

func noSandbox(reason, detail string) *DecodeError {
	return &DecodeError{Stage: "sandbox", Cause: CauseSandbox, Reason: reason, Detail: printable(detail, 500), Retryable: true}
}

// walls returns the way of sandboxing that works here, trying the ways in order of strength.
func (s *Sandbox) walls(ctx context.Context) (*walls, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready != nil {
		return s.ready, nil
	}
	found, err := findTools()
	if err != nil {
		return nil, err
	}
	modes := []mode{modeUser}
	if os.Geteuid() == 0 && found.tools["setpriv"] != "" {
		modes = append(modes, modeRoot)
	}
	var first error
	for _, m := range modes {
		w := *found
		w.mode = m
		if w.ffmpeg, err = s.try(ctx, &w); err == nil {
			s.log.InfoContext(ctx, "media sandbox ready", "mode", string(m), "version", w.ffmpeg)
			s.ready = &w
			return &w, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.log.WarnContext(ctx, "media sandbox cannot be made", "mode", string(m), "error", err)
		if first == nil {
			first = err
		}
		if d, ok := asDecodeError(err); !ok || strings.Contains(d.Detail, unreachable) {
			break // a folder to put right, not a reason for weaker walls
		}
	}
	return nil, first
}

// findTools looks for the programs; setpriv is needed only by root on some machines.
func findTools() (*walls, error) {
	w := &walls{tools: map[string]string{}}
	for name, pkg := range map[string]string{"bwrap": "bubblewrap", "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg",
		"prlimit": "util-linux", "setpriv": ""} {
		path, err := exec.LookPath(name)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		switch {
		case err == nil && name == "bwrap":
			w.bwrap = path
		case err == nil:
			w.tools[name] = path
		case pkg != "":
			return nil, noSandbox(fmt.Sprintf(
				"the program %s is not installed, so no clip can be decoded; install the package %s", name, pkg), "")
		}
	}
	return w, nil
}

var versionLine = regexp.MustCompile(`^ffmpeg version ([!-~]{1,64}) `)

// try runs ffmpeg once behind w, with a staged file bound as a clip would be, and returns ffmpeg's version.
func (s *Sandbox) try(ctx context.Context, w *walls) (string, error) {
	work, err := s.newWork()
	if err != nil {
		return "", fmt.Errorf("making a folder for the sandbox in %s: %w", s.tempDir, err)
	}
	defer work.remove()
	input, err := work.write("clip", strings.NewReader("x"), 1)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = s.runIn(ctx, w, job{stage: "sandbox", tool: "ffmpeg", args: []string{"-version"}, input: input,
		wall: s.limits.ProbeTime, stdout: &out, stdoutMax: 64 << 10})
	var d *DecodeError
	if errors.As(err, &d) && d.Cause != CauseSandbox {
		return "", noSandbox("ffmpeg does not start inside the sandbox: "+d.Reason, d.Detail)
	}
	if err != nil {
		return "", err
	}
	v := versionLine.FindStringSubmatch(out.String())
	if v == nil {
		return "", noSandbox("the program ffmpeg does not say its version as ffmpeg does; install the package ffmpeg", out.String())
	}
	return "ffmpeg " + v[1], nil
}

// unreachable is bubblewrap's complaint about a file that it may not open.
const unreachable = "Can't find source path"

// refusals maps what bubblewrap says when it cannot start to what an operator can do.
var refusals = []struct{ says, means string }{
	{unreachable, "the folder for temporary files cannot be reached by the user nobody; give that folder " +
		"and those above it the permission 711, or set TMPDIR to one that has it"},
	{"uid map", "this machine's AppArmor keeps ordinary users from isolated decoding; " +
		"set kernel.apparmor_restrict_unprivileged_userns=0, or allow bwrap in an AppArmor profile"},
	{"RTM_NEWADDR", "this machine's AppArmor keeps ordinary users from isolated decoding; " +
		"set kernel.apparmor_restrict_unprivileged_userns=0, or allow bwrap in an AppArmor profile"},
	{"namespace", "this machine does not let this user make namespaces, which keep a hostile clip away from everything " +
		"else; set user.max_user_namespaces above 0 and, on Debian, kernel.unprivileged_userns_clone=1, or in a " +
		"container allow user namespaces"},
}

// refused explains a sandbox that did not start.
func refused(stderr string) *DecodeError {
	for _, r := range refusals {
		if strings.Contains(stderr, r.says) {
			return noSandbox(r.means, stderr)
		}
	}
	return noSandbox("the sandbox does not start on this machine (bwrap says: "+printable(stderr, 200)+")", stderr)
}
