package phone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/connector/connectortest"
)

// nobody is a Meetings that seats nobody: these calls do not come so far.
type nobody struct{ t *testing.T }

func (n nobody) Sit(context.Context, string, connector.Kind, string) (connector.Seat, error) {
	n.t.Error("somebody is seated")
	return nil, context.Canceled
}

// TestWrongPIN: three wrong PINs end a call, a wrong one that is dialled is no number, and many turn everybody away.
func TestWrongPIN(t *testing.T) {
	s := start(t, nobody{t}, nil)
	c := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: "0000000000" + "1111111111" + "42#", Hertz: 1000})
	if trace := c.Ended(); !strings.Contains(trace, `cause=403 ;text="No running meeting has this PIN"`) {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
	if connectortest.Dial(t, s.Addr(), connectortest.Script{Dial: "0000000000", Refused: 404}).Ended(); s.wrong.full(time.Now()) {
		t.Error("four wrong PINs turn everybody away")
	}
	for range wrongPINs {
		s.find(t.Context(), "2222222222")
	}
	if trace := connectortest.Dial(t, s.Addr(), connectortest.Script{Refused: 503}).Ended(); !strings.Contains(trace, "Too many wrong PINs") {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
	if _, ok := s.find(t.Context(), thePIN); ok {
		t.Error("the right PIN counts while it could have been guessed")
	}
}

// TestRefused: what cannot be taken is refused in words, and takes no place.
func TestRefused(t *testing.T) {
	s := start(t, nobody{t}, func(c *Config) { c.Calls = 1 })
	if trace := connectortest.Dial(t, s.Addr(), connectortest.Script{NoKeys: true, Refused: 488}).Ended(); !strings.Contains(trace, "sends no digits") {
		t.Error(trace)
	}
	if trace := connectortest.Dial(t, s.Addr(), connectortest.Script{Law: 9, Refused: 488}).Ended(); !strings.Contains(trace, "G.711") {
		t.Error(trace)
	}
	one := connectortest.Dial(t, s.Addr(), connectortest.Script{Hertz: 1000, Stays: 3 * time.Second})
	one.Hears(880) // the tone that asks for the PIN, for a moment
	if trace := connectortest.Dial(t, s.Addr(), connectortest.Script{Refused: 486}).Ended(); !strings.Contains(trace, "All lines are busy") {
		t.Error(trace)
	}
	one.Ended()
	connectortest.Eventually(t, "the place is free again", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.places == 0 && len(s.running) == 0 }, func() string { return "" })
}

// TestHangsUp: a caller who hangs up is out of the meeting.
func TestHangsUp(t *testing.T) {
	h := connectortest.NewHall(t)
	s := start(t, h, nil)
	c := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN, Hertz: 1000, Stays: 6 * time.Second})
	connectortest.Eventually(t, "the caller is in", func() bool { return len(h.Names()) == 1 }, func() string { return c.Said() })
	c.Ended()
	connectortest.Eventually(t, "the caller is out", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(h.Names()) == 0 && s.places == 0 && len(s.bridges) == 0
	}, func() string { return "" })
}

// TestLobby: a caller who has to be let in hears that it waits, and may hang up meanwhile.
func TestLobby(t *testing.T) {
	h := connectortest.NewHall(t)
	let := h.Lobby()
	s := start(t, h, nil)
	one := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN, Hertz: 1000})
	two := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN, Hertz: 700, Stays: 5 * time.Second})
	connectortest.Eventually(t, "the caller hears that it waits", func() bool { return connectortest.Strength(one.Last(time.Second), 440) > 500 }, one.Said)
	two.Ended()
	if names := h.Names(); len(names) != 0 {
		t.Errorf("in the meeting: %v", names)
	}
	let()
	connectortest.Eventually(t, "the caller is in", func() bool { return len(h.Names()) == 1 }, one.Said)
	h.Upgrade("over")
	one.Ended()
}

// TestRekey: a caller hears and is heard across a change of the key, and when the caller whose line hears for all has gone.
func TestRekey(t *testing.T) {
	h := connectortest.NewHall(t)
	s := start(t, h, nil)
	one := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN, Hertz: 1000, Stays: 8 * time.Second})
	connectortest.Eventually(t, "one caller is in", func() bool { return len(h.Names()) == 1 }, func() string { return one.Said() })
	two := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN, Hertz: 700})
	two.Hears(1000, 700)
	h.Rekey()
	singer := h.Sender("Singer")
	singer.Send(1<<1|1, 1, connectortest.Tone(t, 440), 20*time.Millisecond) // Opus of a microphone
	l := listens(t, h)
	one.Ended()
	two.Hears(440, 700, 1000)
	l.hears(t, 700)
	h.Upgrade("over")
	two.Ended()
}

// raw is a caller who writes its own messages.
type raw struct {
	t    *testing.T
	conn net.PacketConn
	to   net.Addr
}

func newRaw(t *testing.T, to netip.AddrPort, from string) *raw {
	t.Helper()
	conn, err := net.ListenPacket("udp4", from+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, to: net.UDPAddrFromAddrPort(to)}
}

func (r *raw) send(message string) {
	r.t.Helper()
	if _, err := r.conn.WriteTo([]byte(strings.ReplaceAll(message, "##", r.conn.LocalAddr().String())), r.to); err != nil {
		r.t.Fatal(err)
	}
}

// answer waits for a final answer.
func (r *raw) answer() *sip.Response {
	r.t.Helper()
	b := make([]byte, 1<<16)
	for {
		if err := r.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			r.t.Fatal(err)
		}
		n, _, err := r.conn.ReadFrom(b)
		if err != nil {
			r.t.Fatal(err)
		}
		m, err := sip.NewParser().ParseSIP(b[:n])
		if res, ok := m.(*sip.Response); err == nil && ok && !res.IsProvisional() {
			return res
		}
	}
}

func request(method, id, tag, seq, body string) string {
	return fmt.Sprintf("%s sip:telephone@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP ##;branch=z9hG4bK%s%s%s\r\nFrom: <sip:a@##>;tag=a\r\nTo: <sip:telephone@127.0.0.1>%s\r\nCall-ID: %s\r\n"+
		"CSeq: %s %s\r\nContact: <sip:a@##>\r\nMax-Forwards: 70\r\nContent-Length: %d\r\n\r\n%s", method, method, id, seq, tag, id, seq, method, len(body), body)
}

// TestHold: a caller who holds the call hears nothing and stays; one who moves its sound is heard from there.
func TestHold(t *testing.T) {
	s := start(t, nobody{t}, nil)
	r := newRaw(t, s.Addr(), "127.0.0.1")
	ear := newRaw(t, s.Addr(), "127.0.0.1")
	here := fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", ear.conn.LocalAddr().(*net.UDPAddr).Port)
	r.send(request("INVITE", "1", "", "1", here))
	res := r.answer()
	if res.StatusCode != 200 {
		t.Fatal(res)
	}
	tag, _ := res.To().Params.Get("tag")
	r.send(request("ACK", "1", ";tag="+tag, "1", ""))
	o, err := readOffer(res.Body())
	if err != nil {
		t.Fatal(err)
	}
	ear.to = net.UDPAddrFromAddrPort(o.to)
	p := packet(1)
	quiet := func() {
		t.Helper()
		if err := ear.conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1500)
		for n := 0; ; n++ {
			if _, _, err := ear.conn.ReadFrom(b); err != nil {
				return
			}
			if n > 20 {
				t.Fatal("sound is sent that nobody should get")
			}
		}
	}
	loud := func() {
		t.Helper()
		ear.send(string(p))
		if err := ear.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, _, err := ear.conn.ReadFrom(make([]byte, 1500)); err != nil {
				t.Fatal(err)
			}
		}
	}
	quiet() // nothing has come from there yet
	loud()
	r.send(request("INVITE", "1", ";tag="+tag, "2", here+"a=inactive\r\n"))
	if res := r.answer(); res.StatusCode != 200 || !strings.Contains(string(res.Body()), "a=inactive") {
		t.Error(res)
	}
	quiet()
	r.send(request("INVITE", "1", ";tag="+tag, "3", here))
	if res := r.answer(); res.StatusCode != 200 || !strings.Contains(string(res.Body()), "a=sendrecv") {
		t.Error(res)
	}
	loud()
	r.send(request("INVITE", "1", ";tag="+tag, "4", "nonsense"))
	if res := r.answer(); res.StatusCode != 488 {
		t.Error(res)
	}
	r.send(request("INVITE", "2", ";tag="+tag, "5", here))
	if res := r.answer(); res.StatusCode != 481 {
		t.Error(res)
	}
	r.send(request("BYE", "2", ";tag="+tag, "6", ""))
	if res := r.answer(); res.StatusCode != 481 {
		t.Error(res)
	}
	r.send(request("REFER", "1", ";tag="+tag, "7", ""))
	if res := r.answer(); res.StatusCode != 405 {
		t.Error(res)
	}
	r.send(request("OPTIONS", "3", "", "8", ""))
	if res := r.answer(); res.StatusCode != 200 {
		t.Error(res)
	}
	r.send(request("BYE", "1", ";tag="+tag, "9", ""))
	if res := r.answer(); res.StatusCode != 200 {
		t.Error(res)
	}
}

// packet is a packet of silence.
func packet(n byte) []byte {
	return append([]byte{0x80, 0, 0, n, 0, 0, n, 0, 0, 0, 0, 1}, slices.Repeat([]byte{0xff}, frame)...)
}

// TestStrangers: who is no trunk gets no answer, over UDP and TCP.
func TestStrangers(t *testing.T) {
	s := start(t, nobody{t}, func(c *Config) { c.Trunks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	stranger, friend := newRaw(t, s.Addr(), "127.0.0.2"), newRaw(t, s.Addr(), "127.0.0.1")
	stranger.send(request("OPTIONS", "1", "", "1", ""))
	friend.send(request("OPTIONS", "2", "", "1", ""))
	if res := friend.answer(); res.StatusCode != 200 {
		t.Error(res)
	}
	if err := stranger.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := stranger.conn.ReadFrom(make([]byte, 1500)); err == nil {
		t.Errorf("a stranger got %d bytes", n)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte(strings.ReplaceAll(request("OPTIONS", "1", "", "1", ""), "UDP", "TCP")))
	if n, err := c.Read(make([]byte, 1500)); err == nil {
		t.Errorf("a stranger got %d bytes over TCP", n)
	}
}

// TestFlood: nonsense, real calls whose callers never answer, and sound from everywhere, all as fast as it goes: the server lives, holds
// no more than it may, and takes calls afterwards.
func TestFlood(t *testing.T) {
	s := start(t, nobody{t}, func(c *Config) { c.Calls = 5 })
	r := newRaw(t, s.Addr(), "127.0.0.1")
	before := runtime.NumGoroutine()
	seeds := []string{request("INVITE", "9", "", "1", goodOffer), request("BYE", "9", ";tag=x", "2", ""), request("CANCEL", "9", "", "1", ""),
		request("ACK", "9", "", "1", ""), "SIP/2.0 200 OK\r\n" + strings.SplitN(request("BYE", "9", "", "2", ""), "\r\n", 2)[1]}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		m := []byte(strings.ReplaceAll(seeds[rng.IntN(len(seeds))], "9", fmt.Sprint(i)))
		for range rng.IntN(4) {
			switch at := rng.IntN(len(m)); rng.IntN(3) {
			case 0:
				m[at] = byte(rng.Uint32())
			case 1:
				m = m[:at+1]
			case 2:
				m = append(m[:at:at], m[at+min(len(m)-at, rng.IntN(20)):]...)
			}
			if len(m) == 0 {
				m = []byte{0}
			}
		}
		_, _ = r.conn.WriteTo(m, r.to)
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	s.mu.Lock()
	places := s.places
	s.mu.Unlock()
	if places > 5 {
		t.Errorf("%d calls at once", places)
	}
	time.Sleep(time.Second) // the pace allows messages again
	if got := runtime.NumGoroutine() - before; got > 3000 {
		t.Errorf("%d goroutines", got)
	}
	f := newRaw(t, s.Addr(), "127.0.0.1")
	f.send(request("OPTIONS", "after", "", "1", ""))
	if res := f.answer(); res.StatusCode != 200 {
		t.Error(res)
	}
}
