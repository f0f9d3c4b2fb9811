package derive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// PreviewMeta is the Meta of a preview.
type PreviewMeta struct {
	Width  int    `json:"width,omitempty"`  // pixels
	Height int    `json:"height,omitempty"` // pixels
	Why    string `json:"why"`              // why the original does not play in browsers, a whole sentence
}

// playable lists the codecs that both Chromium and Firefox play in each container. Neither promises plain Matroska or
// QuickTime, so those always get a preview.
var playable = map[Container]map[Kind][]string{
	WebM: {Video: {"vp8", "vp9", "av1"}, Audio: {"opus", "vorbis"}},
	MP4:  {Video: {"h264", "vp9", "av1"}, Audio: {"aac", "mp3", "opus", "flac"}},
}

// NeedsPreview says whether browsers would not play the original, or not all of it, and why, as a whole sentence.
func NeedsPreview(p Probe) (needed bool, why string) {
	codecs, ok := playable[p.Container]
	if !ok {
		return true, fmt.Sprintf("Browsers do not reliably play %s files.", p.Container)
	}
	if n := p.count(Audio); n > 1 {
		return true, fmt.Sprintf("Browsers play one audio track only; the clip has %d.", n)
	}
	for _, t := range p.Tracks {
		if !slices.Contains(codecs[t.Kind], t.Codec) {
			return true, fmt.Sprintf("Browsers do not play %s in %s files.", t.Codec, p.Container)
		}
		if t.Codec == "h264" && t.PixelFormat != "yuv420p" && t.PixelFormat != "yuvj420p" {
			return true, fmt.Sprintf("Browsers do not play H.264 with %s pictures.", t.PixelFormat)
		}
		if t.Codec == "aac" && t.Profile != "" && t.Profile != "LC" && !strings.HasPrefix(t.Profile, "HE-AAC") {
			return true, fmt.Sprintf("Browsers do not play AAC of profile %s.", t.Profile)
		}
	}
	return false, ""
}

// Preview makes a WebM (VP8 and Opus, at most 1280 × 720) that every browser plays: the first video track and all audio
// tracks mixed, with every tag and chapter left out. why goes into the Meta.
func (c *Clip) Preview(ctx context.Context, p Probe, why string, progress func(float64)) (Derivative, error) {
	file, err := c.work.create("preview", 0o600)
	if err != nil {
		return Derivative{}, fmt.Errorf("making a file for the preview: %w", err)
	}
	defer file.Close()
	out := file.Name()
	args, meta := c.previewArgs(p)
	meta.Why = why
	tell := func(at time.Duration) {
		if progress != nil && p.Duration > 0 {
			progress(min(1, at.Seconds()/p.Duration.Seconds()))
		}
	}
	err = c.box.run(ctx, job{stage: "preview", tool: "ffmpeg", args: args, input: c.path, output: out,
		outPath: "/out/preview.webm", wall: c.box.limits.PreviewTime, outMax: c.box.limits.PreviewBytes,
		stdout: &progressReader{tell: tell}, stdoutMax: 8 << 20})
	if err == nil {
		err = isPreview(file)
	}
	if err != nil {
		return Derivative{}, errors.Join(err, os.Remove(out))
	}
	m, err := json.Marshal(meta)
	if err != nil {
		return Derivative{}, fmt.Errorf("describing the preview: %w", err)
	}
	return c.fileDerivative(KindPreview, out, m, c.command("ffmpeg", args))
}

// isPreview checks that what came out is a WebM with something in it.
func isPreview(f *os.File) error {
	head := make([]byte, SniffSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the preview: %w", err)
	}
	if kind, err := Sniff(head[:n]); err != nil || kind != WebM || n < 200 {
		return undecodable("preview", "nothing in it could be decoded", "")
	}
	return nil
}

// previewArgs fixes everything that would make two runs differ: the encoder's speed (a negative cpu-used; a positive one
// adapts to the machine's load), the muxer's ids and dates. One encoder thread: libvpx's threads wait for one another by
// spinning, which on two busy cores made a minute's clip take 50 s instead of 3.
func (c *Clip) previewArgs(p Probe) ([]string, PreviewMeta) {
	args := append(ffmpegArgs(), c.decodeArgs()...)
	args = append(args, "-t", secondsArg(c.box.limits.Duration), "-i", inClip)
	var meta PreviewMeta
	if tracks := audioTracks(p); len(tracks) > 0 {
		args = append(args, mixArgs(tracks, 48000, 2)...)
		args = append(args, "-c:a", "libopus", "-b:a", "64k", "-flags:a", "+bitexact")
	}
	if t, err := firstPicture(p, c.box.limits, "preview"); err == nil {
		meta.Width, meta.Height = fit(t, 1280, 720)
		args = append(args, "-map", fmt.Sprintf("0:%d", t.Index), "-vf", scaleFilter(t, meta.Width, meta.Height),
			"-sws_flags", "bilinear+bitexact", "-pix_fmt", "yuv420p", "-fpsmax", "30", "-c:v", "libvpx",
			"-deadline", "realtime", "-cpu-used", "-8", "-threads", "1", "-g", "60", "-qmax", "50",
			"-b:v", fmt.Sprint(c.previewRate(p.Duration)), "-flags:v", "+bitexact")
	}
	return append(args, "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-progress", "pipe:1",
		"-f", "webm", "-y", "/out/preview.webm"), meta
}

// previewRate is the bit rate that keeps a preview within its size, with a third to spare.
func (c *Clip) previewRate(length time.Duration) int64 {
	const best, least = 1_500_000, 100_000
	if length <= 0 {
		length = c.box.limits.Duration
	}
	fits := float64(c.box.limits.PreviewBytes) * 8 * 2 / 3 / length.Seconds()
	return int64(max(least, min(best, fits)))
}
