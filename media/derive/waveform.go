package derive

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Waveform is the content of a waveform derivative (application/json): the loudest and the lowest sample of each of
// many equal parts of the clip.
type Waveform struct {
	DurationMS int64  `json:"duration_ms"`
	Tracks     int    `json:"tracks"` // audio tracks mixed
	Peaks      []int8 `json:"peaks"`  // min, max, min, max, …; full scale is ±127
}

const (
	waveRate  = 8000           // samples per second asked of ffmpeg
	waveSlice = waveRate / 100 // samples of one slice: 10 ms
	maxPoints = 4096           // parts of a waveform
	maxMixed  = 8              // audio tracks mixed together
	waveStage = "waveform"     // stage name
	slicesSec = waveRate / waveSlice
)

// Waveform reduces the clip's sound, all audio tracks mixed, to peaks in n parts.
func (c *Clip) Waveform(ctx context.Context, p Probe, n int, progress func(float64)) (Derivative, error) {
	tracks := audioTracks(p)
	if len(tracks) == 0 {
		return Derivative{}, undecodable(waveStage, "the clip has no sound", "")
	}
	n = clamp(n, 16, maxPoints)
	args := c.waveArgs(tracks)
	limit := int64(c.box.limits.Duration.Seconds()+2) * waveRate * 2
	r := &peakReader{expect: p.Duration, progress: progress}
	err := c.box.run(ctx, job{stage: waveStage, tool: "ffmpeg", args: args, input: c.path,
		wall: c.box.limits.WaveTime, stdout: r, stdoutMax: limit})
	if err != nil {
		return Derivative{}, err
	}
	r.flush()
	if len(r.slices) == 0 {
		return Derivative{}, undecodable(waveStage, "its sound cannot be decoded", "")
	}
	length := max(p.Duration, time.Duration(len(r.slices))*time.Second/slicesSec)
	wave := Waveform{DurationMS: length.Milliseconds(), Tracks: len(tracks), Peaks: reduce(r.slices, length, n)}
	b, err := json.Marshal(wave)
	if err != nil {
		return Derivative{}, fmt.Errorf("writing the waveform: %w", err)
	}
	command := c.command("ffmpeg", args) + fmt.Sprintf("  # then Proffer takes the least and the greatest sample of each of %d parts", n)
	return c.derivative(KindWaveform, append(b, '\n'), nil, command)
}

func audioTracks(p Probe) []Track {
	var all []Track
	for _, t := range p.Tracks {
		if t.Kind == Audio && len(all) < maxMixed {
			all = append(all, t)
		}
	}
	return all
}

// waveArgs pads silence where the sound begins late or has holes, so that the waveform lies under the picture's time.
func (c *Clip) waveArgs(tracks []Track) []string {
	args := append(ffmpegArgs(), c.decodeArgs()...)
	args = append(args, "-t", secondsArg(c.box.limits.Duration), "-vn", "-i", inClip)
	args = append(args, mixArgs(tracks, waveRate, 1)...)
	return append(args, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "s16le", "pipe:1")
}

// mixArgs maps the audio tracks as one, in step with the clip's time.
func mixArgs(tracks []Track, rate, channels int) []string {
	form := fmt.Sprintf("aresample=%d:async=1:first_pts=0,aformat=channel_layouts=%s", rate,
		map[int]string{1: "mono", 2: "stereo"}[channels])
	var graph, labels strings.Builder
	for i, t := range tracks {
		fmt.Fprintf(&graph, "[0:%d]%s[a%d];", t.Index, form, i)
		fmt.Fprintf(&labels, "[a%d]", i)
	}
	fmt.Fprintf(&graph, "%samix=inputs=%d:normalize=0[sound]", labels.String(), len(tracks))
	return []string{"-filter_complex", graph.String(), "-map", "[sound]"}
}

// slice is the least and the greatest sample of 10 ms.
type slice struct{ low, high int16 }

// peakReader reduces a stream of s16le samples while it comes, so that hours of sound cost kilobytes.
type peakReader struct {
	slices   []slice
	now      slice
	n        int  // samples in now
	half     byte // first byte of a sample cut in two
	odd      bool
	expect   time.Duration
	progress func(float64)
}

func (r *peakReader) Write(p []byte) (int, error) {
	written := len(p)
	if r.odd && len(p) > 0 {
		r.sample(int16(binary.LittleEndian.Uint16([]byte{r.half, p[0]})))
		p, r.odd = p[1:], false
	}
	for ; len(p) >= 2; p = p[2:] {
		r.sample(int16(binary.LittleEndian.Uint16(p)))
	}
	if len(p) == 1 {
		r.half, r.odd = p[0], true
	}
	if r.progress != nil && r.expect > 0 {
		r.progress(min(1, float64(len(r.slices))/slicesSec/r.expect.Seconds()))
	}
	return written, nil
}

func (r *peakReader) sample(v int16) {
	r.now.low, r.now.high = min(r.now.low, v), max(r.now.high, v)
	if r.n++; r.n == waveSlice {
		r.flush()
	}
}

func (r *peakReader) flush() {
	if r.n > 0 {
		r.slices = append(r.slices, r.now)
	}
	r.now, r.n = slice{}, 0
}

// reduce lays slices over length in n parts of equal time; parts without sound are zero.
func reduce(slices []slice, length time.Duration, n int) []int8 {
	peaks := make([]int8, 2*n)
	total := max(len(slices), int(length*slicesSec/time.Second))
	for i := range n {
		from, to := i*total/n, max((i+1)*total/n, i*total/n+1)
		var s slice
		for _, x := range slices[min(from, len(slices)):min(to, len(slices))] {
			s.low, s.high = min(s.low, x.low), max(s.high, x.high)
		}
		peaks[2*i], peaks[2*i+1] = int8(int(s.low)*127/32768), int8(int(s.high)*127/32767)
	}
	return peaks
}

// SVGPath is the waveform as the d attribute of one closed SVG path in a box of width × height user units.
func (w Waveform) SVGPath(width, height int) string {
	n := len(w.Peaks) / 2
	if n == 0 || width <= 0 || height <= 0 {
		return ""
	}
	var b strings.Builder
	point := func(cmd byte, i int, peak int8) {
		x := float64(i) * float64(width) / float64(n)
		y := float64(height) / 2 * (1 - float64(peak)/127)
		fmt.Fprintf(&b, "%c%.1f %.1f", cmd, x, y)
	}
	cmd := byte('M')
	for i := range n {
		point(cmd, i, w.Peaks[2*i+1])
		cmd = 'L'
	}
	for i := n - 1; i >= 0; i-- {
		point('L', i, w.Peaks[2*i])
	}
	b.WriteByte('Z')
	return b.String()
}
