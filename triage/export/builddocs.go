package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/triage"
)

// packageRules are what a package's bag is made of: version 1.0, and both algorithms.
var packageRules = bagRules{
	versions: []string{"1.0"},
	hashes:   map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New},
}

// Builder builds packages for the job that stores them; see work.Builder for its contract.
type Builder struct {
	Store   triage.Store
	Objects triage.Objects
	Signer  func() note.Signer // the present key of role package
	Keys    func() []byte      // PLATFORM.pub
	Tool    string
	Clock   triage.Clock
}

// Build gathers and builds one package.
func (b *Builder) Build(ctx context.Context, id triage.PackageID, w io.Writer, progress func(done int64)) (triage.SHA256, int64, error) {
	c, err := Gather(ctx, b.Store, id)
	if err != nil {
		return triage.SHA256{}, 0, err
	}
	r, err := Build(ctx, c, Options{b.Objects, b.Signer(), b.Keys(), b.Tool, b.Clock()}, w, progress)
	return r.SHA256, r.Size, err
}

// documents writes everything of the payload that is not a copy.
func (b *builder) documents() error {
	built := b.Now.Format(sealTime)
	for _, d := range []struct {
		path string
		doc  any
	}{
		{filePackage, packageDoc{formatPackage, b.Tool, built, b.Request, b.Exhibits, b.Staff}},
		{fileReport, reportDoc{formatReport, b.Reports}},
		{fileDecision, decisionDoc{formatDecision, b.Decisions}},
	} {
		data, err := writeJSON(d.doc)
		if err == nil {
			err = b.document(d.path, data)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", d.path, err)
		}
	}
	for _, r := range b.Reports {
		for _, receipt := range r.Receipts {
			if err := b.document(dirReceipt+receipt.Name+".txt", receipt.Note); err != nil {
				return err
			}
		}
	}
	events, err := writeEvents(b.Custody.Entries)
	if err != nil {
		return err
	}
	if err := b.document(fileEvents, events); err != nil {
		return err
	}
	if err := b.document(fileCheckpoint, b.Custody.Checkpoint); err != nil {
		return err
	}
	graph, err := writeCASE(b)
	if err != nil {
		return err
	}
	if err := b.document(fileCase, graph); err != nil {
		return err
	}
	return b.coverPage()
}

// coverPage adds the cover. What is printed is looked through as text too, since the PDF is compressed.
func (b *builder) coverPage() error {
	pdf, printed, err := b.cover(b)
	if err != nil {
		return fmt.Errorf("writing the cover: %w", err)
	}
	if err := gateText(fileCover, printed); err != nil {
		return err
	}
	return b.document(fileCover, pdf)
}

// seal writes the tag files, of which the last signs all.
func (b *builder) seal() error {
	if err := b.tag(fileBagInfo, b.bagInfo()); err != nil {
		return err
	}
	claimed := append([]byte("# These are the keys that the maker of this package claims to have. Anyone can write such a file, so it proves\n"+
		"# nothing. Get PLATFORM.pub from the platform itself, and run: proffer verify --key PLATFORM.pub FILE\n"), b.PublicKeys...)
	if err := b.tag(fileKeys, claimed); err != nil {
		return err
	}
	for i, algorithm := range []string{"sha256", "sha512"} {
		if err := b.tag(manifestName+algorithm+".txt", writeManifest(b.payload[i])); err != nil {
			return err
		}
	}
	s := seal{id: string(b.Request.Package), time: b.Now}
	tags := b.tags
	for i, algorithm := range []string{"sha256", "sha512"} {
		data := writeManifest(tags[i])
		if i == 0 {
			s.tag256 = sha256.Sum256(data)
		} else {
			s.tag512 = sha256.Sum256(data)
		}
		if err := b.tag(tagName+algorithm+".txt", data); err != nil {
			return err
		}
	}
	signature, err := s.sign(b.Signer)
	if err != nil {
		return err
	}
	return b.tag(fileSig, signature)
}

// bagInfo is bag-info.txt (RFC 8493 section 2.2.2): numbers only, so that no text of anyone's can break its lines.
func (b *builder) bagInfo() []byte {
	var out bytes.Buffer
	origin, _, _ := strings.Cut(b.key.Name, "/")
	simulated := ""
	if b.Request.Simulated {
		simulated = "SIMULATED, not evidence: "
	}
	fmt.Fprintf(&out, "Source-Organization: %s\nExternal-Identifier: %s\nExternal-Description: %sexhibits of case %s for law enforcement\n",
		origin, b.Request.Package, simulated, b.Request.Case)
	fmt.Fprintf(&out, "Bagging-Date: %s\nPayload-Oxum: %d.%d\nBag-Software-Agent: %s\n", b.Now.Format("2006-01-02"), b.octets,
		len(b.payload[0]), strings.Join(strings.Fields(b.Tool), " "))
	return out.Bytes()
}
