package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/proffer/proffer/media/connector"
)

// PINLength is how many digits the PIN of a meeting has.
const PINLength = 10

// Config says how the telephone is reached, and what it leads to.
type Config struct {
	Addr   string         // host and port of SIP, over UDP and TCP
	Number string         // that people dial, or several, comma-separated; for people, and so that none is taken for a PIN
	Trunks []netip.Prefix // who may call
	IP     netip.Addr     // that callers are told to send sound to; zero for the one by which each reaches this machine
	Ports  [2]uint16      // of sound, from and to; 0 for any
	Calls  int            // at once

	Meetings connector.Meetings
	// Find gives the running meeting of a PIN.
	Find func(ctx context.Context, pin string) (meeting string, ok bool)
	Log  *slog.Logger
}

// wrongPINs is how many wrong PINs are taken at once, and how many a minute in the long run. With more, all calls are turned away.
const (
	wrongPINs      = 60
	wrongPerMinute = 60
)

// Server answers the telephone.
type Server struct {
	config Config
	addr   netip.AddrPort // where it listens
	door   *door
	wrong  bucket // PINs
	ua     *sipgo.UserAgent
	client *sipgo.Client
	closed context.Context
	close  context.CancelFunc
	socket []interface{ Close() error }
	calls  sync.WaitGroup

	mu      sync.Mutex       // over all that follows
	running map[string]*call // by the dialog's identifier
	places  int              // that are taken
	bridges map[string]*bridge
	users   map[*bridge]int
}

// Start answers calls from now on.
func Start(c Config) (*Server, error) {
	s := &Server{config: c, door: newDoor(c.Trunks), wrong: bucket{rate: wrongPerMinute / 60., burst: wrongPINs},
		running: map[string]*call{}, bridges: map[string]*bridge{}, users: map[*bridge]int{}}
	s.closed, s.close = context.WithCancel(context.Background())
	udp, tcp, err := listenBoth(c.Addr)
	if err != nil {
		return nil, err
	}
	s.addr = udp.LocalAddr().(*net.UDPAddr).AddrPort()
	s.socket = append(s.socket, udp, tcp)
	if err := s.serve(udp, streams{tcp, s.door, make(chan struct{}, maxConns)}); err != nil {
		udp.Close()
		tcp.Close()
		return nil, fmt.Errorf("phone: making the SIP server: %w", err)
	}
	return s, nil
}

// listenBoth listens at one port over UDP and TCP.
func listenBoth(addr string) (net.PacketConn, net.Listener, error) {
	for try := 0; ; try++ {
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, nil, fmt.Errorf("phone: listening for calls: %w", err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		tcp.Close()
		if try == 10 { // any free port may be free for one of them only
			return nil, nil, fmt.Errorf("phone: listening for calls: %w", err)
		}
	}
}

func (s *Server) serve(udp net.PacketConn, tcp net.Listener) error {
	quiet := slog.New(slog.DiscardHandler) // it writes down whole messages of whoever sends some
	sip.SetDefaultLogger(quiet)
	var err error
	s.ua, err = sipgo.NewUA(sipgo.WithUserAgent("Proffer"), sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet),
		sip.WithTransportLayerReadFilter(s.door.filter)), sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return err
	}
	if s.client, err = sipgo.NewClient(s.ua, sipgo.WithClientLogger(quiet)); err != nil {
		return err
	}
	server, err := sipgo.NewServer(s.ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return err
	}
	server.OnInvite(s.invite)
	server.OnAck(s.ack)
	server.OnBye(s.bye)
	server.OnOptions(s.options)
	go func() { _ = server.ServeUDP(udp) }() // both end when their sockets are closed
	go func() { _ = server.ServeTCP(tcp) }()
	return nil
}

// Addr is where calls are taken.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close ends all calls, and then answers no more.
func (s *Server) Close(ctx context.Context) error {
	s.close()
	done := make(chan struct{})
	go func() { s.calls.Wait(); close(done) }()
	var errs []error
	select {
	case <-done:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("phone: ending the calls: %w", ctx.Err()))
	}
	for _, c := range s.socket {
		errs = append(errs, c.Close())
	}
	return errors.Join(append(errs, s.ua.Close())...)
}

// take takes one of the places for calls.
func (s *Server) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places >= s.config.Calls || s.closed.Err() != nil {
		return false
	}
	s.places++
	s.calls.Add(1)
	return true
}

func (s *Server) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places--
	s.calls.Done()
}

// keep makes a call known by its dialog.
func (s *Server) keep(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[c.dialog.ID] = c
}

func (s *Server) forget(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, c.dialog.ID)
}

// of is the call that a request is about.
func (s *Server) of(req *sip.Request) *call {
	id, err := sip.DialogIDFromRequestUAS(req)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}

// bridge gives the bridge of a meeting, which exists as long as somebody uses it.
func (s *Server) bridge(meeting string) (b *bridge, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b = s.bridges[meeting]; b == nil {
		b = newBridge()
		s.bridges[meeting] = b
	}
	s.users[b]++
	return b, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.users[b]--; s.users[b] == 0 {
			delete(s.users, b)
			delete(s.bridges, meeting)
		}
	}
}

// find gives the meeting of a PIN, and counts wrong ones.
func (s *Server) find(ctx context.Context, pin string) (meeting string, ok bool) {
	if s.wrong.full(time.Now()) {
		return "", false
	}
	if meeting, ok = s.config.Find(ctx, pin); !ok {
		s.wrong.take(time.Now())
	}
	return meeting, ok
}

// here is this machine's address, as a caller reaches it.
func (s *Server) here(caller string) (netip.Addr, error) {
	if at := s.addr.Addr(); !at.IsUnspecified() {
		return at.Unmap(), nil
	}
	c, err := net.Dial("udp", caller) // sends nothing
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
