package handlers

import (
	"slices"
	"testing"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
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
	guest.send(&e2ee.Line{Frame: []byte("ciphertext")})
	if l := waitFor[*e2ee.LineFrom](host.wireClient); l.J != guest.m.J() || string(l.Frame) != "ciphertext" {
		t.Errorf("line %+v", l)
	}
	host.decide(e2ee.Remove{J: guest.m.J()})
	guest.reaches(e2ee.Out)
	guest.over(e2ee.OverRemoved)
	host.until("the media server's room without the guest", func([]any) bool { return w.rooms.tookOut(id, identityOf(guest)) })
	w.attended(hanna.ID, id, "Gerd Guest", "Otto Other")
	host.decide(e2ee.EndForAll{})
	other.over(e2ee.OverEnded)
	other.until("the end", func([]any) bool { c, _ := other.m.Ended(); return c == e2ee.CauseEnded })
	if m, err := w.store.LoadMeeting(t.Context(), id); err != nil || m.State() != meeting.Ended {
		t.Errorf("the meeting is %+v, %v", m, err)
	}
}

func identityOf(p *participant) string { j := p.m.J(); return meeting.J(j).Identity() }

// attended holds that the report form knows who was there.
func (w *world) attended(host any, id string, names ...string) {
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
