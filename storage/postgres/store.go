package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/proffer/proffer/triage"
)

// defaultConns is the size of the pool where the address does not set pool_max_conns: ten workers and the pages.
const defaultConns = 24

// Options configure a Store. The zero Options are fine.
type Options struct {
	Log   *slog.Logger // nil: slog.Default()
	Clock triage.Clock // nil: time.Now. It dates sign-in links and says which sessions have expired
}

// Store is a triage.Store on PostgreSQL. It is safe for concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	log      *slog.Logger
	now      triage.Clock
	jobs     *river.Client[pgx.Tx] // inserts only; Workers works them
	hub      *Hub
	relay    *Relay
	progress throttle
}

var _ triage.Store = (*Store)(nil)

// Open connects to the database at dsn (a URL or key=value words, see PostgreSQL's libpq) and brings its schema up to
// date. An error is of kind triage.Unavailable when the server does not answer.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	s, err := connect(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func connect(ctx context.Context, dsn string, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		cfg.MaxConns = defaultConns
	}
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	s := &Store{log: o.Log, now: o.Clock, progress: throttle{every: progressEvery}}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if s.jobs, err = river.NewClient(riverpgxv5.New(s.pool), &river.Config{Logger: riverLog(s.log)}); err != nil {
		s.pool.Close()
		return nil, fmt.Errorf("preparing the job queue: %w", err)
	}
	s.hub = newHub(cfg.ConnConfig, s.log)
	s.relay = newRelay(s, cfg.ConnConfig)
	return s, nil
}

// Close ends every connection; it waits for transactions that are under way.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers; readiness asks it.
func (s *Store) Ping(ctx context.Context) error {
	return mapError(s.pool.Ping(ctx))
}

// View runs f in a read-only transaction that sees one consistent state.
func (s *Store) View(ctx context.Context, f func(triage.Tx) error) error {
	return s.run(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// Update runs f in a transaction that commits when f returns nil. f may be run again.
func (s *Store) Update(ctx context.Context, f func(triage.Tx) error) error {
	return s.run(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}, f)
}

// maxTries bounds how often a transaction is begun. The waits between them double from firstWait: 1.5 s in all, which is
// longer than PostgreSQL takes to restart and shorter than people wait for a page.
const (
	maxTries  = 6
	firstWait = 50 * time.Millisecond
)

func (s *Store) run(ctx context.Context, o pgx.TxOptions, f func(triage.Tx) error) error {
	for try := 1; ; try++ {
		err, again := s.try(ctx, o, f)
		if err == nil || !again || try == maxTries {
			return err
		}
		s.log.DebugContext(ctx, "transaction is run again", "try", try, "err", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(jitter(firstWait << (try - 1))):
		}
	}
}

// try runs f once. again says that nothing was committed and that another try may succeed.
func (s *Store) try(ctx context.Context, o pgx.TxOptions, f func(triage.Tx) error) (err error, again bool) {
	ptx, err := s.pool.BeginTx(ctx, o)
	if err != nil {
		err = mapError(err)
		return err, errors.Is(err, triage.ErrUnavailable)
	}
	defer rollback(ctx, ptx) // does nothing after Commit
	t := &tx{q: ptx, s: s}
	if err = f(t); err == nil {
		err = t.notify(ctx)
	}
	if err != nil {
		return err, isTransient(err) || isLost(err)
	}
	if err = ptx.Commit(ctx); err != nil {
		return mapError(err), isTransient(err)
	}
	s.relay.barred(t.barred)
	return nil, false
}

// rollback ends a transaction even when the request's context is done already, so that the connection can be used again.
func rollback(ctx context.Context, ptx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = ptx.Rollback(ctx) // a connection that fails here is thrown away by the pool
}
