package embedded_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestBoth(t *testing.T) {
	dsn := embeddedtest.Postgres(t)
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	var v string
	if err := c.QueryRow(t.Context(), "select version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	t.Log(v)
	t.Log(embeddedtest.S3(t).Endpoint)
}
