package triage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Platform is what proofs are held against: the keys of the notary and of the identity provider, and who was in a meeting when.
type Platform interface {
	Platform(ctx context.Context, meeting MeetingID) (clip.Platform, error)
}

// files lists everything that the form takes in: clips and proofs.
func (n NewReport) files() []UploadID {
	all := slices.Clone(n.Uploads)
	for _, id := range n.Proofs {
		if id != "" {
			all = append(all, id)
		}
	}
	return all
}

// planProofs puts the proofs beside their exhibits, and into the receipt.
func planProofs(ctx context.Context, tx Tx, a Actor, receipt *custody.Receipt, xs []Exhibit, ids []UploadID) error {
	for i, id := range ids {
		if id == "" {
			continue
		}
		u, err := sealedUpload(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if slices.Contains(ids[:i], id) {
			return fieldError("clips", "A proof is attached twice. Take one out.")
		}
		if u.Size > clip.MaxProof {
			return fieldError("clips", "“%s” is too large to be a proof.", u.Name)
		}
		if u.SHA256 == xs[i].SHA256 { // by the same upload, or by another of the same bytes
			return fieldError("clips", "“%s” is attached as a clip and as its own proof. Attach it once: lines of chat need no proof beside them, and a clip needs another file.", u.Name)
		}
		xs[i].Proof, xs[i].ProofSize = u.SHA256, u.Size
		receipt.Clips = append(receipt.Clips, custody.Clip{SHA256: [32]byte(u.SHA256), Size: u.Size})
	}
	return nil
}

// takeProofs marks the uploads of proofs as taken.
func (d *Desk) takeProofs(ctx context.Context, tx Tx, xs []Exhibit, ids []UploadID) error {
	for i, id := range ids {
		if id == "" {
			continue
		}
		u, err := tx.Upload(ctx, id)
		if err != nil {
			return err
		}
		if u.Exhibit != "" { // since it was planned, or as a clip of this report
			return Errorf(Conflict, "“%s” was just sent with another report. Upload it again to use it here.", u.Name)
		}
		u.Exhibit, u.Touched = xs[i].ID, d.now()
		if err := tx.SaveUpload(ctx, u); err != nil {
			return err
		}
		if err := tx.ExtendBlob(ctx, u.SHA256, d.now().Add(d.Lock)); err != nil {
			return err
		}
	}
	return nil
}

// OpenProof reads the proof of an exhibit, and fails with Altered where it is not what was sealed.
func (d *Desk) OpenProof(ctx context.Context, x Exhibit) ([]byte, error) {
	var b Blob
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		b, err = tx.Blob(ctx, x.Proof)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := d.Objects.OpenEvidence(ctx, b)
	if errors.Is(err, ErrNotFound) {
		return nil, AlteredOriginal(b, "the proof is not in the object store: %w", err)
	} else if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, clip.MaxProof+1))
	if err != nil {
		return nil, fmt.Errorf("reading the proof of %s: %w", x.ID, err)
	}
	if sumHex(data) != x.Proof.String() {
		return nil, AlteredOriginal(b, "the proof is not what was sealed")
	}
	return data, nil
}

// Verify holds an exhibit against its proof; a file of lines is its own. It gives the verdict (clip.Found) as JSON, and how far the exhibit can be
// believed; nil where it has no proof.
func (d *Desk) Verify(ctx context.Context, x Exhibit) (verdict []byte, trust Trust, err error) {
	lines := x.Container == ContainerLines
	if !x.HasProof() && !lines || d.Platform == nil {
		return nil, x.Trust, nil
	}
	var r Report
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err = tx.Report(ctx, x.Report)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	platform, err := d.Platform.Platform(ctx, r.Meeting)
	if err != nil {
		return nil, "", err
	}
	var found clip.Found
	if lines {
		found.Lines, err = d.verifyLines(ctx, x, platform)
	} else {
		found.Clip, err = d.verifyClip(ctx, x, platform)
	}
	if err != nil {
		return nil, "", err
	}
	HoldAgainst(&found, r, x.HasProof())
	if verdict, err = json.Marshal(found); err != nil {
		return nil, "", err
	}
	return verdict, Trust(found.Grade()), nil
}

func (d *Desk) verifyClip(ctx context.Context, x Exhibit, platform clip.Platform) (*clip.Verdict, error) {
	proof, err := d.OpenProof(ctx, x)
	if err != nil {
		return nil, err
	}
	original, err := d.OpenSealed(ctx, x)
	if err != nil {
		return nil, err
	}
	defer original.Close()
	v, err := clip.Verify(original, proof, platform)
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", x.ID, err)
	}
	return &v, nil
}

// HoldAgainst adds what the report says against what was found about one of its exhibits; beside tells whether a proof came with it.
func HoldAgainst(f *clip.Found, r Report, beside bool) {
	if v := f.Clip; v != nil {
		holdAgainstReport(v, r, v.Meeting, v.Reporter, v.Sender)
	}
	if v := f.Lines; v != nil {
		if beside {
			v.Contradict("A proof came with it that belongs to something else: a file of lines is its own.")
		}
		holdAgainstReport(v, r, v.Meeting, v.Reporter, v.Senders...)
	}
}

// holdAgainstReport finds a proof that is another report's: of another meeting, by another person, or about somebody whom this one does not name.
func holdAgainstReport(v interface{ Contradict(string, ...any) }, r Report, meeting string, reporter clip.Member, senders ...clip.Member) {
	if len(senders) == 0 || slices.Contains(senders, clip.Member{}) {
		return // nobody is known, and the verdict says so
	}
	if meeting != string(r.Meeting) {
		v.Contradict("The proof is of meeting %s, and the report of another.", meeting)
	}
	if reporter.Account != string(r.Reporter) {
		v.Contradict("The proof was made by another account than the one that reports.")
	}
	for _, s := range senders {
		if !slices.ContainsFunc(r.People, func(p Person) bool {
			return p.Account != "" && p.Account == account.ID(s.Account) || p.Account == "" && s.Account == "" && (p.Name == s.Name || s.Connector)
		}) {
			v.Contradict("The proof is about %s, whom the report does not name.", s.Title())
		}
	}
}
