// Package e2e holds the browser tests: each starts the built binary as an operator does, with the embedded PostgreSQL and
// S3, and drives a real Chromium through whole flows.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// waitTime bounds one step; it is long because CI machines are slow, and no test rests on its length.
const waitTime = 45 * time.Second

// binary builds the server once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "proffer-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "proffer")
	out, err := exec.Command("go", "build", "-o", path, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a running Proffer.
type server struct {
	t     testing.TB
	URL   string
	Dir   string            // its folder; data is below it
	Env   []string          // further PROFFER_* settings
	Links map[string]string // sign-in links by first name, as printed
	cmd   *exec.Cmd
	log   *lockedBuffer
	out   *lockedBuffer // what it printed
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts a server in demonstration mode on a fresh folder, without samples unless env says so.
func start(t testing.TB, env ...string) *server {
	t.Helper()
	s := &server{t: t, Dir: t.TempDir(), URL: "http://localhost:" + freePort(t), Env: env}
	s.boot()
	t.Cleanup(s.stop)
	return s
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

var linkLine = regexp.MustCompile(`^\s+(\S+) .*\((.+)\)\s+(http\S+/sign-in/\S+)$`)

// boot starts the process and returns when it has printed its links and answers.
func (s *server) boot() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, "serve")
	s.cmd.Dir = s.Dir
	s.cmd.Env = append(os.Environ(), "PROFFER_DEMO=true", "PROFFER_SAMPLES=false", "PROFFER_URL="+s.URL,
		"PROFFER_ADDR="+strings.Replace(strings.TrimPrefix(s.URL, "http://"), "localhost", "127.0.0.1", 1),
		"PROFFER_DATA="+filepath.Join(s.Dir, "data"))
	for _, limit := range []string{"REPORTS_MINUTE", "REPORTS_HOUR", "UPLOADS_MINUTE", "GUEST_MINUTE"} { // tests are quicker than people
		s.cmd.Env = append(s.cmd.Env, "PROFFER_LIMIT_"+limit+"=100000")
	}
	s.cmd.Env = append(s.cmd.Env, "PROFFER_UNDO=0s") // nobody waits for e-mail, but where it is what is tested
	s.cmd.Env = append(s.cmd.Env, s.Env...)
	s.log, s.out = &lockedBuffer{}, &lockedBuffer{}
	s.cmd.Stderr = s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready, printed := make(chan map[string]string, 1), s.out
	go func() {
		links := map[string]string{}
		for sc := bufio.NewScanner(io.TeeReader(out, printed)); sc.Scan(); {
			if m := linkLine.FindStringSubmatch(sc.Text()); m != nil {
				links[m[1]] = m[3]
			}
			if strings.Contains(sc.Text(), "Press Ctrl-C") {
				ready <- links
			}
		}
		close(ready)
	}()
	select {
	case links, ok := <-ready:
		if !ok {
			s.t.Fatalf("the server ended:\n%s", s.log)
		}
		s.Links = links
	case <-time.After(waitTime):
		s.t.Fatalf("the server does not start:\n%s", s.log)
	}
}

// stop asks the server to end and expects that it does so cleanly.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(waitTime):
		s.cmd.Process.Kill()
		<-done
		s.t.Error("the server did not end within its time")
	}
	s.cmd = nil
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", s.log)
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.cmd = nil
}

// browsers is the one Chromium of the test process; every person gets a profile of their own in it.
var browsers = sync.OnceValue(func() context.Context {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1440, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		panic(err)
	}
	return ctx
})

// person is somebody with a browser of their own.
type person struct {
	t   testing.TB
	s   *server
	ctx context.Context
}

// visitor opens a browser that is not signed in.
func (s *server) visitor() *person {
	ctx, cancel := chromedp.NewContext(browsers(), chromedp.WithNewBrowserContext())
	s.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of the first action
		s.t.Fatal(err)
	}
	p := &person{t: s.t, s: s, ctx: ctx}
	p.run(authenticator(true))
	return p
}

// signIn opens a browser and signs in with a printed link, as a person would.
func (s *server) signIn(name string) *person {
	s.t.Helper()
	p := s.visitor()
	link, ok := s.Links[name]
	if !ok {
		s.t.Fatalf("no link was printed for %s: %v", name, s.Links)
	}
	p.run(chromedp.Navigate(link))
	p.press(`main form button[type=submit]`, "Sign in")
	p.waitURL(func(u string) bool { return !strings.Contains(u, "/sign-in") })
	return p
}

// switchTo becomes another person with the switcher of demonstration mode.
func (p *person) switchTo(name string) {
	p.t.Helper()
	p.do(fmt.Sprintf(`[...document.querySelectorAll('form[action="/demo/switch"] button')].find(b => b.textContent.includes(%q)).click()`, name))
	p.waitEval(fmt.Sprintf(`document.readyState === "complete" && document.querySelector("header").textContent.includes(%q)`, name))
}

func (p *person) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail(err)
	}
}

// evaluate runs JavaScript in the page and returns its value, or that of the promise it gives.
func evaluate[T any](p *person, js string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(err)
	}
	return v
}

func (p *person) fail(err error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 1500)`))
	p.t.Fatalf("%v\nat %s:\n%s\nserver:\n%s", err, at, text, tail(p.s.log.String(), 3000))
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

// open goes to a page. A page that leaves by itself in the same moment (a live page whose session has ended goes to the
// sign-in) aborts that; then it is asked for again, as a person would.
func (p *person) open(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Navigate(p.s.URL+path))
	if err != nil && strings.Contains(err.Error(), "net::ERR_ABORTED") {
		p.run(chromedp.Navigate(p.s.URL + path))
	} else if err != nil {
		p.fail(err)
	}
}

// do runs JavaScript in the page for its effect.
func (p *person) do(js string) {
	p.t.Helper()
	evaluate[bool](p, `(() => { `+js+`; return true })()`)
}

// waitEval polls until a JavaScript expression is true.
func (p *person) waitEval(js string) {
	p.t.Helper()
	deadline := time.Now().Add(waitTime)
	for {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(async () => document.readyState === "complete" && Boolean(await (`+js+`)))()`, chromedp.EvalAwaitPromise))
		cancel()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			p.fail(errors.Join(fmt.Errorf("never true: %s", js), err))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (p *person) waitURL(ok func(string) bool) string {
	p.t.Helper()
	deadline := time.Now().Add(waitTime)
	for {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		at, err := chromedp.Run(ctx, chromedp.Location())
		cancel()
		if err == nil && ok(at) {
			return at
		}
		if time.Now().After(deadline) {
			p.fail(fmt.Errorf("still at %s", at))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// waitText waits until the page shows some words.
func (p *person) waitText(words string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`document.body.innerText.includes(%q)`, words))
}

// choose ticks a radio button or a check box.
func (p *person) choose(selector string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`document.querySelector(%q)`, selector))
	p.do(fmt.Sprintf(`(e => { if (!e.checked) e.click() })(document.querySelector(%q))`, selector))
}

// fill writes into a field as typing would, change events included.
func (p *person) fill(selector, value string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`document.querySelector(%q)`, selector))
	p.do(fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector(%q))`, value, selector))
}

// press clicks a button by its visible words within a part of the page.
func (p *person) press(within, words string) {
	p.t.Helper()
	js := fmt.Sprintf(`[...document.querySelectorAll(%q)].find(b => b.textContent.trim().startsWith(%q) && b.offsetParent !== null)`, within, words)
	p.waitEval(js)
	p.do(js + `.click()`)
}

// fetch asks for an address with the person's own cookies and returns status and body.
func (p *person) fetch(path string) (status int, body string) {
	p.t.Helper()
	got := evaluate[struct {
		Status int
		Body   string
	}](p, fmt.Sprintf(`fetch(%q).then(async r => ({Status: r.status, Body: await r.text()}))`, path))
	return got.Status, got.Body
}

// get asks for a public address.
func (s *server) get(path string) (*http.Response, error) { return http.Get(s.URL + path) }
