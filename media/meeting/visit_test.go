package meeting_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage/account"
)

const staff account.ID = "A-staff"

// visits lets the staff in, or no longer.
func (w *world) visits(open bool) {
	w.standing.set(func() { w.standing.visits = map[account.ID]bool{staff: open} })
}

// seen is what was recorded of visitors.
func (w *world) seen() []string {
	synctest.Wait()
	w.standing.mu.Lock()
	defer w.standing.mu.Unlock()
	return slices.Clone(w.standing.seen)
}

// staffIn is a visitor who came in.
func (w *world) staffIn() *client {
	w.t.Helper()
	w.visits(true)
	return w.join(staff, "Sam Staff")
}

// kindsOf is the kinds on the newest roster that came, by name.
func (c *client) kindsOf() map[string]uint64 {
	c.w.t.Helper()
	var kinds map[string]uint64
	for v := c.find("roster", nil); v != nil; v = c.find("roster", nil) {
		kinds = map[string]uint64{}
		for _, m := range v[4].([]any) {
			kinds[m.([]any)[3].(string)] = m.([]any)[1].(uint64)
		}
	}
	return kinds
}

// TestVisit holds that staff come into a standard meeting past lock and lobby, and never unseen: everybody has them on the roster, under a key that
// opens nothing of before; that they command nothing; and that coming and going is recorded.
func TestVisit(t *testing.T) {
	run(t, meeting.Standard, lobby, func(w *world) {
		h := w.standardHost()
		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, true))
		const first = 1 // the epoch of before, which the host has
		s := w.staffIn()
		for name, c := range map[string]*client{"the host": h, "the visitor": s} {
			if got := c.kindsOf(); got[meeting.StaffName] != meeting.Staff || len(got) != 2 {
				t.Errorf("%s has the roster %v", name, got)
			}
			if epoch, _ := c.grant(); epoch != first+1 {
				t.Errorf("%s has a key of epoch %d after %d", name, epoch, first)
			}
		}
		if got := w.seen(); !slices.Equal(got, []string{"A-staff true"}) {
			t.Errorf("recorded: %v", got)
		}
		s.send(meetingtest.Order(meeting.OrderEnd, meeting.J{}, true))
		s.refused(meeting.OrderEnd)
		h.send(meetingtest.Order(meeting.OrderHost, s.j, true))
		h.refused(meeting.OrderHost)
		h.send(meetingtest.Order(meeting.OrderRemove, s.j, true))
		h.refused(meeting.OrderRemove)
		w.visits(false)
		s.s.Check(w.ctx)
		s.over(meeting.OverRefused)
		if got := h.kindsOf(); len(got) != 1 {
			t.Errorf("after the visit the roster is %v", got)
		}
		if epoch, _ := h.grant(); epoch != first+2 {
			t.Errorf("after the visit the epoch is %d", epoch)
		}
		if got := w.seen(); !slices.Equal(got, []string{"A-staff true", "A-staff false"}) {
			t.Errorf("recorded: %v", got)
		}
		again := w.hello(s.d) // with the certificate of the visit
		message, _ := again.d.Join(nil, time.Now())
		again.post(message)
		again.over(meeting.OverDenied)
	})
}

// TestVisitIsOver holds that visitors are out with the last of the people, at an upgrade, and at the end.
func TestVisitIsOver(t *testing.T) {
	for name, x := range map[string]struct {
		cause string
		do    func(h *client)
	}{
		"nobody is left": {meeting.OverEnded, func(h *client) {
			h.post(h.d.Message("leave", nil, id, h.j[:], uint64(time.Now().UnixMilli())))
		}},
		"an upgrade": {meeting.OverRefused, func(h *client) { h.post(h.upgrade(h.j)) }},
		"the end":    {meeting.OverEnded, func(h *client) { h.send(meetingtest.Order(meeting.OrderEnd, meeting.J{}, true)) }},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, meeting.Standard, !lobby, func(w *world) {
				h := w.standardHost()
				s := w.staffIn()
				s.grant()
				x.do(h)
				s.over(x.cause)
				if got := w.seen(); !slices.Equal(got, []string{"A-staff true", "A-staff false"}) {
					t.Errorf("recorded: %v", got)
				}
				if w.rooms.times(s.j) == 0 {
					t.Error("they are still in the media server's room")
				}
			})
		})
	}
}

// TestNoVisit holds that nobody carries staff over, that nobody else goes by their name, and that there is no visit without people, without two people's
// decision, or in an end-to-end encrypted meeting.
func TestNoVisit(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		w.visits(true)
		s := w.join(staff, "Sam Staff")
		s.over(meeting.OverDenied) // nobody is there
		h := w.standardHost()
		s = w.join(staff, "Sam Staff")
		s.grant()
		h.post(h.upgrade(h.j, s.j))
		h.refused("upgrade")
		for _, name := range []string{meeting.StaffName, " trust AND safety staff "} {
			if _, err := w.hub.Certify(w.ctx, id, meeting.Subject{Name: name}, meeting.Key{1}); err == nil {
				t.Errorf("a guest is called %q", name)
			}
		}
		w.visits(false)
		plain := w.join(staff, "Sam Staff") // as anybody, under their name
		if got := plain.kindsOf(); got["Sam Staff"] != meeting.Person {
			t.Errorf("the roster is %v", got)
		}
	})
	run(t, meeting.E2EE, !lobby, func(w *world) {
		w.visits(true)
		d := w.device(staff, "Sam Staff")
		s := w.hello(d)
		message, _ := d.Join(nil, time.Now()) // without the link's secret
		s.post(message)
		s.refused("join")
	})
}
