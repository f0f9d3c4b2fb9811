package participant

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/participant/participanttest"
	"github.com/proffer/proffer/media/sframe"
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
	people  []*peer
}

// peer is one join's media.
type peer struct {
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
	relay, err := participanttest.NewRelay(port, nil)
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
func (h *hall) add(name string) *peer {
	h.t.Helper()
	p := &peer{name: name, index: uint16(len(h.people)), seen: &seenFrames{}}
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
func (h *hall) rekey(people ...*peer) {
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
	n     atomic.Uint32
}

const patternWord = "PROFFER-TEST-PATTERN/"

func (p *pattern) Next() (Sample, error) {
	n := p.n.Add(1) - 1
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

func (h *hall) sends(p *peer) {
	h.t.Helper()
	for source, s := range map[franking.Source]Source{franking.Camera: &pattern{video: true, size: size, every: every}, franking.Microphone: &pattern{}} {
		if err := p.room.send(source, s); err != nil {
			h.t.Fatal(err)
		}
	}
}

// pictures waits until somebody has seen so many pictures of another.
func (h *hall) pictures(to, from *peer, n int) {
	h.t.Helper()
	eventually(h.t, 30*time.Second, fmt.Sprintf("%s saw %d pictures of %s", to.name, n, from.name), func() bool {
		return len(to.seen.of(from.j, franking.Camera)) >= n
	})
}

// dark is the most pictures in a row that a decoder could not show: missing ones, and those after them up to a key frame.
func dark(frames []Frame) (most int) {
	shown := -1
	for i, f := range frames {
		n := number(f)
		whole := f.Key || i > 0 && n == number(frames[i-1])+1 && shown == n-1
		if !whole {
			continue
		}
		if shown >= 0 {
			most = max(most, n-shown-1)
		}
		shown = n
	}
	return most
}

func number(f Frame) int {
	at := 3
	if f.Key {
		at = 10
	}
	return int(binary.BigEndian.Uint32(f.Data[at:]))
}

// twoSeconds is how many pictures of the pattern are 2 s of media: the longest that nothing may be seen.
const twoSeconds = 50

// TestFramesArrive: two participants, video and sound, byte for byte and in order.
func TestFramesArrive(t *testing.T) {
	h := newHall(t)
	a, b := h.add("a"), h.add("b")
	h.rekey(a, b)
	h.sends(a)
	h.sends(b)
	h.pictures(a, b, 50)
	h.pictures(b, a, 50)
	for _, way := range [][2]*peer{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		for _, source := range []franking.Source{franking.Camera, franking.Microphone} {
			frames := to.seen.of(from.j, source)
			if missing := holds(t, frames, size, every); missing > 0 || len(frames) == 0 {
				t.Errorf("%s misses %d of %d frames of source %d", to.name, missing, len(frames), source)
			}
		}
		if c := to.room.count(); c.Mislabeled > 0 || c.Refused != (sframe.Counts{}) {
			t.Errorf("%s: %+v", to.name, c)
		}
	}
	if h.relay.Passed.Load() < 200 {
		t.Error("media did not go through the relay")
	}
}

// TestLoss: one packet in ten is lost each way, and for two seconds every other one. What comes is whole and in order, and but for those two
// seconds nobody is without a picture for more than 2 s of media, also not after them.
func TestLoss(t *testing.T) {
	h := newHall(t)
	a, b := h.add("a"), h.add("b")
	h.rekey(a, b)
	camera := &pattern{video: true, size: size, every: every}
	if err := errors.Join(a.room.send(franking.Camera, camera), a.room.send(franking.Microphone, &pattern{})); err != nil {
		t.Fatal(err)
	}
	h.pictures(b, a, 1)
	h.relay.Lose(0.1)
	h.pictures(b, a, 200)
	before := len(b.seen.of(a.j, franking.Camera))
	h.relay.Lose(0.5)
	for end := camera.n.Load() + twoSeconds; camera.n.Load() < end; time.Sleep(10 * time.Millisecond) {
	}
	h.relay.Lose(0.1)
	over := int(camera.n.Load())
	h.pictures(b, a, before+200)
	frames := b.seen.of(a.j, franking.Camera)
	missing := holds(t, frames, size, every)
	holds(t, b.seen.of(a.j, franking.Microphone), size, every)
	after := slices.IndexFunc(frames, func(f Frame) bool { return number(f) >= over && f.Key })
	if d := dark(frames[:before]); d > twoSeconds {
		t.Errorf("%d pictures in a row could not be shown", d)
	}
	if d := max(number(frames[after])-over, dark(frames[after:])); d > 2*twoSeconds { // what was under way is lost as well
		t.Errorf("after the two seconds, %d pictures in a row could not be shown", d)
	}
	{
		var line []string
		for _, f := range frames[before:] {
			k := ""
			if f.Key {
				k = "K"
			}
			line = append(line, fmt.Sprintf("%d%s", number(f), k))
		}
		t.Log("over at", over, line)
	}
	t.Logf("%d packets lost of %d; %d of %d pictures missing, at most %d in a row not shown", h.relay.Dropped.Load(),
		h.relay.Passed.Load()+h.relay.Dropped.Load(), missing, len(frames)+missing, dark(frames))
	if h.relay.Dropped.Load() == 0 || missing == 0 {
		t.Error("too little was lost to say anything")
	}
}

// TestRekeyUnderLoad: a new epoch every half second while everybody sends, and the one before the last dropped.
func TestRekeyUnderLoad(t *testing.T) {
	h := newHall(t)
	a, b, c := h.add("a"), h.add("b"), h.add("c")
	h.rekey(a, b, c)
	for _, p := range h.people {
		h.sends(p)
	}
	h.pictures(b, a, 1)
	for n := range 20 {
		h.pictures(b, a, 12*n)
		h.rekey(c, b, a)
		for _, p := range h.people {
			if h.epoch > 2 {
				p.room.ring.drop(e2ee.StandardEpoch(e2ee.Grant{Meeting: h.meeting, Epoch: h.epoch - 2}).Name)
			}
		}
	}
	h.pictures(b, a, 12*20+25)
	for _, to := range h.people {
		for _, from := range h.people {
			if to == from {
				continue
			}
			frames := to.seen.of(from.j, franking.Camera)
			holds(t, frames, size, every)
			holds(t, to.seen.of(from.j, franking.Microphone), size, every)
			if d := dark(frames); d > twoSeconds || len(frames) == 0 {
				t.Errorf("of %s, %s was not shown %d pictures in a row", from.name, to.name, d)
			}
		}
		if drops := to.room.count().Unsent; drops != (sframe.Drops{}) {
			t.Errorf("%s did not send: %v", to.name, drops)
		}
	}
}

// TestRemoved: who is left out of an epoch reads no more and is not shown any more, however long it goes on sending under its old keys.
func TestRemoved(t *testing.T) {
	h := newHall(t)
	a, b, c := h.add("a"), h.add("b"), h.add("c")
	h.rekey(a, b, c)
	h.sends(a)
	h.sends(c)
	h.pictures(b, a, 5)
	h.pictures(b, c, 5)
	h.pictures(c, a, 5)
	h.rekey(a, b)
	sent, shown := len(b.seen.of(a.j, franking.Camera)), len(b.seen.of(c.j, franking.Camera))
	h.pictures(b, a, sent+75)
	if n := len(b.seen.of(c.j, franking.Camera)); n > shown {
		t.Errorf("%d pictures of who was removed were shown", n-shown)
	}
	if n := b.room.count().Refused[sframe.NoMember]; n == 0 {
		t.Error("no frame of who was removed came, so none was refused")
	}
	if n := c.room.count().Refused[sframe.NoEpoch]; n == 0 {
		t.Error("who was removed got no frame that it cannot open")
	}
	last := c.seen.of(a.j, franking.Camera)
	if f := last[len(last)-1]; number(f) > number(b.seen.of(a.j, franking.Camera)[sent])+1 {
		t.Errorf("who was removed opened picture %d", number(f))
	}
}

// TestGhost: somebody with a token of the server, but without a key of the meeting, is not shown, whoever's index it claims.
func TestGhost(t *testing.T) {
	h := newHall(t)
	a, b, ghost := h.add("a"), h.add("b"), h.add("ghost")
	h.rekey(a, b)
	h.sends(a)
	ghost.room.ring.seats(map[uint16]seat{a.index: {ghost.j, ghost.key}})
	ghost.room.ring.install(e2ee.StandardEpoch(e2ee.Grant{Meeting: h.meeting, Epoch: h.epoch, Key: h.secret(99)}))
	ghost.room.ring.send(true)
	h.sends(ghost)
	h.pictures(b, a, 75)
	c := b.room.count()
	if c.Refused[sframe.Unopened] == 0 {
		t.Errorf("no frame of the ghost came: %+v", c)
	}
	if n := len(b.seen.of(a.j, franking.Camera)) + len(b.seen.of(a.j, franking.Microphone)); n != len(b.seen.frames) {
		t.Errorf("%d frames were shown, and %d are of who is in the meeting", len(b.seen.frames), n)
	}
	if holds(t, b.seen.of(a.j, franking.Camera), size, every) > 0 || len(ghost.seen.frames) > 0 {
		t.Errorf("the ghost disturbs, or sees %d frames", len(ghost.seen.frames))
	}
}

// TestLateJoiner: who comes later sees a picture at most 2 s of media after it hears the first sound.
func TestLateJoiner(t *testing.T) {
	h := newHall(t)
	a, b := h.add("a"), h.add("b")
	h.rekey(a, b)
	h.sends(a)
	h.pictures(b, a, 30)
	c := h.add("c")
	h.rekey(a, b, c)
	h.pictures(c, a, 30)
	pictures, sounds := c.seen.of(a.j, franking.Camera), c.seen.of(a.j, franking.Microphone)
	holds(t, pictures, size, every)
	first := 0
	for !pictures[first].Key {
		first++
	}
	if wait := int64(pictures[first].Time) - int64(sounds[0].Time); wait > 2000 {
		t.Errorf("the first picture came %d ms of media after the first sound", wait)
	}
	if n := len(b.seen.of(a.j, franking.Camera)); dark(b.seen.of(a.j, franking.Camera)) > twoSeconds || n == 0 {
		t.Error("who was there before was disturbed")
	}
}
