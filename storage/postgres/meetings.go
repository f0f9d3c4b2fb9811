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
	}
	return nil
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
