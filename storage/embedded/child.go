package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Pauses between restarts of a child.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 10 * time.Second
	calmTime   = time.Minute // a child that ran this long starts again without a pause
)

// maxEarlyEnds is how often a child may end before it has ever answered; then its start has failed (after about 3 s). One
// that did answer is started again for ever.
const maxEarlyEnds = 6

// maxWords is the size at which the file with a child's words is set aside when the child starts, in bytes.
const maxWords = 16 << 20

// abandonTime bounds the end of a child whose start failed, when the start's own time may be up.
const abandonTime = 10 * time.Second

var errStopped = errors.New("it is being stopped")

// child is a process that is started again whenever it ends before stop is called.
type child struct {
	name  string
	log   *slog.Logger
	make  func() (*exec.Cmd, error) // a fresh command for each start
	words string                    // file that keeps what it prints
	stop  syscall.Signal            // asks it to end

	mu   sync.Mutex
	proc *exec.Cmd // the running process, nil between two runs; under mu
	ends int       // how often it ended; under mu

	quit chan struct{} // closed by Stop, under mu
	done chan struct{} // closed when the last run has ended
	once sync.Once
}

// start runs the child and returns when its first process runs; ready says later whether it answers.
func (c *child) start() error {
	c.quit, c.done = make(chan struct{}), make(chan struct{})
	started := make(chan error, 1)
	go c.supervise(started)
	return <-started
}

// supervise starts, waits and starts again. It holds on to its thread, since the kernel's parent death signal is tied to
// the thread that started the child: were it to end, the child would be killed. It gives the thread back, since a thread
// ends with the goroutine that still holds it, and whatever else this program started from it before would be killed.
func (c *child) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	pause := firstPause
	for first := true; ; first = false {
		begun := time.Now()
		cmd, err := c.launch()
		if first {
			started <- err
			if err != nil {
				return
			}
		}
		if err == nil {
			err = cmd.Wait()
		}
		c.ended()
		select {
		case <-c.quit:
			return
		default:
		}
		if time.Since(begun) > calmTime {
			pause = firstPause
		}
		c.log.Error("a child process ended and is started again", "child", c.name, "err", err, "pause", pause)
		select {
		case <-c.quit:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

func (c *child) launch() (*exec.Cmd, error) {
	cmd, err := c.make()
	if err != nil {
		return nil, err
	}
	out, err := openWords(c.words)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child keeps its own
	cmd.Stdout, cmd.Stderr = out, out
	// Under the lock, so that Stop either prevents this start or signals the process.
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.quit:
		return nil, errStopped
	default:
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	c.proc = cmd
	return cmd, nil
}

// openWords opens the file that keeps what a child prints; one that has grown large makes room for a new one.
func openWords(path string) (*os.File, error) {
	if st, err := os.Stat(path); err == nil && st.Size() > maxWords {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (c *child) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proc = nil
	c.ends++
}

// pid is the running process, or 0.
func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return 0
	}
	return c.proc.Process.Pid
}

func (c *child) signal(s syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc != nil {
		_ = c.proc.Process.Signal(s) // it may have ended just now
	}
}

// Stop asks the child to end, and kills it when ctx ends first.
func (c *child) Stop(ctx context.Context) error {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.quit)
	})
	c.signal(c.stop)
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.signal(syscall.SIGKILL)
		<-c.done
		return fmt.Errorf("%s did not end in time and was killed", c.name)
	}
}

// waitReady polls until check succeeds, the child has ended too often, or ctx ends.
func (c *child) waitReady(ctx context.Context, check func() error) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := check()
		if err == nil {
			return nil
		}
		c.mu.Lock()
		ends := c.ends
		c.mu.Unlock()
		if ends >= maxEarlyEnds {
			return fmt.Errorf("%s ended %d times while it started", c.name, ends)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", c.name, err)
		case <-time.After(pause):
		}
	}
}

// abandon ends a child whose start failed, and adds where to read why.
func (c *child) abandon(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), abandonTime)
	defer cancel()
	return errors.Join(fmt.Errorf("%w; its own words are in %s", err, c.words), c.Stop(ctx))
}
