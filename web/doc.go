// Package web draws the pages: templ templates, the plain structs that hold what a page shows, the style sheet, the
// browser modules and the bundle that serves them.
//
// Every page is a function of one view struct (SignInView, CaseView, …) that embeds Page. Views are filled by handlers;
// nothing here reads a store, asks the clock or decides who may do what: what the actor may do arrives as booleans that
// triage.Can answered (CanDecide, CanClaim, …).
//
// Threats: text from outside that tries to become markup or to look like other text. templ escapes everything; names go
// through Name and free text through Words, which clean bidirectional overrides and invisible characters once more and
// isolate the direction (<bdi>, dir="auto"). No page holds an inline script, style or event handler, so that the pages
// work under
//
//	default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self';
//	connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
//
// In a meeting's room also media-src blob:, for the clip that one looks at before one reports it, and the media server's WebSocket.
//
// Every form works without JavaScript except the upload of clips, which says so.
package web

//go:generate go tool templ generate
//go:generate go run ./bundle
