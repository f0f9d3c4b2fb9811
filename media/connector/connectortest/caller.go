package connectortest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/zaf/g711"
)

// Script is what a caller does.
type Script struct {
	Dial    string        // user part of the address; "" for the telephone's own
	Keys    string        // digits that it presses
	Hertz   float64       // of the tone that it sings
	Law     uint8         // payload type: 0 µ-law, 8 A-law
	NoKeys  bool          // the telephone has no digits
	Stays   time.Duration // until it hangs up; 0: until it is shown out
	Refused int           // with this status, rather than answered
	TCP     bool
}

// Caller is somebody on the telephone: sipp (Debian's sip-tester), which speaks SIP and plays sound that the test wrote as a capture. What
// it is to hear goes to a socket of the test, which its description names. Captures go out through a raw socket, which takes root or CAP_NET_RAW.
type Caller struct {
	t     testing.TB
	ear   *net.UDPConn
	trace string
	done  chan struct{}
	err   error
	said  string // file of what sipp says

	mu    sync.Mutex // over heard
	heard []int16
}

var scenario = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
INVITE sip:%[1]s@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Caller" <sip:+4930555%04[2]d@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:%[1]s@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio %[2]d RTP/AVP %[3]s
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
%[4]sa=sendrecv

]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
%[5]s</scenario>
`

const ack = `  <send><![CDATA[
ACK sip:%[1]s@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
`

const hangsUp = `  <send retrans="500"><![CDATA[
BYE sip:proffer@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
`

const shownOut = `  <recv request="BYE"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
`

// Dial makes a call.
func Dial(t testing.TB, to netip.AddrPort, s Script) *Caller {
	t.Helper()
	ear, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ear.Close() })
	dir := t.TempDir()
	c := &Caller{t: t, ear: ear, trace: filepath.Join(dir, "messages"), said: filepath.Join(dir, "said"), done: make(chan struct{})}
	port := ear.LocalAddr().(*net.UDPAddr).Port
	dialled, formats, events := s.Dial, strconv.Itoa(int(s.Law)), ""
	if dialled == "" {
		dialled = "telephone"
	}
	if !s.NoKeys {
		formats, events = formats+" 101", "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n"
	}
	write(t, filepath.Join(dir, "sound.pcap"), capture(s))
	then := fmt.Sprintf("  <recv response=\"%d\"/>\n", s.Refused) + strings.Replace(ack, "[branch]", "[branch-4]", 1) // of the same transaction
	if s.Refused == 0 {
		then = `  <recv response="200"/>` + "\n" + ack + `  <nop><action><exec play_pcap_audio="` + filepath.Join(dir, "sound.pcap") + `"/></action></nop>` + "\n" + shownOut
		if s.Stays > 0 {
			then = strings.Replace(then, shownOut, fmt.Sprintf("  <pause milliseconds=\"%d\"/>\n", s.Stays.Milliseconds())+hangsUp, 1)
		}
	}
	then = strings.ReplaceAll(then, "%[1]s", dialled)
	file := filepath.Join(dir, "caller.xml")
	write(t, file, fmt.Appendf(nil, scenario, dialled, port, formats, events, then))
	transport := "u1"
	if s.TCP {
		transport = "t1"
	}
	cmd := exec.CommandContext(t.Context(), "sipp", to.String(), "-sf", file, "-m", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", strconv.Itoa(freePort(t)), "-t", transport,
		"-nostdin", "-trace_msg", "-message_file", c.trace, "-timeout", "90s", "-timeout_error")
	out, err := os.Create(c.said)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatalf("sipp (Debian's sip-tester) is needed as a caller: %v", err)
	}
	go c.listen()
	go func() { c.err = cmd.Wait(); close(c.done) }()
	t.Cleanup(func() { <-c.done })
	return c
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Port is a port of loopback that is free for UDP and TCP, and that nobody is given who asks for any: those come from 32768 on.
func Port(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		udp, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer udp.Close()
		if tcp, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			tcp.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// freePort is an even port, of which the two above are free for sipp's media, too.
func freePort(t testing.TB) int {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port &^ 1
}

func (c *Caller) listen() {
	b := make([]byte, 1500)
	for {
		n, err := c.ear.Read(b)
		if err != nil {
			return
		}
		var p rtp.Packet
		if p.Unmarshal(b[:n]) != nil {
			continue
		}
		c.mu.Lock()
		for _, x := range p.Payload {
			if p.PayloadType == 8 {
				c.heard = append(c.heard, g711.DecodeAlawFrame(x))
			} else {
				c.heard = append(c.heard, g711.DecodeUlawFrame(x))
			}
		}
		c.mu.Unlock()
	}
}

// Ended waits for the end of the call, which must be as its script says, and gives all messages.
func (c *Caller) Ended() string {
	c.t.Helper()
	<-c.done
	trace, _ := os.ReadFile(c.trace)
	if c.err != nil {
		c.t.Fatalf("the call did not go as it should: %v\n%s\n%s", c.err, c.Said(), trace)
	}
	return string(trace)
}

// Last is the newest of what the caller heard.
func (c *Caller) Last(d time.Duration) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.heard), int(d.Seconds()*rate))
	return append([]int16{}, c.heard[len(c.heard)-n:]...)
}

// Hears waits until the caller hears one tone loudly and others not.
func (c *Caller) Hears(tone float64, not ...float64) {
	c.t.Helper()
	Eventually(c.t, fmt.Sprintf("the caller hears %v Hz and not %v", tone, not), func() bool { return Clearly(c.Last(time.Second), tone, not...) },
		c.Said)
}

// Clearly tells whether a second of sound has one tone and not others.
func Clearly(sound []int16, tone float64, not ...float64) bool {
	if len(sound) < rate || Strength(sound, tone) < 500 {
		return false
	}
	for _, f := range not {
		if Strength(sound, f) > 100 {
			return false
		}
	}
	return true
}

// Sound is 16-bit samples at 8 kHz, in frames of 20 ms.
const (
	rate  = 8000
	frame = rate / 50
)

// Strength is the amplitude of one frequency (Goertzel).
func Strength(sound []int16, hertz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hertz/rate)
	var a, b float64
	for _, x := range sound {
		a, b = float64(x)+k*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-k*a*b)) / float64(len(sound))
}

// Eventually waits for something that takes a while; more tells what else there is to know where it does not come.
func Eventually(t testing.TB, what string, ok func() bool, more func() string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s\n%s", what, more())
		}
	}
}

// capture is what a caller sends, as a pcap file: its digits, and then a minute of its tone.
func capture(s Script) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = binary.LittleEndian.AppendUint32(out, 1<<16)
	out = binary.LittleEndian.AppendUint32(out, 1) // Ethernet
	seq, stamp, at := uint16(1), uint32(8000), time.Duration(0)
	put := func(kind uint8, payload []byte) {
		b, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: kind, SequenceNumber: seq, Timestamp: stamp, SSRC: 7}, Payload: payload}).Marshal()
		seq++
		frame := append(make([]byte, 12), 8, 0)
		frame = append(frame, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
		binary.BigEndian.PutUint16(frame[16:], uint16(28+len(b)))
		frame = append(frame, 0, 9, 0, 9)
		frame = binary.BigEndian.AppendUint16(frame, uint16(8+len(b)))
		frame = append(append(frame, 0, 0), b...)
		for _, v := range []int{int(at / time.Second), int(at % time.Second / time.Microsecond), len(frame), len(frame)} {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		}
		out = append(out, frame...)
		at += 20 * time.Millisecond
	}
	for _, k := range s.Keys {
		event := byte(strings.IndexRune("0123456789*#", k))
		for i := range 6 {
			end := byte(0)
			if i > 2 {
				end = 0x80
			}
			put(101, []byte{event, end | 10, 0, byte(160 * (i + 1) % 256)})
		}
		stamp += 6 * frame
	}
	for i := range 3000 {
		sound := make([]byte, frame)
		for j := range sound {
			x := int16(6000 * math.Sin(2*math.Pi*s.Hertz*float64(i*frame+j)/rate))
			if sound[j] = g711.EncodeUlawFrame(x); s.Law == 8 {
				sound[j] = g711.EncodeAlawFrame(x)
			}
		}
		put(s.Law, sound)
		stamp += frame
	}
	return out
}

// Said is what sipp has to say of the call.
func (c *Caller) Said() string {
	b, _ := os.ReadFile(c.said)
	return string(b)
}
