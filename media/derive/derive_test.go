package derive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// box is a sandbox that works on this machine; these tests mean nothing without one.
func box(t testing.TB, l Limits) *Sandbox {
	t.Helper()
	s := New(Config{Limits: l})
	if err := s.Check(context.Background()); err != nil {
		t.Fatalf("no sandbox on this machine: %v", err)
	}
	return s
}

// sample makes a clip in a folder of the test's own.
func sample(t testing.TB, s *Sandbox, o SampleOptions) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip")
	b, err := s.Sample(context.Background(), o)
	if err := errors.Join(err, os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, s *Sandbox, path string) *Clip {
	t.Helper()
	c, err := s.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func openBytes(t testing.TB, s *Sandbox, b []byte) *Clip {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, s, path)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decodeError demands a *DecodeError of one cause.
func decodeError(t testing.TB, err error, cause Cause) *DecodeError {
	t.Helper()
	var d *DecodeError
	if !errors.As(err, &d) {
		t.Fatalf("got %v (%T), want a *DecodeError of cause %q", err, err, cause)
	}
	if d.Cause != cause || d.Reason == "" {
		t.Fatalf("got cause %q, reason %q, detail %q; want cause %q", d.Cause, d.Reason, d.Detail, cause)
	}
	return d
}

func TestDeriveEveryEncoding(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for _, tc := range []struct {
		encoding     Encoding
		container    Container
		video, audio string
		preview      bool
	}{
		{EncodeWebM, WebM, "vp8", "opus", false},
		{EncodeMP4, MP4, "h264", "aac", false},
		{EncodeMPEG4, MP4, "mpeg4", "aac", true},
		{EncodeMOV, QuickTime, "h264", "aac", true},
		{EncodeMKV, Matroska, "vp8", "opus", true},
	} {
		t.Run(string(tc.encoding), func(t *testing.T) {
			t.Parallel()
			c := open(t, s, sample(t, s, SampleOptions{Encoding: tc.encoding, Label: "Réunion: 100% 'test'; [x]=\\n"}))
			var progress []float64
			r, err := c.Derive(t.Context(), Options{}, func(f float64) { progress = append(progress, f) })
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Problems) > 0 || len(r.Probe.Notes) > 0 {
				t.Errorf("problems %v, notes %q", r.Problems, r.Probe.Notes)
			}
			v, _ := r.Probe.Video()
			a, _ := r.Probe.Audio()
			if r.Probe.Container != tc.container || v.Codec != tc.video || a.Codec != tc.audio || v.Width != 640 ||
				v.Height != 360 || v.FrameRate != 25 || a.Channels != 1 || a.SampleRate != 48000 {
				t.Errorf("probe: %+v", r.Probe)
			}
			if d := r.Probe.Duration; d < 7900*time.Millisecond || d > 8200*time.Millisecond {
				t.Errorf("duration %v, want 8 s", d)
			}
			if r.Preview != tc.preview {
				t.Errorf("preview %v, want %v", r.Preview, tc.preview)
			}
			checkProgress(t, progress)
			checkDerivatives(t, r, tc.preview)
		})
	}
}

func checkProgress(t *testing.T, progress []float64) {
	t.Helper()
	last := 0.0
	for _, f := range progress {
		if f < last || f > 1 {
			t.Fatalf("progress does not rise from 0 to 1: %v", progress)
		}
		last = f
	}
	if last != 1 || len(progress) < 5 {
		t.Errorf("progress %v", progress)
	}
}

func checkDerivatives(t *testing.T, r Result, preview bool) {
	t.Helper()
	got := map[DerivativeKind]Derivative{}
	for _, d := range r.Derivatives {
		got[d.Kind] = d
		if int64(len(read(t, d.Path))) != d.Size || d.ContentType == "" {
			t.Errorf("%s: size or type is wrong", d.Kind)
		}
		if !strings.HasPrefix(d.Command, "ffmpeg ") ||
			!strings.Contains(d.Command, inClip) || strings.Contains(d.Command, "/tmp") {
			t.Errorf("%s: command %q", d.Kind, d.Command)
		}
	}
	var contact ContactMeta
	if err := json.Unmarshal(got[KindContact].Meta, &contact); err != nil {
		t.Fatal(err)
	}
	sheet, err := jpeg.DecodeConfig(bytes.NewReader(read(t, got[KindContact].Path)))
	if err != nil || len(contact.TimesMS) != 12 || contact.Columns != 4 || contact.Rows != 3 ||
		sheet.Width != 4*contact.TileWidth || sheet.Height != 3*contact.TileHeight {
		t.Errorf("contact sheet %+v, picture %+v, %v", contact, sheet, err)
	}
	for i, at := range contact.TimesMS {
		if want := int64(8000*(2*i+1)) / 24; at < want-41 || at > want+41 {
			t.Errorf("still %d is of %d ms, want it within one picture of %d", i, at, want)
		}
	}
	if _, err := jpeg.Decode(bytes.NewReader(read(t, got[KindPoster].Path))); err != nil {
		t.Errorf("poster: %v", err)
	}
	checkWaveform(t, read(t, got[KindWaveform].Path))
	if _, made := got[KindPreview]; made != preview {
		t.Errorf("preview made: %v", made)
	}
}

func checkWaveform(t *testing.T, b []byte) {
	t.Helper()
	var w Waveform
	if err := json.Unmarshal(b, &w); err != nil {
		t.Fatal(err)
	}
	loudest := int8(0)
	for i := 0; i < len(w.Peaks); i += 2 {
		if w.Peaks[i] > 0 || w.Peaks[i+1] < 0 {
			t.Fatalf("peak %d: %d to %d", i/2, w.Peaks[i], w.Peaks[i+1])
		}
		loudest = max(loudest, w.Peaks[i+1])
	}
	if len(w.Peaks) != 1200 || loudest < 30 || loudest > 70 || w.DurationMS < 7900 || w.DurationMS > 8200 {
		t.Errorf("%d peaks, loudest %d of 127 (the tone is at 0.4), %d ms", len(w.Peaks)/2, loudest, w.DurationMS)
	}
	if p := w.SVGPath(600, 60); !strings.HasPrefix(p, "M0.0 ") || !strings.HasSuffix(p, "Z") {
		t.Errorf("path %.40q", p)
	}
}

// A preview must play where its original does not: its codecs need no preview, and it lasts as long.
func TestPreviewPlays(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	c := open(t, s, sample(t, s, SampleOptions{Encoding: EncodeMPEG4, Length: 2 * time.Second, Width: 1920, Height: 1080}))
	p, err := c.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Preview(t.Context(), p, "because", nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := open(t, s, d.Path).Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, _ := again.Video()
	if needed, why := NeedsPreview(again); needed || again.Container != WebM {
		t.Errorf("the preview needs a preview: %s", why)
	}
	if v.Width != 1280 || v.Height != 720 || again.Duration < 1900*time.Millisecond || again.Duration > 2100*time.Millisecond {
		t.Errorf("%+v", again)
	}
	if string(d.Meta) != `{"width":1280,"height":720,"why":"because"}` {
		t.Errorf("meta %s", d.Meta)
	}
}

// A job that runs twice must give the same bytes, or one exhibit would have two different posters.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	path := sample(t, s, SampleOptions{Encoding: EncodeMPEG4, Length: 3 * time.Second})
	second := sample(t, s, SampleOptions{Encoding: EncodeMPEG4, Length: 3 * time.Second})
	if !bytes.Equal(read(t, path), read(t, second)) {
		t.Error("two samples of the same options differ")
	}
	var first []Derivative
	for range 2 {
		r, err := open(t, s, path).Derive(t.Context(), Options{}, nil)
		if err != nil || len(r.Derivatives) != 4 {
			t.Fatal(err, r.Problems)
		}
		for i := range r.Derivatives {
			r.Derivatives[i].Path = ""
		}
		if first == nil {
			first = r.Derivatives
		} else if !reflect.DeepEqual(first, r.Derivatives) {
			t.Errorf("two runs differ:\n%+v\n%+v", first, r.Derivatives)
		}
	}
}

func TestDeriveGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	path := sample(t, s, SampleOptions{Length: time.Second})
	full := errors.New("bucket is gone")
	_, err := open(t, s, path).Derive(t.Context(), Options{Keep: func(Derivative) error { return full }}, nil)
	if !errors.Is(err, full) {
		t.Fatalf("got %v, want the storage's error", err)
	}
	var kept []DerivativeKind
	_, err = open(t, s, path).Derive(t.Context(), Options{Have: []DerivativeKind{KindContact, KindPoster},
		Keep: func(d Derivative) error { kept = append(kept, d.Kind); return nil }}, nil)
	if err != nil || !reflect.DeepEqual(kept, []DerivativeKind{KindWaveform}) {
		t.Errorf("made %v, %v; want only the waveform", kept, err)
	}
}

// TestFrames holds that there is one picture for each second that a clip begins, of its own size whatever the clip's is, the same each time.
func TestFrames(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	take := func(b []byte) (out []Frame) {
		t.Helper()
		r, err := openBytes(t, s, b).Derive(t.Context(), Options{Have: []DerivativeKind{KindContact, KindPoster, KindWaveform, KindPreview},
			Frame: func(f Frame) { out = append(out, Frame{f.At, bytes.Clone(f.Grey)}) }}, nil)
		if err != nil || len(r.Problems)+len(r.Probe.Notes) > 0 {
			t.Fatal(err, r.Problems, r.Probe.Notes)
		}
		return out
	}
	long := ffmpegMakes(t, s, "-f", "lavfi", "-i", "testsrc2=s=320x240:d=3.3", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-f", "webm")
	fs := take(long)
	if len(fs) != 4 || fs[3].At != 3*time.Second || len(fs[3].Grey) != FrameSide*FrameSide || bytes.Equal(fs[0].Grey, fs[3].Grey) {
		t.Errorf("%d frames of a clip of 3.3 s", len(fs))
	}
	if !reflect.DeepEqual(fs, take(long)) {
		t.Error("two runs differ")
	}
	if fs := take(ffmpegMakes(t, s, "-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.2", "-c:v", "libvpx", "-f", "webm")); len(fs) != 1 {
		t.Errorf("%d frames of a clip of 0.2 s", len(fs))
	}
	mute := 0
	if r, err := openBytes(t, s, ffmpegMakes(t, s, "-f", "lavfi", "-i", "sine=500:d=1", "-c:a", "libopus", "-f", "webm")).Derive(t.Context(),
		Options{Frame: func(Frame) { mute++ }}, nil); err != nil || mute > 0 || len(r.Probe.Notes) > 0 {
		t.Errorf("%d frames of sound, %v, %v", mute, err, r.Probe.Notes)
	}
	slow := box(t, Limits{FramesTime: time.Millisecond})
	r, err := openBytes(t, slow, long).Derive(t.Context(), Options{Frame: func(Frame) {}}, nil)
	if err != nil || len(r.Problems) > 0 || len(r.Probe.Notes) != 1 {
		t.Errorf("a clip that takes too long to compare: %v, %v, %q", err, r.Problems, r.Probe.Notes)
	}
}

func TestSoundOnlyAndPictureOnly(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	mute := open(t, s, sample(t, s, SampleOptions{Length: time.Second, ToneHz: -1}))
	r, err := mute.Derive(t.Context(), Options{}, nil)
	if err != nil || !r.NoSound || r.NoPicture || len(r.Derivatives) != 2 || len(r.Problems) != 0 {
		t.Errorf("picture only: %+v, %v", r, err)
	}
	sound := openBytes(t, s, ffmpegMakes(t, s, "-f", "lavfi", "-i", "sine=500:d=1", "-c:a", "libopus", "-f", "webm"))
	r, err = sound.Derive(t.Context(), Options{}, nil)
	if err != nil || r.NoSound || !r.NoPicture || len(r.Derivatives) != 1 || len(r.Problems) != 0 {
		t.Errorf("sound only: %+v, %v", r, err)
	}
}

// ffmpegMakes runs ffmpeg in the sandbox to make a file that MakeSample does not offer.
func ffmpegMakes(t testing.TB, s *Sandbox, args ...string) []byte {
	t.Helper()
	w, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	defer w.remove()
	out, err := w.create("made", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	args = append(append(ffmpegArgs(), args...), "-y", "/out/made")
	if err := s.run(context.Background(), job{stage: "test", tool: "ffmpeg", args: args, output: out.Name(),
		outPath: "/out/made", wall: time.Minute, outMax: 1 << 28}); err != nil {
		t.Fatalf("%v: %+v", err, err)
	}
	return read(t, out.Name())
}

func TestSamplesOfEveryPattern(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for p := range sources {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			c := open(t, s, sample(t, s, SampleOptions{Pattern: p, Length: 2 * time.Second, Label: "x"}))
			if pr, err := c.Probe(t.Context()); err != nil || len(pr.Tracks) != 2 {
				t.Errorf("%+v, %v", pr, err)
			}
		})
	}
}

// A label is text and nothing else: what would be a filter, an expansion or an option changes no other pixel.
func TestLabelIsOnlyText(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for _, label := range []string{"%{pts} %{expr:1}", "':x=0,movie=/etc/passwd[a];[a]null", "\\:textfile=/etc/passwd",
		"a\nb\x00c\u202e", strings.Repeat("ü", 500)} {
		if _, err := s.Sample(t.Context(), SampleOptions{Length: 200 * time.Millisecond, Label: label}); err != nil {
			t.Errorf("label %q: %v", label, err)
		}
	}
	if got := cleanLabel("a\nb\x00c\u202ed"); got != "abcd" {
		t.Errorf("cleanLabel gives %q", got)
	}
}

func TestSampleRefusesNonsense(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	for _, o := range []SampleOptions{{Pattern: "nullsrc"}, {Encoding: "gif"}, {Width: 641}, {Length: time.Hour}, {ToneHz: 1e9}} {
		if _, err := s.Sample(t.Context(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestCancelledJobIsNotTheClipsFault(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	c := open(t, s, sample(t, s, SampleOptions{Length: time.Second}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Derive(ctx, Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
