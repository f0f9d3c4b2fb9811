package triage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// viewingTime is for how long a viewing goes on without another request: until then, requests of one person for one thing
// are one event of the log.
const viewingTime = 10 * time.Minute

// Viewing kinds, as the log names them.
const (
	viewOriginal = "original"
	viewStills   = "stills"
	viewPreview  = "preview"
	viewLines    = "lines" // of chat, which stand on the page itself
	viewCase     = "page"
)

// Playback is bytes that a person may have, with what is needed to serve them.
type Playback struct {
	io.ReadSeekCloser
	Size        int64
	ContentType string
	Name        string // suggested file name
	Modified    time.Time
}

// OpenOriginal opens an exhibit's untouched bytes. The view is in the custody log before the first byte can be read. An
// original that is found not to be what was sealed is not shown again until a new preparation has looked at all of it.
func (d *Desk) OpenOriginal(ctx context.Context, a Actor, id ExhibitID) (Playback, error) {
	x, err := d.viewExhibit(ctx, a, id, viewOriginal)
	if err != nil {
		return Playback{}, err
	}
	if x.Processing == ProcessingAltered {
		return Playback{}, Errorf(Altered, WhyAltered)
	}
	mark := func(cause error) {
		if err := d.MarkAltered(context.WithoutCancel(ctx), id, cause); err != nil {
			d.Log.Error("that an original was altered could not be noted", "exhibit", id, "err", err)
		}
	}
	r, err := d.OpenSealed(ctx, x)
	if errors.Is(err, ErrAltered) {
		mark(err)
	}
	if err != nil {
		return Playback{}, err
	}
	return Playback{watchedOriginal{r, mark}, x.Size, contentType(x.Container), string(x.ID) + Extension(x.Container), x.Received}, nil
}

// OpenDerivative opens something that was made of an exhibit, recorded in the same way.
func (d *Desk) OpenDerivative(ctx context.Context, a Actor, id ExhibitID, kind DerivativeKind) (Playback, error) {
	view := viewStills
	if kind == DerivedPreview {
		view = viewPreview
	}
	x, err := d.viewExhibit(ctx, a, id, view)
	if err != nil {
		return Playback{}, err
	}
	var found *Derivative
	err = d.Store.View(ctx, func(tx Tx) error {
		ds, err := tx.Derivatives(ctx, x.ID)
		for i := range ds {
			if ds[i].Kind == kind {
				found = &ds[i]
			}
		}
		return err
	})
	if err != nil {
		return Playback{}, err
	}
	if found == nil {
		return Playback{}, Errorf(NotFound, "There is no %s of this exhibit yet.", kind)
	}
	r, err := d.Objects.OpenDerivative(ctx, found.Key)
	if err != nil {
		return Playback{}, err
	}
	return Playback{r, found.Size, found.ContentType, "", found.Made}, nil
}

func (d *Desk) viewExhibit(ctx context.Context, a Actor, id ExhibitID, kind string) (x Exhibit, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if x, err = tx.Exhibit(ctx, id); err != nil {
			return err
		}
		c, err := loadCase(ctx, tx, a, ExhibitView, x.Case)
		if err != nil {
			return err
		}
		if kind == viewOriginal || kind == viewPreview {
			if err := d.withinBudget(ctx, tx, a, c.Policy); err != nil {
				return err
			}
		}
		return d.recordView(ctx, tx, a, entry{custody.ExhibitViewed, x.Case, "exhibit/" + string(id), custody.Detail{"kind": kind}})
	})
	return x, err
}

// viewsLines records that somebody is shown lines of chat: the page that names the exhibits has their words, so to open it is to view them.
func (d *Desk) viewsLines(ctx context.Context, tx Tx, a Actor, on Target, xs []ExhibitCard) error {
	for _, x := range xs {
		if x.Container != ContainerLines || x.Verdict == nil || !Can(a, ExhibitView, on) {
			continue
		}
		if err := d.recordView(ctx, tx, a, entry{custody.ExhibitViewed, x.Case, "exhibit/" + string(x.ID), custody.Detail{"kind": viewLines}}); err != nil {
			return err
		}
	}
	return nil
}

// recordView records that somebody looks at something, once for each viewing.
func (d *Desk) recordView(ctx context.Context, tx Tx, a Actor, e entry) error {
	first, err := tx.Viewed(ctx, e.Subject, a.Account, e.Detail["kind"], d.now(), d.now().Add(-viewingTime))
	if err != nil || !first {
		return err
	}
	return d.record(ctx, tx, a.Account, e)
}

func contentType(container string) string {
	switch container {
	case "webm":
		return "video/webm"
	case "mp4":
		return "video/mp4"
	case "matroska":
		return "video/x-matroska"
	case "mov":
		return "video/quicktime"
	}
	return "application/octet-stream"
}

// Extension is the file name's ending for a container, with its dot.
func Extension(container string) string {
	switch container {
	case "":
		return ".bin"
	case "matroska":
		return ".mkv"
	}
	return "." + container
}

// MaxWatches is how many intervals one message may report.
const MaxWatches = 100

// LogWatch keeps which stretches of an exhibit a person really had before their eyes, and whether blurred and muted.
func (d *Desk) LogWatch(ctx context.Context, a Actor, id ExhibitID, ws []Watch) error {
	if len(ws) == 0 || len(ws) > MaxWatches {
		return Errorf(Invalid, "Between 1 and %d intervals can be sent at once.", MaxWatches)
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, id)
		if err != nil {
			return err
		}
		if _, err := loadCase(ctx, tx, a, ExhibitView, x.Case); err != nil {
			return err
		}
		var words []string
		for _, w := range ws {
			if w.From < 0 || w.To <= w.From || w.To > 24*time.Hour || len(w.Session) > 64 {
				return Errorf(Invalid, "An interval runs from an earlier to a later place of the clip.")
			}
			w.Exhibit, w.Account, w.At = id, a.Account, d.now()
			w.Session = account.CleanName(w.Session, 64)
			if err := tx.InsertWatch(ctx, w); err != nil {
				return err
			}
			words = append(words, watchWords(w))
		}
		return d.record(ctx, tx, a.Account, entry{custody.ExhibitPlayed, x.Case, "exhibit/" + string(id),
			custody.Detail{"intervals": strings.Join(words, "; ")}})
	})
}

func watchWords(w Watch) string {
	how := "blurred"
	if w.Clear {
		how = "clear"
	}
	if w.Sound {
		how += ", with sound"
	}
	return fmt.Sprintf("%.2f–%.2f s %s", w.From.Seconds(), w.To.Seconds(), how)
}

// RetryExhibit asks for the preparation of an exhibit again after it, or making its preview, failed.
func (d *Desk) RetryExhibit(ctx context.Context, a Actor, id ExhibitID) (x Exhibit, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if x, err = tx.Exhibit(ctx, id); err != nil {
			return err
		}
		if _, err := loadCase(ctx, tx, a, ExhibitRetry, x.Case); err != nil {
			return err
		}
		if !x.Retriable() {
			return Errorf(Conflict, "This exhibit is %s; there is nothing to retry.", x.Processing)
		}
		x.Processing, x.Why, x.Probe.NoProxy = ProcessingWaiting, "", ""
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, PrepareExhibit{Exhibit: id}); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{Act: custody.ExhibitRetried, Case: x.Case, Subject: "exhibit/" + string(id)})
	})
	return x, err
}

// Sweep collects what time has overtaken and reports whether there may be more.
func (d *Desk) Sweep(ctx context.Context) error {
	return errors.Join(d.expireLeases(ctx), d.closeDelivered(ctx), d.sweepRecordings(ctx), d.sweepVisits(ctx))
}

func (d *Desk) expireLeases(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		cs, err := tx.ExpiredLeases(ctx, d.now(), 100)
		if err != nil {
			return err
		}
		for _, c := range cs {
			if err := d.recordExpiry(ctx, tx, c); err != nil {
				return err
			}
			if err := c.advance(StepRelease); err != nil {
				return err
			}
			if err := tx.SaveCase(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) closeDelivered(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		cs, err := tx.Deliverable(ctx, 100)
		if err != nil {
			return err
		}
		for _, c := range cs {
			if err := c.advance(StepClose); err != nil {
				return err
			}
			if err := tx.SaveCase(ctx, c); err != nil {
				return err
			}
			if err := d.record(ctx, tx, account.System, entry{Act: custody.CaseClosed, Case: c.ID, Subject: "case/" + string(c.ID)}); err != nil {
				return err
			}
		}
		return nil
	})
}
