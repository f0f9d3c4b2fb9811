package postgres

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Waits of the hub.
const (
	subscriberBuffer = 64               // changes that a subscriber may be behind
	listenPing       = 30 * time.Second // how long a silent connection is trusted
	listenFirstWait  = 100 * time.Millisecond
	listenMaxWait    = 5 * time.Second
)

// Hub carries changes from every node to every subscriber of this one over LISTEN/NOTIFY. It never blocks for a slow
// subscriber: that one loses its backlog and gets one KindResync instead.
type Hub struct {
	cfg *pgx.ConnConfig
	log *slog.Logger

	mu   sync.Mutex
	subs map[chan Change]struct{} // guarded by mu, and so is sending
}

func newHub(cfg *pgx.ConnConfig, log *slog.Logger) *Hub {
	return &Hub{cfg: cfg.Copy(), log: log, subs: map[chan Change]struct{}{}}
}

// Hub is the store's live updates. Somebody has to call Run once.
func (s *Store) Hub() *Hub { return s.hub }

// Subscribe returns changes from now on; the channel is closed when ctx ends.
func (h *Hub) Subscribe(ctx context.Context) <-chan Change {
	c := make(chan Change, subscriberBuffer)
	h.mu.Lock()
	h.subs[c] = struct{}{}
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, c)
		close(c)
	})
	return c
}

// Run listens until ctx ends, and connects again whenever PostgreSQL went away. Every new connection sends KindResync, as
// what was notified in between is lost.
func (h *Hub) Run(ctx context.Context) {
	wait := listenFirstWait
	for ctx.Err() == nil {
		began := time.Now()
		err := h.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > listenMaxWait {
			wait = listenFirstWait
		}
		h.log.WarnContext(ctx, "live updates lost their connection to the database; connecting again", "err", err, "wait", wait)
		select {
		case <-ctx.Done():
		case <-time.After(jitter(wait)):
		}
		wait = min(2*wait, listenMaxWait)
	}
}

func (h *Hub) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, h.cfg.Copy())
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	h.send(Change{Kind: KindResync})
	for {
		n, err := waitForNotification(ctx, conn)
		if err != nil {
			return err
		}
		if n == nil {
			continue
		}
		var c Change
		if err := json.Unmarshal([]byte(n.Payload), &c); err != nil {
			c = Change{Kind: KindResync} // a node of another version said something that this one does not know
		}
		h.send(c)
	}
}

// waitForNotification waits for one notification; where none comes for a while it makes sure that the server is still
// there, and returns nil.
func waitForNotification(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	short, cancel := context.WithTimeout(ctx, listenPing)
	defer cancel()
	n, err := conn.WaitForNotification(short)
	if err == nil || ctx.Err() != nil || !pgconn.Timeout(err) {
		return n, err
	}
	again, cancel := context.WithTimeout(ctx, listenPing)
	defer cancel()
	return nil, conn.Ping(again)
}

func (h *Hub) send(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.subs {
		select {
		case sub <- c:
			continue
		default:
		}
		for emptied := false; !emptied; {
			select {
			case <-sub:
			default:
				emptied = true
			}
		}
		sub <- Change{Kind: KindResync} // only send sends, under mu, so there is room
	}
}

// closeConn says goodbye even when ctx is done, but not for long.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // the server notices either way
}
