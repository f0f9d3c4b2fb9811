package meeting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// leader is a client that makes the list.
type leader struct {
	*client
	meetingtest.Link
	hash [32]byte
}

// links posts the next link, with these members, and gives it.
func (l *leader) links(members ...meeting.J) (message []byte) {
	l.w.t.Helper()
	l.Version, l.Previous, l.Leader, l.Members, l.Successors = l.Version+1, l.hash, l.j, members, members[1:]
	message, l.hash = l.d.Link(l.Link, time.Now())
	l.post(message)
	l.entry(message)
	return message
}

// encrypted opens an end-to-end encrypted meeting that its host leads, and guests who are on the list.
func (w *world) encrypted(names ...string) (l *leader, guests []*client) {
	w.t.Helper()
	l = &leader{client: w.join(host, "Hanna"), Link: meetingtest.Link{Term: 1, Epoch: 1}}
	members := []meeting.J{l.j}
	l.links(members...)
	l.take("ticket")
	for _, name := range names {
		g := w.join("", name)
		g.none("ticket")
		guests, members = append(guests, g), append(members, g.j)
	}
	if len(names) > 0 {
		l.Epoch++
		l.links(members...)
	}
	for _, g := range guests {
		g.take("ticket")
	}
	return l, guests
}

func (c *client) keys(term, epoch uint64, boxes int) []byte {
	all := []any{}
	for range boxes {
		all = append(all, []any{make([]byte, 32), make([]byte, 16), make([]byte, 1120), make([]byte, 80)})
	}
	return c.d.Message("keys", nil, id, term, epoch, make([]byte, 32), all)
}

func (c *client) end(version uint64) []byte {
	return c.d.Message("end", nil, id, version, make([]byte, 32), uint64(1))
}

func TestList(t *testing.T) {
	run(t, meeting.E2EE, !lobby, func(w *world) {
		l, guests := w.encrypted("Gerd", "Otto")
		g, o := guests[0], guests[1]
		keys := l.keys(1, 2, 2)
		l.post(keys)
		g.entry(keys)
		l.post(keys) // sent again: it is there
		last := l.links(l.j, g.j, o.j)
		l.post(last)
		if es, _, _ := w.store.Outline(w.ctx, id); len(es) != 4 {
			t.Errorf("%d joins and links", len(es))
		}
		if all, _ := w.store.Entries(w.ctx, id, 1, 100, 1<<20); len(all) != 7 {
			t.Errorf("%d entries", len(all))
		}
		o.read()
		o.got = nil
		l.Epoch++
		l.links(l.j, g.j)
		o.take("entry")
		o.over(meeting.OverRemoved)
		synctest.Wait()
		if w.rooms.times(o.j) == 0 || w.rooms.times(g.j) != 0 {
			t.Error("who is not on the list is in the media server's room, or the other way round")
		}
		back := w.hello(o.d) // the same join never comes back
		es, _ := w.store.Entries(w.ctx, id, 4, 1, 1<<20)
		back.post(es[0].Message)
		back.refused("join")
		back.post(o.d.Message("leave", nil, id, o.j[:], uint64(1)))
		back.refused("leave")
		g.post(g.d.Message("leave", nil, id, g.j[:], uint64(1)))
		synctest.Wait()
		if w.rooms.times(g.j) == 0 {
			t.Error("who left is in the media server's room")
		}
		if got := w.store.Attendees(id); len(got) != 2 {
			t.Errorf("%v were there", got)
		}
		l.post(l.end(4))
		l.over(meeting.OverEnded)
		w.isOver()
		late := w.hello(l.d) // the board can still be read: it is what clients go by
		late.send(meetingtest.Fetch(1))
		if v := late.take("entry"); v[1] != uint64(1) {
			t.Errorf("the first entry is %v", v[1])
		}
		late.post(l.end(4))
		late.over(meeting.OverEnded)
	})
}

// TestStrangersOnTheBoard holds that who knows no more than the meeting's number can join the board and wait, and nothing else.
func TestStrangersOnTheBoard(t *testing.T) {
	run(t, meeting.E2EE, !lobby, func(w *world) {
		early := w.join("", "Early")
		first, _ := early.d.Link(meetingtest.Link{Version: 1, Term: 1, Epoch: 1, Leader: early.j, Members: []meeting.J{early.j}}, time.Now())
		early.post(first)
		early.refused("link")
		l, guests := w.encrypted("Gerd")
		s := w.join("", "Stranger")
		alone := []meeting.J{s.j}
		forged := func(x meetingtest.Link) []byte { m, _ := s.d.Link(x, time.Now()); return m }
		for name, x := range map[string]struct {
			kind    string
			message []byte
		}{
			"a list of their own":     {"link", forged(meetingtest.Link{Version: 1, Term: 1, Epoch: 1, Leader: s.j, Members: alone})},
			"the next link":           {"link", forged(meetingtest.Link{Version: 3, Term: 1, Epoch: 3, Leader: s.j, Members: alone, Previous: l.hash})},
			"the next link, as hers":  {"link", forged(meetingtest.Link{Version: 3, Term: 1, Epoch: 3, Leader: l.j, Members: []meeting.J{l.j, s.j}, Previous: l.hash})},
			"the next term":           {"link", forged(meetingtest.Link{Version: 3, Term: 2, Epoch: 1, Leader: s.j, Members: alone, Previous: l.hash})},
			"keys":                    {"keys", s.keys(1, 2, 1)},
			"that another is denied":  {"deny", s.d.Message("deny", nil, id, guests[0].j[:], uint64(1))},
			"that another leaves":     {"leave", s.d.Message("leave", nil, id, guests[0].j[:], uint64(1))},
			"the end":                 {"end", s.end(2)},
			"that they lead":          {"leader", s.d.Message("leader", nil, id, uint64(2), s.j[:], l.hash[:], uint64(1))},
			"that another leads":      {"leader", s.d.Message("leader", nil, id, uint64(2), guests[0].j[:], l.hash[:], uint64(1))},
			"an upgrade":              {"upgrade", s.upgrade(s.j)},
			"a leave for nobody here": {"leave", s.d.Message("leave", nil, "M-00000-00000", s.j[:], uint64(1))},
		} {
			s.post(x.message)
			if v := s.take("refused"); v[1] != x.kind {
				t.Errorf("%s: %v", name, v)
			}
			time.Sleep(time.Second)
		}
		s.send(meetingtest.Line([]byte("hello")))
		s.refused("line")
		guests[0].none("line")
		if last, _ := l.d.Link(meetingtest.Link{Version: 3, Term: 1, Epoch: 2, Leader: l.j, Members: []meeting.J{l.j, guests[0].j}, Previous: l.hash}, time.Now()); true {
			s.post(last) // another's, word for word
			s.refused("post")
		}
	})
}

// TestLeaderMissed holds that a successor takes over when the leader is silent, and not before.
func TestLeaderMissed(t *testing.T) {
	run(t, meeting.E2EE, !lobby, func(w *world) {
		l, guests := w.encrypted("Gerd", "Otto")
		g, o := guests[0], guests[1]
		claim := func(c *client) []byte {
			return c.d.Message("leader", nil, id, uint64(2), c.j[:], l.hash[:], uint64(time.Now().UnixMilli()))
		}
		g.post(claim(g))
		g.refused("leader")
		time.Sleep(25 * time.Second)
		g.send(g.d.Live(g.j, time.Now()))
		o.post(claim(o)) // Gerd is before him, and alive
		o.refused("leader")
		message := claim(g)
		g.post(message)
		o.entry(message)
		old, _ := l.d.Link(meetingtest.Link{Version: 3, Term: 1, Epoch: 2, Leader: l.j, Members: l.Members, Previous: l.hash}, time.Now())
		l.post(old)
		l.refused("link")
		next := &leader{client: g, Link: meetingtest.Link{Version: 2, Term: 2, Epoch: 1}, hash: l.hash}
		next.links(g.j, o.j)
		l.over(meeting.OverRemoved)
		w.start()
		c := w.hello(g.d)
		c.post(g.keys(2, 1, 1))
		c.refused("keys") // a session speaks for nobody before its join
	})
}

// TestListSurvives holds that a server that starts again knows the list, and that the meeting is encrypted.
func TestListSurvives(t *testing.T) {
	run(t, meeting.E2EE, !lobby, func(w *world) {
		h := w.hello(w.device(host, "Hanna"))
		join := h.joins(w.mac())
		l := &leader{client: h, Link: meetingtest.Link{Term: 1, Epoch: 1}}
		l.links(l.j)
		w.start()
		back := w.hello(h.d)
		back.post(join)
		back.take("ticket")
		back.send(meetingtest.Fetch(1))
		back.entry(join)
		back.j = l.j
		l.client = back
		g := w.join("", "Gerd")
		l.links(l.j, g.j)
		g.take("ticket")
		s := w.join("", "Stranger")
		forged, _ := s.d.Link(meetingtest.Link{Version: 1, Term: 1, Epoch: 1, Leader: s.j, Members: []meeting.J{s.j}}, time.Now())
		s.post(forged)
		s.refused("link")
		time.Sleep(time.Minute) // everyone is out by now, and the host may begin anew
		anew := &leader{client: w.join(host, "Hanna"), Link: meetingtest.Link{Term: 1, Epoch: 1}}
		anew.links(anew.j)
		anew.take("ticket")
	})
}

// TestCarriedAndLate holds that who was carried over and is not on the first list waits, and is not out.
func TestCarriedAndLate(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		h, g := w.standardHost(), w.guestIn("Gerd")
		message := h.upgrade(h.j, g.j)
		h.post(message)
		g.entry(message)
		g.send(meetingtest.Line([]byte("between two keys")))
		g.refused("line")
		l := &leader{client: h, Link: meetingtest.Link{Term: 1, Epoch: 1}}
		l.links(h.j)
		synctest.Wait()
		if w.rooms.times(g.j) == 0 {
			t.Error("who is not on the list is in the media server's room")
		}
		l.Epoch++
		l.links(h.j, g.j)
		g.take("ticket")
		g.none("over")
	})
}
