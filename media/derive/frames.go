package derive

import (
	"context"
	"fmt"
	"time"
)

// Frame is one picture of a clip in grey, to be compared with pictures of other clips.
type Frame struct {
	At   time.Duration // from the clip's first picture on
	Grey []byte        // FrameSide × FrameSide bytes of brightness, row by row; valid during the call only
}

const (
	// FrameSide is the width and height of a Frame in pixels, whatever shape the clip has: four times what a perceptual hash
	// shrinks it to, so that ffmpeg's way of shrinking makes no difference to speak of.
	FrameSide = 256
	// MaxFrames are taken of a clip, one for each of its first ten minutes' seconds.
	MaxFrames   = 600
	framesStage = "frames" // stage name
)

// Frames takes the picture that the clip shows at each whole second, as vPDQ does, and hands each to take.
func (c *Clip) Frames(ctx context.Context, p Probe, take func(Frame)) error {
	t, err := firstPicture(p, c.box.limits, framesStage)
	if err != nil {
		return err
	}
	w := &frameWriter{take: take}
	return c.box.run(ctx, job{stage: framesStage, tool: "ffmpeg", args: c.frameArgs(t), input: c.path, wall: c.box.limits.FramesTime,
		stdout: w, stdoutMax: MaxFrames * FrameSide * FrameSide})
}

// frameArgs is ffmpeg's command line for raw grey pictures, one a second. Picture n is the last one that begins at most 5 ms after
// second n, counted from the first picture: so a clip of less than a second has one, too, and the same clip in another container, whose
// times begin later (sound comes first) or are rounded to milliseconds, gives the same pictures and not their neighbours.
func (c *Clip) frameArgs(t Track) []string {
	args := append(ffmpegArgs(), c.decodeArgs()...)
	return append(args, "-t", fmt.Sprint(MaxFrames), "-i", inClip, "-map", fmt.Sprintf("0:%d", t.Index),
		"-vf", fmt.Sprintf("setpts=PTS-STARTPTS-0.005/TB,fps=1:round=up,scale=%[1]d:%[1]d,setsar=1", FrameSide), "-frames:v", fmt.Sprint(MaxFrames),
		"-sws_flags", "area+accurate_rnd+bitexact", "-pix_fmt", "gray", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "rawvideo", "pipe:1")
}

// frameWriter cuts a stream into pictures. What is left at the end is no whole one, and is left out.
type frameWriter struct {
	take func(Frame)
	buf  []byte
	n    int // pictures taken
}

func (w *frameWriter) Write(p []byte) (int, error) {
	const size = FrameSide * FrameSide
	written := len(p)
	for len(p) > 0 {
		k := min(size-len(w.buf), len(p))
		w.buf, p = append(w.buf, p[:k]...), p[k:]
		if len(w.buf) == size {
			w.take(Frame{time.Duration(w.n) * time.Second, w.buf})
			w.buf, w.n = w.buf[:0], w.n+1
		}
	}
	return written, nil
}
