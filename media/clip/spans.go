package clip

import (
	"fmt"
	"strings"
)

// Length is how long the clip plays, in milliseconds.
func (l *Layout) Length() uint64 {
	first, last := span(l.tracks)
	return last - first + tail
}

// verdict puts together what was found.
func (v *verifier) verdict() Verdict {
	out := &v.out
	if v.proof != nil {
		out.Tracks = make([]TrackVerdict, len(v.proof.Tracks))
		for i := range v.proof.Tracks {
			out.Tracks[i] = v.track(i)
		}
	}
	out.Grade = v.grade()
	return *out
}

// grade of the clip is the worst of what was found, but that parts which nothing speaks for leave the others verified in part.
func (v *verifier) grade() Grade {
	verified, all := 0, len(v.out.Tracks)
	for _, t := range v.out.Tracks {
		switch t.Grade {
		case Contradicted:
			return Contradicted
		case Verified:
			verified++
		}
	}
	for _, f := range v.out.Findings {
		if f.Against == AgainstClip {
			return Contradicted
		}
	}
	switch {
	case all == 0 || !v.someVerified():
		return Unverified
	case verified == all:
		return Verified
	}
	return Partly
}

func (v *verifier) someVerified() bool {
	for _, t := range v.out.Tracks {
		if t.Verified > 0 {
			return true
		}
	}
	return false
}

// track finds the spans of a track and its grade (step 5).
func (v *verifier) track(i int) TrackVerdict {
	t := &v.proof.Tracks[i]
	out := TrackVerdict{Source: t.Source, Codec: t.Codec, Frames: len(t.Frames)}
	s := spanner{first: v.layout.first}
	wrong := 0
	for j := range t.Frames {
		f, state := &t.Frames[j], v.tracks[i].states[j]
		switch state {
		case "": // not reached: the clip ended or differed before
			state = StateUnstamped
		case StateVerified:
			out.Verified++
		case StateContradicted:
			wrong++
		}
		if j > 0 {
			s.gap(&t.Frames[j-1], f, t.Width > 0)
		}
		s.add(f, state)
	}
	out.Spans = s.end(v.layout.Length())
	if s.back {
		v.note(Finding{AgainstSender, fmt.Sprintf("The numbers of the frames of the %s go back while their times rise.", t.Source)})
	}
	switch {
	case wrong > 0:
		out.Grade = Contradicted
		v.contradict("%d of %d frames of the %s are not what its sender committed to; the first is at %s.", wrong, len(t.Frames), t.Source,
			clock(s.wrong-v.layout.first))
	case out.Verified == 0:
		out.Grade = Unverified
	case out.Verified == len(t.Frames) && !s.gaps:
		out.Grade = Verified
	default:
		out.Grade = Partly
	}
	return out
}

// clock writes a time in a clip as minutes, seconds and milliseconds.
func clock(ms uint64) string { return fmt.Sprintf("%d:%02d.%03d", ms/60_000, ms/1000%60, ms%1000) }

// spanner makes the spans of one track.
type spanner struct {
	first uint64
	spans []Span
	gaps  bool
	back  bool   // counters went back
	holed bool   // of pictures: frames are missing, and no key frame has come since
	wrong uint64 // time of the first frame that is contradicted, or 0
}

// layerTime is how long a change of layer may take, in milliseconds; what takes longer may hide something.
const layerTime = 1000

// gap notes the frames that are missing between two. A change of stream is a change of layer: it is none, if it is at a key frame and at once.
func (s *spanner) gap(before, f *ProofFrame, video bool) {
	if f.Key || !video {
		s.holed = false
	}
	switch other := f.Stream != before.Stream; {
	case other && (video && !f.Key || f.Time-before.Time > layerTime):
		s.missing(before, f, 0, video)
	case !other && f.Counter <= before.Counter:
		s.back = true
		s.missing(before, f, 0, video)
	case !other && f.Counter != before.Counter+1:
		s.missing(before, f, int(f.Counter-before.Counter-1), video)
	}
}

func (s *spanner) missing(before, f *ProofFrame, n int, video bool) {
	s.gaps = true
	s.holed = video && !f.Key
	s.push(Span{From: before.Time - s.first, To: f.Time - s.first, State: StateGap, Frames: n})
}

// add puts a frame into the last span or begins another. What follows a hole in pictures is shown wrongly until the next key frame.
func (s *spanner) add(f *ProofFrame, state State) {
	if state == StateContradicted && s.wrong == 0 {
		s.wrong = f.Time
	}
	if s.holed && state == StateVerified {
		state = StateGap
	}
	at := f.Time - s.first
	if n := len(s.spans); n > 0 && s.spans[n-1].State == state {
		s.spans[n-1].To = at
		if state != StateGap {
			s.spans[n-1].Frames++
		}
		return
	}
	n := 1
	if state == StateGap {
		n = 0
	}
	s.push(Span{From: at, To: at, State: state, Frames: n})
}

// push begins a span where the last one ends.
func (s *spanner) push(next Span) {
	if n := len(s.spans); n > 0 {
		s.spans[n-1].To = next.From
	}
	s.spans = append(s.spans, next)
}

func (s *spanner) end(length uint64) []Span {
	if n := len(s.spans); n > 0 {
		s.spans[n-1].To = max(s.spans[n-1].To, length)
	}
	return s.spans
}

// reason is an error in words for people, without the name of the package.
func reason(err error) string { return strings.TrimPrefix(err.Error(), "clip: ") }
