package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func caseColumns(c *triage.Case) []column {
	return []column{{"id", &c.ID}, {"lane", &c.Lane}, {"policy", &c.Policy}, {"state", &c.State}, {"priority", &c.Priority}, {"reasons", &c.Reasons}, {"queue", opt(&c.Queue)}, {"placed", &c.Placed}, {"deferred", optTime{&c.Deferred}},
		{"opened", &c.Opened}, {"due", optTime{&c.Due}}, {"looked", optTime{&c.Looked}}, {"claimant", opt(&c.Claimant)}, {"lease", optTime{&c.Lease}},
		{"escalated", &c.Escalated}, {"simulated", &c.Simulated}, {"follows", opt(&c.Follows)}, {"merged_into", opt(&c.MergedInto)},
		{"version", &c.Version}}
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
		SELECT reporter AS account FROM reports WHERE case_id IN ($1, case_now($1)) AND reporter IS NOT NULL
		UNION SELECT p.account FROM report_people p JOIN reports r ON r.id = p.report WHERE r.case_id IN ($1, case_now($1)) AND p.account IS NOT NULL
		UNION SELECT account FROM former_parties WHERE case_id IN ($1, case_now($1))) parties`, c)
}

// noParty is true where an account reported nothing in a case and is not reported in it, nor in what moved out of it.
func noParty(id, account string) string {
	return "NOT EXISTS (SELECT FROM reports r WHERE r.case_id = " + id + " AND r.reporter = " + account + ")" +
		" AND NOT EXISTS (SELECT FROM report_people p WHERE p.case_id = " + id + " AND p.account = " + account + ")" +
		" AND NOT EXISTS (SELECT FROM former_parties o WHERE o.case_id = " + id + " AND o.account = " + account + ")"
}

func (t *tx) Naming(ctx context.Context, who []account.ID, states []triage.State, limit int) ([]triage.Case, error) {
	return list(ctx, t, caseColumns, `FROM cases WHERE state = ANY($2) AND id IN (SELECT case_id FROM reports WHERE reporter = ANY($1)
		UNION SELECT case_id FROM report_people WHERE account = ANY($1) UNION SELECT case_id FROM former_parties WHERE account = ANY($1)) ORDER BY rank, opened, id LIMIT $3`, ids(&who), ids(&states), limit)
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
	return t.save(ctx, "cases", string(c.ID), c.Version, only(caseColumns(&c), "lane", "policy", "state", "priority", "reasons", "queue", "placed", "deferred", "due", "looked", "claimant",
		"lease", "escalated", "merged_into"))
}

func (t *tx) NextCase(ctx context.Context, lanes []triage.Lane, for_ account.ID, now, skippedSince time.Time) (triage.Case, error) {
	in, err := laneList(lanes)
	if err != nil {
		return triage.Case{}, err
	}
	// States and lanes are written out, not passed, so that PostgreSQL can prove that a partial index applies.
	return one(ctx, t, caseColumns, `FROM cases c WHERE state = 'queued' AND `+in+` AND (deferred IS NULL OR deferred <= $3)
		AND (queue IS NULL OR EXISTS (SELECT FROM work_queues w WHERE w.id = c.queue AND (w.closed OR w.members = '{}' OR $1 = ANY (w.members))))
		AND NOT EXISTS (SELECT FROM skips s WHERE s.account = $1 AND s.case_id = c.id AND s.at >= $2)
		AND NOT EXISTS (SELECT FROM preferences o WHERE o.account = $1 AND c.policy = ANY (o.opt_outs)) AND `+noParty("c.id", "$1")+`
		ORDER BY rank, opened, id LIMIT 1 FOR UPDATE SKIP LOCKED`, for_, skippedSince, now)
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
	if err := t.insert(ctx, "notes", noteColumns(&n)); err != nil {
		return err
	}
	return t.putWords(ctx, n.Case, "note", n.ID, triage.Tokens(n.Words))
}

func (t *tx) Notes(ctx context.Context, c triage.CaseID) ([]triage.Note, error) {
	return list(ctx, t, noteColumns, "FROM notes WHERE case_id = $1 ORDER BY at, id", c)
}

func (t *tx) Joinable(ctx context.Context, lane triage.Lane, m triage.MeetingID, people []triage.Person) ([]triage.Case, error) {
	// The lock is the meeting's: two reports that come at once would otherwise each find no case, and open one.
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('proffer join ' || $1, 0))", m); err != nil {
		return nil, err
	}
	var accounts, names, identifiers []string
	for _, p := range people {
		if p.Account != "" {
			accounts = append(accounts, string(p.Account))
			continue
		}
		names, identifiers = append(names, fold(p.Name)), append(identifiers, fold(p.Identifier))
	}
	return list(ctx, t, caseColumns, `FROM cases WHERE lane = $1 AND id IN (
		SELECT p.case_id FROM reports r JOIN report_people p ON p.report = r.id WHERE r.meeting = $2 AND (p.account = ANY($3)
			OR p.account IS NULL AND (p.name_folded = ANY($4) AND p.name <> '' OR p.identifier_folded = ANY($5) AND p.identifier_folded <> '')))
		ORDER BY opened, id LIMIT 50`, lane, m, accounts, names, identifiers)
}
