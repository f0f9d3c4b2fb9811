package derive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Clip is an original staged for decoding: a private copy that only the sandbox's user reads. Close removes it and all
// that was made from it. Its methods may be called one after another or at once.
type Clip struct {
	box       *Sandbox
	work      *work
	path      string
	size      int64
	container Container
}

// Stage copies a clip of at most max bytes from r into a private folder and sniffs it. A file that is no clip is a
// *DecodeError of CauseWrongType; then nothing stays staged. It works, and names the container, without a sandbox.
func (s *Sandbox) Stage(ctx context.Context, r io.Reader, max int64) (*Clip, error) {
	w, err := s.newWork()
	if err != nil {
		return nil, fmt.Errorf("staging a clip in %s: %w", s.tempDir, err)
	}
	c := &Clip{box: s, work: w}
	if err := c.fill(ctx, r, max); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return c, nil
}

// Open stages the clip in a file; Stage says the rest.
func (s *Sandbox) Open(ctx context.Context, path string) (*Clip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a clip: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening a clip: %w", err)
	}
	return s.Stage(ctx, f, info.Size())
}

func (c *Clip) fill(ctx context.Context, r io.Reader, max int64) error {
	path, err := c.work.write("clip", readerContext{ctx, r}, max)
	if errors.Is(err, errTooLarge) {
		return outOfLimits("open", fmt.Sprintf("the clip is larger than %d bytes", max))
	}
	if err != nil {
		return fmt.Errorf("staging a clip: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading a staged clip: %w", err)
	}
	defer f.Close()
	if c.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("reading a staged clip: %w", err)
	}
	head := make([]byte, min(SniffSize, c.size))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading a staged clip: %w", err)
	}
	c.path = path
	c.container, err = Sniff(head)
	return err
}

// readerContext stops a copy when its context ends.
type readerContext struct {
	ctx context.Context
	r   io.Reader
}

func (r readerContext) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// Container is what the clip's first bytes say it is.
func (c *Clip) Container() Container { return c.container }

// Size is the clip's length in bytes.
func (c *Clip) Size() int64 { return c.size }

// Close removes the staged clip and every derivative that is still in its folder.
func (c *Clip) Close() error { return c.work.remove() }

// decoders are the only decoders that may run. Each has been fuzzed for years; the rest of ffmpeg's four hundred stays shut.
const decoders = "vp8,vp9,libdav1d,h264,hevc,mpeg4,h263,mpeg2video,mpeg1video,mjpeg,prores,theora," +
	"opus,libopus,vorbis,aac,mp3,mp3float,flac,alac,ac3,eac3,amrnb,amrwb," +
	"pcm_s16le,pcm_s16be,pcm_s24le,pcm_u8,pcm_alaw,pcm_mulaw"

// probeDecoders may be opened besides when looking only: ffprobe ends at a track it may not open, and a clip is not to
// be lost for its subtitles or its cover picture.
const probeDecoders = decoders + ",mov_text,text,subrip,srt,webvtt,ass,ssa,png"

// decodeArgs are the options before -i when pictures or sound are decoded.
func (c *Clip) decodeArgs() []string {
	return c.inputArgs(decoders, "-max_pixels", fmt.Sprint(c.box.limits.Pixels))
}

// inputArgs are the options before -i that bind the tool to this container, to this file and to known decoders.
func (c *Clip) inputArgs(decoders string, more ...string) []string {
	args := append([]string{"-protocol_whitelist", "file,pipe", "-codec_whitelist", decoders,
		"-probesize", "20M", "-analyzeduration", "10M"}, more...)
	if c.container == MP4 || c.container == QuickTime {
		return append(args, "-f", "mov", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2", "-enable_drefs", "0",
			"-use_absolute_path", "0")
	}
	return append(args, "-f", "matroska", "-format_whitelist", "matroska,webm")
}

// maxAlloc is the largest single piece of memory ffmpeg may ask for, in bytes.
const maxAlloc = "536870912"

// ffmpegArgs begins every ffmpeg command line.
func ffmpegArgs() []string {
	return []string{"-nostdin", "-hide_banner", "-v", "error", "-max_alloc", maxAlloc, "-threads", "2"}
}
