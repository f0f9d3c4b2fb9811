package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func opinionColumns(o *triage.Opinion) []column {
	return []column{{"id", &o.ID}, {"decision", &o.Decision}, {"case_id", &o.Case}, {"decider", &o.Decider}, {"approver", opt(&o.Approver)}, {"drawn", &o.Drawn}, {"percent", &o.Percent},
		{"taker", opt(&o.Taker)}, {"taken", optTime{&o.Taken}}, {"given", optTime{&o.Given}}, {"agrees", &o.Agrees}, {"settler", opt(&o.Settler)},
		{"settled", optTime{&o.Settled}}, {"verdict", &o.Verdict}, {"words", &o.Words}, {"version", &o.Version}}
}

// ofOpinions is opinionColumns in a query over more tables.
func ofOpinions(o *triage.Opinion) []column { return of("o", opinionColumns(o)) }

// opinionRow names the opinion that a finding belongs to.
type opinionRow struct {
	opinion triage.OpinionID
	triage.Finding
}

func opinionFindingColumns(f *opinionRow) []column {
	return []column{{"opinion", &f.opinion}, {"person", &f.Person}, {"policy", &f.Policy}, {"action", &f.Action}, {"reasons", &f.Reasons}}
}

func (t *tx) InsertOpinion(ctx context.Context, o triage.Opinion) error {
	return t.insert(ctx, "opinions", opinionColumns(&o))
}

func (t *tx) Opinion(ctx context.Context, id triage.OpinionID) (triage.Opinion, error) {
	o, err := one(ctx, t, opinionColumns, "FROM opinions WHERE id = $1", id)
	if err != nil {
		return o, err
	}
	os, err := t.opinionFindings(ctx, []triage.Opinion{o}, nil)
	return os[0], err
}

func (t *tx) SaveOpinion(ctx context.Context, o triage.Opinion) error {
	had, err := scalar[bool](ctx, t, "SELECT given IS NOT NULL FROM opinions WHERE id = $1", o.ID)
	if err != nil {
		return err
	}
	t.touch(KindCase, string(o.Case), o.Case)
	if err := t.save(ctx, "opinions", string(o.ID), o.Version, only(opinionColumns(&o), "taker", "taken", "given", "agrees", "settler", "settled", "verdict", "words")); err != nil || had || o.Given.IsZero() {
		return err
	}
	for i, f := range o.Findings {
		cols := append(opinionFindingColumns(&opinionRow{o.ID, f}), column{"number", i + 1})
		if err := t.insert(ctx, "opinion_findings", cols); err != nil {
			return err
		}
	}
	return nil
}

// opinionFindings fills in what was said.
func (t *tx) opinionFindings(ctx context.Context, os []triage.Opinion, err error) ([]triage.Opinion, error) {
	if err != nil {
		return os, err
	}
	at := make(map[triage.OpinionID]*triage.Opinion, len(os))
	keys := make([]triage.OpinionID, len(os))
	for i := range os {
		keys[i], at[os[i].ID] = os[i].ID, &os[i]
	}
	found, err := list(ctx, t, opinionFindingColumns, "FROM opinion_findings WHERE opinion = ANY($1) ORDER BY opinion, number", ids(&keys))
	for _, f := range found {
		at[f.opinion].Findings = append(at[f.opinion].Findings, f.Finding)
	}
	return os, err
}

func (t *tx) OpinionsOf(ctx context.Context, c triage.CaseID) ([]triage.Opinion, error) {
	os, err := list(ctx, t, opinionColumns, "FROM opinions WHERE case_id = $1 ORDER BY drawn, id", c)
	return t.opinionFindings(ctx, os, err)
}

// forGiving is the opinions that an account ($2) can give in some lanes ($1); nobody holds them since $3.
var forGiving = `FROM opinions o JOIN decisions d ON d.id = o.decision JOIN cases c ON c.id = o.case_id
	WHERE o.given IS NULL AND (o.taker IS NULL OR o.taken < $3) AND o.decider <> $2 AND o.approver IS DISTINCT FROM $2 AND d.state = 'in force' AND c.state IN ('decided', 'closed')
	AND c.lane = ANY ($1) AND NOT EXISTS (SELECT FROM preferences p WHERE p.account = $2 AND c.policy = ANY (p.opt_outs))
	AND NOT EXISTS (SELECT FROM views v WHERE v.subject = 'case/' || c.id AND v.account = $2 AND v.kind = 'page' AND v.at >= d.decided)
	AND ` + noParty("c.id", "$2")

func (t *tx) NextOpinion(ctx context.Context, lanes []triage.Lane, for_ account.ID, heldSince time.Time) (triage.Opinion, error) {
	return one(ctx, t, ofOpinions, forGiving+" ORDER BY o.drawn, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED", ids(&lanes), for_, heldSince)
}

func (t *tx) WaitingOpinions(ctx context.Context, lanes []triage.Lane, for_ account.ID, heldSince time.Time, limit int) (int, error) {
	return scalar[int](ctx, t, "SELECT count(*) FROM (SELECT "+forGiving+" LIMIT $4) w", ids(&lanes), for_, heldSince, limit)
}

func (t *tx) Opinions(ctx context.Context, q triage.OpinionQuery) ([]triage.Opinion, error) {
	where := "WHERE" + counted
	if q.Disputed {
		where += " AND o.given IS NOT NULL AND NOT o.agrees AND o.settled IS NULL AND o.decider <> $2 AND o.approver IS DISTINCT FROM $2 AND o.taker <> $2"
	}
	args := []any{ids(&q.Lanes), q.Without, q.Limit}
	if q.Taker != "" { // written out, so that an index by taker can be used
		where, args = where+" AND o.taker = $4", append(args, q.Taker)
	}
	if q.Held {
		where += " AND o.given IS NULL AND c.state IN ('decided', 'closed') AND EXISTS (SELECT FROM decisions d WHERE d.id = o.decision AND d.state = 'in force')"
	}
	os, err := list(ctx, t, ofOpinions, "FROM opinions o JOIN cases c ON c.id = o.case_id "+where+" ORDER BY o.drawn DESC, o.id LIMIT $3", args...)
	return t.opinionFindings(ctx, os, err)
}

func (t *tx) Blind(ctx context.Context, c triage.CaseID) ([]account.ID, error) {
	return list(ctx, t, func(id *account.ID) []column { return []column{{"o.taker", id}} }, `FROM opinions o JOIN decisions d ON d.id = o.decision
		WHERE o.case_id = $1 AND o.given IS NULL AND o.taker IS NOT NULL AND d.state = 'in force' ORDER BY o.taker`, c)
}

// blindOf is the cases for which an account is among Blind.
func blindOf(account string) string {
	return `SELECT o.case_id FROM opinions o JOIN decisions d ON d.id = o.decision WHERE o.taker = ` + account + ` AND o.given IS NULL AND d.state = 'in force'`
}

// outcome is what a finding comes to: of one without a violation the policy does not count.
func outcome(f, as string) string {
	return "CASE WHEN " + f + ".action = 'none' THEN '' ELSE " + f + ".policy END AS " + as + "_policy, " + f + ".action AS " + as + "_action"
}

func (t *tx) Pairs(ctx context.Context, q triage.FigureQuery) ([]triage.Pair, error) {
	return list(ctx, t, func(p *triage.Pair) []column {
		return []column{{"policy", &p.Policy}, {"first_policy", &p.First[0]}, {"first_action", &p.First[1]},
			{"second_policy", &p.Second[0]}, {"second_action", &p.Second[1]}, {"count(*)", &p.Times}}
	}, `FROM (SELECT c.policy, `+outcome("f", "first")+`, `+outcome("g", "second")+`
			FROM opinions o JOIN cases c ON c.id = o.case_id JOIN decision_findings f ON f.decision = o.decision
			JOIN opinion_findings g ON g.opinion = o.id AND g.person = f.person WHERE o.given >= $3 AND o.given <= $4 AND`+counted+`) pairs
		GROUP BY policy, first_policy, first_action, second_policy, second_action
		ORDER BY policy COLLATE "C", first_policy COLLATE "C", first_action COLLATE "C", second_policy COLLATE "C", second_action COLLATE "C"`,
		ids(&q.Lanes), q.Without, q.Since, q.Now)
}

func rateColumns(r *triage.Rate) []column {
	return []column{{"kind", &r.Kind}, {"subject", &r.Subject}, {"percent", &r.Percent}, {"by", &r.By}, {"at", &r.At}}
}

func (t *tx) Rates(ctx context.Context) ([]triage.Rate, error) {
	return list(ctx, t, rateColumns, `FROM sampling_rates ORDER BY kind <> 'default', kind COLLATE "C", subject COLLATE "C"`)
}

func (t *tx) SaveRate(ctx context.Context, r triage.Rate) error {
	cols := rateColumns(&r)
	_, err := t.exec(ctx, insertSQL("sampling_rates", cols)+" ON CONFLICT (kind, subject) DO UPDATE SET percent = excluded.percent, by = excluded.by, at = excluded.at", values(cols)...)
	return err
}

func (t *tx) DeleteRate(ctx context.Context, kind triage.RateKind, subject string) error {
	_, err := t.exec(ctx, "DELETE FROM sampling_rates WHERE kind = $1 AND subject = $2", kind, subject)
	return err
}
