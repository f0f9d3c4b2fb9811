package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// TestDrift tampers as the database's owner can, with the triggers off, and expects to be told.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"nothing":               "",
		"another actor":         "UPDATE custody_events SET actor = 'A-other' WHERE id = 'E-1'",
		"another act":           "UPDATE custody_events SET act = 'case.claimed' WHERE id = 'E-1'",
		"event removed":         "DELETE FROM custody_events WHERE id = 'E-1'",
		"event put in":          "INSERT INTO custody_events (id, at, act, actor, subject, commitment) VALUES ('E-9', now(), 'case.read', 'system', '', sha256('x'))",
		"pending event dropped": "DELETE FROM custody_pending WHERE event = 'E-2'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.update(func(ctx context.Context, tx triage.Tx) error {
				for _, id := range []string{"E-1", "E-2"} {
					e, err := custody.NewEvent(id, time.Now(), custody.CaseRead, custody.System, "", "", nil)
					if err != nil {
						return err
					}
					if err := tx.Log(ctx, e); err != nil {
						return err
					}
				}
				return nil
			})
			s.update(func(ctx context.Context, tx triage.Tx) error {
				events, err := tx.Unsequenced(ctx, 1)
				if err != nil {
					return err
				}
				data, err := events[0].Leaf.Encode()
				if err != nil {
					return err
				}
				return tx.AppendLeaves(ctx, 0, []triage.Leaf{{Event: events[0].ID, Data: data}}, [][32]byte{{1}})
			})
			if tamper != "" {
				if err := s.sql("DO $$ BEGIN SET LOCAL session_replication_role = replica; " + tamper + "; END $$"); err != nil {
					t.Fatal(err)
				}
			}
			var event string
			err := s.View(t.Context(), func(tx triage.Tx) (err error) {
				event, _, err = tx.Drift(t.Context())
				return err
			})
			if err != nil || (event == "") != (tamper == "") {
				t.Errorf("Drift: %q, %v", event, err)
			}
		})
	}
}
