package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// problem is a failure of the edge itself, in words for a person.
type problem struct {
	status            int
	title, what, next string
}

func (p *problem) Error() string { return p.what }

// The edge's own failures.
var (
	errNothing = triage.Errorf(triage.NotFound, "There is nothing here.")
	errSignIn  = &problem{http.StatusUnauthorized, "Sign in first", "You are not signed in, or your session has ended.",
		"Sign in and try again."}
	errKeyFirst = &problem{http.StatusForbidden, "Your passkey first", "Work on cases needs a passkey: a sign-in link alone does not show who you are.",
		"Go to your account’s page, and use your passkey there or make one."}
	errMethod = &problem{http.StatusMethodNotAllowed, "Not in this way", "This address cannot be used in this way.",
		"Start from the page that led you here."}
	errCrossOrigin = &problem{http.StatusForbidden, "Refused", "The request came from another site, so it was refused.",
		"Open the page here and try again from there."}
	errTooMany = &problem{http.StatusTooManyRequests, "Too often", "There were too many attempts from your address.",
		"Wait a minute, then try again."}
	errFormType = &problem{http.StatusUnsupportedMediaType, "Not a form", "What was sent is not a form of this site.",
		"Start from the page that led you here."}
	errRanges = &problem{http.StatusRequestedRangeNotSatisfiable, "Too many ranges", "The request asks for too many ranges of the clip at once.",
		"Ask for one range after another."}
	errOver    = &problem{http.StatusGone, "Over", "This meeting is over.", "Ask the host for a new one."}
	errUpgrade = &problem{http.StatusUpgradeRequired, "Not a page", "This address is for a meeting’s own connection.",
		"Open the meeting’s link instead."}
	errForm = &problem{http.StatusBadRequest, "Not readable", "The form could not be read.",
		"Start from the page that led you here."}
)

// verdict is what a failure comes to on the wire.
type verdict struct {
	problem
	fields web.Messages // of forms
	hidden bool         // unexpected: for the log, not for people
}

// judge is the one place that turns errors into statuses and words.
func judge(err error) verdict {
	var p *problem
	var big *http.MaxBytesError
	if errors.As(err, &p) {
		return verdict{problem: *p}
	}
	if errors.As(err, &big) {
		return verdict{problem: problem{http.StatusRequestEntityTooLarge, "Too long",
			"What was sent is longer than this page takes.", "Shorten it, and add the rest afterwards."}}
	}
	var refused *meeting.Refusal
	if errors.As(err, &refused) {
		return judgeMeeting(refused)
	}
	msg := ""
	var e *triage.Error
	if errors.As(err, &e) {
		msg = e.Msg
	}
	switch triage.KindOf(err) {
	case triage.Invalid:
		return verdict{problem: problem{http.StatusUnprocessableEntity, "Not accepted", msg, "Go back, mend it and send it again."},
			fields: web.MessagesOf(err)}
	case triage.NotFound: // in the same words whether or not there is something
		v := web.NotFound(web.Page{})
		return verdict{problem: problem{v.Status, v.Title, v.What, v.Next}}
	case triage.Forbidden:
		return verdict{problem: problem{http.StatusForbidden, "Not allowed", msg, "Start from the beginning."}}
	case triage.Conflict:
		return verdict{problem: problem{http.StatusConflict, "Overtaken", msg, "Reload the page to see how things stand."}}
	case triage.Altered:
		return verdict{problem: problem{http.StatusInternalServerError, "Not what was sealed", msg, "Nothing of it is shown or handed out."}}
	case triage.TooOften:
		return verdict{problem: problem{http.StatusTooManyRequests, "Too often", msg, "Go back then, and send it again."}}
	case triage.Full:
		return verdict{problem: problem{http.StatusInsufficientStorage, "No room", msg, "Nothing that was acknowledged is lost. Try again later."}}
	case triage.Unavailable:
		return verdict{problem: problem{http.StatusServiceUnavailable, "Not reachable", msg,
			"Nothing that was acknowledged is lost. Try again in a moment."}}
	}
	return verdict{problem: problem{http.StatusInternalServerError, "Something went wrong",
		"Something went wrong here, and it was noted.", "Nothing that was acknowledged is lost. Try again in a minute."}, hidden: true}
}

// judgeMeeting is judge for what the meeting core refuses.
func judgeMeeting(r *meeting.Refusal) verdict {
	switch r.Kind {
	case meeting.Invalid:
		return verdict{problem: problem{http.StatusUnprocessableEntity, "Not accepted", r.Why, "Go back, mend it and send it again."}}
	case meeting.Gone:
		return verdict{problem: problem{http.StatusGone, "Over", r.Why, "Start from the beginning."}}
	case meeting.Crowded:
		return verdict{problem: problem{http.StatusServiceUnavailable, "Full", r.Why, "Try again later."}}
	}
	return verdict{problem: problem{http.StatusForbidden, "Not allowed", r.Why, "Start from the beginning."}}
}

// inField puts what the meeting core refuses into the form that caused it.
func inField(field string, err error) error {
	var r *meeting.Refusal
	if errors.As(err, &r) {
		return fieldError(field, r.Why)
	}
	return err
}

// answer tells an error in the form that suits the request.
func (s *server) answer(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // the browser went away; there is nobody to tell
	}
	v, q := judge(err), requestOf(r)
	if v.hidden || v.status == http.StatusServiceUnavailable {
		s.Log.ErrorContext(r.Context(), "a request failed", "id", q.id, "method", r.Method, "path", logPath(r.URL.Path),
			"status", v.status, "err", err)
	}
	if began(w) {
		return
	}
	h := w.Header()
	for _, name := range []string{"Content-Disposition", "Content-Length", "Content-Type", "Last-Modified", "Accept-Ranges"} {
		h.Del(name)
	}
	h.Set("Cache-Control", noStore)
	h.Set("Content-Security-Policy", policy)
	if v.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	switch {
	case wantsJSON(r, q.kind):
		s.answerJSON(w, v, q.id)
	case q.kind == kindUpload || q.kind == kindStream:
		plain(w, v.status, v.what+" "+v.next+"\n")
	default:
		s.answerPage(w, r, v)
	}
}

// wantsJSON reports whether a script asks.
func wantsJSON(r *http.Request, k kind) bool {
	return k == kindAPI || strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

func (s *server) answerJSON(w http.ResponseWriter, v verdict, id string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(v.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": v.what, "next": v.next, "request": id, "fields": v.fields})
}

// reads reports whether a request only asks to see something.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// answerPage shows a page, or sends a stranger to sign in.
func (s *server) answerPage(w http.ResponseWriter, r *http.Request, v verdict) {
	if v.status == http.StatusUnauthorized {
		to := "/sign-in"
		if reads(r) {
			to += "?return=" + url.QueryEscape(r.URL.RequestURI())
		}
		if r.Header.Get("HX-Request") != "" {
			w.Header().Set("HX-Redirect", to)
		} else if reads(r) && requestOf(r).kind != kindBytes {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
	}
	if v.problem == *errKeyFirst && reads(r) && requestOf(r).kind == kindPage && r.Header.Get("HX-Request") == "" {
		http.Redirect(w, r, "/me#passkeys", http.StatusSeeOther)
		return
	}
	view := web.ErrorView{Page: s.bare(r, v.title), Status: v.status, What: v.what, Next: v.next,
		Retry: reads(r) && v.status >= 500}
	if v.status == http.StatusUnauthorized {
		view.Back, view.Label = "/sign-in", "Sign in"
	}
	if err := s.render(w, r, v.status, web.Error(view)); err != nil {
		s.Log.ErrorContext(r.Context(), "the page about an error could not be made", "id", requestOf(r).id, "err", err)
		plain(w, v.status, v.what+" "+v.next+"\n")
	}
}

// again reports whether an error belongs back into the form that caused it: something to mend, somebody who was quicker, or
// something to send again later. Its status goes with it.
func again(err error) (status int, ok bool) {
	switch triage.KindOf(err) {
	case triage.Invalid:
		return http.StatusUnprocessableEntity, true
	case triage.Conflict:
		return http.StatusConflict, true
	case triage.TooOften:
		return http.StatusTooManyRequests, true
	}
	return 0, false
}
