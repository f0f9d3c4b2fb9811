package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func caseColumns(c *triage.Case) []column {
	return []column{{"id", &c.ID}, {"lane", &c.Lane}, {"policy", &c.Policy}, {"state", &c.State}, {"priority", &c.Priority},
		{"opened", &c.Opened}, {"due", optTime{&c.Due}}, {"claimant", opt(&c.Claimant)}, {"lease", optTime{&c.Lease}},
		{"escalated", &c.Escalated}, {"simulated", &c.Simulated}, {"version", &c.Version}}
}

func (t *tx) InsertCase(ctx context.Context, c triage.Case) error {
	t.touch(KindCase, string(c.ID), c.ID)
	return t.insert(ctx, "cases", caseColumns(&c))
}

func (t *tx) Case(ctx context.Context, id triage.CaseID) (triage.Case, error) {
	return one(ctx, t, caseColumns, "FROM cases WHERE id = $1", id)
}

func (t *tx) Parties(ctx context.Context, c triage.CaseID) ([]account.ID, error) {
	return list(ctx, t, func(id *account.ID) []column { return []column{{"account", id}} }, `FROM (
		SELECT reporter AS account FROM reports WHERE case_id = $1
		UNION SELECT p.account FROM report_people p JOIN reports r ON r.id = p.report WHERE r.case_id = $1 AND p.account IS NOT NULL) parties`, c)
}

// noParty is true where an account reported nothing in a case and is not reported in it.
func noParty(id, account string) string {
	return "NOT EXISTS (SELECT FROM reports r WHERE r.case_id = " + id + " AND r.reporter = " + account + ")" +
		" AND NOT EXISTS (SELECT FROM report_people p WHERE p.case_id = " + id + " AND p.account = " + account + ")"
}

func (t *tx) Naming(ctx context.Context, who []account.ID, states []triage.State, limit int) ([]triage.Case, error) {
	return list(ctx, t, caseColumns, `FROM cases WHERE state = ANY($2) AND id IN (SELECT case_id FROM reports WHERE reporter = ANY($1)
		UNION SELECT case_id FROM report_people WHERE account = ANY($1)) ORDER BY rank, opened, id LIMIT $3`, ids(&who), ids(&states), limit)
}

func (t *tx) SaveCase(ctx context.Context, c triage.Case) error {
	if c.Lane != triage.LaneGeneral { // which no case ever comes back to
		was, err := scalar[triage.Lane](ctx, t, "SELECT lane FROM cases WHERE id = $1", c.ID)
		if err != nil {
			return err
		}
		if was != c.Lane {
			t.tell(changed{kind: KindCase, id: string(c.ID), of: c.ID, was: was})
		}
	}
	t.touch(KindCase, string(c.ID), c.ID)
	return t.save(ctx, "cases", string(c.ID), c.Version, only(caseColumns(&c), "lane", "policy", "state", "priority", "due", "claimant",
		"lease", "escalated"))
}

func (t *tx) NextCase(ctx context.Context, lanes []triage.Lane, for_ account.ID, _, skippedSince time.Time) (triage.Case, error) {
	in, err := laneList(lanes)
	if err != nil {
		return triage.Case{}, err
	}
	// States and lanes are written out, not passed, so that PostgreSQL can prove that a partial index applies.
	return one(ctx, t, caseColumns, `FROM cases c WHERE state = 'queued' AND `+in+`
		AND NOT EXISTS (SELECT FROM skips s WHERE s.account = $1 AND s.case_id = c.id AND s.at >= $2) AND `+noParty("c.id", "$1")+`
		ORDER BY rank, opened, id LIMIT 1 FOR UPDATE SKIP LOCKED`, for_, skippedSince)
}

func (t *tx) Skip(ctx context.Context, c triage.CaseID, by account.ID, at time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO skips (case_id, account, at) VALUES ($1, $2, $3)
		ON CONFLICT (account, case_id) DO UPDATE SET at = greatest(skips.at, excluded.at)`, c, by, at)
	return err
}

func (t *tx) ExpiredLeases(ctx context.Context, now time.Time, limit int) ([]triage.Case, error) {
	return list(ctx, t, caseColumns, "FROM cases WHERE state = 'claimed' AND lease < $1 ORDER BY lease, id LIMIT $2", now, limit)
}

func (t *tx) Deliverable(ctx context.Context, limit int) ([]triage.Case, error) {
	return list(ctx, t, caseColumns, `FROM cases c WHERE state = 'decided'
		AND NOT EXISTS (SELECT FROM messages m WHERE m.case_id = c.id AND m.state IN ('waiting', 'failed'))
		ORDER BY opened, id LIMIT $1`, limit)
}

func noteColumns(n *triage.Note) []column {
	return []column{{"id", &n.ID}, {"case_id", &n.Case}, {"author", &n.Author}, {"at", &n.At}, {"words", &n.Words}}
}

func (t *tx) InsertNote(ctx context.Context, n triage.Note) error {
	t.touch(KindCase, string(n.Case), n.Case)
	return t.insert(ctx, "notes", noteColumns(&n))
}

func (t *tx) Notes(ctx context.Context, c triage.CaseID) ([]triage.Note, error) {
	return list(ctx, t, noteColumns, "FROM notes WHERE case_id = $1 ORDER BY at, id", c)
}
