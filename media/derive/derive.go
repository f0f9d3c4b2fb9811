package derive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// DerivativeKind names what was made from a clip.
type DerivativeKind string

// The derivatives.
const (
	KindContact  DerivativeKind = "contact"  // image/jpeg; Meta is ContactMeta
	KindPoster   DerivativeKind = "poster"   // image/jpeg; Meta is PosterMeta
	KindWaveform DerivativeKind = "waveform" // application/json, a Waveform; no Meta
	KindPreview  DerivativeKind = "preview"  // video/webm; Meta is PreviewMeta
)

var contentTypes = map[DerivativeKind]string{KindContact: "image/jpeg", KindPoster: "image/jpeg",
	KindWaveform: "application/json", KindPreview: "video/webm"}

// Derivative is a file that was made from a clip. The same clip, version and options give the same bytes again.
type Derivative struct {
	Kind        DerivativeKind
	ContentType string
	Path        string // in the clip's folder; gone after Clip.Close
	Size        int64  // bytes
	SHA256      [32]byte
	Command     string // tool, version and exact command line, with the sandbox's own paths; what Proffer did after a "#"
	Meta        []byte // JSON, by kind; nil for none
}

// Options say what Derive makes. The zero value is the default.
type Options struct {
	Stills int                    // of the contact sheet; default 12, at most 64
	Points int                    // of the waveform; default 600, at most 4096
	Have   []DerivativeKind       // made before, by an earlier try of the job: not made again
	Keep   func(Derivative) error // called as each derivative is ready, to store it; its error ends Derive
	Frame  func(Frame)            // called for each picture that Frames takes, to compare it with known ones; nil: none is taken
}

// Result is what Derive could make.
type Result struct {
	Probe       Probe
	Derivatives []Derivative
	NoPicture   bool           // the clip has sound only: no contact sheet, no poster
	NoSound     bool           // the clip has pictures only: no waveform
	Preview     bool           // browsers do not play the original as it is
	Problems    []*DecodeError // what could not be made; a later try helps where Retryable
}

// Derive probes the clip and makes all that belongs to it: contact sheet, poster, waveform and, where browsers need one,
// a preview. What fails is in Problems and does not stop the rest. The error is a *DecodeError when nothing can be made
// at all, the context's error when the caller gave up, or a failure of this machine. progress, which may be nil, gets
// values that rise from 0 to 1.
func (c *Clip) Derive(ctx context.Context, o Options, progress func(float64)) (Result, error) {
	setDefault(&o.Stills, 12)
	setDefault(&o.Points, 600)
	p, err := c.Probe(ctx)
	if err != nil {
		return Result{}, err
	}
	r := Result{Probe: p}
	steps := c.steps(p, o, &r)
	rising := newRising(progress)
	rising.set(0.02)
	total, done := 0.0, 0.0
	for _, s := range steps {
		total += s.weight
	}
	for _, s := range steps {
		from, share := done/total, s.weight/total
		d, err := s.make(ctx, func(f float64) { rising.set(from + f*share) })
		if err := r.add(d, err, o.Keep); err != nil {
			return r, err
		}
		done += s.weight
		rising.set(done / total)
	}
	if _, ok := p.Video(); ok && o.Frame != nil {
		if err := r.frames(c.Frames(ctx, p, o.Frame)); err != nil {
			return r, err
		}
	}
	rising.set(1)
	return r, nil
}

// step makes one derivative; weight is its rough share of the time.
type step struct {
	kind   DerivativeKind
	weight float64
	make   func(context.Context, func(float64)) (Derivative, error)
}

func (c *Clip) steps(p Probe, o Options, r *Result) []step {
	_, hasVideo := p.Video()
	_, hasAudio := p.Audio()
	why := ""
	r.NoPicture, r.NoSound = !hasVideo, !hasAudio
	r.Preview, why = NeedsPreview(p)
	var all []step
	add := func(wanted bool, s step) {
		if wanted && !slices.Contains(o.Have, s.kind) {
			all = append(all, s)
		}
	}
	add(hasVideo, step{KindContact, 6, func(ctx context.Context, f func(float64)) (Derivative, error) {
		return c.Contact(ctx, p, o.Stills, f)
	}})
	add(hasVideo, step{KindPoster, 1, func(ctx context.Context, _ func(float64)) (Derivative, error) {
		return c.Poster(ctx, p)
	}})
	add(hasAudio, step{KindWaveform, 2, func(ctx context.Context, f func(float64)) (Derivative, error) {
		return c.Waveform(ctx, p, o.Points, f)
	}})
	add(r.Preview, step{KindPreview, 20, func(ctx context.Context, f func(float64)) (Derivative, error) {
		return c.Preview(ctx, p, why, f)
	}})
	return all
}

// add takes one step's outcome; what it returns ends Derive.
func (r *Result) add(d Derivative, err error, keep func(Derivative) error) error {
	if problem, ok := asDecodeError(err); ok && problem.Cause != CauseSandbox {
		r.Problems = append(r.Problems, problem)
		return nil
	}
	if err != nil {
		return err
	}
	r.Derivatives = append(r.Derivatives, d)
	if keep == nil {
		return nil
	}
	if err := keep(d); err != nil {
		return fmt.Errorf("keeping the %s: %w", d.Kind, err)
	}
	return nil
}

// frames takes the outcome of Frames: that a clip cannot be compared with known ones does not make it any less prepared.
func (r *Result) frames(err error) error {
	if problem, ok := asDecodeError(err); ok && problem.Cause != CauseSandbox {
		r.Probe.note("Its pictures could not be compared with known ones: %s.", problem.Reason)
		return nil
	}
	return err
}

// rising passes progress on only when it has risen by a hundredth.
type rising struct {
	to   func(float64)
	last float64
}

func newRising(to func(float64)) *rising { return &rising{to: to, last: -1} }

func (r *rising) set(f float64) {
	if f = min(1, f); r.to != nil && (f >= r.last+0.01 || (f == 1 && r.last < 1)) {
		r.last = f
		r.to(f)
	}
}

// derivative stores b as a file of the clip's folder.
func (c *Clip) derivative(k DerivativeKind, b, meta []byte, command string) (Derivative, error) {
	f, err := os.CreateTemp(c.work.dir, string(k)+"-*")
	if err != nil {
		return Derivative{}, fmt.Errorf("storing the %s: %w", k, err)
	}
	_, err = io.Copy(f, bytes.NewReader(b))
	if err := errors.Join(err, f.Close()); err != nil {
		return Derivative{}, fmt.Errorf("storing the %s: %w", k, err)
	}
	return Derivative{Kind: k, ContentType: contentTypes[k], Path: f.Name(), Size: int64(len(b)),
		SHA256: sha256.Sum256(b), Command: command, Meta: meta}, nil
}

// fileDerivative describes a file that is in the clip's folder already.
func (c *Clip) fileDerivative(k DerivativeKind, path string, meta []byte, command string) (Derivative, error) {
	f, err := os.Open(path)
	if err != nil {
		return Derivative{}, fmt.Errorf("reading the %s: %w", k, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return Derivative{}, fmt.Errorf("reading the %s: %w", k, err)
	}
	d := Derivative{Kind: k, ContentType: contentTypes[k], Path: path, Size: n, Command: command, Meta: meta}
	copy(d.SHA256[:], h.Sum(nil))
	return d, nil
}

// command writes a command line as it could be typed into a shell, after the version of the tool.
func (c *Clip) command(tool string, args []string) string {
	words := make([]string, 0, len(args)+1)
	for _, a := range append([]string{tool}, args...) {
		if strings.ContainsAny(a, " '\"\\$;()[]*?<>|&#") || a == "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return c.box.Version() + ": " + strings.Join(words, " ")
}
