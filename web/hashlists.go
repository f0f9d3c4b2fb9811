package web

import (
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// HashListsView is the lists of hashes, and the form to import one.
type HashListsView struct {
	Page
	Lists    []triage.HashList
	Names    map[account.ID]string
	Lanes    []triage.Lane // into which the actor may import; none: no form
	Typed    triage.NewHashList
	Pasted   string
	Checked  []triage.HashEntry // what a list holds that was only checked
	Messages Messages
}

// HashListView is one list.
type HashListView struct {
	Page
	triage.HashListView
}

// fewEntries is how many lines of a list are shown as a sample of it.
const fewEntries = 5

func hashProgress(l triage.HashList) string {
	if l.Done >= l.Entries {
		return "Compared with all clips"
	}
	return num(l.Done) + " of " + num(l.Entries) + " compared with the clips that were here"
}
