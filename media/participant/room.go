package participant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
	"github.com/proffer/proffer/media/sframe"
)

// room is one join's media: what it sends and receives over LiveKit, which changes its rooms' insides at will and is believed nothing.
type room struct {
	ring    *keyring
	streams *sframe.Streams
	seen    *sframe.Seen
	clock   clock
	sink    Sink   // nil: nothing is received
	lost    func() // the connection is over, and will not come back by itself
	log     *slog.Logger
	heard   func([]byte) // the payload of each packet that is received; nil but in tests

	connecting sync.Mutex // held while joining, and taken before mu

	mu       sync.Mutex // over all that follows
	live     *lksdk.Room
	e2ee     bool // receivers refuse the server's key
	sending  map[franking.Source]*outgoing
	incoming map[*rtpframe.Track]bool
	counts   Counts // of tracks that have ended
	closed   bool
}

// Counts is what happened to frames, for people who want to know why something is missing.
type Counts struct {
	Opened      uint64        // frames that were handed on
	Refused     sframe.Counts // frames that were not, by sframe.Fault
	Mislabelled uint64        // frames that opened and are not what they say
	Unsent      sframe.Drops  // frames that were not sent, by sframe.Drop
	Behind      uint64        // frames of video that were not sent because one before them was not, until the next key frame
}

func (c *Counts) add(in *rtpframe.Track) {
	opened, mislabelled := in.Opened()
	c.Opened += opened
	c.Mislabelled += mislabelled
	for f, n := range in.Receiver.Counts() {
		c.Refused[f] += n
	}
}

func (c *Counts) sent(o *outgoing) {
	for d, n := range o.sender.Drops() {
		c.Unsent[d] += n
	}
	c.Behind += o.behind.Load()
}

var (
	errClosed = errors.New("participant: the meeting is over for this participant")
	errTwice  = errors.New("participant: this source is sent already; stop it first")
)

func newRoom(ring *keyring, e2ee bool, sink Sink, log *slog.Logger, lost func()) *room {
	return &room{ring: ring, streams: &sframe.Streams{}, seen: &sframe.Seen{}, clock: newClock(), sink: sink, lost: lost, log: log, e2ee: e2ee,
		sending: map[franking.Source]*outgoing{}, incoming: map[*rtpframe.Track]bool{}}
}

var quiet sync.Once

// quieten keeps LiveKit's client, whose logger is one for the process, from writing to standard error.
func quieten() {
	quiet.Do(func() { lksdk.SetLogger(logger.LogRLogger(logr.FromSlogHandler(slog.DiscardHandler))) })
}

// connect enters LiveKit's room, and publishes what is sent. It does nothing while it is well in one; one that tries to come back is left
// for the new one, since the server of its ticket may be gone.
func (r *room) connect(ctx context.Context, url, token string) error {
	quieten()
	r.connecting.Lock()
	defer r.connecting.Unlock()
	if r.settled() {
		return nil
	}
	var live *lksdk.Room
	live = lksdk.NewRoom(&lksdk.RoomCallback{
		OnDisconnected: func() { r.disconnected(live) },
		OnReconnecting: func() { go r.reconnecting(live) },
		ParticipantCallback: lksdk.ParticipantCallback{OnTrackSubscribed: func(t *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
			r.subscribed(live, t, from)
		}},
	})
	err := live.JoinWithContextAndToken(ctx, url, token, lksdk.WithAutoSubscribe(r.sink != nil), lksdk.WithDisableRegionDiscovery())
	if err != nil {
		return fmt.Errorf("entering the media server's room: %w", err)
	}
	return r.entered(live)
}

// settled tells whether there is a connection that stands, and leaves one that does not.
func (r *room) settled() bool {
	r.mu.Lock()
	old := r.live
	if old != nil && old.ConnectionState() == lksdk.ConnectionStateConnected {
		r.mu.Unlock()
		return true
	}
	r.live = nil
	r.mu.Unlock()
	if old != nil {
		old.Disconnect()
	}
	return false
}

// entered publishes everything that is sent, in a new room.
func (r *room) entered(live *lksdk.Room) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		live.Disconnect()
		return errClosed
	}
	r.live = live
	var all []*outgoing
	for _, o := range r.sending {
		all = append(all, o)
	}
	r.mu.Unlock()
	for _, o := range all {
		if err := r.announce(live, o); err != nil { // all is tried again in another room
			r.mu.Lock()
			r.live = nil
			r.mu.Unlock()
			live.Disconnect()
			return err
		}
	}
	return nil
}

func (r *room) announce(live *lksdk.Room, o *outgoing) error {
	pub, err := o.announce(live)
	if err != nil {
		return fmt.Errorf("publishing a track: %w", err)
	}
	r.mu.Lock()
	o.pub = pub
	stopped := r.sending[o.source] != o
	r.mu.Unlock()
	pub.SetMuted(o.muted.Load())
	if stopped { // meanwhile
		return live.LocalParticipant.UnpublishTrack(pub.SID())
	}
	return nil
}

// reconnecting leaves a room whose connection broke: LiveKit's own way back sometimes stands without media, and a new ticket never does.
func (r *room) reconnecting(live *lksdk.Room) {
	live.Disconnect()
	r.disconnected(live)
}

func (r *room) disconnected(live *lksdk.Room) {
	r.mu.Lock()
	mine := r.live == live && !r.closed
	if mine {
		r.live = nil
	}
	r.mu.Unlock()
	if mine {
		r.lost()
	}
}

// subscribed receives a track. Whose it is, its first frame tells.
func (r *room) subscribed(live *lksdk.Room, track *webrtc.TrackRemote, from *lksdk.RemoteParticipant) {
	codec, ok := rtpframe.CodecOf(track.Codec().MimeType)
	if !ok {
		r.log.Warn("a track of an unknown codec is not received", "codec", track.Codec().MimeType)
		return
	}
	r.mu.Lock()
	receiver := sframe.NewReceiver(r.ring, r.seen, r.e2ee)
	receiver.IgnoreInjected(live.SifTrailer())
	in := &rtpframe.Track{Codec: codec, Receiver: receiver, Keep: r.ring.keep, Frame: r.sink.Frame, Ask: func() { from.WritePLI(track.SSRC()) }}
	r.incoming[in] = true
	read := r.overheard(rtpframe.Packets(track))
	r.mu.Unlock()
	go func() {
		in.Run(read)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.incoming, in)
		r.counts.add(in)
	}()
}

// overheard lets tests see what is received. It is called with mu held.
func (r *room) overheard(read func() (*rtp.Packet, error)) func() (*rtp.Packet, error) {
	heard := r.heard
	if heard == nil {
		return read
	}
	return func() (*rtp.Packet, error) {
		p, err := read()
		if err == nil {
			heard(p.Payload)
		}
		return p, err
	}
}

// send begins to send a source, on the next stream of this join.
func (r *room) send(source franking.Source, from Source) error {
	r.connecting.Lock() // not while entered publishes
	defer r.connecting.Unlock()
	sender, err := r.streams.Sender()
	if err != nil {
		return err
	}
	o, err := newOutgoing(source, from, sender, r.clock)
	if err != nil {
		return err
	}
	r.mu.Lock()
	live := r.live
	switch {
	case r.closed:
		err = errClosed
	case r.sending[source] != nil:
		err = errTwice
	default:
		r.sending[source] = o
	}
	r.mu.Unlock()
	if err != nil {
		o.stop()
		return err
	}
	r.ring.add(sender)
	go o.run()
	if live == nil {
		return nil
	}
	return r.announce(live, o)
}

// stop ends a source.
func (r *room) stop(source franking.Source) {
	r.mu.Lock()
	o, live := r.sending[source], r.live
	delete(r.sending, source)
	var pub *lksdk.LocalTrackPublication
	if o != nil {
		r.unsent(o)
		pub = o.pub
	}
	r.mu.Unlock()
	if o == nil {
		return
	}
	o.stop()
	r.ring.remove(o.sender)
	if live != nil && pub != nil {
		_ = live.LocalParticipant.UnpublishTrack(pub.SID()) // the media server notices without it, too
	}
}

// mute stops a source's frames, and tells others that this is meant.
func (r *room) mute(source franking.Source, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.sending[source]
	if o == nil {
		return
	}
	o.muted.Store(on)
	if o.pub != nil {
		o.pub.SetMuted(on)
	}
}

// upgrade makes all receivers refuse the server's key, for good.
func (r *room) upgrade() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.e2ee = true
	for in := range r.incoming {
		in.Receiver.Upgrade()
	}
}

// count is what happened so far.
func (r *room) count() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	for in := range r.incoming {
		c.add(in)
	}
	for _, o := range r.sending {
		c.sent(o)
	}
	return c
}

// close leaves the room and stops everything that was sent.
func (r *room) close() {
	r.mu.Lock()
	r.closed = true
	live, all := r.live, r.sending
	r.live, r.sending = nil, map[franking.Source]*outgoing{}
	for _, o := range all {
		r.unsent(o)
	}
	r.mu.Unlock()
	for _, o := range all {
		o.stop()
	}
	if live != nil {
		live.Disconnect()
	}
}

// unsent keeps the count of a source that ends. It is called with mu held.
func (r *room) unsent(o *outgoing) {
	r.counts.sent(o)
}
