package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func tokenColumns(t *account.Token) []column {
	return []column{{"id", &t.ID}, {"account", &t.Account}, {"name", &t.Name}, {"scopes", ids(&t.Scopes)}, {"created", &t.Created},
		{"expires", &t.Expires}, {"used", optTime{&t.Used}}}
}

func (t *tx) InsertToken(ctx context.Context, token triage.SHA256, of account.Token) error {
	// What is too old is of no use to anybody; it goes when the next one is made.
	if _, err := t.exec(ctx, "DELETE FROM tokens WHERE account = $1 AND expires <= $2", of.Account, t.s.now()); err != nil {
		return err
	}
	return t.insert(ctx, "tokens", append([]column{{"hash", hash(&token)}}, tokenColumns(&of)...))
}

func (t *tx) Token(ctx context.Context, token triage.SHA256, now time.Time) (account.Token, error) {
	return one(ctx, t, tokenColumns, "FROM tokens WHERE hash = $1 AND expires > $2", hash(&token), now)
}

func (t *tx) TouchToken(ctx context.Context, token triage.SHA256, now time.Time) error {
	_, err := t.exec(ctx, "UPDATE tokens SET used = greatest(used, $2) WHERE hash = $1", hash(&token), now)
	return err
}

func (t *tx) Tokens(ctx context.Context, of account.ID) ([]account.Token, error) {
	return list(ctx, t, tokenColumns, "FROM tokens WHERE account = $1 AND expires > $2 ORDER BY created DESC, id", of, t.s.now())
}

func (t *tx) DeleteToken(ctx context.Context, of account.ID, id string) error {
	_, err := scalar[string](ctx, t, "DELETE FROM tokens WHERE account = $1 AND id = $2 RETURNING id", of, id)
	return err
}

func (t *tx) DeleteTokens(ctx context.Context, of account.ID) error {
	_, err := t.exec(ctx, "DELETE FROM tokens WHERE account = $1", of)
	return err
}
