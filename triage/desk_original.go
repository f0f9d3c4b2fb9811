package triage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// OpenSealed opens an exhibit's original for reading. Not one byte comes out of it that was not sealed: the object store's
// chunks are compared with the list in the database, and that list with its digest in the custody log. Where any of them
// differs, opening or reading fails with Altered.
func (d *Desk) OpenSealed(ctx context.Context, x Exhibit) (io.ReadSeekCloser, error) {
	b, err := d.sealedBlob(ctx, x)
	if err != nil {
		return nil, err
	}
	r, err := d.Objects.OpenEvidence(ctx, b)
	if errors.Is(err, ErrNotFound) {
		return nil, AlteredOriginal(b, "it is not in the object store: %w", err)
	}
	return r, err
}

// sealedBlob is an exhibit's blob with the chunks that the custody log vouches for.
func (d *Desk) sealedBlob(ctx context.Context, x Exhibit) (b Blob, err error) {
	known := false
	err = d.Store.View(ctx, func(tx Tx) error {
		b, known, err = SealedBlob(ctx, tx, x)
		return err
	})
	if err != nil || known {
		return b, err
	}
	return d.measure(ctx, x, b)
}

// SealedBlob fetches an exhibit's blob and compares its chunks with the digest of them in the custody log. Known is false
// where the log holds none, since the clip was sealed before there were chunks: then only the whole original can be
// compared, with its SHA-256, and the chunks are left out.
func SealedBlob(ctx context.Context, tx Tx, x Exhibit) (b Blob, known bool, err error) {
	if b, err = tx.Blob(ctx, x.SHA256); err != nil {
		return b, false, err
	}
	events, err := tx.EventsOn(ctx, x.Case, "exhibit/"+string(x.ID), custody.ExhibitSealed, custody.ExhibitMeasured)
	if err != nil {
		return b, false, err
	}
	for _, e := range events {
		sum, ok := e.Detail[DetailChunks]
		if !ok {
			continue
		}
		if err := e.Detail.Check(e.Salt, e.Commitment); err != nil {
			return b, false, AlteredOriginal(b, "event %s: %w", e.ID, err)
		}
		if sum != b.Chunks.Sum(b.Size).String() || b.Size != x.Size {
			return b, false, AlteredOriginal(b, "its list of chunks in the database is not the one that event %s of the custody log names", e.ID)
		}
		known = true
	}
	if !known {
		b.Chunks = nil
	}
	return b, known, nil
}

// DetailChunks names Chunks.Sum in the detail of an event.
const DetailChunks = "chunks"

// measure reads the whole original of a clip that was sealed before there were chunks, and keeps and records them.
func (d *Desk) measure(ctx context.Context, x Exhibit, b Blob) (Blob, error) {
	list, err := d.Objects.Measure(ctx, b)
	if errors.Is(err, ErrNotFound) {
		return b, AlteredOriginal(b, "it is not in the object store: %w", err)
	} else if err != nil {
		return b, fmt.Errorf("measuring the original of %s: %w", x.ID, err)
	}
	return b, d.Store.Update(ctx, func(tx Tx) error {
		if b, err = tx.Blob(ctx, x.SHA256); err != nil {
			return err
		}
		if b.Chunks == nil {
			if err := tx.KeepChunks(ctx, x.SHA256, list); err != nil {
				return err
			}
			b.Chunks = list
		}
		if !slices.Equal(b.Chunks, list) {
			return AlteredOriginal(b, "its list of chunks in the database is not that of its bytes, which are as they were sealed")
		}
		return d.record(ctx, tx, account.System, entry{custody.ExhibitMeasured, x.Case, "exhibit/" + string(x.ID),
			custody.Detail{"sha256": x.SHA256.String(), DetailChunks: list.Sum(b.Size).String()}})
	})
}

// MarkAltered takes an exhibit whose original turned out not to be what was sealed out of use, and says so in the custody
// log. It can be repeated.
func (d *Desk) MarkAltered(ctx context.Context, id ExhibitID, cause error) error {
	d.Log.Error("an original is not what was sealed", "exhibit", id, "err", cause)
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, id)
		if err != nil || x.Processing == ProcessingAltered {
			return err
		}
		x.Processing, x.Why = ProcessingAltered, WhyAltered
		if err := tx.SaveExhibit(ctx, x); err != nil {
			return err
		}
		if err := d.record(ctx, tx, account.System, entry{custody.ExhibitAltered, x.Case, "exhibit/" + string(id),
			custody.Detail{"sha256": x.SHA256.String()}}); err != nil {
			return err
		}
		return d.queueWhenPrepared(ctx, tx, x.Case)
	})
}

// watchedOriginal is an open original that marks its exhibit as soon as a read meets bytes that were not sealed.
type watchedOriginal struct {
	io.ReadSeekCloser
	altered func(error)
}

func (w watchedOriginal) Read(p []byte) (int, error) {
	n, err := w.ReadSeekCloser.Read(p)
	if errors.Is(err, ErrAltered) {
		w.altered(err)
	}
	return n, err
}
