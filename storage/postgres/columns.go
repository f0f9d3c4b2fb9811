package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// tx is one transaction; it implements triage.Tx.
type tx struct {
	q       pgx.Tx
	s       *Store
	changed []changed
	barred  []account.ID // whose standing is another when the transaction has committed
}

var _ triage.Tx = (*tx)(nil)

// column ties a column, or an expression in a SELECT, to the field that holds its value: a pointer or one of the wrappers
// in values.go, which serves as the target of a scan and as an argument alike. Each aggregate lists its columns once.
type column struct {
	name  string
	value any
}

func names(cols []column) string {
	s := make([]string, len(cols))
	for i, c := range cols {
		s[i] = c.name
	}
	return strings.Join(s, ", ")
}

func values(cols []column) []any {
	v := make([]any, len(cols))
	for i, c := range cols {
		v[i] = c.value
	}
	return v
}

// only picks columns by name; a name that is not there is a programming error.
func only(cols []column, names ...string) []column {
	picked := make([]column, len(names))
	for i, n := range names {
		j := slices.IndexFunc(cols, func(c column) bool { return c.name == n })
		picked[i] = cols[j]
	}
	return picked
}

// of names the columns of one table in a query over more of them.
func of(table string, cols []column) []column {
	for i := range cols {
		cols[i].name = table + "." + cols[i].name
	}
	return cols
}

func (t *tx) exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := t.q.Exec(ctx, sql, args...)
	return tag, mapError(err)
}

// insert writes one row. A row that breaks a uniqueness rule is a Conflict and leaves the transaction usable.
func (t *tx) insert(ctx context.Context, table string, cols []column) error {
	tag, err := t.exec(ctx, insertSQL(table, cols)+" ON CONFLICT DO NOTHING", values(cols)...)
	if err == nil && tag.RowsAffected() == 0 {
		return triage.Errorf(triage.Conflict, "This exists already. Reload to see where it stands.")
	}
	return err
}

func insertSQL(table string, cols []column) string {
	places := make([]string, len(cols))
	for i := range cols {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, names(cols), strings.Join(places, ", "))
}

// save is the guarded update: it writes only over the version that was read and adds one to it.
func (t *tx) save(ctx context.Context, table, id string, version int, cols []column) error {
	set := make([]string, len(cols))
	for i, c := range cols {
		set[i] = c.name + " = $" + strconv.Itoa(i+3)
	}
	sql := fmt.Sprintf("UPDATE %s SET %s, version = version + 1 WHERE id = $1 AND version = $2", table, strings.Join(set, ", "))
	tag, err := t.exec(ctx, sql, append([]any{id, version}, values(cols)...)...)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	if _, err := scalar[int](ctx, t, "SELECT 1 FROM "+table+" WHERE id = $1", id); err != nil {
		return err
	}
	return triage.Errorf(triage.Conflict, "Somebody was quicker: this was changed meanwhile. Reload to see where it stands.")
}

// list runs "SELECT <columns> <rest>" and returns every row.
func list[T any](ctx context.Context, t *tx, bind func(*T) []column, rest string, args ...any) ([]T, error) {
	rows, err := t.q.Query(ctx, "SELECT "+names(bind(new(T)))+" "+rest, args...)
	if err != nil {
		return nil, mapError(err)
	}
	return collect(rows, bind)
}

func collect[T any](rows pgx.Rows, bind func(*T) []column) ([]T, error) {
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (T, error) {
		var v T
		err := row.Scan(values(bind(&v))...)
		return v, err
	})
	return out, mapError(err)
}

// one is list for exactly one row; without any it is NotFound.
func one[T any](ctx context.Context, t *tx, bind func(*T) []column, rest string, args ...any) (T, error) {
	var v T
	err := t.q.QueryRow(ctx, "SELECT "+names(bind(&v))+" "+rest, args...).Scan(values(bind(&v))...)
	return v, mapError(err)
}

// scalar runs a query that gives one value; without any row it is NotFound.
func scalar[T any](ctx context.Context, t *tx, sql string, args ...any) (T, error) {
	var v T
	err := t.q.QueryRow(ctx, sql, args...).Scan(&v)
	return v, mapError(err)
}
