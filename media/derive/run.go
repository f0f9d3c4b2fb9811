package derive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// job is one run of one tool.
type job struct {
	stage     string
	tool      string // name in walls.tools
	args      []string
	input     string // host path, appears as /in/clip; "" for none
	output    string // host path of an existing file, appears as outPath and is the only thing that can be written
	outPath   string
	text      string // appears as /in/text; "" for none
	fonts     bool   // the fonts of this machine are visible
	wall      time.Duration
	outMax    int64     // bytes of the output file
	stdout    io.Writer // nil discards
	stdoutMax int64     // bytes; more ends the run with CauseLimits
	stderr    io.Writer // nil: kept for the error only
}

const (
	stderrMax = 32 << 10 // bytes of a tool's complaints that are kept; the rest is read and dropped
	statusMax = 4 << 10
)

// run carries out j behind the walls that work here.
func (s *Sandbox) run(ctx context.Context, j job) error {
	w, err := s.walls(ctx)
	if err != nil {
		return err
	}
	return s.runIn(ctx, w, j)
}

// runIn carries out j behind w. The error is the caller's context error when that ended it, a *DecodeError otherwise
// where the run is to blame.
func (s *Sandbox) runIn(parent context.Context, w *walls, j job) error {
	if err := parent.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(parent, j.wall)
	defer cancel()
	out := &limitWriter{to: j.stdout, left: j.stdoutMax, full: cancel}
	stderr := &keeper{max: stderrMax}
	status := &keeper{max: statusMax}
	err := s.start(ctx, w, j, out, stderr, status)
	switch exit, ran := exitCode(status.bytes()); {
	case parent.Err() != nil:
		return parent.Err()
	case out.over():
		return outOfLimits(j.stage, "what came out of it was larger than is allowed")
	case timedOut(parent, ctx):
		return &DecodeError{Stage: j.stage, Cause: CauseTime, Retryable: true, Detail: printable(string(stderr.bytes()), 500),
			Reason: fmt.Sprintf("it took longer than the %s that one step may take", j.wall)}
	case out.err != nil:
		return fmt.Errorf("taking what %s gave out: %w", j.tool, out.err)
	case !ran:
		return refused(string(stderr.bytes()) + errorText(err))
	case exit != 0:
		return classify(j.stage, exit, string(stderr.bytes()))
	}
	if j.stderr != nil {
		_, err := j.stderr.Write(stderr.bytes())
		return err
	}
	return nil
}

func errorText(err error) string {
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return ""
	}
	return " " + err.Error()
}

// start runs bubblewrap to its end. The kernel kills everything inside with it (--die-with-parent and the process
// namespace), also when this process is killed; strays.go says what that misses.
func (s *Sandbox) start(ctx context.Context, w *walls, j job, out io.Writer, stderr, status *keeper) error {
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	defer statusR.Close()
	defer statusW.Close()
	files := []*os.File{statusW}
	args := []string{"--json-status-fd", "3"}
	data, err := pipesWith(s.seccomp, []byte(j.text))
	if err != nil {
		return err
	}
	defer closeAll(data)
	if data[0] != nil {
		files = append(files, data[0])
		args = append(args, "--seccomp", fmt.Sprint(2+len(files)))
	}
	args = append(args, s.bwrapArgs(w, j)...)
	if data[1] != nil {
		files = append(files, data[1])
		args = append(args, "--perms", "0444", "--ro-bind-data", fmt.Sprint(2+len(files)), "/in/text")
	}
	args = append(args, "--remount-ro", "/", "--")
	cmd := exec.CommandContext(ctx, w.bwrap, append(args, s.innerArgs(w, j)...)...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/bin:/bin", ownerVar + "=" + ownerMark()}
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, stderr, files
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // also the inner bubblewrap
	runtime.LockOSThread()                                                               // the death signal is tied to the thread
	defer runtime.UnlockOSThread()
	if w.mode == modeUser && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", w.bwrap, err)
	}
	statusW.Close()
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(status, statusR) })
	err = cmd.Wait()
	reading.Wait()
	return err
}

// pipesWith returns, for each text, a pipe to read it from (nil for an empty one). They are small enough to fit a pipe's
// buffer, so that nobody has to write while the child reads.
func pipesWith(texts ...[]byte) ([]*os.File, error) {
	files := make([]*os.File, len(texts))
	for i, text := range texts {
		if len(text) == 0 {
			continue
		}
		if len(text) > 16<<10 {
			closeAll(files)
			return nil, errors.New("text for the sandbox is too long for a pipe")
		}
		r, w, err := os.Pipe()
		if err == nil {
			files[i] = r
			_, err = w.Write(text)
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("handing text to the sandbox: %w", err)
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// exitCode reads bubblewrap's status stream. It names an exit code only when the tool itself was reached; nothing inside
// the sandbox can write to it.
func exitCode(status []byte) (code int, ran bool) {
	dec := json.NewDecoder(bytes.NewReader(status))
	for {
		var line struct {
			Exit *int `json:"exit-code"`
		}
		if dec.Decode(&line) != nil {
			return 0, false
		}
		if line.Exit != nil {
			return *line.Exit, true
		}
	}
}

// limitWriter passes at most left bytes on and then ends the run by calling full.
type limitWriter struct {
	to   io.Writer
	left int64
	full func()
	err  error
}

func (l *limitWriter) over() bool { return l.left < 0 }

func (l *limitWriter) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		l.full()
		return 0, errTooLarge
	}
	if l.to == nil {
		return len(p), nil
	}
	n, err := l.to.Write(p)
	if err != nil {
		l.err = err
		l.full()
	}
	return n, err
}

// keeper keeps the last max bytes written to it. A tool that floods its complaints costs nothing but time.
type keeper struct {
	mu  sync.Mutex
	max int
	b   []byte
}

func (k *keeper) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.b = append(k.b, p[max(0, len(p)-k.max):]...)
	if over := len(k.b) - k.max; over > 0 {
		k.b = append(k.b[:0], k.b[over:]...)
	}
	return len(p), nil
}

func (k *keeper) bytes() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Clone(k.b)
}
