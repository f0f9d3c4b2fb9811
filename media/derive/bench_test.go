package derive

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

// benchClip is the size that the speed of each derivative is given for.
var benchClip = SampleOptions{Length: time.Minute, Width: 640, Height: 360, Label: "benchmark"}

func benchmark(b *testing.B, e Encoding, run func(context.Context, *Clip, Probe) error) {
	b.Helper()
	s := box(b, Limits{})
	o := benchClip
	o.Encoding = e
	c := open(b, s, sample(b, s, o))
	p, err := c.Probe(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := run(b.Context(), c, p); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(p.Duration.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "clip-s/s")
}

func BenchmarkProbe(b *testing.B) {
	benchmark(b, EncodeWebM, func(ctx context.Context, c *Clip, _ Probe) error {
		_, err := c.Probe(ctx)
		return err
	})
}

func BenchmarkContact(b *testing.B) {
	benchmark(b, EncodeWebM, func(ctx context.Context, c *Clip, p Probe) error {
		_, err := c.Contact(ctx, p, 12, nil)
		return err
	})
}

func BenchmarkContactMP4(b *testing.B) {
	benchmark(b, EncodeMP4, func(ctx context.Context, c *Clip, p Probe) error {
		_, err := c.Contact(ctx, p, 12, nil)
		return err
	})
}

func BenchmarkPoster(b *testing.B) {
	benchmark(b, EncodeWebM, func(ctx context.Context, c *Clip, p Probe) error {
		_, err := c.Poster(ctx, p)
		return err
	})
}

func BenchmarkWaveform(b *testing.B) {
	benchmark(b, EncodeWebM, func(ctx context.Context, c *Clip, p Probe) error {
		_, err := c.Waveform(ctx, p, 600, nil)
		return err
	})
}

func BenchmarkPreview(b *testing.B) {
	benchmark(b, EncodeMPEG4, func(ctx context.Context, c *Clip, p Probe) error {
		_, err := c.Preview(ctx, p, "", nil)
		return err
	})
}

func BenchmarkSample(b *testing.B) {
	s := box(b, Limits{})
	for b.Loop() {
		sample(b, s, SampleOptions{Label: "benchmark"})
	}
}

// BenchmarkWalls is what the sandbox itself costs: ffmpeg -version inside, against the same outside as "bare-ms".
func BenchmarkWalls(b *testing.B) {
	s := box(b, Limits{})
	began := time.Now()
	for range 5 {
		if err := exec.CommandContext(b.Context(), "ffmpeg", "-version").Run(); err != nil {
			b.Fatal(err)
		}
	}
	bare := time.Since(began) / 5
	for b.Loop() {
		if err := s.run(b.Context(), job{stage: "bench", tool: "ffmpeg", args: []string{"-version"},
			wall: time.Minute, stdoutMax: 1 << 20}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(bare.Microseconds())/1000, "bare-ms")
}
