package postgres

import (
	"context"

	"github.com/proffer/proffer/triage"
)

func packageColumns(p *triage.Package) []column {
	return []column{{"id", &p.ID}, {"case_id", &p.Case}, {"lane", &p.Lane}, {"decision", opt(&p.Decision)}, {"recipient", &p.Recipient}, {"basis", &p.Basis},
		{"reference", &p.Reference}, {"scope", &p.Scope}, {"requester", &p.Requester}, {"requested", &p.Requested},
		{"approver", opt(&p.Approver)}, {"answered", optTime{&p.Answered}}, {"answer", &p.Answer}, {"state", &p.State},
		{"done", &p.Done}, {"total", &p.Total}, {"why", &p.Why}, {"key", &p.Key}, {"sha256", hash(&p.SHA256)}, {"size", &p.Size},
		{"built", optTime{&p.Built}}, {"version", &p.Version}}
}

func (t *tx) InsertPackage(ctx context.Context, p triage.Package) error {
	if err := t.insert(ctx, "packages", packageColumns(&p)); err != nil {
		return err
	}
	for i := range p.Exhibits {
		err := t.insert(ctx, "package_exhibits", []column{{"package", &p.ID}, {"number", i + 1}, {"exhibit", &p.Exhibits[i]}})
		if err != nil {
			return err
		}
	}
	t.touch(KindPackage, string(p.ID), p.Case)
	return nil
}

func (t *tx) Package(ctx context.Context, id triage.PackageID) (triage.Package, error) {
	p, err := one(ctx, t, packageColumns, "FROM packages WHERE id = $1", id)
	if err != nil {
		return p, err
	}
	ps := []triage.Package{p}
	err = t.packageExhibits(ctx, ps)
	return ps[0], err
}

func (t *tx) SavePackage(ctx context.Context, p triage.Package) error {
	t.touch(KindPackage, string(p.ID), p.Case)
	return t.save(ctx, "packages", string(p.ID), p.Version, only(packageColumns(&p), "approver", "answered", "answer", "state", "done",
		"total", "why", "key", "sha256", "size", "built"))
}

func (t *tx) Progress(ctx context.Context, id triage.PackageID, done, total int64) error {
	c, err := scalar[triage.CaseID](ctx, t, "UPDATE packages SET done = $2, total = $3 WHERE id = $1 RETURNING case_id", id, done, total)
	if err == nil && (done >= total || t.s.progress.allow(string(id), t.s.now())) {
		t.touch(KindPackage, string(id), c)
	}
	return err
}

func (t *tx) Packages(ctx context.Context, q triage.PackageQuery) ([]triage.Package, error) {
	return t.packages(ctx, "FROM packages k WHERE lane = ANY($1) AND ($2 = '' OR state = $2) AND ($3 = '' OR "+noParty("k.case_id", "$3")+
		") ORDER BY requested DESC, id LIMIT $4", ids(&q.Lanes), string(q.State), string(q.Without), q.Limit)
}

func (t *tx) PackagesOf(ctx context.Context, c triage.CaseID) ([]triage.Package, error) {
	return t.packages(ctx, "FROM packages WHERE case_id = $1 ORDER BY requested DESC, id", c)
}

func (t *tx) packages(ctx context.Context, rest string, args ...any) ([]triage.Package, error) {
	ps, err := list(ctx, t, packageColumns, rest, args...)
	if err != nil {
		return nil, err
	}
	return ps, t.packageExhibits(ctx, ps)
}

func (t *tx) packageExhibits(ctx context.Context, ps []triage.Package) error {
	type line struct {
		pkg     triage.PackageID
		exhibit triage.ExhibitID
	}
	at := make(map[triage.PackageID]*triage.Package, len(ps))
	keys := make([]triage.PackageID, len(ps))
	for i := range ps {
		keys[i], at[ps[i].ID] = ps[i].ID, &ps[i]
	}
	found, err := list(ctx, t, func(l *line) []column { return []column{{"package", &l.pkg}, {"exhibit", &l.exhibit}} },
		"FROM package_exhibits WHERE package = ANY($1) ORDER BY package, number", ids(&keys))
	for _, l := range found {
		at[l.pkg].Exhibits = append(at[l.pkg].Exhibits, l.exhibit)
	}
	return err
}
