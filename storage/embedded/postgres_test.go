package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/storage/embedded"
)

func TestPostgresKeepsDataAndComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("a-long-name-", 10), "postgres") // too long for a socket
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, dir)
	conn, err := pgx.Connect(t.Context(), p.DSN("proffer"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS kept AS SELECT 'kept' AS v"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	kept := func() error {
		v, err := query(t.Context(), p.DSN("proffer"), "SELECT v FROM kept")
		if err == nil && v != "kept" {
			err = fmt.Errorf("got %q", v)
		}
		return err
	}
	if err := syscall.Kill(p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "after its process was killed", kept)
	stop(t, p.Stop)
	p = startPostgres(t, dir)
	defer stop(t, p.Stop)
	if err := kept(); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func up(t *testing.T, p *embedded.Postgres) {
	t.Helper()
	if v, err := query(t.Context(), p.DSN("proffer"), "SELECT 'up'"); err != nil || v != "up" {
		t.Errorf("%q, %v", v, err)
	}
}

// TestNamespacesTurnedOffLater hands root's cluster to an ordinary user, and finds it that user's ever after.
func TestNamespacesTurnedOffLater(t *testing.T) {
	dir := filepath.Join(openFolder(t), "data", "postgres")
	for _, off := range []string{"", "1", ""} {
		t.Setenv("PROFFER_NO_USERNS", off)
		p := startPostgres(t, dir)
		up(t, p)
		stop(t, p.Stop)
	}
}

// openFolder is a temporary folder that every user may pass through.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "proffer-open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestProcessIDUsedAgain leaves PostgreSQL's file as a power cut does, with the id of a process that is something else.
func TestProcessIDUsedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "postgres")
	stop(t, startPostgres(t, dir).Stop)
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Wait() })
	left := fmt.Sprintf("%d\n%s\n1\n5432\n\n\n", other.Process.Pid, dir)
	if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(left), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, dir)
	defer stop(t, p.Stop)
	up(t, p)
	if !alive(other.Process.Pid) {
		t.Error("the other process was ended")
	}
	if err := other.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// TestWaitsForOldPostmaster starts while one of a killed server still shuts down: one of its processes is halted, and it
// waits for that one.
func TestWaitsForOldPostmaster(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	cmd, _, _, dsn := startParent(t, dir, 0)
	var slow int
	if pid, err := query(t.Context(), dsn, "SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'walwriter'"); err != nil {
		t.Fatal(err)
	} else if slow, err = strconv.Atoi(pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(slow, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	wait := embedded.PostgresOptions{Dir: filepath.Join(dir, "postgres"), Log: quiet()}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := embedded.StartPostgres(ctx, wait); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("beside an old PostgreSQL: %v", err)
	}
	if err := syscall.Kill(slow, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) { // PostgreSQL kills it after 5 s
		t.Fatal(err)
	}
	p := startPostgres(t, wait.Dir)
	defer stop(t, p.Stop)
	up(t, p)
}

// TestStartFails says so, and where to read why, rather than trying for ever.
func TestStartFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "postgres")
	p, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Dir: dir, Log: quiet(), Settings: []string{"no_such_setting=1"}})
	if err == nil {
		stop(t, p.Stop)
		t.Fatal("it started with a setting that does not exist")
	}
	if !strings.Contains(err.Error(), dir+".log") {
		t.Error(err)
	}
	words, err := os.ReadFile(dir + ".log")
	if err != nil || !strings.Contains(string(words), "no_such_setting") {
		t.Errorf("PostgreSQL's words: %q, %v", words, err)
	}
}

// TestSocketFolderIsOurs refuses the folder that anybody could have put into the temporary folder before.
func TestSocketFolderIsOurs(t *testing.T) {
	top := openFolder(t) // short enough for a socket, unlike what follows
	t.Setenv("TMPDIR", top)
	dir := filepath.Join(top, strings.Repeat("a-long-name-", 10), "postgres")
	p := startPostgres(t, dir)
	socket := socketOf(t, p)
	if filepath.Dir(socket) != top {
		t.Fatalf("the socket is in %s", socket)
	}
	stop(t, p.Stop)
	if _, err := os.Lstat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is left behind: %v", err)
	}
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, socket); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Dir: dir, Log: quiet()}); err == nil ||
		!strings.Contains(err.Error(), "is not a folder of ours") {
		t.Errorf("with a symbolic link in its place: %v", err)
	}
}

func socketOf(t *testing.T, p *embedded.Postgres) string {
	t.Helper()
	c, err := pgx.ParseConfig(p.DSN("proffer"))
	if err != nil {
		t.Fatal(err)
	}
	return c.Host
}
