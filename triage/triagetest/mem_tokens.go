package triagetest

import (
	"context"
	"maps"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertToken(_ context.Context, hash triage.SHA256, of account.Token) error {
	if err := t.write("InsertToken"); err != nil {
		return err
	}
	return insert(t.tokens, hash, of)
}

func (t *tx) Token(_ context.Context, hash triage.SHA256, now time.Time) (account.Token, error) {
	k, err := get(t.tokens, hash)
	if err == nil && !k.Expires.After(now) {
		return account.Token{}, missing()
	}
	return k, err
}

func (t *tx) TouchToken(_ context.Context, hash triage.SHA256, now time.Time) error {
	if err := t.write("TouchToken"); err != nil {
		return err
	}
	if k, ok := t.tokens[hash]; ok && now.After(k.Used) {
		k.Used = copyOf(now)
		t.tokens[hash] = k
	}
	return nil
}

func (t *tx) Tokens(_ context.Context, of account.ID) ([]account.Token, error) {
	now := t.now()
	return find(t.tokens, func(k account.Token) bool { return k.Account == of && k.Expires.After(now) },
		newest(func(k account.Token) time.Time { return k.Created }, func(k account.Token) string { return k.ID }), 0), nil
}

func (t *tx) DeleteToken(_ context.Context, of account.ID, id string) error {
	if err := t.write("DeleteToken"); err != nil {
		return err
	}
	for hash, k := range t.tokens {
		if k.Account == of && k.ID == id {
			delete(t.tokens, hash)
			return nil
		}
	}
	return missing()
}

func (t *tx) DeleteTokens(_ context.Context, of account.ID) error {
	if err := t.write("DeleteTokens"); err != nil {
		return err
	}
	maps.DeleteFunc(t.tokens, func(_ triage.SHA256, k account.Token) bool { return k.Account == of })
	return nil
}
