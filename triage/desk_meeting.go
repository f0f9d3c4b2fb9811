package triage

import (
	"context"

	"github.com/proffer/proffer/triage/account"
)

// NewMeeting draws the number of a new meeting of one's own and checks its title. The meeting core keeps it.
func (d *Desk) NewMeeting(a Actor, title string) (Meeting, error) {
	m := Meeting{ID: MeetingID(NewID(prefixMeeting)), Org: a.Org, Host: a.Account, Title: account.CleanName(title, MaxTitle)}
	if err := Allow(a, MeetingCreate, Target{}); err != nil {
		return m, err
	}
	if m.Title == "" {
		return m, fieldError("title", "Give the meeting a title, so that people know what it is about.")
	}
	return m, refuseKey("title", m.Title)
}

// MayEnter says why an account may not enter a host's meetings, as things stand now; "" where it may.
func (d *Desk) MayEnter(ctx context.Context, who, host account.ID) (why string, err error) {
	return d.barredFrom(ctx, who, func(e Enforcement) string {
		if e.Kind == ActRemove && e.Host == host {
			return "You were kept out of this host’s meetings. The message that told you so says how to object."
		}
		return ""
	})
}

// MayHost says why an account may not host meetings, as things stand now; "" where it may.
func (d *Desk) MayHost(ctx context.Context, who account.ID) (why string, err error) {
	return d.barredFrom(ctx, who, func(e Enforcement) string {
		if e.Kind == ActNoHosting {
			return "Your account may not host meetings until " + e.Ends.Format("2 January 2006, 15:04") + " UTC. The message that told you so says how to object."
		}
		return ""
	})
}

// barredFrom says what keeps an account from something: that it cannot sign in at all, or a measure in force.
func (d *Desk) barredFrom(ctx context.Context, who account.ID, bars func(Enforcement) string) (why string, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		why = ""
		if _, err := d.admit(ctx, tx, who); KindOf(err) == Forbidden {
			why = err.Error()
			return nil
		} else if err != nil {
			return err
		}
		es, err := tx.EnforcementsOn(ctx, who)
		for _, e := range es {
			if e.InForce(d.now()) && why == "" {
				why = bars(e)
			}
		}
		return err
	})
	return why, err
}

// Organisation is whose plan a meeting runs on.
func (d *Desk) Organisation(ctx context.Context, id account.OrgID) (o account.Organisation, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		o, err = tx.Organisation(ctx, id)
		return err
	})
	return o, err
}
