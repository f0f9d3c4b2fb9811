package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func organisationColumns(o *account.Organisation) []column {
	return []column{{"id", &o.ID}, {"name", &o.Name}, {"plan", &o.Plan}, {"comped", &o.Comped}, {"window_seconds", &o.Window}, {"created", &o.Created}}
}

func accountColumns(a *account.Account) []column {
	return []column{{"id", &a.ID}, {"org", opt(&a.Org)}, {"name", &a.Name}, {"email", opt(&a.Email)}, {"roles", ids(&a.Roles)},
		{"created", &a.Created}, {"closed", &a.Closed}}
}

func (t *tx) Organisation(ctx context.Context, id account.OrgID) (account.Organisation, error) {
	return one(ctx, t, organisationColumns, "FROM organisations WHERE id = $1", id)
}

func (t *tx) InsertOrganisation(ctx context.Context, o account.Organisation) error {
	return t.insert(ctx, "organisations", organisationColumns(&o))
}

func (t *tx) Organisations(ctx context.Context) ([]account.Organisation, error) {
	return list(ctx, t, organisationColumns, "FROM organisations ORDER BY name, id")
}

func (t *tx) SetWindow(ctx context.Context, id account.OrgID, w account.Window) error {
	_, err := scalar[string](ctx, t, "UPDATE organisations SET window_seconds = $2 WHERE id = $1 RETURNING id", id, w)
	return err
}

func (t *tx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	return one(ctx, t, accountColumns, "FROM accounts WHERE id = $1", id)
}

func (t *tx) AccountByEmail(ctx context.Context, email string) (account.Account, error) {
	return one(ctx, t, accountColumns, "FROM accounts WHERE email = $1", email)
}

func (t *tx) InsertAccount(ctx context.Context, a account.Account) error {
	return t.insert(ctx, "accounts", accountColumns(&a))
}

func (t *tx) SetRoles(ctx context.Context, id account.ID, roles account.Roles) error {
	_, err := scalar[string](ctx, t, "UPDATE accounts SET roles = $2 WHERE id = $1 RETURNING id", id, ids(&roles))
	return err
}

func (t *tx) SetClosed(ctx context.Context, id account.ID, closed bool) error {
	t.barred = append(t.barred, id)
	_, err := scalar[string](ctx, t, "UPDATE accounts SET closed = $2 WHERE id = $1 RETURNING id", id, closed)
	return err
}

func (t *tx) Accounts(ctx context.Context, staffOnly bool) ([]account.Account, error) {
	where := ""
	if staffOnly {
		where = "WHERE cardinality(roles) > 0 "
	}
	return list(ctx, t, accountColumns, "FROM accounts "+where+"ORDER BY name, id LIMIT 500")
}

func (t *tx) Names(ctx context.Context, of []account.ID) (map[account.ID]string, error) {
	type named struct {
		id   account.ID
		name string
	}
	found, err := list(ctx, t, func(n *named) []column { return []column{{"id", &n.id}, {"name", &n.name}} },
		"FROM accounts WHERE id = ANY($1)", ids(&of))
	m := make(map[account.ID]string, len(found))
	for _, n := range found {
		m[n.id] = n.name
	}
	return m, err
}

func (t *tx) InsertLink(ctx context.Context, token triage.SHA256, to account.ID, expires time.Time) error {
	// Links of long ago are of no use to anybody; they go when the next one is made.
	now := t.s.now()
	if _, err := t.exec(ctx, "DELETE FROM sign_in_links WHERE account = $1 AND greatest(created, expires) < $2", to,
		now.Add(-7*24*time.Hour)); err != nil {
		return err
	}
	return t.insert(ctx, "sign_in_links", []column{{"hash", hash(&token)}, {"account", &to}, {"created", &now}, {"expires", &expires}})
}

func (t *tx) TakeLink(ctx context.Context, token triage.SHA256, now time.Time) (account.ID, error) {
	return scalar[account.ID](ctx, t, `UPDATE sign_in_links SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2
		RETURNING account`, hash(&token), now)
}

func (t *tx) DeleteLinks(ctx context.Context, of account.ID) error {
	_, err := t.exec(ctx, "DELETE FROM sign_in_links WHERE account = $1", of)
	return err
}

func (t *tx) LinksSince(ctx context.Context, to account.ID, since time.Time) (int, error) {
	return scalar[int](ctx, t, "SELECT count(*) FROM sign_in_links WHERE account = $1 AND created >= $2", to, since)
}

func sessionColumns(s *account.Session) []column {
	return []column{{"id", &s.ID}, {"account", opt(&s.Account)}, {"agent", &s.UserAgent}, {"created", &s.Created},
		{"seen", &s.LastSeen}, {"expires", &s.Expires}}
}

func (t *tx) Sessions(ctx context.Context, of account.ID) ([]account.Session, error) {
	return list(ctx, t, sessionColumns, "FROM sessions WHERE account = $1 AND revoked IS NULL AND expires > $2 ORDER BY created DESC, id",
		of, t.s.now())
}

func (t *tx) DeleteSession(ctx context.Context, of account.ID, id string) error {
	_, err := scalar[string](ctx, t, `UPDATE sessions SET revoked = $3, data = '' WHERE account = $1 AND id = $2 AND revoked IS NULL
		RETURNING id`, of, id, t.s.now())
	return err
}

func (t *tx) DeleteSessions(ctx context.Context, of account.ID) error {
	_, err := t.exec(ctx, "UPDATE sessions SET revoked = $2, data = '' WHERE account = $1 AND revoked IS NULL", of, t.s.now())
	return err
}
