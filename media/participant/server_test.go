package participant

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector/connectortest"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/participant/participanttest"
)

// The whole, over the built server as an operator starts it, in demonstration mode, with its PostgreSQL, S3 and LiveKit.

// dir is a folder for what all tests use.
var dir string

// built is the server's binary, built once.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(dir, "proffer")
	if out, err := exec.Command("go", "build", "-o", path, "../..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "proffer-participant-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// server is a running Proffer, behind a tap, whose media goes through a relay.
type server struct {
	t     *testing.T
	url   string
	addr  string
	media int
	dir   string
	tap   *participanttest.Tap
	relay *participanttest.Relay
	sip   int // port of the telephone
	cmd   *exec.Cmd
	log   *captured
}

// ready is how long a server may take to start on a busy machine. No test rests on it.
const ready = 60 * time.Second

func startServer(t *testing.T) *server {
	t.Helper()
	return startServerWith(t, nil)
}

// startServerWith starts a server whose packets of media are recorded, if record is set.
func startServerWith(t *testing.T, record func(packet []byte)) *server {
	t.Helper()
	s := &server{t: t, addr: fmt.Sprintf("127.0.0.1:%d", freeTCP(t)), media: freeUDP(t), sip: connectortest.Port(t), dir: t.TempDir(), log: &captured{}}
	var err error
	if s.relay, err = participanttest.NewRelay(s.media, record); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.relay.Close)
	if s.tap, err = participanttest.NewTap("http://" + s.addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.tap.Close)
	s.url = s.tap.URL
	s.boot()
	t.Cleanup(s.stop)
	return s
}

// boot starts the process, and returns when it answers.
func (s *server) boot() {
	s.t.Helper()
	path, err := built()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, "serve")
	s.cmd.Dir = s.dir
	s.cmd.Env = append(os.Environ(), "PROFFER_DEMO=true", "PROFFER_SAMPLES=false", "PROFFER_URL="+s.url, "PROFFER_ADDR="+s.addr,
		"PROFFER_DATA="+filepath.Join(s.dir, "data"), "PROFFER_MEDIA_IP="+participanttest.Host, fmt.Sprintf("PROFFER_MEDIA_UDP=%d", s.media),
		fmt.Sprintf("PROFFER_SIP_ADDR=127.0.0.1:%d", s.sip), "PROFFER_SIP_NUMBER=+1 555 0100")
	s.cmd.Stderr = s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	started := make(chan bool, 1)
	go func() {
		for sc := bufio.NewScanner(out); sc.Scan(); {
			if strings.Contains(sc.Text(), "Press Ctrl-C") {
				started <- true
			}
		}
		close(started)
	}()
	select {
	case ok := <-started:
		if !ok {
			s.t.Fatal("the server ended")
		}
	case <-time.After(ready):
		s.t.Fatal("the server does not start")
	}
}

// restart ends the server as a power cut would, and starts it again.
func (s *server) restart() {
	s.t.Helper()
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.boot()
}

func freeTCP(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *server) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	over := time.AfterFunc(ready, func() { s.cmd.Process.Kill() })
	defer over.Stop()
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.log.bytes())
	}
}

// signIn is somebody of the demonstration, by the person switcher.
func (s *server) signIn(name string) *http.Client {
	s.t.Helper()
	jar, _ := cookiejar.New(nil) // it fails never
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page := s.body(c.Get(s.url + "/sign-in"))
	m := regexp.MustCompile(`name="account" value="(A-[^"]+)"[^>]*>\s*<bdi class="name">` + name).FindStringSubmatch(page)
	if m == nil {
		s.t.Fatalf("the switcher does not offer %s", name)
	}
	s.body(c.PostForm(s.url+"/demo/switch", url.Values{"account": {m[1]}}))
	return c
}

func (s *server) body(res *http.Response, err error) string {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		s.t.Fatalf("%s: %d %v\n%s", res.Request.URL, res.StatusCode, err, b)
	}
	return string(b)
}

// meeting makes a meeting of the demonstration's host.
func (s *server) meeting(host *http.Client, mode string) Link {
	s.t.Helper()
	res, err := host.PostForm(s.url+"/meetings", url.Values{"title": {"A meeting of the test"}, "mode": {mode}})
	s.body(res, err)
	at, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	l, err := ParseLink(s.url + "/m/" + strings.TrimPrefix(at, "/meetings/"))
	if err != nil {
		s.t.Fatalf("a meeting was made at %q: %v", at, err)
	}
	if mode == "e2ee" {
		l = NewLink(l.Server, l.Meeting)
	}
	return l
}

// attendee is a participant whose events and frames are kept.
type attendee struct {
	*Participant
	t      *testing.T
	name   string
	seen   *seenFrames
	admits bool // lets everybody in who knocks

	mu     sync.Mutex // over both below
	events []Event
	gone   bool
}

// join joins a meeting.
func (s *server) join(name string, cfg Config) *attendee {
	s.t.Helper()
	a := &attendee{t: s.t, name: name, seen: &seenFrames{}, admits: cfg.Host}
	if cfg.Name = name; cfg.Folder == "" {
		cfg.Folder = s.t.TempDir()
	}
	cfg.Sink = a.seen
	var err error
	if a.Participant, err = Join(context.WithoutCancel(s.t.Context()), cfg); err != nil {
		s.t.Fatal(err)
	}
	go a.listen()
	s.t.Cleanup(a.abandon)
	return a
}

func (a *attendee) listen() {
	for e := range a.Events() {
		if k, ok := e.(Knock); ok && a.admits {
			a.Admit(k.J)
		}
		a.mu.Lock()
		a.events = append(a.events, e)
		a.mu.Unlock()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
}

// find gives the first event of a kind for which ok says yes.
func find[E Event](a *attendee, ok func(E) bool) (found E, yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.events {
		if x, is := e.(E); is && ok(x) {
			return x, true
		}
	}
	return found, false
}

// patient is how long tests wait for what takes a protocol's time. No test rests on it.
const patient = 100 * time.Second

// await waits for an event.
func await[E Event](a *attendee, what string, ok func(E) bool) E {
	a.t.Helper()
	a.eventually(what, func() bool { _, yes := find(a, ok); return yes })
	e, _ := find(a, ok)
	return e
}

func (a *attendee) eventually(what string, ok func() bool) {
	a.t.Helper()
	for end := time.Now().Add(patient); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatalf("%s waited in vain until %s\n%s", a.name, what, a.story())
		}
	}
}

// story is what a test's failure needs.
func (a *attendee) story() string {
	var dropped map[string]int
	_ = a.do(func() error { dropped = maps.Clone(a.member.Dropped); return nil })
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "view %s\nframes %+v\nmessages dropped %v\n", a.View(), a.Counts(), dropped)
	for _, e := range a.events {
		if p, ok := e.(ViewChanged); ok {
			fmt.Fprintf(&b, "people %s\n", p.View)
			continue
		}
		fmt.Fprintf(&b, "%T %+v\n", e, e)
	}
	return b.String()
}

// sends begins to send the pattern.
func (a *attendee) sends() {
	a.t.Helper()
	if err := errors.Join(a.Send(franking.Camera, &pattern{video: true, size: size, every: every}), a.Send(franking.Microphone, &pattern{})); err != nil {
		a.t.Fatal(err)
	}
}

// sees waits until n more pictures and as many sounds of each of the others have been opened, and checks all of them.
func (a *attendee) sees(n int, others ...*attendee) {
	a.t.Helper()
	for _, o := range others {
		for _, source := range []franking.Source{franking.Camera, franking.Microphone} {
			had := len(a.seen.of(o.J(), source))
			a.eventually(fmt.Sprintf("%d frames of source %d of %s came", n, source, o.name), func() bool { return len(a.seen.of(o.J(), source)) >= had+n })
			holds(a.t, a.seen.of(o.J(), source), size, every)
		}
	}
}

// together waits until these are the people that each of them sees, in one epoch, and have seen each other.
func together(all ...*attendee) {
	for _, a := range all {
		a.t.Helper()
		a.eventually("all are there", func() bool {
			v := a.View()
			ok := v.Sending && len(v.People) == len(all) && v.Epoch == all[0].View().Epoch && v.Code == all[0].View().Code
			for _, o := range all {
				ok = ok && v.Has(o.J())
			}
			return ok
		})
	}
	for _, a := range all {
		for _, o := range all {
			if o != a {
				a.sees(10, o)
			}
		}
	}
}

func (a *attendee) state() e2ee.State { return a.View().State }
