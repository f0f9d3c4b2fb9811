package participant

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// late is how late a sample may be before the pace is taken up anew, rather than catching up in a burst.
const late = time.Second

// outgoing is one source that is sent: read at its pace, sealed frame by frame, and then cut into packets.
type outgoing struct {
	source franking.Source
	from   Source
	sender *sframe.Sender
	clock  clock
	track  *lksdk.LocalTrack
	muted  atomic.Bool
	behind atomic.Uint64 // frames that were not sent because of one before them
	gap    bool          // of run's goroutine alone: a frame was not sent, so none goes until the next key frame
	ctx    context.Context
	stop   context.CancelFunc // ends ctx, and run with it

	pub *lksdk.LocalTrackPublication // nil while not published; the room's lock is over it
}

// how a source of media is announced to LiveKit, which nobody believes.
var announced = map[franking.Source]livekit.TrackSource{
	franking.Camera: livekit.TrackSource_CAMERA, franking.Microphone: livekit.TrackSource_MICROPHONE,
	franking.Screen: livekit.TrackSource_SCREEN_SHARE, franking.ScreenSound: livekit.TrackSource_SCREEN_SHARE_AUDIO,
}

var capabilities = map[franking.Codec]webrtc.RTPCodecCapability{
	franking.VP8:  {MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
	franking.Opus: {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
}

func newOutgoing(source franking.Source, from Source, sender *sframe.Sender, c clock) (*outgoing, error) {
	track, err := lksdk.NewLocalTrack(capabilities[codecOf(source)])
	if err != nil {
		return nil, fmt.Errorf("making a track: %w", err)
	}
	o := &outgoing{source: source, from: from, sender: sender, clock: c, track: track}
	o.ctx, o.stop = context.WithCancel(context.Background())
	return o, nil
}

// announce publishes the track in a room, encrypted and without what would need the media server to read it.
func (o *outgoing) announce(in *lksdk.Room) (*lksdk.LocalTrackPublication, error) {
	return in.LocalParticipant.PublishTrack(o.track, &lksdk.TrackPublicationOptions{Source: announced[o.source],
		Encryption: livekit.Encryption_CUSTOM, DisableDTX: true})
}

// run sends until the source ends or stop is called. It goes by the clock on the wall: what is late is sent at once, and nothing drifts.
func (o *outgoing) run() {
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-timer.C:
		}
		s, err := o.from.Next()
		if err != nil {
			return
		}
		o.send(&s, due)
		if due = due.Add(s.Duration); time.Since(due) > late {
			due = time.Now()
		}
		timer.Reset(time.Until(due))
	}
}

// send seals one frame and sends it.
func (o *outgoing) send(s *Sample, due time.Time) {
	sealed, ok := o.seal(s)
	if !ok {
		return
	}
	_ = o.track.WriteSample(media.Sample{Data: sealed, Duration: s.Duration, Timestamp: due}, nil) // lost like a packet
}

// seal seals a frame that may be sent. One that cannot be sealed is not; the sender counts it. Behind a frame of video that was not sent, muted
// ones too, nothing goes until the next key frame: no receiver could see the gap (PROTOCOL.md section 6).
func (o *outgoing) seal(s *Sample) (sealed []byte, ok bool) {
	video := codecOf(o.source) == franking.VP8
	switch {
	case o.muted.Load():
		o.gap = video
		return nil, false
	case o.gap && !s.Key:
		o.behind.Add(1)
		return nil, false
	}
	what := franking.Describe(codecOf(o.source), s.Key, o.source)
	sealed, err := o.sender.Seal(nil, o.clock.now(), byte(what), s.Data)
	o.gap = err != nil && video
	return sealed, err == nil
}
