package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/triagetest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestStore(t *testing.T) {
	triagetest.Run(t, func(t testing.TB) triagetest.Subject { return open(t) })
}

// subject is a store on a database of its own, with a connection beside it that sees what the Store does not show.
type subject struct {
	*postgres.Store
	t   testing.TB
	dsn string
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func open(t testing.TB) subject {
	t.Helper()
	dsn := embeddedtest.Postgres(t)
	s, err := postgres.Open(t.Context(), dsn, postgres.Options{Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return subject{s, t, dsn}
}

// sql runs a statement on a connection of its own, and returns its error.
func (s subject) sql(statement string, args ...any) error {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement, args...)
	return err
}

// ask reads rows of two texts.
func (s subject) ask(statement string, args ...any) (rows [][2]string) {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	found, err := conn.Query(ctx, statement, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) })
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// Jobs takes every job out, as workers would that begin them all.
func (s subject) Jobs() []triage.Job {
	s.t.Helper()
	var jobs []triage.Job
	for _, row := range s.ask(`WITH begun AS (UPDATE river_job SET state = 'running' WHERE state = 'available' RETURNING id, kind, args)
		SELECT kind, args::text FROM begun ORDER BY id`) {
		jobs = append(jobs, parseJob(s.t, row[0], row[1]))
	}
	return jobs
}

func parseJob(t testing.TB, kind, args string) triage.Job {
	t.Helper()
	switch kind {
	case triage.PrepareExhibit{}.Kind():
		return parseArgs[triage.PrepareExhibit](t, args)
	case triage.PreparePreview{}.Kind():
		return parseArgs[triage.PreparePreview](t, args)
	case triage.BuildPackage{}.Kind():
		return parseArgs[triage.BuildPackage](t, args)
	case triage.DeliverMessage{}.Kind():
		return parseArgs[triage.DeliverMessage](t, args)
	case triage.SendLink{}.Kind():
		return parseArgs[triage.SendLink](t, args)
	}
	t.Fatalf("unknown job %q", kind)
	return nil
}

func parseArgs[J triage.Job](t testing.TB, args string) (j J) {
	t.Helper()
	if err := json.Unmarshal([]byte(args), &j); err != nil {
		t.Fatal(err)
	}
	return j
}

func (s subject) AddSession(x account.Session) {
	s.t.Helper()
	if err := s.sql("INSERT INTO sessions (token, id, account, agent, data, created, seen, expires) VALUES ($1, $1, $2, $3, '', $4, $5, $6)",
		x.ID, x.Account, x.UserAgent, x.Created, x.LastSeen, x.Expires); err != nil {
		s.t.Fatal(err)
	}
}

// people inserts an organisation, a host and two reviewers.
func (s subject) people() (host, ann, ben account.Account) {
	s.t.Helper()
	now := time.Now()
	org := account.Organisation{ID: "O-1", Name: "Acme", Plan: account.PlanBusiness, Window: account.DefaultWindow, Created: now}
	person := func(n int, roles ...account.Role) account.Account {
		return account.Account{ID: account.ID(fmt.Sprintf("A-%d", n)), Org: org.ID, Name: fmt.Sprintf("Person %d", n),
			Email: fmt.Sprintf("p%d@example.org", n), Roles: roles, Created: now}
	}
	host, ann, ben = person(1), person(2, account.Reviewer), person(3, account.Reviewer)
	s.update(func(ctx context.Context, tx triage.Tx) error {
		if err := tx.InsertOrganisation(ctx, org); err != nil {
			return err
		}
		for _, a := range []account.Account{host, ann, ben} {
			if err := tx.InsertAccount(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return host, ann, ben
}

func (s subject) update(f func(context.Context, triage.Tx) error) {
	s.t.Helper()
	if err := s.Update(s.t.Context(), func(tx triage.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}
