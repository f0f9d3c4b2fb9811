package work

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/proffer/proffer/triage"
)

// Prepare prepares one exhibit: a failed decode is a result, and so is an original that is not what was sealed; everything
// else that fails is tried again.
func (w *Worker) Prepare(ctx context.Context, j triage.PrepareExhibit) error {
	x, done, err := w.Desk.BeginPreparing(ctx, j.Exhibit)
	if err != nil || done {
		return err
	}
	if err = w.prepare(ctx, x); errors.Is(err, triage.ErrAltered) {
		return w.Desk.MarkAltered(ctx, x.ID, err)
	}
	return err
}

func (w *Worker) prepare(ctx context.Context, x triage.Exhibit) error {
	clip, err := w.Desk.OpenSealed(ctx, x)
	if err != nil {
		return fmt.Errorf("opening the original of %s: %w", x.ID, err)
	}
	defer clip.Close()
	var made []triage.Derivative
	keep := func(d triage.Derivative, r io.Reader) error {
		d.Exhibit = x.ID
		d.Key = fmt.Sprintf("derivative/%s/%s-%s", x.ID, d.Kind, d.SHA256)
		if err := w.Desk.Objects.PutDerivative(ctx, d.Key, d.ContentType, r, d.Size); err != nil {
			return fmt.Errorf("storing the %s of %s: %w", d.Kind, x.ID, err)
		}
		made = append(made, d)
		return nil
	}
	sum := sha256.New()
	original := &source{r: clip}
	out, err := w.Decoder.Prepare(ctx, io.TeeReader(original, sum), x.Size, keep)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sum, original); err != nil { // what the decoder did not want to see
		return fmt.Errorf("reading the original of %s: %w", x.ID, err)
	}
	if [32]byte(sum.Sum(nil)) != x.SHA256 {
		return triage.AlteredOriginal(triage.Blob{SHA256: x.SHA256}, "its chunks agree, and the whole does not")
	}
	why := out.Failed
	if why != "" && out.Notes != "" {
		why += " "
	}
	return w.Desk.FinishPreparing(ctx, x.ID, triage.Prepared{Probe: out.Probe, Made: made, Why: why + out.Notes, Failed: out.Failed != ""})
}

// source reads an original and does not get over a failure: a decoder that was cut off by the object store says that the
// clip is damaged, which is not to be believed.
type source struct {
	r   io.Reader
	err error // the first failure; every read after it fails with it too
}

func (s *source) Read(b []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err = s.r.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// GiveUpPreparing is called when the queue stops trying: the case must not wait for ever.
func (w *Worker) GiveUpPreparing(ctx context.Context, j triage.PrepareExhibit, cause error) error {
	w.Log.Error("an exhibit could not be prepared", "exhibit", j.Exhibit, "err", cause)
	return w.Desk.FinishPreparing(ctx, j.Exhibit, triage.Prepared{Failed: true,
		Why: "The clip could not be prepared, although it was tried many times. It is safe; try again, or ask an administrator to look into the server's log."})
}
