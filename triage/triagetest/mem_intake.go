package triagetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func (t *tx) InsertMeeting(_ context.Context, m triage.Meeting, roster []triage.Attendee) error {
	if err := t.write("InsertMeeting"); err != nil {
		return err
	}
	if _, ok := t.meetings[m.ID]; ok {
		return conflict()
	}
	roster = copyOf(roster)
	for i, a := range roster {
		if a.Account == "" && a.Device != [32]byte{} {
			t.guests[guestKey{m.ID, a.Device}] = triage.Guest{Device: a.Device, Name: a.Name}
		}
		roster[i].Device = [32]byte{}
	}
	t.meetings[m.ID] = meeting{copyOf(m), roster}
	return nil
}

func (t *tx) Guest(_ context.Context, m triage.MeetingID, device [32]byte) (triage.Guest, error) {
	return get(t.guests, guestKey{m, device})
}

func (t *tx) ReportByGuest(_ context.Context, device [32]byte, key string) (triage.Report, error) {
	for _, r := range t.reports {
		if r.Reporter == account.Guest && r.Guest.Device == device && r.Key == key {
			return copyOf(r), nil
		}
	}
	return triage.Report{}, missing()
}

func (t *tx) Meeting(_ context.Context, id triage.MeetingID) (triage.Meeting, []triage.Attendee, error) {
	m, ok := t.meetings[id]
	if !ok {
		return triage.Meeting{}, nil, missing()
	}
	return m.Meeting, copyOf(m.roster), nil
}

func (t *tx) MeetingsHostedBy(_ context.Context, host account.ID, limit int) ([]triage.Meeting, error) {
	plain := make(map[triage.MeetingID]triage.Meeting)
	for id, m := range t.meetings {
		plain[id] = m.Meeting
	}
	return find(plain, func(m triage.Meeting) bool { return m.Host == host },
		newest(func(m triage.Meeting) time.Time { return m.Started }, func(m triage.Meeting) triage.MeetingID { return m.ID }), limit), nil
}

func (t *tx) InsertUpload(_ context.Context, u triage.Upload) error {
	if err := t.write("InsertUpload"); err != nil {
		return err
	}
	return insert(t.uploads, u.ID, u)
}

func (t *tx) Upload(_ context.Context, id triage.UploadID) (triage.Upload, error) {
	return get(t.uploads, id)
}

func (t *tx) SaveUpload(_ context.Context, u triage.Upload) error {
	if err := t.write("SaveUpload"); err != nil {
		return err
	}
	old, err := guarded(t.uploads, u.ID, func(u triage.Upload) int { return u.Version }, u.Version)
	if err != nil {
		return err
	}
	u.Owner, u.Name, u.Size, u.SHA256, u.Created = old.Owner, old.Name, old.Size, old.SHA256, old.Created
	u.Version++
	t.uploads[u.ID] = copyOf(u)
	return nil
}

func uploadID(u triage.Upload) triage.UploadID { return u.ID }

func (t *tx) UploadsOf(_ context.Context, owner account.ID) ([]triage.Upload, error) {
	return find(t.uploads, func(u triage.Upload) bool {
		return u.Owner == owner && u.Exhibit == "" && u.State != triage.UploadCancelled
	}, newest(func(u triage.Upload) time.Time { return u.Created }, uploadID), 0), nil
}

func (t *tx) DeclaredSince(_ context.Context, owner account.ID, since time.Time) (sum int64, err error) {
	for _, u := range t.uploads {
		if u.Owner == owner && !u.Created.Before(since) && (u.State == triage.UploadOpen || u.State == triage.UploadSealed) {
			sum += u.Size
		}
	}
	return sum, nil
}

func (t *tx) StaleUploads(_ context.Context, before time.Time, limit int) ([]triage.Upload, error) {
	return find(t.uploads, func(u triage.Upload) bool { return u.State == triage.UploadOpen && u.Touched.Before(before) },
		oldest(func(u triage.Upload) time.Time { return u.Touched }, uploadID), limit), nil
}

func (t *tx) ForgottenUploads(_ context.Context, before time.Time, limit int) ([]triage.Upload, error) {
	return find(t.uploads, func(u triage.Upload) bool {
		return u.State == triage.UploadSealed && u.Exhibit == "" && u.Touched.Before(before)
	}, oldest(func(u triage.Upload) time.Time { return u.Touched }, uploadID), limit), nil
}

func (t *tx) LockBlob(_ context.Context, sum triage.SHA256) (triage.Blob, error) {
	if err := t.write("LockBlob"); err != nil {
		return triage.Blob{}, err
	}
	return get(t.blobs, sum)
}

func (t *tx) InsertBlob(_ context.Context, b triage.Blob) error {
	if err := t.write("InsertBlob"); err != nil {
		return err
	}
	return insert(t.blobs, b.SHA256, b)
}

func (t *tx) Blob(_ context.Context, sum triage.SHA256) (triage.Blob, error) {
	return get(t.blobs, sum)
}

func (t *tx) KeepChunks(_ context.Context, sum triage.SHA256, c triage.Chunks) error {
	if err := t.write("KeepChunks"); err != nil {
		return err
	}
	b, err := get(t.blobs, sum)
	if err == nil && b.Chunks != nil {
		err = conflict()
	}
	if err == nil {
		b.Chunks = c
		t.blobs[sum] = copyOf(b)
	}
	return err
}

func (t *tx) exhibited(sum triage.SHA256) bool {
	for _, x := range t.exhibits {
		if x.SHA256 == sum || x.Proof == sum {
			return true
		}
	}
	return false
}

func (t *tx) BlobInUse(_ context.Context, sum triage.SHA256) (bool, error) {
	for _, u := range t.uploads {
		if u.SHA256 == sum && u.State == triage.UploadSealed && u.Exhibit == "" {
			return true, nil
		}
	}
	return t.exhibited(sum), nil
}

func (t *tx) DeleteBlob(_ context.Context, sum triage.SHA256) error {
	if err := t.write("DeleteBlob"); err != nil {
		return err
	}
	b, err := get(t.blobs, sum)
	if err != nil {
		return err
	}
	if t.exhibited(sum) || b.RetainUntil.After(t.now()) {
		return fmt.Errorf("the blob %s is in use or locked", sum)
	}
	delete(t.blobs, sum)
	return nil
}

func (t *tx) ExtendBlob(_ context.Context, sum triage.SHA256, until time.Time) error {
	if err := t.write("ExtendBlob"); err != nil {
		return err
	}
	b, err := get(t.blobs, sum)
	if err == nil && until.After(b.RetainUntil) {
		b.RetainUntil = until
		t.blobs[sum] = copyOf(b)
	}
	return err
}

func (t *tx) InsertReport(ctx context.Context, r triage.Report) error {
	if err := t.write("InsertReport"); err != nil {
		return err
	}
	if r.Reporter == account.Guest {
		if _, err := t.ReportByGuest(ctx, r.Guest.Device, r.Key); err == nil {
			return conflict()
		}
	} else if _, err := t.ReportByKey(ctx, r.Reporter, r.Key); err == nil {
		return conflict()
	}
	return insert(t.reports, r.ID, r)
}

func (t *tx) Report(_ context.Context, id triage.ReportID) (triage.Report, error) {
	return get(t.reports, id)
}

func (t *tx) ReportByKey(_ context.Context, reporter account.ID, key string) (triage.Report, error) {
	for _, r := range t.reports {
		if r.Reporter == reporter && reporter != account.Guest && r.Key == key {
			return copyOf(r), nil
		}
	}
	return triage.Report{}, missing()
}

func (t *tx) SaveReport(_ context.Context, r triage.Report) error {
	if err := t.write("SaveReport"); err != nil {
		return err
	}
	old, err := guarded(t.reports, r.ID, func(r triage.Report) int { return r.Version }, r.Version)
	if err != nil {
		return err
	}
	kept := old.Additions
	for i, a := range r.Additions {
		if i < len(kept) {
			kept[i].Receipt = a.Receipt
		} else {
			kept = append(kept, a)
		}
	}
	old.Withdrawn, old.Receipt, old.Additions = r.Withdrawn, r.Receipt, kept
	old.Version++
	t.reports[r.ID] = copyOf(old)
	return nil
}

// fold is not strings.EqualFold: the database compares what strings.ToLower gives.
func fold(s string) string { return strings.ToLower(s) }

func filed(r triage.Report) time.Time          { return r.Filed }
func reportID(r triage.Report) triage.ReportID { return r.ID }
func exhibitNumber(a, b triage.Exhibit) int    { return cmp.Compare(a.Number, b.Number) }
func derivedKind(a, b triage.Derivative) int   { return cmp.Compare(a.Kind, b.Kind) }
func watchAt(a, b triage.Watch) int            { return a.At.Compare(b.At) }
func sameFold(a, b string) bool                { return a != "" && fold(a) == fold(b) }

func (t *tx) ReportsBy(_ context.Context, reporter account.ID, after triage.ReportCursor, limit int) ([]triage.Report, error) {
	order, last := newest(filed, reportID), triage.Report{ID: after.Report, Filed: after.Filed}
	return find(t.reports, func(r triage.Report) bool {
		return r.Reporter == reporter && reporter != account.Guest && (after == triage.ReportCursor{} || order(r, last) > 0)
	}, order, limit), nil
}

func (t *tx) ReportsOf(_ context.Context, c triage.CaseID) ([]triage.Report, error) {
	return t.reportsOf(c), nil
}

func (t *tx) reportsOf(c triage.CaseID) []triage.Report {
	return find(t.reports, func(r triage.Report) bool { return r.Case == c }, oldest(filed, reportID), 0)
}

func (t *tx) ReportsOn(_ context.Context, p triage.Person, not triage.CaseID, lanes []triage.Lane, limit int) ([]triage.EarlierReport, error) {
	var out []triage.EarlierReport
	for _, r := range find(t.reports, func(r triage.Report) bool { return r.Case != not }, newest(filed, reportID), 0) {
		c := t.cases[r.Case]
		if !slices.Contains(lanes, c.Lane) {
			continue
		}
		for _, q := range r.People {
			same := p.Account != "" && q.Account == p.Account
			alike := p.Account == "" && (sameFold(p.Name, q.Name) || sameFold(p.Identifier, q.Identifier))
			if (same || alike) && len(out) < limit {
				out = append(out, triage.EarlierReport{Report: r.ID, Case: r.Case, State: c.State, Policy: r.Policy, Filed: r.Filed,
					Person: q.Name, Same: same, Outcome: t.outcome(q.ID), Reporter: r.Reporter})
			}
		}
	}
	return out, nil
}

// outcome is what the decision in force says about a person, or "".
func (t *tx) outcome(p triage.PersonID) triage.ActionKind {
	for _, d := range t.decisions {
		for _, f := range d.Findings {
			if f.Person == p && d.State == triage.DecisionInForce {
				return f.Action
			}
		}
	}
	return ""
}

func (t *tx) InsertExhibit(_ context.Context, x triage.Exhibit) error {
	if err := t.write("InsertExhibit"); err != nil {
		return err
	}
	for _, y := range t.exhibits {
		if y.Case == x.Case && y.Number == x.Number {
			return conflict()
		}
	}
	return insert(t.exhibits, x.ID, x)
}

func (t *tx) Exhibit(_ context.Context, id triage.ExhibitID) (triage.Exhibit, error) {
	return get(t.exhibits, id)
}

func (t *tx) SaveExhibit(_ context.Context, x triage.Exhibit) error {
	if err := t.write("SaveExhibit"); err != nil {
		return err
	}
	old, err := guarded(t.exhibits, x.ID, func(x triage.Exhibit) int { return x.Version }, x.Version)
	if err != nil {
		return err
	}
	old.Container, old.Processing, old.Why, old.Probe, old.Trust = x.Container, x.Processing, x.Why, x.Probe, x.Trust
	old.Verdict = x.Verdict
	old.Version++
	t.exhibits[x.ID] = copyOf(old)
	return nil
}

func (t *tx) ExhibitsWith(_ context.Context, sum triage.SHA256, not triage.CaseID, q triage.KnownQuery) ([]triage.Exhibit, error) {
	return find(t.exhibits, func(x triage.Exhibit) bool { return x.SHA256 == sum && x.Case != not && t.decidedFor(x.Case, q) }, newestExhibit, q.Limit), nil
}

var newestExhibit = newest(func(x triage.Exhibit) time.Time { return x.Received }, func(x triage.Exhibit) triage.ExhibitID { return x.ID })

func (t *tx) decidedFor(c triage.CaseID, q triage.KnownQuery) bool {
	if !slices.Contains(q.Lanes, t.cases[c].Lane) || t.isParty(q.Without, c) {
		return false
	}
	for _, d := range t.decisions {
		if d.Case == c && d.State == triage.DecisionInForce {
			return true
		}
	}
	return false
}

func (t *tx) ExhibitsOf(_ context.Context, c triage.CaseID) ([]triage.Exhibit, error) {
	return t.exhibitsOf(c), nil
}

func (t *tx) exhibitsOf(c triage.CaseID) []triage.Exhibit {
	return find(t.exhibits, func(x triage.Exhibit) bool { return x.Case == c }, exhibitNumber, 0)
}

func (t *tx) PutDerivative(_ context.Context, d triage.Derivative) error {
	if err := t.write("PutDerivative"); err != nil {
		return err
	}
	t.derivatives[derivativeKey{d.Exhibit, d.Kind}] = copyOf(d)
	return nil
}

func (t *tx) Derivatives(_ context.Context, x triage.ExhibitID) ([]triage.Derivative, error) {
	return find(t.derivatives, func(d triage.Derivative) bool { return d.Exhibit == x }, derivedKind, 0), nil
}

func (t *tx) InsertWatch(_ context.Context, w triage.Watch) error {
	if err := t.write("InsertWatch"); err != nil {
		return err
	}
	t.watches = append(t.watches, copyOf(w))
	return nil
}

func (t *tx) Watches(_ context.Context, x triage.ExhibitID) ([]triage.Watch, error) {
	var out []triage.Watch
	for _, w := range t.watches {
		if w.Exhibit == x {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, watchAt)
	return out, nil
}

func (t *tx) Viewed(_ context.Context, subject string, by account.ID, kind string, now, since time.Time) (bool, error) {
	if err := t.write("Viewed"); err != nil {
		return false, err
	}
	k := viewKey{subject, by, kind}
	last, seen := t.views[k]
	if now = copyOf(now); now.After(last) {
		t.views[k] = now
	}
	return !seen || last.Before(since), nil
}
