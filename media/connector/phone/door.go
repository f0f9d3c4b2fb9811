package phone

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	maxMessage = 16 << 10 // bytes of a SIP message
	perSecond  = 200      // messages, of all trunks together
	maxConns   = 32       // TCP connections
	idle       = 15 * time.Minute
)

// door lets in what comes from a trunk, reads as a SIP message and has what the SIP library relies on, and no more of it than perSecond.
type door struct {
	trunks []netip.Prefix
	pace   bucket
	parser *sip.Parser
}

func newDoor(trunks []netip.Prefix) *door {
	return &door{trunks: trunks, pace: bucket{rate: perSecond, burst: perSecond}, parser: sip.NewParser()}
}

// admits tells whether an address is a trunk's.
func (d *door) admits(a net.Addr) bool {
	at, err := netip.ParseAddrPort(a.String())
	return err == nil && slices.ContainsFunc(d.trunks, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap().WithZone("")) })
}

// reads tells whether a whole message may go on to the SIP library, which answers some malformed ones by a panic in a goroutine of its own.
func (d *door) reads(message []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	m, err := d.parser.ParseSIP(bytes.Clone(message))
	if err != nil {
		return false
	}
	switch m := m.(type) {
	case *sip.Request:
		return headed(m.Via(), m.From(), m.To(), m.CallID(), m.CSeq()) && m.CSeq().MethodName == m.Method &&
			(m.Method != sip.INVITE || m.Contact() != nil)
	case *sip.Response:
		return headed(m.Via(), m.From(), m.To(), m.CallID(), m.CSeq())
	}
	return false
}

// headed tells whether the headers are there that RFC 3261, section 8.1.1, demands.
func headed(via *sip.ViaHeader, from *sip.FromHeader, to *sip.ToHeader, call *sip.CallIDHeader, seq *sip.CSeqHeader) bool {
	return via != nil && via.Host != "" && from != nil && from.Params.Has("tag") && to != nil && call != nil && *call != "" && seq != nil
}

// filter is the door for datagrams, on whatever socket the SIP library has; of connections it lets those of trunks be.
func (d *door) filter(from sip.TransportReadProps, data []byte) ([]byte, error) {
	if !d.admits(from.RemoteAddr) {
		return nil, nil
	}
	if from.Transport == "UDP" && (len(data) > maxMessage || !d.pace.take(time.Now()) || !d.reads(data)) {
		return nil, nil
	}
	return data, nil
}

// streams is a door for connections.
type streams struct {
	net.Listener
	*door
	places chan struct{}
}

func (s streams) Accept() (net.Conn, error) {
	for {
		c, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !s.admits(c.RemoteAddr()) {
			c.Close()
			continue
		}
		select {
		case s.places <- struct{}{}:
			return &stream{Conn: c, door: s.door, in: bufio.NewReader(c), leave: sync.OnceFunc(func() { <-s.places })}, nil
		default:
			c.Close()
		}
	}
}

// stream is a connection that gives whole messages which may go on.
type stream struct {
	net.Conn
	*door
	in    *bufio.Reader
	rest  []byte
	leave func()
}

var errStream = errors.New("phone: what came over this connection is no SIP message")

func (s *stream) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		if err := s.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return 0, err
		}
		message, err := readMessage(s.in)
		if err != nil {
			return 0, err
		}
		if !s.pace.take(time.Now()) || !s.reads(message) {
			return 0, errStream
		}
		s.rest = message
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stream) Close() error {
	s.leave()
	return s.Conn.Close()
}

// readMessage reads one message: its head, and as much body as its one Content-Length says (RFC 3261, section 18.3).
func readMessage(in *bufio.Reader) ([]byte, error) {
	var message []byte
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(message) == 0 && len(bytes.TrimRight(line, "\r\n")) == 0 { // keeps the connection alive (RFC 5626, section 3.5.1)
			continue
		}
		message = append(message, line...)
		if len(message) > maxMessage {
			return nil, errStream
		}
		if string(line) == "\r\n" {
			break
		}
		if l, is := contentLength(line); is {
			if length >= 0 || l < 0 {
				return nil, errStream
			}
			length = l
		}
	}
	if length < 0 || len(message)+length > maxMessage {
		return nil, errStream
	}
	head := len(message)
	message = append(message, make([]byte, length)...)
	_, err := io.ReadFull(in, message[head:])
	return message, err
}

// contentLength reads a line of the head, if it says how long the body is; -1 is no length.
func contentLength(line []byte) (length int, is bool) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	name = bytes.ToLower(bytes.TrimSpace(name))
	if string(name) != "content-length" && string(name) != "l" {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 16)
	if err != nil {
		return -1, true
	}
	return int(n), true
}

// bucket lets burst events happen at once, and rate a second in the long run.
type bucket struct {
	rate, burst float64

	mu    sync.Mutex // over both below
	spent float64
	last  time.Time
}

// take counts an event, and tells whether it may happen.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain(now)
	if b.spent+1 > b.burst {
		return false
	}
	b.spent++
	return true
}

// full tells whether the next event could not happen.
func (b *bucket) full(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain(now)
	return b.spent+1 > b.burst
}

func (b *bucket) drain(now time.Time) {
	b.spent = max(0, b.spent-b.rate*max(0, now.Sub(b.last).Seconds()))
	b.last = now
}
