package connector

import (
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// Voice is what a participant says: G.711 µ-law, sealed frame by frame.
type Voice struct {
	by     *Participant
	sender *sframe.Sender
	track  *lksdk.LocalTrack
}

// Speak makes the participant heard. It is called once.
func (p *Participant) Speak() (*Voice, error) {
	p.connecting.Lock() // not while entered publishes
	defer p.connecting.Unlock()
	sender, err := p.streams.Sender()
	if err != nil {
		return nil, err
	}
	track, err := lksdk.NewLocalTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000, Channels: 1})
	if err != nil {
		return nil, fmt.Errorf("making a track: %w", err)
	}
	v := &Voice{by: p, sender: sender, track: track}
	p.ring.add(sender)
	p.mu.Lock()
	live := p.live
	p.voice = v
	p.mu.Unlock()
	if live == nil { // it will be published when there is a room again
		return v, nil
	}
	return v, v.publish(live)
}

func (v *Voice) publish(live *lksdk.Room) error {
	_, err := live.LocalParticipant.PublishTrack(v.track, &lksdk.TrackPublicationOptions{Source: livekit.TrackSource_MICROPHONE,
		Encryption: livekit.Encryption_CUSTOM, DisableDTX: true})
	if err != nil {
		return fmt.Errorf("publishing a track: %w", err)
	}
	return nil
}

// Send says one frame. level is how loud it is, in -dBov (RFC 6464). What cannot be sealed is not sent; the sender counts it.
func (v *Voice) Send(frame []byte, level uint8) {
	what := franking.Describe(franking.PCMU, false, franking.Microphone)
	sealed, err := v.sender.Seal(nil, v.by.now(), byte(what), frame)
	if err != nil {
		return
	}
	duration := time.Duration(len(frame)) * time.Second / 8000
	_ = v.track.WriteSample(media.Sample{Data: sealed, Duration: duration}, &lksdk.SampleWriteOptions{AudioLevel: &level}) // lost like a packet
}
