// Package handlers is the HTTP edge of Proffer: one route table, the middleware around it, sessions, and one file for
// each area of the pages. Handlers read a request, call a use case of triage.Desk, and fill a view of package web; they
// return errors, and one place (errors.go) turns those into pages, JSON or plain text.
//
// # Threats
//
// Everything that arrives is hostile. Requests that change something are refused when they come from another origin
// (Sec-Fetch-Site, else Origin); bodies are bounded and parsed strictly; sign-in is rate-limited and renews the session's
// token; every request loads the account anew, so that a ban or a role that was taken away acts at once. Pages run under
// a Content-Security-Policy without inline code, and evidence is served in a sandbox, with nosniff, and never cached. Logs
// hold no query strings and no sign-in tokens.
//
// Who may do what is decided by triage.Can alone: the route table names the action that a route needs at all, the use
// case asks again about the thing itself, and lists, counts and live events are filtered by lane. A case that an actor
// may not know of answers exactly like one that does not exist (DESIGN I10).
//
// # What it does not do
//
// It does not limit traffic in general (a proxy does), does not end TLS, and keeps nothing itself but the number of
// open streams and the counters of the rate limits.
package handlers
