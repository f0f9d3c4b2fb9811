package e2e

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/embedded"
)

// runOnce runs the program with settings of its own until it ends, and returns its status and what it printed.
func runOnce(t *testing.T, args []string, env ...string) (exit int, words string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// workingBelow is every process whose working folder is in a folder, as that of each child of a server is.
func workingBelow(dir string) (ps []process) {
	cwds, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range cwds {
		at, err := os.Readlink(link)
		if err != nil || at != dir && !strings.HasPrefix(at, dir+"/") {
			continue // it has ended, or is another user's
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if p, ok := look(pid); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

// withKept is a data folder with keys of its own and something in the place of the kept checkpoint.
func withKept(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if exit, out := runOnce(t, []string{"staff", "keys"}, "PROFFER_DATA="+dir); exit != 0 {
		t.Fatal(out)
	}
	save(t, filepath.Join(dir, "keys/log.checkpoint"), []byte(text))
	return dir
}

// TestStartRefused starts the server where it cannot work: it says why and what to do, and leaves nothing behind.
func TestStartRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	running := start(t)
	file := filepath.Join(t.TempDir(), "a-file")
	save(t, file, nil)
	damaged := t.TempDir()
	if exit, out := runOnce(t, []string{"staff", "keys"}, "PROFFER_DATA="+damaged); exit != 0 {
		t.Fatal(out)
	}
	save(t, filepath.Join(damaged, "keys/receipt.key"), []byte("not a key\n"))
	unwrapped := t.TempDir()
	if exit, out := runOnce(t, []string{"staff", "keys"}, "PROFFER_DATA="+unwrapped); exit != 0 {
		t.Fatal(out)
	}
	save(t, filepath.Join(unwrapped, "keys/meetings.key"), []byte("not a key\n"))
	spoilt, foreign := withKept(t, "not a checkpoint\n"), withKept(t, keptOf(t, running))
	for _, tc := range []struct {
		name, setting string
		says          []string
	}{
		{"the kept checkpoint is damaged", "PROFFER_DATA=" + spoilt, []string{filepath.Join(spoilt, "keys/log.checkpoint"), "proffer staff restored"}},
		{"the kept checkpoint is another platform's", "PROFFER_DATA=" + foreign, []string{filepath.Join(foreign, "keys/log.checkpoint"), "not by a key that is known", "proffer staff restored"}},
		{"the port is taken", "PROFFER_ADDR=" + taken.Addr().String(), []string{"address already in use", "PROFFER_ADDR"}},
		{"the folder is in use", "PROFFER_DATA=" + filepath.Join(running.Dir, "data"), []string{"another server uses the data folder", "PROFFER_DATA"}},
		{"the folder is a file", "PROFFER_DATA=" + file, []string{"data folder", file}},
		{"the keys are a file", "PROFFER_KEYS=" + file, []string{file}},
		{"a key is damaged", "PROFFER_DATA=" + damaged, []string{filepath.Join(damaged, "keys/receipt.key")}},
		{"the database is not there", "PROFFER_DATABASE_URL=postgres://127.0.0.1:1/proffer", []string{"opening the database"}},
		{"the object store is not there", "PROFFER_S3_ENDPOINT=http://127.0.0.1:1", []string{"object store"}},
		{"the rule is nonsense", "PROFFER_E2EE_RULE=tier == 1", []string{"PROFFER_E2EE_RULE", "undeclared reference to 'tier'"}},
		{"the rule gives a number", "PROFFER_E2EE_RULE=1", []string{"PROFFER_E2EE_RULE", "it has to give true or false"}},
		{"the media server's address is nonsense", "PROFFER_MEDIA_IP=example.org", []string{"PROFFER_MEDIA_IP", "example.org"}},
		{"the media server's port is nonsense", "PROFFER_MEDIA_UDP=70000", []string{"PROFFER_MEDIA_UDP", "70000"}},
		{"the media server's port is taken", "PROFFER_MEDIA_TCP=" + strconv.Itoa(taken.Addr().(*net.TCPAddr).Port), []string{"media server", "free"}},
		{"a meeting key is damaged", "PROFFER_DATA=" + unwrapped, []string{filepath.Join(unwrapped, "keys/meetings.key")}},
		{"the address is nonsense", "PROFFER_URL=example.org", []string{"PROFFER_URL", "https://"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			exit, words := runOnce(t, []string{"serve"}, "PROFFER_DEMO=true", "PROFFER_ADDR=127.0.0.1:"+freePort(t), "PROFFER_DATA="+data,
				"PROFFER_S3_ACCESS_KEY=k", "PROFFER_S3_SECRET_KEY=s", tc.setting)
			if exit != 1 || strings.Contains(words, "goroutine ") || strings.Contains(words, "Proffer is ready") {
				t.Errorf("exit %d\n%s", exit, words)
			}
			for _, want := range tc.says {
				if !strings.Contains(words, want) {
					t.Errorf("it does not say %q:\n%s", want, words)
				}
			}
			gone(t, workingBelow(data))
		})
	}
	if r, err := running.newClient("a monitor").get("/readyz"); err != nil || r.status != 200 {
		t.Errorf("the server that was there first: %v, %d", err, r.status)
	}
}

// TestRestart interrupts a server with Ctrl-C while a clip is being prepared. All its children end, and the next start
// has everything and goes on.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := signInTeam(t, s)
	first := must(m.flow("Alva Ask", clipBytes(t, "clip.mp4"), nil))(t)
	second := must(m.host.report("Bo Berg", "clip.webm", clipBytes(t, "clip.webm")))(t)
	below := descendants(s.cmd.Process.Pid)
	if len(below) < 2 {
		t.Errorf("the server has no children: %v", below)
	}
	s.stop()
	gone(t, append(below, workingBelow(s.Dir)...))
	s.boot()
	m.checkCase(t, first)
	if shown := all(must(m.host.page("/reports"))(t), `data-report="(R-[^"]+)"`); !slices.Equal(shown, []string{second, first.report}) {
		t.Errorf("the reports are %v", shown)
	}
	if _, err := m.caseOf(&filed{person: "Bo Berg", report: second}); err != nil {
		t.Error(err)
	}
	m.checkLog(t)
}

// TestOutsideDemonstration starts a server without PROFFER_DEMO on the folder of a demonstration: nothing of it lets anybody
// in any more. With PROFFER_DEMO everything is as it was.
func TestOutsideDemonstration(t *testing.T) {
	t.Parallel()
	s := start(t)
	hanna := s.enter(t, "Hanna", s.Links["Hanna"])
	unused := s.Links["Rui"]
	report := must(hanna.report("Alva Ask", "clip.mp4", clipBytes(t, "clip.mp4")))(t)
	if r := must(s.newClient("a stranger").post("/sign-in", url.Values{"email": {"hanna.host@northwind.example"}}))(t); r.status != 200 {
		t.Fatalf("asking for a link: %d %s", r.status, r.words())
	}
	var mailed string
	if err := persist("a link in the outbox", func() error {
		body, err := hanna.page("/outbox")
		if mailed = first(body, `"(/sign-in/[^"]+)"`); err == nil && mailed == "" {
			return errWait
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.stop()
	demo := s.Env
	s.Env = []string{"PROFFER_DEMO=false"}
	staff := func(args ...string) (int, string) {
		return runOnce(t, append([]string{"staff"}, args...), "PROFFER_DATA="+filepath.Join(s.Dir, "data"), "PROFFER_URL="+s.URL)
	}
	const printed = `(http\S+/sign-in/\S+)`
	exit, out := staff("link", "--email", "hanna.host@northwind.example")
	early := first(out, printed)
	if exit != 0 || early == "" {
		t.Fatalf("staff link: exit %d\n%s", exit, out)
	}
	s.boot()
	if len(s.Links) > 0 || strings.Contains(s.out.String(), "/sign-in/") {
		t.Errorf("links are printed:\n%s", s.out)
	}
	stranger := s.newClient("a stranger")
	for name, r := range map[string]reply{
		"the switcher": must(stranger.post("/demo/switch", nil))(t), "the outbox": must(hanna.get("/outbox"))(t),
		"a link of the demonstration": must(stranger.post(strings.TrimPrefix(unused, s.URL), nil))(t),
		"a link by mail":              must(stranger.post(mailed, nil))(t),
		"a link from between":         must(stranger.post(strings.TrimPrefix(early, s.URL), nil))(t),
	} {
		if r.status != 404 {
			t.Errorf("%s: %d %s", name, r.status, r.words())
		}
	}
	if r := must(hanna.get("/reports"))(t); r.status != 303 || !strings.HasPrefix(r.header.Get("Location"), "/sign-in") {
		t.Errorf("a session of the demonstration is still good: %d", r.status)
	}
	s.stop()
	if exit, out := staff("link", "--email", "hanna.host@northwind.example"); exit == 0 || !strings.Contains(out, "closed") {
		t.Errorf("staff link to a closed account: exit %d\n%s", exit, out)
	}
	exit, out = staff("add", "--name", "Ann Real", "--email", "ann@platform.example", "--roles", "lead")
	link := first(out, printed)
	if exit != 0 || link == "" {
		t.Fatalf("staff add: exit %d\n%s", exit, out)
	}
	s.boot()
	ann := s.enter(t, "Ann", link)
	if r := must(ann.get("/queue"))(t); r.status != 303 || !strings.HasPrefix(r.header.Get("Location"), "/me#passkeys") {
		t.Errorf("with a link and no passkey the queue answers %d %s", r.status, r.header.Get("Location"))
	}
	if err := ann.needsKey(); err != nil {
		t.Fatal(err)
	}
	if body := must(ann.page("/queue"))(t); strings.Contains(body, "/demo/switch") {
		t.Error("the switcher is on the page")
	}
	if ids := must(ann.cases("Alva Ask"))(t); len(ids) != 1 {
		t.Errorf("of the reports made before there are %d cases", len(ids))
	}
	s.stop()
	s.Env = demo
	s.boot()
	must(s.enter(t, "Hanna", s.Links["Hanna"]).page("/reports/" + report))(t)
}

// TestServersOfOnesOwn points the server to a PostgreSQL and an S3 that are there already: it starts none.
func TestServersOfOnesOwn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	dir, quiet := t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil))
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	pg := must(embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(dir, "postgres"), Log: quiet}))(t)
	t.Cleanup(func() { stopServer(t, pg.Stop) })
	s3 := must(embedded.StartS3(ctx, embedded.S3Options{Dir: filepath.Join(dir, "s3"), Exe: path, Log: quiet}))(t)
	t.Cleanup(func() { stopServer(t, s3.Stop) })

	s := start(t, "PROFFER_DATABASE_URL="+pg.DSN("proffer"), "PROFFER_S3_ENDPOINT=https://"+s3.Endpoint, "PROFFER_S3_ACCESS_KEY="+s3.AccessKey,
		"PROFFER_S3_SECRET_KEY="+s3.SecretKey, "PROFFER_S3_EVIDENCE_BUCKET=locked", "SSL_CERT_FILE="+filepath.Join(dir, "s3/gateway.crt"))
	m := signInTeam(t, s)
	m.evidence = filepath.Join(dir, "s3/objects/locked")
	if _, err := m.flow("Alva Ask", clipBytes(t, "clip.mp4"), nil); err != nil {
		t.Fatal(err)
	}
	m.checkNothingLost(t)
	for _, p := range descendants(s.cmd.Process.Pid) {
		if strings.Contains(p.command, "postgres") || strings.Contains(p.command, embedded.GatewayCommand) {
			t.Errorf("a server was started: %s", p.command)
		}
	}
	for _, name := range []string{"postgres", "s3"} {
		if _, err := os.Stat(filepath.Join(s.Dir, "data", name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("there is a folder for %s: %v", name, err)
		}
	}
}

func stopServer(t *testing.T, stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Error(err)
	}
}
