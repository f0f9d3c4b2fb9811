package meeting_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// wire joins hubs of one bubble, as a database does.
type wire struct {
	mu     sync.Mutex
	keeper string
	nodes  map[string]meeting.Receiver
	lose   int // so many of what is sent next are lost
	twice  bool
}

// end is one node's end of it.
type end struct {
	*wire
	name string
}

func (e end) Node() string { return e.name }

func (e end) Run(ctx context.Context, r meeting.Receiver) {
	e.mu.Lock()
	e.nodes[e.name] = r
	e.mu.Unlock()
	r.Lost()
	<-ctx.Done()
}

func (e end) Keeper(context.Context, string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keeper == "" {
		e.keeper = e.name
	}
	if e.keeper == e.name {
		return "", nil
	}
	return e.keeper, nil
}

var errSent = errors.New("whether it was sent is not known")

func (e end) Send(_ context.Context, node string, data []byte) error {
	e.mu.Lock()
	to, lost, twice := e.nodes[node], e.lose > 0, e.twice
	e.twice = false
	if lost {
		e.lose--
	}
	e.mu.Unlock()
	if to != nil && !lost {
		to.Take(e.name, data)
	}
	if twice {
		return errSent
	}
	return nil
}

func (w *wire) set(f func(*wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

// nodes are two hubs of one meeting: the first keeps it.
func (w *world) nodes() (x *wire, second *meeting.Hub) {
	w.t.Helper()
	x = &wire{nodes: map[string]meeting.Receiver{}}
	w.config.Relay = end{x, "2"}
	w.start()
	second = w.hub
	w.config.Relay = end{x, "1"}
	w.start()
	x.set(func(x *wire) { x.keeper = "1" })
	synctest.Wait()
	return x, second
}

// at joins through another hub.
func (w *world) at(h *meeting.Hub, name string) *client {
	w.t.Helper()
	d := w.device("", name)
	first := w.hub
	w.hub = h
	c := w.open(d)
	w.hub = first
	synctest.Wait()
	c.send(d.Hello([16]byte(c.take("welcome")[3].([]byte))))
	message, j := d.Join(w.mac(), time.Now())
	c.j = j
	c.post(message)
	synctest.Wait()
	c.entry(message)
	return c
}

// gone holds that a session is over for its client without a last word: it connects again.
func (c *client) gone() {
	c.w.t.Helper()
	synctest.Wait()
	c.none("over")
	if !errors.Is(c.err, io.EOF) {
		c.w.t.Errorf("the session goes on: %v", c.err)
	}
}

func (c *client) hears(text string, from meeting.J) {
	c.w.t.Helper()
	synctest.Wait()
	v := c.take("line")
	if string(v[2].([]byte)) != text {
		c.w.t.Errorf("line %v", v)
	}
	c.none("line")
}

func TestTwoNodes(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		x, second := w.nodes()
		h := w.standardHost()
		g := w.at(second, "Gerd")
		g.take("ticket")
		synctest.Wait()
		h.members()
		g.send(meetingtest.Line([]byte("two")))
		h.hears("two", g.j)
		h.send(meetingtest.Line([]byte("one")))
		g.hears("one", h.j)
		x.set(func(x *wire) { x.twice = true }) // what is sent again is not taken again
		h.send(meetingtest.Line([]byte("sent twice")))
		synctest.Wait()
		time.Sleep(2 * time.Second)
		g.hears("sent twice", h.j)
		g.close()
		time.Sleep(40 * time.Second)
		if got := h.members(); len(got) != 1 {
			t.Errorf("after the other node's client went: %v", got)
		}
	})
}

// TestLostNotes holds that what is lost between nodes is seen, and makes clients connect again rather than miss something.
func TestLostNotes(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		x, second := w.nodes()
		h, g := w.standardHost(), w.at(second, "Gerd")
		g.take("ticket")
		x.set(func(x *wire) { x.lose = 1 })
		h.send(meetingtest.Line([]byte("lost")))
		synctest.Wait()
		g.none("line")
		h.send(meetingtest.Line([]byte("after it")))
		g.gone()
		h.none("over")
		again := w.at(second, "Gerd again")
		again.take("ticket")
		h.send(meetingtest.Line([]byte("well")))
		again.hears("well", h.j)
	})
}

// TestDeadNode holds that both sides notice that the other node is no more.
func TestDeadNode(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		_, second := w.nodes()
		h, g := w.standardHost(), w.at(second, "Gerd")
		g.take("ticket")
		h.members()
		h.none("grant")
		w.hub.Gone("2")
		time.Sleep(40 * time.Second)
		if epoch, _ := h.grant(); epoch != 2 { // of the key that who is gone has not
			t.Errorf("epoch %d", epoch)
		}
		second.Gone("1")
		g.gone()
	})
}

// TestTakenForDead has a node lose its connection, and another take over its meeting: it gives the meeting up, and its key.
func TestTakenForDead(t *testing.T) {
	for _, mode := range []meeting.State{meeting.Standard, meeting.E2EE} {
		run(t, mode, !lobby, func(w *world) {
			x, second := w.nodes()
			h := w.join(host, "Hanna")
			g := w.at(second, "Gerd")
			w.hub.Lost() // and nobody took over
			synctest.Wait()
			g.gone()
			h.none("over")
			if h.err != nil {
				t.Errorf("the host's session ended: %v", h.err)
			}
			x.set(func(x *wire) { x.keeper = "2" })
			w.hub.Lost()
			h.gone()
			if w.hub.HoldsKey(id) {
				t.Error("it holds the key still")
			}
			back := w.at(w.hub, "Gerd") // by way of the other node
			back.none("over")
			if second.HoldsKey(id) != (mode == meeting.Standard) {
				t.Error("the other node does not hold the meeting")
			}
		})
	}
}

// TestEndedElsewhere ends a meeting at a node that does not keep it.
func TestEndedElsewhere(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		_, second := w.nodes()
		h := w.standardHost()
		if err := second.End(w.ctx, id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.over(meeting.OverEnded)
		w.isOver()
		if err := second.End(w.ctx, id); err == nil {
			t.Error("it ended twice")
		}
	})
}

// TestCrowdedNode holds that a client of another node sends no faster than one of this.
func TestCrowdedNode(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		_, second := w.nodes()
		w.standardHost()
		g := w.at(second, "Gerd")
		for range 1000 {
			g.send(meetingtest.Fetch(1))
		}
		synctest.Wait()
		g.read()
		if !errors.Is(g.err, meeting.ErrSlow) {
			t.Errorf("it goes on: %v", g.err)
		}
	})
}
