package triage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

const (
	knownShown  = 5   // how many earlier decisions about the same clip a page shows
	knownLooked = 100 // of how many the newest are looked at, since a few may not be shown (Can)
)

// Known is an earlier decision about a case that had the very same clip, or one near it, among its exhibits: so nobody has to
// look at it once more.
type Known struct {
	Exhibit ExhibitID
	Number  int // of the exhibit in its case
	Case    CaseID
	Decided time.Time
	Finding []Finding // as far as they differ from each other: what was done, and under which policy
	Share   int       // percent of its frames that match; 100 also for the very same bytes
	Same    bool      // the very same bytes
}

// KnownQuery bounds what is known of a clip: to decided cases of some lanes to which an account is no party.
type KnownQuery struct {
	Lanes   []Lane
	Without account.ID
	Limit   int
}

// knownAs is what was decided about an exhibit's bytes, and about clips near it, in other cases: as far as the actor may know of
// them; the same bytes first, then the newest.
func knownAs(ctx context.Context, tx Tx, a Actor, x Exhibit) (out []Known, err error) {
	q := KnownQuery{Lanes(a, CaseRead), a.Account, knownLooked}
	same, err := tx.ExhibitsWith(ctx, x.SHA256, x.Case, q)
	if err != nil {
		return nil, err
	}
	near, err := tx.ExhibitsNear(ctx, x, q)
	if err != nil {
		return nil, err
	}
	seen := map[ExhibitID]bool{}
	add := func(o Exhibit, share int, same bool) error {
		k, ok, err := known(ctx, tx, a, o)
		if ok && !seen[o.ID] {
			seen[o.ID], k.Share, k.Same = true, share, same
			out = append(out, k)
		}
		return err
	}
	for _, o := range same {
		if err := add(o, 100, true); err != nil {
			return nil, err
		}
	}
	for _, o := range near {
		if err := add(o.Exhibit, o.Share, false); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Known) int { return cmp.Or(sameFirst(a, b), b.Decided.Compare(a.Decided)) })
	return out[:min(len(out), knownShown)], nil
}

func sameFirst(a, b Known) int {
	switch {
	case a.Same == b.Same:
		return 0
	case a.Same:
		return -1
	}
	return 1
}

// known is what was decided in an exhibit's case; false where nothing is in force, or the actor may not know of it.
func known(ctx context.Context, tx Tx, a Actor, x Exhibit) (Known, bool, error) {
	if may, err := mayRead(ctx, tx, a, x.Case); err != nil || !may {
		return Known{}, false, err
	}
	dec, err := decisionInForce(ctx, tx, x.Case)
	if KindOf(err) == NotFound {
		return Known{}, false, nil
	}
	return Known{Exhibit: x.ID, Number: x.Number, Case: x.Case, Decided: dec.Decided, Finding: different(dec.Findings)}, err == nil, err
}

// different leaves out findings that say of another person what one before says.
func different(fs []Finding) (out []Finding) {
	for _, f := range fs {
		if !slices.ContainsFunc(out, func(o Finding) bool { return o.Policy == f.Policy && o.Words() == f.Words() }) {
			out = append(out, f)
		}
	}
	return out
}
