package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"github.com/proffer/proffer/media/rtpframe"
	"github.com/proffer/proffer/media/sframe"
)

const (
	entering = 15 * time.Second // how long the media server is waited for
	giveUp   = time.Minute      // how long a lost connection is tried again
	tryAgain = time.Second
)

// Options say what a participant does with the meeting.
type Options struct {
	Video bool                 // take pictures too, and not only sound
	Frame func(rtpframe.Frame) // takes what was opened: see rtpframe.Track
	Log   *slog.Logger
}

// Participant is a connector in its meeting. Its methods may be called from many goroutines.
type Participant struct {
	seat    Seat
	options Options
	ring    *keyring
	streams sframe.Streams
	seen    sframe.Seen
	clock   time.Time
	ctx     context.Context // done when the seat is lost
	end     context.CancelFunc
	ended   chan struct{}

	connecting sync.Mutex // held while connecting, and taken before mu

	mu        sync.Mutex // over all that follows
	live      *lksdk.Room
	listening bool
	voice     *Voice
	closed    bool
}

var quiet sync.Once

// Join takes part in the meeting of a seat. Where that fails, the seat is given up.
func Join(ctx context.Context, seat Seat, o Options) (*Participant, error) {
	quiet.Do(func() { // the client's logger is one for the process, and writes to standard error
		lksdk.SetLogger(logger.LogRLogger(logr.FromSlogHandler(slog.DiscardHandler)))
	})
	p := &Participant{seat: seat, options: o, ring: newKeyring(seat.Meeting(), seat.Join()), clock: time.Now(), ended: make(chan struct{})}
	first, more := seat.Next()
	if !more {
		return nil, errors.New(seat.Why())
	}
	p.ring.apply(first)
	p.ctx, p.end = context.WithCancel(context.WithoutCancel(ctx))
	go p.follow()
	go p.stamp()
	ctx, cancel := context.WithTimeout(ctx, entering)
	defer cancel()
	if err := p.connect(ctx); err != nil {
		p.Leave()
		return nil, err
	}
	return p, nil
}

// follow applies changes until the seat is lost, and then forgets every key before anything else.
func (p *Participant) follow() {
	for {
		c, more := p.seat.Next()
		if !more {
			break
		}
		p.ring.apply(c)
	}
	p.ring.forget()
	p.end()
	p.mu.Lock()
	live := p.live
	p.closed, p.live = true, nil
	p.mu.Unlock()
	close(p.ended)
	if live != nil {
		live.Disconnect()
	}
}

// Ended is closed when the seat is lost. No key is held any more then.
func (p *Participant) Ended() <-chan struct{} { return p.ended }

// Why tells, once Ended is closed, why.
func (p *Participant) Why() string { return p.seat.Why() }

// Join is what stands for the connector's J.
func (p *Participant) Join() [32]byte { return p.seat.Join() }

// Name is what the roster calls a join; "" if it is not there.
func (p *Participant) Name(join [32]byte) string { return p.ring.name(join) }

// Leave gives the seat up.
func (p *Participant) Leave() { p.seat.Leave() }

// Listen makes the participant take the others' media from now on, or no more. Without it, it takes none.
func (p *Participant) Listen(on bool) {
	p.mu.Lock()
	p.listening = on
	live := p.live
	p.mu.Unlock()
	if live != nil {
		p.subscribeAll(live)
	}
}

func (p *Participant) subscribeAll(live *lksdk.Room) {
	for _, from := range live.GetRemoteParticipants() {
		for _, pub := range from.TrackPublications() {
			if pub, ok := pub.(*lksdk.RemoteTrackPublication); ok {
				p.subscribe(pub)
			}
		}
	}
}

// subscribe asks for a track, if it is one to be taken.
func (p *Participant) subscribe(pub *lksdk.RemoteTrackPublication) {
	if pub.Kind() != lksdk.TrackKindAudio && !p.options.Video {
		return
	}
	p.mu.Lock()
	on := p.listening
	p.mu.Unlock()
	if on != pub.IsSubscribed() {
		_ = pub.SetSubscribed(on) // fails when the connection is lost, and then everything is done anew
	}
}

// connect enters LiveKit's room.
func (p *Participant) connect(ctx context.Context) error {
	p.connecting.Lock()
	defer p.connecting.Unlock()
	url, token, err := p.seat.Ticket(ctx)
	if err != nil {
		return fmt.Errorf("taking a ticket for the media server: %w", err)
	}
	var live *lksdk.Room
	live = lksdk.NewRoom(&lksdk.RoomCallback{
		OnDisconnected: func() { p.disconnected(live) },
		ParticipantCallback: lksdk.ParticipantCallback{
			OnTrackPublished: func(pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) { p.subscribe(pub) },
			OnTrackSubscribed: func(t *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
				p.subscribed(live, t, from)
			},
		},
	})
	if err := live.JoinWithContextAndToken(ctx, url, token, lksdk.WithAutoSubscribe(false), lksdk.WithDisableRegionDiscovery()); err != nil {
		return fmt.Errorf("entering the media server's room: %w", err)
	}
	return p.entered(live)
}

// entered takes up in a new room what was going on.
func (p *Participant) entered(live *lksdk.Room) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		live.Disconnect()
		return errors.New(p.seat.Why())
	}
	p.live = live
	voice := p.voice
	p.mu.Unlock()
	p.subscribeAll(live)
	if voice == nil {
		return nil
	}
	err := voice.publish(live)
	if err != nil {
		p.mu.Lock()
		p.live = nil // so that its end is no loss
		p.mu.Unlock()
		live.Disconnect()
	}
	return err
}

// disconnected connects again, unless that was meant.
func (p *Participant) disconnected(live *lksdk.Room) {
	p.mu.Lock()
	mine := p.live == live && !p.closed
	if mine {
		p.live = nil
	}
	p.mu.Unlock()
	if mine {
		go p.reconnect()
	}
}

func (p *Participant) reconnect() {
	ctx, cancel := context.WithTimeout(p.ctx, giveUp)
	defer cancel()
	for {
		err := p.connect(ctx)
		if err == nil {
			return
		}
		p.options.Log.Warn("a connector lost the media server and tries again", "meeting", p.seat.Meeting(), "err", err)
		select {
		case <-time.After(tryAgain):
		case <-ctx.Done():
			p.Leave()
			return
		}
	}
}

// subscribed receives a track. Whose it is, its first frame tells.
func (p *Participant) subscribed(live *lksdk.Room, track *webrtc.TrackRemote, from *lksdk.RemoteParticipant) {
	codec, ok := rtpframe.CodecOf(track.Codec().MimeType)
	if !ok {
		p.options.Log.Warn("a track of an unknown codec is not received", "codec", track.Codec().MimeType)
		return
	}
	receiver := sframe.NewReceiver(p.ring, &p.seen, false)
	receiver.IgnoreInjected(live.SifTrailer())
	t := &rtpframe.Track{Codec: codec, Receiver: receiver, Keep: p.ring.keep, Frame: p.options.Frame, Ask: func() { from.WritePLI(track.SSRC()) }}
	go t.Run(rtpframe.Packets(track))
}

// now is the sender's time (PROTOCOL.md section 6): read once and carried on by a monotonic clock, in milliseconds.
func (p *Participant) now() uint64 { return uint64(p.clock.Add(time.Since(p.clock)).UnixMilli()) }
