package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func messageColumns(m *triage.Message) []column {
	return []column{{"id", &m.ID}, {"account", opt(&m.To)}, {"address", &m.Address}, {"subject", &m.Subject}, {"body", &m.Body},
		{"case_id", opt(&m.Case)}, {"decision", opt(&m.Decision)}, {"created", &m.Created}, {"state", &m.State}, {"tries", &m.Tries}, {"error", &m.Error},
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

func (t *tx) NoticesOf(ctx context.Context, d triage.DecisionID) ([]triage.Message, error) {
	return list(ctx, t, messageColumns, "FROM messages WHERE decision = $1 ORDER BY created, id", d)
}

func (t *tx) MessagesTo(ctx context.Context, to account.ID, limit int) ([]triage.Message, error) {
	return list(ctx, t, messageColumns, "FROM messages WHERE account = $1 ORDER BY created DESC, id LIMIT $2", to, limit)
}

func (t *tx) Undelivered(ctx context.Context, lanes []triage.Lane, limit int) ([]triage.Message, error) {
	return list(ctx, t, messageColumns, `FROM messages WHERE state IN ('waiting', 'failed')
		AND (case_id IS NULL OR EXISTS (SELECT FROM cases c WHERE c.id = case_id AND c.lane = ANY($1))) ORDER BY created, id LIMIT $2`, lanes, limit)
}
