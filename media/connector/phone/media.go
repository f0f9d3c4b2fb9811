package phone

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/zaf/g711"
)

const (
	maxPacket   = 1500
	packetsRate = 400             // a second, of one caller: 50 are usual
	newVoice    = 2 * time.Second // after how long without a packet another source may go on
)

// media is the sound of one call, both ways.
type media struct {
	conn *net.UDPConn
	keys chan byte // digits that were pressed; what nobody takes is lost
	pace bucket    // of incoming packets

	mu       sync.Mutex // over all that follows
	offer    offer
	in       jitter
	events   events
	source   uint32 // SSRC of the packets that are taken
	heard    time.Time
	sequence uint16 // of the next packet that goes out
	stamp    uint32
	ssrc     uint32
	talking  bool // the packet before went out, and this one follows without a gap
}

// openMedia takes a port for a call.
func openMedia(ip netip.Addr, ports [2]uint16, o offer) (*media, error) {
	conn, err := listen(ip, ports)
	if err != nil {
		return nil, err
	}
	m := &media{conn: conn, offer: o, keys: make(chan byte, 32), pace: bucket{rate: packetsRate, burst: packetsRate}, sequence: uint16(rand.Uint32()), stamp: rand.Uint32(),
		ssrc: rand.Uint32()}
	go m.read()
	return m, nil
}

// listen takes a free port between two, or any one where they are 0.
func listen(ip netip.Addr, ports [2]uint16) (*net.UDPConn, error) {
	if ports[0] == 0 {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	}
	n := int(ports[1]) - int(ports[0]) + 1
	for i, first := 0, rand.IntN(n); i < n; i++ { // from somewhere: a port that was just given up may still be sent to
		port := ports[0] + uint16((first+i)%n)
		if conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, port))); err == nil {
			return conn, nil
		}
	}
	return nil, fmt.Errorf("phone: no port between %d and %d is free; give more with PROFFER_SIP_RTP", ports[0], ports[1])
}

func (m *media) port() uint16 { return uint16(m.conn.LocalAddr().(*net.UDPAddr).Port) }

func (m *media) close() { m.conn.Close() }

// change takes what the caller describes anew in a running call.
func (m *media) change(o offer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.to != m.offer.to {
		m.heard = time.Time{}
	}
	m.offer = o
}

// silent tells for how long nothing came, since then at the earliest. A caller who said so may be silent.
func (m *media) silent(since time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.offer.sends {
		return 0
	}
	if m.heard.After(since) {
		since = m.heard
	}
	return time.Since(since)
}

func (m *media) read() {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := m.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if m.pace.take(time.Now()) {
			m.receive(buffer[:n], from.Addr().Unmap())
		}
	}
}

// receive takes one packet, if it is of this call.
func (m *media) receive(b []byte, from netip.Addr) {
	var p rtp.Packet
	if err := p.Unmarshal(b); err != nil || p.Version != 2 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if from != m.offer.to.Addr() || !m.follows(p.SSRC, now) {
		return
	}
	switch {
	case p.PayloadType == m.offer.law && len(p.Payload) > 0:
		m.in.push(p.Timestamp, decode(m.offer.law, p.Payload))
	case p.PayloadType == m.offer.digits && m.offer.digits != 0:
		if d, ok := m.events.press(p.Timestamp, p.Payload); ok {
			select {
			case m.keys <- d:
			default:
			}
		}
	default:
		return
	}
	m.heard = now
}

// follows tells whether a source is the one that is heard. Another may take over when that one is silent.
func (m *media) follows(ssrc uint32, now time.Time) bool {
	if !m.heard.IsZero() && ssrc != m.source && now.Sub(m.heard) < newVoice {
		return false
	}
	if m.heard.IsZero() || ssrc != m.source {
		m.source, m.in, m.events = ssrc, jitter{}, events{}
	}
	return true
}

// voice fills a frame with what the caller says now, and tells whether there was anything.
func (m *media) voice(out []int16) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.in.pop(out)
}

// play sends a frame to the caller, if a packet has come from where it would go.
func (m *media) play(sound []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stamp += uint32(len(sound)) // time goes on, sent or not
	if m.heard.IsZero() || !m.offer.takes {
		m.talking = false
		return
	}
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: !m.talking, PayloadType: m.offer.law, SequenceNumber: m.sequence, Timestamp: m.stamp, SSRC: m.ssrc},
		Payload: encode(m.offer.law, sound)}
	m.sequence++
	m.talking = true
	if b, err := p.Marshal(); err == nil {
		_, _ = m.conn.WriteToUDPAddrPort(b, m.offer.to) // lost like a packet
	}
}

func decode(law uint8, b []byte) []int16 {
	one := g711.DecodeUlawFrame
	if law == pcma {
		one = g711.DecodeAlawFrame
	}
	out := make([]int16, len(b))
	for i, x := range b {
		out[i] = one(x)
	}
	return out
}

func encode(law uint8, sound []int16) []byte {
	one := g711.EncodeUlawFrame
	if law == pcma {
		one = g711.EncodeAlawFrame
	}
	out := make([]byte, len(sound))
	for i, x := range sound {
		out[i] = one(x)
	}
	return out
}

// level is how loud a frame is, in -dBov (RFC 6464): 0 is the loudest, 127 silence.
func level(sound []int16) uint8 {
	var sum float64
	for _, s := range sound {
		sum += float64(s) * float64(s)
	}
	rms := math.Sqrt(sum/float64(max(1, len(sound)))) / 32768
	if rms == 0 {
		return 127
	}
	return uint8(min(127, max(0, -20*math.Log10(rms))))
}
