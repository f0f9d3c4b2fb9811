package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func reportColumns(r *triage.Report) []column {
	return []column{{"id", &r.ID}, {"case_id", &r.Case}, {"reporter", reporter{&r.Reporter}}, {"guest_device", hash(&r.Guest.Device)}, {"guest_name", &r.Guest.Name}, {"org", opt(&r.Org)}, {"key", &r.Key}, {"form", hash(&r.Form)},
		{"meeting", opt(&r.Meeting)}, {"meeting_name", &r.MeetingName}, {"meeting_mode", &r.MeetingMode}, {"occurred", &r.Occurred},
		{"policy", &r.Policy}, {"words", &r.Words}, {"exhibits", ids(&r.Exhibits)}, {"simulated", &r.Simulated}, {"filed", &r.Filed},
		{"withdrawn", optTime{&r.Withdrawn}}, {"receipt", &r.Receipt}, {"version", &r.Version}}
}

// reporter keeps who reported; account.Guest is NULL.
type reporter struct{ p *account.ID }

// ScanText implements pgtype.TextScanner.
func (r reporter) ScanText(v pgtype.Text) error {
	*r.p = account.Guest
	if v.Valid {
		*r.p = account.ID(v.String)
	}
	return nil
}

// TextValue implements pgtype.TextValuer.
func (r reporter) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(*r.p), Valid: *r.p != account.Guest}, nil
}

// personRow and additionRow name the report that a line belongs to.
type personRow struct {
	report triage.ReportID
	triage.Person
}

func personColumns(p *personRow) []column {
	return []column{{"report", &p.report}, {"id", &p.ID}, {"name", &p.Name}, {"identifier", &p.Identifier}, {"account", opt(&p.Account)}}
}

type additionRow struct {
	report triage.ReportID
	triage.Addition
}

func additionColumns(a *additionRow) []column {
	return []column{{"report", &a.report}, {"at", &a.At}, {"words", &a.Words}, {"exhibits", ids(&a.Exhibits)}, {"receipt", &a.Receipt}}
}

// fold makes a name comparable without regard to case, in the same way whatever the database's locale is.
func fold(s string) string { return strings.ToLower(s) }

func (t *tx) InsertReport(ctx context.Context, r triage.Report) error {
	if err := t.insert(ctx, "reports", reportColumns(&r)); err != nil {
		return err
	}
	for i, p := range r.People {
		cols := append(personColumns(&personRow{r.ID, p}), column{"case_id", &r.Case}, column{"number", i + 1},
			column{"name_folded", fold(p.Name)}, column{"identifier_folded", fold(p.Identifier)})
		if err := t.insert(ctx, "report_people", cols); err != nil {
			return err
		}
	}
	t.touch(KindReport, string(r.ID), r.Case)
	if err := t.putWords(ctx, r.Case, "report", string(r.ID), triage.ReportTokens(r)); err != nil {
		return err
	}
	return t.putAdditions(ctx, r)
}

// putAdditions adds what is new at the end and receipts that came later; what was said stays as it is.
func (t *tx) putAdditions(ctx context.Context, r triage.Report) error {
	for i, a := range r.Additions {
		cols := append(additionColumns(&additionRow{r.ID, a}), column{"number", i + 1})
		_, err := t.exec(ctx, insertSQL("report_additions", cols)+` ON CONFLICT (report, number) DO UPDATE SET receipt = excluded.receipt
			WHERE report_additions.receipt IS DISTINCT FROM excluded.receipt`, values(cols)...)
		if err != nil {
			return err
		}
		if err := t.putWords(ctx, r.Case, "addition", fmt.Sprintf("%s/%d", r.ID, i+1), triage.Tokens(a.Words)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) SaveReport(ctx context.Context, r triage.Report) error {
	if err := t.save(ctx, "reports", string(r.ID), r.Version, only(reportColumns(&r), "withdrawn", "receipt")); err != nil {
		return err
	}
	t.touch(KindReport, string(r.ID), r.Case)
	return t.putAdditions(ctx, r)
}

func (t *tx) Report(ctx context.Context, id triage.ReportID) (triage.Report, error) {
	return t.report(ctx, "FROM reports WHERE id = $1", id)
}

func (t *tx) ReportByKey(ctx context.Context, reporter account.ID, key string) (triage.Report, error) {
	return t.report(ctx, "FROM reports WHERE reporter = $1 AND key = $2", reporter, key)
}

func (t *tx) ReportByGuest(ctx context.Context, device [32]byte, key string) (triage.Report, error) {
	return t.report(ctx, "FROM reports WHERE guest_device = $1 AND key = $2", device[:], key)
}

func (t *tx) report(ctx context.Context, rest string, args ...any) (triage.Report, error) {
	r, err := one(ctx, t, reportColumns, rest, args...)
	if err != nil {
		return r, err
	}
	rs := []triage.Report{r}
	err = t.fill(ctx, rs)
	return rs[0], err
}

func (t *tx) ReportsBy(ctx context.Context, reporter account.ID, after triage.ReportCursor, limit int) ([]triage.Report, error) {
	if after == (triage.ReportCursor{}) {
		return t.reports(ctx, "FROM reports WHERE reporter = $1 ORDER BY filed DESC, id LIMIT $2", reporter, limit)
	}
	return t.reports(ctx, `FROM reports WHERE reporter = $1 AND filed <= $3 AND (filed < $3 OR id > $4) ORDER BY filed DESC, id LIMIT $2`,
		reporter, limit, after.Filed, after.Report)
}

func (t *tx) ReportsOf(ctx context.Context, c triage.CaseID) ([]triage.Report, error) {
	return t.reports(ctx, "FROM reports WHERE case_id = $1 ORDER BY filed, id", c)
}

func (t *tx) reports(ctx context.Context, rest string, args ...any) ([]triage.Report, error) {
	rs, err := list(ctx, t, reportColumns, rest, args...)
	if err != nil {
		return nil, err
	}
	return rs, t.fill(ctx, rs)
}

// fill reads the people and additions of several reports in two queries.
func (t *tx) fill(ctx context.Context, rs []triage.Report) error {
	if len(rs) == 0 {
		return nil
	}
	at := make(map[triage.ReportID]*triage.Report, len(rs))
	keys := make([]triage.ReportID, len(rs))
	for i := range rs {
		keys[i], at[rs[i].ID] = rs[i].ID, &rs[i]
	}
	people, err := list(ctx, t, personColumns, "FROM report_people WHERE report = ANY($1) ORDER BY report, number", ids(&keys))
	if err != nil {
		return err
	}
	for _, p := range people {
		at[p.report].People = append(at[p.report].People, p.Person)
	}
	additions, err := list(ctx, t, additionColumns, "FROM report_additions WHERE report = ANY($1) ORDER BY report, number", ids(&keys))
	for _, a := range additions {
		at[a.report].Additions = append(at[a.report].Additions, a.Addition)
	}
	return err
}

func earlierColumns(e *triage.EarlierReport) []column {
	return []column{{"r.id", &e.Report}, {"r.case_id", &e.Case}, {"c.state", &e.State}, {"r.policy", &e.Policy}, {"r.filed", &e.Filed},
		{"p.name", &e.Person}, {"r.reporter", reporter{&e.Reporter}}, {"coalesce(f.action, '')", &e.Outcome}}
}

func (t *tx) ReportsOn(ctx context.Context, p triage.Person, not triage.CaseID, lanes []triage.Lane, limit int) ([]triage.EarlierReport, error) {
	where, args := "p.account = $4", []any{not, ids(&lanes), limit, p.Account}
	if p.Account == "" {
		where = "(p.name_folded = $4 AND p.name <> '' OR p.identifier_folded = $5 AND p.identifier_folded <> '')"
		args = append(args[:3], fold(p.Name), fold(p.Identifier))
	}
	found, err := list(ctx, t, earlierColumns, `FROM report_people p JOIN reports r ON r.id = p.report JOIN cases c ON c.id = r.case_id
		LEFT JOIN (decision_findings f JOIN decisions d ON d.id = f.decision AND d.state = 'in force') ON f.person = p.id
		WHERE `+where+` AND r.case_id <> $1 AND c.lane = ANY($2) ORDER BY r.filed DESC, r.id, p.number LIMIT $3`, args...)
	for i := range found {
		found[i].Same = p.Account != ""
	}
	return found, err
}

func (t *tx) Viewed(ctx context.Context, subject string, by account.ID, kind string, now, since time.Time) (bool, error) {
	return scalar[bool](ctx, t, `INSERT INTO views (subject, account, kind, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject, account, kind) DO UPDATE SET before = views.at, at = greatest(views.at, excluded.at)
		RETURNING before IS NULL OR before < $5`, subject, by, kind, now, since)
}
