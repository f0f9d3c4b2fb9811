package work_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/work"
)

// made makes these of a clip that browsers would not play, but what it has.
func (s *shop) made(kinds ...triage.DerivativeKind) {
	s.decode = func(r io.Reader, keep work.Keep) (out work.Outcome, err error) {
		out.Probe = triage.Probe{Container: "mov", NeedsProxy: true}
		for _, kind := range kinds {
			if b := []byte(kind); err == nil && !slices.Contains(s.have, kind) {
				err = keep(triage.Derivative{Kind: kind, Size: int64(len(b))}, bytes.NewReader(b))
			}
		}
		return out, err
	}
}

func (s *shop) kinds(r triage.Report) string {
	s.t.Helper()
	kinds, err := s.Desk.Made(s.t.Context(), r.Exhibits[0])
	s.ok(err)
	return fmt.Sprint(kinds)
}

var everything = []triage.DerivativeKind{triage.DerivedContact, triage.DerivedPoster, triage.DerivedWaveform, triage.DerivedPreview}

// TestPreviewComesLater queues the case without its preview, which a job of its own makes.
func TestPreviewComesLater(t *testing.T) {
	s, r, _ := open(t)
	s.store.Jobs()
	s.made(everything...)
	s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingDone || c.State != triage.StateQueued {
		t.Errorf("%s, %s", x.Processing, c.State)
	}
	if got := s.kinds(r); got != "[contact poster waveform]" {
		t.Errorf("made %s", got)
	}
	job := triage.PreparePreview{Exhibit: r.Exhibits[0]}
	if jobs := s.store.Jobs(); !slices.Contains(jobs, triage.Job(job)) {
		t.Errorf("the jobs are %v", jobs)
	}
	for range 2 { // once more than needed
		s.ok(s.Worker.Preview(t.Context(), job))
	}
	if got := s.kinds(r); got != "[contact poster preview waveform]" || s.acts(r.Case)[custody.ExhibitDerived] != 4 {
		t.Errorf("made %s, logged %v", got, s.acts(r.Case))
	}
	s.ok(s.GiveUpPreview(t.Context(), job, errors.New("too late")))
	if x, _ := s.exhibit(r); x.Retriable() || x.Probe.NoProxy != "" {
		t.Errorf("giving up undid what was done: %+v", x)
	}
}

// TestWhatIsMadeIsKept lets every try die after one more thing was made: none is made twice.
func TestWhatIsMadeIsKept(t *testing.T) {
	s, r, _ := open(t)
	for n, kind := range everything[:3] {
		s.made(everything[:n+1]...)
		all := s.decode
		s.decode = func(r io.Reader, keep work.Keep) (work.Outcome, error) {
			if len(s.have) != n+1 || slices.Contains(s.have, kind) { // the preview is always left out
				t.Errorf("before the %s: it was told to leave out %v", kind, s.have)
			}
			_, err := all(r, keep)
			return work.Outcome{}, errors.Join(err, context.DeadlineExceeded)
		}
		if err := s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	s.ok(s.GiveUpPreparing(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}, fmt.Errorf("preparing: %w", context.DeadlineExceeded)))
	x, c := s.exhibit(r)
	if got := s.kinds(r); got != "[contact poster waveform]" || s.acts(r.Case)[custody.ExhibitDerived] != 3 {
		t.Errorf("kept %s, logged %v", got, s.acts(r.Case))
	}
	if !strings.Contains(x.Why, "took too long") || c.State != triage.StateQueued {
		t.Errorf("given up: %q, %s", x.Why, c.State)
	}
}

// TestPreviewThatFails says why, and can be asked for again; the exhibit is prepared all the same.
func TestPreviewThatFails(t *testing.T) {
	s, r, staff := open(t)
	job := triage.PreparePreview{Exhibit: r.Exhibits[0]}
	prepare := func() {
		s.made(everything...)
		s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	}
	prepare()
	for _, fail := range []func() error{
		func() error {
			s.decode = func(io.Reader, work.Keep) (work.Outcome, error) { return work.Outcome{Failed: "It is too dark."}, nil }
			return s.Worker.Preview(t.Context(), job)
		},
		func() error { return s.GiveUpPreview(t.Context(), job, errAway) },
	} {
		s.ok(fail())
		if x, _ := s.exhibit(r); x.Processing != triage.ProcessingDone || x.Probe.NoProxy == "" || !x.Retriable() {
			t.Errorf("failed: %+v", x)
		}
		_, err := s.Desk.RetryExhibit(t.Context(), staff, r.Exhibits[0])
		s.ok(err)
		prepare()
	}
	s.ok(s.Worker.Preview(t.Context(), job))
	if x, _ := s.exhibit(r); x.Retriable() || s.kinds(r) != "[contact poster preview waveform]" {
		t.Errorf("%+v has %s", x, s.kinds(r))
	}
}

// TestPreviewOfAnotherOriginal keeps nothing that was made of bytes that were not sealed.
func TestPreviewOfAnotherOriginal(t *testing.T) {
	s, r, _ := open(t)
	s.made(everything...)
	s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	s.evidence = []byte("the bytes of A clip")
	s.ok(s.Worker.Preview(t.Context(), triage.PreparePreview{Exhibit: r.Exhibits[0]}))
	if x, _ := s.exhibit(r); x.Processing != triage.ProcessingAltered || s.kinds(r) != "[contact poster waveform]" {
		t.Errorf("%s, %s", x.Processing, s.kinds(r))
	}
}
