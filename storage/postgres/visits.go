package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func visitColumns(v *triage.Visit) []column {
	return []column{{"id", &v.ID}, {"case_id", &v.Case}, {"meeting", &v.Meeting}, {"visitor", &v.Visitor}, {"reason", &v.Reason}, {"requested", &v.Requested},
		{"state", &v.State}, {"approver", opt(&v.Approver)}, {"answered", optTime{&v.Answered}}, {"answer", &v.Answer}, {"ended", optTime{&v.Ended}}, {"version", &v.Version}}
}

func (t *tx) InsertVisit(ctx context.Context, v triage.Visit) error {
	t.touch(KindCase, string(v.Case), v.Case)
	return t.insert(ctx, "visits", visitColumns(&v))
}

func (t *tx) Visit(ctx context.Context, id triage.VisitID) (triage.Visit, error) {
	return one(ctx, t, visitColumns, "FROM visits WHERE id = $1", id)
}

func (t *tx) SaveVisit(ctx context.Context, v triage.Visit) error {
	t.touch(KindCase, string(v.Case), v.Case)
	if v.State == triage.VisitEnded {
		t.barred = append(t.barred, v.Visitor) // meetings look at once who still may be in them
	}
	return t.save(ctx, "visits", string(v.ID), v.Version, only(visitColumns(&v), "state", "approver", "answered", "answer", "ended"))
}

func (t *tx) Visits(ctx context.Context, c triage.CaseID) ([]triage.Visit, error) {
	return list(ctx, t, visitColumns, "FROM visits WHERE case_id = $1 ORDER BY requested DESC, id", c)
}

func (t *tx) VisitsTo(ctx context.Context, m triage.MeetingID, who account.ID) ([]triage.Visit, error) {
	return list(ctx, t, visitColumns, "FROM visits WHERE meeting = $1 AND visitor = $2 ORDER BY requested DESC, id", m, who)
}

func (t *tx) WaitingVisits(ctx context.Context, lanes []triage.Lane, for_ account.ID, since time.Time, limit int) ([]triage.Visit, error) {
	return list(ctx, t, func(v *triage.Visit) []column { return of("v", visitColumns(v)) }, `FROM visits v JOIN cases c ON c.id = v.case_id
		JOIN meetings m ON m.id = v.meeting WHERE v.state = 'requested' AND v.requested > $3 AND v.visitor <> $2 AND c.lane = ANY ($1)
		AND c.state NOT IN ('decided', 'closed') AND m.mode = 'standard' AND m.ended IS NULL AND `+noParty("c.id", "$2")+`
		ORDER BY v.requested, v.id LIMIT $4`, ids(&lanes), for_, since, limit)
}

func (t *tx) Inside(ctx context.Context, id triage.VisitID, since time.Time) error {
	if since.IsZero() {
		_, err := t.exec(ctx, "DELETE FROM visitors_inside WHERE visit = $1", id)
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO visitors_inside (visit, since, node)
		SELECT v.id, $2, (SELECT node FROM meeting_keepers k WHERE k.meeting = v.meeting) FROM visits v WHERE v.id = $1
		ON CONFLICT (visit) DO UPDATE SET since = excluded.since, node = excluded.node`, id, since)
	return err
}

func (t *tx) LostVisits(ctx context.Context, limit int) ([]triage.Visit, error) {
	return list(ctx, t, func(v *triage.Visit) []column { return of("v", visitColumns(v)) }, `FROM visitors_inside i JOIN visits v ON v.id = i.visit
		WHERE i.node IS NULL OR NOT node_lives(i.node) ORDER BY i.since, v.id LIMIT $1 FOR UPDATE OF i SKIP LOCKED`, limit)
}
