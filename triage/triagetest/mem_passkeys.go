package triagetest

import (
	"bytes"
	"context"
	"maps"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertPasskey(ctx context.Context, k account.Passkey) error {
	if err := t.write("InsertPasskey"); err != nil {
		return err
	}
	if _, err := t.Passkey(ctx, k.Credential); err == nil {
		return conflict()
	}
	return insert(t.passkeys, k.ID, k)
}

func (t *tx) Passkey(_ context.Context, credential []byte) (account.Passkey, error) {
	for _, k := range t.passkeys {
		if bytes.Equal(k.Credential, credential) {
			return copyOf(k), nil
		}
	}
	return account.Passkey{}, missing()
}

func (t *tx) Passkeys(_ context.Context, of account.ID) ([]account.Passkey, error) {
	return find(t.passkeys, func(k account.Passkey) bool { return k.Account == of },
		oldest(func(k account.Passkey) time.Time { return k.Created }, func(k account.Passkey) string { return k.ID }), 0), nil
}

func (t *tx) UsePasskey(_ context.Context, id string, count uint32, at time.Time) error {
	if err := t.write("UsePasskey"); err != nil {
		return err
	}
	k, err := get(t.passkeys, id)
	if err != nil {
		return err
	}
	if count <= k.Count && (count > 0 || k.Count > 0) {
		return conflict()
	}
	k.Count, k.Used = count, copyOf(at)
	t.passkeys[id] = k
	return nil
}

func (t *tx) DeletePasskey(_ context.Context, of account.ID, id string) error {
	if err := t.write("DeletePasskey"); err != nil {
		return err
	}
	if k, ok := t.passkeys[id]; !ok || k.Account != of {
		return missing()
	}
	delete(t.passkeys, id)
	return nil
}

func (t *tx) InsertChallenge(_ context.Context, c triage.Challenge) error {
	if err := t.write("InsertChallenge"); err != nil {
		return err
	}
	now := t.now()
	maps.DeleteFunc(t.challenges, func(_ triage.SHA256, c triage.Challenge) bool { return !c.Expires.After(now) })
	return insert(t.challenges, c.Challenge, c)
}

func (t *tx) TakeChallenge(_ context.Context, challenge triage.SHA256, now time.Time) (triage.Challenge, error) {
	if err := t.write("TakeChallenge"); err != nil {
		return triage.Challenge{}, err
	}
	c, err := get(t.challenges, challenge)
	if err == nil && !c.Expires.After(now) {
		return triage.Challenge{}, missing()
	}
	delete(t.challenges, challenge)
	return c, err
}

func (t *tx) InsertSignature(_ context.Context, s triage.Signature) error {
	if err := t.write("InsertSignature"); err != nil {
		return err
	}
	for _, other := range t.signatures {
		if bytes.Equal(other.Statement, s.Statement) {
			return conflict()
		}
	}
	return insert(t.signatures, s.ID, s)
}

func (t *tx) Signatures(_ context.Context, subject string) ([]triage.Signature, error) {
	return find(t.signatures, func(s triage.Signature) bool { return s.Subject == subject },
		oldest(func(s triage.Signature) time.Time { return s.At }, func(s triage.Signature) string { return s.ID }), 0), nil
}
