package embedded_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/storage/embedded"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
)

// parentEnv makes the test binary a server that starts both children in a folder, prints "ready", and waits.
const parentEnv = "PROFFER_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentEnv); dir != "" {
		if err := parent(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {}
	}
	embeddedtest.Main(m)
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func parent(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := embedded.OpenFolder(dir); err != nil {
		return err
	}
	runtime.GC() // it must not take the folder's lock with it
	p, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(dir, "postgres"), Log: quiet()})
	if err != nil {
		return err
	}
	s, err := embedded.StartS3(ctx, embedded.S3Options{Dir: filepath.Join(dir, "s3"), Args: []string{},
		Env: []string{"PROFFER_TEST_GATEWAY=1"}, Log: quiet()})
	if err != nil {
		return err
	}
	fmt.Println("ready", p.Pid(), s.Pid(), p.DSN("proffer"))
	return nil
}

func startPostgres(t *testing.T, dir string) *embedded.Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: dir, Log: quiet(), Settings: []string{"fsync=off"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func stop(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := f(ctx); err != nil {
		t.Error(err)
	}
}

func query(ctx context.Context, dsn, sql string) (out string, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	return out, conn.QueryRow(ctx, sql).Scan(&out)
}

// eventually tries until f succeeds.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for range 400 {
		if err = f(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: %v", what, err)
}

func TestRoomInFolder(t *testing.T) {
	t.Parallel()
	f, err := embedded.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Free(); err != nil || n <= 0 {
		t.Errorf("the folder's disk has %d bytes left, %v", n, err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := embedded.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.OpenFolder(dir); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("twice in one process: %v", err)
	}
	if err := first.Sync(); err != nil {
		t.Error(err)
	}
	first.Close()
	again, err := embedded.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
