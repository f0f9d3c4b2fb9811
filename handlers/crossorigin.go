package handlers

import "net/http"

// isolated refuses what a page of another origin loads from here without going here: pictures, scripts, frames, fetches.
// Browsers show such a page none of it, but reading counts here: a case that is opened is an entry in the custody log.
// Links from elsewhere work. Browsers that do not send Fetch Metadata are held off by the cookie's SameSite alone, and
// requests that change something are refused by http.CrossOriginProtection.
func (s *server) isolated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fromElsewhere(r.Header) {
			s.crossOrigin(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fromElsewhere reports whether another origin's page asks, and not by a link that a person follows (Fetch Metadata).
func fromElsewhere(h http.Header) bool {
	switch h.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return h.Get("Sec-Fetch-Mode") != "navigate" || h.Get("Sec-Fetch-Dest") != "document"
}

func (s *server) crossOrigin(w http.ResponseWriter, r *http.Request) { s.answer(w, r, errCrossOrigin) }
