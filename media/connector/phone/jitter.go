package phone

// Sound here is 16-bit samples at 8 kHz, in frames of 20 ms.
const (
	rate  = 8000
	frame = rate / 50

	delay   = 3 * frame // how far behind the newest packet sound is played
	tooMuch = 9 * frame // and how far at most
	span    = rate      // of the buffer
)

// jitter holds the sound of one caller until it is due, in the order of its timestamps. What comes too late is left out, what never
// comes is silence. It is used by one goroutine at a time.
type jitter struct {
	samples [span]int16
	began   bool
	due     uint32 // timestamp of the next sample that is played
	end     uint32 // of the sample after the newest
	late    int    // packets in a row that came too late
}

// push takes the sound of a packet.
func (j *jitter) push(timestamp uint32, sound []int16) {
	ahead := int32(timestamp - j.due)
	if ahead < 0 {
		j.late++
	}
	if !j.began || ahead >= span/2 || ahead < -span || j.late > 5 { // the first, or numbers that began anew, or a slower clock than ours
		*j = jitter{began: true, due: timestamp - delay, end: timestamp}
	} else if ahead < 0 {
		return
	}
	j.late = 0
	for i, s := range sound[:min(len(sound), span/4)] {
		j.samples[(timestamp+uint32(i))%span] = s
	}
	if end := timestamp + uint32(len(sound)); int32(end-j.end) > 0 {
		j.end = end
	}
}

// pop fills a frame with what is due, and tells whether there was anything.
func (j *jitter) pop(out []int16) bool {
	clear(out)
	if !j.began || int32(j.end-j.due) <= 0 {
		j.due += uint32(len(out)) // time goes on; the next packet is late, or sets it anew
		return false
	}
	if int32(j.end-j.due) > tooMuch { // a faster clock than ours, or a burst
		skip := j.end - j.due - delay
		for range skip {
			j.samples[j.due%span] = 0
			j.due++
		}
	}
	for i := range out {
		s := &j.samples[j.due%span]
		out[i], *s = *s, 0
		j.due++
	}
	return true
}
