package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// request is what the middleware knows of one request.
type request struct {
	id    string
	actor triage.Actor
	kind  kind

	unkeyed bool          // the roles of who asks do not count until they use a passkey
	byToken bool          // it came with a token, good or not
	secret  string        // the token itself
	token   account.Token // once it is known
}

type requestKey struct{}

func requestOf(r *http.Request) *request {
	if q, ok := r.Context().Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{}
}

// actorOf is who asks; the zero actor is a stranger.
func actorOf(r *http.Request) triage.Actor { return requestOf(r).actor }

func withKind(r *http.Request, k kind) *http.Request {
	requestOf(r).kind = k
	return r
}

// requestID draws a number for each request, which error pages show and the log holds.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{id: rand.Text()[:16]}
		w.Header().Set("X-Request-Id", q.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
	})
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// began reports whether an answer is under way, so that no other can be given.
func began(w http.ResponseWriter) bool {
	for {
		if rec, ok := w.(*recorder); ok {
			return rec.status != 0
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}

// logged writes one line for each request: no query, no body, and no sign-in token.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec, start := &recorder{ResponseWriter: w}, time.Now()
		defer func() {
			if r.Method == head {
				rec.bytes = 0 // none of it was sent
			}
			q, level := requestOf(r), slog.LevelInfo
			if strings.HasPrefix(r.URL.Path, "/static/") || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
				level = slog.LevelDebug
			}
			s.Log.Log(r.Context(), level, "request", "method", r.Method, "path", logPath(r.URL.Path), "status", rec.status,
				"bytes", rec.bytes, "took", time.Since(start).Round(time.Microsecond), "id", q.id,
				"account", string(q.actor.Account), "peer", middleware.GetClientIP(r.Context()))
		}()
		next.ServeHTTP(rec, r)
	})
}

// logPath is a path as the log may hold it.
func logPath(p string) string {
	if before, _, ok := strings.Cut(p, "/sign-in/"); ok { // also where a mail program bent the link
		p = before + "/sign-in/…"
	}
	if len(p) > 200 {
		return p[:200] + "…"
	}
	return p
}

// recovered turns a panic into an answer like any other error's.
func (s *server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // the server's own way to break a connection off
			default:
				s.answer(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
				if began(w) && requestOf(r).kind != kindPage {
					panic(http.ErrAbortHandler) // a download that breaks off must not look whole
				}
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// policy is the Content-Security-Policy of every page; package web says why it suffices.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// workerPolicy is that of a meeting's workers: they speak with the control session and the media server, at the site's own address, which not
// every browser takes for 'self' when it is a WebSocket.
func (s *server) workerPolicy() string {
	return strings.Replace(policy, "connect-src 'self'", "connect-src 'self' "+"ws"+strings.TrimPrefix(s.URL, "http"), 1)
}

// roomPolicy is that of a meeting's room. In it a clip is looked at before it is reported, which nobody but the page has.
func (s *server) roomPolicy() string {
	return strings.Replace(s.workerPolicy(), "media-src 'self'", "media-src 'self' blob:", 1)
}

// roomPermissions lets a meeting's room ask for camera, microphone and screen.
const roomPermissions = "camera=(self), display-capture=(self), geolocation=(), microphone=(self), payment=(), usb=(), " +
	"browsing-topics=(), picture-in-picture=(self)"

// evidencePolicy is that of bytes which somebody sent us: whatever they are, they run nothing and load nothing.
const evidencePolicy = "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// noStore keeps answers out of every cache, and keeps proxies from compressing them: package web says why (Bundle.ServeHTTP).
const noStore = "no-store, no-transform"

// headers sets what every answer carries.
func (s *server) headers(next http.Handler) http.Handler {
	fixed := map[string]string{
		"Content-Security-Policy":      policy,
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), " +
			"browsing-topics=(), picture-in-picture=()",
	}
	if s.secure() {
		fixed["Strict-Transport-Security"] = "max-age=31536000"
	}
	workers := s.workerPolicy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for k, v := range fixed {
			h.Set(k, v)
		}
		if strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Content-Security-Policy", workers) // a worker is governed by its own answer's
		} else {
			h.Set("Cache-Control", noStore)
		}
		next.ServeHTTP(w, r)
	})
}

// peer is the address that a request is counted under; of IPv6, its network.
func peer(r *http.Request) string {
	return httprate.CanonicalizeIP(middleware.GetClientIP(r.Context()))
}

// rate limits how often one peer may use a route.
func (s *server) rate(n int, window time.Duration) []func(http.Handler) http.Handler {
	byPeer := func(r *http.Request) (string, error) { return peer(r), nil }
	tooMany := httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(window.Seconds())))
		s.answer(w, r, errTooMany)
	})
	quiet := httprate.WithResponseHeaders(httprate.ResponseHeaders{})
	return []func(http.Handler) http.Handler{httprate.LimitBy(n, window, byPeer, tooMany, quiet)}
}
