package meeting_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// TestSessionsOfLiars holds that nobody gets a session that is not their own device's.
func TestSessionsOfLiars(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		honest := w.device("", "Gerd")
		other := meetingtest.NewDevice("M-00000-00000")
		other.Certificate = honest.Certificate
		foreign := *honest
		foreign.Meeting = "M-00000-00000"
		thief := meetingtest.NewDevice(id)
		thief.Certificate = honest.Certificate
		forger := meetingtest.NewDevice(id)
		var err error
		if forger.Certificate, err = meeting.NewIdentity(random32()).Issue(meeting.Subject{Name: "Forger"}, forger.Key, id, time.Now()); err != nil {
			t.Fatal(err)
		}
		stale := [16]byte{1}
		for name, hello := range map[string]func(nonce [16]byte) []byte{
			"no hello":                func([16]byte) []byte { return meetingtest.Fetch(1) },
			"garbage":                 func([16]byte) []byte { return []byte("garbage") },
			"nothing":                 func([16]byte) []byte { return nil },
			"a long way":              func([16]byte) []byte { return make([]byte, meeting.MaxMessage+1) },
			"another's certificate":   thief.Hello,
			"a forged certificate":    forger.Hello,
			"another meeting's proof": foreign.Hello,
			"all of another meeting":  other.Hello,
			"another session's nonce": func([16]byte) []byte { return honest.Hello(stale) },
			"a proof that another made": func(n [16]byte) []byte {
				return meetingtest.Array("hello", honest.Certificate, thief.Signed("session", id, n[:], honest.Key[:]))
			},
		} {
			c := w.open(honest)
			c.send(hello([16]byte(c.take("welcome")[3].([]byte))))
			v := c.find("over", nil)
			if v == nil || v[1] != meeting.OverRefused {
				t.Errorf("%s: %v", name, v)
			}
			c.send(meetingtest.Fetch(1))
			c.close()
		}
		c := w.hello(honest)
		c.none("over")
		c.send(honest.Hello(stale)) // twice
		c.over(meeting.OverRefused)
		silent := w.open(honest)
		time.Sleep(20 * time.Second)
		silent.over(meeting.OverRefused)
		idle := w.hello(w.device("", "Idle"))
		time.Sleep(40 * time.Second)
		idle.none("over")
		time.Sleep(30 * time.Second)
		idle.over(meeting.OverRefused)
		time.Sleep(meeting.CertificateTime)
		late := w.hello(honest)
		late.over(meeting.OverRefused)
	})
}

// TestJoinsOfLiars holds that a session speaks for a join of its own device, in this meeting, and for one.
func TestJoinsOfLiars(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.standardHost()
		c := w.hello(w.device("", "Gerd"))
		own := *c.d
		foreign := own
		foreign.Meeting = "M-00000-00000"
		other := w.device("", "Otto")
		borrowed := own
		borrowed.Certificate = other.Certificate
		account := own
		account.Certificate, _ = w.hub.Certify(w.ctx, id, meeting.Subject{Account: "A-1", Name: "Ann"}, own.Key)
		join := func(d *meetingtest.Device, mac []byte, at time.Time) []byte { m, _ := d.Join(mac, at); return m }
		for name, message := range map[string][]byte{
			"for another meeting":            join(&foreign, nil, time.Now()),
			"of another device":              join(other, nil, time.Now()),
			"with another's certificate":     join(&borrowed, nil, time.Now()),
			"as an account that it is not":   join(&account, nil, time.Now()),
			"with a mac":                     join(&own, make([]byte, 32), time.Now()),
			"before its certificate":         join(&own, nil, time.Now().Add(-time.Hour)),
			"after its certificate":          join(&own, nil, time.Now().Add(25*time.Hour)),
			"with a signature that does not": bytes.Replace(join(&own, nil, time.Now()), own.Key[:4], []byte("abcd"), 1),
			"cut":                            join(&own, nil, time.Now())[:500],
			"of no kind":                     own.Message("leave", nil, id, make([]byte, 32), uint64(1)),
			"of garbage":                     []byte("garbage"),
		} {
			c.post(message)
			if c.find("refused", nil) == nil {
				t.Errorf("a join %s was not refused", name)
			}
			c.none("entry")
			time.Sleep(time.Second)
		}
		c.send(own.Live(h.j, time.Now()))
		c.send(meetingtest.Line([]byte("not in")))
		c.refused("line")
		c.send(meetingtest.Order(meeting.OrderEnd, meeting.J{}, true))
		c.refused(meeting.OrderEnd)
		first := c.joins(nil)
		c.post(first) // sent again: it is there
		c.none("refused")
		second := join(&own, nil, time.Now())
		c.post(second)
		c.refused("join")
		c.send(own.Live(h.j, time.Now())) // as another's
		c.send(c.d.Live(c.j, time.Now())) // its own
		for n := 0; ; n++ {
			v := h.find("live", nil)
			if v == nil {
				if n != 1 {
					t.Errorf("%d signs of life came", n)
				}
				break
			}
		}
		thief := w.hello(other)
		thief.post(first)
		thief.refused("post")
	})
}

// TestFloods holds that who sends too much is refused, and who does not read is cut off, while others go on.
func TestFloods(t *testing.T) {
	run(t, meeting.E2EE, !lobby, func(w *world) {
		l, guests := w.encrypted("Gerd", "Otto")
		g, o := guests[0], guests[1]
		count := func(c *client, kind string) (n int) {
			for c.find(kind, nil) != nil {
				n++
			}
			return n
		}
		for range 200 {
			g.send(meetingtest.Line([]byte("spam")))
		}
		if n, refused := count(o, "line"), count(g, "refused"); n == 0 || n > 30 || n+refused != 200 {
			t.Errorf("%d of 200 lines came, %d were refused", n, refused)
		}
		for range 200 {
			g.send(g.d.Live(g.j, time.Now()))
		}
		if n := count(o, "live"); n == 0 || n > 30 {
			t.Errorf("%d of 200 signs of life came", n)
		}
		for range 500 {
			g.post([]byte("garbage"))
		}
		message := g.d.Message("leave", nil, id, g.j[:], uint64(1))
		g.post(message)
		if n := count(g, "refused"); n != 501 {
			t.Errorf("%d refusals", n)
		}
		time.Sleep(10 * time.Second)
		l.links(l.j, g.j, o.j)
		for range 100 {
			g.send(meetingtest.Fetch(1))
			g.read()
		}
		if n := count(g, "entry"); n > 300 {
			t.Errorf("%d entries were sent for 100 fetches", n)
		}
		g.send(meetingtest.Array("line", make([]byte, 30<<10)))
		g.over(meeting.OverRefused)
		slow := w.join("", "Slow")
		for range 3000 { // slow does not read, the others do
			l.send(l.d.Live(l.j, time.Now()))
			time.Sleep(600 * time.Millisecond)
			o.read()
			o.got = nil
		}
		if slow.read(); !errors.Is(slow.err, meeting.ErrSlow) {
			t.Errorf("who does not read: %v", slow.err)
		}
	})
}

// TestStanding holds that who is banned, or kept out of the host's meetings, does not come in, and goes at the next keep-alive.
func TestStanding(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.standardHost()
		d := w.device("A-1", "Ann")
		a := w.hello(d)
		message := a.joins(nil)
		h.none("grant") // a join alone makes no new key
		a.s.Check(w.ctx)
		a.none("over")
		w.standing.set(func() { w.standing.enter["A-1"] = "This account is banned." })
		a.s.Check(w.ctx)
		a.over(meeting.OverRefused)
		synctest.Wait()
		if w.rooms.times(a.j) == 0 {
			t.Error("who is banned is in the media server's room")
		}
		if epoch, _ := h.grant(); epoch != 2 {
			t.Errorf("the key is that of epoch %d still", epoch)
		}
		back := w.hello(d)
		back.over(meeting.OverRefused)
		if _, err := w.hub.Certify(w.ctx, id, meeting.Subject{Account: "A-1", Name: "Ann"}, d.Key); err == nil {
			t.Error("a certificate for who is banned")
		}
		w.standing.set(func() { clear(w.standing.enter) })
		again := w.hello(d)
		again.post(message)
		again.refused("join") // that one was taken out; a new one may come
		again.joins(nil)
		w.standing.set(func() { w.standing.host = "May not host." })
		for _, c := range []*client{h, again} {
			c.s.Check(w.ctx)
			c.over(meeting.OverRefused)
		}
		if _, err := w.hub.Create(w.ctx, meeting.Meeting{ID: "M-2", Host: host, Mode: meeting.Standard}); err == nil {
			t.Error("a meeting by who may not host")
		}
	})
}

// TestFaults holds that an entry is on the board once, whatever the store answers, and that two processes on one store keep one order.
func TestFaults(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h := w.standardHost()
		c := w.hello(w.device("", "Gerd"))
		fail := errors.New("the store is away")
		w.store.Fail = func(string) error { return fail }
		message, _ := c.d.Join(nil, time.Now())
		c.post(message)
		c.refused("join")
		calls := 0
		w.store.Fail = func(call string) error {
			if calls++; call == "AppendEntry" && calls == 1 {
				return meetingtest.Lost{Err: fail}
			}
			return nil
		}
		c.post(message)
		w.store.Fail = nil
		c.none("refused")
		c.take("ticket")
		c.send(meetingtest.Fetch(1))
		c.entry(message)
		h.entry(message)
		es, _ := w.store.Entries(w.ctx, id, 1, 100, 1<<20)
		if len(es) != 2 {
			t.Errorf("%d entries", len(es))
		}
		first := w.hub
		w.start()
		o := w.join("", "Otto") // by the other process
		second := w.hub
		w.hub = first
		p := w.join("", "Petra")
		w.hub = second
		h.take("entry")
		if v := h.take("entry"); v[1] != uint64(4) {
			t.Errorf("the entry after that is %v", v[1])
		}
		o.none("over")
		p.none("over")
	})
}

func TestCreate(t *testing.T) {
	run(t, meeting.E2EE, lobby, func(w *world) {
		if m, _ := w.store.LoadMeeting(w.ctx, id); m.Lobby {
			t.Error("the server keeps a lobby for an end-to-end encrypted meeting")
		}
		w.standing.set(func() { w.standing.plan = "free" })
		for mode, ok := range map[meeting.State]bool{meeting.E2EE: false, meeting.Standard: true, meeting.Ended: false, "": false} {
			_, err := w.hub.Create(w.ctx, meeting.Meeting{ID: "M-" + string(mode), Host: host, Mode: mode})
			if (err == nil) != ok {
				t.Errorf("mode %q on a free plan: %v", mode, err)
			}
		}
		if _, err := w.hub.Open(w.ctx, "M-none"); !errors.Is(err, meetingtest.ErrNone) {
			t.Errorf("a meeting that is not there: %v", err)
		}
	})
}
