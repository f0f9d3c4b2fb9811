package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestThreadOutlivesChild: a thread that ended with its child would take along what else was started from it with a parent
// death signal, such as the sandbox of another clip.
func TestThreadOutlivesChild(t *testing.T) {
	threads := make(chan int, 1)
	c := &child{name: "sleep", log: slog.New(slog.DiscardHandler), words: filepath.Join(t.TempDir(), "words"), stop: syscall.SIGTERM}
	c.make = func() (*exec.Cmd, error) { threads <- syscall.Gettid(); return exec.Command("sleep", "60"), nil }
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	thread := <-threads
	if err := c.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	// A thread that ends is gone at once or very soon; a parked one stays.
	for range 100 {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); err != nil {
			t.Fatalf("the thread that started the child has ended with it: %v", err)
		}
		syscall.Nanosleep(&syscall.Timespec{Nsec: 1e6}, nil)
	}
}
