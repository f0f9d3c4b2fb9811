package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// demoCommand joins a meeting with simulated guests, which are a program of their own: this one links no code that holds a meeting's keys.
// Without a link, it makes a meeting of the demonstration's host.
func demoCommand(ctx context.Context, args []string, out, errs io.Writer) error {
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	server := f.String("server", "", "")
	guests := f.Int("guests", 2, "")
	misbehaves := f.Duration("misbehaves", 20*time.Second, "")
	if f.Parse(args) != nil || f.NArg() > 1 || *guests < 1 || *misbehaves < 0 {
		return errUsage
	}
	program, err := guestProgram()
	if err != nil {
		return err
	}
	link := f.Arg(0)
	if link == "" {
		if link, err = demoMeeting(ctx, *server); err != nil {
			return err
		}
		fmt.Fprintf(out, "A meeting with %d simulated guests. Signed in as Hanna Holm you are its host; anybody else joins as a guest:\n\n  %s\n\n", *guests, link)
	}
	if *misbehaves > 0 {
		fmt.Fprintf(out, "%s after you came, the last of them misbehaves: it shows a test pattern that says SIMULATED ABUSE, beeps, and says so in the chat.\n"+
			"Report it. Then go to the reviewer, Rui Reis, with the person switcher, open the queue, and see what is proven of the clip.\n\n", *misbehaves)
	}
	c := exec.CommandContext(ctx, program, "-link", "-", "-count", strconv.Itoa(*guests), "-misbehaves", misbehaves.String())
	c.Stdin = strings.NewReader(link) // and not as an argument, which everybody on this machine could read
	c.Stdout, c.Stderr = out, errs
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(os.Interrupt) }, 10*time.Second
	if err := c.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the simulated guests ended: %w", err)
	}
	return nil
}

// guestProgram finds the program of the simulated guests: beside this one, or where programs are.
func guestProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), "guest")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	path, err := exec.LookPath("guest")
	if err != nil {
		return "", fmt.Errorf("the program of the simulated guests is neither at %s nor in PATH; build it with make build", beside)
	}
	return path, nil
}

// errNoDemo says that a server offers no demonstration's host.
var errNoDemo = errors.New("this server is not in demonstration mode, so no meeting can be made in it without an account; make one in a browser, and give its link to proffer demo")

// switchToHost finds the demonstration's host in the page of the person switcher.
var switchToHost = regexp.MustCompile(`name="account" value="(A-[^"]+)"[^>]*>\s*<bdi class="name">Hanna`)

// demoMeeting makes a standard meeting as the demonstration's host, the way a browser does.
func demoMeeting(ctx context.Context, server string) (link string, err error) {
	if server == "" {
		cfg, err := LoadConfig()
		if err != nil {
			return "", err
		}
		server = cfg.URL
	}
	server = strings.TrimSuffix(server, "/")
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	b := browser{ctx: ctx, server: server, http: &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	_, page, err := b.do(http.MethodGet, "/sign-in", nil)
	if err != nil {
		return "", fmt.Errorf("%w; is a server running at %s? Name another with --server", err, server)
	}
	host := switchToHost.FindStringSubmatch(page)
	if host == nil {
		return "", errNoDemo
	}
	if _, _, err = b.do(http.MethodPost, "/demo/switch", url.Values{"account": {host[1]}}); err != nil {
		return "", err
	}
	at, _, err := b.do(http.MethodPost, "/meetings", url.Values{"title": {"A meeting with simulated guests"}, "mode": {"standard"}})
	if err != nil {
		return "", fmt.Errorf("making a meeting: %w", err)
	}
	page, _, _ = strings.Cut(at, "?")
	id, ok := strings.CutPrefix(page, "/meetings/")
	if !ok {
		return "", fmt.Errorf("making a meeting led to %q", at)
	}
	return server + "/m/" + id, nil
}

// browser is as much of one as demoMeeting needs.
type browser struct {
	ctx    context.Context
	server string
	http   *http.Client
}

// do sends a form, or none, and gives where the answer leads and what it says.
func (b *browser) do(method, path string, form url.Values) (location, body string, err error) {
	req, err := http.NewRequestWithContext(b.ctx, method, b.server+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.http.Do(req)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s answered %s", method, path, res.Status)
	}
	return res.Header.Get("Location"), string(text), err
}
