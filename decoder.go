package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/proffer/proffer/media/derive"
	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/work"
)

// decoder makes media/derive the work.Decoder: neither package knows the other.
type decoder struct{ sandbox *derive.Sandbox }

func (d decoder) Prepare(ctx context.Context, clip io.Reader, size int64, have []triage.DerivativeKind, keep work.Keep) (work.Outcome, error) {
	staged, err := d.sandbox.Stage(ctx, clip, size)
	if out, ok := refused(err); ok {
		return out, nil
	} else if err != nil {
		return work.Outcome{}, fmt.Errorf("staging the clip: %w", err)
	}
	defer staged.Close()
	o := derive.Options{Keep: func(f derive.Derivative) error { return hand(f, keep) }}
	for _, kind := range have {
		o.Have = append(o.Have, derive.DerivativeKind(kind))
	}
	var frames []triage.Frame
	if !slices.Contains(have, triage.DerivedFrames) {
		o.Frame = func(f derive.Frame) { frames = appendFrame(frames, f) }
	}
	res, err := staged.Derive(ctx, o, nil)
	if out, ok := refused(err); ok {
		out.Probe.Container = string(staged.Container())
		return out, nil
	} else if err != nil {
		return work.Outcome{}, fmt.Errorf("decoding the clip: %w", err)
	}
	out := work.Outcome{Probe: probeOf(res), Notes: strings.Join(res.Probe.Notes, " "), Frames: frames}
	var failed []string
	for _, p := range res.Problems {
		failed = append(failed, fmt.Sprintf("The %s could not be made: %s.", p.Stage, p.Reason))
	}
	out.Failed = strings.Join(failed, " ")
	return out, nil
}

// appendFrame hashes a picture and leaves it out where it shows too little, as a blank one does.
func appendFrame(to []triage.Frame, f derive.Frame) []triage.Frame {
	h, quality := pdq.Sum(pdq.FromGrey(derive.FrameSide, derive.FrameSide, f.Grey))
	if quality < pdq.MinQuality {
		return to
	}
	return append(to, triage.Frame{At: f.At, Hash: h, Quality: quality})
}

// refused tells a clip that cannot be decoded, which is a result, from a failure of this machine.
func refused(err error) (work.Outcome, bool) {
	var de *derive.DecodeError
	if !errors.As(err, &de) {
		return work.Outcome{}, false
	}
	return work.Outcome{Failed: upper(de.Reason) + "."}, true
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func hand(f derive.Derivative, keep work.Keep) error {
	r, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	return keep(triage.Derivative{Kind: triage.DerivativeKind(f.Kind), ContentType: f.ContentType, SHA256: f.SHA256, Size: f.Size,
		Command: f.Command, Meta: f.Meta}, r)
}

func probeOf(res derive.Result) triage.Probe {
	p := triage.Probe{Container: string(res.Probe.Container), Duration: res.Probe.Duration, NeedsProxy: res.Preview}
	for _, t := range res.Probe.Tracks {
		p.Tracks = append(p.Tracks, triage.Track{Kind: string(t.Kind), Codec: t.Codec, Width: t.Width, Height: t.Height,
			FrameRate: t.FrameRate, SampleRate: t.SampleRate, Channels: t.Channels})
	}
	return p
}
