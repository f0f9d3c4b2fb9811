package postgres

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/proffer/proffer/triage"
)

// SQLSTATE codes, PostgreSQL documentation appendix A.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeUnique        = "23505"
	codeExclusion     = "23P01"
	codeCheck         = "23514"
)

// lostClasses are the classes and codes that mean that the server went away or takes nobody in: connection exceptions,
// shutdown, crash, starting up, too many connections.
var lostClasses = []string{"08", "57P01", "57P02", "57P03", "53300"}

// unavailable is what people are told while PostgreSQL does not answer.
const unavailable = "The database does not answer right now. Nothing that was acknowledged is lost; try again in a minute."

// mapError turns a driver's error into the domain's kinds and leaves everything else as it is. It may be applied twice.
func mapError(err error) error {
	var known *triage.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return triage.Errorf(triage.NotFound, "There is nothing here under that number.")
	}
	e := &triage.Error{Err: err}
	var pg *pgconn.PgError
	switch {
	case isLost(err):
		e.Kind, e.Msg = triage.Unavailable, unavailable
	case !errors.As(err, &pg):
		return err
	case pg.Code == codeUnique, pg.Code == codeExclusion:
		e.Kind, e.Msg = triage.Conflict, "Somebody was quicker: this exists already. Reload to see where it stands."
	case pg.Code == codeCheck, strings.HasPrefix(pg.Code, "22"): // 22: data exceptions, such as a NUL byte in a text
		e.Kind, e.Msg = triage.Invalid, "Something in what was sent cannot be kept. Check it and send it again."
	default:
		return err
	}
	return e
}

// isTransient reports whether the transaction failed only because of others and can simply be run again.
func isTransient(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}

// isLost reports whether the connection failed, as opposed to the statement.
func isLost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		for _, c := range lostClasses {
			if strings.HasPrefix(pg.Code, c) {
				return true
			}
		}
		return false
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, puddle.ErrClosedPool)
}

// jitter spreads a wait over 50 to 150 % of itself, so that those who failed together do not come back together.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d)
}
