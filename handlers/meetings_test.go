package handlers

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// TestEncryptedMeeting holds a whole end-to-end encrypted meeting: three clients, a removal, a leave, the end.
func TestEncryptedMeeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	id := w.meetingOf(hanna, meeting.E2EE, false)
	secret := newSecret()
	host := w.participate(w.signIn(hanna).certified(id, ""), secret, true)
	host.reaches(e2ee.In)
	if k := waitFor[*e2ee.Ticket](host.wireClient); k.LiveKit != "ws://proffer.example/livekit" || k.Token != "token."+id+"."+identityOf(host) {
		t.Errorf("ticket %+v", k)
	}
	guest := w.participate(w.stranger().certified(id, "Gerd Guest"), secret, false)
	other := w.participate(w.signIn(w.person("Otto Other")).certified(id, "ignored"), secret, false)
	for _, p := range []*participant{guest, other} {
		host.until("a knock", func([]any) bool { return slices.Contains(host.knocked, p.m.J()) })
		if has[*e2ee.Ticket](p.wireClient) {
			t.Error("who waits has a ticket")
		}
		host.decide(e2ee.Admit{J: p.m.J()})
		p.reaches(e2ee.In)
		waitFor[*e2ee.Ticket](p.wireClient)
	}
	guest.send(meetingtest.Line([]byte("ciphertext")))
	if l := waitFor[*e2ee.LineFrom](host.wireClient); l.J != guest.m.J() || string(l.Frame) != "ciphertext" {
		t.Errorf("line %+v", l)
	}
	host.decide(e2ee.Remove{J: guest.m.J()})
	guest.reaches(e2ee.Out)
	guest.over(e2ee.OverRemoved)
	host.until("the media server's room without the guest", func([]any) bool { return w.rooms.tookOut(id, identityOf(guest)) })
	w.attended(id, "Gerd Guest", "Otto Other")
	host.decide(e2ee.EndForAll{})
	other.over(e2ee.OverEnded)
	other.until("the end", func([]any) bool { c, _ := other.m.Ended(); return c == e2ee.CauseEnded })
	if m, err := w.store.LoadMeeting(t.Context(), id); err != nil || m.State() != meeting.Ended {
		t.Errorf("the meeting is %+v, %v", m, err)
	}
}

func identityOf(p *participant) string { j := p.m.J(); return meeting.J(j).Identity() }

// attended holds that the report form knows who was there.
func (w *world) attended(id string, names ...string) {
	w.t.Helper()
	must(w.t, w.store.View(w.t.Context(), func(tx triage.Tx) error {
		_, roster, err := tx.Meeting(w.t.Context(), triage.MeetingID(id))
		var got []string
		for _, a := range roster {
			got = append(got, a.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, names) {
			w.t.Errorf("%v were noted, want %v", got, names)
		}
		return err
	}))
}

// TestUpgrade takes a standard meeting to end-to-end encryption and tries to bring it back.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	id := w.meetingOf(hanna, meeting.Standard, true)
	host := w.participate(w.signIn(hanna).certified(id, ""), nil, true)
	host.reaches(e2ee.Standard)
	waitFor[*e2ee.Ticket](host.wireClient)
	if terms := waitFor[*e2ee.Terms](host.wireClient); !terms.May || terms.Why != "" || len(terms.Lost) > 0 {
		t.Errorf("terms %+v", terms)
	}
	guest := w.participate(w.stranger().certified(id, "Gerd Guest"), nil, false)
	if l := waitFor[*e2ee.Lobby](guest.wireClient); !l.On || len(l.Waiting) > 0 {
		t.Errorf("who waits is told %+v", l)
	}
	waitWhere(host.wireClient, func(l *e2ee.Lobby) bool { return len(l.Waiting) == 1 && l.Waiting[0].Name == "Gerd Guest" })
	host.order(e2ee.OrderAdmit, guest.m.J(), true)
	guest.reaches(e2ee.Standard)
	waitFor[*e2ee.Ticket](guest.wireClient)
	waitWhere(host.wireClient, func(r *e2ee.Roster) bool { return len(r.Members) == 2 && len(r.Hosts) == 1 })
	host.until("the guest's join", func([]any) bool { return host.m.Join(guest.m.J()) != nil })
	host.decide(e2ee.GoE2EE{Carry: []e2ee.J{guest.m.J()}})
	host.reaches(e2ee.In)
	guest.reaches(e2ee.In)
	if m, err := w.store.LoadMeeting(t.Context(), id); err != nil || m.Mode != meeting.E2EE {
		t.Errorf("the meeting is %+v, %v", m, err)
	}
	if k, err := w.store.WrappedKey(t.Context(), id); err != nil || k.Sealed != nil || k.Epoch != 0 {
		t.Errorf("the key is still there: %+v, %v", k, err)
	}
	host.order(e2ee.OrderLobby, e2ee.J{}, false)
	host.refusedAs(e2ee.OrderLobby)
}

// TestRestart holds that a server that starts again knows the mode, the list, the key and who was let in.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna := w.person("Hanna Host")
	restart := func() {
		c := w.config
		c.Meetings = w.startHub(w.store)
		w.server = w.serve(c)
	}
	standard, encrypted := w.meetingOf(hanna, meeting.Standard, false), w.meetingOf(hanna, meeting.E2EE, false)
	browser := w.signIn(hanna)
	host := w.dial(browser.certified(standard, ""))
	join, _ := host.joined(nil)
	key := waitFor[*e2ee.Grant](host)
	secret := newSecret()
	w.participate(browser.certified(encrypted, ""), secret, true).reaches(e2ee.In)
	restart()
	again := w.dial(host.d)
	again.post(join)
	if k := waitFor[*e2ee.Grant](again); k.Epoch != key.Epoch || k.Key != key.Key {
		t.Errorf("epoch %d with another key, after %d", k.Epoch, key.Epoch)
	}
	waitFor[*e2ee.Ticket](again)
	guest := w.connect(w.server.URL, w.stranger().certified(encrypted, "Gerd"))
	if m := waitFor[*e2ee.Welcome](guest); m.Mode != 1 {
		t.Error("the meeting is encrypted no more")
	}
}

// TestBarredFromMeetings holds that what was decided about a person holds in meetings at once.
func TestBarredFromMeetings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna, mallory, rui := w.person("Hanna Host"), w.person("Mallory Mole"), w.person("Rui Reviewer", account.Reviewer)
	id := w.meetingOf(hanna, meeting.Standard, false)
	there := w.signIn(mallory)
	d := there.certified(id, "")
	c := w.dial(d)
	c.joined(nil)
	form := reportFields("hate", "Mallory Mole")
	form.Set("person_identifier[]", mallory.Email)
	r := w.signIn(hanna).file(form, hanna)
	w.decide(rui, r, triage.ActRemove)
	if a := there.certify(id, base64.RawURLEncoding.EncodeToString(d.Key[:]), ""); a.status != http.StatusForbidden || !strings.Contains(a.body, "kept out of this host") {
		t.Errorf("a certificate was answered %d %s", a.status, a.body)
	}
	c.over(e2ee.OverRefused)
	w.dial(d).over(e2ee.OverRefused)
	elsewhere := w.meetingOf(w.person("Otto Other"), meeting.Standard, false)
	waitFor[*e2ee.Ticket](func() *wireClient { c := w.dial(there.certified(elsewhere, "")); c.joined(nil); return c }())
}

// TestDecisionsReachEveryNode has somebody banned who is in meetings on two nodes. The sessions have no transport here that would look after
// them now and then: they end because the decision reaches them.
func TestDecisionsReachEveryNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna, mallory := w.person("Hanna Host"), w.person("Mallory Mole")
	ann, ben := w.person("Ann Reviewer", account.Reviewer), w.person("Ben Lead", account.Lead)
	other := w.node()
	hubs := []*meeting.Hub{w.config.Meetings, other.hub}
	var all []*bareSession
	var left []*bareSession
	for i, mode := range []meeting.State{meeting.Standard, meeting.E2EE} {
		id := w.meetingOf(hanna, mode, false)
		mac := make([]byte, 32)[:32*i]
		all = append(all, w.bare(hubs[i], w.signIn(mallory).certified(id, ""), mac))
		left = append(left, w.bare(hubs[i], w.signIn(hanna).certified(id, ""), mac))
	}
	form := reportFields("hate", "Mallory Mole")
	form.Set("person_identifier[]", mallory.Email)
	r := w.signIn(hanna).file(form, hanna)
	w.decide(ann, r, triage.ActBan)
	for _, c := range all {
		c.holds()
	}
	ds := w.decisions(r.Case)
	must(t, w.signing.Answer(t.Context(), w.actor(ben), r.Case, ds[0].ID, true, ""))
	for _, c := range all {
		if o := waitIn[*e2ee.Over](c); o.Cause != e2ee.OverRefused || o.Why == "" {
			t.Errorf("over with %+v", o)
		}
		c.until("the media server's room without them", func() bool { return w.rooms.tookOut(c.d.Meeting, c.j.Identity()) })
	}
	for _, c := range left {
		c.holds()
	}
}

// TestBannedFromEncryptedMeeting holds that those who stay in an end-to-end encrypted meeting see a banned member go, and get a key that
// it has not.
func TestBannedFromEncryptedMeeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hanna, mallory, rui := w.person("Hanna Host"), w.person("Mallory Mole"), w.person("Rui Reviewer", account.Reviewer)
	id, secret := w.meetingOf(hanna, meeting.E2EE, false), newSecret()
	host := w.participate(w.signIn(hanna).certified(id, ""), secret, true)
	host.reaches(e2ee.In)
	mole := w.participate(w.signIn(mallory).certified(id, ""), secret, false)
	host.until("a knock", func([]any) bool { return slices.Contains(host.knocked, mole.m.J()) })
	host.decide(e2ee.Admit{J: mole.m.J()})
	mole.reaches(e2ee.In)
	var before uint64
	host.until("a list of two", func([]any) bool { l := host.m.List(); before = l.LinkBody.Epoch; return len(l.Members) == 2 })
	form := reportFields("hate", "Mallory Mole")
	form.Set("person_identifier[]", mallory.Email)
	w.decide(rui, w.signIn(hanna).file(form, hanna), triage.ActSuspend)
	mole.over(e2ee.OverRefused)
	host.until("the media server's room without the mole", func([]any) bool { return w.rooms.tookOut(id, identityOf(mole)) })
	gone := func([]any) bool { l := host.m.List(); return len(l.Members) == 1 && l.LinkBody.Epoch > before }
	host.untilIn(2*meetingPatience, "a list and an epoch without the mole", gone) // the leader misses its signs of life for 30 s
}

// decide has a case decided by one person.
func (w *world) decide(by account.Account, r triage.Report, action triage.ActionKind) {
	w.t.Helper()
	a := w.actor(by)
	_, err := w.desk.Claim(w.t.Context(), a, r.Case)
	must(w.t, err)
	_, err = w.signing.Decide(w.t.Context(), a, r.Case, []triage.Finding{{Person: r.People[0].ID, Policy: r.Policy, Severity: triage.SeverityHigh, Action: action, Days: map[triage.ActionKind]int{triage.ActSuspend: 3}[action],
		Reasons: "For what was said there."}})
	must(w.t, err)
}
