package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// maxSocketPath keeps the path of a unix socket within sockaddr_un's 108 bytes, with room for the file name.
const maxSocketPath = 80

// PostgresOptions say where PostgreSQL lives.
type PostgresOptions struct {
	Dir      string // its data folder; made at the first start
	Log      *slog.Logger
	Settings []string // further "name=value" settings, for tests
}

// Postgres is a running PostgreSQL that listens on a unix socket only.
type Postgres struct {
	child  *child
	socket string // folder of the socket
}

// StartPostgres initialises PostgreSQL the first time and starts it; it returns when it accepts connections.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	as, err := postgresUser(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := initPostgres(ctx, bin, o.Dir, as); err != nil {
		return nil, err
	}
	socket, err := socketDir(o.Dir, as)
	if err != nil {
		return nil, err
	}
	if err := clearOldPostmaster(ctx, o.Dir); err != nil {
		return nil, err
	}
	p := &Postgres{socket: socket}
	p.child = &child{name: "PostgreSQL", log: o.Log, words: logFile(o.Dir), stop: syscall.SIGINT, make: func() (*exec.Cmd, error) {
		return postgresCommand(bin, o, socket, as)
	}}
	if err := p.child.start(); err != nil {
		return nil, err
	}
	if err := p.child.waitReady(ctx, func() error { return p.ensureDatabase(ctx) }); err != nil {
		return nil, p.child.abandon(err)
	}
	return p, nil
}

// DSN is the connection string of a database.
func (p *Postgres) DSN(database string) string {
	q := url.Values{"host": {p.socket}, "port": {"5432"}, "user": {"proffer"}, "dbname": {database}}
	return "postgres:///?" + q.Encode()
}

// Stop shuts PostgreSQL down (a "fast" shutdown: sessions are ended), or kills it when ctx ends first.
func (p *Postgres) Stop(ctx context.Context) error {
	err := p.child.Stop(ctx)
	_ = os.Remove(p.socket) // empty after a clean end; the next start makes it again
	return err
}

// Pid is the postmaster's process id, or 0 between two runs.
func (p *Postgres) Pid() int { return p.child.pid() }

// logFile keeps what a child with that folder prints.
func logFile(dir string) string { return dir + ".log" }

// postgresBin finds the folder with PostgreSQL's programs: $PGBIN, Debian's newest, or the PATH.
func postgresBin() (string, error) {
	if dir := os.Getenv("PGBIN"); dir != "" {
		return dir, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err == nil && len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
			return n
		}
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL is not installed. On Debian or Ubuntu: apt-get install postgresql. Or set PROFFER_DATABASE_URL to use a server")
}

// initPostgres makes the cluster beside its place and moves it there when it is whole: a start that was killed half way
// leaves nothing that looks like a cluster.
func initPostgres(ctx context.Context, bin, dir string, as *syscall.SysProcAttr) error {
	if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err == nil {
		return handOver(dir, as)
	}
	half := dir + ".new"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := makeOwned(half, as); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", half, "-U", "proffer", "-A", "peer", "--auth-local=trust",
		"-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions")
	attr := *as
	attr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr, cmd.Env, cmd.Dir = &attr, postgresEnv(), half
	runtime.LockOSThread() // the death signal is tied to the thread
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making the PostgreSQL cluster: %w: %s", err, out)
	}
	if err := os.Rename(half, dir); err != nil {
		return fmt.Errorf("putting the PostgreSQL cluster in place: %w", err)
	}
	return syncDir(filepath.Dir(dir)) // or a power cut could bring the old name back, which the next start removes
}

// postgresEnv keeps the operator's own PG* settings out.
func postgresEnv() []string {
	return []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/bin:/bin"}
}

func postgresCommand(bin string, o PostgresOptions, socket string, as *syscall.SysProcAttr) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", o.Dir)
	for _, s := range append([]string{"listen_addresses=", "port=5432", "unix_socket_directories=" + socket, "unix_socket_permissions=0700",
		"log_timezone=UTC", "timezone=UTC", "max_connections=60"}, o.Settings...) {
		cmd.Args = append(cmd.Args, "-c", s)
	}
	attr := *as
	attr.Pdeathsig = syscall.SIGQUIT
	attr.Setpgid = true // Ctrl-C at the terminal is for the parent, which stops its children in order
	cmd.SysProcAttr, cmd.Env, cmd.Dir = &attr, postgresEnv(), o.Dir
	return cmd, nil
}

// socketDir is a folder for the socket: the cluster's neighbour, or one in a temporary folder where that path is too long
// for a socket.
func socketDir(dir string, as *syscall.SysProcAttr) (string, error) {
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("proffer-%d-%x", os.Getuid(), sum[:12])
	for _, path := range []string{filepath.Join(filepath.Dir(dir), "socket"), filepath.Join(os.TempDir(), name), filepath.Join("/tmp", name)} {
		if len(path) > maxSocketPath {
			continue
		}
		if err := makeOwned(path, as); err != nil {
			return "", fmt.Errorf("making the folder of PostgreSQL's socket: %w", err)
		}
		return path, nil
	}
	return "", errors.New("no folder is short enough for PostgreSQL's socket")
}

// ensureDatabase makes the database "proffer" when it is not there yet.
func (p *Postgres) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'proffer')").Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE proffer")
	return err
}
