package phone

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
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
)

// A caller is sipp (Debian's sip-tester): it speaks SIP, and plays the sound that the test wrote as a capture. What it is to hear goes to
// a socket of the test, which its description names.

// script is what a caller does.
type script struct {
	dial    string // user part of the address; "" for the telephone's own
	keys    string // digits that it presses
	hertz   float64
	law     uint8
	noKeys  bool          // the telephone has no digits
	stays   time.Duration // until it hangs up; 0: until it is shown out
	refused int           // with this status, rather than answered
	tcp     bool
	bare    bool // takes the first answer for the whole: nothing is played
}

// sipp is a call that runs.
type sipp struct {
	t     *testing.T
	ear   *net.UDPConn
	trace string
	done  chan struct{}
	err   error
	out   bytes.Buffer

	mu    sync.Mutex // over both below
	heard []int16
	marks int // packets with a marker
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

// dial makes a call.
func dial(t *testing.T, to netip.AddrPort, s script) *sipp {
	t.Helper()
	ear, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ear.Close() })
	dir := t.TempDir()
	c := &sipp{t: t, ear: ear, trace: filepath.Join(dir, "messages"), done: make(chan struct{})}
	port := ear.LocalAddr().(*net.UDPAddr).Port
	dialled, formats, events := s.dial, strconv.Itoa(int(s.law)), ""
	if dialled == "" {
		dialled = "telephone"
	}
	if !s.noKeys {
		formats, events = formats+" 101", "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n"
	}
	write(t, filepath.Join(dir, "sound.pcap"), capture(s))
	then := fmt.Sprintf("  <recv response=\"%d\"/>\n", s.refused) + strings.Replace(ack, "[branch]", "[branch-4]", 1) // of the same transaction
	if s.refused == 0 {
		then = `  <recv response="200"/>` + "\n" + ack + `  <nop><action><exec play_pcap_audio="` + filepath.Join(dir, "sound.pcap") + `"/></action></nop>` + "\n" + shownOut
		if s.stays > 0 {
			then = strings.Replace(then, shownOut, fmt.Sprintf("  <pause milliseconds=\"%d\"/>\n", s.stays.Milliseconds())+hangsUp, 1)
		}
	}
	then = strings.ReplaceAll(then, "%[1]s", dialled)
	file := filepath.Join(dir, "caller.xml")
	write(t, file, fmt.Appendf(nil, scenario, dialled, port, formats, events, then))
	transport := "u1"
	if s.tcp {
		transport = "t1"
	}
	cmd := exec.CommandContext(t.Context(), "sipp", to.String(), "-sf", file, "-m", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", strconv.Itoa(freePort(t)), "-t", transport,
		"-nostdin", "-trace_msg", "-message_file", c.trace, "-timeout", "90s", "-timeout_error")
	cmd.Stdout, cmd.Stderr = &c.out, &c.out
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatalf("sipp (Debian's sip-tester) is needed as a caller: %v", err)
	}
	go c.listen()
	go func() { c.err = cmd.Wait(); close(c.done) }()
	t.Cleanup(func() { <-c.done })
	return c
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is an even port, of which the two above are free for sipp's media, too.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port &^ 1
}

func (c *sipp) listen() {
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
		c.heard = append(c.heard, decode(p.PayloadType, p.Payload)...)
		if p.Marker {
			c.marks++
		}
		c.mu.Unlock()
	}
}

// ended waits for the end of the call, which must be as its script says, and gives all messages.
func (c *sipp) ended() string {
	c.t.Helper()
	<-c.done
	trace, _ := os.ReadFile(c.trace)
	if c.err != nil {
		c.t.Fatalf("the call did not go as it should: %v\n%s\n%s", c.err, c.out.String(), trace)
	}
	return string(trace)
}

// last is the newest of what the caller heard.
func (c *sipp) last(d time.Duration) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.heard), int(d.Seconds()*rate))
	return append([]int16{}, c.heard[len(c.heard)-n:]...)
}

// hears waits until the caller hears one tone loudly and others not.
func (c *sipp) hears(tone float64, not ...float64) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("the caller hears %v Hz and not %v", tone, not), func() bool { return clearly(c.last(time.Second), tone, not...) },
		func() string { return c.out.String() })
}

// clearly tells whether a second of sound has one tone and not others.
func clearly(sound []int16, tone float64, not ...float64) bool {
	if len(sound) < rate || strength(sound, tone) < 500 {
		return false
	}
	for _, f := range not {
		if strength(sound, f) > 100 {
			return false
		}
	}
	return true
}

// strength is the amplitude of one frequency (Goertzel).
func strength(sound []int16, hertz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hertz/rate)
	var a, b float64
	for _, x := range sound {
		a, b = float64(x)+k*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-k*a*b)) / float64(len(sound))
}

func eventually(t *testing.T, what string, ok func() bool, more func() string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s\n%s", what, more())
		}
	}
}

// capture is what a caller sends, as a pcap file: its digits, and then a minute of its tone.
func capture(s script) []byte {
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
		at += tick
	}
	for _, k := range s.keys {
		event := byte(strings.IndexRune(keys, k))
		for i := range 6 {
			end := byte(0)
			if i > 2 {
				end = 0x80
			}
			put(101, []byte{event, end | 10, 0, byte(160 * (i + 1) % 256)})
		}
		stamp += 6 * frame
	}
	p := player{beeps: []beep{{s.hertz, 3000}}}
	var sound [frame]int16
	for p.next(sound[:]) {
		put(s.law, encode(s.law, sound[:]))
		stamp += frame
	}
	return out
}
