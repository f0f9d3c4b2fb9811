package postgres_test

import (
	"testing"

	"github.com/proffer/proffer/media/meeting/meetingtest"
)

func TestMeetings(t *testing.T) {
	t.Parallel()
	meetingtest.Run(t, func(t *testing.T) meetingtest.Subject {
		s := open(t)
		host, other, _ := s.people()
		return meetingtest.Subject{Store: s.Store, Org: host.Org, Host: host.ID, Other: other.ID, Attendees: func(id string) (all []string) {
			for _, row := range s.ask("SELECT name, coalesce(account, '') FROM attendees WHERE meeting = $1 ORDER BY number", id) {
				all = append(all, row[0]+"/"+row[1])
			}
			return all
		}, Guests: func(id string) (all []string) {
			for _, row := range s.ask("SELECT name, encode(device, 'hex') FROM meeting_guests WHERE meeting = $1 ORDER BY device", id) {
				all = append(all, row[0]+"/"+row[1][:2])
			}
			return all
		}}
	})
}

// TestMeetingsGoOneWay speaks to the database directly, in the application's own role, and tries to bring a meeting back.
func TestMeetingsGoOneWay(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.people()
	must := func(statement string) {
		t.Helper()
		if err := s.sql(statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"standard", "e2ee", "over"} {
		must("INSERT INTO meetings (id, host, title, mode, started) VALUES ('" + id + "', 'A-1', '', 'standard', now())")
		must("INSERT INTO board_entries VALUES ('" + id + "', 1, now(), 'join', 'x')")
		must("INSERT INTO meeting_wrapped VALUES ('" + id + "', 1, decode(repeat('00', 60), 'hex'))")
	}
	must("UPDATE meetings SET mode = 'e2ee' WHERE id = 'e2ee'")
	must("UPDATE meetings SET ended = now() WHERE id = 'over'")
	for _, statement := range []string{
		"UPDATE meetings SET mode = 'standard' WHERE id = 'e2ee'",
		"UPDATE meetings SET ended = NULL WHERE id = 'over'",
		"UPDATE meetings SET ended = now() + interval '1 day' WHERE id = 'over'",
		"UPDATE meetings SET mode = 'e2ee' WHERE id = 'over'",
		"DELETE FROM meetings WHERE id = 'e2ee'",
		"TRUNCATE meetings CASCADE",
		"UPDATE board_entries SET message = 'y'",
		"DELETE FROM board_entries",
		"TRUNCATE board_entries",
		"INSERT INTO board_entries VALUES ('standard', 3, now(), 'join', 'x')", // a hole
		"INSERT INTO board_entries VALUES ('standard', 2, now(), 'link', 'x')",
		"INSERT INTO board_entries VALUES ('e2ee', 2, now(), 'upgrade', 'x')",
		"INSERT INTO board_entries VALUES ('over', 2, now(), 'join', 'x')",
		"INSERT INTO meeting_wrapped VALUES ('e2ee', 2, decode(repeat('00', 60), 'hex'))",
		"INSERT INTO meeting_wrapped VALUES ('over', 2, decode(repeat('00', 60), 'hex'))",
		"UPDATE meeting_wrapped SET number = 0 WHERE meeting = 'standard'",
	} {
		refused(t, s, statement)
	}
	if left := s.ask("SELECT meeting, meeting FROM meeting_wrapped"); len(left) != 1 || left[0][0] != "standard" {
		t.Errorf("wrapped keys of %v are left", left)
	}
}
