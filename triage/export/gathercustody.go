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
	slices.SortFunc(events, func(a, b triage.LoggedEvent) int { return cmp.Compare(a.Index, b.Index) })
	hashes := hashReader(ctx, g.Tx)
	for _, e := range events {
		if barred[e.Subject] || !g.concerns(e) {
			continue
		}
		_, kept := marks[e.Act]
		if outside := e.Index < 0 || e.Index >= size; outside && kept {
			return errBehind()
		} else if outside {
			continue // somebody looked at something meanwhile
		}
		entry, err := g.entry(e)
		if err != nil {
			return err
		}
		if entry.Proof, err = custody.ProveInclusion(size, e.Index, hashes); err != nil {
			return err
		}
		if err := entry.Proof.Check(head.Tree, entry.Leaf); err != nil {
			return unbound(fmt.Sprintf("entry %d (%s): %v", e.Index, e.Act.Title(), err))
		}
		g.Custody.Entries = append(g.Custody.Entries, entry)
	}
	g.Custody.Checkpoint = signed
	g.old = g.record.old()
	return nil
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

// entry writes an event down. What staff said to each other about a case, and what was found about people who are in no
// included report, is withheld: the leaf stands, its words do not leave.
func (g *gathering) entry(e triage.LoggedEvent) (Entry, error) {
	leaf, err := e.Leaf.Encode()
	if err != nil {
		return Entry{}, err
	}
	if err := e.CheckDetail(); err != nil {
		return Entry{}, unbound(fmt.Sprintf("entry %d (%s): %v", e.Index, e.Act.Title(), err))
	}
	if e.Erased() && marks[e.Act] != "" {
		return Entry{}, triage.Errorf(triage.Conflict, "The entry “%s” for %s was erased when its retention ended, so it can no longer be disclosed.",
			e.Act.Title(), e.Subject)
	}
	out := Entry{Index: e.Index, Leaf: leaf, Salt: e.Salt, Detail: e.Detail}
	_, named := g.people[triage.PersonID(e.Detail["person"])]
	if !e.Erased() && (strings.HasPrefix(e.Subject, "case/") || e.Act == custody.DecisionFinding && !named) {
		out.Salt, out.Detail, out.Withheld = custody.Salt{}, nil, true
	}
	return out, g.record.note(e.Leaf, out.Detail)
}

// bind holds all that was gathered against the log. Nothing leaves that the log does not vouch for.
func (g *gathering) bind() error {
	if g.old {
		return triage.Errorf(triage.Conflict, "An older version of Proffer took in, decided or disclosed this case, and its custody log did not record it "+
			"in full. What a package says of it could not be proven, so none is built. If the request alone is that old, ask anew.")
	}
	r := &g.record
	wrong := slices.Concat(r.came(string(g.Request.Case)), r.request(g.Request, g.Staff), r.exhibits(g.Request, g.Exhibits), r.reports(g.Reports, g.Exhibits, g.Request.Simulated),
		r.decisions(g.Contents.Decisions, g.Reports), r.receipts(g.stored))
	if len(wrong) > 0 {
		return unbound(wrong[0])
	}
	return nil
}

// unbound refuses to export what the log does not vouch for.
func unbound(what string) error {
	return triage.Errorf(triage.Conflict, "What is stored is not what the custody log recorded, so no package is built: %s "+
		"Have an auditor verify the log and an administrator look into the database at once.", sentence(what))
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
