package triage

import (
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// PackageID names a law-enforcement package.
type PackageID string

// LegalBasis is why something may be disclosed.
type LegalBasis string

// LegalGround is one entry of the fixed list of legal bases.
type LegalGround struct {
	ID    LegalBasis
	Title string // what pages and the package's cover call it
}

// LegalBases is the fixed list.
var LegalBases = []LegalGround{
	{"warrant", "Search warrant"},
	{"court-order", "Court order (18 USC 2703(d) or its like)"},
	{"subpoena", "Subpoena"},
	{"emergency", "Emergency: danger of death or serious injury (18 USC 2702(b)(8))"},
	{"dsa-18", "Suspicion of a threat to life or safety (EU DSA Art. 18)"},
	{"mlat", "Mutual legal assistance"},
	{"consent", "Consent of the account's holder"},
}

// Title is the basis in words.
func (b LegalBasis) Title() string {
	for _, l := range LegalBases {
		if l.ID == b {
			return l.Title
		}
	}
	return string(b)
}

// PackageState is where a package stands.
type PackageState string

// The states of a package.
const (
	PackageRequested PackageState = "requested" // waits for a second person
	PackageRefused   PackageState = "refused"
	PackageApproved  PackageState = "approved" // waits for its job
	PackageBuilding  PackageState = "building"
	PackageReady     PackageState = "ready"
	PackageFailed    PackageState = "failed" // Why says it; it can be built again
)

// Package is one disclosure to an agency: what was asked, by whom it was approved, and what was built.
type Package struct {
	ID        PackageID
	Case      CaseID
	Lane      Lane       // the case's
	Decision  DecisionID // in force when it was asked for: the package leaves under this one only. "" before this was kept
	Exhibits  []ExhibitID
	Recipient string // agency and officer
	Basis     LegalBasis
	Reference string // the agency's own number
	Scope     string // what was asked for, in words
	Requester account.ID
	Requested time.Time
	Approver  account.ID
	Answered  time.Time
	Answer    string // what the second person wrote
	State     PackageState
	Done      int64 // bytes built so far
	Total     int64 // bytes to build
	Why       string
	Key       string // object key in the derivative bucket, once ready
	SHA256    SHA256
	Size      int64
	Built     time.Time
	Version   int
}

// target is the package as Can sees it, with the parties to its case.
func (p Package) target(parties []account.ID) Target {
	return Target{Lane: p.Lane, Proposer: p.Requester, Parties: parties}
}

// NewPackage is the liaison's form.
type NewPackage struct {
	Case      CaseID
	Exhibits  []ExhibitID
	Recipient string
	Basis     LegalBasis
	Reference string
	Scope     string
}

// Validate cleans the form in place and reports everything that is wrong with it; known is what the case holds.
func (r *NewPackage) Validate(known []Exhibit) error {
	var fe FieldErrors
	r.Recipient = account.CleanName(r.Recipient, MaxTitle)
	r.Reference = account.CleanName(r.Reference, MaxTitle)
	r.Scope = account.CleanText(r.Scope)
	fe.noKey("recipient", r.Recipient)
	fe.noKey("reference", r.Reference)
	fe.noKey("scope", r.Scope)
	if r.Recipient == "" {
		fe.Add("recipient", "Name the agency and the officer it goes to.")
	}
	if !slices.ContainsFunc(LegalBases, func(b LegalGround) bool { return b.ID == r.Basis }) {
		fe.Add("basis", "Choose the legal basis.")
	}
	if n := len([]rune(r.Scope)); n < 10 || n > MaxReasons {
		fe.Add("scope", "Say what the request covers (10 to %d characters).", MaxReasons)
	}
	slices.Sort(r.Exhibits)
	r.Exhibits = slices.Compact(r.Exhibits)
	if len(r.Exhibits) == 0 {
		fe.Add("exhibits", "Choose at least one exhibit. Only what is chosen leaves.")
	}
	for _, id := range r.Exhibits {
		if !slices.ContainsFunc(known, func(x Exhibit) bool { return x.ID == id }) {
			fe.Add("exhibits", "One of the exhibits does not belong to this case. Reload the page.")
			break
		}
	}
	return fe.Err()
}
