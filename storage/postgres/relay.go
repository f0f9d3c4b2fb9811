package postgres

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/account"
)

// channelBarred is the name under which accounts are notified about which something was decided.
const channelBarred = "proffer_barred"

// Relay is the meeting.Relay of the nodes that share this database, over LISTEN/NOTIFY. What this process itself commits it tells directly
// after the commit: that waits for no connection.
type Relay struct {
	s   *Store
	cfg *pgx.ConnConfig
	log *slog.Logger

	mu sync.Mutex
	to meeting.Receiver // nil until Run; guarded by mu
}

var _ meeting.Relay = (*Relay)(nil)

func newRelay(s *Store, cfg *pgx.ConnConfig) *Relay {
	return &Relay{s: s, cfg: cfg.Copy(), log: s.log}
}

// Relay joins the meetings of this process with those of others on the same database.
func (s *Store) Relay() *Relay { return s.relay }

// notifyBarred queues notifications, which PostgreSQL sends if and when the transaction commits.
func (t *tx) notifyBarred(ctx context.Context) error {
	if len(t.barred) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "SELECT pg_notify('"+channelBarred+"', a) FROM unnest($1::text[]) a", ids(&t.barred))
	return err
}

// barred tells this process's meetings of a transaction that committed.
func (r *Relay) barred(accounts []account.ID) {
	if to := r.receiver(); to != nil {
		for _, a := range accounts {
			to.Barred(a)
		}
	}
}

func (r *Relay) receiver() meeting.Receiver {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to
}

func (r *Relay) forget(to meeting.Receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == to {
		r.to = nil
	}
}

// Run implements meeting.Relay. Where PostgreSQL goes away it connects again.
func (r *Relay) Run(ctx context.Context, to meeting.Receiver) {
	r.mu.Lock()
	r.to = to
	r.mu.Unlock()
	defer r.forget(to)
	wait := listenFirstWait
	for ctx.Err() == nil {
		began := time.Now()
		err := r.listen(ctx, to)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > listenMaxWait {
			wait = listenFirstWait
		}
		r.log.WarnContext(ctx, "meetings lost their connection to the database; connecting again", "err", err, "wait", wait)
		select {
		case <-ctx.Done():
		case <-time.After(jitter(wait)):
		}
		wait = min(2*wait, listenMaxWait)
	}
}

func (r *Relay) listen(ctx context.Context, to meeting.Receiver) error {
	conn, err := pgx.ConnectConfig(ctx, r.cfg.Copy())
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channelBarred); err != nil {
		return err
	}
	to.Lost()
	for {
		n, err := waitForNotification(ctx, conn)
		if err != nil {
			return err
		}
		if n != nil {
			to.Barred(account.ID(n.Payload))
		}
	}
}
