package triage

import (
	"context"
	"errors"
	"time"

	"github.com/proffer/proffer/media/pdq"
)

// Clips are near by vPDQ's way of comparing (facebook/ThreatExchange, vpdq/): one picture a second, each hashed by PDQ, those that
// show too little left out; two frames match at a distance of at most 31 of 256 bits; two clips are near the same where at least
// 80 % of the frames of each match one of the other's. What is blank has no frame that counts, so it is near nothing.
const (
	NearShare      = 80 // percent of frames, both ways
	nearCandidates = 500
)

// Frame is the perceptual hash of one picture of a clip.
type Frame struct {
	At      time.Duration // whole milliseconds
	Hash    pdq.Hash
	Quality int // at least pdq.MinQuality
}

// MD5 is a digest as old hash lists have it. It proves nothing, and is only compared.
type MD5 [16]byte

// Print is what an exhibit is compared by. Its SHA-256 is the exhibit's own.
type Print struct {
	MD5    MD5     // zero where the clip was not read
	Frames []Frame // by time
}

// PrintTx keeps what clips are compared by. It goes with its exhibit.
type PrintTx interface {
	// PutPrint writes or replaces what an exhibit is compared by.
	PutPrint(ctx context.Context, x ExhibitID, p Print) error
	Print(ctx context.Context, x ExhibitID) (Print, error) // NotFound where it was not looked at yet
	// FramesNear lists, newest exhibit first, the exhibits that have a frame at most pdq.MatchDistance from a hash, with the
	// nearest one, or the first of these.
	FramesNear(ctx context.Context, h pdq.Hash, limit int) ([]FrameNear, error)
	// PutNear notes that two exhibits are near each other, which may be known already.
	PutNear(ctx context.Context, a, b ExhibitID, share int) error
	// ExhibitsNear lists exhibits of other cases than this one's that are near, as ExhibitsWith does.
	ExhibitsNear(ctx context.Context, x Exhibit, q KnownQuery) ([]NearExhibit, error)
}

// FrameNear is a frame that is near a hash.
type FrameNear struct {
	Exhibit  ExhibitID
	At       time.Duration
	Distance int // bits
}

// NearExhibit is an exhibit that is near another one.
type NearExhibit struct {
	Exhibit
	Share int // percent
}

// share is how much of a clip's frames match one of another's, in percent, rounded down; 0 of none.
func share(of, in []Frame) int {
	n := 0
	for _, f := range of {
		for _, g := range in {
			if f.Hash.Matches(g.Hash) {
				n++
				break
			}
		}
	}
	return n * 100 / max(len(of), 1)
}

// nearness is the smaller of both shares: a short piece of a long clip is not the same.
func nearness(a, b []Frame) int { return min(share(a, b), share(b, a)) }

// matchNear finds the clips that an exhibit is near to. Every fourth frame is looked up: where 80 % match, one of these does.
func matchNear(ctx context.Context, tx Tx, x ExhibitID, p Print) error {
	looked := map[ExhibitID]bool{x: true}
	for i := 0; i < len(p.Frames); i += 4 {
		found, err := tx.FramesNear(ctx, p.Frames[i].Hash, nearCandidates)
		if err != nil {
			return err
		}
		for _, f := range found {
			if looked[f.Exhibit] {
				continue
			}
			looked[f.Exhibit] = true
			other, err := tx.Print(ctx, f.Exhibit)
			if err != nil {
				return err
			}
			if n := nearness(p.Frames, other.Frames); n >= NearShare {
				if err := tx.PutNear(ctx, x, f.Exhibit, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// MatchExhibit compares an exhibit with all that is known, once what it is compared by is kept: so of two exhibits that are
// prepared at once, the one that looks later sees the other.
func (d *Desk) MatchExhibit(ctx context.Context, j MatchExhibit) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		x, err := tx.Exhibit(ctx, j.Exhibit)
		if err != nil {
			return err
		}
		p, err := tx.Print(ctx, x.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := matchNear(ctx, tx, x.ID, p); err != nil {
			return err
		}
		if err := tx.SaveExhibit(ctx, x); err != nil { // so that whoever looks at it sees what is near
			return err
		}
		return d.matchLists(ctx, tx, x, p)
	})
}
