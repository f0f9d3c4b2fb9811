package derive

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Bubblewrap is two processes until the tool inside runs: the outer one makes the inner one and tells it, over an
// eventfd, to go on. Where the outer one is killed in between, the inner one waits for ever: nothing tells it, and
// --die-with-parent is not in force yet. So each run carries a mark in its environment (which --clearenv keeps from the
// tool), and the next start ends those whose owner is gone.

// ownerVar holds the owner of a run: the process namespace it lives in, its number and its start time.
const ownerVar = "PROFFER_SANDBOX_OWNER"

// ownerMark is this process's mark.
var ownerMark = sync.OnceValue(func() string { return markOf(os.Getpid()) })

// markOf is the mark of a living process of this process's namespace, or "".
func markOf(pid int) string {
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in field 2 may hold anything; after its last parenthesis comes the state (proc_pid_stat(5)).
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" {
		return ""
	}
	return fmt.Sprintf("%s %d %s", ns, pid, f[19])
}

// orphaned reports whether a mark is that of a process of this namespace which does not live any more.
func orphaned(mark string) bool {
	f := strings.Fields(mark)
	own := strings.Fields(ownerMark())
	if len(f) != 3 || len(own) != 3 || f[0] != own[0] {
		return false // of another container, say: its processes have other numbers here
	}
	pid, err := strconv.Atoi(f[1])
	return err == nil && markOf(pid) != mark
}

// endStrays ends what is left of runs whose owner died, and returns how many there were.
func endStrays() (n int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // fails never: the pattern is well formed
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && endStray(pid) {
			n++
		}
	}
	return n
}

// endStray ends one process if it is a stray; a process that ends meanwhile, or is another user's, is none.
func endStray(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0) // so that a later process with the same number is not meant
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || string(comm) != "bwrap\n" {
		return false
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	for _, v := range strings.Split(string(environ), "\x00") {
		if mark, ok := strings.CutPrefix(v, ownerVar+"="); ok && orphaned(mark) {
			return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil
		}
	}
	return false
}
