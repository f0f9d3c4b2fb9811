package phone

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/proffer/proffer/media/connector/connectortest"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

const goodOffer = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

func TestOffer(t *testing.T) {
	o, err := readOffer([]byte(goodOffer))
	if err != nil || o.to != netip.MustParseAddrPort("192.0.2.7:4000") || o.law != pcma || o.digits != 101 || !o.sends || !o.takes {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err = readOffer([]byte(goodOffer + "a=sendonly\r\n")); err != nil || !o.sends || o.takes {
		t.Errorf("on hold: %+v, %v", o, err)
	}
	o, err = readOffer([]byte(strings.Replace(goodOffer, "m=audio", "m=video 5000 RTP/AVP 96\r\nm=audio", 1)))
	if err != nil || !strings.Contains(string(o.answer(netip.MustParseAddrPort("[2001:db8::1]:6000"), 1, 2)), "m=video 0 RTP/AVP 96\r\nm=audio 6000 RTP/AVP 8 101\r\n") {
		t.Errorf("with video: %+v, %v", o, err)
	}
	for name, change := range map[string][2]string{
		"a name for an address": {"c=IN IP4 192.0.2.7", "c=IN IP4 victim.example"},
		"many":                  {"c=IN IP4 192.0.2.7", "c=IN IP4 224.0.0.1"},
		"anywhere":              {"c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0"},
		"no port":               {"m=audio 4000", "m=audio 0"},
		"encrypted":             {"RTP/AVP", "RTP/SAVP"},
		"another codec":         {"8 0 101", "9 101"},
		"video only":            {"m=audio", "m=video"},
	} {
		if o, err := readOffer([]byte(strings.ReplaceAll(goodOffer, change[0], change[1]))); err == nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if _, err := readOffer(nil); err == nil {
		t.Error("no description is one")
	}
}

// FuzzOffer: what is read can be answered, and the answer says what it should and nothing that the caller put in.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(goodOffer))
	f.Add([]byte(strings.Replace(goodOffer, "m=audio", "m=video 5000/2 RTP/AVP 96\r\nm=audio", 1)))
	at := netip.MustParseAddrPort("198.51.100.1:7000")
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := readOffer(b)
		if err != nil {
			return
		}
		if o.to.Port() == 0 || !o.to.IsValid() || o.to.Addr().IsMulticast() || len(o.before)+len(o.after) >= maxMedia {
			t.Errorf("%+v", o)
		}
		answer := o.answer(at, 1, 1)
		again, err := readOffer(answer)
		if err != nil || again.to != at || again.law != o.law || again.digits != o.digits || again.takes != o.takes || again.sends != o.sends {
			t.Errorf("%q is answered by %q: %v", b, answer, err)
		}
	})
}

func TestJitter(t *testing.T) {
	sound := func(n int) []int16 { return slices.Repeat([]int16{int16(n)}, frame) }
	play := func(j *jitter) (all []int16) {
		out := make([]int16, frame)
		for range 8 {
			j.pop(out)
			all = append(all, out[0])
		}
		return all
	}
	for name, c := range map[string]struct {
		packets []int // by their number, as they come
		want    []int16
	}{
		"in order":        {[]int{1, 2, 3, 4}, []int16{0, 0, 0, 1, 2, 3, 4, 0}},
		"out of order":    {[]int{1, 3, 2, 4}, []int16{0, 0, 0, 1, 2, 3, 4, 0}},
		"one is lost":     {[]int{1, 3, 4}, []int16{0, 0, 0, 1, 0, 3, 4, 0}},
		"one comes twice": {[]int{1, 2, 2, 3}, []int16{0, 0, 0, 1, 2, 3, 0, 0}},
		"too much":        {[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []int16{10, 11, 12, 0, 0, 0, 0, 0}},
		"begun anew":      {[]int{1, 2, 10000, 10001}, []int16{0, 0, 0, 10000, 10001, 0, 0, 0}},
		"from before":     {[]int{10000, 1, 2, 3}, []int16{0, 0, 0, 1, 2, 3, 0, 0}},
	} {
		var j jitter
		for _, n := range c.packets {
			j.push(uint32(n)*frame-77, sound(n)) // 77: numbers need not begin anywhere
		}
		if got := play(&j); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestJitterLate: a clock that is slower than ours, or a longer way from now on, costs a little and does not silence.
func TestJitterLate(t *testing.T) {
	var j jitter
	out := make([]int16, frame)
	heard := 0
	for i := range uint32(100) {
		if i > 10 {
			j.push((i-8)*frame, slices.Repeat([]int16{1}, frame)) // 160 ms later than before
		} else {
			j.push(i*frame, slices.Repeat([]int16{1}, frame))
		}
		if j.pop(out) && out[0] == 1 {
			heard++
		}
	}
	if heard < 80 {
		t.Errorf("%d of 100 frames were heard", heard)
	}
}

func TestDigits(t *testing.T) {
	var e events
	var got []byte
	for _, p := range []struct {
		stamp uint32
		event byte
	}{{100, 4}, {100, 4}, {100, 4}, {900, 4}, {900, 4}, {1700, 11}, {900, 4}, {2500, 16}, {3300, 0}} {
		if d, ok := e.press(p.stamp, []byte{p.event, 10, 0, 160}); ok {
			got = append(got, d)
		}
	}
	if string(got) != "44#0" {
		t.Errorf("pressed %q", got)
	}
}

// FuzzDigits: any packet of digits is a digit or none.
func FuzzDigits(f *testing.F) {
	f.Add(uint32(1), []byte{1, 10, 0, 160})
	f.Fuzz(func(t *testing.T, stamp uint32, b []byte) {
		var e events
		if d, ok := e.press(stamp, b); ok != (len(b) == 4 && b[0] < 16) || ok && !strings.ContainsRune(keys, rune(d)) {
			t.Errorf("%x is %q, %v", b, d, ok)
		}
		if _, again := e.press(stamp, b); again {
			t.Error("it counts twice")
		}
	})
}

// FuzzRTP: whatever comes as a packet, the call goes on, and holds no more than it may.
func FuzzRTP(f *testing.F) {
	good, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 1, Timestamp: 1, SSRC: 1}, Payload: make([]byte, frame)}).Marshal()
	f.Add(good, good)
	from := netip.MustParseAddr("192.0.2.7")
	f.Fuzz(func(t *testing.T, one, two []byte) {
		m := &media{offer: offer{to: netip.AddrPortFrom(from, 4000), digits: 101, sends: true}, keys: make(chan byte, 1)}
		m.receive(one, netip.MustParseAddr("192.0.2.8"))
		if !m.heard.IsZero() {
			t.Fatal("a stranger is heard")
		}
		out := make([]int16, frame)
		for range 3 {
			m.receive(one, from)
			m.receive(two, from)
			m.voice(out)
		}
	})
}

const goodMessage = "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.7>;tag=1\r\nTo: <sip:x@192.0.2.1>\r\n" +
	"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"

func TestDoor(t *testing.T) {
	d := newDoor([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")})
	for addr, want := range map[string]bool{"192.0.2.7:5060": true, "[::ffff:192.0.2.7]:5060": true, "[2001:db8::1%eth0]:1": true, "198.51.100.1:5060": false, "[::1]:5060": false} {
		if got := d.admits(net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr))); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if !d.reads([]byte(goodMessage)) {
		t.Fatal("a good message is refused")
	}
	for _, line := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		if d.reads([]byte(strings.Replace(goodMessage, "\r\n"+line+":", "\r\nX-"+line+":", 1))) {
			t.Errorf("a message without %s goes on", line)
		}
	}
	if d.reads([]byte(strings.Replace(goodMessage, "1 OPTIONS", "1 INVITE", 1))) || d.reads([]byte(strings.ReplaceAll(goodMessage, "OPTIONS", "INVITE"))) {
		t.Error("a message of another method, or an INVITE without Contact, goes on")
	}
}

func TestStream(t *testing.T) {
	read := func(s string) string {
		b, err := readMessage(bufio.NewReader(strings.NewReader(s)))
		if err != nil {
			return "-"
		}
		return string(b)
	}
	withBody := strings.Replace(goodMessage, "Content-Length: 0\r\n\r\n", "l : 3\r\n\r\nabc", 1)
	for s, want := range map[string]string{goodMessage + "rest": goodMessage, "\r\n\r\n" + goodMessage: goodMessage, withBody + "rest": withBody, withBody[:len(withBody)-1]: "-",
		strings.Replace(goodMessage, "Content-Length: 0", "Content-Length: 0\r\nl: 4", 1): "-", strings.Replace(goodMessage, "Content-Length: 0", "Content-Length: -1", 1): "-",
		strings.Replace(goodMessage, "Content-Length: 0", "Content-Length: 65000", 1): "-", strings.Replace(goodMessage, "Content-Length: 0\r\n", "", 1): "-",
		"A: " + strings.Repeat("x", maxMessage) + "\r\n\r\n": "-"} {
		if got := read(s); got != want {
			t.Errorf("%.300q is read as %.300q", s, got)
		}
	}
}

// FuzzStream: what is read of a connection is one message, and reading it again gives the same.
func FuzzStream(f *testing.F) {
	f.Add([]byte(goodMessage))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readMessage(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		again, err := readMessage(bufio.NewReader(bytes.NewReader(m)))
		if err != nil || !bytes.Equal(again, m) || len(m) > maxMessage {
			t.Errorf("%q, then %q, %v", m, again, err)
		}
	})
}

// FuzzReads: no message makes the check itself panic.
func FuzzReads(f *testing.F) {
	f.Add([]byte(goodMessage))
	d := newDoor(loopback)
	f.Fuzz(func(t *testing.T, b []byte) { d.reads(b) })
}

func TestBucket(t *testing.T) {
	b := bucket{rate: 10, burst: 3}
	now := time.Now()
	for i := range 5 {
		if b.take(now) != (i < 3) {
			t.Errorf("event %d", i)
		}
	}
	if !b.full(now) || b.full(now.Add(150*time.Millisecond)) || !b.take(now.Add(150*time.Millisecond)) || b.take(now.Add(150*time.Millisecond)) {
		t.Error("it does not empty as it should")
	}
}

// TestSpeaker decodes what ffmpeg made, with losses, and survives what no encoder made.
func TestSpeaker(t *testing.T) {
	s, err := newSpeaker()
	if err != nil {
		t.Fatal(err)
	}
	var heard []int16
	hear := func(data []byte, counter uint64) {
		s.take(rtpframe.Frame{Codec: franking.Opus, Stream: 1, Counter: counter, Data: data})
		var sum [frame]int32
		s.add(sum[:])
		for _, x := range sum {
			heard = append(heard, int16(x))
		}
	}
	for i, p := range connectortest.Tone(t, 440) {
		if i%10 != 3 {
			hear(p.Data, uint64(i))
		}
	}
	if got := connectortest.Strength(heard[frame*10:frame*40], 440); got < 2000 {
		t.Errorf("440 Hz is %v", got)
	}
	for n := range 2000 {
		hear(bytes.Repeat([]byte{byte(n), byte(n >> 3), 0xff}, n%50), uint64(100+n))
		if len(s.sound) > stored+longest {
			t.Fatalf("%d samples are held", len(s.sound))
		}
	}
}

// FuzzSpeaker: nothing that opens makes the decoder take the server with it.
func FuzzSpeaker(f *testing.F) {
	f.Add([]byte{0xfc, 1, 2, 3}, []byte{0x08, 1, 2, 3})
	f.Fuzz(func(t *testing.T, one, two []byte) {
		s, err := newSpeaker()
		if err != nil {
			t.Fatal(err)
		}
		var sum [frame]int32
		for i, b := range [][]byte{one, two, one} {
			s.take(rtpframe.Frame{Codec: franking.Opus, Counter: uint64(i), Data: b})
			s.add(sum[:])
		}
	})
}

func TestLevel(t *testing.T) {
	if got := level(make([]int16, frame)); got != 127 {
		t.Errorf("silence is %d", got)
	}
	if got := level(slices.Repeat([]int16{math.MinInt16}, frame)); got != 0 {
		t.Errorf("the loudest is %d", got)
	}
}

func TestPlain(t *testing.T) {
	if got := plain("It’s over:\r\nX-Evil: \"1\" ü"); strings.ContainsAny(got, "\r\n\"ü") || !strings.HasPrefix(got, "It's over:") {
		t.Errorf("%q", got)
	}
}

// BenchmarkSpeaker is ten seconds of one microphone, decoded once for all the callers of a meeting.
func BenchmarkSpeaker(b *testing.B) {
	s, err := newSpeaker()
	if err != nil {
		b.Fatal(err)
	}
	tone := connectortest.Tone(b, 440)
	var sum [frame]int32
	b.ResetTimer()
	for i := range b.N * 500 {
		s.take(rtpframe.Frame{Codec: franking.Opus, Stream: 1, Counter: uint64(i), Data: tone[i%len(tone)].Data})
		s.add(sum[:])
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*500), "µs/frame")
	b.ReportMetric(float64(b.Elapsed())/float64(b.N*500)/float64(tick), "x_real-time")
}
