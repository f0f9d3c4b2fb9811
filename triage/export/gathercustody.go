package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// errBehind asks the job to wait for the sequencer.
func errBehind() error {
	return triage.Errorf(triage.Unavailable, "The custody log has not sequenced the events of this package yet; it is tried again in a moment.")
}

// custody takes the sequenced events that concern what leaves, each with its proof to the newest checkpoint.
func (g *gathering) custody(ctx context.Context) error {
	signed, size, err := g.Tx.Checkpoint(ctx)
	if errors.Is(err, triage.ErrNotFound) {
		return errBehind()
	} else if err != nil {
		return err
	}
	head, err := custody.ReadCheckpoint(signed)
	if err != nil {
		return err
	}
	events, err := g.EventsOf(ctx, g.Request.Case)
	if err != nil {
		return err
	}
	barred, err := g.enforcedOnOthers(ctx)
	if err != nil {
		return err
	}
	hashes := hashReader(ctx, g.Tx)
	for _, e := range events {
		if e.Index < 0 || e.Index >= size || barred[e.Subject] || !g.concerns(e) {
			continue
		}
		entry, err := g.entry(e)
		if err != nil {
			return err
		}
		if entry.Proof, err = custody.ProveInclusion(size, e.Index, hashes); err != nil {
			return err
		}
		if err := entry.Proof.Check(head.Tree, entry.Leaf); err != nil {
			return fmt.Errorf("entry %d of the custody log (%s): %w", e.Index, e.Act, err)
		}
		g.Custody.Entries = append(g.Custody.Entries, entry)
	}
	g.Custody.Checkpoint = signed
	slices.SortFunc(g.Custody.Entries, func(a, b Entry) int { return cmp.Compare(a.Index, b.Index) })
	return g.complete(events, size)
}

// concerns reports whether an event is about the case as a whole, an included exhibit or report, a decision, or this
// very package. Other exhibits, other people's reports, notes between staff, letters, and what was disclosed to other
// agencies stay behind (DESIGN I8).
func (g *gathering) concerns(e triage.LoggedEvent) bool {
	kind, id, _ := strings.Cut(e.Subject, "/")
	switch kind {
	case "case":
		return triage.CaseID(id) == g.Request.Case
	case "exhibit":
		other := e.Act == custody.ExhibitExported && e.Detail["package"] != string(g.Request.Package)
		return g.has(triage.ExhibitID(id)) && !other
	case "report":
		return slices.ContainsFunc(g.Reports, func(r Report) bool { return string(r.ID) == id })
	case "package":
		return triage.PackageID(id) == g.Request.Package
	}
	return kind == "decision" || kind == "enforcement"
}

// entry writes an event down. What staff said to each other about a case, and what a decision says about people who
// are in no included report, is withheld: the leaf stands, its words do not leave.
func (g *gathering) entry(e triage.LoggedEvent) (Entry, error) {
	leaf, err := e.Leaf.Encode()
	if err != nil {
		return Entry{}, err
	}
	out := Entry{Index: e.Index, Leaf: leaf, Salt: e.Salt, Detail: e.Detail}
	if !e.Erased() && (strings.HasPrefix(e.Subject, "case/") || g.mixed[e.Subject]) {
		out.Salt, out.Detail, out.Withheld = custody.Salt{}, nil, true
	}
	return out, nil
}

// enforcedOnOthers lists measures against accounts that no included report names.
func (g *gathering) enforcedOnOthers(ctx context.Context) (map[string]bool, error) {
	es, err := g.Enforcements(ctx, g.Request.Case)
	if err != nil {
		return nil, err
	}
	known := map[account.ID]bool{}
	for _, p := range g.people {
		known[p.Account] = true
	}
	others := map[string]bool{}
	for _, e := range es {
		if !known[e.Account] {
			others["enforcement/"+e.ID] = true
		}
	}
	return others, nil
}

// complete makes sure that the events which a verifier needs are among the entries.
func (g *gathering) complete(events []triage.LoggedEvent, size int64) error {
	needed := map[string]custody.Act{"requested": custody.PackageRequested, "approved": custody.PackageApproved}
	subject := map[string]string{"requested": "package/" + string(g.Request.Package), "approved": "package/" + string(g.Request.Package)}
	for _, x := range g.Exhibits {
		needed[string(x.ID)], subject[string(x.ID)] = custody.ExhibitSealed, "exhibit/"+string(x.ID)
	}
	for k, act := range needed {
		i := slices.IndexFunc(events, func(e triage.LoggedEvent) bool { return e.Act == act && e.Subject == subject[k] })
		switch {
		case i < 0:
			return triage.Errorf(triage.Conflict, "The custody log has no entry “%s” for %s, so the package could not be verified. Ask an auditor to look into the log.",
				act.Title(), subject[k])
		case events[i].Index < 0 || events[i].Index >= size:
			return errBehind()
		case events[i].Erased():
			return triage.Errorf(triage.Conflict, "The entry “%s” for %s was erased when its retention ended, so it can no longer be disclosed.",
				act.Title(), subject[k])
		}
	}
	return nil
}
