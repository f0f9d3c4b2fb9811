package triage

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// ViewID names a saved view.
type ViewID string

// Bounds of views.
const (
	MaxViewName = 60 // characters
	MaxViews    = 100
)

// Myself stands for whoever looks, as the reviewer of a search: so a shared view can mean "mine".
const Myself account.ID = "me"

// View is a name for filters of the queue or of the search page. It holds no case, no number and no count: whoever opens one asks
// with their own rights, so a shared view never shows more than its reader could have asked for.
type View struct {
	ID      ViewID
	Owner   account.ID
	Name    string
	Shared  bool    // all staff who may know of its lane have it in their list
	Tab     Tab     // of the queue, filtered by Ask's policy and text alone; "" for a search
	Ask     FindAsk // without a page
	Made    time.Time
	Deleted time.Time // zero: it was not. Until somebody tidies up, it can be brought back
	Version int
}

// lane is the lane that the view's filters name; "" where they name none. Who may not know of it does not see the view.
func (v View) lane() Lane {
	if p, ok := PolicyByID(v.Ask.Policy); ok {
		return p.Lane
	}
	return v.Ask.Lane
}

// target is a view as Can sees it: a private one is its owner's, a shared one nobody's.
func (v View) target() Target {
	if v.Shared {
		return Target{Lane: v.lane()}
	}
	return Target{Lane: v.lane(), Owner: v.Owner}
}

// change is what somebody needs to change the view.
func (v View) change() Action {
	if v.Shared {
		return ViewShare
	}
	return ViewKeep
}

// ViewTx keeps saved views.
type ViewTx interface {
	InsertView(ctx context.Context, v View) error
	SavedView(ctx context.Context, id ViewID) (View, error)
	SaveView(ctx context.Context, v View) error // Name, Shared and Deleted only
	// Views lists the views of an account and the shared ones, without deleted ones, by name.
	Views(ctx context.Context, of account.ID) ([]View, error)
}

// check tidies a view up and says what is wrong with it.
func (v *View) check(a Actor) error {
	var fe FieldErrors
	v.Name = account.CleanName(v.Name, MaxNote)
	if n := len([]rune(v.Name)); n < 1 || n > MaxViewName {
		fe.Add("name", "Give it a name of 1 to %d characters.", MaxViewName)
	}
	fe.noKey("name", v.Name)
	if v.Tab == "" && v.Ask.Empty() {
		fe.Add("from", "Choose a filter or type words first: there is nothing to save yet.")
	}
	if v.Shared {
		v.checkShared(a, &fe)
	}
	return fe.Err()
}

// checkShared keeps what somebody typed while looking at the child-safety lane from the eyes of those who may not know of it.
func (v *View) checkShared(a Actor, fe *FieldErrors) {
	if n, _ := read(v.Ask.Text); n != (Number{}) {
		fe.Add("shared", "A number or an address leads to single cases, which not everybody may know of: share a view without one.")
	}
	typed := v.Ask.Text + v.Ask.Reporter + v.Ask.Reported
	if typed != "" && v.lane() == "" && laneOpen(a, LaneChildSafety) {
		fe.Add("shared", "Choose a lane or a policy first: words, a reporter or a reported person of child-safety cases must not reach others.")
	}
}
