package connectortest

import (
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// Sender is somebody in the meeting who sends.
type Sender struct {
	t       testing.TB
	hall    *Hall
	seat    *seat
	room    *lksdk.Room
	streams sframe.Streams
	ctx     context.Context
}

// Sample is one encoded frame.
type Sample struct {
	Data []byte
	Key  bool
}

// Sender joins the meeting with somebody who sends until the test ends.
func (h *Hall) Sender(name string) *Sender {
	h.t.Helper()
	s := h.SeatPerson(name).(*seat)
	p := &Sender{t: h.t, hall: h, seat: s, ctx: h.t.Context()}
	url, token, err := s.Ticket(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	p.room = lksdk.NewRoom(&lksdk.RoomCallback{})
	if err := p.room.JoinWithToken(url, token, lksdk.WithAutoSubscribe(false)); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(p.room.Disconnect)
	return p
}

// Leave leaves the meeting.
func (p *Sender) Leave() {
	p.room.Disconnect()
	p.seat.Leave()
}

var capabilities = map[franking.Codec]webrtc.RTPCodecCapability{
	franking.VP8:  {MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
	franking.VP9:  {MimeType: webrtc.MimeTypeVP9, ClockRate: 90000},
	franking.Opus: {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
}

// Send sends samples over and over, one every while, and gives what stops it.
func (p *Sender) Send(codec franking.Codec, source franking.Source, samples []Sample, every time.Duration) (stop func()) {
	p.t.Helper()
	sender, err := p.streams.Sender()
	if err != nil {
		p.t.Fatal(err)
	}
	p.hall.mu.Lock()
	change := p.hall.change
	p.hall.mu.Unlock()
	if err := use(sender, change, p.seat); err != nil {
		p.t.Fatal(err)
	}
	track, err := lksdk.NewLocalTrack(capabilities[codec])
	if err != nil {
		p.t.Fatal(err)
	}
	announced := livekit.TrackSource_MICROPHONE
	if source == franking.Camera {
		announced = livekit.TrackSource_CAMERA
	}
	if _, err := p.room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{Source: announced, Encryption: livekit.Encryption_CUSTOM}); err != nil {
		p.t.Fatal(err)
	}
	write := func(sealed []byte) { _ = track.WriteSample(media.Sample{Data: sealed, Duration: every}, nil) }
	if codec == franking.VP9 { // LiveKit's own packetizer would read the sealed frame's header
		packets := rtp.NewPacketizer(1200, 0, 0, &codecs.VP9Payloader{FlexibleMode: true}, rtp.NewRandomSequencer(), 90000)
		write = func(sealed []byte) {
			for _, packet := range packets.Packetize(sealed, uint32(every.Seconds()*90000)) {
				_ = track.WriteRTP(packet, nil)
			}
		}
	}
	ctx, stop := context.WithCancel(p.ctx)
	go func() {
		start := time.Now()
		for i := 0; ctx.Err() == nil; i++ {
			s := samples[i%len(samples)]
			what := franking.Describe(codec, s.Key, source)
			at := uint64(start.Add(time.Duration(i) * every).UnixMilli())
			if sealed, err := sender.Seal(nil, at, byte(what), s.Data); err == nil {
				write(sealed)
			}
			time.Sleep(time.Until(start.Add(time.Duration(i+1) * every)))
		}
	}()
	return stop
}

// use derives a sender's keys.
func use(sender *sframe.Sender, c connector.Change, s *seat) error {
	kid := sframe.KID{Epoch: c.Epoch, Index: s.index, Stream: sender.Stream()}
	packed, err := kid.Pack()
	if err != nil {
		return err
	}
	o := franking.Origin{Meeting: Meeting, Epoch: c.Epoch, Device: s.device, Join: s.join, Stream: kid.Stream}
	base, commit, err := o.DeriveKeys(c.Key[:], franking.StandardLink(Meeting, c.Epoch))
	if err != nil {
		return err
	}
	key, err := sframe.NewKey(base[:], packed)
	if err != nil {
		return err
	}
	return sender.Use(key, franking.NewKey(o, commit))
}

// Tone is a second of a tone, as 50 frames of Opus.
func Tone(t testing.TB, hertz int) (all []Sample) {
	t.Helper()
	ogg := ffmpeg(t, "-f", "lavfi", "-i", fmt.Sprintf("sine=%d:d=1", hertz), "-af", "volume=4", "-ac", "2", "-ar", "48000", "-c:a", "libopus", "-b:a", "32k", "-f", "ogg", "-")
	for i, data := range oggPackets(ogg) {
		if i >= 2 && i < 52 { // after the two headers (RFC 7845, section 3)
			all = append(all, Sample{Data: data})
		}
	}
	return all
}

// Picture is two seconds of a test picture at 25 a second, with one key frame. codec is libvpx or libvpx-vp9.
func Picture(t testing.TB, codec string) (all []Sample) {
	t.Helper()
	ivf := ffmpeg(t, "-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=2", "-c:v", codec, "-g", "50", "-b:v", "200k", "-deadline", "realtime", "-cpu-used", "8",
		"-auto-alt-ref", "0", "-lag-in-frames", "0", "-f", "ivf", "-")
	for at := 32; at+12 <= len(ivf); { // a header of 32 bytes, and 12 before each frame
		n := int(binary.LittleEndian.Uint32(ivf[at:]))
		all = append(all, Sample{Data: ivf[at+12 : at+12+n], Key: len(all) == 0})
		at += 12 + n
	}
	return all
}

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("ffmpeg", append([]string{"-v", "error"}, args...)...).Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return out
}

// oggPackets takes an Ogg file apart (RFC 3533, section 6).
func oggPackets(b []byte) (all [][]byte) {
	var part []byte
	for len(b) >= 27 {
		table := b[27 : 27+int(b[26])]
		at := 27 + len(table)
		for _, n := range table {
			part = append(part, b[at:at+int(n)]...)
			at += int(n)
			if n < 255 {
				all, part = append(all, part), nil
			}
		}
		b = b[at:]
	}
	return all
}
