package handlers

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// server is what handlers share. It is safe for concurrent use.
type server struct {
	Config
	desk     *triage.Desk
	sessions *scs.SessionManager
	uploads  http.Handler

	reporting paces      // reports and additions of one account
	guests    guestPaces // reports of one guest
	guestsOf  guestPaces // and of all guests of one meeting
	uploading paces      // uploads that one account begins

	streams  gate // event streams of one account
	controls gate // control sessions of one address
}

// New makes the application's handler. It fails when the configuration is not complete.
func New(c Config) (http.Handler, error) {
	s, err := newServer(c)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(c Config) (*server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &server{Config: c, desk: c.Desk, streams: gate{max: maxStreams}, controls: gate{max: maxControls}}
	limits := c.Limits.withDefaults()
	s.reporting, s.uploading = limits.reports(), limits.uploads()
	s.guests, s.guestsOf = limits.guests()
	s.sessions = newSessions(c, s.sessionFailed)
	s.uploads = c.Uploads(func(r *http.Request) (triage.Actor, error) { return actorOf(r), nil })
	return s, nil
}

func (s *server) handler() (http.Handler, error) {
	cop := http.NewCrossOriginProtection()
	if err := cop.AddTrustedOrigin(s.URL); err != nil {
		return nil, err
	}
	cop.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	clientIP := middleware.ClientIPFromRemoteAddr
	if len(s.Proxies) > 0 {
		clientIP = middleware.ClientIPFromXFF(s.Proxies...)
	}
	mux := chi.NewRouter()
	mux.Use(requestID, clientIP, s.logged, s.recovered, s.headers, bounded, s.rightHost, tokenFirst, unlessToken(cop.Handler))
	for _, method := range []string{get, head} {
		mux.Method(method, "/static/*", s.Assets)
		mux.Method(method, "/healthz", http.HandlerFunc(s.healthz))
		mux.Method(method, "/readyz", http.HandlerFunc(s.readyz))
	}
	mux.Method(get, "/livekit/*", s.Media) // who may join a room is in the token
	mux.Group(func(in chi.Router) {
		in.Use(unlessToken(s.isolated), s.sessions.LoadAndSave, s.signedIn)
		for _, rt := range s.routes() {
			if rt.Demo && !s.Demo {
				continue
			}
			in := in.With(rt.limits...)
			in.Method(rt.Method, rt.Pattern, s.serve(rt))
			if rt.Method == get { // net/http leaves the body out
				in.Method(head, rt.Pattern, s.serve(rt))
			}
		}
		in.NotFound(s.serve(route{Scope: anyScope, serve: func(http.ResponseWriter, *http.Request, triage.Actor) error { return errNothing }}).ServeHTTP)
		in.MethodNotAllowed(s.serve(route{Scope: anyScope, serve: func(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
			w.Header().Set("Allow", strings.Join(methodsAt(mux, r), ", "))
			return errMethod
		}}).ServeHTTP)
	})
	return mux, nil
}

// methodsAt is what an address can be used with (RFC 9110 section 15.5.6).
func methodsAt(mux *chi.Mux, r *http.Request) (methods []string) {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	for _, m := range []string{get, head, post, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		if mux.Match(chi.NewRouteContext(), m, path) {
			methods = append(methods, m)
		}
	}
	return methods
}

// serve turns a route into a handler: who may not do this at all is refused before anything is read.
func (s *server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rt.kind == kindPage && requestOf(r).byToken {
			rt.kind = kindAPI // no client wants a page about its mistake
		}
		r = withKind(r, rt.kind)
		limit(w, r, rt.kind)
		a := actorOf(r)
		err := admitToken(w, rt, requestOf(r))
		if err == nil {
			err = s.admit(rt, a)
		}
		if requestOf(r).unkeyed && errors.Is(err, triage.ErrForbidden) {
			err = errKeyFirst
		}
		if err != nil {
			s.answer(w, r, err)
			return
		}
		switch rt.kind {
		case kindUpload:
		case kindFile:
			r.Body = http.MaxBytesReader(w, r.Body, maxFileForm)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		err = rt.serve(w, r, a)
		if requestOf(r).unkeyed && errors.Is(err, triage.ErrForbidden) {
			err = errKeyFirst
		}
		if err != nil {
			s.answer(w, r, err)
		}
	})
}

func (s *server) admit(rt route, a triage.Actor) error {
	switch {
	case rt.Needs == "":
		return nil
	case a.Account == "":
		return errSignIn
	}
	return triage.Allow(a, rt.Needs, triage.Target{})
}

// maxForm is the most that a form may hold, in bytes: enough for the longest report, and for 2,000 reported people, so
// that the form itself can say how many it takes.
const maxForm = 1 << 20

// Times within which a peer has to make progress.
const (
	readTime  = 30 * time.Second
	writeTime = 60 * time.Second
	drainTime = 5 * time.Second
	fileTime  = 3 * time.Minute // for a form with a file, and what is done with it
)

// bounded gives every request the deadlines of a page, also those that are refused before they reach a route, and those
// that reuse a connection whose deadline is that of the request before. Routes of other kinds set their own. A body that
// was announced and not read is waited for after the answer, and not for ever.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit(w, r, kindPage)
		next.ServeHTTP(w, r)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime))
	})
}

// limit sets the connection's deadlines for a request. Uploads set their own with each piece that arrives, and what is
// sent in pieces moves the deadline with each piece (steady).
func limit(w http.ResponseWriter, r *http.Request, k kind) {
	rc := http.NewResponseController(w)
	read, write := time.Now().Add(readTime), time.Now().Add(writeTime)
	switch k {
	case kindStream, kindBytes:
		write = time.Time{}
		if r.ContentLength == 0 { // else net/http waits for the body before it answers
			read = time.Time{}
		}
	case kindFile:
		read, write = time.Now().Add(fileTime), time.Now().Add(fileTime+writeTime)
	case kindLong:
		read, write = time.Time{}, time.Time{}
	case kindUpload:
		write = time.Time{}
	}
	_ = rc.SetReadDeadline(read) // a writer without a connection under it, as in tests, has no deadlines
	_ = rc.SetWriteDeadline(write)
}

// steady moves the write deadline on with each piece, so that a slow reader may take as long as it needs and one that
// stopped reading is let go.
type steady struct{ http.ResponseWriter }

func (w steady) Write(p []byte) (int, error) {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTime))
	return w.ResponseWriter.Write(p)
}

func (w steady) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// patient gives uploads longer than tusd asks for: tusd counts from the last byte that came, but the object store may
// take its time to store a part or to put them together, and a deadline that passes meanwhile would break the request off.
type patient struct{ http.ResponseWriter }

// patience is longer than the object store's own limits of one call.
const patience = 90 * time.Second

func (w patient) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(later(t))
}

func (w patient) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(later(t))
}

func (w patient) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// later moves a deadline on. One that has come is an order to stop, and stays.
func later(t time.Time) time.Time {
	if t.IsZero() || time.Until(t) < time.Second {
		return t
	}
	return t.Add(patience)
}

func (s *server) healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	var setback *custody.Failure
	err := s.Ready(r.Context())
	if err == nil {
		setback, err = s.desk.Setback(r.Context())
	}
	switch {
	case err != nil:
		s.Log.WarnContext(r.Context(), "not ready", "err", err)
		w.Header().Set("Retry-After", "5")
		plain(w, http.StatusServiceUnavailable, "not ready: the database or the object store does not answer\n")
	case setback != nil: // no reason to take the server away from its users: reports are still accepted, and events wait
		plain(w, http.StatusOK, "ready, but nothing is signed into the custody log: see the server's log and the auditor's page\n")
	default:
		plain(w, http.StatusOK, "ready\n")
	}
}

// plain answers in plain text.
func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", noStore)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the peer is gone; there is nobody left to tell
}
