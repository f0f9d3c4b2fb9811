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
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		n     *int
		usual int
	}{{&l.ReportsMinute, 10}, {&l.ReportsHour, 60}, {&l.UploadsMinute, 60}} {
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
			w.Header().Set("Retry-After", strconv.Itoa(int(p.window.Seconds())))
			return triage.Errorf(triage.TooOften, "You have %s within %s, which is as much as one account can. %s", fmt.Sprintf(p.what, p.n), windowWords[p.window], p.nothing)
		}
	}
	return nil
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
