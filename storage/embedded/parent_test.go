package embedded_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startParent runs this test binary as a server; as an ordinary user when uid is not 0.
func startParent(t *testing.T, dir string, uid uint32) (cmd *exec.Cmd, postgres, s3 int, dsn string) {
	t.Helper()
	cmd = exec.Command("/proc/self/exe")
	if uid != 0 {
		exe := filepath.Join(filepath.Dir(dir), "server") // where that user may read it
		self, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(exe, self, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd = exec.Command(exe)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: true}}
	}
	cmd.Env = append(os.Environ(), parentEnv+"="+dir)
	cmd.Dir = filepath.Dir(dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	var word string
	if _, err := fmt.Fscan(out, &word, &postgres, &s3, &dsn); err != nil || word != "ready" {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the server did not start: %v %s%s", err, word, rest)
	}
	return cmd, postgres, s3, dsn
}

func alive(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}

// TestKilledParentLeavesNothing kills the server in each of the ways it can run, twice: the second start recovers.
func TestKilledParentLeavesNothing(t *testing.T) {
	const nobody, nameless = 65534, 54321
	ways := []struct {
		name, noNamespaces string
		uid                uint32 // 0: the test's own user
	}{{"own user", "", 0}, {"without namespaces", "1", 0}, {"nobody", "1", nobody}, {"user without a name", "", nameless}}
	if os.Getuid() != 0 {
		ways = ways[:1] // the others take root to become
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Setenv("PROFFER_NO_USERNS", way.noNamespaces)
			dir := filepath.Join(openFolder(t), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if way.uid != 0 {
				if err := os.Chown(dir, int(way.uid), int(way.uid)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				startAndKill(t, dir, way.uid)
			}
		})
	}
}

func startAndKill(t *testing.T, dir string, uid uint32) {
	t.Helper()
	cmd, postgres, s3, dsn := startParent(t, dir, uid)
	if v, err := query(t.Context(), dsn, "SELECT 'up'"); err != nil || v != "up" {
		t.Errorf("after the start: %q, %v", v, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	eventually(t, "the children of a killed server", func() error {
		if alive(postgres) || alive(s3) {
			return fmt.Errorf("PostgreSQL lives: %v, the gateway lives: %v", alive(postgres), alive(s3))
		}
		return nil
	})
}

// TestOneServerAFolder starts a server on a folder that another process uses.
func TestOneServerAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	startParent(t, dir, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // one that got in would wait for ever
	defer cancel()
	second := exec.CommandContext(ctx, "/proc/self/exe")
	second.WaitDelay = time.Second
	second.Env = append(os.Environ(), parentEnv+"="+dir)
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another server uses the data folder "+dir) {
		t.Errorf("a second server: %v, %s", err, out)
	}
}
