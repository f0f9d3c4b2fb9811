package postgres_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

// BenchmarkFramesNear finds the frames near one hash among 100,000 by the inverted index of bands, against counting the bits of every one,
// which is what PostgreSQL does without it. Both ask the same question through the same store, one after the other.
func BenchmarkFramesNear(b *testing.B) {
	const clips, frames = 1000, 100
	s := open(b)
	host, _, _ := s.people()
	r := rand.New(rand.NewPCG(11, 12))
	at := time.Now().UTC()
	hashes := make([]pdq.Hash, 0, clips*frames)
	s.update(func(ctx context.Context, tx triage.Tx) error {
		if err := tx.InsertCase(ctx, triage.Case{ID: "C-1", Lane: triage.LaneGeneral, State: triage.StateQueued, Opened: at}); err != nil {
			return err
		}
		if err := tx.InsertReport(ctx, triage.Report{ID: "R-1", Case: "C-1", Reporter: host.ID, Key: "k", Occurred: at, Filed: at}); err != nil {
			return err
		}
		if err := tx.InsertBlob(ctx, triage.Blob{SHA256: triage.SHA256{1}, Size: 1, Sealed: at, RetainUntil: at.Add(time.Hour)}); err != nil {
			return err
		}
		for i := range clips {
			id := triage.ExhibitID(triage.NewID("X"))
			if err := tx.InsertExhibit(ctx, triage.Exhibit{ID: id, Report: "R-1", Case: "C-1", Number: i + 1, SHA256: triage.SHA256{1}, Received: at,
				Processing: triage.ProcessingDone, Trust: triage.TrustUnverified}); err != nil {
				return err
			}
			p := triage.Print{}
			for k := range frames {
				h := pdq.Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
				p.Frames = append(p.Frames, triage.Frame{At: time.Duration(k) * time.Second, Hash: h, Quality: 90})
				hashes = append(hashes, h)
			}
			if err := tx.PutPrint(ctx, id, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.sql("VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(b.Context(), s.dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	var index, scan time.Duration
	for b.Loop() {
		h := hashes[r.IntN(len(hashes))]
		for range 20 {
			h[r.IntN(4)] ^= 1 << r.IntN(64) // is near, at most 20 bits away
		}
		began := time.Now()
		var found []triage.FrameNear
		if err := s.View(b.Context(), func(tx triage.Tx) (err error) {
			found, err = tx.FramesNear(b.Context(), h, 100)
			return err
		}); err != nil || len(found) != 1 {
			b.Fatal(found, err)
		}
		index += time.Since(began)
		began = time.Now()
		n := 0
		if err := conn.QueryRow(b.Context(), "SELECT count(*) FROM frame_hashes WHERE bit_count(hash # $1) <= 31",
			pgtype.Bits{Bytes: h.Bytes(), Len: 256, Valid: true}).Scan(&n); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		scan += time.Since(began)
	}
	b.ReportMetric(float64(index.Microseconds())/float64(b.N), "µs/match")
	b.ReportMetric(float64(scan.Microseconds())/float64(b.N), "scan_µs")
	b.ReportMetric(float64(index)/float64(scan), "x_sequential_bit_count_scan")
}
