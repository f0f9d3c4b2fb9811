package meeting_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage/account"
)

// world is a hub over a store in memory, in the time of a synctest bubble.
type world struct {
	t        *testing.T
	ctx      context.Context // of the bubble; t's own may end outside of it
	store    *meetingtest.Memory
	hub      *meeting.Hub
	config   meeting.Config
	identity *meeting.Identity
	standing *standing
	rooms    *rooms
	ends     []func() // what ends with the bubble
}

// standing is what the desk would say.
type standing struct {
	mu     sync.Mutex
	plan   account.Plan
	window account.Window
	enter  map[account.ID]string // why not
	host   string
	visits map[account.ID]bool
	seen   []string // of visitors
}

func (s *standing) Visiting(_ context.Context, who account.ID, _ string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[who], nil
}

func (s *standing) Visited(_ context.Context, who account.ID, _ string, in bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, fmt.Sprintf("%s %v", who, in))
	return nil
}

func (s *standing) MayEnter(_ context.Context, who, _ account.ID) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enter[who], nil
}

func (s *standing) MayHost(context.Context, account.ID) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host, nil
}

func (s *standing) Organisation(_ context.Context, id account.OrgID) (account.Organisation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return account.Organisation{ID: id, Name: "Northwind", Plan: s.plan, Window: s.window}, nil
}

func (s *standing) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// rooms notes what the media server is told.
type rooms struct {
	mu      sync.Mutex
	removed []string
	ended   []string
}

func (r *rooms) Ticket(room, identity string) (string, error) { return "ticket " + identity, nil }

func (r *rooms) Remove(_ context.Context, _, identity string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removed = append(r.removed, identity)
	return nil
}

func (r *rooms) End(_ context.Context, room string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, room)
	return nil
}

func (r *rooms) times(j meeting.J) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.removed {
		if x == j.Identity() {
			n++
		}
	}
	return n
}

const (
	host  account.ID = "A-host"
	id               = "M-3K9QA-77ZPW"
	lobby            = true
)

func random32() (b [32]byte) { rand.Read(b[:]); return b }

// run runs a test with a meeting of a mode, in a bubble of its own time.
func run(t *testing.T, mode meeting.State, lobby bool, f func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rule, err := meeting.NewRule("")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		w := &world{t: t, ctx: ctx, store: meetingtest.NewMemory(), identity: meeting.NewIdentity(random32()), rooms: &rooms{},
			standing: &standing{plan: account.PlanBusiness, window: account.DefaultWindow, enter: map[account.ID]string{}}}
		w.config = meeting.Config{Store: w.store, Rooms: w.rooms, Standing: w.standing, Rule: rule, Identity: w.identity, Master: meeting.NewMaster(random32()), Notary: franking.NewNotary(random32()),
			LiveKit: "wss://proffer.example/livekit", Clock: time.Now, Log: slog.New(slog.DiscardHandler)}
		defer func() { // and not t.Cleanup, which may run outside the bubble
			for _, end := range slices.Backward(w.ends) {
				end()
			}
		}()
		w.start()
		if _, err := w.hub.Create(w.ctx, meeting.Meeting{ID: id, Org: "O-1", Host: host, Title: "Biology", Mode: mode, Lobby: lobby, Starts: time.Now()}); err != nil {
			t.Fatal(err)
		}
		f(w)
	})
}

// start starts a hub over what is stored, as a server that starts again.
func (w *world) start() {
	w.t.Helper()
	hub, err := meeting.NewHub(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hub = hub
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); hub.Run(ctx) }()
	w.ends = append(w.ends, func() { stop(); <-done })
}

// client is a session, and what came over it.
type client struct {
	w   *world
	d   *meetingtest.Device
	s   *meeting.Session
	j   meeting.J
	got [][]any
	err error
}

// device makes a device with a certificate; who "" is a guest.
func (w *world) device(who account.ID, name string) *meetingtest.Device {
	w.t.Helper()
	d := meetingtest.NewDevice(id)
	c, err := w.hub.Certify(w.ctx, id, meeting.Subject{Account: who, Name: name}, d.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	d.Certificate = c
	return d
}

// open opens a session and says nothing.
func (w *world) open(d *meetingtest.Device) *client {
	w.t.Helper()
	s, err := w.hub.Open(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &client{w: w, d: d, s: s}
	w.ends = append(w.ends, c.close)
	return c
}

func (c *client) close() {
	if c.s != nil {
		c.s.Close()
		c.s = nil
	}
}

// hello opens a session and says whose it is.
func (w *world) hello(d *meetingtest.Device) *client {
	w.t.Helper()
	c := w.open(d)
	welcome := c.take("welcome")
	c.send(d.Hello([16]byte(welcome[3].([]byte))))
	return c
}

func (c *client) send(data []byte) { c.s.Receive(c.w.ctx, data) }

func (c *client) post(message []byte) { c.send(meetingtest.Post(message)) }

// read takes everything that is there to read.
func (c *client) read() {
	c.w.t.Helper()
	ctx, cancel := context.WithCancel(c.w.ctx)
	cancel()
	for c.err == nil {
		data, err := c.s.Next(ctx)
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			c.err = err
			return
		}
		v, err := meetingtest.Received(data)
		if err != nil {
			c.w.t.Fatal(err)
		}
		c.got = append(c.got, v)
	}
}

// find takes the first message of a kind that fits, if it has come.
func (c *client) find(kind string, fits func([]any) bool) []any {
	c.w.t.Helper()
	c.read()
	for i, v := range c.got {
		if v[0] == kind && (fits == nil || fits(v)) {
			c.got = slices.Delete(c.got, i, i+1)
			return v
		}
	}
	return nil
}

func (c *client) take(kind string) []any {
	c.w.t.Helper()
	v := c.find(kind, nil)
	if v == nil {
		c.w.t.Fatalf("no %s came; there is %v", kind, kinds(c.got))
	}
	return v
}

func (c *client) none(kind string) {
	c.w.t.Helper()
	if v := c.find(kind, nil); v != nil {
		c.w.t.Fatalf("a %s came: %v", kind, v)
	}
}

func kinds(got [][]any) (out []string) {
	for _, v := range got {
		out = append(out, fmt.Sprint(v[0]))
	}
	return out
}

// refused holds that the last thing was refused in words.
func (c *client) refused(what string) {
	c.w.t.Helper()
	if v := c.take("refused"); v[1] != what || len(v[2].(string)) < 10 {
		c.w.t.Errorf("refused %v, want %s", v, what)
	}
}

// over holds that the session is at its end, and why.
func (c *client) over(cause string) {
	c.w.t.Helper()
	if v := c.take("over"); v[1] != cause || len(v[2].(string)) < 10 {
		c.w.t.Errorf("over %v, want %s", v, cause)
	}
	if !errors.Is(c.err, io.EOF) {
		c.w.t.Errorf("the session goes on: %v", c.err)
	}
}

// entry holds that a message is on the board and came back.
func (c *client) entry(message []byte) {
	c.w.t.Helper()
	if c.find("entry", func(v []any) bool { return bytes.Equal(v[3].([]byte), message) }) == nil {
		c.w.t.Fatalf("the message did not come back; there is %v", c.got)
	}
}

// join opens a session and joins.
func (w *world) join(who account.ID, name string) *client {
	w.t.Helper()
	c := w.hello(w.device(who, name))
	c.joins(w.mac())
	return c
}

// mac is what a join of this meeting's mode has.
func (w *world) mac() []byte {
	m, err := w.store.LoadMeeting(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if m.Mode == meeting.E2EE {
		return make([]byte, 32)
	}
	return nil
}

func (c *client) joins(mac []byte) (message []byte) {
	c.w.t.Helper()
	message, c.j = c.d.Join(mac, time.Now())
	c.post(message)
	c.entry(message)
	return message
}

// standardHost opens a standard meeting with its host in it.
func (w *world) standardHost() *client {
	w.t.Helper()
	h := w.join(host, "Hanna")
	for _, kind := range []string{"roster", "grant", "ticket", "terms", "lobby"} {
		h.take(kind)
	}
	return h
}

// guestIn is a guest who is in a standard meeting without a lobby.
func (w *world) guestIn(name string) *client {
	w.t.Helper()
	g := w.join("", name)
	g.take("ticket")
	return g
}

// TestBarred holds that what is decided about an account reaches its sessions, and those of a host's meetings, without their transport.
func TestBarred(t *testing.T) {
	for _, mode := range []meeting.State{meeting.Standard, meeting.E2EE} {
		run(t, mode, !lobby, func(w *world) {
			h, o, g := w.join(host, "Hanna"), w.join("A-otto", "Otto"), w.join("", "Gerd")
			w.standing.set(func() { w.standing.enter["A-otto"] = "You were banned from here." })
			w.hub.Barred("A-other")
			synctest.Wait()
			o.none("over")
			w.hub.Barred("A-otto")
			synctest.Wait()
			o.over(meeting.OverRefused)
			h.none("over")
			g.none("over")
			if w.rooms.times(o.j) == 0 || w.rooms.times(g.j) != 0 {
				t.Error("who is banned is in the media server's room, or who is not was taken out")
			}
			w.standing.set(func() { w.standing.host = "You may not host meetings." })
			w.hub.Lost()
			synctest.Wait()
			h.over(meeting.OverRefused)
			g.over(meeting.OverRefused)
		})
	}
}
