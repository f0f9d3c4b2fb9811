package postgres

import (
	"context"

	"github.com/proffer/proffer/triage/account"
)

func recoveryColumns(r *account.Recovery) []column {
	return []column{{"id", &r.ID}, {"account", &r.Account}, {"words", &r.Words}, {"asked", &r.Asked}, {"expires", &r.Expires}, {"first", opt(&r.First)},
		{"first_at", optTime{&r.FirstAt}}, {"second", opt(&r.Second)}, {"second_at", optTime{&r.Granted}}, {"refuser", opt(&r.Refuser)},
		{"refused", optTime{&r.Refused}}, {"answer", &r.Answer}, {"version", &r.Version}}
}

func (t *tx) InsertRecovery(ctx context.Context, r account.Recovery) error {
	return t.insert(ctx, "recoveries", recoveryColumns(&r))
}

func (t *tx) Recovery(ctx context.Context, id string) (account.Recovery, error) {
	return one(ctx, t, recoveryColumns, "FROM recoveries WHERE id = $1", id)
}

func (t *tx) SaveRecovery(ctx context.Context, r account.Recovery) error {
	return t.save(ctx, "recoveries", r.ID, r.Version, only(recoveryColumns(&r), "first", "first_at", "second", "second_at", "refuser", "refused", "answer"))
}

func (t *tx) Recoveries(ctx context.Context, of account.ID, limit int) ([]account.Recovery, error) {
	return list(ctx, t, recoveryColumns, "FROM recoveries WHERE $1 = '' OR account = $1 ORDER BY asked DESC, id LIMIT $2", string(of), limit)
}

func (t *tx) FindAccounts(ctx context.Context, words string, limit int) ([]account.Account, error) {
	return list(ctx, t, accountColumns, `FROM accounts WHERE position(lower($1) IN lower(name)) > 0 OR position(lower($1) IN coalesce(email, '')) > 0 OR id = upper($1)
		ORDER BY name, id LIMIT $2`, words, limit)
}

func (t *tx) LockAdministrators(ctx context.Context) ([]account.ID, error) {
	accs, err := list(ctx, t, accountColumns, "FROM accounts WHERE 'administrator' = ANY(roles) AND NOT closed ORDER BY id FOR UPDATE")
	var ids []account.ID
	for _, a := range accs {
		ids = append(ids, a.ID)
	}
	return ids, err
}

func (t *tx) InsertIdentity(ctx context.Context, issuer, subject string, of account.ID) error {
	return t.insert(ctx, "identities", []column{{"issuer", &issuer}, {"subject", &subject}, {"account", &of}})
}

func (t *tx) Identity(ctx context.Context, issuer, subject string) (account.ID, error) {
	return scalar[account.ID](ctx, t, "SELECT account FROM identities WHERE issuer = $1 AND subject = $2", issuer, subject)
}
