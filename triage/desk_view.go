package triage

import (
	"context"
	"slices"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// ViewRow is a view with what the actor may do with it.
type ViewRow struct {
	View
	OwnerName string
	CanChange bool
	CanShare  bool
}

// Views lists the actor's own views and the shared ones whose lane they may know of.
func (d *Desk) Views(ctx context.Context, a Actor) (out []ViewRow, err error) {
	if err := Allow(a, QueueRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		out = nil
		vs, err := tx.Views(ctx, a.Account)
		if err != nil {
			return err
		}
		var owners []account.ID
		for _, v := range vs {
			if Can(a, QueueRead, Target{Lane: v.lane()}) {
				owners = append(owners, v.Owner)
				out = append(out, ViewRow{View: v, CanChange: Can(a, v.change(), v.target()), CanShare: Can(a, ViewShare, Target{Lane: v.lane()})})
			}
		}
		names, err := tx.Names(ctx, owners)
		for i := range out {
			out[i].OwnerName = names[out[i].Owner]
		}
		return err
	})
	return out, err
}

// OpenView is a view that the actor may use.
func (d *Desk) OpenView(ctx context.Context, a Actor, id ViewID) (v View, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		v, err = openView(ctx, tx, a, QueueRead, id)
		return err
	})
	return v, err
}

// openView fetches a view, if the actor may do something with it. Somebody else's private one, and one that was deleted, are not there.
func openView(ctx context.Context, tx Tx, a Actor, do Action, id ViewID) (View, error) {
	v, err := tx.SavedView(ctx, id)
	if err != nil {
		return View{}, err
	}
	if !v.Shared && v.Owner != a.Account || !Can(a, QueueRead, Target{Lane: v.lane()}) || !v.Deleted.IsZero() && do == QueueRead {
		return View{}, Errorf(NotFound, "There is nothing here under that number, or it is not yours to see.")
	}
	return v, Allow(a, do, v.target())
}

// KeepView saves filters under a name. For everybody it takes a lead, and is in the log.
func (d *Desk) KeepView(ctx context.Context, a Actor, v View) (View, error) {
	v.Ask.After, v.Ask.Limit = Cursor{}, 0
	v = View{ID: ViewID(NewID(prefixView)), Owner: a.Account, Name: v.Name, Shared: v.Shared, Tab: v.Tab, Ask: v.Ask, Made: d.now()}
	if err := Allow(a, v.change(), v.target()); err != nil {
		return v, err
	}
	if err := v.check(a); err != nil {
		return v, err
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		vs, err := tx.Views(ctx, a.Account)
		if err != nil {
			return err
		}
		if err := freeName(vs, v); err != nil {
			return err
		}
		if err := tx.InsertView(ctx, v); err != nil || !v.Shared {
			return err
		}
		return d.recordAt(ctx, tx, v.Made, a.Account, v.entry(custody.ViewShared))
	})
	return v, err
}

// freeName refuses a second view of one name, as two presses of a button make one, and more of them than anybody can read.
func freeName(vs []View, v View) error {
	own := slices.DeleteFunc(slices.Clone(vs), func(x View) bool { return x.Owner != v.Owner || x.ID == v.ID })
	if len(own) >= MaxViews {
		return fieldError("name", "You have %d views, and no more fit. Delete one first.", MaxViews)
	}
	if slices.ContainsFunc(own, func(x View) bool { return x.Name == v.Name }) {
		return fieldError("name", "You have a view of this name already. Choose another one.")
	}
	return nil
}

// entry is what the log says. It belongs to no case, so every auditor reads it: which view of the child-safety lane it is stays in the detail.
func (v View) entry(act custody.Act) entry {
	e := entry{Act: act, Detail: custody.Detail{"name": v.Name, "view": string(v.ID)}}
	if v.lane() != LaneChildSafety {
		e.Subject = "view/" + string(v.ID)
	}
	return e
}

// ChangeView renames a view, and shares it or takes it back.
func (d *Desk) ChangeView(ctx context.Context, a Actor, id ViewID, name string, shared bool) error {
	return d.changeView(ctx, a, id, func(v *View) { v.Name, v.Shared = name, shared })
}

// DeleteView takes a view from everybody's list; RestoreView brings it back.
func (d *Desk) DeleteView(ctx context.Context, a Actor, id ViewID) (v View, err error) {
	err = d.changeView(ctx, a, id, func(x *View) { x.Deleted = d.now(); v = *x })
	return v, err
}

// RestoreView brings a deleted view back.
func (d *Desk) RestoreView(ctx context.Context, a Actor, id ViewID) error {
	return d.changeView(ctx, a, id, func(v *View) { v.Deleted = noTime })
}

// changeView changes a view as the actor may, and what is or becomes everybody's on record.
func (d *Desk) changeView(ctx context.Context, a Actor, id ViewID, change func(*View)) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		v, err := openView(ctx, tx, a, ViewKeep, id)
		if err != nil {
			return err
		}
		was := v
		change(&v)
		for _, x := range []View{was, v} {
			if err := Allow(a, x.change(), x.target()); err != nil {
				return err
			}
		}
		if err := v.check(a); err != nil {
			return err
		}
		vs, err := tx.Views(ctx, v.Owner)
		if err != nil {
			return err
		}
		if v.Deleted.IsZero() {
			if err := freeName(vs, v); err != nil {
				return err
			}
		}
		if v == was {
			return nil
		}
		if err := tx.SaveView(ctx, v); err != nil || !was.Shared && !v.Shared {
			return err
		}
		return d.record(ctx, tx, a.Account, v.entry(changeAct(was, v)))
	})
}

// changeAct says what became of a view that was, or is, everybody's.
func changeAct(was, is View) custody.Act {
	switch {
	case is.Deleted.IsZero() && is.Shared && (!was.Shared || !was.Deleted.IsZero()):
		return custody.ViewShared
	case !is.Shared || !is.Deleted.IsZero():
		return custody.ViewWithdrawn
	}
	return custody.ViewChanged
}
