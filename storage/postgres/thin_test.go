package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
)

// aged makes meetings with a board each, whose end and last entry were some days ago; ended 0 is one that goes on.
func (s subject) aged(id string, mode meeting.State, entry, ended int, kinds ...string) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := s.CreateMeeting(ctx, meeting.Meeting{ID: id, Host: "A-1", Mode: mode, Opened: true, Starts: daysAgo(entry)}); err != nil {
		s.t.Fatal(err)
	}
	for i, kind := range kinds {
		if err := s.AppendEntry(ctx, id, meeting.Entry{Number: uint64(i + 1), At: daysAgo(entry), Kind: kind, Message: []byte("x")}, ""); err != nil {
			s.t.Fatal(err)
		}
	}
	if ended > 0 {
		if err := s.EndMeeting(ctx, id, daysAgo(ended)); err != nil {
			s.t.Fatal(err)
		}
	}
}

func daysAgo(n int) time.Time { return time.Now().UTC().AddDate(0, 0, -n) }

// boards lists what is on which board.
func (s subject) boards() (all []string) {
	for _, row := range s.ask("SELECT meeting, string_agg(kind, ' ' ORDER BY number) FROM board_entries GROUP BY meeting ORDER BY meeting") {
		all = append(all, row[0]+": "+row[1])
	}
	return all
}

func TestThinBoards(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s)
	s.aged("M-old", meeting.E2EE, 40, 40, "join", "link", "keys", "link", "end")
	s.aged("M-new", meeting.E2EE, 40, 20, "join", "link", "keys")
	s.aged("M-reported", meeting.E2EE, 40, 40, "join", "join", "link", "keys", "leave", "link", "keys")
	s.aged("M-idle", meeting.Standard, 200, 0, "join", "leave")
	s.aged("M-runs", meeting.Standard, 170, 0, "join")
	for i := range 60 { // more than one chunk
		s.aged(fmt.Sprintf("N-%02d", i), meeting.Standard, 50, 50, "join")
	}
	s.update(func(ctx context.Context, tx triage.Tx) error {
		return tx.InsertReport(ctx, triage.Report{ID: "R-2", Case: "C-1", Reporter: "A-1", Key: "k2", Meeting: "M-reported", Occurred: daysAgo(40), Filed: daysAgo(1),
			People: []triage.Person{{ID: "W-2", Name: "Mallory"}}})
	})
	for _, id := range []string{"M-new", "M-runs"} {
		if err := s.Attended(t.Context(), id, meeting.Attendee{Name: "Gus", Device: meeting.Key{1}}, daysAgo(40)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sql("INSERT INTO meeting_guests (meeting, device, name) SELECT 'M-old', device, name FROM meeting_guests WHERE meeting = 'M-new'"); err != nil {
		t.Fatal(err)
	}
	keeping := postgres.Keeping{Board: 30 * 24 * time.Hour, Idle: 180 * 24 * time.Hour}
	done, err := s.ThinBoards(t.Context(), keeping)
	if want := (postgres.Thinned{Ended: 1, Boards: 62, Rows: 67}); err != nil || done != want {
		t.Errorf("%+v, %v; want %+v", done, err, want)
	}
	want := []string{"M-idle: join leave", "M-new: join link keys", "M-reported: join join link leave link", "M-runs: join"}
	if got := s.boards(); !slices.Equal(got, want) {
		t.Errorf("left are %q", got)
	}
	if got := s.ask("SELECT meeting, name FROM meeting_guests ORDER BY meeting"); fmt.Sprint(got) != "[[M-new Gus] [M-runs Gus]]" {
		t.Errorf("of guests are left %v", got)
	}
	if m, err := s.LoadMeeting(t.Context(), "M-idle"); err != nil || m.State() != meeting.Ended {
		t.Errorf("%+v, %v", m, err)
	}
	if done, err := s.ThinBoards(t.Context(), keeping); err != nil || done != (postgres.Thinned{}) {
		t.Errorf("the second time: %+v, %v", done, err)
	}
	refused(t, s, "DELETE FROM board_entries WHERE meeting = 'M-reported'") // whoever asks
	refused(t, s, "DELETE FROM board_entries WHERE meeting = 'M-idle'")
	refused(t, s, "UPDATE board_entries SET message = 'y' WHERE meeting = 'M-new'")
}
