// Package embeddedtest gives tests a real PostgreSQL and a real S3 gateway: one of each per test process, started when
// first asked for and ended with it, and a fresh database or bucket prefix for each test.
package embeddedtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/storage/embedded"
)

// gatewayEnv makes a test binary that calls Main into the S3 gateway.
const gatewayEnv = "PROFFER_TEST_GATEWAY"

// shared is the servers of this test process.
var shared struct {
	sync.Mutex
	dir      string
	postgres *embedded.Postgres
	s3       *embedded.S3
	count    atomic.Int64
}

// Main runs a package's tests; TestMain of every package that uses Postgres or S3 must call it and nothing else. It ends
// the servers afterwards, and it is the S3 gateway's body in the child that S3 starts.
func Main(m *testing.M) {
	if os.Getenv(gatewayEnv) == "1" {
		if err := embedded.RunGateway(context.Background(), os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if shared.postgres != nil {
		shared.postgres.Stop(ctx)
	}
	if shared.s3 != nil {
		shared.s3.Stop(ctx)
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

func folder(t testing.TB) string {
	if shared.dir == "" {
		dir, err := os.MkdirTemp("", "proffer-test-")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir = dir
	}
	return shared.dir
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// Postgres returns the connection string of a fresh, empty database.
func Postgres(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shared.Lock()
	defer shared.Unlock()
	if shared.postgres == nil {
		p, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(folder(t), "postgres"), Log: quiet(),
			Settings: []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"}})
		if err != nil {
			t.Fatal(err)
		}
		shared.postgres = p
	}
	name := fmt.Sprintf("test_%d", shared.count.Add(1))
	conn, err := pgx.Connect(ctx, shared.postgres.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	return shared.postgres.DSN(name)
}

// S3Info is how to reach the gateway, with bucket names that no other test uses.
type S3Info struct {
	Endpoint, AccessKey, SecretKey string
	TLS                            *tls.Config
	Evidence, Derivative           string // bucket names, not made yet
	Dir                            string // where the gateway keeps its files, for tests that change them
}

// S3 returns the test process's gateway.
func S3(t testing.TB) S3Info {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.s3 == nil {
		shared.s3 = StartS3(t, filepath.Join(folder(t), "s3"))
	}
	n := shared.count.Add(1)
	return S3Info{shared.s3.Endpoint, shared.s3.AccessKey, shared.s3.SecretKey, shared.s3.TLS,
		fmt.Sprintf("evidence-%d", n), fmt.Sprintf("derivative-%d", n), filepath.Join(folder(t), "s3")}
}

// OnDisk finds the one file below a folder that has a name, such as the gateway's file of an original by its SHA-256.
func OnDisk(t testing.TB, dir, name string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // another test's file, just gone
			return nil
		}
		if err == nil && d.Type().IsRegular() && d.Name() == name {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is on disk as %v, %v", name, found, err)
	}
	return found[0]
}

// Flip changes one bit of a file, as the owner of the disk can, and nothing else that S3 would notice.
func Flip(t testing.TB, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := []byte{0}
	if _, err = f.ReadAt(b, at); err == nil {
		b[0] ^= 4
		_, err = f.WriteAt(b, at)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// StartS3 starts a gateway of the test's own, for tests that stop and start it. The caller stops it.
func StartS3(t testing.TB, dir string) *embedded.S3 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s, err := embedded.StartS3(ctx, embedded.S3Options{Dir: dir, Args: []string{}, Env: []string{gatewayEnv + "=1"}, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
