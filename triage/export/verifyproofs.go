package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/triage"
)

// ProofKeys makes the platform's keys for one verification of a proof, where whoever verifies a package has them. missing is called for each generation
// of the notary's keys that is needed and was not given: stamps then count as not checked. The zero Platform is one without keys.
type ProofKeys func(missing func(generation uint64)) clip.Platform

// proofCheck finds the verdicts of a package again.
type proofCheck struct {
	*check
	ctx      context.Context
	wrong    []string
	again    int      // verdicts that were found again
	stamped  int      // of these, with stamps and all
	unlooked []string // exhibits whose proof the platform did not look at
	missing  uint64   // a generation of keys that was not given
	lacking  bool     // there is one
	identity bool     // the key of certificates was given
}

// verdicts finds what the platform found about each exhibit again, from the clip and the proof in the package, and holds the two against each other.
func (c *check) verdicts(ctx context.Context) error {
	if c.log == nil || c.told == nil {
		return nil
	}
	p := &proofCheck{check: c, ctx: ctx}
	for _, x := range c.doc.Exhibits {
		if err := p.exhibit(x); err != nil {
			return err
		}
	}
	if p.again == 0 && len(p.wrong) == 0 && len(p.unlooked) == 0 {
		return nil // no clip of a live meeting
	}
	slices.Sort(p.wrong)
	if p.again == 0 {
		c.check(p.wrong, "No verdict on an exhibit is in the package.")
		p.unchecked()
		return nil
	}
	what := plural(p.again, "the exhibit that has a proof", "exhibits that have a proof")
	if p.stamped == p.again {
		c.check(p.wrong, "What the platform found about %s was found again, from the files in this package: each frame and line against its commitment, AND each stamp "+
			"against the notary keys that you gave.", what)
	} else {
		c.check(p.wrong, "What the platform found about %s was found again, from the files in this package: each frame and line against its commitment, WITHOUT the stamps.", what)
	}
	p.unchecked()
	return nil
}

// unchecked says what was not found out about the proofs.
func (p *proofCheck) unchecked() {
	if p.stamped < p.again {
		why := "Only the platform has the notary’s keys; its own people check them with --keys FOLDER"
		if p.lacking {
			why = fmt.Sprintf("The notary key of generation %d was not given", p.missing)
		}
		p.remark("Stamps were not checked. %s. Until then, that these frames were sent then and by them is the platform’s word, which its log recorded.", why)
	} else if p.again > 0 && !p.identity {
		p.remark("Certificates were not checked: no identity key was given. Who the people are is the platform’s word.")
	}
	if p.again > 0 {
		p.remark("Not found again: whether they were in the meeting at these times. Only the platform’s own board says.")
	}
	for _, of := range p.unlooked[:min(len(p.unlooked), maxList)] {
		p.remark("A proof came with %s, and the platform found nothing out by it.", of)
	}
}

func (p *proofCheck) fail(format string, args ...any) error {
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
	return nil
}

func (p *proofCheck) exhibit(x Exhibit) error {
	of := fmt.Sprintf("exhibit %d (%s)", x.Number, x.ID)
	lines := x.Container == triage.ContainerLines
	if x.Verdict == "" {
		switch {
		case x.Trust != triage.TrustUnverified:
			return p.fail("%s is called %s, and the package has no verdict that says so", of, x.Trust)
		case x.Proof != nil || lines:
			p.unlooked = append(p.unlooked, of)
		}
		return nil
	}
	kept, err := clip.ReadFound([]byte(x.Verdict))
	at := slices.IndexFunc(p.told, func(r Report) bool { return r.ID == x.Report })
	switch {
	case err != nil:
		return p.fail("the verdict on %s cannot be read: %v", of, err)
	case triage.Trust(kept.Grade()) != x.Trust:
		return p.fail("%s is called %s, and its verdict says %s", of, x.Trust, kept.Grade())
	case (kept.Lines != nil) != lines:
		return p.fail("the verdict on %s is on another kind of exhibit", of)
	case !lines && x.Proof == nil:
		return p.fail("the proof by which the verdict on %s was found is not in the package", of)
	case p.absent(x.File) || x.Proof != nil && p.absent(x.Proof.File) || at < 0:
		return p.fail("the files by which the verdict on %s was found are not all in the package", of)
	}
	return p.hold(of, x, kept, p.told[at])
}

func (p *proofCheck) absent(path string) bool {
	_, ok := p.files[path]
	return !ok
}

// hold finds a verdict again, with the keys that there are, and compares.
func (p *proofCheck) hold(of string, x Exhibit, kept clip.Found, r Report) error {
	platform, lacks := clip.Platform{}, false
	if p.proofKeys != nil {
		platform = p.proofKeys(func(generation uint64) { p.missing, p.lacking, lacks = generation, true, true })
	}
	p.identity = platform.Identity != [32]byte{}
	now, presence, err := p.find(x, kept, r, platform)
	if err != nil {
		return err
	}
	var wrong []string
	var untold []clip.Finding
	gone := func(f clip.Found) bool {
		return slices.ContainsFunc(f.Findings(), func(f clip.Finding) bool { return f.Against == clip.AgainstNobody })
	}
	if platform.Notary != nil && !lacks && gone(now) == gone(kept) { // a key that was lost since, or found again, is no forgery
		p.stamped++
		wrong = kept.Differences(now)
	} else {
		platform.Notary, platform.Stampless = nil, true
		if now, presence, err = p.find(x, kept, r, platform); err != nil {
			return err
		}
		wrong, untold = kept.DifferencesWithoutKeys(now)
	}
	p.again++
	for _, w := range wrong {
		p.fail("the verdict on %s is not what is found by its proof: %s", of, w)
	}
	if len(wrong) > 0 {
		return nil
	}
	p.remark("%s is %s.", upper(of), kept.Grade())
	for _, w := range presence {
		p.remark("What the platform’s board said against %s is its word: “%s”", of, w)
	}
	for _, f := range untold {
		p.remark("What speaks against %s cannot be found again without the platform’s keys: “%s”", of, f.Words)
	}
	return nil
}

// find verifies an exhibit as the platform did.
func (p *proofCheck) find(x Exhibit, kept clip.Found, r Report, platform clip.Platform) (now clip.Found, presence []string, err error) {
	report := triage.Report{Meeting: r.Meeting, Reporter: r.Reporter}
	for _, who := range r.People {
		report.People = append(report.People, triage.Person{ID: who.ID, Name: who.Name, Identifier: who.Identifier, Account: who.Account})
	}
	return kept.WithPresence(func(present func(clip.Member, uint64, uint64) (string, error)) (f clip.Found, err error) {
		platform.Present = present
		if kept.Lines != nil {
			f.Lines, err = p.lines(x, platform)
		} else {
			f.Clip, err = p.clip(x, platform)
		}
		if err == nil {
			triage.HoldAgainst(&f, report, x.Proof != nil)
		}
		return f, err
	})
}

func (p *proofCheck) clip(x Exhibit, platform clip.Platform) (*clip.Verdict, error) {
	proof, err := p.start(x.Proof.File)
	if err != nil {
		return nil, err
	}
	original, err := p.open[x.File]()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", x.File, err)
	}
	v, err := clip.Verify(cancelled{p.ctx, original}, proof, platform)
	if err = errors.Join(err, original.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", x.File, err)
	}
	return &v, nil
}

func (p *proofCheck) lines(x Exhibit, platform clip.Platform) (*clip.LinesVerdict, error) {
	data, err := p.start(x.File)
	if err != nil {
		return nil, err
	}
	v, err := clip.VerifyLines(data, platform)
	return &v, err
}

// start reads a proof, and one byte more than the longest where it is longer.
func (p *proofCheck) start(path string) ([]byte, error) {
	r, err := p.open[path]()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(cancelled{p.ctx, r}, clip.MaxProof+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return b, nil
}

// cancelled is a reader that ends with its context.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c cancelled) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(b)
}
