package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// guests is a world with a meeting that has a guest in it, who joined with the device {7}.
func guests(t *testing.T) (w *world, m triage.Meeting, device [32]byte) {
	w, device = newWorld(t), [32]byte{7}
	m, err := w.AddMeeting(t.Context(), triage.Meeting{Org: w.people["host"].Org, Host: w.people["host"].Account, Title: "Choir", Mode: triage.ModeE2EE, Started: w.now.Add(-time.Hour)},
		[]triage.Attendee{{Name: "Gus Guest", Device: device}, {Name: "mallory", Account: w.people["mallory"].Account}})
	w.ok(err)
	return w, m, device
}

func (w *world) guestForm(m triage.MeetingID) triage.NewReport {
	n := w.form("hate")
	n.Meeting, n.MeetingName = m, ""
	n.People = []triage.Person{{Name: "mallory", Account: w.people["mallory"].Account}}
	return n
}

func (w *world) guestFiles(m triage.MeetingID, device [32]byte, n triage.NewReport) (triage.Report, error) {
	a, err := w.GuestActor(w.t.Context(), m, device)
	if err != nil {
		return triage.Report{}, err
	}
	return w.FileGuestReport(w.t.Context(), a, n)
}

// TestGuestReport files a report by a guest: it is a case as any other, in the log by "guest", with a receipt, and no message goes to anybody.
func TestGuestReport(t *testing.T) {
	w, m, device := guests(t)
	ctx, n := t.Context(), w.guestForm(m.ID)
	r, err := w.guestFiles(m.ID, device, n)
	w.ok(err)
	if r.Reporter != account.Guest || r.Guest != (triage.Guest{Device: device, Name: "Gus Guest"}) || r.Org != "" || r.MeetingMode != triage.ModeE2EE || len(r.Receipt) == 0 {
		t.Errorf("the report is %+v", r)
	}
	w.logs(r.Case, custody.ReportSubmitted, custody.CaseOpened)
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		es, err := tx.EventsOf(ctx, r.Case)
		if es[0].Actor != string(account.Guest) || es[0].Detail["guest_name"] != "Gus Guest" || !strings.HasPrefix(es[0].Detail["guest_device"], "0700") {
			t.Errorf("the log says %+v", es[0])
		}
		if ms, err := tx.MessagesTo(ctx, account.Guest, 10); err != nil || len(ms) > 0 {
			t.Errorf("messages %v, %v", ms, err)
		}
		ps, err2 := tx.Parties(ctx, r.Case)
		if len(ps) != 1 || ps[0] != w.people["mallory"].Account || err2 != nil {
			t.Errorf("parties %v, %v", ps, err2)
		}
		return err
	}))
	if again, err := w.guestFiles(m.ID, device, n); err != nil || again.ID != r.ID || string(again.Receipt) != string(r.Receipt) {
		t.Errorf("sent again it is %s, %v", again.ID, err)
	}
	n.Words = "Something else."
	if _, err := w.guestFiles(m.ID, device, n); err == nil {
		t.Error("another form under the same key was taken")
	}
	v, err := w.OpenCase(ctx, w.people["rui"], r.Case)
	w.ok(err)
	if len(v.Reports) != 1 || v.Reports[0].Guest.Name != "Gus Guest" || len(v.Names[account.Guest]) > 0 {
		t.Errorf("the case has %+v, names %v", v.Reports, v.Names)
	}
	if _, err := w.OpenCase(ctx, w.people["mallory"], r.Case); err == nil {
		t.Error("the reported person opens the case")
	}
	if _, err := w.MyReport(ctx, w.people["host"], r.ID); err == nil {
		t.Error("the meeting's host reads a guest's report")
	}
}

// TestGuestReportRefused says no to who is no guest, to other meetings, to clips, and once it is too late.
func TestGuestReportRefused(t *testing.T) {
	w, m, device := guests(t)
	ctx := t.Context()
	other, err := w.AddMeeting(ctx, triage.Meeting{Host: w.people["host"].Account, Title: "Other", Started: w.now}, nil)
	w.ok(err)
	refuse := func(what string, kind error, meeting triage.MeetingID, device [32]byte, change func(*triage.NewReport)) {
		t.Helper()
		n := w.guestForm(m.ID)
		change(&n)
		if r, err := w.guestFiles(meeting, device, n); err == nil {
			t.Errorf("%s: filed as %s", what, r.ID)
		} else if kind != nil {
			w.is(kind, err)
		}
	}
	same := func(*triage.NewReport) {}
	refuse("a device that was not there", triage.ErrForbidden, m.ID, [32]byte{8}, same)
	refuse("a device of nobody", triage.ErrForbidden, m.ID, [32]byte{}, same)
	refuse("a guest of another meeting", triage.ErrForbidden, other.ID, device, same)
	refuse("no such meeting", triage.ErrNotFound, "M-NONE", device, same)
	refuse("about another meeting", triage.ErrForbidden, m.ID, device, func(n *triage.NewReport) { n.Meeting = other.ID })
	refuse("about no meeting", triage.ErrForbidden, m.ID, device, func(n *triage.NewReport) { n.Meeting, n.MeetingName = "", "Choir" })
	refuse("with a clip", nil, m.ID, device, func(n *triage.NewReport) { n.Uploads = []triage.UploadID{w.upload()} })
	refuse("about somebody who was not there", nil, m.ID, device, func(n *triage.NewReport) { n.People[0].Account = w.people["rui"].Account })
	refuse("without words", nil, m.ID, device, func(n *triage.NewReport) { n.Words = "" })
	for _, a := range []triage.Actor{{}, {Account: account.Guest}, {Account: account.Guest, Meeting: other.ID}, w.people["host"], w.people["rui"]} {
		if _, err := w.FileGuestReport(ctx, a, w.guestForm(m.ID)); err == nil {
			t.Errorf("%s filed as a guest", a.Account)
		}
	}
	w.is(triage.ErrForbidden, func() error {
		_, err := w.FileReport(ctx, triage.Actor{Account: account.Guest}, w.guestForm(m.ID))
		return err
	}())

	for _, x := range []struct {
		after time.Duration
		taken bool
	}{{triage.GuestTime, true}, {triage.GuestTime + time.Second, false}} {
		over := m
		over.Ended = w.now.Add(-x.after)
		over, err := w.AddMeeting(ctx, over, []triage.Attendee{{Name: "Gus Guest", Device: device}, {Name: "mallory", Account: w.people["mallory"].Account}})
		w.ok(err)
		if _, err := w.guestFiles(over.ID, device, w.guestForm(over.ID)); (err == nil) != x.taken {
			t.Errorf("%s after the end: %v", x.after, err)
		}
	}
}

// TestGuestReportDecided decides on a guest's report: whoever is removed is kept out of the host's meetings, and nobody is written to but them.
func TestGuestReportDecided(t *testing.T) {
	w, m, device := guests(t)
	ctx := t.Context()
	r, err := w.guestFiles(m.ID, device, w.guestForm(m.ID))
	w.ok(err)
	_, err = w.Claim(ctx, w.people["rui"], r.Case)
	w.ok(err)
	_, err = w.Decide(ctx, w.people["rui"], r.Case, w.finding(r, triage.ActRemove, 0))
	w.ok(err)
	if why, err := w.MayEnter(ctx, w.people["mallory"].Account, w.people["host"].Account); why == "" || err != nil {
		t.Errorf("mallory may still enter the host's meetings, %v", err)
	}
	ms, err := w.MyMail(ctx, w.people["mallory"])
	w.ok(err)
	if len(ms) != 1 || strings.Contains(ms[0].Body, "Gus") || strings.Contains(ms[0].Body, "uest of") {
		t.Errorf("mallory is told %+v", ms)
	}
	if ms, err := w.MyMail(ctx, w.people["host"]); err != nil || len(ms) != 0 {
		t.Errorf("the host is told %+v, %v", ms, err)
	}
}

// TestGuestsDoNothingElse holds that a guest's actor is refused everything but reporting in their meeting.
func TestGuestsDoNothingElse(t *testing.T) {
	a := triage.Actor{Account: account.Guest, Meeting: "M-1"}
	for _, do := range triage.AllActions {
		for _, on := range []triage.Target{{}, {Meeting: "M-1"}, {Meeting: "M-2"}, {Owner: account.Guest}, {Owner: account.Guest, Meeting: "M-1"}} {
			if got, want := triage.Can(a, do, on), do == triage.GuestReport && on.Meeting == "M-1"; got != want {
				t.Errorf("%s on %+v: %v", do, on, got)
			}
		}
	}
	if triage.Can(triage.Actor{Account: account.Guest}, triage.GuestReport, triage.Target{}) {
		t.Error("a guest of no meeting reports in none")
	}
}
