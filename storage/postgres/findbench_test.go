package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/proffer/proffer/triage"
)

// BenchmarkFind searches among 10,000 and 100,000 cases: by a word that few texts have, by one that every text has, and by the
// address of somebody who is reported.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		s := open(b)
		s.people()
		fillQueue(b, s, n/2) // which makes twice as many
		for _, statement := range []string{
			`INSERT INTO case_words (case_id, kind, of, folded) SELECT 'C-' || i, 'report', 'R-' || i,
				'he shouted at everyone ' || (SELECT string_agg(md5(i::text || k), ' ') FROM generate_series(1, 30) k) FROM generate_series(1, 2 * $1) i`,
		} {
			if err := s.sql(statement, n/2); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.sql("VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
		var in []triage.Place
		for _, st := range triage.AllStates {
			in = append(in, triage.Place{Lane: triage.LaneGeneral, State: st})
		}
		for name, q := range map[string]triage.FindQuery{"rare": {Words: []string{"c4ca4238"}}, "common": {Words: []string{"shout"}}, "two": {Words: []string{"shout", "c4c"}},
			"identifier": {Number: triage.Number{Identifier: "nobody@example.org"}}, "all": {}} {
			q.In, q.Without, q.Limit = in, "A-2", 26
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				for b.Loop() {
					if err := s.View(context.Background(), func(tx triage.Tx) error { _, err := tx.Find(b.Context(), q); return err }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
