package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is one process of this machine; its start time tells it from a later one with the same number.
type process struct {
	pid     int
	started string // in clock ticks since boot, proc(5)
	command string
}

// look finds a living process.
func look(pid int) (process, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(after) // from field 3, the state, on
	if len(f) < 20 || f[0] == "Z" {
		return process{}, false
	}
	cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return process{pid, f[19], strings.ReplaceAll(strings.TrimRight(string(cmd), "\x00"), "\x00", " ")}, true
}

func (p process) lives() bool {
	now, ok := look(p.pid)
	return ok && now.started == p.started
}

// descendants is every process below one.
func descendants(pid int) (ps []process) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		kids, _ := os.ReadFile(t) // a thread may have ended just now
		for _, k := range strings.Fields(string(kids)) {
			n, _ := strconv.Atoi(k)
			if p, ok := look(n); ok {
				ps = append(ps, p)
			}
			ps = append(ps, descendants(n)...)
		}
	}
	return ps
}

// child is the server's own child with a word in its command line, or pid 0 between two of its runs.
func (s *server) child(word string) process {
	for _, p := range descendants(s.cmd.Process.Pid) {
		if strings.Contains(p.command, word) {
			return p
		}
	}
	return process{}
}

// gone waits until none of some processes lives.
func gone(t testing.TB, ps []process) {
	t.Helper()
	deadline := time.Now().Add(waitTime)
	for _, p := range ps {
		for p.lives() {
			if time.Now().After(deadline) {
				t.Errorf("process %d outlives its server: %s", p.pid, p.command)
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (p process) signal(s syscall.Signal) {
	if p.pid > 0 && p.lives() {
		_ = syscall.Kill(p.pid, s) // it may have ended just now
	}
}
