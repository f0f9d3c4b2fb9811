package derive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is the kind of a track.
type Kind string

// The kinds of tracks. Anything else (subtitles, fonts, cover pictures, data) is only counted, in Probe.Notes.
const (
	Video Kind = "video"
	Audio Kind = "audio"
)

// Track is one track of a clip. Every number is what the file claims, clamped to what can be.
type Track struct {
	Index       int // position in the file, from 0
	Kind        Kind
	Codec       string  // as ffmpeg names it ("vp8", "h264", "opus"), or "unknown"
	Profile     string  // of the codec, or ""
	PixelFormat string  // as ffmpeg names it, or ""; video only
	Width       int     // pixels as coded; video only
	Height      int     // pixels as coded; video only
	Rotation    int     // degrees to turn for display: 0, 90, 180 or 270; video only
	Aspect      float64 // width of a pixel over its height, 1 when unknown; video only
	FrameRate   float64 // frames per second on average, 0 when unknown; video only
	SampleRate  int     // samples per second; audio only
	Channels    int     // audio only
}

// Probe is what a clip's headers say about it.
type Probe struct {
	Container Container
	Duration  time.Duration // of what is processed: never more than Limits.Duration; 0 when unknown
	Claimed   time.Duration // what the file says, or what its packets span where it says nothing
	Tracks    []Track       // video and audio in file order
	Notes     []string      // whole sentences: what was left out, what is odd; empty for an ordinary clip
}

// Video is the first video track; stills and previews show this one.
func (p Probe) Video() (Track, bool) { return p.first(Video) }

// Audio is the first audio track.
func (p Probe) Audio() (Track, bool) { return p.first(Audio) }

func (p Probe) first(k Kind) (Track, bool) {
	for _, t := range p.Tracks {
		if t.Kind == k {
			return t, true
		}
	}
	return Track{}, false
}

func (p Probe) count(k Kind) (n int) {
	for _, t := range p.Tracks {
		if t.Kind == k {
			n++
		}
	}
	return n
}

// probeEntries names all that ffprobe prints: no tags, so no text that the clip's author wrote.
const probeEntries = "format=duration:stream=index,codec_type,codec_name,profile,pix_fmt,width,height,sample_aspect_ratio," +
	"avg_frame_rate,sample_rate,channels,duration:stream_disposition=attached_pic:stream_side_data=rotation"

// Probe reads the clip's headers. Claims beyond the limits are cut down and named in Notes; a clip with neither picture
// nor sound that can be read is a *DecodeError.
func (c *Clip) Probe(ctx context.Context) (Probe, error) {
	notes, err := c.structure()
	if err != nil {
		return Probe{}, err
	}
	args := append([]string{"-v", "error", "-max_alloc", maxAlloc}, c.inputArgs(probeDecoders)...)
	args = append(args, "-show_entries", probeEntries, "-of", "json=compact=1", inClip)
	var out strings.Builder
	err = c.box.run(ctx, job{stage: "probe", tool: "ffprobe", args: args, input: c.path,
		wall: c.box.limits.ProbeTime, stdout: &out, stdoutMax: 1 << 20})
	if err != nil {
		return Probe{}, err
	}
	p, err := parseProbe([]byte(out.String()), c.container, c.box.limits)
	if err != nil {
		return Probe{}, err
	}
	p.Notes = append(p.Notes, notes...)
	if err := c.settleDuration(ctx, &p); err != nil {
		return Probe{}, err
	}
	return p, nil
}

func (c *Clip) structure() ([]string, error) {
	f, err := os.Open(c.path)
	if err != nil {
		return nil, fmt.Errorf("reading a staged clip: %w", err)
	}
	defer f.Close()
	return structureNotes(f, c.size, c.container)
}

// probeJSON is what ffprobe prints for probeEntries. Numbers come as text where they may be missing ("N/A").
type probeJSON struct {
	Streams []probeStream `json:"streams"`
	Format  struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

type probeStream struct {
	Index       int    `json:"index"`
	Kind        string `json:"codec_type"`
	Codec       string `json:"codec_name"`
	Profile     string `json:"profile"`
	PixelFormat string `json:"pix_fmt"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Aspect      string `json:"sample_aspect_ratio"`
	FrameRate   string `json:"avg_frame_rate"`
	SampleRate  string `json:"sample_rate"`
	Channels    int    `json:"channels"`
	Duration    string `json:"duration"`
	Disposition struct {
		Cover int `json:"attached_pic"`
	} `json:"disposition"`
	SideData []struct {
		Rotation int `json:"rotation"`
	} `json:"side_data_list"`
}

// parseProbe reads ffprobe's answer as hostile text: bounded, clamped, unknown words replaced.
func parseProbe(b []byte, c Container, l Limits) (Probe, error) {
	var j probeJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Probe{}, undecodable("probe", "its headers make no sense", err.Error())
	}
	p := Probe{Container: c, Claimed: seconds(j.Format.Duration)}
	others, tooMany := 0, 0
	for _, s := range j.Streams {
		if s.Disposition.Cover != 0 || (s.Kind != string(Video) && s.Kind != string(Audio)) || s.Index < 0 || s.Index > 1<<16 {
			others++
			continue
		}
		if len(p.Tracks) == l.Tracks {
			tooMany++
			continue
		}
		if p.Claimed == 0 {
			p.Claimed = seconds(s.Duration)
		}
		p.Tracks = append(p.Tracks, s.track())
	}
	if len(p.Tracks) == 0 {
		return Probe{}, undecodable("probe", "it holds no picture and no sound", "")
	}
	if tooMany > 0 {
		p.note("The clip has %d tracks; only the first %d are looked at.", tooMany+l.Tracks, l.Tracks)
	}
	if others > 0 {
		p.note("The clip carries %d further streams (subtitles, attachments or the like), which are never opened.", others)
	}
	if n := p.count(Video); n > 1 {
		p.note("The clip has %d video tracks; stills and preview show the first only.", n)
	}
	for _, t := range p.Tracks {
		if why := tooLarge(t, l); why != "" {
			p.note("Track %d: %s, so no picture is made of it.", t.Index+1, why)
		}
	}
	return p, nil
}

func (p *Probe) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// tooLarge says in words why a video track's picture is not decoded, or "".
func tooLarge(t Track, l Limits) string {
	if t.Kind == Video && (t.Width == 0 || t.Height == 0) {
		return "its picture has no size, or an absurd one"
	}
	if t.Kind == Video && (t.Width > l.Side || t.Height > l.Side || t.Width*t.Height > l.Pixels) {
		return fmt.Sprintf("its picture claims %d × %d pixels, more than is allowed", t.Width, t.Height)
	}
	return ""
}

func (s probeStream) track() Track {
	t := Track{Index: s.Index, Kind: Kind(s.Kind), Codec: word(s.Codec), Profile: printable(s.Profile, 40)}
	if t.Codec == "" {
		t.Codec = "unknown"
	}
	if t.Kind == Audio {
		rate, _ := strconv.Atoi(s.SampleRate)
		t.SampleRate, t.Channels = clamp(rate, 0, 1<<20), clamp(s.Channels, 0, 1024)
		return t
	}
	t.PixelFormat = word(s.PixelFormat)
	t.Width, t.Height = clamp(s.Width, 0, 1<<20), clamp(s.Height, 0, 1<<20)
	t.Aspect, t.FrameRate = ratio(s.Aspect, ":"), min(ratio(s.FrameRate, "/"), 1000)
	if t.Aspect < 1.0/16 || t.Aspect > 16 {
		t.Aspect = 1
	}
	for _, d := range s.SideData {
		if d.Rotation%90 == 0 && d.Rotation != 0 {
			t.Rotation = ((-d.Rotation % 360) + 360) % 360 // ffprobe counts against the clock
		}
	}
	return t
}

func clamp(n, low, high int) int { return max(low, min(n, high)) }

var wordPattern = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// word is s if it is one of ffmpeg's identifiers, else "".
func word(s string) string {
	if wordPattern.MatchString(s) {
		return s
	}
	return ""
}

// ratio reads "30000/1001" or "4:3"; 0 when there is none.
func ratio(s, sep string) float64 {
	a, b, ok := strings.Cut(s, sep)
	x, errX := strconv.ParseUint(a, 10, 32)
	y, errY := strconv.ParseUint(b, 10, 32)
	if !ok || errX != nil || errY != nil || y == 0 {
		return 0
	}
	return float64(x) / float64(y)
}

// maxSeconds keeps a time.Duration from overflowing; it is a hundred years.
const maxSeconds = 100 * 365 * 24 * 3600

// seconds reads a decimal number of seconds; 0 for anything else or anything negative.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 {
		return 0
	}
	return time.Duration(min(f, maxSeconds) * float64(time.Second))
}

// leastRate is the bit rate under which a claimed duration is not believed; silence in Opus takes more.
const leastRate = 2000 // bits per second

// settleDuration fills in Duration. Browsers' recorders write none, and a bomb writes years: then the packets are read
// through, without decoding, to see how far they reach.
func (c *Clip) settleDuration(ctx context.Context, p *Probe) error {
	believable := float64(c.size)*8 >= leastRate*p.Claimed.Seconds()
	if p.Claimed == 0 || !believable {
		span, err := c.packetSpan(ctx, p.Tracks)
		if d, ok := asDecodeError(err); ok && d.Cause != CauseSandbox {
			p.note("How long the clip lasts could not be measured: %s.", d.Reason)
		} else if err != nil {
			return err
		}
		if claimed := p.Claimed; claimed > 0 && span > 0 && span < claimed/2 {
			p.note("The clip claims to last %s, but what it holds ends at %s.", claimed.Round(time.Second), span.Round(10*time.Millisecond))
		}
		if span > 0 {
			p.Claimed = span
		}
	}
	p.Duration = min(p.Claimed, c.box.limits.Duration)
	if p.Duration < p.Claimed {
		p.note("The clip lasts %s; only its first %s are processed.", p.Claimed.Round(time.Second), c.box.limits.Duration)
	}
	return nil
}

// packetSpan is the time of the clip's last packet.
func (c *Clip) packetSpan(ctx context.Context, tracks []Track) (time.Duration, error) {
	args := append(ffmpegArgs(), c.inputArgs(decoders)...)
	args = append(args, "-i", inClip)
	for _, t := range tracks {
		args = append(args, "-map", fmt.Sprintf("0:%d", t.Index))
	}
	args = append(args, "-c", "copy", "-f", "null", "-progress", "pipe:1", "-")
	var last time.Duration
	err := c.box.run(ctx, job{stage: "probe", tool: "ffmpeg", args: args, input: c.path, wall: c.box.limits.ProbeTime,
		stdout: &progressReader{tell: func(at time.Duration) { last = max(last, at) }}, stdoutMax: 1 << 20})
	return last, err
}

// progressReader reads the key=value lines of ffmpeg -progress and tells how far the output has come.
type progressReader struct {
	line []byte
	tell func(time.Duration)
}

var errProgress = errors.New("progress line too long")

func (r *progressReader) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\n' {
			if r.line = append(r.line, c); len(r.line) > 256 {
				return 0, errProgress
			}
			continue
		}
		if us, ok := strings.CutPrefix(string(r.line), "out_time_us="); ok {
			if n, err := strconv.ParseInt(us, 10, 64); err == nil && n >= 0 && n < maxSeconds*1e6 {
				r.tell(time.Duration(n) * time.Microsecond)
			}
		}
		r.line = r.line[:0]
	}
	return len(p), nil
}
