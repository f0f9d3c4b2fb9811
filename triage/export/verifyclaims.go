package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage"
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
	if string(c.doc.Request.Package) != c.id {
		c.fails("package.json speaks of package %s, but this is %s.", c.doc.Request.Package, c.id)
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
	c.log = &logCheck{head: head, sealed: map[string]custody.Detail{}, receipts: map[string]string{},
		request: string(c.doc.Request.Package), inCase: string(c.doc.Request.Case)}
	if c.given == nil {
		c.unknown("The checkpoint of the custody log over %d entries fits the log key that the package itself brought: signer unknown.", head.Tree.N)
		return nil
	}
	c.holds("The checkpoint of the custody log is signed by %s: %d entries as of %s.", head.Origin, head.Tree.N, printTime(head.Time))
	return nil
}

// originals holds every original against the log's entry of the moment it was sealed.
func (c *check) originals() error {
	if c.log == nil {
		return nil
	}
	var wrong []string
	listed := map[string]bool{}
	for _, x := range c.doc.Exhibits {
		listed[x.File] = true
		f, ok := c.files[x.File]
		d := c.log.sealed[string(x.ID)]
		switch {
		case !ok || !strings.HasPrefix(x.File, "data/original/"):
			wrong = append(wrong, fmt.Sprintf("exhibit %d (%s) is not in the package", x.Number, x.ID))
		case d == nil:
			wrong = append(wrong, fmt.Sprintf("the log has no entry of exhibit %d (%s) being sealed", x.Number, x.ID))
		case f.sums["sha256"] != d["sha256"] || fmt.Sprint(f.size) != d["size"] || x.SHA256 != d["sha256"] || x.Size != f.size:
			wrong = append(wrong, fmt.Sprintf("exhibit %d (%s) is not the file that was sealed", x.Number, x.ID))
		}
	}
	for path := range c.files {
		if strings.HasPrefix(path, "data/original/") && !listed[path] {
			wrong = append(wrong, path+" is not an exhibit of this package")
		}
	}
	slices.Sort(wrong)
	c.check(wrong, "Each of the %d originals is, byte for byte, the file that the log recorded when it was sealed.", len(c.doc.Exhibits))
	return nil
}

// request checks that two people stand behind the disclosure, and that it is the one they agreed on (DESIGN I7).
func (c *check) request() error {
	if c.log == nil {
		return nil
	}
	l, r := c.log, c.doc.Request
	if len(l.requested) != 1 || len(l.approved) != 1 || l.refused {
		c.fails("The log does not show that this package was requested once, approved once and never refused.")
		return nil
	}
	asked, agreed := l.requested[0], l.approved[0]
	var wrong []string
	if asked.actor == agreed.actor {
		wrong = append(wrong, "one person requested and approved the package; two are needed")
	}
	if asked.actor != string(r.Requester) || agreed.actor != string(r.Approver) {
		wrong = append(wrong, "package.json names other people than the log")
	}
	ids := make([]triage.ExhibitID, len(c.doc.Exhibits))
	for i, x := range c.doc.Exhibits {
		ids[i] = x.ID
	}
	slices.Sort(ids)
	said := custody.Detail{"recipient": r.Recipient, "basis": string(r.Basis), "reference": r.Reference, "scope": r.Scope}
	for k, v := range said {
		if asked.detail[k] != v {
			wrong = append(wrong, "package.json gives another "+k+" than the log")
		}
	}
	if asked.detail["exhibits"] != joinIDs(r.Exhibits) || !slices.Equal(ids, r.Exhibits) {
		wrong = append(wrong, "the exhibits are not exactly those that were requested")
	}
	slices.Sort(wrong)
	c.check(wrong, "Two different people stand behind it: %s requested it for %s, %s approved it; recipient, legal basis, scope and exhibits are as the log recorded them.",
		r.Requester, r.Recipient, r.Approver)
	return nil
}

func joinIDs(ids []triage.ExhibitID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
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
		report := strings.TrimSuffix(name, ".txt")
		if logged, ok := c.log.receipts[report]; ok && logged != l.sum {
			wrong = append(wrong, l.path+" is not the receipt that the log names")
		}
		report, _, _ = strings.Cut(report, addedReceipt)
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
		if !slices.ContainsFunc(c.doc.Exhibits, func(x Exhibit) bool { return x.SHA256 == fmt.Sprintf("%x", clip.SHA256) && x.Size == clip.Size }) {
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
