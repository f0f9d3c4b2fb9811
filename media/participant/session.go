package participant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/proffer/proffer/media/e2ee"
)

const (
	subprotocol = "proffer.meeting.v1"
	maxControl  = 2<<20 + 1024 // bytes of a message: keys for a thousand members, and what is around them
	queued      = 256          // messages that wait to be sent

	dialTime    = 10 * time.Second
	firstPause  = 250 * time.Millisecond // before a lost session is opened again; it doubles
	longest     = 8 * time.Second        // pause
	steadyAfter = 30 * time.Second       // a session that stood so long was no failure
	silentFor   = 45 * time.Second       // without a word of the server, its pings included, a session is dead
)

// session is the control session (PROTOCOL.md section 10). It opens itself again after a loss, until its context ends.
type session struct {
	link   Link
	client *http.Client
	hello  func(*e2ee.Welcome) []byte // the answer to a welcome

	in    chan any    // what came: *sessionUp, *sessionDown, and what e2ee.DecodeControl gives
	out   chan []byte // what is to be sent in the session that is up
	renew chan struct{}
}

type (
	sessionUp   struct{ Welcome *e2ee.Welcome } // hello has been sent
	sessionDown struct{ Err error }
)

func newSession(l Link, client *http.Client, hello func(*e2ee.Welcome) []byte) *session {
	return &session{link: l, client: client, hello: hello, in: make(chan any), out: make(chan []byte, queued), renew: make(chan struct{}, 1)}
}

// again makes the session end and begin anew, for a new ticket.
func (s *session) again() {
	select {
	case s.renew <- struct{}{}:
	default:
	}
}

// run keeps a session open until ctx ends.
func (s *session) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := s.once(ctx)
		s.give(ctx, &sessionDown{err})
		if time.Since(began) > steadyAfter {
			pause = firstPause
		}
		select { // a server that comes back is not to be met by everybody at once
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, longest)
	}
}

func (s *session) give(ctx context.Context, what any) {
	select {
	case s.in <- what:
	case <-ctx.Done():
	}
}

// once opens a session and stays in it until it ends.
func (s *session) once(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan struct{}, 1)
	c, err := s.dial(ctx, heard)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	welcome, err := s.greet(ctx, c)
	if err != nil {
		return err
	}
	s.drain()
	s.give(ctx, &sessionUp{welcome})
	ended := make(chan error, 2)
	go func() { ended <- s.read(ctx, c, heard) }()
	go func() { ended <- s.write(ctx, c, heard) }()
	return <-ended
}

func (s *session) dial(ctx context.Context, heard chan<- struct{}) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.link.at("session"), "http"), &websocket.DialOptions{HTTPClient: s.client,
		HTTPHeader: http.Header{"Origin": {s.link.Server}}, Subprotocols: []string{subprotocol},
		OnPingReceived: func(context.Context, []byte) bool { note(heard); return true }})
	if err != nil {
		return nil, fmt.Errorf("opening the control session: %w", err)
	}
	c.SetReadLimit(maxControl)
	if c.Subprotocol() != subprotocol {
		c.CloseNow()
		return nil, errors.New("participant: the server does not speak " + subprotocol)
	}
	return c, nil
}

// greet reads the welcome and answers it.
func (s *session) greet(ctx context.Context, c *websocket.Conn) (*e2ee.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	_, data, err := c.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the server's welcome: %w", err)
	}
	first, err := e2ee.DecodeControl(data)
	if err != nil {
		return nil, err
	}
	switch m := first.(type) {
	case *e2ee.Welcome:
		return m, c.Write(ctx, websocket.MessageBinary, s.hello(m))
	case *e2ee.Over:
		return nil, fmt.Errorf("participant: the server refuses: %.500q", m.Why)
	}
	return nil, errors.New("participant: the server's first word is no welcome")
}

// drain forgets what waited for the session before: its posts are sent again by who keeps them.
func (s *session) drain() {
	for {
		select {
		case <-s.out:
		case <-s.renew:
		default:
			return
		}
	}
}

func note(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// read passes on what comes. What is no message of the protocol is left out.
func (s *session) read(ctx context.Context, c *websocket.Conn, heard chan<- struct{}) error {
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("the control session ended: %w", err)
		}
		note(heard)
		if m, err := e2ee.DecodeControl(data); err == nil {
			s.give(ctx, m)
		}
	}
}

// write sends what is to be sent, and ends the session when nothing was heard for too long or another is wanted.
func (s *session) write(ctx context.Context, c *websocket.Conn, heard <-chan struct{}) error {
	silence := time.NewTimer(silentFor)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.renew:
			return errors.New("participant: the control session begins anew")
		case <-silence.C:
			return errors.New("participant: nothing was heard of the server for 45 seconds")
		case <-heard:
			silence.Reset(silentFor)
		case m := <-s.out:
			if err := s.one(ctx, c, m); err != nil {
				return err
			}
		}
	}
}

func (s *session) one(ctx context.Context, c *websocket.Conn, m []byte) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageBinary, m); err != nil {
		return fmt.Errorf("sending over the control session: %w", err)
	}
	return nil
}
