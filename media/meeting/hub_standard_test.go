package meeting_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage/account"
)

// members is the names on the newest roster that came.
func (c *client) members() (names []string) {
	c.w.t.Helper()
	for v := c.find("roster", nil); v != nil; v = c.find("roster", nil) {
		names = nil
		for _, m := range v[4].([]any) {
			names = append(names, m.([]any)[3].(string))
		}
	}
	return names
}

// grant takes the newest grant that came.
func (c *client) grant() (epoch uint64, key []byte) {
	c.w.t.Helper()
	for v := c.take("grant"); v != nil; v = c.find("grant", nil) {
		epoch, key = v[2].(uint64), v[3].([]byte)
	}
	return epoch, key
}

// waiting is the names in the newest lobby that came.
func (c *client) waiting() (names []string) {
	c.w.t.Helper()
	for v := c.take("lobby"); v != nil; v = c.find("lobby", nil) {
		names = nil
		for _, m := range v[4].([]any) {
			names = append(names, m.([]any)[1].(string))
		}
	}
	return names
}

func TestLobby(t *testing.T) {
	run(t, meeting.Standard, lobby, func(w *world) {
		h := w.standardHost()
		g := w.join("", "Gerd")
		if l := g.take("lobby"); l[3] != true || len(l[4].([]any)) != 0 {
			t.Errorf("who waits is told %v", l)
		}
		for _, kind := range []string{"grant", "roster", "ticket", "terms", "entry"} {
			g.none(kind)
		}
		g.send(meetingtest.Fetch(1)) // answered when they are in
		g.send(meetingtest.Line([]byte("let me in")))
		g.refused("line")
		g.send(g.d.Live(g.j, time.Now()))
		g.none("entry")
		if got := h.waiting(); len(got) != 1 || got[0] != "Gerd" {
			t.Errorf("%v wait", got)
		}
		h.take("entry")
		h.none("live")
		g.send(meetingtest.Order(meeting.OrderAdmit, g.j, true))
		g.refused(meeting.OrderAdmit)
		h.send(meetingtest.Order(meeting.OrderAdmit, g.j, true))
		if got := g.members(); len(got) != 2 {
			t.Errorf("the roster is %v", got)
		}
		g.grant()
		g.take("ticket")
		g.none("terms")
		for range 2 {
			g.take("entry")
		}
		if got := h.members(); len(got) != 2 {
			t.Errorf("the roster is %v", got)
		}
		if got := h.waiting(); len(got) != 0 {
			t.Errorf("%v wait", got)
		}
		o := w.join("", "Otto")
		h.send(meetingtest.Order(meeting.OrderAdmit, o.j, false))
		o.over(meeting.OverDenied)
		h.send(meetingtest.Order(meeting.OrderAdmit, o.j, true))
		h.refused(meeting.OrderAdmit)
		p := w.join("", "Petra")
		q := w.join("", "Quinn")
		p.none("entry") // who waits is not told who comes
		q.close()
		p.close() // they go by themselves
		if got := h.waiting(); len(got) != 0 {
			t.Errorf("%v wait", got)
		}
		if got := w.store.Attendees(id); len(got) != 1 || got[0] != "Gerd/" {
			t.Errorf("%v were there", got)
		}
	})
}

func TestDoor(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.standardHost()
		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, true))
		if l := h.take("lobby"); l[2] != true || l[3] != false {
			t.Errorf("the door is %v", l)
		}
		g := w.hello(w.device("", "Gerd"))
		message, _ := g.d.Join(nil, time.Now())
		g.post(message)
		g.over(meeting.OverDenied)
		if es, _ := w.store.Entries(w.ctx, id, 1, 10, 1<<20); len(es) != 1 {
			t.Errorf("%d joins are on the board of a locked meeting", len(es))
		}
		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, false))
		h.send(meetingtest.Order(meeting.OrderLobby, meeting.J{}, true))
		if g = w.join("", "Gerd"); g.find("ticket", nil) != nil {
			t.Error("let in, lobby or not")
		}
		if m, _ := w.store.LoadMeeting(w.ctx, id); m.Locked || !m.Lobby {
			t.Errorf("the door is kept as %+v", m)
		}
	})
}

// TestRemove holds that who is removed is out at once, that the key is another then, and that they wait when they come back.
func TestRemove(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h, g, o := w.standardHost(), w.guestIn("Gerd"), w.guestIn("Otto")
		first, key := g.grant()
		h.send(meetingtest.Order(meeting.OrderRemove, g.j, true))
		g.over(meeting.OverRemoved)
		for _, c := range []*client{h, o} {
			epoch, fresh := c.grant()
			if epoch != first+1 || bytes.Equal(fresh, key) {
				t.Errorf("epoch %d after %d", epoch, first)
			}
			if got := c.members(); len(got) != 2 {
				t.Errorf("the roster is %v", got)
			}
		}
		synctest.Wait()
		if w.rooms.times(g.j) == 0 {
			t.Error("who was removed is still in the media server's room")
		}
		time.Sleep(time.Minute) // while their ticket may still be used
		if w.rooms.times(g.j) < 3 {
			t.Error("who was removed can use their ticket once more")
		}
		g.post(g.d.Message("leave", nil, id, g.j[:], uint64(1)))
		again := w.hello(g.d)
		message, _ := g.d.Join(nil, time.Now())
		again.post(message)
		again.take("lobby")
		if got := h.waiting(); len(got) != 1 {
			t.Errorf("%v wait", got)
		}
		h.send(meetingtest.Order(meeting.OrderRemove, h.j, true))
		h.refused(meeting.OrderRemove)
		h.send(meetingtest.Order(meeting.OrderRemove, g.j, true))
		h.refused(meeting.OrderRemove)
	})
}

func TestCoHost(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h, g := w.standardHost(), w.guestIn("Gerd")
		g.send(meetingtest.Order(meeting.OrderHost, g.j, true))
		g.refused(meeting.OrderHost)
		h.send(meetingtest.Order(meeting.OrderHost, g.j, true))
		if v := g.take("terms"); v[2] != true {
			t.Errorf("terms %v", v)
		}
		g.take("lobby")
		g.send(meetingtest.Order(meeting.OrderRemove, h.j, true))
		g.refused(meeting.OrderRemove)
		g.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, true))
		g.take("lobby")
		back := w.hello(g.d) // with another join on the same device, through the lock
		back.joins(nil)
		back.take("terms")
		h.send(meetingtest.Order(meeting.OrderHost, h.j, false))
		h.refused(meeting.OrderHost)
		h.send(meetingtest.Order(meeting.OrderHost, g.j, false))
		g.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, false))
		g.refused(meeting.OrderLock)
		h.send(meetingtest.Order("dance", meeting.J{}, true))
		h.refused("dance")
	})
}

// TestReturn holds that a session that breaks for less than half a minute changes nothing, and that the key is another when it stays away.
func TestReturn(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.standardHost()
		g := w.hello(w.device("", "Gerd"))
		message := g.joins(nil)
		first, key := g.grant()
		h.members()
		g.close()
		time.Sleep(20 * time.Second)
		h.none("roster")
		back := w.hello(g.d)
		back.post(message)
		if epoch, same := back.grant(); epoch != first || !bytes.Equal(same, key) {
			t.Errorf("epoch %d after %d", epoch, first)
		}
		back.take("ticket")
		back.send(meetingtest.Fetch(1))
		back.entry(message)
		other := w.hello(g.d) // and while the session holds: the older one is over
		other.post(message)
		other.take("ticket")
		back.over(meeting.OverReplaced)
		other.close()
		time.Sleep(time.Minute)
		if epoch, _ := h.grant(); epoch != first+1 {
			t.Errorf("epoch %d after %d", epoch, first)
		}
		if got := h.members(); len(got) != 1 {
			t.Errorf("the roster is %v", got)
		}
		late := w.hello(g.d) // the same join, long after: it was not removed, it may come back
		late.post(message)
		late.take("ticket")
	})
}

func TestLeave(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h, g := w.standardHost(), w.guestIn("Gerd")
		message := g.d.Message("leave", nil, id, g.j[:], uint64(time.Now().UnixMilli()))
		first, _ := g.grant()
		g.post(message)
		g.entry(message)
		h.entry(message)
		if epoch, _ := h.grant(); epoch != first+1 {
			t.Errorf("epoch %d after %d", epoch, first)
		}
		again := w.hello(g.d)
		again.post(message)
		again.refused("leave")
	})
}

// TestKeyAtRest holds that the key is wrapped in the store, opens for a server that starts again, and is gone when nobody is there.
func TestKeyAtRest(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.hello(w.device(host, "Hanna"))
		message := h.joins(nil)
		epoch, key := h.grant()
		wrapped, err := w.store.WrappedKey(w.ctx, id)
		if err != nil || wrapped.Epoch != epoch || len(wrapped.Sealed) != 60 || bytes.Contains(wrapped.Sealed, key[:8]) {
			t.Fatalf("kept as %+v, %v", wrapped, err)
		}
		w.start() // again, with the same key files
		back := w.hello(h.d)
		back.post(message)
		if same, again := back.grant(); same != epoch || !bytes.Equal(again, key) {
			t.Errorf("after a restart the key is another, of epoch %d", same)
		}
		back.close()
		h.close()
		w.config.Master = meeting.NewMaster(random32()) // the key folder was lost
		w.start()
		lost := w.hello(h.d)
		lost.post(message)
		if next, fresh := lost.grant(); next != epoch+1 || bytes.Equal(fresh, key) {
			t.Errorf("after the loss of the master key: epoch %d", next)
		}
		lost.post(h.d.Message("leave", nil, id, h.j[:], uint64(1)))
		if wrapped, _ := w.store.WrappedKey(w.ctx, id); wrapped.Sealed != nil || wrapped.Epoch != epoch+1 {
			t.Errorf("nobody is there, and the key is kept as %+v", wrapped)
		}
		h = w.join(host, "Hanna")
		if next, _ := h.grant(); next != epoch+2 {
			t.Errorf("the epoch after that is %d", next)
		}
	})
}

// TestForgottenKeys holds that a server that starts again destroys the keys of meetings to which nobody comes back.
func TestForgottenKeys(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		w.standardHost()
		w.start()
		time.Sleep(11 * time.Minute)
		if wrapped, _ := w.store.WrappedKey(w.ctx, id); wrapped.Sealed != nil {
			t.Errorf("the key is still there: %+v", wrapped)
		}
	})
}

func TestEndOfStandard(t *testing.T) {
	run(t, meeting.Standard, lobby, func(w *world) {
		h, g := w.standardHost(), w.join("", "Gerd")
		g.send(meetingtest.Order(meeting.OrderEnd, meeting.J{}, true))
		g.refused(meeting.OrderEnd)
		if !w.hub.HoldsKey(id) {
			t.Error("there was no key")
		}
		h.send(meetingtest.Order(meeting.OrderEnd, meeting.J{}, true))
		h.over(meeting.OverEnded)
		g.over(meeting.OverEnded)
		w.isOver()
		if w.hub.HoldsKey(id) {
			t.Error("this process still holds the key")
		}
		if _, err := w.hub.Certify(w.ctx, id, meeting.Subject{Name: "Late"}, meeting.Key{1}); err == nil {
			t.Error("a certificate for a meeting that is over")
		}
		c := w.hello(h.d)
		c.over(meeting.OverEnded)
		if err := w.hub.End(w.ctx, id); err == nil {
			t.Error("it ended twice")
		}
	})
}

func (w *world) isOver() {
	w.t.Helper()
	synctest.Wait()
	m, err := w.store.LoadMeeting(w.ctx, id)
	if err != nil || m.State() != meeting.Ended || len(w.rooms.ended) != 1 {
		w.t.Errorf("the meeting is %+v, %v; rooms that were closed: %v", m, err, w.rooms.ended)
	}
	if k, err := w.store.WrappedKey(w.ctx, id); err != nil || k.Sealed != nil {
		w.t.Errorf("the key is still there: %+v, %v", k, err)
	}
}

// upgrade makes an upgrade of a client's.
func (c *client) upgrade(carried ...meeting.J) []byte {
	all := [][]byte{}
	for _, j := range carried {
		all = append(all, j[:])
	}
	return c.d.Message("upgrade", nil, id, c.j[:], all, uint64(time.Now().UnixMilli()))
}

func TestUpgrade(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h, g, o := w.standardHost(), w.guestIn("Gerd"), w.guestIn("Otto")
		h.send(meetingtest.Order(meeting.OrderLobby, meeting.J{}, true))
		p := w.join("", "Petra")
		for name, x := range map[string]struct {
			by      *client
			message []byte
		}{
			"of a guest":              {g, g.upgrade(g.j, h.j)},
			"of the host, by a guest": {g, g.d.Message("upgrade", nil, id, h.j[:], [][]byte{h.j[:]}, uint64(1))},
			"with one who waits":      {h, h.upgrade(h.j, p.j)},
			"with a ghost":            {h, h.upgrade(h.j, meeting.J{1})},
			"of one who waits":        {p, p.upgrade(p.j)},
		} {
			x.by.post(x.message)
			if x.by.find("refused", nil) == nil {
				t.Errorf("an upgrade %s was not refused", name)
			}
		}
		for _, plan := range []account.Plan{account.PlanFree, account.PlanBusiness} {
			w.standing.set(func() { w.standing.plan = plan })
			message := h.upgrade(h.j, g.j)
			h.post(message)
			if plan == account.PlanFree {
				h.refused("upgrade")
				h.none("over")
				continue
			}
			h.entry(message)
			g.entry(message)
			o.entry(message)
		}
		p.over(meeting.OverRefused)
		synctest.Wait()
		if w.rooms.times(o.j) == 0 || w.rooms.times(g.j) != 0 {
			t.Error("who was not carried over is still in the media server's room, or who was is not")
		}
		if k, err := w.store.WrappedKey(w.ctx, id); err != nil || k.Sealed != nil || k.Epoch != 0 {
			t.Errorf("the key is still there: %+v, %v", k, err)
		}
		if w.hub.HoldsKey(id) {
			t.Error("this process still holds the key")
		}
		for _, c := range []*client{h, g, o} {
			c.members()
			for c.find("grant", nil) != nil {
			}
			c.post(c.upgrade(c.j))
			c.find("refused", nil)
			c.send(meetingtest.Order(meeting.OrderHost, g.j, true))
			c.refused(meeting.OrderHost)
			c.close()
		}
		for range 2 { // this process, and one that starts again
			c := w.open(g.d)
			if v := c.take("welcome"); v[2] != uint64(1) {
				t.Errorf("welcome %v", v)
			}
			late := w.join("", "Late")
			for _, kind := range []string{"grant", "roster", "ticket", "lobby", "terms"} {
				late.none(kind)
			}
			w.start()
		}
	})
}
