package participant

import (
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

// Frame is one encoded frame of somebody that passed every check of PROTOCOL.md section 6.
type Frame = rtpframe.Frame

// sink is where opened frames go: first into the watch over their stream and the ring, then to the participant's Sink.
func (p *Participant) sink() Sink {
	if p.cfg.Sink == nil {
		return nil
	}
	return SinkFunc(func(f Frame) {
		f.Shown = p.stamps.opened(&f) == franking.Proven
		p.cfg.Sink.Frame(f)
	})
}

// Sink takes what was opened. Frame is called by one goroutine for each track, and must not block: what comes meanwhile is lost.
type Sink interface {
	Frame(Frame)
}

// SinkFunc is a function as a Sink.
type SinkFunc func(Frame)

// Frame calls f.
func (f SinkFunc) Frame(fr Frame) { f(fr) }
