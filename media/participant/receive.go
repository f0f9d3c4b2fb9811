package participant

import "github.com/proffer/proffer/media/rtpframe"

// Frame is one encoded frame of somebody that passed every check of PROTOCOL.md section 6.
type Frame = rtpframe.Frame

// Sink takes what was opened. Frame is called by one goroutine for each track, and must not block: what comes meanwhile is lost.
type Sink interface {
	Frame(Frame)
}

// SinkFunc is a function as a Sink.
type SinkFunc func(Frame)

// Frame calls f.
func (f SinkFunc) Frame(fr Frame) { f(fr) }
