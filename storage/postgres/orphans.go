package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// orphanEvery is how often a node looks for jobs whose process died, lostWait how soon after it lost its own lock.
const (
	orphanEvery = 10 * time.Second
	lostWait    = 500 * time.Millisecond
)

// orphanage puts jobs back that were running in a process that died. River would find them by their age only, and a job
// that may take two hours would be missed for as long.
//
// Every process that works jobs holds an advisory lock on its name for as long as it is connected. PostgreSQL lets go of
// the lock when the process dies, so whoever can take the lock of another knows that it is gone. A process that merely
// lost its connection (a restart of PostgreSQL) takes its lock again within moments; should another be quicker, a job
// runs twice, which every job is made for.
type orphanage struct {
	cfg  *pgx.ConnConfig
	log  *slog.Logger
	name string
	conn *pgx.Conn // holds the lock on name
}

// newOrphanage takes this process's lock and puts back what is orphaned already.
func (s *Store) newOrphanage(ctx context.Context, name string) (*orphanage, error) {
	o := &orphanage{cfg: s.pool.Config().ConnConfig, log: s.log, name: name}
	if err := o.connect(ctx); err != nil {
		return nil, fmt.Errorf("taking the workers' lock: %w", mapError(err))
	}
	if err := o.collect(ctx); err != nil {
		closeConn(ctx, o.conn)
		return nil, fmt.Errorf("putting back interrupted jobs: %w", mapError(err))
	}
	return o, nil
}

func (o *orphanage) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, o.cfg.Copy())
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", o.name); err != nil {
		closeConn(ctx, conn)
		return err
	}
	o.conn = conn
	return nil
}

// run looks for orphans until ctx ends.
func (o *orphanage) run(ctx context.Context) {
	defer func() { closeConn(ctx, o.conn) }()
	wait := orphanEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(wait)):
		}
		if err := o.check(ctx); err == nil {
			wait = orphanEvery
		} else {
			o.log.WarnContext(ctx, "the workers lost their lock; taking it again", "err", err)
			wait = lostWait
		}
	}
}

// check connects again where that is needed, first of all: until then, others may take this process for dead.
func (o *orphanage) check(ctx context.Context) error {
	if o.conn.IsClosed() {
		if err := o.connect(ctx); err != nil {
			return err
		}
	}
	err := o.collect(ctx)
	if err != nil {
		closeConn(ctx, o.conn)
	}
	return err
}

// collect puts the jobs of dead processes back. A process that died on the last attempt of a job leaves it with one
// attempt too many, which worker.Work takes as its final failure.
func (o *orphanage) collect(ctx context.Context) error {
	rows, err := o.conn.Query(ctx, `SELECT DISTINCT attempted_by[cardinality(attempted_by)] FROM river_job
		WHERE state = 'running' AND attempted_by[cardinality(attempted_by)] <> $1`, o.name)
	if err != nil {
		return err
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range others {
		tag, err := o.conn.Exec(ctx, `WITH dead AS MATERIALIZED (SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS dead)
			UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'running'
			AND attempted_by[cardinality(attempted_by)] = $1 AND (SELECT dead FROM dead)`, name)
		if err != nil {
			return err
		}
		if _, err := o.conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name); err != nil {
			return err
		}
		if n := tag.RowsAffected(); n > 0 {
			o.log.InfoContext(ctx, "jobs of a process that died are run again", "process", name, "jobs", n)
		}
	}
	return nil
}
