package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func exhibitColumns(x *triage.Exhibit) []column {
	return []column{{"id", &x.ID}, {"report", &x.Report}, {"case_id", &x.Case}, {"number", &x.Number}, {"name", &x.Name},
		{"sha256", hash(&x.SHA256)}, {"size", &x.Size}, {"container", &x.Container}, {"received", &x.Received},
		{"processing", &x.Processing}, {"why", &x.Why}, {"probe", &x.Probe}, {"trust", &x.Trust},
		{"proof", hash(&x.Proof)}, {"proof_size", &x.ProofSize}, {"verdict", textBytes{&x.Verdict}}, {"version", &x.Version}}
}

func (t *tx) InsertExhibit(ctx context.Context, x triage.Exhibit) error {
	t.touch(KindExhibit, string(x.ID), x.Case)
	return t.insert(ctx, "exhibits", exhibitColumns(&x))
}

func (t *tx) Exhibit(ctx context.Context, id triage.ExhibitID) (triage.Exhibit, error) {
	return one(ctx, t, exhibitColumns, "FROM exhibits WHERE id = $1", id)
}

func (t *tx) SaveExhibit(ctx context.Context, x triage.Exhibit) error {
	t.touch(KindExhibit, string(x.ID), x.Case)
	return t.save(ctx, "exhibits", string(x.ID), x.Version, only(exhibitColumns(&x), "container", "processing", "why", "probe", "trust", "verdict"))
}

func (t *tx) ExhibitsWith(ctx context.Context, sum triage.SHA256, not triage.CaseID, q triage.KnownQuery) ([]triage.Exhibit, error) {
	return list(ctx, t, exhibitColumns, `FROM exhibits x WHERE x.sha256 = $1 AND x.case_id <> $2 AND `+decidedFor("x.case_id", "$3", "$4")+`
		ORDER BY received DESC, id LIMIT $5`, sum[:], not, ids(&q.Lanes), string(q.Without), q.Limit)
}

// decidedFor is a condition: a case of some lanes has a decision in force, and an account is no party to it.
func decidedFor(id, lanes, account string) string {
	return "EXISTS (SELECT FROM cases c WHERE c.id = " + id + " AND c.lane = ANY(" + lanes + "))" +
		" AND EXISTS (SELECT FROM decisions d WHERE d.case_id = " + id + " AND d.state = 'in force') AND " + noParty(id, account)
}

func (t *tx) ExhibitsOf(ctx context.Context, c triage.CaseID) ([]triage.Exhibit, error) {
	return list(ctx, t, exhibitColumns, "FROM exhibits WHERE case_id = $1 ORDER BY number", c)
}

func derivativeColumns(d *triage.Derivative) []column {
	return []column{{"exhibit", &d.Exhibit}, {"kind", &d.Kind}, {"key", &d.Key}, {"content_type", &d.ContentType},
		{"sha256", hash(&d.SHA256)}, {"size", &d.Size}, {"command", &d.Command}, {"meta", textBytes{&d.Meta}}, {"made", &d.Made}}
}

func (t *tx) PutDerivative(ctx context.Context, d triage.Derivative) error {
	cols := derivativeColumns(&d)
	_, err := t.exec(ctx, insertSQL("derivatives", cols)+` ON CONFLICT (exhibit, kind) DO UPDATE SET key = excluded.key,
		content_type = excluded.content_type, sha256 = excluded.sha256, size = excluded.size, command = excluded.command,
		meta = excluded.meta, made = excluded.made`, values(cols)...)
	return err
}

func (t *tx) Derivatives(ctx context.Context, x triage.ExhibitID) ([]triage.Derivative, error) {
	return list(ctx, t, derivativeColumns, "FROM derivatives WHERE exhibit = $1 ORDER BY kind", x)
}

func watchColumns(w *triage.Watch) []column {
	return []column{{"exhibit", &w.Exhibit}, {"account", &w.Account}, {"session", &w.Session}, {"from_ns", nanos{&w.From}},
		{"to_ns", nanos{&w.To}}, {"clear", &w.Clear}, {"sound", &w.Sound}, {"at", &w.At}}
}

func (t *tx) InsertWatch(ctx context.Context, w triage.Watch) error {
	return t.insert(ctx, "watches", watchColumns(&w))
}

func (t *tx) Watches(ctx context.Context, x triage.ExhibitID) ([]triage.Watch, error) {
	return list(ctx, t, watchColumns, "FROM watches WHERE exhibit = $1 ORDER BY at, number", x)
}
