package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func passkeyColumns(k *account.Passkey) []column {
	return []column{{"id", &k.ID}, {"account", &k.Account}, {"name", &k.Name}, {"credential", &k.Credential}, {"public", &k.Public}, {"count", &k.Count},
		{"synced", &k.Synced}, {"created", &k.Created}, {"used", optTime{&k.Used}}}
}

func (t *tx) InsertPasskey(ctx context.Context, k account.Passkey) error {
	return t.insert(ctx, "passkeys", passkeyColumns(&k))
}

func (t *tx) Passkey(ctx context.Context, credential []byte) (account.Passkey, error) {
	return one(ctx, t, passkeyColumns, "FROM passkeys WHERE credential = $1", credential)
}

func (t *tx) Passkeys(ctx context.Context, of account.ID) ([]account.Passkey, error) {
	return list(ctx, t, passkeyColumns, "FROM passkeys WHERE account = $1 ORDER BY created, id", of)
}

func (t *tx) UsePasskey(ctx context.Context, id string, count uint32, at time.Time) error {
	tag, err := t.exec(ctx, "UPDATE passkeys SET count = $2, used = $3 WHERE id = $1 AND (count < $2 OR count = 0 AND $2 = 0)", id, int64(count), at)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	if _, err := scalar[int](ctx, t, "SELECT 1 FROM passkeys WHERE id = $1", id); err != nil {
		return err
	}
	return triage.Errorf(triage.Conflict, "The passkey's counter did not grow.")
}

func (t *tx) DeletePasskey(ctx context.Context, of account.ID, id string) error {
	_, err := scalar[string](ctx, t, "DELETE FROM passkeys WHERE account = $1 AND id = $2 RETURNING id", of, id)
	return err
}

func challengeColumns(c *triage.Challenge) []column {
	return []column{{"challenge", hash(&c.Challenge)}, {"statement", textBytes{&c.Statement}}, {"account", opt(&c.Account)}, {"expires", &c.Expires}}
}

func (t *tx) InsertChallenge(ctx context.Context, c triage.Challenge) error {
	// Others may be doing the same: what they hold is theirs to forget.
	if _, err := t.exec(ctx, `DELETE FROM passkey_challenges WHERE challenge IN
		(SELECT challenge FROM passkey_challenges WHERE expires <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`, t.s.now()); err != nil {
		return err
	}
	return t.insert(ctx, "passkey_challenges", challengeColumns(&c))
}

func (t *tx) TakeChallenge(ctx context.Context, challenge triage.SHA256, now time.Time) (triage.Challenge, error) {
	var c triage.Challenge
	cols := challengeColumns(&c)
	err := t.q.QueryRow(ctx, "DELETE FROM passkey_challenges WHERE challenge = $1 AND expires > $2 RETURNING "+names(cols), hash(&challenge), now).Scan(values(cols)...)
	return c, mapError(err)
}

func signatureColumns(s *triage.Signature) []column {
	return []column{{"id", &s.ID}, {"account", &s.Account}, {"act", &s.Act}, {"subject", &s.Subject}, {"case_id", opt(&s.Case)}, {"at", &s.At},
		{"statement", textBytes{&s.Statement}}, {"passkey", &s.Passkey}, {"credential", &s.Credential}, {"public", &s.Public},
		{"auth_data", &s.AuthData}, {"client_data", &s.ClientData}, {"signature", &s.Signature}}
}

func (t *tx) InsertSignature(ctx context.Context, s triage.Signature) error {
	return t.insert(ctx, "signatures", signatureColumns(&s))
}

func (t *tx) Signatures(ctx context.Context, subject string) ([]triage.Signature, error) {
	return list(ctx, t, signatureColumns, "FROM signatures WHERE subject = $1 ORDER BY at, id", subject)
}
