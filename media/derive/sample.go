package derive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// Pattern is one of ffmpeg's moving test pictures.
type Pattern string

// The patterns.
const (
	PatternTest      Pattern = "testsrc2"
	PatternBars      Pattern = "smptebars"
	PatternFractal   Pattern = "mandelbrot"
	PatternLife      Pattern = "life"
	PatternAutomaton Pattern = "cellauto"
	PatternGradient  Pattern = "gradients"
)

// Encoding is the container and codecs of a sample.
type Encoding string

// The encodings of samples.
const (
	EncodeWebM  Encoding = "webm"  // VP8 and Opus; browsers play it
	EncodeMP4   Encoding = "mp4"   // H.264 and AAC; browsers play it
	EncodeMPEG4 Encoding = "mpeg4" // MPEG-4 part 2 and AAC in MP4; browsers do not play it
	EncodeMOV   Encoding = "mov"   // H.264 and AAC in QuickTime, as telephones record
	EncodeMKV   Encoding = "mkv"   // VP8 and Opus in Matroska, as desktop recorders do
)

// SampleOptions describe a sample. The zero value of a field means its default.
type SampleOptions struct {
	Length   time.Duration // default 8 s, at most 10 min
	Width    int           // pixels, even; default 640
	Height   int           // pixels, even; default 360
	Pattern  Pattern       // default PatternTest
	ToneHz   int           // default 440; -1 for a clip without sound
	Label    string        // shown below the banner; at most 60 characters, anything unprintable is dropped
	Encoding Encoding      // default EncodeWebM
}

// sources builds the lavfi input of each pattern for a width, a height and a rate.
var sources = map[Pattern]func(w, h int) string{
	PatternTest: func(w, h int) string { return fmt.Sprintf("testsrc2=size=%dx%d:rate=25", w, h) },
	PatternBars: func(w, h int) string { return fmt.Sprintf("smptebars=size=%dx%d:rate=25", w, h) },
	// Drawn small and scaled up: at full size the fractal alone would take seconds.
	PatternFractal: func(w, h int) string {
		return fmt.Sprintf("mandelbrot=size=%dx%d:rate=25:maxiter=300,scale=%d:%d", w/4&^1, h/4&^1, w, h)
	},
	PatternLife: func(w, h int) string {
		return fmt.Sprintf("life=size=%dx%d:rate=25:seed=7:ratio=0.4:mold=10:life_color=#e0e0ff:death_color=#404080:mold_color=#101030,"+
			"scale=%d:%d:flags=neighbor", w/8, h/8, w, h)
	},
	PatternAutomaton: func(w, h int) string {
		return fmt.Sprintf("cellauto=size=%dx%d:rate=25:rule=110:seed=7,scale=%d:%d:flags=neighbor", w/4, h/4, w, h)
	},
	PatternGradient: func(w, h int) string { return fmt.Sprintf("gradients=size=%dx%d:rate=25:seed=7:speed=0.03", w, h) },
}

// encoders holds the output options of each encoding, all at the speed of a demonstration.
var encoders = map[Encoding][]string{
	EncodeWebM: {"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-b:v", "600k", "-g", "50",
		"-c:a", "libopus", "-b:a", "48k", "-f", "webm"},
	EncodeMP4: {"-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "50", "-c:a", "aac", "-b:a", "64k",
		"-movflags", "+faststart", "-f", "mp4"},
	EncodeMPEG4: {"-c:v", "mpeg4", "-q:v", "6", "-g", "50", "-c:a", "aac", "-b:a", "64k", "-f", "mp4"},
	EncodeMOV:   {"-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "50", "-c:a", "aac", "-b:a", "64k", "-f", "mov"},
	EncodeMKV: {"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-b:v", "600k", "-g", "50",
		"-c:a", "libopus", "-b:a", "48k", "-f", "matroska"},
}

// outSample is where ffmpeg writes a sample, inside the sandbox.
const outSample = "/out/sample"

// maxLabel is the most characters of a label.
const maxLabel = 60

// sampleFont is Debian's and Ubuntu's fonts-dejavu-core, which the package ffmpeg brings along.
const sampleFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"

// Sample makes a new clip from ffmpeg's test sources, for demonstrations and tests. Every frame carries the word
// SIMULATED. The same options give the same bytes.
//
// It is made in the sandbox where that works. Where it does not, ffmpeg runs without one: its input is this package's own
// formula and a cleaned line of text, and nothing of a stranger's.
func (s *Sandbox) Sample(ctx context.Context, o SampleOptions) ([]byte, error) {
	args, err := sampleArgs(&o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(sampleFont); err != nil {
		return nil, noSandbox("the font that labels samples is not installed; install the package fonts-dejavu-core", err.Error())
	}
	w, err := s.newWork()
	if err != nil {
		return nil, fmt.Errorf("making a sample: %w", err)
	}
	defer w.remove()
	out, err := w.create("sample", 0o600)
	if err != nil {
		return nil, fmt.Errorf("making a sample: %w", err)
	}
	defer out.Close()
	err = s.run(ctx, job{stage: "sample", tool: "ffmpeg", args: args, output: out.Name(), outPath: outSample,
		text: cleanLabel(o.Label), fonts: true, wall: s.limits.WaveTime, outMax: s.limits.PreviewBytes})
	if d, ok := asDecodeError(err); ok && d.Cause == CauseSandbox {
		err = s.bareSample(ctx, w, args, cleanLabel(o.Label), out.Name(), err)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(out)
}

// bareSample makes a sample without a sandbox; refusal is what the sandbox said.
func (s *Sandbox) bareSample(ctx context.Context, w *work, args []string, label, out string, refusal error) error {
	text, err := w.write("label", strings.NewReader(label), maxLabel*utf8.UTFMax)
	if err != nil {
		return fmt.Errorf("making a sample: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.WaveTime)
	defer cancel()
	for i, a := range args {
		args[i] = strings.NewReplacer(inText, text, outSample, out).Replace(a)
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if said, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(refusal, fmt.Errorf("making a sample without the sandbox: %w: %s", err, printable(string(said), 500)))
	}
	return nil
}

// sampleArgs fills in o's defaults and builds the command line. The label reaches ffmpeg as a file and is not expanded,
// so no text in it can be taken for a filter.
func sampleArgs(o *SampleOptions) ([]string, error) {
	setDefault(&o.Length, 8*time.Second)
	setDefault(&o.Width, 640)
	setDefault(&o.Height, 360)
	setDefault(&o.Pattern, PatternTest)
	setDefault(&o.ToneHz, 440)
	setDefault(&o.Encoding, EncodeWebM)
	source, encoder := sources[o.Pattern], encoders[o.Encoding]
	switch {
	case source == nil || encoder == nil:
		return nil, fmt.Errorf("making a sample: there is no pattern %q or encoding %q", o.Pattern, o.Encoding)
	case o.Length < 0 || o.Length > 10*time.Minute || o.ToneHz < -1 || o.ToneHz > 20000:
		return nil, errors.New("making a sample: length up to 10 min, tone up to 20 kHz")
	case o.Width%2 != 0 || o.Height%2 != 0 || o.Width < 128 || o.Height < 96 || o.Width > 1920 || o.Height > 1080:
		return nil, errors.New("making a sample: even sizes from 128 × 96 to 1920 × 1080")
	}
	args := append(ffmpegArgs(), "-f", "lavfi", "-i", source(o.Width, o.Height))
	maps := []string{"-map", "0:v"}
	if o.ToneHz > 0 {
		// Rising and falling like speech, so that the waveform has something to show.
		tone := fmt.Sprintf("aevalsrc='0.4*sin(2*PI*%d*t)*(0.5+0.5*sin(2*PI*0.45*t))*(0.6+0.4*sin(2*PI*2.3*t))':s=48000", o.ToneHz)
		args, maps = append(args, "-f", "lavfi", "-i", tone), append(maps, "-map", "1:a")
	}
	args = append(append(args, maps...), "-t", secondsArg(o.Length), "-vf", banner(o.Height, cleanLabel(o.Label) != ""),
		"-pix_fmt", "yuv420p", "-threads", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
		"-flags:a", "+bitexact")
	return append(append(args, encoder...), "-y", outSample), nil
}

func banner(height int, label bool) string {
	text := func(what string, size, y int) string {
		return fmt.Sprintf("drawtext=fontfile=%s:%s:expansion=none:fontsize=%d:fontcolor=white:box=1:boxcolor=black@0.75:"+
			"boxborderw=%d:x=(w-tw)/2:y=%d", sampleFont, what, size, size/3, y)
	}
	filter := text("text=SIMULATED", height/8, height/12)
	if label {
		filter += "," + text("textfile="+inText, height/18, height*3/4)
	}
	return filter
}

// cleanLabel keeps at most maxLabel printable characters on one line.
func cleanLabel(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar && n < maxLabel {
			b.WriteRune(r)
			n++
		}
	}
	return strings.TrimSpace(b.String())
}
