package participant

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/participant/participanttest"
	"github.com/proffer/proffer/media/sfu"
)

// The media path over a real LiveKit, with epochs that the test hands out: no board and no control session.

// hall is a media server behind a relay, and a meeting in it.
type hall struct {
	t       *testing.T
	server  *sfu.Server
	relay   *participanttest.Relay
	url     string
	meeting string
	epoch   uint64
	people  []*person
}

// person is one join's media.
type person struct {
	name  string
	j     e2ee.J
	key   e2ee.Key
	index uint16
	room  *room
	seen  *seenFrames
}

func newHall(t *testing.T) *hall {
	t.Helper()
	port := freeUDP(t)
	relay, err := participanttest.NewRelay(port)
	if err != nil {
		t.Fatal(err)
	}
	server, err := sfu.Start(t.Context(), sfu.Config{IP: participanttest.Host, UDP: port, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Handler("/livekit"))
	h := &hall{t: t, server: server, relay: relay, url: strings.Replace(front.URL, "http", "ws", 1) + "/livekit", meeting: "M-3K9QA-77ZPW"}
	t.Cleanup(func() {
		for _, p := range h.people {
			p.room.close()
		}
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Log(err)
		}
		front.Close()
		relay.Close()
	})
	return h
}

// freeUDP is a port that is free at this moment, on every address.
func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// add makes a join's media, and connects it.
func (h *hall) add(name string) *person {
	h.t.Helper()
	p := &person{name: name, index: uint16(len(h.people)), seen: &seenFrames{}}
	rand.Read(p.j[:])
	rand.Read(p.key[:])
	p.room = newRoom(newKeyring(h.meeting, p.j), false, p.seen, slog.New(slog.DiscardHandler), func() {})
	h.people = append(h.people, p)
	token, err := h.server.Ticket(h.meeting, fmt.Sprintf("%x", p.j[:16]))
	if err != nil {
		h.t.Fatal(err)
	}
	if err := p.room.connect(h.t.Context(), h.url, token); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// secret is the key of an epoch.
func (h *hall) secret(epoch uint64) e2ee.Secret {
	return sha256.Sum256(fmt.Appendf(nil, "%s %d", h.meeting, epoch))
}

// rekey gives the people named the next epoch, and nobody else.
func (h *hall) rekey(people ...*person) {
	h.epoch++
	members := map[uint16]seat{}
	for _, p := range people {
		members[p.index] = seat{p.j, p.key}
	}
	for _, p := range people {
		p.room.ring.seats(members)
		p.room.ring.install(e2ee.StandardEpoch(e2ee.Grant{Meeting: h.meeting, Epoch: h.epoch, Key: h.secret(h.epoch)}))
		p.room.ring.send(true)
	}
}

// seenFrames is a Sink that keeps everything.
type seenFrames struct {
	mu     sync.Mutex
	frames []Frame
	at     []time.Time
}

func (s *seenFrames) Frame(f Frame) {
	f.Data = bytes.Clone(f.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames, s.at = append(s.frames, f), append(s.at, time.Now())
}

// of gives the frames of one join and source so far.
func (s *seenFrames) of(j e2ee.J, source franking.Source) []Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Frame
	for _, f := range s.frames {
		if f.Join == j && f.Source == source {
			out = append(out, f)
		}
	}
	return out
}

// pattern is a known test pattern: frames that say their number, in bytes that are found nowhere else.
type pattern struct {
	video bool
	size  int // of a frame of video; key frames have four times that
	every int // a key frame
	n     uint32
}

const patternWord = "PROFFER-TEST-PATTERN/"

func (p *pattern) Next() (Sample, error) {
	n := p.n
	p.n++
	if !p.video {
		return Sample{Data: sound(n), Duration: 20 * time.Millisecond}, nil
	}
	return Sample{Data: picture(n, p.size, n%uint32(p.every) == 0), Key: n%uint32(p.every) == 0, Duration: 40 * time.Millisecond}, nil
}

// sound is frame n of the pattern's sound.
func sound(n uint32) []byte {
	return fill(binary.BigEndian.AppendUint32([]byte{0xfc}, n), n, 120) // 0xfc: Opus, CELT, 20 ms, one frame (RFC 6716, section 3.1)
}

// picture is frame n of the pattern's video, with the header that VP8 demands (RFC 6386, section 9.1) and no picture in it.
func picture(n uint32, size int, key bool) []byte {
	if !key {
		return fill(binary.BigEndian.AppendUint32([]byte{0x31, 0x02, 0x00}, n), n, size)
	}
	return fill(binary.BigEndian.AppendUint32([]byte{0x30, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00}, n), n, 4*size)
}

func fill(b []byte, n uint32, size int) []byte {
	for len(b) < size {
		b = fmt.Appendf(b, "%s%08d/", patternWord, n)
	}
	return b[:size]
}

// eventually waits for something that takes a while.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain until %s", within, what)
		}
	}
}

// holds checks frames against the pattern: byte for byte, in order, each once. It gives how many numbers are missing between them.
func holds(t *testing.T, frames []Frame, size, every int) (missing int) {
	t.Helper()
	last := -1
	for _, f := range frames {
		video := f.Source == franking.Camera || f.Source == franking.Screen
		at := 1
		switch {
		case video && f.Key:
			at = 10
		case video:
			at = 3
		}
		n := binary.BigEndian.Uint32(f.Data[at:])
		want := sound(n)
		if video {
			want = picture(n, size, n%uint32(every) == 0)
		}
		if !bytes.Equal(f.Data, want) {
			t.Fatalf("frame %d of source %d is not what was sent", n, f.Source)
		}
		if int(n) <= last {
			t.Fatalf("frame %d of source %d came after frame %d", n, f.Source, last)
		}
		if last >= 0 {
			missing += int(n) - last - 1
		}
		last = int(n)
	}
	return missing
}

const size, every = 1500, 25

func (h *hall) sends(p *person) {
	h.t.Helper()
	for source, s := range map[franking.Source]Source{franking.Camera: &pattern{video: true, size: size, every: every}, franking.Microphone: &pattern{}} {
		if err := p.room.send(source, s); err != nil {
			h.t.Fatal(err)
		}
	}
}

// TestFramesArrive: two participants, video and sound, byte for byte and in order.
func TestFramesArrive(t *testing.T) {
	h := newHall(t)
	a, b := h.add("a"), h.add("b")
	h.rekey(a, b)
	h.sends(a)
	h.sends(b)
	for _, way := range [][2]*person{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		eventually(t, 20*time.Second, "50 pictures and 100 sounds came", func() bool {
			return len(to.seen.of(from.j, franking.Camera)) >= 50 && len(to.seen.of(from.j, franking.Microphone)) >= 100
		})
		for source, least := range map[franking.Source]int{franking.Camera: 50, franking.Microphone: 100} {
			frames := to.seen.of(from.j, source)
			if missing := holds(t, frames, size, every); missing > 0 {
				t.Errorf("%s misses %d of %d frames of source %d", to.name, missing, len(frames), source)
			}
			_ = least
		}
		if c := to.room.count(); c.Mislabeled > 0 {
			t.Errorf("%+v", c)
		}
		t.Logf("%s: %+v", to.name, to.room.count())
	}
}
