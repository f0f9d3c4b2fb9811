package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Gather reads what one approved package may say, in one consistent view. An error of kind Unavailable means that the
// log has not got round to all that concerns the package yet, or that the store is away: try again. One of kind Conflict is
// final until people change something: among others, where a word of the records is not the one that the log recorded.
func Gather(ctx context.Context, store triage.Store, id triage.PackageID) (*Contents, error) {
	var c *Contents
	err := store.View(ctx, func(tx triage.Tx) error {
		g := gathering{Tx: tx, Contents: &Contents{}, people: map[triage.PersonID]triage.Person{}}
		c = g.Contents
		if err := g.gather(ctx, id); err != nil {
			return err
		}
		return g.bind()
	})
	if err != nil {
		return nil, fmt.Errorf("gathering package %s: %w", id, err)
	}
	return c, nil
}

type gathering struct {
	triage.Tx
	*Contents
	people map[triage.PersonID]triage.Person // of the included reports
	stored []Receipt                         // of the included reports, also those that stay behind
	record record                            // what the entries say that will be in the package
	old    bool                              // a version that recorded less wrote some of them
}

func (g *gathering) gather(ctx context.Context, id triage.PackageID) error {
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return g.request(ctx, id) }, g.exhibits, g.reports, g.decisions, g.custody, g.staff,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) request(ctx context.Context, id triage.PackageID) error {
	p, err := g.Package(ctx, id)
	if err != nil {
		return err
	}
	if p.Approver == "" || p.Answered.IsZero() || p.State == triage.PackageRefused {
		return triage.Errorf(triage.Conflict, "The package is not approved, so it cannot be built.")
	}
	c, err := g.Case(ctx, p.Case)
	if err != nil {
		return err
	}
	g.Request = Request{Package: p.ID, Case: p.Case, Policy: c.Policy, Opened: c.Opened,
		Recipient: p.Recipient, Basis: p.Basis, Reference: p.Reference, Scope: p.Scope, Exhibits: slices.Sorted(slices.Values(p.Exhibits)),
		Requester: p.Requester, Requested: p.Requested, Approver: p.Approver, Approved: p.Answered, Answer: p.Answer}
	return nil
}

func (g *gathering) exhibits(ctx context.Context) error {
	xs, err := g.ExhibitsOf(ctx, g.Request.Case)
	if err != nil {
		return err
	}
	for _, x := range xs {
		if !slices.Contains(g.Request.Exhibits, x.ID) {
			continue
		}
		blob, err := g.sealed(ctx, x)
		if errors.Is(err, triage.ErrAltered) {
			err = copied{sha256: x.SHA256.String(), size: x.Size, what: fmt.Sprintf("Exhibit %d", x.Number)}.changed(err)
		}
		if err != nil {
			return err
		}
		out := Exhibit{ID: x.ID, Number: x.Number, Report: x.Report, Name: x.Name, Received: x.Received, SHA256: x.SHA256.String(),
			Size: x.Size, Container: x.Container, Seconds: x.Probe.Duration.Seconds(), Tracks: x.Probe.Tracks, Trust: x.Trust, Note: x.Why,
			File: fmt.Sprintf("data/original/%d-%s%s", x.Number, x.ID, triage.Extension(x.Container)),
			blob: blob}
		ds, err := g.Derivatives(ctx, x.ID)
		if err != nil {
			return err
		}
		for _, d := range ds {
			out.Derivatives = append(out.Derivatives, Derivative{Kind: d.Kind, ContentType: d.ContentType, SHA256: d.SHA256.String(),
				Size: d.Size, Command: d.Command, Made: d.Made, object: d.Key,
				File: fmt.Sprintf("data/derivative/%s/%s%s", x.ID, d.Kind, derivativeEnding(d.ContentType))})
		}
		slices.SortFunc(out.Derivatives, byKind)
		if out.Proof, err = g.proof(ctx, x); err != nil {
			return err
		}
		out.Verdict = string(x.Verdict)
		g.Exhibits = append(g.Exhibits, out)
	}
	if len(g.Exhibits) != len(g.Request.Exhibits) || len(g.Exhibits) == 0 {
		return triage.Errorf(triage.Conflict, "One of the exhibits named in the request is no longer part of the case. Make a new request.")
	}
	slices.SortFunc(g.Exhibits, func(a, b Exhibit) int { return a.Number - b.Number })
	return nil
}

// proof is the file beside a clip; nil where there is none.
func (g *gathering) proof(ctx context.Context, x triage.Exhibit) (*Proof, error) {
	if !x.HasProof() {
		return nil, nil
	}
	blob, err := g.Blob(ctx, x.Proof)
	if err != nil {
		return nil, err
	}
	return &Proof{SHA256: x.Proof.String(), Size: x.ProofSize, File: fmt.Sprintf("data/proof/%d-%s.cbor", x.Number, x.ID), blob: blob}, nil
}

func byKind(a, b Derivative) int { return strings.Compare(string(a.Kind), string(b.Kind)) }

// sealed is an exhibit's blob as the custody log vouches for it. An exhibit that was found altered is not looked at again.
func (g *gathering) sealed(ctx context.Context, x triage.Exhibit) (triage.Blob, error) {
	if x.Processing == triage.ProcessingAltered {
		return triage.Blob{}, triage.AlteredOriginal(triage.Blob{SHA256: x.SHA256}, "it was found to be so before")
	}
	blob, _, err := triage.SealedBlob(ctx, g.Tx, x)
	return blob, err
}

func derivativeEnding(contentType string) string {
	switch contentType {
	case "image/jpeg":
		return ".jpg"
	case "application/json":
		return ".json"
	case "video/webm":
		return ".webm"
	}
	return ".bin"
}

func (g *gathering) has(id triage.ExhibitID) bool { return slices.Contains(g.Request.Exhibits, id) }

func (g *gathering) reports(ctx context.Context) error {
	rs, err := g.ReportsOf(ctx, g.Request.Case)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if !slices.ContainsFunc(g.Exhibits, func(x Exhibit) bool { return x.Report == r.ID }) {
			continue
		}
		out := Report{ID: r.ID, Reporter: r.Reporter, Filed: r.Filed, Withdrawn: timeOrNil(r.Withdrawn), Meeting: r.Meeting,
			MeetingName: r.MeetingName, MeetingMode: r.MeetingMode, Occurred: r.Occurred, Policy: r.Policy, Words: r.Words, Simulated: r.Simulated}
		g.Request.Simulated = g.Request.Simulated || r.Simulated
		for _, p := range r.People {
			g.people[p.ID] = p
			out.People = append(out.People, Person{p.ID, p.Name, p.Identifier, p.Account})
		}
		g.receipt(&out, string(r.ID), r.Receipt)
		for i, a := range r.Additions {
			out.Additions = append(out.Additions, Addition{a.At, a.Words})
			g.receipt(&out, fmt.Sprintf("%s%s%d", r.ID, addedReceipt, i+1), a.Receipt)
		}
		g.Reports = append(g.Reports, out)
	}
	return nil
}

// addedReceipt stands between a report's number and that of an addition in a receipt's file name.
const addedReceipt = "-added-"

// receipt takes a receipt along if every clip that it names is in the package: another clip's hash must not leave.
func (g *gathering) receipt(r *Report, name string, note []byte) {
	g.stored = append(g.stored, Receipt{name, note})
	rec, _, err := custody.ReadReceipt(note)
	if err != nil || len(rec.Clips) == 0 {
		return
	}
	for _, clip := range rec.Clips {
		if !slices.ContainsFunc(g.Exhibits, func(x Exhibit) bool { return x.has(fmt.Sprintf("%x", clip.SHA256), clip.Size) }) {
			return
		}
	}
	r.Receipts = append(r.Receipts, Receipt{name, note})
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (g *gathering) decisions(ctx context.Context) error {
	ds, err := g.Tx.Decisions(ctx, g.Request.Case)
	if err != nil {
		return err
	}
	for _, d := range ds {
		out := Decision{ID: d.ID, Number: d.Number, State: d.State, Supersedes: d.Supersedes, Decider: d.Decider, Decided: d.Decided,
			Approver: d.Approver, Answered: timeOrNil(d.Answered), Answer: d.Answer}
		for _, f := range d.Findings {
			p, ok := g.people[f.Person]
			if !ok {
				continue // of a report that brought none of the exhibits
			}
			out.Findings = append(out.Findings, Finding{f.Person, p.Name, f.Policy, f.Severity, f.Action, f.Days, f.Words(), f.Reasons, f.Spans})
		}
		if len(out.Findings) > 0 {
			g.Contents.Decisions = append(g.Contents.Decisions, out)
		}
	}
	return nil
}

// staff names the two who answer for the disclosure, as the log named them; everyone else who occurs is a number with roles.
func (g *gathering) staff(ctx context.Context) error {
	ids := map[account.ID]bool{g.Request.Requester: true, g.Request.Approver: true}
	for _, d := range g.Contents.Decisions {
		ids[d.Decider], ids[d.Approver] = true, true
	}
	for _, e := range g.Custody.Entries {
		leaf, err := custody.ParseLeaf(e.Leaf)
		if err != nil {
			return err
		}
		ids[account.ID(leaf.Actor)] = true
	}
	delete(ids, "")
	delete(ids, account.System)
	for id := range ids {
		a, err := g.Account(ctx, id)
		if errors.Is(err, triage.ErrNotFound) || err == nil && !a.Staff() && id != g.Request.Requester && id != g.Request.Approver {
			continue
		}
		if err != nil {
			return err
		}
		g.Staff = append(g.Staff, Staff{ID: id, Name: g.record.nameOf(g.Request, id), Roles: slices.Sorted(slices.Values(a.Roles))})
	}
	slices.SortFunc(g.Staff, func(a, b Staff) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return nil
}

func hashReader(ctx context.Context, tx triage.Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		plain, err := tx.ReadHashes(ctx, indexes)
		out := make([]tlog.Hash, len(plain))
		for i, h := range plain {
			out[i] = tlog.Hash(h)
		}
		return out, err
	})
}
