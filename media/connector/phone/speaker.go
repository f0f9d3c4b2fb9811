package phone

import (
	"errors"
	"sync"
	"time"

	"github.com/pion/opus"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

const (
	ready   = 3 * frame         // samples that are there before a speaker is heard
	stored  = 12 * frame        // and that are kept at most
	longest = rate * 120 / 1000 // of one frame of Opus (RFC 6716, section 2.1.4)

	forgotten = time.Minute
)

// speaker is one person's microphone, or the sound of a screen, as the callers hear it.
type speaker struct {
	mu      sync.Mutex // over all that follows
	decoder opus.Decoder
	sound   []int16
	playing bool
	stream  uint16 // of the last frame
	next    uint64 // its counter plus one
	last    int    // samples of it
	heard   time.Time
}

func newSpeaker() (*speaker, error) {
	d, err := opus.NewDecoderWithOutput(rate, 1)
	return &speaker{decoder: d}, err
}

// take decodes a frame. What does not decode is silence: it came from somebody who may be hostile.
func (s *speaker) take(f rtpframe.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Stream == s.stream && f.Counter > s.next && s.playing { // what was lost is not heard sooner
		s.sound = append(s.sound, make([]int16, min(f.Counter-s.next, 5)*uint64(s.last))...)
	}
	s.stream, s.next, s.heard = f.Stream, f.Counter+1, time.Now()
	sound, err := s.decode(f.Codec, f.Data)
	if err != nil {
		return
	}
	s.last = len(sound)
	s.sound = append(s.sound, sound...)
	if len(s.sound) > stored {
		s.sound = append(s.sound[:0], s.sound[len(s.sound)-ready:]...)
	}
}

// silent tells whether nothing came for so long that it was somebody who left.
func (s *speaker) silent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.heard) > forgotten
}

func (s *speaker) decode(c franking.Codec, data []byte) (sound []int16, err error) {
	if c == franking.PCMU {
		return decode(pcmu, data[:min(len(data), longest)]), nil
	}
	defer func() {
		if recover() != nil { // the decoder met something that it did not expect
			s.decoder, _ = opus.NewDecoderWithOutput(rate, 1)
			sound, err = nil, errors.New("phone: this sound does not decode")
		}
	}()
	sound = make([]int16, longest)
	n, err := s.decoder.DecodeToInt16(data, sound)
	return sound[:n], err
}

// add adds a frame of what is said to a sum.
func (s *speaker) add(sum []int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.playing && len(s.sound) < ready {
		return
	}
	s.playing = len(s.sound) >= len(sum)
	n := min(len(s.sound), len(sum))
	for i, x := range s.sound[:n] {
		sum[i] += int32(x)
	}
	s.sound = append(s.sound[:0], s.sound[n:]...)
}
