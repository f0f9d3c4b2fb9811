package derive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ContactMeta is the Meta of a contact sheet: tile i, counted by rows, shows the clip at TimesMS[i].
type ContactMeta struct {
	Columns    int     `json:"columns"`
	Rows       int     `json:"rows"`
	TileWidth  int     `json:"tile_width"`  // pixels
	TileHeight int     `json:"tile_height"` // pixels
	TimesMS    []int64 `json:"times_ms"`    // presentation time of each tile, milliseconds, rising
}

// PosterMeta is the Meta of a poster.
type PosterMeta struct {
	Width  int   `json:"width"`   // pixels
	Height int   `json:"height"`  // pixels
	TimeMS int64 `json:"time_ms"` // presentation time, milliseconds
}

const (
	contactColumns = 4
	stillsAtOnce   = 2 // runs side by side
	jpegQuality    = 82
	maxStills      = 64
)

// still is one decoded picture and the time at which the clip shows it.
type still struct {
	rgb []byte // width × height × 3
	at  time.Duration
}

// Contact makes one JPEG of n stills spread evenly over the length (each from the middle of its part), four to a row. It
// seeks to each still instead of decoding all. Stills that cannot be decoded are left out; none at all is a *DecodeError.
func (c *Clip) Contact(ctx context.Context, p Probe, n int, progress func(float64)) (Derivative, error) {
	t, err := firstPicture(p, c.box.limits, "contact")
	if err != nil {
		return Derivative{}, err
	}
	n = clamp(n, 1, maxStills)
	w, h := fit(t, 320, 320)
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = p.Duration * time.Duration(2*i+1) / time.Duration(2*n)
	}
	stills, err := c.stills(ctx, "contact", t, w, h, times, progress)
	if _, ok := asDecodeError(err); ok && p.Duration > 0 { // the clip may hold less than it claims
		times = []time.Duration{0}
		stills, err = c.stills(ctx, "contact", t, w, h, times, nil)
	}
	if err != nil {
		return Derivative{}, err
	}
	meta := ContactMeta{Columns: min(contactColumns, len(stills)), TileWidth: w, TileHeight: h}
	meta.Rows = (len(stills) + meta.Columns - 1) / meta.Columns
	sheet := image.NewRGBA(image.Rect(0, 0, meta.Columns*w, meta.Rows*h))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	for i, s := range stills {
		meta.TimesMS = append(meta.TimesMS, s.at.Milliseconds())
		paste(sheet, s.rgb, i%meta.Columns*w, i/meta.Columns*h, w, h)
	}
	at := make([]string, len(times))
	for i := range times {
		at[i] = secondsArg(times[i])
	}
	command := c.command("ffmpeg", c.stillArgs(t, w, h, "T")) + fmt.Sprintf(
		"  # once for each T of %s; then Proffer sets the %d stills in %d columns and encodes one JPEG (Go image/jpeg, quality %d)",
		strings.Join(at, ", "), len(stills), meta.Columns, jpegQuality)
	return c.jpegDerivative(KindContact, sheet, meta, command)
}

// Poster makes one JPEG of at most 1280 × 720 from a third of the way in, or from the start where that cannot be decoded.
func (c *Clip) Poster(ctx context.Context, p Probe) (Derivative, error) {
	t, err := firstPicture(p, c.box.limits, "poster")
	if err != nil {
		return Derivative{}, err
	}
	w, h := fit(t, 1280, 720)
	at := p.Duration / 3
	s, err := c.still(ctx, "poster", t, w, h, at)
	if _, ok := asDecodeError(err); ok && at > 0 {
		at = 0
		s, err = c.still(ctx, "poster", t, w, h, at)
	}
	if err != nil {
		return Derivative{}, err
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	paste(img, s.rgb, 0, 0, w, h)
	command := c.command("ffmpeg", c.stillArgs(t, w, h, secondsArg(at))) +
		fmt.Sprintf("  # then Proffer encodes the JPEG (Go image/jpeg, quality %d)", jpegQuality)
	return c.jpegDerivative(KindPoster, img, PosterMeta{Width: w, Height: h, TimeMS: s.at.Milliseconds()}, command)
}

// firstPicture is the video track that pictures are made of.
func firstPicture(p Probe, l Limits, stage string) (Track, error) {
	t, ok := p.Video()
	switch {
	case !ok:
		return t, undecodable(stage, "the clip has no picture, only sound", "")
	case tooLarge(t, l) != "":
		return t, outOfLimits(stage, tooLarge(t, l))
	}
	return t, nil
}

// stills decodes the clip at each time, two at once, in order and without repeats.
func (c *Clip) stills(ctx context.Context, stage string, t Track, w, h int, times []time.Duration,
	progress func(float64)) ([]still, error) {
	got, errs := make([]*still, len(times)), make([]error, len(times))
	next := make(chan int)
	var workers sync.WaitGroup
	var done counter
	for range min(stillsAtOnce, len(times)) {
		workers.Go(func() {
			for i := range next {
				got[i], errs[i] = c.still(ctx, stage, t, w, h, times[i])
				done.step(progress, len(times))
			}
		})
	}
	for i := range times {
		next <- i
	}
	close(next)
	workers.Wait()
	return gather(got, errs)
}

// counter turns finished steps into progress, one call at a time.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) step(progress func(float64), of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; progress != nil {
		progress(float64(c.n) / float64(of))
	}
}

// gather keeps the stills that were decoded, each moment once. An error that is not the clip's fault wins over any still.
func gather(got []*still, errs []error) ([]still, error) {
	var all []still
	var first error
	for i, s := range got {
		if errs[i] != nil {
			if d, ok := asDecodeError(errs[i]); !ok || d.Cause == CauseSandbox {
				return nil, errs[i]
			}
			if first == nil {
				first = errs[i]
			}
			continue
		}
		if len(all) == 0 || s.at > all[len(all)-1].at {
			all = append(all, *s)
		}
	}
	if len(all) == 0 {
		return nil, first
	}
	return all, nil
}

// still decodes the first picture at or after a time.
func (c *Clip) still(ctx context.Context, stage string, t Track, w, h int, at time.Duration) (*still, error) {
	var rgb, told bytes.Buffer
	size := w * h * 3
	err := c.box.run(ctx, job{stage: stage, tool: "ffmpeg", args: c.stillArgs(t, w, h, secondsArg(at)), input: c.path,
		wall: c.box.limits.StillTime, stdout: &rgb, stdoutMax: int64(size), stderr: &told})
	if err != nil {
		return nil, err
	}
	if rgb.Len() != size {
		return nil, undecodable(stage, complaint(told.String()), told.String())
	}
	return &still{rgb: rgb.Bytes(), at: shownAt(told.Bytes(), at)}, nil
}

var ptsTime = regexp.MustCompile(`pts_time:([0-9.]{1,20})`)

// shownAt is the picture's own time as the metadata filter printed it, or the time that was asked for.
func shownAt(told []byte, asked time.Duration) time.Duration {
	all := ptsTime.FindAllSubmatch(told, -1)
	if len(all) == 0 {
		return asked
	}
	if f, err := strconv.ParseFloat(string(all[len(all)-1][1]), 64); err == nil && f < maxSeconds {
		return time.Duration(math.Round(f*1e6)) * time.Microsecond
	}
	return asked
}

// stillArgs is ffmpeg's command line for one picture as raw RGB: it has one possible size and cannot be anything else.
func (c *Clip) stillArgs(t Track, w, h int, at string) []string {
	args := append(ffmpegArgs(), c.decodeArgs()...)
	args = append(args, "-ss", at, "-copyts", "-i", inClip, "-map", fmt.Sprintf("0:%d", t.Index), "-frames:v", "1",
		"-vf", "trim=end_frame=1,"+scaleFilter(t, w, h)+`,metadata=mode=add:key=t:value=0,metadata=mode=print:file=pipe\\:2`,
		"-sws_flags", "bicubic+accurate_rnd+full_chroma_int+bitexact", "-pix_fmt", "rgb24", "-fflags", "+bitexact",
		"-flags:v", "+bitexact", "-f", "rawvideo", "pipe:1")
	return args
}

// scaleFilter brings every picture to w × h. A track may change its size half way (simulcast does): what does not have
// the first picture's shape is framed in black rather than stretched.
func scaleFilter(t Track, w, h int) string {
	if t.Aspect != 0 && t.Aspect != 1 {
		return fmt.Sprintf("scale=%d:%d,setsar=1", w, h)
	}
	return fmt.Sprintf("scale=%[1]d:%[2]d:force_original_aspect_ratio=decrease,pad=%[1]d:%[2]d:(ow-iw)/2:(oh-ih)/2,setsar=1", w, h)
}

// fit is the largest even size in a box that has the track's shape as displayed, never larger than the picture.
func fit(t Track, boxW, boxH int) (w, h int) {
	fw, fh := float64(max(t.Width, 1)), float64(max(t.Height, 1))
	if t.Aspect > 0 {
		fw *= t.Aspect
	}
	if t.Rotation%180 != 0 {
		fw, fh = fh, fw
	}
	scale := min(1, float64(boxW)/fw, float64(boxH)/fh)
	even := func(f float64) int { return max(16, int(math.Round(f*scale/2))*2) }
	return min(even(fw), boxW), min(even(fh), boxH)
}

// paste copies raw RGB into a picture.
func paste(dst *image.RGBA, rgb []byte, x, y, w, h int) {
	for row := range h {
		out := dst.Pix[dst.PixOffset(x, y+row):]
		in := rgb[row*w*3:]
		for col := range w {
			out[col*4], out[col*4+1], out[col*4+2], out[col*4+3] = in[col*3], in[col*3+1], in[col*3+2], 0xff
		}
	}
}

func (c *Clip) jpegDerivative(k DerivativeKind, img image.Image, meta any, command string) (Derivative, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Derivative{}, fmt.Errorf("encoding the %s: %w", k, err)
	}
	m, err := json.Marshal(meta)
	if err != nil {
		return Derivative{}, fmt.Errorf("describing the %s: %w", k, err)
	}
	return c.derivative(k, b.Bytes(), m, command)
}

func secondsArg(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
