package export

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// coverFunc makes the cover, and returns what it prints as plain text beside it.
type coverFunc func(b *builder) (pdf, printed []byte, err error)

// simulatedBanner is on every page of a package made for demonstration.
const simulatedBanner = "SIMULATED – made for demonstration, not evidence"

// writeCover is cover.pdf: what is in the package, said for a person who reads it on paper.
func writeCover(b *builder) (pdf, printed []byte, err error) {
	s, err := layCover(b)
	if err != nil {
		return nil, nil, err
	}
	return s.finish()
}

func layCover(b *builder) (*sheet, error) {
	banner := ""
	if b.Request.Simulated {
		banner = simulatedBanner
	}
	origin, _, _ := strings.Cut(b.key.Name, "/")
	title := "Law-enforcement package " + string(b.Request.Package)
	s, err := newSheet(title, title+"  ·  "+origin, banner, b.Now)
	if err != nil {
		return nil, err
	}
	s.font("B", 20)
	s.MultiCell(widthText, 9, s.safe("B", "Law-enforcement package"), "", "L", false)
	s.font("", 13)
	s.MultiCell(widthText, 7, s.safe("", string(b.Request.Package)), "", "L", false)
	c := cover{sheet: s, builder: b, origin: origin}
	for _, part := range []func(){c.request, c.facts, c.exhibits, c.decisions, c.verification, c.notProven, c.custody} {
		part()
	}
	return s, nil
}

type cover struct {
	*sheet
	*builder
	origin string
}

func printTime(t time.Time) string { return t.UTC().Format("2 January 2006 15:04:05 UTC") }

func (c cover) request() {
	r := c.Request
	c.heading("The request")
	c.field("Recipient", r.Recipient)
	c.field("Legal basis", r.Basis.Title())
	c.field("Reference", orNone(r.Reference))
	c.field("Scope", r.Scope)
	c.field("Requested", printTime(r.Requested)+" by "+c.person(r.Requester))
	c.field("Approved", printTime(r.Approved)+" by "+c.person(r.Approver)+", a second person")
	if r.Answer != "" {
		c.field("In their words", r.Answer)
	}
	c.field("Built", printTime(c.Now)+" by "+c.Tool+" for "+c.origin)
}

// person is a member of staff as the cover names them.
func (c cover) person(id account.ID) string {
	if id == account.System {
		return "the system"
	}
	i := slices.IndexFunc(c.Staff, func(s Staff) bool { return s.ID == id })
	if i < 0 {
		return "account " + string(id)
	}
	roles := make([]string, len(c.Staff[i].Roles))
	for j, r := range c.Staff[i].Roles {
		roles[j] = string(r)
	}
	if c.Staff[i].Name != "" {
		return fmt.Sprintf("%s (%s, %s)", c.Staff[i].Name, strings.Join(roles, ", "), id)
	}
	return fmt.Sprintf("%s (%s)", id, strings.Join(roles, ", "))
}

func (c cover) facts() {
	c.heading("What was reported")
	c.field("Case", fmt.Sprintf("%s, opened %s", c.Request.Case, printTime(c.Request.Opened)))
	for _, r := range c.Reports {
		c.Ln(1.5)
		c.field("Report", fmt.Sprintf("%s, filed %s by account %s", r.ID, printTime(r.Filed), r.Reporter))
		c.field("About", r.Policy.Title())
		c.field("Meeting", fmt.Sprintf("%s (%s%s)", r.MeetingName, modeWords(r.MeetingMode), optional(", number ", string(r.Meeting))))
		c.field("Happened", printTime(r.Occurred)+", by the reporter's account")
		for _, p := range r.People {
			c.field("Reported person", p.Name+optional(", given as ", p.Identifier)+optional(", account ", string(p.Account)))
		}
		if r.Words != "" {
			c.field("In the reporter's words", "\n"+r.Words)
		}
		for _, a := range r.Additions {
			c.field("Added "+a.At.UTC().Format("2 Jan 2006"), a.Words)
		}
		if r.Withdrawn != nil {
			c.field("Withdrawn", printTime(*r.Withdrawn)+"; the evidence is kept")
		}
	}
}

func optional(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func modeWords(m triage.MeetingMode) string {
	switch m {
	case triage.ModeE2EE:
		return "end-to-end encrypted"
	case triage.ModeStandard:
		return "standard encryption"
	}
	return "encryption not known"
}

// trustWords says what each grade means, and no more than it means (DESIGN section 6).
var trustWords = map[triage.Trust]string{
	triage.TrustUnverified: "Unverified: no cryptographic proof came with this clip; it may have been recorded, cut or changed by anyone before it was received.",
	triage.TrustVerified: "Verified: the platform's notary received this commitment from this account's session in this meeting at this time, and the clip's " +
		"frames are what was committed to; the platform itself could forge it.",
	triage.TrustPartly:       "Partly verified: for some frames or tracks the proof holds, for others there is none.",
	triage.TrustContradicted: "Contradicted: the proof that came with this clip does not fit it.",
}

func (c cover) exhibits() {
	c.heading("The exhibits")
	for _, x := range c.Exhibits {
		c.room(40)
		c.bold(fmt.Sprintf("Exhibit %d  ·  %s", x.Number, x.Name))
		c.field("Number", fmt.Sprintf("%s, of report %s, received %s", x.ID, x.Report, printTime(x.Received)))
		c.field("Size and length", fmt.Sprintf("%s bytes; %s", thousands(x.Size), lengthWords(x)))
		c.fieldIn("M", "SHA-256", groups(x.SHA256))
		c.fieldIn("M", "SHA-512", groups(c.sum512[x.File]))
		c.fieldIn("M", "File", x.File)
		c.field("Trust", trustWords[x.Trust])
		if x.Note != "" {
			c.field("Remarks", x.Note)
		}
		for _, d := range x.Derivatives {
			c.Ln(1)
			c.field("Made from it", fmt.Sprintf("%s, %s bytes, on %s", derivativeWords(d.Kind), thousands(d.Size), printTime(d.Made)))
			c.fieldIn("M", "File", d.File)
			c.fieldIn("M", "SHA-256", groups(d.SHA256))
			c.fieldIn("M", "Command", orNone(d.Command))
		}
		c.Ln(3)
	}
}

func lengthWords(x Exhibit) string {
	if x.Seconds <= 0 {
		return "length not known"
	}
	words := fmt.Sprintf("%.1f seconds", x.Seconds)
	for _, t := range x.Tracks {
		words += fmt.Sprintf("; %s %s", t.Kind, t.Codec)
		if t.Width > 0 {
			words += fmt.Sprintf(" %d × %d", t.Width, t.Height)
		}
	}
	return words
}

func derivativeWords(k triage.DerivativeKind) string {
	switch k {
	case triage.DerivedPoster:
		return "One still picture"
	case triage.DerivedContact:
		return "A contact sheet: stills over the clip's length"
	case triage.DerivedWaveform:
		return "The peaks of its sound, as numbers"
	case triage.DerivedPreview:
		return "A copy in another format, for playing in a browser; not the original"
	}
	return string(k)
}

func (c cover) decisions() {
	c.heading("What was decided")
	if len(c.Contents.Decisions) == 0 {
		c.para("No decision about the people of these reports is on record.")
	}
	for _, d := range c.Contents.Decisions {
		c.field(fmt.Sprintf("Decision %d", d.Number), fmt.Sprintf("%s, %s, by %s", d.State, printTime(d.Decided), c.person(d.Decider)))
		if d.Approver != "" && d.Answered != nil {
			c.field("Second person", fmt.Sprintf("%s, %s%s", c.person(d.Approver), printTime(*d.Answered), optional(": ", d.Answer)))
		}
		for _, f := range d.Findings {
			severity := "no severity"
			if f.Severity != "" {
				severity = string(f.Severity) + " severity"
			}
			c.field(f.Name, fmt.Sprintf("%s; %s; %s.\n%s", f.Policy.Title(), severity, f.Words, f.Reasons+evidenceWords(f.Evidence)))
		}
		c.Ln(1.5)
	}
}

func (c cover) verification() {
	c.heading("How to check this package")
	c.para("Everything can be checked without a network and without an account, with the free program proffer and the file PLATFORM.pub. " +
		"Get PLATFORM.pub from " + c.origin + " by another way than this package: whoever forges a package can put their own key beside it.")
	c.Ln(1)
	c.mono("proffer verify --key PLATFORM.pub FILE")
	c.Ln(1)
	c.para("It says in words what holds and what does not, and ends with status 0 only if everything holds. Without proffer: the package is a BagIt 1.0 " +
		"bag (RFC 8493), which many tools check; that finds damage, but not forgery. This page is covered by the signature like everything else, " +
		"but only the program's answer shows that it was not changed.")
	c.Ln(1)
	c.field("Signed with", c.key.Name)
	c.fieldIn("M", "Key fingerprint", fingerprint(c.key))
}

// fingerprint is the SHA-256 of a public key's line, for reading out over a telephone.
func fingerprint(k custody.PublicKey) string {
	return groups(fmt.Sprintf("%x", sha256.Sum256([]byte(k.VKey))))
}

func (c cover) notProven() {
	c.heading("What is not proven")
	for _, line := range []string{
		"That a clip shows what really happened, or that a camera saw it. What is proven is that the file is the one that was received and sealed.",
		"Who sat at a device. Names and identifiers of reported people are as the reporter gave them; account numbers are from the platform's own records.",
		"What lies before, after or beside the clip.",
		"Times are the platform's own clock. The time of the incident is the reporter's account.",
		"That nothing else exists. Only the exhibits named in the request are in this package; other exhibits, reports and people of the case were left out, " +
			"and their entries of the log with them. The reporter's name and address were left out too.",
		"The custody log shows every act for which an entry was written, and that none of these was changed later. It cannot show an act for which none was written.",
	} {
		c.para("•  " + line)
		c.Ln(0.6)
	}
}

func (c cover) custody() {
	c.heading("Chain of custody")
	c.para("Entries of the platform's append-only log that concern these exhibits, in the order of the log. Each is in data/custody/events.jsonl with a proof " +
		"that the signed log contains it.")
	c.Ln(1.5)
	widths := []float64{17, 37, 36, 30, 50}
	c.row("B", widths, "Entry", "Time (UTC)", "Act", "About", "By")
	for _, e := range c.Custody.Entries {
		l, err := custody.ParseLeaf(e.Leaf)
		if err != nil {
			continue // Gather encoded it a moment ago
		}
		_, about, _ := strings.Cut(l.Subject, "/")
		c.row("", widths, fmt.Sprint(e.Index), l.Time.UTC().Format("2006-01-02 15:04:05"), l.Act.Title(), about, c.person(account.ID(l.Actor)))
	}
}

// groups writes hex in groups of eight, which an eye can compare.
func groups(hex string) string {
	var parts []string
	for len(hex) > 8 {
		parts, hex = append(parts, hex[:8]), hex[8:]
	}
	return strings.Join(append(parts, hex), " ")
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// evidenceWords names the stretches of exhibits that support a finding.
func evidenceWords(spans []triage.Span) string {
	return optional("\nEvidence: ", triage.SpanWords(spans))
}
