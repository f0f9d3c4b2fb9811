package sfu

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
)

// signalling is what participants may reach of LiveKit's HTTP server.
var signalling = map[string]bool{"/rtc": true, "/rtc/v1": true, "/rtc/validate": true, "/rtc/v1/validate": true}

// Handler passes participants' signalling (a WebSocket) on to LiveKit, from below prefix. Everything else it has, the room
// API above all, is not there.
func (s *Server) Handler(prefix string) http.Handler {
	proxy := &httputil.ReverseProxy{ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = s.url.Scheme, s.url.Host
		r.Out.URL.Path, r.Out.URL.RawPath = s.url.Path+strings.TrimPrefix(r.In.URL.Path, prefix), ""
		r.Out.Host = s.url.Host
		r.Out.Header.Del("Cookie") // of the application, and none of LiveKit's business
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, below := strings.CutPrefix(r.URL.Path, prefix)
		if !below || !signalling[path] || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	})
}
