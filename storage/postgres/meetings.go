package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func meetingColumns(m *triage.Meeting) []column {
	return []column{{"id", &m.ID}, {"org", opt(&m.Org)}, {"host", &m.Host}, {"title", &m.Title}, {"mode", &m.Mode},
		{"started", &m.Started}, {"ended", optTime{&m.Ended}}}
}

func attendeeColumns(a *triage.Attendee) []column {
	return []column{{"name", &a.Name}, {"account", opt(&a.Account)}}
}

func (t *tx) InsertMeeting(ctx context.Context, m triage.Meeting, roster []triage.Attendee) error {
	if err := t.insert(ctx, "meetings", meetingColumns(&m)); err != nil {
		return err
	}
	for i := range roster {
		cols := append(attendeeColumns(&roster[i]), column{"meeting", &m.ID}, column{"number", i + 1})
		if err := t.insert(ctx, "attendees", cols); err != nil {
			return err
		}
		if a := &roster[i]; a.Account == "" && a.Device != [32]byte{} {
			if err := t.putGuest(ctx, string(m.ID), a.Device, a.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// putGuest notes the device of a guest who is in a meeting, with its newest name.
func (t *tx) putGuest(ctx context.Context, meeting string, device [32]byte, name string) error {
	_, err := t.exec(ctx, `INSERT INTO meeting_guests (meeting, device, name) VALUES ($1, $2, $3)
		ON CONFLICT (meeting, device) DO UPDATE SET name = excluded.name`, meeting, device[:], name)
	return err
}

func (t *tx) Guest(ctx context.Context, meeting triage.MeetingID, device [32]byte) (triage.Guest, error) {
	return one(ctx, t, func(g *triage.Guest) []column { return []column{{"device", hash(&g.Device)}, {"name", &g.Name}} },
		"FROM meeting_guests WHERE meeting = $1 AND device = $2", meeting, device[:])
}

func (t *tx) Meeting(ctx context.Context, id triage.MeetingID) (triage.Meeting, []triage.Attendee, error) {
	m, err := one(ctx, t, meetingColumns, "FROM meetings WHERE id = $1", id)
	if err != nil {
		return m, nil, err
	}
	roster, err := list(ctx, t, attendeeColumns, "FROM attendees WHERE meeting = $1 ORDER BY number", id)
	return m, roster, err
}

func (t *tx) MeetingsHostedBy(ctx context.Context, host account.ID, limit int) ([]triage.Meeting, error) {
	return list(ctx, t, meetingColumns, "FROM meetings WHERE host = $1 AND opened ORDER BY started DESC, id LIMIT $2", host, limit)
}
