package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// Keys of the session data that are copied into columns. Both hold plain strings.
const (
	SessionAccount = "account" // the signed-in account's id; absent before sign-in
	SessionAgent   = "agent"   // the browser's User-Agent
)

// seenEvery is how often a session's last use is written down.
const seenEvery = time.Minute

// maxAgent bounds the stored User-Agent, in bytes.
const maxAgent = 200

// Sessions keeps the sessions of the HTTP edge for scs, which has to have HashTokenInStore set: the table never holds a
// token that could be used. A session that ended stays as a tombstone until it would have expired, so that a request that
// was still under way cannot bring it back by saving it.
type Sessions struct{ s *Store }

var _ scs.CtxStore = Sessions{}

// Sessions is the store's table of sessions.
func (s *Store) Sessions() Sessions { return Sessions{s} }

// FindCtx returns the data of a session that is neither unknown nor expired nor revoked.
func (ss Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	now := ss.s.now()
	var seen time.Time
	err = mapError(ss.s.pool.QueryRow(ctx, "SELECT data, seen FROM sessions WHERE token = $1 AND revoked IS NULL AND expires > $2",
		token, now).Scan(&data, &seen))
	if errors.Is(err, triage.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if now.Sub(seen) >= seenEvery {
		_, err = ss.s.pool.Exec(ctx, "UPDATE sessions SET seen = greatest(seen, $2) WHERE token = $1", token, now)
	}
	return data, true, mapError(err)
}

// CommitCtx saves a session. Saving one that was revoked does nothing.
func (ss Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, vals, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return fmt.Errorf("reading session data: %w", err)
	}
	of, _ := vals[SessionAccount].(string)
	agent, _ := vals[SessionAgent].(string)
	agent = account.CleanName(agent, maxAgent)
	if len(agent) > maxAgent {
		agent = strings.ToValidUTF8(agent[:maxAgent], "") // runes may be longer than bytes; half a rune goes
	}
	_, err = ss.s.pool.Exec(ctx, `INSERT INTO sessions (token, id, account, agent, data, created, seen, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
		ON CONFLICT (token) DO UPDATE SET account = excluded.account, agent = excluded.agent, data = excluded.data,
			seen = greatest(sessions.seen, excluded.seen), expires = excluded.expires
		WHERE sessions.revoked IS NULL`, token, rand.Text(), opt(&of), agent, data, ss.s.now(), expiry)
	return mapError(err)
}

// DeleteCtx ends a session; ending one that is not there does nothing.
func (ss Sessions) DeleteCtx(ctx context.Context, token string) error {
	_, err := ss.s.pool.Exec(ctx, "UPDATE sessions SET revoked = $2, data = '' WHERE token = $1 AND revoked IS NULL", token, ss.s.now())
	return mapError(err)
}

// Handle is the public handle of the session whose cookie holds token (scs.SessionManager.Token), by which a page marks
// it as "this one" in a list; NotFound where it is not stored.
func (ss Sessions) Handle(ctx context.Context, token string) (id string, err error) {
	sum := sha256.Sum256([]byte(token)) // as scs does with HashTokenInStore
	err = ss.s.pool.QueryRow(ctx, "SELECT id FROM sessions WHERE token = $1 AND revoked IS NULL",
		base64.RawURLEncoding.EncodeToString(sum[:])).Scan(&id)
	return id, mapError(err)
}

// clean removes sessions that nobody can use any more.
func (ss Sessions) clean(ctx context.Context) error {
	_, err := ss.s.pool.Exec(ctx, "DELETE FROM sessions WHERE expires < $1", ss.s.now())
	return mapError(err)
}

// Find, Commit and Delete are for scs managers that carry no context; LoadAndSave uses the others.

// Find is FindCtx without a context.
func (ss Sessions) Find(token string) ([]byte, bool, error) {
	return ss.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (ss Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return ss.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (ss Sessions) Delete(token string) error { return ss.DeleteCtx(context.Background(), token) }
