package web

import (
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// PersonView is one person, for administrators.
type PersonView struct {
	Page
	Person   triage.PersonView
	Form     triage.NewRoles // as typed, or as they are
	Messages Messages
}

// RecoveryView is one wish of somebody who lost their passkeys.
type RecoveryView struct {
	Page
	Recovery triage.RecoveryView
	Messages Messages
}

// standingWords says whether somebody can come in.
func standingWords(a account.Account) string {
	if a.Closed {
		return "Closed: cannot sign in"
	}
	return "Open"
}

// effectWords is an effect in force, as the administrator reads it.
func effectWords(e triage.Enforcement) string {
	r, _ := triage.RungOf(e.Kind)
	if e.Ends.IsZero() {
		return r.Title
	}
	return r.Title + " until " + e.Ends.UTC().Format("2 January 2006")
}

// recoveryTone is the chip's of a recovery.
func recoveryTone(r triage.RecoveryView) string {
	switch {
	case r.Second != "":
		return "done"
	case r.Refuser != "":
		return "off"
	}
	return "warn"
}
