package participant

import (
	"io"
	"time"

	"github.com/proffer/proffer/media/franking"
)

// Sample is one encoded frame of a Source.
type Sample struct {
	Data     []byte        // not changed by who takes it
	Key      bool          // a key frame, of video
	Duration time.Duration // until the next one is due
}

// Source is where encoded frames come from. It is used by one goroutine. Next gives io.EOF at the end, and then again. A video's key
// frames should be at most 2 s apart: whoever joins late sees nothing until the next one.
type Source interface {
	Next() (Sample, error)
}

// Loop gives the samples of a recording over and over.
func Loop(samples []Sample) Source { return &loop{samples: samples, forever: true} }

// Once gives the samples of a recording, and then io.EOF.
func Once(samples []Sample) Source { return &loop{samples: samples} }

type loop struct {
	samples []Sample
	next    int
	forever bool
}

func (l *loop) Next() (Sample, error) {
	if l.next == len(l.samples) && l.forever {
		l.next = 0
	}
	if l.next == len(l.samples) {
		return Sample{}, io.EOF
	}
	l.next++
	return l.samples[l.next-1], nil
}

// Until gives what first gives until done is closed, and then what second gives, whose first picture is a key frame.
func Until(first Source, done <-chan struct{}, second Source) Source {
	return &until{first, done, second}
}

type until struct {
	first  Source
	done   <-chan struct{}
	second Source
}

func (u *until) Next() (Sample, error) {
	select {
	case <-u.done:
		return u.second.Next()
	default:
		return u.first.Next()
	}
}

// codecOf is how frames of a source of media are encoded here.
func codecOf(s franking.Source) franking.Codec {
	if s == franking.Microphone || s == franking.ScreenSound {
		return franking.Opus
	}
	return franking.VP8
}
