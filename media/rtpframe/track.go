package rtpframe

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// Frame is one encoded frame of somebody that passed every check of PROTOCOL.md section 6.
type Frame struct {
	Join    [32]byte        // whose it is, by the list and the frame's key, never by the media server's word
	Source  franking.Source // by the frame
	Codec   franking.Codec
	Key     bool   // a key frame
	Whole   bool   // a decoder that had the frame before can go on with this one: it is a key frame, or none was lost between
	Time    uint64 // of capture, in milliseconds by the sender's clock
	Stream  uint16 // frames of one stream are numbered by Counter without holes, so a hole is a loss
	Counter uint64
	Data    []byte // the encoded frame; good until the function that was given it returns

	Term                uint16
	Epoch               uint32
	Opening, Commitment [32]byte // what a report of the frame takes (PROTOCOL.md section 7)

	Shown bool // its stream has a stamp and may be shown (section 15); set by who watches the stamps
}

// byName is the codecs by the names that a track is announced with.
var byName = map[string]franking.Codec{"video/VP8": franking.VP8, "video/VP9": franking.VP9, "audio/opus": franking.Opus, "audio/PCMU": franking.PCMU}

// CodecOf gives the codec of a MIME type, if frames can be of it.
func CodecOf(mime string) (franking.Codec, bool) {
	c, ok := byName[mime]
	return c, ok
}

// Packets reads the packets of a track of LiveKit's.
func Packets(t *webrtc.TrackRemote) func() (*rtp.Packet, error) {
	return func() (*rtp.Packet, error) {
		p, _, err := t.ReadRTP()
		return p, err
	}
}

// askEvery is how often a key frame is asked for while one is needed.
const askEvery = 500 * time.Millisecond

// Track is one track that is received. Its fields are set before Run.
type Track struct {
	Codec    franking.Codec
	Receiver *sframe.Receiver
	Keep     func(sframe.KID) // a frame of this stream has opened: its key may be kept
	Frame    func(Frame)      // takes each frame, and must not block: what comes meanwhile is lost
	Ask      func()           // asks the sender for a key frame

	opened, lied atomic.Uint64

	buffer []byte
	stream uint16 // of the last frame that opened
	next   uint64 // its counter plus one
	needs  bool   // a key frame, since frames are missing
	asked  time.Time
}

// Opened tells how many frames were handed on, and how many opened but are not what their label says.
func (t *Track) Opened() (frames, mislabelled uint64) { return t.opened.Load(), t.lied.Load() }

// Run receives until read fails, which is the end of the track.
func (t *Track) Run(read func() (*rtp.Packet, error)) {
	defer t.Receiver.Close()
	a := NewAssembler(t.Codec, t.open)
	t.needs = !sound(t.Codec)
	for {
		p, err := read()
		if err != nil {
			return
		}
		now := time.Now()
		a.Push(p, now)
		if t.needs && now.Sub(t.asked) >= askEvery {
			t.asked = now
			t.Ask()
		}
	}
}

// open opens a frame and hands it on. What has a fault is counted by the receiver, and nothing else happens.
func (t *Track) open(sealed []byte) {
	f, err := t.Receiver.Open(t.buffer[:0], sealed)
	if err != nil {
		t.needs = !sound(t.Codec) && (t.needs || err != sframe.Injected && err != sframe.Replayed)
		return
	}
	t.buffer = f.Data
	t.Keep(f.KID)
	what := franking.What(f.What)
	if !labelled(what, t.Codec, f.Data) {
		t.lied.Add(1)
		return
	}
	t.opened.Add(1)
	t.follow(&f, what.Key())
	t.Frame(Frame{Join: f.Join, Source: what.Source(), Codec: what.Codec(), Key: what.Key(), Whole: !t.needs, Time: f.Time, Stream: f.Stream,
		Counter: f.Counter, Data: f.Data, Term: f.Term, Epoch: f.Epoch, Opening: f.Opening, Commitment: f.Commitment})
}

// labelled tells whether a frame is what its trailer says: of the codec that it came as, and a key frame if VP8 says so (RFC 6386,
// section 9.1; PROTOCOL.md section 6).
func labelled(what franking.What, came franking.Codec, data []byte) bool {
	return what.Codec() == came && (came != franking.VP8 || what.Key() == (data[0]&1 == 0))
}

// follow notes whether a decoder could go on with this frame.
func (t *Track) follow(f *sframe.Frame, key bool) {
	switch {
	case key:
		t.needs = false
	case f.Stream != t.stream || f.Counter != t.next:
		t.needs = !sound(t.Codec)
	}
	t.stream, t.next = f.Stream, f.Counter+1
}
