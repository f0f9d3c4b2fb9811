package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

var _ meeting.Store = (*Store)(nil)

// change runs f in a transaction of the meeting core, which has nothing of triage in it.
func (s *Store) change(ctx context.Context, f func(*tx) error) error {
	return s.Update(ctx, func(t triage.Tx) error { return f(t.(*tx)) })
}

// read is change for what is only read.
func (s *Store) read(ctx context.Context, f func(*tx) error) error {
	return s.View(ctx, func(t triage.Tx) error { return f(t.(*tx)) })
}

func coreMeetingColumns(m *meeting.Meeting) []column {
	return []column{{"id", &m.ID}, {"org", opt(&m.Org)}, {"host", &m.Host}, {"title", &m.Title}, {"mode", &m.Mode}, {"locked", &m.Locked},
		{"lobby", &m.Lobby}, {"started", &m.Starts}, {"opened", &m.Opened}, {"ended", optTime{&m.Ended}}}
}

// CreateMeeting keeps a new meeting.
func (s *Store) CreateMeeting(ctx context.Context, m meeting.Meeting) error {
	return s.change(ctx, func(t *tx) error { return t.insert(ctx, "meetings", coreMeetingColumns(&m)) })
}

// LoadMeeting gives one meeting. One that was only noted for reports, in an unknown mode, is none that anybody can enter.
func (s *Store) LoadMeeting(ctx context.Context, id string) (m meeting.Meeting, err error) {
	err = s.read(ctx, func(t *tx) error {
		m, err = one(ctx, t, coreMeetingColumns, "FROM meetings WHERE id = $1 AND mode <> ''", id)
		return err
	})
	return m, err
}

// HostedMeetings lists one's own meetings: those that are not over first, then the newest first.
func (s *Store) HostedMeetings(ctx context.Context, host account.ID, limit int) (ms []meeting.Meeting, err error) {
	err = s.read(ctx, func(t *tx) error {
		ms, err = list(ctx, t, coreMeetingColumns, "FROM meetings WHERE host = $1 AND mode <> '' ORDER BY ended IS NOT NULL, started DESC, id LIMIT $2", host, limit)
		return err
	})
	return ms, err
}

// SetDoor keeps whether a meeting is locked and has a lobby.
func (s *Store) SetDoor(ctx context.Context, id string, locked, lobby bool) error {
	return s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE meetings SET locked = $2, lobby = $3 WHERE id = $1", id, locked, lobby)
		return err
	})
}

// EndMeeting ends a meeting; a trigger destroys its wrapped key.
func (s *Store) EndMeeting(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, func(t *tx) error { return t.endMeeting(ctx, id, at) })
}

func (t *tx) endMeeting(ctx context.Context, id string, at time.Time) error {
	_, err := t.exec(ctx, "UPDATE meetings SET ended = $2 WHERE id = $1 AND ended IS NULL", id, at)
	return err
}

// Attended notes that somebody was there, for reports, and opens the meeting. Its host is not noted: it is they who report.
func (s *Store) Attended(ctx context.Context, id string, a meeting.Attendee, at time.Time) error {
	return s.change(ctx, func(t *tx) error {
		m, err := one(ctx, t, coreMeetingColumns, "FROM meetings WHERE id = $1 FOR UPDATE", id)
		if err != nil {
			return err
		}
		if !m.Opened {
			if _, err := t.exec(ctx, "UPDATE meetings SET opened = true, started = $2 WHERE id = $1", id, at); err != nil {
				return err
			}
		}
		if a.Account == m.Host {
			return nil
		}
		if a.Account == "" && a.Device != (meeting.Key{}) {
			if err := t.putGuest(ctx, id, a.Device, a.Name); err != nil {
				return err
			}
		}
		_, err = t.exec(ctx, `INSERT INTO attendees (meeting, number, name, account)
			SELECT $1, (SELECT coalesce(max(number), 0) + 1 FROM attendees WHERE meeting = $1), $2::text, $3::text
			WHERE NOT EXISTS (SELECT FROM attendees WHERE meeting = $1 AND account IS NOT DISTINCT FROM $3::text AND ($3::text IS NOT NULL OR name = $2))`,
			id, a.Name, opt(&a.Account))
		return err
	})
}

func seatedColumns(x *meeting.Seated) []column {
	return []column{{"device", key{&x.Device}}, {"account", opt(&x.Account)}, {"let_in", &x.In}, {"hosts", &x.Host}}
}

// Seated lists the standing of devices in a meeting.
func (s *Store) Seated(ctx context.Context, id string) (all []meeting.Seated, err error) {
	err = s.read(ctx, func(t *tx) error {
		all, err = list(ctx, t, seatedColumns, "FROM meeting_seated WHERE meeting = $1", id)
		return err
	})
	return all, err
}

// PutSeated replaces the standing of a device.
func (s *Store) PutSeated(ctx context.Context, id string, x meeting.Seated) error {
	cols := append(seatedColumns(&x), column{"meeting", &id})
	return s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, insertSQL("meeting_seated", cols)+` ON CONFLICT (meeting, device) DO UPDATE
			SET account = excluded.account, let_in = excluded.let_in, hosts = excluded.hosts`, values(cols)...)
		return err
	})
}

// WrappedKey is the newest wrapped key of a standard meeting.
func (s *Store) WrappedKey(ctx context.Context, id string) (w meeting.Wrapped, err error) {
	err = s.read(ctx, func(t *tx) error {
		err := t.q.QueryRow(ctx, "SELECT number, sealed FROM meeting_wrapped WHERE meeting = $1", id).Scan(&w.Epoch, &w.Sealed)
		if err == pgx.ErrNoRows {
			return nil
		}
		return mapError(err)
	})
	return w, err
}

// PutWrappedKey replaces it; a trigger refuses that for meetings that are not standard, or over.
func (s *Store) PutWrappedKey(ctx context.Context, id string, w meeting.Wrapped) error {
	return s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO meeting_wrapped (meeting, number, sealed) VALUES ($1, $2, $3)
			ON CONFLICT (meeting) DO UPDATE SET number = excluded.number, sealed = excluded.sealed`, id, w.Epoch, w.Sealed)
		return err
	})
}

// DestroyKeys destroys the wrapped keys of all meetings but some, and but those that other nodes keep.
func (s *Store) DestroyKeys(ctx context.Context, but []string) error {
	return s.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE meeting_wrapped SET sealed = NULL WHERE sealed IS NOT NULL AND NOT meeting = ANY($1)
			AND NOT EXISTS (SELECT FROM meeting_keepers k WHERE k.meeting = meeting_wrapped.meeting AND k.node <> $2 AND node_lives(k.node))`, ids(&but), t.s.relay.node)
		return err
	})
}
