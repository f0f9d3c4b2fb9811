package postgres

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// channelBarred is the name under which accounts are notified about which something was decided. Each node has a channel of its own beside
// it, proffer_node_ and its number.
const (
	channelBarred = "proffer_barred"
	channelNode   = "proffer_node_"
)

// nodeLocks is the class of the advisory locks of nodes; node_lives in the migrations has it too.
const nodeLocks = 1347571526

const (
	liveEvery = 2 * time.Second // how often a node looks whether the others are there
	partBytes = 5000            // of data in one notification, in base64: PostgreSQL takes less than 8000 bytes
)

// Relay is the meeting.Relay of the nodes that share this database, over LISTEN/NOTIFY. What this process itself commits it tells directly
// after the commit: that waits for no connection.
//
// A node is there as long as it holds an advisory lock on its number, on the connection on which it listens. Others see in pg_locks that
// the lock is gone, whether the process ended, was killed, or lost its network (after 20 s).
type Relay struct {
	s    *Store
	cfg  *pgx.ConnConfig
	log  *slog.Logger
	node int32

	mu    sync.Mutex
	to    meeting.Receiver   // nil until Run
	up    chan struct{}      // closed while the lock is held
	peers map[int32]*arrival // with whom data was exchanged
}

var _ meeting.Relay = (*Relay)(nil)

// arrival is data of a node of which not all parts have come. Parts of one Send come together, as they were notified in one transaction.
type arrival struct {
	parts int
	data  []byte
}

func newRelay(s *Store, cfg *pgx.ConnConfig) *Relay {
	return &Relay{s: s, cfg: cfg.Copy(), log: s.log, node: 1 + rand.Int32N(1<<31-2), up: make(chan struct{}), peers: map[int32]*arrival{}}
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
	r.mu.Lock()
	to := r.to
	r.mu.Unlock()
	if to != nil {
		for _, a := range accounts {
			to.Barred(a)
		}
	}
}

// Node implements meeting.Relay.
func (r *Relay) Node() string { return strconv.Itoa(int(r.node)) }

// Keeper implements meeting.Relay. A meeting that is over, or is none, is kept by nobody, and is no other node's.
func (r *Relay) Keeper(ctx context.Context, id string) (node string, err error) {
	if err := r.connected(ctx); err != nil {
		return "", err
	}
	var keeper int32
	err = r.s.change(ctx, func(t *tx) error {
		keeper, err = scalar[int32](ctx, t, `INSERT INTO meeting_keepers AS k (meeting, node)
			SELECT id, $2 FROM meetings WHERE id = $1 AND mode <> '' AND ended IS NULL
			ON CONFLICT (meeting) DO UPDATE SET node = excluded.node WHERE k.node = excluded.node OR NOT node_lives(k.node) RETURNING node`, id, r.node)
		if errors.Is(err, triage.ErrNotFound) {
			keeper, err = scalar[int32](ctx, t, "SELECT coalesce((SELECT node FROM meeting_keepers WHERE meeting = $1), $2)", id, r.node)
		}
		return err
	})
	if err != nil || keeper == r.node {
		return "", err
	}
	return strconv.Itoa(int(keeper)), nil
}

// connected waits until this node holds its lock: before that, others would take it for dead.
func (r *Relay) connected(ctx context.Context) error {
	r.mu.Lock()
	up := r.up
	r.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return triage.Errorf(triage.Unavailable, "Meetings cannot be reached for a moment. Try again.")
	}
}

// Send implements meeting.Relay.
func (r *Relay) Send(ctx context.Context, node string, data []byte) error {
	to, err := strconv.ParseInt(node, 10, 32)
	if err != nil {
		return fmt.Errorf("there is no node %q: %w", node, err)
	}
	r.known(int32(to))
	text := base64.StdEncoding.EncodeToString(data)
	var parts []string
	n := max(1, (len(text)+partBytes-1)/partBytes)
	for i := range n {
		parts = append(parts, fmt.Sprintf("%d %d %d %s", r.node, i, n, text[i*partBytes:min(len(text), (i+1)*partBytes)]))
	}
	return r.s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "SELECT pg_notify($1, p) FROM unnest($2::text[]) WITH ORDINALITY AS x (p, n) ORDER BY n", channelNode+node, ids(&parts))
		return err
	})
}

// known gives what has arrived of a node, which is watched from now on.
func (r *Relay) known(node int32) *arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peers[node] == nil {
		r.peers[node] = &arrival{}
	}
	return r.peers[node]
}

// arrived takes a part; whole is data of which it was the last one.
func (r *Relay) arrived(payload string) (node string, whole []byte) {
	var from int32
	var i, n int
	words := strings.SplitN(payload, " ", 4)
	if len(words) != 4 {
		return "", nil
	}
	if _, err := fmt.Sscan(strings.Join(words[:3], " "), &from, &i, &n); err != nil {
		return "", nil
	}
	a := r.known(from)
	part, err := base64.StdEncoding.DecodeString(words[3])
	if i == 0 {
		*a = arrival{}
	}
	if err != nil || i != a.parts || i >= n {
		*a = arrival{parts: -1} // the rest of it is of no use
		return "", nil
	}
	if a.parts, a.data = i+1, append(a.data, part...); a.parts < n {
		return "", nil
	}
	whole, a.data = a.data, nil
	return words[0], whole
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

func (r *Relay) forget(to meeting.Receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == to {
		r.to = nil
	}
}

func (r *Relay) listen(ctx context.Context, to meeting.Receiver) error {
	conn, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	r.mu.Lock()
	close(r.up)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.up = make(chan struct{})
	}()
	to.Lost()
	for looked := time.Now(); ; {
		n, err := within(ctx, conn, liveEvery)
		if err != nil {
			return err
		}
		if n != nil && n.Channel == channelBarred {
			to.Barred(account.ID(n.Payload))
		} else if n != nil {
			if node, data := r.arrived(n.Payload); data != nil {
				to.Take(node, data)
			}
		}
		if time.Since(looked) >= liveEvery {
			if err := r.look(ctx, conn, to); err != nil {
				return err
			}
			looked = time.Now()
		}
	}
}

// connect takes this node's lock and listens. PostgreSQL may hold the lock for a former connection for a while.
func (r *Relay) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, r.cfg.Copy())
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{"SET tcp_keepalives_idle = 5", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
		fmt.Sprintf("SELECT pg_advisory_lock(%d, %d)", nodeLocks, r.node), "LISTEN " + channelBarred, "LISTEN " + channelNode + r.Node()} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			closeConn(ctx, conn)
			return nil, err
		}
	}
	return conn, nil
}

// within waits for a notification, and returns nil where none comes.
func within(ctx context.Context, conn *pgx.Conn, wait time.Duration) (*pgconn.Notification, error) {
	short, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	n, err := conn.WaitForNotification(short)
	if err != nil && ctx.Err() == nil && pgconn.Timeout(err) {
		return nil, nil
	}
	return n, err
}

// look tells of nodes that are gone. It also tries the connection.
func (r *Relay) look(ctx context.Context, conn *pgx.Conn, to meeting.Receiver) error {
	ctx, cancel := context.WithTimeout(ctx, listenPing)
	defer cancel()
	r.mu.Lock()
	nodes := make([]int32, 0, len(r.peers))
	for n := range r.peers {
		nodes = append(nodes, n)
	}
	r.mu.Unlock()
	rows, err := conn.Query(ctx, "SELECT n FROM unnest($1::int[]) n WHERE NOT node_lives(n)", nodes)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	for _, n := range gone {
		r.mu.Lock()
		delete(r.peers, n)
		r.mu.Unlock()
		to.Gone(strconv.Itoa(int(n)))
	}
	return err
}
