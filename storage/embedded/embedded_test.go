package embedded_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

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

func TestWithoutUserNamespaces(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("an ordinary user never uses one")
	}
	t.Setenv("PROFFER_NO_USERNS", "1")
	dir, err := os.MkdirTemp("/tmp", "proffer-nouserns-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, filepath.Join(dir, "data", "postgres"))
	defer stop(t, p.Stop)
	if v, err := query(t.Context(), p.DSN("proffer"), "SELECT 'up'"); err != nil || v != "up" {
		t.Errorf("%q, %v", v, err)
	}
}

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

func TestKilledParentLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for round := range 2 {
		cmd, postgres, s3, dsn := startParent(t, dir, 0)
		if round == 1 {
			if v, err := query(t.Context(), dsn, "SELECT 'recovered'"); err != nil || v != "recovered" {
				t.Errorf("the second start: %q, %v", v, err)
			}
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
}

func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("every other test here runs as one")
		return
	}
	top, err := os.MkdirTemp("/tmp", "proffer-user-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	dir := filepath.Join(top, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const uid = 65534 // nobody; PostgreSQL wants a user that has a name
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd, _, _, _ := startParent(t, dir, uid)
	cmd.Process.Kill()
	cmd.Wait()
}

func TestOneServerAFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := embedded.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.OpenFolder(dir); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server: %v", err)
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

func TestS3ObjectLockAndRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	s := embeddedtest.StartS3(t, dir)
	client := func() *minio.Client {
		c, err := minio.New(s.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Secure: true,
			Transport: transport(s)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := client()
	if err := c.MakeBucket(t.Context(), "evidence", minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour).UTC()
	info, err := c.PutObject(t.Context(), "evidence", "k", strings.NewReader("bytes"), 5, minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: until})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveObject(t.Context(), "evidence", "k", minio.RemoveObjectOptions{VersionID: info.VersionID, GovernanceBypass: true}); err == nil {
		t.Error("a locked version could be deleted")
	}
	before := s.Endpoint
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gateway after it was killed", func() error {
		_, err := c.StatObject(t.Context(), "evidence", "k", minio.StatObjectOptions{})
		return err
	})
	stop(t, s.Stop)
	s = embeddedtest.StartS3(t, dir)
	defer stop(t, s.Stop)
	if s.Endpoint != before {
		t.Errorf("the address changed from %s to %s", before, s.Endpoint)
	}
	if st, err := client().StatObject(t.Context(), "evidence", "k", minio.StatObjectOptions{}); err != nil || st.Size != 5 {
		t.Errorf("after a restart: %+v, %v", st, err)
	}
}

func transport(s *embedded.S3) *http.Transport { return &http.Transport{TLSClientConfig: s.TLS} }
