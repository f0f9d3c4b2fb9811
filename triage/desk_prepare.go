package triage

import (
	"context"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// BeginPreparing marks an exhibit as being prepared and returns it; done is true when there is nothing left to do.
func (d *Desk) BeginPreparing(ctx context.Context, id ExhibitID) (x Exhibit, done bool, err error) {
	err = d.updateAgain(ctx, func(tx Tx) error {
		if x, err = tx.Exhibit(ctx, id); err != nil {
			return err
		}
		if done = x.Processing.Ended(); done {
			return nil
		}
		x.Processing = ProcessingRunning
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		x.Version++
		c, err := tx.Case(ctx, x.Case)
		if err != nil || c.State != StateReceived {
			return err // a clip added later does not move its case
		}
		if err := c.advance(StepPrepare); err != nil {
			return err
		}
		return tx.SaveCase(ctx, c)
	})
	return x, done, err
}

// Made lists what there is of an exhibit already, so that it is not made twice.
func (d *Desk) Made(ctx context.Context, id ExhibitID) (kinds []DerivativeKind, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		ds, err := tx.Derivatives(ctx, id)
		for _, m := range ds {
			kinds = append(kinds, m.Kind)
		}
		return err
	})
	return kinds, err
}

// KeepDerivative notes something that was made of an exhibit, as soon as its bytes are stored. It can be repeated. The
// exhibit is saved with it, so that whoever looks at it sees it come.
func (d *Desk) KeepDerivative(ctx context.Context, m Derivative) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, m.Exhibit)
		if err != nil {
			return err
		}
		ds, err := tx.Derivatives(ctx, x.ID)
		if err != nil || slices.ContainsFunc(ds, func(o Derivative) bool { return o.Kind == m.Kind && o.Key == m.Key && o.SHA256 == m.SHA256 }) {
			return err
		}
		if m.Kind == DerivedPreview {
			x.Probe.NoProxy = ""
		}
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		m.Made = d.now()
		if err := tx.PutDerivative(ctx, m); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, m.Made, account.System, entry{custody.ExhibitDerived, x.Case, "exhibit/" + string(x.ID), DerivedFacts(m)})
	})
}

// Prepared is what preparing an exhibit came to.
type Prepared struct {
	Probe  Probe
	Failed bool   // it can be retried
	Why    string // why it failed, or what is odd about the clip, in words

	Verdict []byte // what was found about its proof (Desk.Verify); nil where it has none
	Trust   Trust  // the verdict's

	Print *Print // what it is compared by; nil where it was not read as a whole
}

// FinishPreparing writes what the preparation found; what was made of the clip is kept before. A preview that is wanted
// is left to a job of its own. When it was the last exhibit of its case, the case goes into the queue. It can be repeated.
func (d *Desk) FinishPreparing(ctx context.Context, id ExhibitID, p Prepared) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, id)
		if err != nil || x.Processing.Ended() {
			return err
		}
		x.Probe, x.Container, x.Why, x.Processing = p.Probe, p.Probe.Container, p.Why, ProcessingDone
		if p.Verdict != nil {
			x.Verdict, x.Trust = p.Verdict, p.Trust
		}
		act := custody.ExhibitProcessed
		if p.Failed {
			x.Processing, act = ProcessingFailed, custody.ExhibitFailed
		}
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		if p.Print != nil {
			if err := tx.PutPrint(ctx, id, *p.Print); err != nil {
				return err
			}
		}
		if err := tx.Enqueue(ctx, MatchExhibit{Exhibit: id}); err != nil {
			return err
		}
		if wanted, err := wantsPreview(ctx, tx, x); err != nil {
			return err
		} else if wanted {
			if err := tx.Enqueue(ctx, PreparePreview{Exhibit: id}); err != nil {
				return err
			}
		}
		if err := d.record(ctx, tx, account.System, entry{act, x.Case, "exhibit/" + string(id),
			VerdictFacts(PreparedFacts(x.Container, x.Probe.Duration.Seconds(), x.Probe.Tracks, x.Trust, x.Why), x.Verdict)}); err != nil {
			return err
		}
		return d.queueWhenPrepared(ctx, tx, x.Case)
	})
}

// wantsPreview reports whether a preview of the exhibit is still to be made.
func wantsPreview(ctx context.Context, tx Tx, x Exhibit) (bool, error) {
	if !x.Probe.NeedsProxy || x.Probe.NoProxy != "" || x.Processing == ProcessingAltered {
		return false, nil
	}
	ds, err := tx.Derivatives(ctx, x.ID)
	return !slices.ContainsFunc(ds, func(m Derivative) bool { return m.Kind == DerivedPreview }), err
}

// BeginPreview returns an exhibit whose preview is to be made; done is true when there is nothing left to do.
func (d *Desk) BeginPreview(ctx context.Context, id ExhibitID) (x Exhibit, done bool, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		if x, err = tx.Exhibit(ctx, id); err != nil {
			return err
		}
		wanted, err := wantsPreview(ctx, tx, x)
		done = !wanted
		return err
	})
	return x, done, err
}

// FailPreview notes why no preview of an exhibit could be made. The exhibit is prepared all the same. It can be repeated.
func (d *Desk) FailPreview(ctx context.Context, id ExhibitID, why string) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, id)
		if err != nil {
			return err
		}
		if wanted, err := wantsPreview(ctx, tx, x); err != nil || !wanted {
			return err
		}
		x.Probe.NoProxy = why
		return tx.SaveExhibit(ctx, x)
	})
}

// queueWhenPrepared queues a case whose last exhibit was prepared. The case is saved in any event: of two exhibits that
// are finished at once, neither sees the other, so one has to lose and look again.
func (d *Desk) queueWhenPrepared(ctx context.Context, tx Tx, id CaseID) error {
	c, err := tx.Case(ctx, id)
	if err != nil || c.State != StateProcessing && c.State != StateReceived {
		return err
	}
	xs, err := tx.ExhibitsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, x := range xs {
		if !x.Processing.Ended() {
			return tx.SaveCase(ctx, c)
		}
	}
	if err := c.advance(StepPrepared); err != nil {
		return err
	}
	if err := d.rateAgain(ctx, tx, &c); err != nil { // what the clips' proofs came to is known now
		return err
	}
	if err := tx.SaveCase(ctx, c); err != nil {
		return err
	}
	return d.record(ctx, tx, account.System, entry{custody.CaseQueued, id, "case/" + string(id), RatedFacts(c)})
}
