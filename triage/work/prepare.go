package work

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/proffer/proffer/triage"
)

// Prepare prepares one exhibit, all but its preview: a failed decode is a result, and so is an original that is not what
// was sealed; everything else that fails is tried again.
func (w *Worker) Prepare(ctx context.Context, j triage.PrepareExhibit) error {
	x, done, err := w.Desk.BeginPreparing(ctx, j.Exhibit)
	if err != nil || done {
		return err
	}
	out, print, err := w.look(ctx, x)
	if errors.Is(err, triage.ErrAltered) {
		return w.Desk.MarkAltered(ctx, x.ID, err)
	} else if err != nil {
		return err
	}
	x.Container = out.Probe.Container
	verdict, trust, err := w.Desk.Verify(ctx, x)
	if errors.Is(err, triage.ErrAltered) {
		return w.Desk.MarkAltered(ctx, x.ID, err)
	} else if err != nil {
		return err
	}
	why := out.Failed
	if why != "" && out.Notes != "" {
		why += " "
	}
	return w.Desk.FinishPreparing(ctx, x.ID, triage.Prepared{Probe: out.Probe, Why: why + out.Notes, Failed: out.Failed != "", Verdict: verdict, Trust: trust, Print: print})
}

// look finds out what an exhibit is, and makes what can be made of it. Of lines of chat there is nothing to decode.
func (w *Worker) look(ctx context.Context, x triage.Exhibit) (out Outcome, print *triage.Print, err error) {
	lines, err := w.Desk.IsLines(ctx, x)
	if lines || err != nil {
		out.Probe.Container = triage.ContainerLines
		return out, nil, err
	}
	have, err := w.Desk.Made(ctx, x.ID)
	if err != nil {
		return out, nil, err
	}
	out, md5, err := w.derive(ctx, x, append(have, triage.DerivedPreview))
	return out, &triage.Print{MD5: md5, Frames: out.Frames}, err
}

// Preview makes the preview of one exhibit. That it cannot be made is a result, as with Prepare.
func (w *Worker) Preview(ctx context.Context, j triage.PreparePreview) error {
	x, done, err := w.Desk.BeginPreview(ctx, j.Exhibit)
	if err != nil || done {
		return err
	}
	out, _, err := w.derive(ctx, x, []triage.DerivativeKind{triage.DerivedPoster, triage.DerivedContact, triage.DerivedWaveform, triage.DerivedFrames})
	if errors.Is(err, triage.ErrAltered) {
		return w.Desk.MarkAltered(ctx, x.ID, err)
	} else if err != nil {
		return err
	}
	if out.Failed == "" {
		out.Failed = "Nothing came out." // believed only where there really is no preview
	}
	return w.Desk.FailPreview(ctx, x.ID, out.Failed)
}

// derive makes what an exhibit does not have, and keeps each thing as soon as it is made: a job that dies begins with what
// is left. Nothing is kept of an original that is not, as a whole, what was sealed.
func (w *Worker) derive(ctx context.Context, x triage.Exhibit, have []triage.DerivativeKind) (out Outcome, sum triage.MD5, err error) {
	clip, err := w.Desk.OpenSealed(ctx, x)
	if err != nil {
		return out, sum, fmt.Errorf("opening the original of %s: %w", x.ID, err)
	}
	defer clip.Close()
	original := &source{r: clip, sum: sha256.New(), old: md5.New()}
	keep := func(d triage.Derivative, r io.Reader) error {
		if err := original.check(x); err != nil {
			return err
		}
		d.Exhibit = x.ID
		d.Key = fmt.Sprintf("derivative/%s/%s-%s", x.ID, d.Kind, d.SHA256)
		if err := w.Desk.Objects.PutDerivative(ctx, d.Key, d.ContentType, r, d.Size); err != nil {
			return fmt.Errorf("storing the %s of %s: %w", d.Kind, x.ID, err)
		}
		return w.Desk.KeepDerivative(ctx, d)
	}
	if out, err = w.Decoder.Prepare(ctx, original, x.Size, have, keep); err != nil {
		return out, sum, err
	}
	err = original.check(x)
	return out, triage.MD5(original.old.Sum(nil)), err
}

// source reads an original and does not get over a failure: a decoder that was cut off by the object store says that the
// clip is damaged, which is not to be believed.
type source struct {
	r   io.Reader
	sum hash.Hash // of all that was read, SHA-256
	old hash.Hash // likewise, MD5: what old lists of known clips have
	err error     // the first failure; every read after it fails with it too
}

func (s *source) Read(b []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err = s.r.Read(b)
	s.sum.Write(b[:n])
	s.old.Write(b[:n])
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// check reads what the decoder did not want to see, and compares the whole with what was sealed.
func (s *source) check(x triage.Exhibit) error {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return fmt.Errorf("reading the original of %s: %w", x.ID, err)
	}
	if [32]byte(s.sum.Sum(nil)) != x.SHA256 {
		return triage.AlteredOriginal(triage.Blob{SHA256: x.SHA256}, "its chunks agree, and the whole does not")
	}
	return nil
}

// GiveUpPreparing is called when the queue stops trying: the case must not wait for ever.
func (w *Worker) GiveUpPreparing(ctx context.Context, j triage.PrepareExhibit, cause error) error {
	w.Log.Error("an exhibit could not be prepared", "exhibit", j.Exhibit, "err", cause)
	return w.Desk.FinishPreparing(ctx, j.Exhibit, triage.Prepared{Failed: true, Why: givenUp("The clip could not be prepared", cause)})
}

// GiveUpPreview is called when the queue stops trying to make a preview.
func (w *Worker) GiveUpPreview(ctx context.Context, j triage.PreparePreview, cause error) error {
	w.Log.Error("a preview could not be made", "exhibit", j.Exhibit, "err", cause)
	return w.Desk.FailPreview(ctx, j.Exhibit, givenUp("The preview could not be made", cause))
}

// givenUp says why, for people: the cause itself is for the server's log.
func givenUp(what string, cause error) string {
	if errors.Is(cause, context.DeadlineExceeded) {
		return what + ": it took too long each time it was tried. The clip is safe; try again when this server has less to do, or look at a copy of the original with your own tools."
	}
	return what + ", although it was tried many times. The clip is safe; try again, or ask an administrator to look into the server's log."
}
