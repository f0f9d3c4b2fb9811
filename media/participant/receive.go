package participant

import (
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// Frame is one encoded frame of somebody that passed every check of PROTOCOL.md section 6.
type Frame struct {
	Join    e2ee.J          // whose it is, by the list and the frame's key, never by the media server's word
	Source  franking.Source // by the frame
	Codec   franking.Codec
	Key     bool   // a key frame
	Time    uint64 // of capture, in milliseconds by the sender's clock
	Stream  uint16 // frames of one stream are numbered by Counter without holes, so a hole is a loss
	Counter uint64
	Data    []byte // the encoded frame; valid until Frame returns
}

// Sink takes what was opened. Frame is called by one goroutine for each track, and must not block: what comes meanwhile is lost.
type Sink interface {
	Frame(Frame)
}

// SinkFunc is a function as a Sink.
type SinkFunc func(Frame)

// Frame calls f.
func (f SinkFunc) Frame(fr Frame) { f(fr) }

// askEvery is how often a key frame is asked for while one is needed.
const askEvery = 500 * time.Millisecond

// incoming is one track that is received: packets, made into frames, opened, and handed on.
type incoming struct {
	track    *webrtc.TrackRemote
	codec    franking.Codec
	receiver *sframe.Receiver
	ring     *keyring
	sink     Sink
	ask      func() // sends a request for a key frame
	opened   atomic.Uint64
	lied     atomic.Uint64 // frames that opened and are not what their label says
	heard    func([]byte)  // the payload of each packet; nil but in tests

	buffer []byte
	stream uint16 // of the last frame that opened
	next   uint64 // its counter plus one
	needs  bool   // a key frame, since frames are missing
	asked  time.Time
}

// codecs by the names that a track is announced with.
var codecsByName = map[string]franking.Codec{webrtc.MimeTypeVP8: franking.VP8, webrtc.MimeTypeVP9: franking.VP9, webrtc.MimeTypeOpus: franking.Opus}

// run receives until the track ends.
func (in *incoming) run() {
	defer in.receiver.Close()
	a := &assembler{codec: in.codec, emit: in.open}
	in.needs = in.codec != franking.Opus
	for {
		p, _, err := in.track.ReadRTP()
		if err != nil {
			return
		}
		if in.heard != nil {
			in.heard(p.Payload)
		}
		now := time.Now()
		a.push(p, now)
		if in.needs && now.Sub(in.asked) >= askEvery {
			in.asked = now
			in.ask()
		}
	}
}

// open opens a frame and hands it on. What has a fault is counted by the receiver, and nothing else happens.
func (in *incoming) open(sealed []byte) {
	f, err := in.receiver.Open(in.buffer[:0], sealed)
	if err != nil {
		in.needs = in.codec != franking.Opus && (in.needs || err != sframe.Injected && err != sframe.Replayed)
		return
	}
	in.buffer = f.Data
	in.ring.keep(f.KID)
	what := franking.What(f.What)
	if !labelled(what, in.codec, f.Data) {
		in.lied.Add(1)
		return
	}
	in.opened.Add(1)
	in.follow(&f, what.Key())
	in.sink.Frame(Frame{Join: f.Join, Source: what.Source(), Codec: what.Codec(), Key: what.Key(), Time: f.Time, Stream: f.Stream, Counter: f.Counter,
		Data: f.Data})
}

// labelled tells whether a frame is what its trailer says: of the codec that it came as, and a key frame if VP8 says so (RFC 6386,
// section 9.1; PROTOCOL.md section 6).
func labelled(what franking.What, came franking.Codec, data []byte) bool {
	return what.Codec() == came && (came != franking.VP8 || what.Key() == (data[0]&1 == 0))
}

// follow notes whether a decoder could go on with this frame.
func (in *incoming) follow(f *sframe.Frame, key bool) {
	switch {
	case key || in.codec == franking.Opus:
		in.needs = false
	case f.Stream != in.stream || f.Counter != in.next:
		in.needs = true
	}
	in.stream, in.next = f.Stream, f.Counter+1
}
