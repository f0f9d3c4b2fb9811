package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func messageColumns(m *triage.Message) []column {
	return []column{{"id", &m.ID}, {"account", opt(&m.To)}, {"address", &m.Address}, {"subject", &m.Subject}, {"body", &m.Body},
		{"case_id", opt(&m.Case)}, {"created", &m.Created}, {"state", &m.State}, {"tries", &m.Tries}, {"error", &m.Error},
		{"delivered", optTime{&m.Delivered}}, {"version", &m.Version}}
}

func (t *tx) InsertMessage(ctx context.Context, m triage.Message) error {
	return t.insert(ctx, "messages", messageColumns(&m))
}

func (t *tx) Message(ctx context.Context, id string) (triage.Message, error) {
	return one(ctx, t, messageColumns, "FROM messages WHERE id = $1", id)
}

func (t *tx) SaveMessage(ctx context.Context, m triage.Message) error {
	return t.save(ctx, "messages", m.ID, m.Version, only(messageColumns(&m), "state", "tries", "error", "delivered", "body"))
}

func (t *tx) MessagesTo(ctx context.Context, to account.ID, limit int) ([]triage.Message, error) {
	return list(ctx, t, messageColumns, "FROM messages WHERE account = $1 ORDER BY created DESC, id LIMIT $2", to, limit)
}

func (t *tx) Undelivered(ctx context.Context, limit int) ([]triage.Message, error) {
	return list(ctx, t, messageColumns, "FROM messages WHERE state IN ('waiting', 'failed') ORDER BY created, id LIMIT $1", limit)
}
