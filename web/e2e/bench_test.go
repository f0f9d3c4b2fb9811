package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startLimit is how long a start with everything built may take to its first page, in seconds.
const startLimit = 3.0

// BenchmarkStart measures from the start of the process to the first page, on a folder that was used before, and the
// resident memory at idle of the server with its children.
func BenchmarkStart(b *testing.B) {
	s := &server{t: b, Dir: b.TempDir(), URL: "http://localhost:" + freePort(b)}
	s.boot()
	s.stop()
	b.ResetTimer()
	for range b.N {
		begun := time.Now()
		s.boot()
		res, err := s.get("/sign-in")
		if err != nil || res.StatusCode != 200 {
			b.Fatal(res, err)
		}
		res.Body.Close()
		took := time.Since(begun).Seconds()
		time.Sleep(2 * time.Second) // at idle
		b.ReportMetric(took, "s")
		b.ReportMetric(took/startLimit, "x_limit_3_s")
		server, children := resident(b, s.cmd.Process.Pid)
		b.ReportMetric(server, "server_MiB")
		b.ReportMetric(children, "children_MiB")
		s.stop()
	}
	b.ReportMetric(0, "ns/op") // it would hold the pause
}

// resident is the proportional set size, in MiB, of a process and of all that it started: shared pages count once.
func resident(b *testing.B, pid int) (own, below float64) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0 // it ended just now
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			kib, _ := strconv.ParseFloat(f[1], 64)
			own = kib / 1024
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		kids, _ := os.ReadFile(t)
		for _, k := range strings.Fields(string(kids)) {
			n, _ := strconv.Atoi(k)
			o, c := resident(b, n)
			below += o + c
		}
	}
	return own, below
}
