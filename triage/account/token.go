package account

import (
	"slices"
	"time"
)

// Scope is a part of what a token may do for its account.
type Scope string

// The scopes.
const (
	ReportsWrite Scope = "reports:write" // file reports
	ReportsRead  Scope = "reports:read"  // follow the account's own reports
	Uploads      Scope = "uploads"       // upload clips and proofs
)

// AllScopes are all scopes there are, in the order in which pages show them.
var AllScopes = []Scope{ReportsWrite, ReportsRead, Uploads}

// Title says what the scope lets a program do.
func (s Scope) Title() string {
	return map[Scope]string{ReportsWrite: "File reports", ReportsRead: "Follow your reports", Uploads: "Upload clips"}[s]
}

// Token lets another program act for an account, within its scopes. The secret itself is shown once and kept nowhere.
type Token struct {
	ID      string // public handle, not the secret
	Account ID
	Name    string // what the owner calls it
	Scopes  []Scope
	Created time.Time
	Expires time.Time
	Used    time.Time // the last use, to within five minutes; zero: never
}

// May reports whether the token has the scope.
func (t Token) May(s Scope) bool { return slices.Contains(t.Scopes, s) }
