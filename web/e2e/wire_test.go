package e2e

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is the network between the browsers and the server, which a test can make slow and cut.
type wire struct {
	up   atomic.Int64 // bytes that went to the server
	rate atomic.Int64 // bytes a second to the server on each connection; 0 for no limit
	down atomic.Bool  // nobody gets through

	to    string
	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
}

// startBehind starts a server that is reached through a wire only.
func startBehind(t testing.TB, env ...string) (*server, *wire) {
	t.Helper()
	w := &wire{to: "127.0.0.1:" + freePort(t), conns: map[net.Conn]bool{}}
	s := start(t, append(env, "PROFFER_ADDR="+w.to)...)
	l, err := net.Listen("tcp", "127.0.0.1:"+s.URL[strings.LastIndex(s.URL, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); w.cut() })
	go w.serve(l)
	return s, w
}

func (w *wire) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // the test is over
		}
		go w.carry(c)
	}
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	if w.down.Load() {
		return
	}
	s, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer s.Close()
	for _, x := range []net.Conn{c, s} {
		w.mu.Lock()
		w.conns[x] = true
		w.mu.Unlock()
		defer func() { w.mu.Lock(); delete(w.conns, x); w.mu.Unlock() }()
	}
	go func() {
		io.Copy(c, s)
		c.Close() // so that the other direction ends too
	}()
	io.Copy(s, &metered{w, c})
}

// cut breaks every connection and lets none through until mend.
func (w *wire) cut() {
	w.down.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func (w *wire) mend() { w.down.Store(false) }

// metered counts what goes up and holds it back to the wire's rate.
type metered struct {
	w *wire
	r io.Reader
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p[:min(len(p), 32<<10)])
	m.w.up.Add(int64(n))
	if rate := m.w.rate.Load(); rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
	return n, err
}
