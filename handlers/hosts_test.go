package handlers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// wire sends bytes as they are and returns what comes back.
func (b *browser) wire(text string) answer {
	b.w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	must(b.w.t, err)
	defer c.Close()
	_, err = io.WriteString(c, text)
	must(b.w.t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(b.w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.w.t, err)
	return answer{res.StatusCode, string(body), res.Header}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.stranger()
	addr := strings.TrimPrefix(b.base, "http://")
	_, port, _ := strings.Cut(addr, ":")
	ask := func(method, path, host string) answer {
		return b.wire(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, path, host))
	}
	for _, host := range []string{addr, "localhost:" + port, "LocalHost:" + port, "[::1]:" + port, "proffer.example", "proffer.example:80", "Proffer.Example"} {
		if a := ask("GET", "/sign-in", host); a.status != 200 {
			t.Errorf("under %s the page answers %d", host, a.status)
		}
	}
	for _, host := range []string{"evil.example", "evil.example:" + port, "localhost", "localhost.:" + port, "127.0.0.1:1", "127.0.0.2:" + port,
		"proffer.example:" + port, "proffer.example.", "proffer.example.evil.example", "xproffer.example", "proffer.example:080", "[::1%25lo]:" + port, ""} {
		for _, at := range []string{"/sign-in", "/", "/static/app.css", "/platform.pub", "/events", "/uploads/", "/nothing"} {
			if a := ask("GET", at, host); a.status != 421 || !strings.Contains(a.body, "http://proffer.example") || !strings.Contains(a.body, "PROFFER_URL") {
				t.Errorf("%s under %q answers %d %q", at, host, a.status, a.body)
			}
		}
		if a := ask("POST", "/demo/switch", host); a.status != 421 {
			t.Errorf("the person switcher under %q answers %d", host, a.status)
		}
		if a, b := ask("GET", "/healthz", host), ask("GET", "/readyz", host); a.status != 200 || b.status != 200 {
			t.Errorf("the probes under %q answer %d and %d", host, a.status, b.status)
		}
	}
	// What counts is the host of an address in the request line (RFC 9112, section 3.2.2).
	if a := b.wire("GET http://evil.example/sign-in HTTP/1.1\r\nHost: " + addr + "\r\nConnection: close\r\n\r\n"); a.status != 421 {
		t.Errorf("another site's address in the request line answers %d", a.status)
	}
	if a := b.send("GET", "/sign-in", map[string]string{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}, nil); a.status != 200 || strings.Contains(a.body, "evil.example") {
		t.Errorf("a forwarded host is answered %d", a.status)
	}
}

func TestKnownHosts(t *testing.T) {
	for _, c := range []struct{ site, addr, yes, no string }{
		{"https://proffer.example", "10.0.0.1:8080", "proffer.example proffer.example:443 10.0.0.1:8080 localhost:8080", "proffer.example:80 10.0.0.1 proffer.example:8080"},
		{"https://proffer.example:8443", "127.0.0.1:80", "proffer.example:8443 localhost localhost:80 [::1]", "proffer.example proffer.example:443"},
		{"http://[2001:db8::1]", "[::]:8080", "[2001:db8::1] [2001:db8::1]:80 [::1]:8080", "2001:db8::1 [2001:db8::2]"},
	} {
		known := knownHosts(c.site, c.addr)
		for _, h := range strings.Fields(c.yes) {
			if !known[h] {
				t.Errorf("%s at %s does not know %s", c.site, c.addr, h)
			}
		}
		for _, h := range strings.Fields(c.no) {
			if known[h] {
				t.Errorf("%s at %s knows %s", c.site, c.addr, h)
			}
		}
	}
}

func TestOtherOriginsLoadNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Owner"))
	fetch := func(site, mode, dest, path string) int {
		return b.send("GET", path, map[string]string{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}, nil).status
	}
	for _, site := range []string{"cross-site", "same-site"} {
		for _, how := range [][2]string{{"no-cors", "image"}, {"no-cors", "script"}, {"cors", "empty"}, {"navigate", "iframe"}, {"navigate", "object"}, {"", ""}} {
			for _, path := range []string{"/reports", "/events", "/", "/platform.pub", "/nothing"} {
				if got := fetch(site, how[0], how[1], path); got != 403 {
					t.Errorf("%s loaded %s as %v: %d", site, path, how, got)
				}
			}
		}
		if got := fetch(site, "navigate", "document", "/reports"); got != 200 {
			t.Errorf("a link from a %s page answers %d", site, got)
		}
	}
	for _, site := range []string{"same-origin", "none"} {
		if got := fetch(site, "cors", "empty", "/reports"); got != 200 {
			t.Errorf("a request from %s answers %d", site, got)
		}
	}
}

// TestBodiesThatNeverCome holds that nobody keeps a connection by announcing a body: the answer comes, and then the end.
func TestBodiesThatNeverCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Rob Reviewer", account.Reviewer))
	host := "Host: " + strings.TrimPrefix(b.base, "http://") + "\r\nContent-Length: 100\r\n"
	for _, head := range []string{"GET /healthz HTTP/1.1\r\n" + host, "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100\r\n",
		"POST /reports HTTP/1.1\r\nOrigin: https://evil.example\r\n" + host,
		"GET /exhibits/X-00000-00000/original HTTP/1.1\r\nCookie: " + b.cookie + "\r\n" + host} {
		c, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
		must(t, err)
		defer c.Close()
		_, err = io.WriteString(c, head+"\r\n")
		must(t, err)
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		if all, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 ") {
			t.Errorf("%q is answered %q and then %v", head, all, err)
		}
	}
}
