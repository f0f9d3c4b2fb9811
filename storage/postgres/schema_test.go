package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// seed fills the tables whose rows may not change: one case, decided, sequenced, disclosed.
func seed(t *testing.T, s subject) {
	t.Helper()
	host, ann, ben := s.people()
	now := time.Now().UTC().Truncate(time.Microsecond)
	sum := triage.SHA256{1}
	must := func(errs ...error) error { return errors.Join(errs...) }
	event, err := custody.NewEvent("E-1", now, custody.CaseOpened, custody.System, "C-1", "", custody.Detail{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	s.update(func(ctx context.Context, tx triage.Tx) error {
		return must(
			tx.InsertMeeting(ctx, triage.Meeting{ID: "M-1", Host: host.ID, Mode: triage.ModeStandard, Started: now}, nil),
			tx.InsertCase(ctx, triage.Case{ID: "C-1", Lane: triage.LaneGeneral, State: triage.StateDecided, Opened: now}),
			tx.InsertReport(ctx, triage.Report{ID: "R-1", Case: "C-1", Reporter: host.ID, Key: "k", Occurred: now, Filed: now,
				People: []triage.Person{{ID: "W-1", Name: "Mallory"}}, Additions: []triage.Addition{{At: now, Words: "more"}}}),
			tx.InsertBlob(ctx, triage.Blob{SHA256: sum, Size: 1, Sealed: now, RetainUntil: now.Add(time.Hour),
				Chunks: triage.Chunks(nil).Append([]byte("x"))}),
			tx.InsertExhibit(ctx, triage.Exhibit{ID: "X-1", Report: "R-1", Case: "C-1", Number: 1, SHA256: sum, Received: now,
				Processing: triage.ProcessingDone, Trust: triage.TrustUnverified}),
			tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: "C-1", Number: 1, Decider: ann.ID, Decided: now, Approver: ben.ID, Answered: now,
				State: triage.DecisionInForce, Findings: []triage.Finding{{Person: "W-1", Action: triage.ActBan}}}),
			tx.InsertPackage(ctx, triage.Package{ID: "P-1", Case: "C-1", Lane: triage.LaneGeneral, Basis: "warrant", Requester: ann.ID, Requested: now,
				State: triage.PackageRequested, Exhibits: []triage.ExhibitID{"X-1"}}),
			tx.Log(ctx, event),
			tx.AppendLeaves(ctx, 0, []triage.Leaf{{Index: 0, Event: "E-1", Data: []byte("leaf")}}, [][32]byte{{1}}),
			tx.InsertCheckpoint(ctx, 1, []byte("signed"), now))
	})
	s.update(func(ctx context.Context, tx triage.Tx) error {
		event.ID = "E-2"
		return tx.Log(ctx, event)
	})
}

// TestAppendOnly speaks to the database directly, in the application's own role, and tries to rewrite the past.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	for _, table := range []string{"custody_events", "custody_leaves", "custody_hashes", "custody_checkpoints", "decisions", "decision_findings",
		"reports", "report_people", "report_additions", "package_exhibits"} {
		refused(t, s, "DELETE FROM "+table)
		refused(t, s, "TRUNCATE "+table+" CASCADE")
	}
	for _, statement := range []string{
		"UPDATE custody_events SET actor = 'A-2'",
		"UPDATE custody_leaves SET data = 'x'",
		"UPDATE custody_hashes SET hash = decode(repeat('00', 32), 'hex')",
		"UPDATE custody_checkpoints SET signed = 'x'",
		"UPDATE custody_details SET detail = '{}'",
		"UPDATE custody_pending SET number = 99",
		"DELETE FROM custody_pending", // would keep an event out of the tree
		"UPDATE decisions SET decider = 'A-1'",
		"UPDATE decisions SET decided = now()",
		"UPDATE decisions SET answer = 'changed my mind'",
		"UPDATE decisions SET state = 'proposed'",
		"UPDATE decision_findings SET action = 'none'",
		"UPDATE reports SET words = 'x'",
		"UPDATE reports SET reporter = 'A-2'",
		"UPDATE reports SET case_id = 'C-2'", // without a move on record
		"UPDATE report_people SET name = 'x'",
		"UPDATE report_people SET case_id = 'C-2'",
		"UPDATE exhibits SET case_id = 'C-2'",
		"UPDATE exhibits SET number = number + 9",
		"UPDATE report_additions SET words = 'x'",
		"UPDATE exhibits SET sha256 = decode(repeat('00', 32), 'hex')",
		"UPDATE blobs SET retain_until = retain_until - interval '1 second'",
		"UPDATE blobs SET size = 2",
		"UPDATE blobs SET chunks = decode(repeat('00', 32), 'hex')",
		"UPDATE blobs SET chunks = NULL",
		"DELETE FROM blobs",
		"UPDATE packages SET recipient = 'x'",
		"UPDATE package_exhibits SET exhibit = 'x'",
	} {
		refused(t, s, statement)
	}
}

// TestRecordingsAreNotRewritten holds that nothing is recorded of an encrypted meeting, that what ended stays so, and that a file goes only
// after it was erased for everyone, and comes back for nobody.
func TestRecordingsAreNotRewritten(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	now := time.Now().UTC().Truncate(time.Microsecond)
	s.update(func(ctx context.Context, tx triage.Tx) error {
		return errors.Join(tx.InsertRecording(ctx, triage.Recording{ID: "V-1", Meeting: "M-1", Began: now, Seen: now}),
			tx.InsertRecordingFile(ctx, triage.RecordingFile{ID: "Y-1", Recording: "V-1", Meeting: "M-1", Person: "Anna", Part: 1, Type: "video/webm", Began: now,
				State: triage.FileWriting}))
	})
	refused(t, s, "DELETE FROM recording_files")
	for statement, want := range map[string]string{
		"DELETE FROM recordings":                      "23503",
		"UPDATE recording_files SET state = 'ready'":  "23514", // without its end
		"UPDATE recording_files SET state = 'erased'": "23514", // with a name
		"UPDATE recordings SET ended = now()":         "23514", // without saying how
	} {
		var pg *pgconn.PgError
		if err := s.sql(statement); !errors.As(err, &pg) || pg.Code != want {
			t.Errorf("%s: got %v, want %s", statement, err, want)
		}
	}
	for _, statement := range []string{`UPDATE recordings SET ended = now(), "end" = 'stopped'`, "UPDATE recording_files SET state = 'erased', person = ''"} {
		if err := s.sql(statement); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, s, "UPDATE recordings SET ended = NULL, \"end\" = ''")
	refused(t, s, "UPDATE recording_files SET state = 'writing'")
	if err := s.sql("UPDATE meetings SET mode = 'e2ee'"); err != nil {
		t.Fatal(err)
	}
	refused(t, s, "INSERT INTO recordings (id, meeting, began, seen) VALUES ('V-2', 'M-1', now(), now())")
}

// refused checks that a trigger refuses a statement.
func refused(t *testing.T, s subject, statement string) {
	t.Helper()
	var pg *pgconn.PgError
	if err := s.sql(statement); !errors.As(err, &pg) || pg.Code != "23001" {
		t.Errorf("%s: got %v, want restrict_violation", statement, err)
	}
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	for statement, want := range map[string]string{
		"UPDATE cases SET lane = 'secret'":                           "23514",
		"UPDATE cases SET state = 'lost'":                            "23514",
		"UPDATE cases SET state = 'claimed'":                         "23514", // without a claimant
		"UPDATE cases SET claimant = 'A-1', lease = now()":           "23514", // without being claimed
		"UPDATE packages SET approver = requester, answered = now()": "23514",
		"INSERT INTO decisions SELECT 'D-2', case_id, 2, decider, decided, decider, answered, '', 'refused', NULL, 0 FROM decisions":   "23514",
		"INSERT INTO decisions SELECT 'D-2', case_id, 2, decider, decided, approver, answered, '', 'in force', NULL, 0 FROM decisions": "23P01",
		"UPDATE accounts SET roles = '{god}'":                 "23514",
		"UPDATE packages SET state = 'ready'":                 "23514", // without a key and a hash
		"INSERT INTO blobs VALUES ('short', 1, now(), now())": "23514",
		"INSERT INTO blobs VALUES (decode(repeat('00', 32), 'hex'), 1048577, now(), now(), decode(repeat('00', 32), 'hex'))": "23514", // too few chunks
	} {
		var pg *pgconn.PgError
		if err := s.sql(statement); !errors.As(err, &pg) || pg.Code != want {
			t.Errorf("%s: got %v, want %s", statement, err, want)
		}
	}
}

// TestMeetingModeIsSticky is DESIGN I2: to end-to-end encryption and never back.
func TestMeetingModeIsSticky(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	if err := s.sql("UPDATE meetings SET mode = 'e2ee'"); err != nil {
		t.Fatal(err)
	}
	refused(t, s, "UPDATE meetings SET mode = 'standard'")
	refused(t, s, "UPDATE meetings SET mode = ''")
}

// TestErasure checks the other half of the custody log's promise: what names people can go, and the leaf stays.
func TestErasure(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	if err := s.sql("DELETE FROM custody_details WHERE event = 'E-1'"); err != nil {
		t.Fatal(err)
	}
	err := s.View(t.Context(), func(tx triage.Tx) error {
		events, err := tx.EventsOf(t.Context(), "C-1")
		if err != nil {
			return err
		}
		leaf, err := tx.LeafOf(t.Context(), "E-1")
		if len(events) != 2 || !events[0].Erased() || events[0].Detail != nil || events[0].Index != 0 || leaf.Content != nil {
			t.Errorf("after erasure: %+v, %+v", events, leaf)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoPlaceForKeys is DESIGN I1: no column is named as if a meeting key, a device key or a secret belonged there. The
// columns called key hold an idempotency key and object keys, and that called passkey the number of one, whose private half never leaves its device.
func TestNoPlaceForKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	known := map[[2]string]bool{{"reports", "key"}: true, {"derivatives", "key"}: true, {"packages", "key"}: true, {"signatures", "passkey"}: true}
	for _, c := range s.ask("SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'") {
		if strings.HasPrefix(c[0], "river_") || known[c] {
			continue
		}
		for _, word := range []string{"key", "secret", "private", "epoch", "ikm", "plaintext"} {
			if strings.Contains(c[1], word) {
				t.Errorf("%s.%s looks like a place for a key", c[0], c[1])
			}
		}
	}
}

// TestForeignKeysHaveIndexes keeps deletes and joins from reading whole tables.
func TestForeignKeysHaveIndexes(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range s.ask(`SELECT c.conrelid::regclass::text, a.attname::text FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.conrelid::regclass::text NOT LIKE 'river%' AND NOT EXISTS (
			SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])`) {
		t.Errorf("%s.%s is a foreign key without an index", c[0], c[1])
	}
}
