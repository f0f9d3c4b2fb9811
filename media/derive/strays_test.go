package derive

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// stray starts a process that is called bwrap and does nothing, with the mark of an owner.
func stray(t *testing.T, mark string) *exec.Cmd {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bwrap")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	for err = syscall.ETXTBSY; errors.Is(err, syscall.ETXTBSY); { // while another test's new process still holds the file open
		cmd = exec.Command(path, "600")
		cmd.Env = []string{ownerVar + "=" + mark}
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

func TestSweepEndsStrays(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	own := ownerMark()
	var ns, started string
	var pid int
	if n, err := fmt.Sscan(own, &ns, &pid, &started); n != 3 || err != nil || pid != os.Getpid() {
		t.Fatalf("the own mark is %q", own)
	}
	dead := stray(t, ns+" "+strconv.Itoa(gone.Process.Pid)+" "+started)
	reused := stray(t, ns+" "+strconv.Itoa(pid)+" 1") // the owner's number belongs to another process by now
	mine, foreign, unmarked := stray(t, own), stray(t, "pid:[1] 1 1"), stray(t, "")
	if _, err := New(Config{TempDir: t.TempDir()}).Sweep(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*exec.Cmd{dead, reused} {
		if err := c.Wait(); err == nil || c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("a stray ended with %v", err)
		}
	}
	for _, c := range []*exec.Cmd{mine, foreign, unmarked} {
		if err := syscall.Kill(c.Process.Pid, 0); err != nil || markOf(c.Process.Pid) == "" {
			t.Errorf("a process that is no stray was ended: %v", c.Env)
		}
	}
}
