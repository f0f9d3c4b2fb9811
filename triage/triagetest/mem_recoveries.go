package triagetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertRecovery(_ context.Context, r account.Recovery) error {
	if err := t.write("InsertRecovery"); err != nil {
		return err
	}
	return insert(t.recoveries, r.ID, r)
}

func (t *tx) Recovery(_ context.Context, id string) (account.Recovery, error) {
	return get(t.recoveries, id)
}

func (t *tx) SaveRecovery(_ context.Context, r account.Recovery) error {
	if err := t.write("SaveRecovery"); err != nil {
		return err
	}
	old, err := guarded(t.recoveries, r.ID, func(r account.Recovery) int { return r.Version }, r.Version)
	if err != nil {
		return err
	}
	old.First, old.FirstAt, old.Second, old.Granted = r.First, r.FirstAt, r.Second, r.Granted
	old.Refuser, old.Refused, old.Answer, old.Version = r.Refuser, r.Refused, r.Answer, r.Version+1
	t.recoveries[r.ID] = copyOf(old)
	return nil
}

func (t *tx) Recoveries(_ context.Context, of account.ID, limit int) ([]account.Recovery, error) {
	return find(t.recoveries, func(r account.Recovery) bool { return of == "" || r.Account == of },
		newest(func(r account.Recovery) time.Time { return r.Asked }, func(r account.Recovery) string { return r.ID }), limit), nil
}

func (t *tx) FindAccounts(_ context.Context, words string, limit int) ([]account.Account, error) {
	words = strings.ToLower(words)
	return find(t.accounts, func(a account.Account) bool {
		return strings.Contains(strings.ToLower(a.Name), words) || strings.Contains(a.Email, words) || strings.ToLower(string(a.ID)) == words
	}, func(a, b account.Account) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }, limit), nil
}

func (t *tx) LockAdministrators(context.Context) (ids []account.ID, err error) {
	for _, a := range t.accounts {
		if a.Roles.Has(account.Administrator) && !a.Closed {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (t *tx) InsertIdentity(_ context.Context, issuer, subject string, of account.ID) error {
	if err := t.write("InsertIdentity"); err != nil {
		return err
	}
	return insert(t.identities, [2]string{issuer, subject}, of)
}

func (t *tx) Identity(_ context.Context, issuer, subject string) (account.ID, error) {
	return get(t.identities, [2]string{issuer, subject})
}
