package handlers

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/storage/postgres"
)

// node is another process on the same database, as far as meetings go.
type node struct {
	store *postgres.Store
	hub   *meeting.Hub
	url   string
	relay *mortalRelay
	stop  func()
}

func (w *world) node() *node {
	w.t.Helper()
	store, err := postgres.Open(w.t.Context(), w.dsn, postgres.Options{Log: w.desk.Log, Clock: w.desk.Clock})
	must(w.t, err)
	w.t.Cleanup(store.Close)
	n := &node{store: store, relay: &mortalRelay{Relay: store.Relay()}}
	n.hub = w.startNode(store, n.relay)
	n.stop = w.stops[len(w.stops)-1]
	c := w.config
	c.Meetings = n.hub
	n.url = w.serve(c).URL
	return n
}

// die ends the node without a word to the others.
func (n *node) die() {
	n.relay.dead.Store(true)
	n.stop()
}

// mortalRelay says nothing once it is dead.
type mortalRelay struct {
	meeting.Relay
	dead atomic.Bool
}

func (r *mortalRelay) Send(ctx context.Context, node string, data []byte) error {
	if r.dead.Load() {
		return nil
	}
	return r.Relay.Send(ctx, node, data)
}

// bareSession is a session without a transport.
type bareSession struct {
	t   testing.TB
	d   *device
	s   *meeting.Session
	j   meeting.J
	got []any
}

// bare opens a session and joins.
func (w *world) bare(h *meeting.Hub, d *device, mac []byte) *bareSession {
	w.t.Helper()
	s, err := h.Open(w.t.Context(), d.Meeting)
	must(w.t, err)
	w.t.Cleanup(s.Close)
	c := &bareSession{t: w.t, d: d, s: s}
	c.s.Receive(w.t.Context(), d.Hello(waitIn[*e2ee.Welcome](c).Nonce))
	message, j := d.Join(mac, time.Now())
	c.j = j
	c.s.Receive(w.t.Context(), meetingtest.Post(message))
	waitIn[*e2ee.Entry](c)
	return c
}

// read takes what comes within a moment.
func (c *bareSession) read() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for {
		data, err := c.s.Next(ctx)
		if err != nil {
			return
		}
		m, err := e2ee.DecodeControl(data)
		must(c.t, err)
		c.got = append(c.got, m)
	}
}

func (c *bareSession) until(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(meetingPatience); !holds(); c.read() {
		if time.Now().After(end) {
			c.t.Fatalf("%s did not happen; got %s", what, outline(c.got))
		}
		time.Sleep(time.Millisecond)
	}
}

// holds holds that the session goes on.
func (c *bareSession) holds() {
	c.t.Helper()
	c.read()
	if i := slices.IndexFunc(c.got, func(x any) bool { _, is := x.(*e2ee.Over); return is }); i >= 0 {
		c.t.Errorf("it is over: %+v", c.got[i])
	}
}

// waitIn waits for a message of a type, and takes it.
func waitIn[T any](c *bareSession) (m T) {
	c.t.Helper()
	c.until("a message", func() bool {
		i := slices.IndexFunc(c.got, func(x any) bool { _, is := x.(T); return is })
		if i < 0 {
			return false
		}
		m = c.got[i].(T)
		c.got = slices.Delete(c.got, i, i+1)
		return true
	})
	return m
}

// says holds that a line of chat of one reaches the others, once.
func (p *participant) says(text string, others ...*participant) {
	p.t.Helper()
	p.send(meetingtest.Line([]byte(text)))
	for _, o := range others {
		if l := waitFor[*e2ee.LineFrom](o.wireClient); l.J != p.m.J() || string(l.Frame) != text {
			o.t.Errorf("line %+v, want %q", l, text)
		}
	}
}

// TestStandardMeetingOfTwoNodes holds one standard meeting on two servers: lobby, key, chat, orders, and the end of a server that keeps it.
func TestStandardMeetingOfTwoNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node(), w.node()
	hanna := w.person("Hanna Host")
	id := w.meetingOf(hanna, meeting.Standard, true)
	host := w.participateAt(one.url, w.signIn(hanna).certified(id, ""), nil, true)
	host.reaches(e2ee.Standard)
	guest, other := w.participateAt(two.url, w.stranger().certified(id, "Gerd"), nil, false), w.participateAt(two.url, w.stranger().certified(id, "Otto"), nil, false)
	for _, p := range []*participant{guest, other} {
		waitWhere(host.wireClient, func(l *e2ee.Lobby) bool {
			return len(l.Waiting) > 0 && slices.ContainsFunc(l.Waiting, func(s e2ee.LobbySeat) bool { return s.J == p.m.J() })
		})
		host.order(e2ee.OrderAdmit, p.m.J(), true)
		p.reaches(e2ee.Standard)
		waitFor[*e2ee.Ticket](p.wireClient)
	}
	key := waitFor[*e2ee.Grant](host.wireClient)
	if k := waitFor[*e2ee.Grant](guest.wireClient); *k != *key {
		t.Error("the nodes have different keys")
	}
	host.says("one to all", guest, other)
	guest.says("two to all", host, other)
	host.order(e2ee.OrderHost, guest.m.J(), true)
	waitFor[*e2ee.Terms](guest.wireClient)
	guest.order(e2ee.OrderRemove, other.m.J(), true)
	other.over(e2ee.OverRemoved)
	for _, p := range []*participant{host, guest} {
		key = waitWhere(p.wireClient, func(g *e2ee.Grant) bool { return g.Epoch > 1 })
	}
	must(t, two.store.DestroyKeys(t.Context(), nil)) // as a node does some time after its start
	if k, err := two.store.WrappedKey(t.Context(), id); err != nil || k.Sealed == nil {
		t.Errorf("a node destroyed the key of another's meeting: %+v, %v", k, err)
	}

	one.die()
	guest.until("the end of a session in a meeting that the dead node kept", func([]any) bool { return guest.closed })
	if o := has[*e2ee.Over](guest.wireClient); o {
		t.Error("it was told that it is over")
	}
	again := w.dialAt(two.url, guest.d)
	again.post(guest.joinMessage())
	if k := waitFor[*e2ee.Grant](again); k.Epoch != key.Epoch || k.Key != key.Key {
		t.Errorf("epoch %d with another key, after %d", k.Epoch, key.Epoch)
	}
	waitFor[*e2ee.Terms](again) // still a host
	back := w.dialAt(two.url, host.d)
	back.post(host.joinMessage())
	waitFor[*e2ee.Ticket](back)
	back.send(meetingtest.Line([]byte("still here")))
	if l := waitFor[*e2ee.LineFrom](again); string(l.Frame) != "still here" {
		t.Errorf("line %+v", l)
	}
	must(t, w.config.Meetings.End(t.Context(), id)) // by a third node
	again.over(e2ee.OverEnded)
	back.over(e2ee.OverEnded)
}

// TestEncryptedMeetingOfTwoNodes holds one end-to-end encrypted meeting on two servers, led from the one that does not keep it. The other one's
// clients are missed when it dies.
func TestEncryptedMeetingOfTwoNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node(), w.node()
	hanna := w.person("Hanna Host")
	id, secret := w.meetingOf(hanna, meeting.E2EE, false), newSecret()
	first := w.participateAt(two.url, w.stranger().certified(id, "Frieda"), secret, false)
	first.until("its own join", func([]any) bool { return first.m.Join(first.m.J()) != nil })
	host := w.participateAt(one.url, w.signIn(hanna).certified(id, ""), secret, true)
	host.reaches(e2ee.In)
	guest := w.participateAt(one.url, w.stranger().certified(id, "Gerd"), secret, false)
	for _, p := range []*participant{first, guest} {
		host.until("a knock", func([]any) bool { return slices.Contains(host.knocked, p.m.J()) })
		host.decide(e2ee.Admit{J: p.m.J()})
		p.reaches(e2ee.In)
		waitFor[*e2ee.Ticket](p.wireClient)
	}
	host.says("to all", first, guest)
	first.says("to all of the other", host, guest)
	for _, p := range []*participant{first, host, guest} {
		p.until("a list of three", func([]any) bool { return len(p.m.List().Members) == 3 })
	}
	gone := guest.m.J()
	guest.conn.CloseNow() // its session on node one, as node two is told
	host.untilIn(2*meetingPatience, "a list without who is gone", func([]any) bool { return !host.m.List().Has(gone) })
	two.die()
	host.until("the end of the session", func([]any) bool { return host.closed })
	again := w.dialAt(one.url, host.d)
	again.post(host.joinMessage())
	waitFor[*e2ee.Ticket](again) // the list is on the board
}
