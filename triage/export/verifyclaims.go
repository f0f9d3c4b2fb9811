package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/custody"
)

// signature checks who vouches for the manifests, and that the signature is this package's.
func (c *check) signature() error {
	data, err := c.read(fileSig, maxTagFile)
	if err != nil {
		return err
	}
	claimed, err := c.read(fileKeys, maxTagFile)
	if err != nil {
		return err
	}
	own, err := custody.ParsePublicKeys(claimed)
	if err != nil {
		c.fails("claimed-keys.txt cannot be read: %v.", err)
		return nil
	}
	c.keys, c.SignerKnown = c.given, c.given != nil
	if c.given == nil {
		c.keys = own
	}
	s, signer, err := openSeal(data, c.keys.Verifiers(custody.RolePackage))
	if err != nil {
		c.SignerKnown = false
		c.fails("The signature does not hold: %v.", err)
		return nil
	}
	c.origin, _, _ = strings.Cut(signer, "/")
	c.sealed = s.time.Format(sealTime)
	var wrong []string
	if s.id != c.id {
		wrong = append(wrong, fmt.Sprintf("the signature is of package %s, but this one calls itself %.60q", s.id, c.id))
	}
	if fmt.Sprintf("%x", s.tag256) != c.files[tagName+"sha256.txt"].sums["sha256"] || fmt.Sprintf("%x", s.tag512) != c.files[tagName+"sha512.txt"].sums["sha256"] {
		wrong = append(wrong, "the signature is not of these manifests: something was changed after it was signed")
	}
	if c.archive && dosDate(s.time) != c.date {
		wrong = append(wrong, "the time of the archive is not the one that was signed")
	}
	at := printTime(s.time)
	switch {
	case len(wrong) > 0:
		c.check(wrong, "")
	case c.given == nil:
		c.unknown("It was signed on %s with a key that calls itself %s. The package itself brought that key, so this says nothing of who signed: signer unknown.", at, signer)
	default:
		c.Signer = signer
		c.holds("It was signed on %s with %s, a key from your key file; the signature covers the manifests and through them every file.", at, signer)
	}
	return nil
}

// document reads package.json, which the other checks refer to.
func (c *check) document() error {
	data, err := c.read(filePackage, maxDocument)
	if err != nil {
		return err
	}
	if c.doc, err = parsePackageDoc(data); err != nil {
		c.fails("%s", sentence(err.Error()))
		c.stop = true
		return nil
	}
	if c.sealed != "" && c.doc.Built != c.sealed {
		c.fails("package.json says that the package was built at %.40s, but it was signed at %s.", c.doc.Built, c.sealed)
	}
	if string(c.doc.Request.Package) != c.id {
		c.fails("package.json speaks of package %s, but this is %s.", c.doc.Request.Package, c.id)
	}
	c.Number = string(c.doc.Request.Package)
	c.remark("It is package %s of case %s, for %s.", c.doc.Request.Package, c.doc.Request.Case, c.doc.Request.Recipient)
	for _, x := range c.doc.Exhibits[:min(len(c.doc.Exhibits), maxList)] {
		c.remark("Exhibit %d (%s): “%s”, %s bytes, SHA-256 %s.", x.Number, x.ID, x.Name, thousands(x.Size), x.SHA256)
	}
	if c.doc.Request.Simulated {
		c.remark("SIMULATED: this package was made for demonstration. It is not evidence.")
	}
	return nil
}

// checkpoint checks that the platform's log vouches for the tree to which the entries are proven.
func (c *check) checkpoint() error {
	data, err := c.read(fileCheckpoint, maxTagFile)
	if err != nil {
		return err
	}
	head, err := custody.OpenCheckpoint(data, c.keys.Verifiers(custody.RoleLog))
	if err != nil {
		c.SignerKnown = false
		c.fails("The checkpoint of the custody log does not hold: %v.", err)
		return nil
	}
	origin, _, _ := strings.Cut(head.Origin, "/")
	if origin != c.origin {
		c.fails("The checkpoint is of the log of %s, but the package was signed by %s: it was swapped.", origin, orNone(c.origin))
		return nil
	}
	c.log = &logCheck{head: head, inCase: string(c.doc.Request.Case)}
	if c.given == nil {
		c.unknown("The checkpoint of the custody log over %d entries fits the log key that the package itself brought: signer unknown.", head.Tree.N)
		return nil
	}
	c.holds("The checkpoint of the custody log is signed by %s: %d entries as of %s.", head.Origin, head.Tree.N, printTime(head.Time))
	return nil
}

// originals holds every file of an exhibit against the log's entries of the moments when it was sealed, prepared and
// worked on.
func (c *check) originals() error {
	if c.log == nil {
		return nil
	}
	wrong := c.log.record.exhibits(c.doc.Request, c.doc.Exhibits)
	listed := map[string]bool{}
	derived := 0
	for _, x := range c.doc.Exhibits {
		if !c.isFile(listed, x.File, "data/original/", x.SHA256, x.Size) {
			wrong = append(wrong, fmt.Sprintf("exhibit %d (%s) is not the file that was sealed, or it is not in the package", x.Number, x.ID))
		}
		if x.Proof != nil && !c.isFile(listed, x.Proof.File, "data/proof/", x.Proof.SHA256, x.Proof.Size) {
			wrong = append(wrong, fmt.Sprintf("the proof of exhibit %d (%s) is not the file that was sealed, or it is not in the package", x.Number, x.ID))
		}
		for _, d := range x.Derivatives {
			derived++
			if !c.isFile(listed, d.File, "data/derivative/", d.SHA256, d.Size) {
				wrong = append(wrong, fmt.Sprintf("the %s of exhibit %d (%s) is not the file that was made, or it is not in the package", d.Kind, x.Number, x.ID))
			}
		}
	}
	for path := range c.files {
		if !listed[path] && isMedia(path) {
			wrong = append(wrong, path+" is not an exhibit of this package, and not made from one")
		}
	}
	slices.Sort(wrong)
	c.check(wrong, "Each of the %d originals is, byte for byte, the file that the log recorded when it was sealed, and each of the %d files made from them "+
		"the one that it recorded then.", len(c.doc.Exhibits), derived)
	return nil
}

// isFile reports whether a file that a document names is there, in its folder, for this one purpose, and is what it says.
func (c *check) isFile(listed map[string]bool, path, folder, sum256 string, size int64) bool {
	f, ok := c.files[path]
	again := listed[path]
	listed[path] = true
	return ok && !again && strings.HasPrefix(path, folder) && f.sums["sha256"] == sum256 && f.size == size
}

// request checks that two people stand behind the disclosure, and that it is the one they agreed on (DESIGN I7).
func (c *check) request() error {
	if c.log == nil {
		return nil
	}
	r := c.doc.Request
	c.check(c.log.record.request(r, c.doc.Staff), "Two different people stand behind it: %s requested it for %s, %s approved it; recipient, legal basis, scope, "+
		"exhibits, words and times are as the log recorded them.", r.Requester, r.Recipient, r.Approver)
	return nil
}

// reports checks that report.json says what the reporters said, no more and no less.
func (c *check) reports() error {
	data, err := c.read(fileReport, maxDocument)
	if err != nil {
		return err
	}
	d, err := parseReportDoc(data)
	if err != nil {
		c.fails("%s", sentence(err.Error()))
		return nil
	}
	c.told = d.Reports
	if c.log == nil {
		return nil
	}
	people, added := 0, 0
	for _, r := range d.Reports {
		people, added = people+len(r.People), added+len(r.Additions)
	}
	c.check(c.log.record.reports(d.Reports, c.doc.Exhibits, c.doc.Request.Simulated), "The words of %s are those that the log recorded when they came in: what happened, "+
		"when and in which meeting, %s, %s; nothing was left out.", plural(len(d.Reports), "the report", "reports"), plural(people, "the reported person", "reported people"),
		plural(added, "one addition", "additions"))
	return nil
}

// decisions checks that decision.json says what was decided about the people of the reports, no more and no less.
func (c *check) decisions() error {
	data, err := c.read(fileDecision, maxDocument)
	if err != nil {
		return err
	}
	d, err := parseDecisionDoc(data)
	if err != nil {
		c.fails("%s", sentence(err.Error()))
		return nil
	}
	if c.log == nil || c.told == nil {
		return nil
	}
	c.check(c.log.record.decisions(d.Decisions, c.told), "What was decided, about whom, for which reasons, by whom and when is as the log recorded it (%s); "+
		"where each decision stands follows from the log, and severe ones have two different people behind them.", plural(len(d.Decisions), "one decision", "decisions"))
	return nil
}

// receipts checks the capture receipts that came along: signed, for clips that are here, and the ones the log names.
func (c *check) receipts() error {
	if c.log == nil {
		return nil
	}
	var wrong []string
	n := 0
	for _, l := range c.bag.manifests[manifestName+"sha256.txt"] {
		name, ok := strings.CutPrefix(l.path, dirReceipt)
		if !ok {
			continue
		}
		n++
		data, err := c.read(l.path, maxTagFile)
		if err != nil {
			return err
		}
		name = strings.TrimSuffix(name, ".txt")
		if c.log.record.receipt(name) != l.sum {
			wrong = append(wrong, l.path+" is not the receipt that the log names")
		}
		report, _, _ := strings.Cut(name, addedReceipt)
		if err := c.receipt(data, report); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s does not hold: %v", l.path, err))
		}
	}
	if n > 0 {
		c.check(wrong, "The %s that the reporter was given fits: the clips named in it are the originals in this package.", plural(n, "receipt", "receipts"))
	}
	return nil
}

func (c *check) receipt(data []byte, report string) error {
	r, _, err := custody.OpenReceipt(data, c.keys.Verifiers(custody.RoleReceipt))
	if err != nil {
		return err
	}
	if r.Report != report {
		return errors.New("it is for another report than its name says")
	}
	for _, clip := range r.Clips {
		if !slices.ContainsFunc(c.doc.Exhibits, func(x Exhibit) bool { return x.has(fmt.Sprintf("%x", clip.SHA256), clip.Size) }) {
			return errors.New("it names a clip that is not in this package")
		}
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf("%d %s", n, many)
}
