package rtpframe

import (
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/proffer/proffer/media/franking"
)

const (
	window   = 512     // packets that are held back at most while one is missing
	maxFrame = 4 << 20 // bytes of a frame

	// How long a missing packet is waited for; it is asked for again meanwhile. To go on without one of video is to see nothing up to the
	// next key frame, so that it costs less to wait.
	patienceSound = 250 * time.Millisecond
	patienceVideo = time.Second
)

// Assembler puts the packets of one track in order and makes frames of them. What is incomplete is left out. It is used by one goroutine.
type Assembler struct {
	codec franking.Codec
	emit  func(frame []byte)

	began bool
	next  uint16 // the sequence number that is due
	last  uint16 // the highest that came
	late  int    // packets in a row that came too late
	held  [window]*rtp.Packet
	hole  time.Time // since when the packet that is due has been missing

	vp8   codecs.VP8Packet
	vp9   codecs.VP9Packet
	frame []byte // of which the beginning came
	stamp uint32 // of that frame
	open  bool   // frame is being assembled
}

// NewAssembler makes the assembler of a track. emit takes each frame; the bytes are good until it returns.
func NewAssembler(codec franking.Codec, emit func(frame []byte)) *Assembler {
	return &Assembler{codec: codec, emit: emit}
}

// Push takes a packet as it came, and keeps it.
func (a *Assembler) Push(p *rtp.Packet, now time.Time) {
	if !a.began {
		a.began, a.next, a.last, a.held = true, p.SequenceNumber, p.SequenceNumber, [window]*rtp.Packet{}
	}
	ahead := int16(p.SequenceNumber - a.next)
	if ahead < 0 { // it was given up, or came twice
		a.late++
		a.began = a.late < window // so many in a row are not late: the numbers began anew
		return
	}
	a.late = 0
	if ahead >= window {
		a.skipTo(p.SequenceNumber - window + 1)
	}
	a.held[p.SequenceNumber%window] = p
	if int16(p.SequenceNumber-a.last) > 0 {
		a.last = p.SequenceNumber
	}
	a.drain(now)
}

// drain passes on what is in order, and gives up what has been missing for too long.
func (a *Assembler) drain(now time.Time) {
	for int16(a.last-a.next) >= 0 {
		switch {
		case a.held[a.next%window] != nil:
			a.hole = time.Time{}
			a.step()
		case a.hole.IsZero():
			a.hole = now
			return
		case now.Sub(a.hole) < a.patience():
			return
		default:
			a.step()
		}
	}
}

func (a *Assembler) patience() time.Duration {
	if sound(a.codec) {
		return patienceSound
	}
	return patienceVideo
}

// skipTo passes on what is there before a sequence number, and gives up the rest.
func (a *Assembler) skipTo(seq uint16) {
	for range window { // nothing is held further ahead
		if a.next == seq {
			break
		}
		a.step()
	}
	a.hole, a.open = time.Time{}, a.open && a.next == seq
	a.next = seq
}

// step passes on the packet that is due, or its lack.
func (a *Assembler) step() {
	p := a.held[a.next%window]
	a.held[a.next%window] = nil
	a.next++
	switch {
	case p == nil:
		a.open = false
	case len(p.Payload) == 0: // padding, by which the media server tries the line
	case sound(a.codec): // each packet is a frame
		a.emit(p.Payload)
	default:
		a.part(p)
	}
}

// part adds a packet of video to its frame.
func (a *Assembler) part(p *rtp.Packet) {
	payload, first, err := a.describe(p.Payload)
	switch {
	case err != nil:
		a.open = false
	case first:
		a.frame, a.stamp, a.open = append(a.frame[:0], payload...), p.Timestamp, true
	case a.open && p.Timestamp == a.stamp && len(a.frame)+len(payload) <= maxFrame:
		a.frame = append(a.frame, payload...)
	default:
		a.open = false
	}
	if a.open && p.Marker {
		a.open = false
		a.emit(a.frame)
	}
}

// describe takes the descriptor off a packet of video, and tells whether a frame begins with it.
func (a *Assembler) describe(packet []byte) (payload []byte, first bool, err error) {
	if a.codec == franking.VP9 {
		payload, err = a.vp9.Unmarshal(packet)
		return payload, a.vp9.B, err // RFC 9628, section 4.2
	}
	payload, err = a.vp8.Unmarshal(packet)
	return payload, a.vp8.S == 1 && a.vp8.PID == 0, err // RFC 7741, section 4.2
}

// sound tells whether a codec is one of sound.
func sound(c franking.Codec) bool { return c == franking.Opus || c == franking.PCMU }
