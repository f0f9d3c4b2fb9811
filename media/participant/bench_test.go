package participant

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proffer/proffer/media/franking"
)

// BenchmarkMeeting: an end-to-end encrypted meeting of 25, of whom five send video of 0.8 Mb/s and sound, on one machine with all of its
// clients. It reports what the server's process takes of a processor while everybody sees everybody, and its memory.
func BenchmarkMeeting(b *testing.B) {
	const people, cameras, picture = 25, 5, 4000
	s := startServer(b)
	account := s.signIn("Hanna")
	link := s.meeting(account, "e2ee")
	var opened atomic.Uint64
	count := SinkFunc(func(Frame) { opened.Add(1) })
	all := []*attendee{s.join("host", Config{Link: link, Host: true, HTTP: account, Sink: count})}
	for i := 1; i < people; i++ {
		all = append(all, s.join(fmt.Sprint("guest ", i), Config{Link: link, Sink: count}))
	}
	for _, a := range all[:cameras] {
		if err := errors.Join(a.Send(franking.Camera, &pattern{video: true, size: picture, every: every}), a.Send(franking.Microphone, &pattern{})); err != nil {
			b.Fatal(err)
		}
	}
	for _, a := range all {
		a.eventually("all are there", func() bool { return a.View().Sending && len(a.View().People) == people })
		a.eventually("it is sent everything", func() bool { return a.Counts().Opened > 500 })
	}
	var cpu time.Duration
	var wall time.Duration
	before := opened.Load()
	for b.Loop() {
		began, used := time.Now(), s.processor()
		time.Sleep(2 * time.Second)
		cpu, wall = cpu+s.processor()-used, wall+time.Since(began)
	}
	b.ReportMetric(cpu.Seconds()/wall.Seconds(), "processors")
	b.ReportMetric(float64(s.resident())/(1<<20), "memory_MiB")
	b.ReportMetric(float64(opened.Load()-before)/wall.Seconds(), "opened_frames/s")
}

// processor is the time of processors that the server's process has taken so far: fields 14 and 15 of its stat, in hundredths.
func (s *server) processor() (d time.Duration) {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	for _, field := range strings.Fields(after)[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			s.t.Fatal(err)
		}
		d += time.Duration(n) * 10 * time.Millisecond
	}
	return d
}

// resident is how many bytes of memory the server's process has.
func (s *server) resident() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
