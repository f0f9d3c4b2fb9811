package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/httprate"

	"github.com/proffer/proffer/triage"
)

// Limits says how often one account may do what leaves something for ever: in the queue, in the custody log, or under object
// lock. They are far above what people do, and below what would bury those who work through it. Zero stands for the default.
type Limits struct {
	ReportsMinute int `env:"REPORTS_MINUTE"` // reports and additions to them in a minute; 10
	ReportsHour   int `env:"REPORTS_HOUR"`   // reports and additions to them in an hour; 60
	UploadsMinute int `env:"UPLOADS_MINUTE"` // uploads begun in a minute; 60
	GuestMinute   int `env:"GUEST_MINUTE"`   // reports by one guest in a minute; 3
	GuestHour     int `env:"GUEST_HOUR"`     // reports by one guest in an hour; 10
	MeetingHour   int `env:"MEETING_HOUR"`   // reports by all guests of one meeting in an hour; 40
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		n     *int
		usual int
	}{{&l.ReportsMinute, 10}, {&l.ReportsHour, 60}, {&l.UploadsMinute, 60}, {&l.GuestMinute, 3}, {&l.GuestHour, 10}, {&l.MeetingHour, 40}} {
		if *f.n <= 0 {
			*f.n = f.usual
		}
	}
	return l
}

// pace is one limit; it counts on this node only.
type pace struct {
	limit   *httprate.RateLimiter
	n       int
	window  time.Duration
	what    string // what is counted, as in "filed 10 reports or additions"
	nothing string // why waiting loses nothing, and what to do then
}

func newPace(n int, window time.Duration, what, nothing string) pace {
	return pace{httprate.NewRateLimiter(n, window, httprate.WithResponseHeaders(httprate.ResponseHeaders{})), n, window, what, nothing}
}

// paces are the limits that all have to be kept.
type paces []pace

// check counts one more for the actor, or says when to go on; Retry-After is set then.
func (ps paces) check(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	for _, p := range ps {
		if p.limit.OnLimit(w, r, string(a.Account)) {
			return p.refuse(w, fmt.Sprintf("You have %s within %s, which is as much as one account can.", fmt.Sprintf(p.what, p.n), windowWords[p.window]))
		}
	}
	return nil
}

func (p pace) refuse(w http.ResponseWriter, words string) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(p.window.Seconds())))
	return triage.Errorf(triage.TooOften, "%s %s", words, p.nothing)
}

// guestPaces are limits of guests, who have no account: by the device that they joined with, or by their meeting.
type guestPaces paces

// check is that of paces.
func (ps guestPaces) check(w http.ResponseWriter, r *http.Request, who string) error {
	for _, p := range ps {
		if p.limit.OnLimit(w, r, who) {
			return p.refuse(w, fmt.Sprintf(p.what, p.n, windowWords[p.window]))
		}
	}
	return nil
}

// guests are the limits of one guest, and those of all guests of one meeting: whoever has a meeting's link can be as many guests as they like.
func (l Limits) guests() (one, all guestPaces) {
	const again = "It is sent again by itself, as long as a page of this meeting is open: nothing that you typed is lost."
	one = guestPaces{newPace(l.GuestMinute, time.Minute, "You have sent %d reports within %s, which is as much as a guest can.", again),
		newPace(l.GuestHour, time.Hour, "You have sent %d reports within %s, which is as much as a guest can.", again)}
	return one, guestPaces{newPace(l.MeetingHour, time.Hour, "Guests of this meeting have sent %d reports within %s, which is as many as we take.", again)}
}

var windowWords = map[time.Duration]string{time.Minute: "a minute", time.Hour: "an hour"}

func (l Limits) reports() paces {
	const what = "sent %d reports or additions"
	return paces{
		newPace(l.ReportsMinute, time.Minute, what, "Wait a minute, then send it again: nothing that you typed is lost."),
		newPace(l.ReportsHour, time.Hour, what, "Leave this page open and send it again later, in an hour at the latest: nothing that you typed is lost."),
	}
}

func (l Limits) uploads() paces {
	return paces{newPace(l.UploadsMinute, time.Minute, "begun %d uploads", "This one goes on by itself in a minute; nothing that was sent is lost.")}
}
