package handlers

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/triage/account"
)

// device is a device of somebody, with its certificate for a meeting: as an honest client has it, and as a liar's that signs whatever it
// is told to.
type device struct {
	*meetingtest.Device
	honest   *e2ee.Device
	identity e2ee.Key
}

// certified makes a device and has the server vouch for it.
func (b *browser) certified(id, name string) *device {
	b.w.t.Helper()
	d := &device{Device: meetingtest.NewDevice(id)}
	var err error
	d.honest, err = e2ee.NewDevice(d.Seed())
	must(b.w.t, err)
	a := b.certify(d.Meeting, base64.RawURLEncoding.EncodeToString(d.Key[:]), name)
	var answered struct{ Certificate, Identity string }
	if a.status != http.StatusOK || json.Unmarshal([]byte(a.body), &answered) != nil {
		b.w.t.Fatalf("a certificate for %q was answered %d %s", name, a.status, a.body)
	}
	d.Certificate, err = base64.RawURLEncoding.DecodeString(answered.Certificate)
	must(b.w.t, err)
	key, err := base64.RawURLEncoding.DecodeString(answered.Identity)
	must(b.w.t, err)
	d.identity = e2ee.Key(key)
	return d
}

// certify asks for a certificate.
func (b *browser) certify(id, device, name string) answer {
	b.w.t.Helper()
	body, err := json.Marshal(map[string]string{"device": device, "name": name})
	must(b.w.t, err)
	return b.send("POST", "/m/"+id+"/certificate", map[string]string{"Content-Type": "application/json"}, bytes.NewReader(body))
}

// wireClient is a control session, and what came over it.
type wireClient struct {
	t    testing.TB
	d    *device
	conn *websocket.Conn

	mu     sync.Mutex
	step   func(any) // takes each message, under mu
	got    []any     // what the server sent, in order
	closed bool
	err    error
	log    *logBuffer
	news   chan struct{}
}

// dial opens a control session and says hello.
func (w *world) dial(d *device) *wireClient {
	w.t.Helper()
	return w.dialAt(w.server.URL, d)
}

func (w *world) dialAt(base string, d *device) *wireClient {
	w.t.Helper()
	c := w.connect(base, d)
	welcome := waitFor[*e2ee.Welcome](c)
	c.send(d.Hello(welcome.Nonce))
	return c
}

// connect opens a control session and says nothing.
func (w *world) connect(base string, d *device) *wireClient {
	w.t.Helper()
	conn, _, err := websocket.Dial(w.t.Context(), base+"/m/"+d.Meeting+"/session", &websocket.DialOptions{Subprotocols: []string{subprotocol}})
	must(w.t, err)
	conn.SetReadLimit(meeting.MaxMessage)
	c := &wireClient{t: w.t, d: d, log: w.log, conn: conn, news: make(chan struct{}, 1)}
	go c.read()
	w.t.Cleanup(func() { conn.CloseNow() })
	return c
}

func (c *wireClient) read() {
	for {
		_, data, err := c.conn.Read(context.Background())
		c.mu.Lock()
		if err != nil {
			c.closed, c.err = true, err
		} else if m, err := e2ee.DecodeControl(data); err != nil {
			c.t.Errorf("the server sent what no client reads: %v", err)
		} else {
			c.got = append(c.got, m)
			if c.step != nil {
				c.step(m)
			}
		}
		closed := c.closed
		c.mu.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
		if closed {
			return
		}
	}
}

// send sends a message; a connection that is gone is found out by what comes.
func (c *wireClient) send(data []byte) {
	_ = c.conn.Write(context.Background(), websocket.MessageBinary, data)
}

func (c *wireClient) post(message []byte) { c.send(meetingtest.Post(message)) }

func (c *wireClient) order(what string, j e2ee.J, on bool) {
	c.send(meetingtest.Order(what, meeting.J(j), on))
}

// patience of the tests: how long what must come may take on a busy machine.
const meetingPatience = 30 * time.Second

// until waits until something holds.
func (c *wireClient) until(what string, holds func(got []any) bool) {
	c.t.Helper()
	c.untilIn(meetingPatience, what, holds)
}

func (c *wireClient) untilIn(patience time.Duration, what string, holds func(got []any) bool) {
	c.t.Helper()
	for end := time.After(patience); ; {
		c.mu.Lock()
		ok, closed := holds(c.got), c.closed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.news:
		case <-time.After(50 * time.Millisecond):
		case <-end:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("%s did not happen; closed: %v (%v); got %s\n%s", what, closed, c.err, outline(c.got), c.log.String())
		}
	}
}

func outline(got []any) string {
	var b strings.Builder
	for _, m := range got {
		if e, ok := m.(*e2ee.Entry); ok {
			msg, _ := e2ee.DecodeMessage(e.Message)
			fmt.Fprintf(&b, "\n  entry %d %s", e.Number, msg.Kind)
			continue
		}
		line := fmt.Sprintf("%T %+v", m, m)
		b.WriteString("\n  " + line[:min(len(line), 200)])
	}
	return b.String()
}

// waitFor waits for a message of a type that has not been taken yet, and takes it.
func waitFor[T any](c *wireClient) (m T) {
	c.t.Helper()
	return waitWhere(c, func(T) bool { return true })
}

// waitWhere is waitFor for one that fits.
func waitWhere[T any](c *wireClient, fits func(T) bool) (m T) {
	c.t.Helper()
	c.until(fmt.Sprintf("a %T", m), func(got []any) bool {
		i := slices.IndexFunc(got, func(x any) bool { v, ok := x.(T); return ok && fits(v) })
		if i < 0 {
			return false
		}
		m = got[i].(T)
		c.got = slices.Delete(c.got, i, i+1)
		return true
	})
	return m
}

// has reports whether a message of a type has come and was not taken.
func has[T any](c *wireClient) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.got, func(x any) bool { _, ok := x.(T); return ok })
}

// refusedAs waits for a refusal, and holds that it says why.
func (c *wireClient) refusedAs(what string) string {
	c.t.Helper()
	r := waitFor[*e2ee.Refused](c)
	if r.What != what || r.Why == "" {
		c.t.Errorf("refused %+v, want %s", r, what)
	}
	return r.Why
}

// over waits for the last word and the end of the connection.
func (c *wireClient) over(cause string) *e2ee.Over {
	c.t.Helper()
	o := waitFor[*e2ee.Over](c)
	if o.Cause != cause || o.Why == "" {
		c.t.Errorf("over with %+v, want %s", o, cause)
	}
	c.until("the end of the connection", func([]any) bool { return c.closed })
	return o
}

// joined posts a join and waits for it to come back.
func (c *wireClient) joined(mac []byte) (message []byte, j e2ee.J) {
	c.t.Helper()
	message, name := c.d.Join(mac, time.Now())
	c.post(message)
	waitWhere(c, func(e *e2ee.Entry) bool { return bytes.Equal(e.Message, message) })
	return message, e2ee.J(name)
}

// memory is what outlives a page.
type memory struct{ noted map[string]bool }

func (m *memory) Remember(id string) error        { m.noted[id] = true; return nil }
func (m *memory) Remembered(id string) bool       { return m.noted[id] }
func (m *memory) Meet(string, e2ee.Key) (is bool) { return false }

// participant is a whole client: the meeting core of a browser over a control session.
type participant struct {
	*wireClient
	m       *e2ee.Member
	knocked []e2ee.J
	join    []byte // the message
	secret  *e2ee.Secret
}

// participate joins a meeting as a client does.
func (w *world) participate(d *device, secret *e2ee.Secret, host bool) *participant {
	w.t.Helper()
	return w.participateAt(w.server.URL, d, secret, host)
}

func (w *world) participateAt(base string, d *device, secret *e2ee.Secret, host bool) *participant {
	w.t.Helper()
	p := &participant{secret: secret}
	p.wireClient = w.dialAt(base, d)
	m, actions, err := e2ee.NewMember(e2ee.Config{Meeting: d.Meeting, Device: d.honest, Certificate: d.Certificate, Identity: []e2ee.Key{d.identity}, Secret: secret,
		Host: host, Rand: rand.Reader, Memory: &memory{map[string]bool{}}}, now())
	must(w.t, err)
	p.mu.Lock()
	p.m = m
	p.step = func(x any) {
		if e, ok := x.(e2ee.Event); ok {
			p.act(m.Step(now(), e))
		}
	}
	p.act(actions)
	p.mu.Unlock()
	go p.tick()
	return p
}

func now() uint64 { return uint64(time.Now().UnixMilli()) }

func (p *participant) tick() {
	for range time.Tick(100 * time.Millisecond) {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return
		}
		p.act(p.m.Step(now(), e2ee.Tick{}))
		p.mu.Unlock()
	}
}

// act carries actions out; mu is held.
func (p *participant) act(actions []e2ee.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case e2ee.PostEntry:
			if msg, err := e2ee.DecodeMessage(a.Message); err == nil && msg.Kind == "join" {
				p.join = a.Message
			}
			p.post(a.Message)
		case e2ee.SendLive:
			p.send(e2ee.EncodeControl(&e2ee.LiveMessage{Signed: a.Signed}))
		case e2ee.FetchFrom:
			p.send(meetingtest.Fetch(a.From))
		case e2ee.Knock:
			p.knocked = append(p.knocked, a.Join.J)
		}
	}
}

func (p *participant) joinMessage() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.join
}

// decide is what the participant's human does.
func (p *participant) decide(e e2ee.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.act(p.m.Step(now(), e))
}

// reaches waits until the participant is in a state.
func (p *participant) reaches(s e2ee.State) {
	p.t.Helper()
	p.until("state "+string(s), func([]any) bool { return p.m.State() == s })
}

// meetingOf makes a meeting.
func (w *world) meetingOf(host account.Account, mode meeting.State, lobby bool) string {
	w.t.Helper()
	m, err := w.desk.NewMeeting(w.actor(host), "Biology")
	must(w.t, err)
	_, err = w.config.Meetings.Create(w.t.Context(), meeting.Meeting{ID: string(m.ID), Org: m.Org, Host: m.Host, Title: m.Title, Mode: mode, Lobby: lobby,
		Starts: time.Now().UTC().Truncate(time.Microsecond)})
	must(w.t, err)
	return string(m.ID)
}

func newSecret() *e2ee.Secret {
	var s e2ee.Secret
	rand.Read(s[:])
	return &s
}
