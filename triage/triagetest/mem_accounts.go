package triagetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) Organisation(_ context.Context, id account.OrgID) (account.Organisation, error) {
	return get(t.orgs, id)
}

func (t *tx) InsertOrganisation(_ context.Context, o account.Organisation) error {
	if err := t.write("InsertOrganisation"); err != nil {
		return err
	}
	return insert(t.orgs, o.ID, o)
}

func (t *tx) Organisations(context.Context) ([]account.Organisation, error) {
	return find(t.orgs, func(account.Organisation) bool { return true },
		func(a, b account.Organisation) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		}, 0), nil
}

func (t *tx) SetWindow(_ context.Context, id account.OrgID, w account.Window) error {
	if err := t.write("SetWindow"); err != nil {
		return err
	}
	o, ok := t.orgs[id]
	if !ok {
		return missing()
	}
	o.Window = w
	t.orgs[id] = o
	return nil
}

func (t *tx) Account(_ context.Context, id account.ID) (account.Account, error) {
	return get(t.accounts, id)
}

func (t *tx) AccountByEmail(_ context.Context, email string) (account.Account, error) {
	for _, a := range t.accounts {
		if a.Email == email && email != "" {
			return copyOf(a), nil
		}
	}
	return account.Account{}, missing()
}

func (t *tx) InsertAccount(ctx context.Context, a account.Account) error {
	if err := t.write("InsertAccount"); err != nil {
		return err
	}
	if _, err := t.AccountByEmail(ctx, a.Email); err == nil {
		return conflict()
	}
	return insert(t.accounts, a.ID, a)
}

func (t *tx) SetRoles(_ context.Context, id account.ID, roles account.Roles) error {
	return t.changeAccount("SetRoles", id, func(a *account.Account) { a.Roles = roles })
}

func (t *tx) SetClosed(_ context.Context, id account.ID, closed bool) error {
	return t.changeAccount("SetClosed", id, func(a *account.Account) { a.Closed = closed })
}

func (t *tx) changeAccount(method string, id account.ID, change func(*account.Account)) error {
	if err := t.write(method); err != nil {
		return err
	}
	a, err := get(t.accounts, id)
	if err != nil {
		return err
	}
	change(&a)
	t.accounts[id] = copyOf(a)
	return nil
}

func (t *tx) Accounts(_ context.Context, staffOnly bool) ([]account.Account, error) {
	return find(t.accounts, func(a account.Account) bool { return a.Staff() || !staffOnly },
		func(a, b account.Account) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }, 500), nil
}

func (t *tx) Names(_ context.Context, ids []account.ID) (map[account.ID]string, error) {
	m := make(map[account.ID]string, len(ids))
	for _, id := range ids {
		if a, ok := t.accounts[id]; ok {
			m[id] = a.Name
		}
	}
	return m, nil
}

func (t *tx) InsertLink(_ context.Context, hash triage.SHA256, to account.ID, expires time.Time) error {
	if err := t.write("InsertLink"); err != nil {
		return err
	}
	if _, ok := t.links[hash]; ok {
		return conflict()
	}
	t.links[hash] = link{to: to, created: copyOf(t.now()), expires: copyOf(expires)}
	return nil
}

func (t *tx) TakeLink(_ context.Context, hash triage.SHA256, now time.Time) (account.ID, error) {
	if err := t.write("TakeLink"); err != nil {
		return "", err
	}
	l, ok := t.links[hash]
	if !ok || l.used || !l.expires.After(now) {
		return "", missing()
	}
	l.used = true
	t.links[hash] = l
	return l.to, nil
}

func (t *tx) DeleteLinks(_ context.Context, of account.ID) error {
	if err := t.write("DeleteLinks"); err != nil {
		return err
	}
	maps.DeleteFunc(t.links, func(_ triage.SHA256, l link) bool { return l.to == of })
	return nil
}

func (t *tx) LinksSince(_ context.Context, to account.ID, since time.Time) (int, error) {
	n := 0
	for _, l := range t.links {
		if l.to == to && !l.created.Before(copyOf(since)) {
			n++
		}
	}
	return n, nil
}

func (t *tx) Sessions(_ context.Context, of account.ID) ([]account.Session, error) {
	now := t.now()
	return find(t.sessions, func(s account.Session) bool { return s.Account == of && s.Expires.After(now) },
		newest(func(s account.Session) time.Time { return s.Created }, func(s account.Session) string { return s.ID }), 0), nil
}

func (t *tx) DeleteSession(_ context.Context, of account.ID, id string) error {
	if err := t.write("DeleteSession"); err != nil {
		return err
	}
	if s, ok := t.sessions[id]; !ok || s.Account != of {
		return missing()
	}
	delete(t.sessions, id)
	return nil
}

func (t *tx) DeleteSessions(_ context.Context, of account.ID) error {
	if err := t.write("DeleteSessions"); err != nil {
		return err
	}
	maps.DeleteFunc(t.sessions, func(_ string, s account.Session) bool { return s.Account == of })
	return nil
}

func (t *tx) InsertMessage(_ context.Context, m triage.Message) error {
	if err := t.write("InsertMessage"); err != nil {
		return err
	}
	return insert(t.messages, m.ID, m)
}

func (t *tx) Message(_ context.Context, id string) (triage.Message, error) {
	return get(t.messages, id)
}

func (t *tx) SaveMessage(_ context.Context, m triage.Message) error {
	if err := t.write("SaveMessage"); err != nil {
		return err
	}
	old, err := guarded(t.messages, m.ID, func(m triage.Message) int { return m.Version }, m.Version)
	if err != nil {
		return err
	}
	old.State, old.Tries, old.Error, old.Delivered, old.Body = m.State, m.Tries, m.Error, m.Delivered, m.Body
	old.Version++
	t.messages[m.ID] = copyOf(old)
	return nil
}

func messageAt(m triage.Message) time.Time { return m.Created }
func messageID(m triage.Message) string    { return m.ID }

func (t *tx) MessagesTo(_ context.Context, to account.ID, limit int) ([]triage.Message, error) {
	return find(t.messages, func(m triage.Message) bool { return m.To == to }, newest(messageAt, messageID), limit), nil
}

func (t *tx) Undelivered(_ context.Context, lanes []triage.Lane, limit int) ([]triage.Message, error) {
	shown := func(m triage.Message) bool {
		return undelivered(m) && (m.Case == "" || slices.Contains(lanes, t.cases[m.Case].Lane))
	}
	return find(t.messages, shown, oldest(messageAt, messageID), limit), nil
}

func undelivered(m triage.Message) bool {
	return m.State == triage.MessageWaiting || m.State == triage.MessageFailed
}

func (t *tx) NoticesOf(_ context.Context, d triage.DecisionID) ([]triage.Message, error) {
	return find(t.messages, func(m triage.Message) bool { return m.Decision == d }, oldest(messageAt, messageID), 0), nil
}
