package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func muteColumns(m *triage.Mute) []column {
	return []column{{"id", &m.ID}, {"account", &m.Account}, {"reason", &m.Reason}, {"by", &m.By}, {"at", &m.At}, {"until", &m.Until}, {"undone", optTime{&m.Undone}}}
}

func (t *tx) InsertMute(ctx context.Context, m triage.Mute) error {
	return t.insert(ctx, "mutes", muteColumns(&m))
}

func (t *tx) UndoMute(ctx context.Context, of account.ID, at time.Time) (int, error) {
	tag, err := t.exec(ctx, "UPDATE mutes SET undone = $2 WHERE account = $1 AND undone IS NULL AND until > $2", of, at)
	return int(tag.RowsAffected()), err
}

func (t *tx) Mutes(ctx context.Context, of account.ID, now time.Time) ([]triage.Mute, error) {
	return list(ctx, t, muteColumns, "FROM mutes WHERE undone IS NULL AND until > $1 AND ($2 = '' OR account = $2) ORDER BY at DESC, id", now, string(of))
}

func (t *tx) ReporterCounts(ctx context.Context, without account.ID, since time.Time, limit int) ([]triage.ReporterCount, error) {
	return list(ctx, t, func(r *triage.ReporterCount) []column {
		return []column{{"reporter", &r.Account}, {"name", &r.Name}, {"reports", &r.Reports}, {"withdrawn", &r.Withdrawn}, {"decided", &r.Decided}, {"unfounded", &r.Unfounded}}
	}, `FROM (SELECT r.reporter, a.name, count(*) AS reports, count(r.withdrawn) AS withdrawn, count(d.id) AS decided,
			count(d.id) FILTER (WHERE NOT EXISTS (SELECT FROM decision_findings f JOIN report_people p ON p.id = f.person
				WHERE f.decision = d.id AND p.report = r.id AND f.action <> 'none')) AS unfounded
		FROM reports r JOIN cases c ON c.id = r.case_id JOIN accounts a ON a.id = r.reporter
		LEFT JOIN decisions d ON d.case_id = c.id AND d.state = 'in force'
		WHERE c.lane = 'general' AND r.filed >= $2 AND `+noParty("c.id", "$1")+` GROUP BY r.reporter, a.name) counted
		ORDER BY unfounded DESC, reports DESC, reporter LIMIT $3`, without, since, limit)
}
