// Package participanttest helps tests of media: a relay between participants and the media server, which loses and records packets.
package participanttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// Host is the address of loopback at which a Relay listens. A media server is made to announce it (sfu.Config.IP), and itself
// listens at the same port of the machine's other addresses, but of IPv4 alone (sfu.Config.Networks): those of IPv6 it would
// announce as they are.
const (
	Host    = "127.0.0.2"
	Network = "0.0.0.0/0"
)

// Relay forwards UDP between clients and a server's port, both ways, and on request drops some of it.
type Relay struct {
	record func(packet []byte)
	front  *net.UDPConn
	back   *net.UDPAddr
	loss   atomic.Uint32 // in 1/10,000

	Passed, Dropped atomic.Uint64 // packets

	mu      sync.Mutex // over the two below
	clients map[string]*net.UDPConn
	rng     *rand.Rand
}

// NewRelay listens at a port of Host and forwards to the same port of another address of this machine. record, if it is not nil, is given each
// packet that arrives.
func NewRelay(port int, record func(packet []byte)) (*Relay, error) {
	ip, err := outside()
	if err != nil {
		return nil, err
	}
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(Host), Port: port})
	if err != nil {
		return nil, fmt.Errorf("listening for media: %w", err)
	}
	r := &Relay{record: record, front: front, back: &net.UDPAddr{IP: ip, Port: port}, clients: map[string]*net.UDPConn{}, rng: rand.New(rand.NewPCG(1, 2))}
	go r.forward()
	return r, nil
}

// outside is the first address of this machine that is not on loopback: where LiveKit listens when it announces another.
func outside() (net.IP, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP, nil
		}
	}
	return nil, fmt.Errorf("this machine has no IPv4 address beside loopback; the relay needs one")
}

// Lose makes the relay drop this share of the packets, each way, from now on.
func (r *Relay) Lose(share float64) { r.loss.Store(uint32(share * 10_000)) }

// Close stops forwarding.
func (r *Relay) Close() {
	r.front.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.clients {
		c.Close()
	}
}

func (r *Relay) forward() {
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := r.front.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		back, err := r.client(from)
		if err == nil && r.passes(buffer[:n]) {
			_, _ = back.Write(buffer[:n])
		}
	}
}

// client is the socket that speaks to the server for a client.
func (r *Relay) client(from *net.UDPAddr) (*net.UDPConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[from.String()]; c != nil {
		return c, nil
	}
	c, err := net.DialUDP("udp4", nil, r.back)
	if err != nil {
		return nil, err
	}
	r.clients[from.String()] = c
	go r.answer(c, from)
	return c, nil
}

func (r *Relay) answer(c *net.UDPConn, to *net.UDPAddr) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if r.passes(buffer[:n]) {
			_, _ = r.front.WriteToUDP(buffer[:n], to)
		}
	}
}

func (r *Relay) passes(packet []byte) bool {
	if r.record != nil {
		r.record(packet)
	}
	r.mu.Lock()
	lost := r.rng.Uint32N(10_000) < r.loss.Load()
	r.mu.Unlock()
	if lost {
		r.Dropped.Add(1)
		return false
	}
	r.Passed.Add(1)
	return true
}
