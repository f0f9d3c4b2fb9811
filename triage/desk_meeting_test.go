package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

// TestStandingInMeetings holds what each measure means for meetings, when it begins and when it ends.
func TestStandingInMeetings(t *testing.T) {
	const free = ""
	for _, x := range []struct {
		action       triage.ActionKind
		days         int
		host, others string // why Mallory may not enter this host's meetings, and another's; a part of it
		hosting      string // why she may not host
	}{
		{triage.ActNone, 0, free, free, free},
		{triage.ActWarn, 0, free, free, free},
		{triage.ActRemove, 0, "kept out of this host’s meetings", free, free},
		{triage.ActNoHosting, 3, free, free, "may not host meetings until 26 November 2026"},
		{triage.ActSuspend, 3, "suspended until", "suspended until", "suspended until"},
	} {
		w := newWorld(t)
		w.decided(x.action, x.days)
		mallory, host, other := w.people["mallory"].Account, w.people["host"].Account, w.people["rui"].Account
		check := func(when string, over bool) {
			t.Helper()
			enter, err := w.MayEnter(t.Context(), mallory, host)
			w.ok(err)
			elsewhere, err := w.MayEnter(t.Context(), mallory, other)
			w.ok(err)
			hosting, err := w.MayHost(t.Context(), mallory)
			w.ok(err)
			for _, y := range []struct{ what, got, want string }{{"this host's", enter, x.host}, {"another's", elsewhere, x.others}, {"of her own", hosting, x.hosting}} {
				want := y.want
				if over && x.days > 0 {
					want = free
				}
				if (y.got == "") != (want == "") || !strings.Contains(y.got, want) {
					t.Errorf("%s, %s, meetings %s: %q, want %q", x.action, when, y.what, y.got, want)
				}
			}
		}
		check("at once", false)
		w.now = w.now.Add(3*24*time.Hour + time.Second)
		check("later", true)
		w.ok(w.CloseAccount(t.Context(), mallory))
		if why, err := w.MayEnter(t.Context(), mallory, other); err != nil || why == "" {
			t.Errorf("a closed account may enter: %q, %v", why, err)
		}
	}
	w := newWorld(t)
	if _, err := w.MayEnter(t.Context(), "A-none", "A-none"); err == nil {
		t.Error("an account that does not exist may enter")
	}
}

func TestNewMeeting(t *testing.T) {
	w := newWorld(t)
	m, err := w.NewMeeting(w.people["host"], "  Biology\u202e  ")
	if id, ok := triage.ParseID("M", string(m.ID)); err != nil || !ok || id != string(m.ID) || m.Title != "Biology" || m.Host != w.people["host"].Account || m.Org == "" {
		t.Errorf("%+v, %v", m, err)
	}
	_, err = w.NewMeeting(w.people["host"], " \u202e ")
	w.is(triage.ErrInvalid, err)
	_, err = w.NewMeeting(w.people["host"], "-----BEGIN PRIVATE KEY-----")
	w.is(triage.ErrInvalid, err)
	_, err = w.NewMeeting(triage.Actor{}, "Biology")
	w.is(triage.ErrForbidden, err)
}
