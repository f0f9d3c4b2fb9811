package triage_test

import (
	"slices"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// TestWindow has an administrator, and nobody else, change for how long hosts' devices keep what they received; each change is in the log, once.
func TestWindow(t *testing.T) {
	w := newWorld(t)
	ctx, org := t.Context(), w.people["host"].Org
	window := func() account.Window {
		o, err := w.Organisation(ctx, org)
		w.ok(err)
		return o.Window
	}
	if window() != account.DefaultWindow {
		t.Errorf("a new organisation has %d", window())
	}
	for name, a := range w.people {
		w.is(triage.ErrForbidden, w.SetWindow(ctx, a, org, 15))
		if window() != account.DefaultWindow {
			t.Fatalf("%s has changed it", name)
		}
	}
	w.is(triage.ErrForbidden, w.SetWindow(ctx, triage.Actor{}, org, 15))
	admin := triage.Actor{Account: "A-ADMIN", Roles: account.Roles{account.Administrator}}
	for _, bad := range []account.Window{-1, 0, 14, 121} {
		w.is(triage.ErrInvalid, w.SetWindow(ctx, admin, org, bad))
	}
	w.is(triage.ErrNotFound, w.SetWindow(ctx, admin, "O-NONE", 15))
	w.ok(w.SetWindow(ctx, admin, org, 15))
	w.ok(w.SetWindow(ctx, admin, org, 15)) // changes nothing, and so says nothing
	if window() != 15 {
		t.Errorf("it is %d", window())
	}
	var said []custody.Detail
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		es, err := tx.EventsOn(ctx, "", "organisation/"+string(org), custody.WindowChanged)
		for _, e := range es {
			if e.Act == custody.WindowChanged {
				said = append(said, e.Detail)
			}
		}
		return err
	}))
	if len(said) != 1 || said[0]["was"] != "60" || said[0]["seconds"] != "15" || !slices.Contains(triage.AllActions, triage.PeopleChange) {
		t.Errorf("the log says %v", said)
	}
}
