package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

// BenchmarkListed matches one frame's hash with the imported lists as a new exhibit's frame is: by the inverted index of bands, against counting the
// bits of every entry. PROFFER_BENCH_HASHES is how many entries there are at the most; ten million take some minutes to fill.
func BenchmarkListed(b *testing.B) {
	most := 1_000_000
	if words := os.Getenv("PROFFER_BENCH_HASHES"); words != "" {
		var err error
		if most, err = strconv.Atoi(words); err != nil {
			b.Fatal(err)
		}
	}
	s := open(b)
	_, _, _ = s.people()
	conn, err := pgx.Connect(b.Context(), s.dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	r := rand.New(rand.NewPCG(13, 14))
	var all []pdq.Hash
	for n := min(100_000, most); ; n *= 10 {
		all = fillLists(b, conn, r, all, min(n, most))
		b.Run(fmt.Sprintf("%d", len(all)), func(b *testing.B) { listedOf(b, s, conn, r, all) })
		if n >= most {
			return
		}
	}
}

// fillLists adds random hashes, a list for each 100,000, until there are n.
func fillLists(b *testing.B, conn *pgx.Conn, r *rand.Rand, all []pdq.Hash, n int) []pdq.Hash {
	b.Helper()
	for len(all) < n {
		id, size := fmt.Sprintf("HL-%d", len(all)), min(100_000, n-len(all))
		if _, err := conn.Exec(b.Context(), `INSERT INTO hash_lists (id, lane, source, label, kind, entries, done, by, at, version)
			VALUES ($1, 'general', 'Partner', 'Known', 'pdq', $2, $2, 'A-1', now(), 0)`, id, size); err != nil {
			b.Fatal(err)
		}
		rows := make([][]any, size)
		for i := range rows {
			h := pdq.Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			all = append(all, h)
			rows[i] = []any{id, i + 1, h.Bytes(), "", pgtype.Bits{Bytes: h.Bytes(), Len: 256, Valid: true}, h.Bands()}
		}
		if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{"hash_entries"}, []string{"list", "number", "hash", "label", "pdq", "bands"}, pgx.CopyFromRows(rows)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE hash_entries"); err != nil {
		b.Fatal(err)
	}
	return all
}

// listedOf looks for hashes that are at most 20 bits from one that is there.
func listedOf(b *testing.B, s subject, conn *pgx.Conn, r *rand.Rand, all []pdq.Hash) {
	var index, scan time.Duration
	for b.Loop() {
		h := all[r.IntN(len(all))]
		for range 20 {
			h[r.IntN(4)] ^= 1 << r.IntN(64)
		}
		began := time.Now()
		if err := s.View(b.Context(), func(tx triage.Tx) error {
			found, err := tx.Listed(b.Context(), triage.HashPDQ, h.Bytes(), triage.AllLanes, 100)
			if err == nil && len(found) != 1 {
				err = fmt.Errorf("%d entries are found", len(found))
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
		index += time.Since(began)
		began = time.Now()
		n := 0
		if err := conn.QueryRow(b.Context(), "SELECT count(*) FROM hash_entries WHERE bit_count(pdq # $1) <= 31",
			pgtype.Bits{Bytes: h.Bytes(), Len: 256, Valid: true}).Scan(&n); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		scan += time.Since(began)
	}
	b.ReportMetric(float64(index.Microseconds())/float64(b.N)/1000, "ms")
	b.ReportMetric(float64(index)/float64(scan), "x_sequential_bit_count_scan")
	b.ReportMetric(float64(scan.Microseconds())/float64(b.N)/1000, "scan_ms")
	b.ReportMetric(0, "ns/op")
}
