package clip

import (
	"errors"

	"github.com/proffer/proffer/media/franking"
)

// Limits of PROTOCOL.md section 18.
const (
	MaxFrames = 60_000   // of one track
	MaxProof  = 16 << 20 // bytes of a proof
	maxFrame  = 4 << 20  // bytes of one frame
)

// Track is one track of a clip: the pictures or the sound of one sender.
type Track struct {
	Source        franking.Source
	Codec         franking.Codec
	Width, Height int // of the first key frame, in pixels; 0 for sound
	Frames        []Frame
}

// Frame is what the form of a clip takes from one frame.
type Frame struct {
	Time   uint64 // the sender's, in milliseconds
	Key    bool   // a key frame, of pictures
	Length int    // of the whole encoded frame, in bytes
}

// Video tells whether the track has pictures.
func (t *Track) Video() bool { return t.Codec == franking.VP8 || t.Codec == franking.VP9 }

var (
	errTracks  = errors.New("clip: one or two tracks of one kind, pictures first")
	errFrames  = errors.New("clip: a track has 1 to 60,000 frames of 1 byte to 4 MiB")
	errTimes   = errors.New("clip: the times of a track rise, and a clip has at most an hour")
	errKey     = errors.New("clip: pictures begin with a key frame, and sound has none")
	errPicture = errors.New("clip: width and height are 1 to 16,384 pixels for pictures, and 0 for sound")
)

const maxLength = 60 * 60 * 1000 // of a clip, in milliseconds

// check holds tracks against PROTOCOL.md section 17: the camera with the microphone, or the screen with its sound.
func check(tracks []Track) error {
	if len(tracks) < 1 || len(tracks) > 2 {
		return errTracks
	}
	for i := range tracks {
		if err := tracks[i].check(); err != nil {
			return err
		}
	}
	if len(tracks) == 2 && (!tracks[0].Video() || tracks[1].Source != tracks[0].Source+1) {
		return errTracks
	}
	first, last := span(tracks)
	if last-first > maxLength {
		return errTimes
	}
	return nil
}

func (t *Track) check() error {
	if !franking.Describe(t.Codec, false, t.Source).Valid() {
		return errTracks
	}
	if size := t.Width > 0 && t.Height > 0 && t.Width < 1<<14 && t.Height < 1<<14; size != t.Video() || !size && (t.Width != 0 || t.Height != 0) {
		return errPicture
	}
	if len(t.Frames) < 1 || len(t.Frames) > MaxFrames {
		return errFrames
	}
	if t.Frames[0].Key != t.Video() {
		return errKey
	}
	for i, f := range t.Frames {
		switch {
		case f.Length < 1 || f.Length > maxFrame:
			return errFrames
		case f.Key && !t.Video():
			return errKey
		case f.Time >= 1<<53 || i > 0 && f.Time <= t.Frames[i-1].Time:
			return errTimes
		}
	}
	return nil
}

// span gives the first and the last time of all tracks.
func span(tracks []Track) (first, last uint64) {
	first = tracks[0].Frames[0].Time
	for _, t := range tracks {
		first = min(first, t.Frames[0].Time)
		last = max(last, t.Frames[len(t.Frames)-1].Time)
	}
	return first, last
}
