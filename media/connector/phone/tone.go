package phone

import "math"

// beep is a tone of a frequency in Hz for a number of frames; 0 Hz is silence.
type beep struct {
	hertz  float64
	frames int
}

// What callers hear from the telephone itself, since nobody speaks to them.
var (
	asking   = []beep{{880, 8}, {0, 4}, {880, 8}, {0, 180}}            // enter the PIN
	wrong    = []beep{{350, 15}, {0, 5}, {350, 15}, {0, 5}, {350, 15}} // no such PIN
	waiting  = []beep{{0, 100}, {440, 20}, {0, 80}}                    // a host has to let the caller in
	welcome  = []beep{{523, 8}, {659, 8}, {784, 12}}                   // in the meeting now
	farewell = []beep{{784, 8}, {659, 8}, {523, 12}, {0, 10}}          // shown out
)

// loudness of tones, of 32768.
const loudness = 6000

// player plays beeps frame by frame.
type player struct {
	beeps []beep
	at    int // frames of the first beep that were played
	phase float64
}

// next fills a frame, and tells whether there was anything left to play.
func (p *player) next(out []int16) bool {
	for len(p.beeps) > 0 && p.at == p.beeps[0].frames {
		p.beeps, p.at = p.beeps[1:], 0
	}
	clear(out)
	if len(p.beeps) == 0 {
		return false
	}
	hertz := p.beeps[0].hertz
	p.at++
	if hertz == 0 {
		p.phase = 0
		return true
	}
	for i := range out {
		out[i] = int16(loudness * math.Sin(p.phase))
		p.phase += 2 * math.Pi * hertz / rate
	}
	return true
}
