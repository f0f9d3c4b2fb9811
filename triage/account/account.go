// Package account names the people and organisations that Proffer knows: who they are, what plan their organisation
// has, which staff roles they hold, and in what standing they are. It is a leaf: it knows no storage and no HTTP.
//
// It holds no passwords: people sign in by one-time links (and, from the triage desk on, passkeys).
package account

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ID is an account's opaque identifier, of the form "A-XXXXX-XXXXX".
type ID string

// System is the actor of acts that no person did: jobs, clocks, migrations.
const System ID = "system"

// Guest is the reporter of reports by people without an account: guests of a meeting.
const Guest ID = "guest"

// OrgID is an organisation's opaque identifier, of the form "O-XXXXX-XXXXX".
type OrgID string

// Plan is what an organisation pays for; the meeting policy (who may use E2EE) reads it.
type Plan string

// The plans. Schools are PlanBusiness or PlanEnterprise with Comped set.
const (
	PlanFree       Plan = "free"
	PlanBusiness   Plan = "business"
	PlanEnterprise Plan = "enterprise"
)

// Plans lists every plan, smallest first.
var Plans = []Plan{PlanFree, PlanBusiness, PlanEnterprise}

// Organisation groups accounts under one plan.
type Organisation struct {
	ID      OrgID
	Name    string // as its administrator wrote it, at most 200 runes
	Plan    Plan
	Comped  bool // the plan is given, not paid: schools, charities
	Window  Window
	Created time.Time
}

// Account is one person. Staff are accounts with at least one role.
type Account struct {
	ID      ID
	Org     OrgID
	Name    string // display name, cleaned by CleanName
	Email   string // lower case, unique
	Roles   Roles  // empty for hosts and attendees
	Created time.Time
	Closed  bool // nobody can sign in with it, whatever link they hold: the people of a demonstration that is over
}

// Staff reports whether the account belongs to the trust-and-safety team in any role.
func (a Account) Staff() bool { return len(a.Roles) > 0 }

// Role is what a member of staff may do; see triage.Can for what each role allows.
type Role string

// The staff roles.
const (
	Reviewer      Role = "reviewer"
	Lead          Role = "lead"
	Investigator  Role = "investigator"
	ChildSafety   Role = "child-safety"
	Liaison       Role = "liaison" // law-enforcement liaison
	Auditor       Role = "auditor"
	Administrator Role = "administrator"
)

// AllRoles lists every role in the order pages show them.
var AllRoles = []Role{Reviewer, Lead, Investigator, ChildSafety, Liaison, Auditor, Administrator}

// Title is the role in words.
func (r Role) Title() string {
	switch r {
	case ChildSafety:
		return "Child-safety reviewer"
	case Liaison:
		return "Law-enforcement liaison"
	case "":
		return "Host"
	default:
		return strings.ToUpper(string(r[:1])) + string(r[1:])
	}
}

// Help says what the role lets a person do, for the page on which roles are given.
func (r Role) Help() string {
	return map[Role]string{
		Reviewer:      "Takes cases from the queue, looks at the evidence, decides. What is severe waits for a lead.",
		Lead:          "Is the second person for severe decisions and for packages, takes escalated cases, reopens decided ones.",
		Investigator:  "Works on cases as a reviewer does.",
		ChildSafety:   "The only role that sees the child-safety lane, and decides and approves in it. Give it to specialists only.",
		Liaison:       "Asks for law-enforcement packages of decided cases, and takes the finished ones out.",
		Auditor:       "Reads and verifies the custody log. Sees no case.",
		Administrator: "Gives and takes roles, and helps who lost their passkeys, together with another one. Sees no case.",
	}[r]
}

// Roles is a set of roles, without order and without duplicates.
type Roles []Role

// Has reports whether the set holds any of the given roles.
func (rs Roles) Has(any ...Role) bool {
	return slices.ContainsFunc(any, func(r Role) bool { return slices.Contains(rs, r) })
}

// ParseRoles reads a comma-separated list of roles; it refuses unknown ones.
func ParseRoles(s string) (Roles, error) {
	var rs Roles
	for _, part := range strings.Split(s, ",") {
		r := Role(strings.TrimSpace(part))
		if r == "" {
			continue
		}
		if !slices.Contains(AllRoles, r) {
			return nil, fmt.Errorf("unknown role %q; the roles are %v", r, AllRoles)
		}
		if !rs.Has(r) {
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// Session is one signed-in browser, as its owner sees it in the list of their own sessions.
type Session struct {
	ID        string // public handle, not the token
	Account   ID
	UserAgent string // at most 200 bytes
	Created   time.Time
	LastSeen  time.Time
	Expires   time.Time
}

// NormalizeEmail checks an address and lower-cases it. Display names are refused: only the bare address counts.
func NormalizeEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("%q is not an e-mail address", CleanName(s, 80))
	}
	return strings.ToLower(s), nil
}

// CleanName makes a name that came from outside safe to show on one line: NFC, without control characters, without
// bidirectional overrides and isolates (Unicode UAX #9) and invisible characters that could make one name look like
// another, white space folded, and cut to max runes.
func CleanName(s string, max int) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if rs := []rune(s); len(rs) > max {
		s = string(rs[:max-1]) + "…"
	}
	return s
}

// CleanText makes free text safe to show in several lines: like CleanName, but it keeps line breaks and tabs, and it
// never cuts: too long a text is the caller's error to report.
func CleanText(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
