package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func preferenceColumns(p *triage.Preferences) []column {
	return []column{{"blur", &p.Blur}, {"grey", &p.Grey}, {"mute", &p.Mute}, {"small", &p.Small}, {"stills", &p.Stills}, {"opt_outs", ids(&p.OptOuts)}}
}

func (t *tx) Preferences(ctx context.Context, of account.ID) (triage.Preferences, error) {
	p, err := one(ctx, t, preferenceColumns, "FROM preferences WHERE account = $1", of)
	if errors.Is(err, triage.ErrNotFound) {
		return triage.DefaultPreferences, nil
	}
	return p, err
}

func (t *tx) SavePreferences(ctx context.Context, of account.ID, p triage.Preferences) error {
	cols := append(preferenceColumns(&p), column{"account", &of})
	_, err := t.exec(ctx, insertSQL("preferences", cols)+` ON CONFLICT (account) DO UPDATE SET blur = excluded.blur, grey = excluded.grey,
		mute = excluded.mute, small = excluded.small, stills = excluded.stills, opt_outs = excluded.opt_outs`, values(cols)...)
	return err
}

func (t *tx) Exposures(ctx context.Context, of account.ID, since time.Time) ([]triage.Exposure, error) {
	return list(ctx, t, func(e *triage.Exposure) []column {
		return []column{{"w.at", &e.At}, {"c.policy", &e.Policy}, {"c.lane", &e.Lane}, {"w.to_ns - w.from_ns", nanos{&e.Length}}}
	}, `FROM watches w JOIN exhibits x ON x.id = w.exhibit JOIN cases c ON c.id = x.case_id
		WHERE w.account = $1 AND w.at >= $2 ORDER BY w.at, w.number`, of, since)
}

func overrideColumns(o *triage.Override) []column {
	return []column{{"id", &o.ID}, {"account", &o.Account}, {"budget", &o.Group}, {"reason", &o.Reason}, {"by", &o.By}, {"at", &o.At}, {"until", &o.Until}}
}

func (t *tx) InsertOverride(ctx context.Context, o triage.Override) error {
	return t.insert(ctx, "budget_overrides", overrideColumns(&o))
}

func (t *tx) Overrides(ctx context.Context, of account.ID, now time.Time) ([]triage.Override, error) {
	return list(ctx, t, overrideColumns, "FROM budget_overrides WHERE until > $1 AND ($2 = '' OR account = $2) ORDER BY at DESC, id", now, string(of))
}
