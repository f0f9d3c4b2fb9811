package handlers

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// rightHost serves requests only under the application's own names. Another site can point a name of its own at this
// machine (DNS rebinding), and its scripts would then be of one origin with what is answered here: no cookie would reach
// them, but in demonstration mode nobody needs one. What probes ask for by address stays reachable.
func (s *server) rightHost(next http.Handler) http.Handler {
	known := knownHosts(s.URL, s.Addr)
	words := "Proffer does not answer under this address. Open " + s.URL + " instead. If people are to use the address that you " +
		"typed, set PROFFER_URL to it and start Proffer again.\n"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !known[strings.ToLower(r.Host)] && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			plain(w, http.StatusMisdirectedRequest, words)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHosts is what a Host header may hold: the host of the site's address, the address of the listener, and the names
// of this machine with the listener's port. Where a port is its scheme's own, it may be left out.
func knownHosts(site, addr string) map[string]bool {
	known := map[string]bool{}
	add := func(host, port, usual string) {
		known[strings.ToLower(net.JoinHostPort(host, port))] = true
		if port == usual {
			known[strings.TrimSuffix(strings.ToLower(net.JoinHostPort(host, port)), ":"+port)] = true
		}
	}
	if u, err := url.Parse(site); err == nil {
		usual := "80"
		if u.Scheme == "https" {
			usual = "443"
		}
		port := u.Port()
		if port == "" {
			port = usual
		}
		add(u.Hostname(), port, usual)
	}
	if host, port, err := net.SplitHostPort(addr); err == nil {
		for _, name := range []string{host, "localhost", "127.0.0.1", "::1"} {
			add(name, port, "80")
		}
	}
	return known
}

// checkAddr reports whether the listener's address can be read.
func checkAddr(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("handlers: the listener's address has to be host:port: %w", err)
	}
	return nil
}
