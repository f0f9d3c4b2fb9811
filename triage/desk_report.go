package triage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// FileReport files a report. Every clip is under its full object lock, and on disk, before the receipt exists. The same
// form sent twice (the same key) files one report and gets the same answer; another form under its key is refused.
func (d *Desk) FileReport(ctx context.Context, a Actor, n NewReport) (Report, error) {
	if err := Allow(a, ReportCreate, Target{}); err != nil {
		return Report{}, err
	}
	return d.file(ctx, a, n)
}

func (d *Desk) file(ctx context.Context, a Actor, n NewReport) (Report, error) {
	if err := n.Validate(d.now()); err != nil {
		return Report{}, err
	}
	if r, err := d.filedAlready(ctx, a, n); !errors.Is(err, ErrNotFound) {
		return r, err
	}
	filed, err := d.fileOnce(ctx, a, n)
	if err != nil { // the same form, sent twice at once: the other one may have won, and taken the clips
		if r, again := d.filedAlready(ctx, a, n); again == nil || errors.Is(again, ErrInvalid) {
			return r, again
		}
	}
	return filed, err
}

func (d *Desk) fileOnce(ctx context.Context, a Actor, n NewReport) (filed Report, err error) {
	if err := d.retainUploads(ctx, a, n.files()); err != nil {
		return Report{}, err
	}
	err = d.updateAgain(ctx, func(tx Tx) (err error) { // a case that it joins may be written to meanwhile
		filed, err = d.insertReport(ctx, tx, a, n)
		return err
	})
	return filed, err
}

// filedAlready finds the report that this very form filed, when its answer was lost and it was sent again. What another
// form says under the same key (somebody went back in the browser and wrote something else) must not be lost: it is refused
// in words, and filed once it comes with a key of its own.
func (d *Desk) filedAlready(ctx context.Context, a Actor, n NewReport) (r Report, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err = reportByKey(ctx, tx, a, n.Key)
		return err
	})
	if err == nil && r.Form != n.digest() {
		return Report{}, fieldError("key", "This form was sent before, with other contents: that is your report %s. What you wrote now is not filed yet. Send it again to file it as a report of its own.", r.ID)
	}
	return r, err
}

// retainUploads extends the object lock of every clip to the full time. It can be repeated: a lock only moves later.
func (d *Desk) retainUploads(ctx context.Context, a Actor, ids []UploadID) error {
	var blobs []Blob
	err := d.Store.View(ctx, func(tx Tx) error {
		blobs = blobs[:0]
		for _, id := range ids {
			u, err := sealedUpload(ctx, tx, a, id)
			if err != nil {
				return err
			}
			blobs = append(blobs, Blob{SHA256: u.SHA256, Size: u.Size})
		}
		return nil
	})
	if err != nil {
		return err
	}
	until := d.now().Add(d.Lock)
	for _, b := range blobs {
		if err := d.Objects.Retain(ctx, b, until); err != nil {
			return err
		}
	}
	return d.Objects.Sync(ctx)
}

// sealedUpload fetches an upload that the actor may attach: their own, complete, and not taken by another report.
func sealedUpload(ctx context.Context, tx Tx, a Actor, id UploadID) (Upload, error) {
	u, err := tx.Upload(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && u.Owner != a.Account:
		return u, fieldError("clips", "One of the clips is not there any more. Take it out and add it again.")
	case err != nil:
		return u, err
	case u.State != UploadSealed:
		return u, fieldError("clips", "“%s” has not arrived completely yet. Wait for it, or take it out.", u.Name)
	case u.Exhibit != "":
		return u, fieldError("clips", "“%s” was already sent with another report. Upload it again to use it here.", u.Name)
	}
	return u, nil
}

func fieldError(field, format string, args ...any) error {
	var fe FieldErrors
	fe.Add(field, format, args...)
	return fe
}

func (d *Desk) insertReport(ctx context.Context, tx Tx, a Actor, n NewReport) (Report, error) {
	now := d.now()
	policy, _ := PolicyByID(n.Policy)
	r := Report{ID: ReportID(NewID(prefixReport)), Reporter: a.Account, Guest: a.Guest, Org: a.Org, Key: n.Key, Form: n.digest(), Meeting: n.Meeting,
		MeetingName: n.MeetingName, Occurred: n.Occurred.UTC().Truncate(time.Microsecond), Policy: n.Policy, Words: n.Words, Simulated: n.Simulated, Filed: now}
	if err := d.resolve(ctx, tx, a, n, &r); err != nil {
		return Report{}, err
	}
	c := Case{ID: CaseID(NewID(prefixCase)), Lane: policy.Lane, Policy: policy.ID, State: StateReceived,
		Opened: now, Due: now.Add(policy.LookWithin), Simulated: n.Simulated}
	if len(n.Uploads) == 0 {
		c.State = StateQueued // nothing to prepare
	}
	joined, err := joinable(ctx, tx, r, &c, len(n.Uploads))
	if err != nil {
		return Report{}, err
	}
	if joined.ID != "" {
		c = joined.with(c)
	}
	r.Case = c.ID
	receipt, exhibits, err := d.planExhibits(ctx, tx, a, r.ID, c.ID, n.Uploads, joined.exhibits)
	if err == nil {
		err = planProofs(ctx, tx, a, &receipt, exhibits, n.Proofs)
	}
	if err != nil {
		return Report{}, err
	}
	for _, x := range exhibits {
		r.Exhibits = append(r.Exhibits, x.ID)
	}
	if err := d.putCase(ctx, tx, joined.ID != "", &c, r); err != nil {
		return Report{}, err
	}
	if r.Receipt, err = d.Signer.SignReceipt(receipt); err != nil {
		return Report{}, err
	}
	if err := tx.InsertReport(ctx, r); err != nil {
		return Report{}, err
	}
	if err := d.recordFiled(ctx, tx, a, r, c, joined.ID != ""); err != nil {
		return Report{}, err
	}
	if err := d.takeProofs(ctx, tx, exhibits, n.Proofs); err != nil {
		return Report{}, err
	}
	return r, d.takeExhibits(ctx, tx, a, exhibits, n.Uploads)
}

// putCase stores the case that a report opens, or joins, with what its reports make of it together.
func (d *Desk) putCase(ctx context.Context, tx Tx, joins bool, c *Case, r Report) error {
	if !joins {
		if err := d.rate(ctx, tx, c, []Report{r}); err != nil {
			return err
		}
		return tx.InsertCase(ctx, *c)
	}
	rs, err := tx.ReportsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := d.rate(ctx, tx, c, append(rs, r)); err != nil {
		return err
	}
	return tx.SaveCase(ctx, *c)
}

func (d *Desk) recordFiled(ctx context.Context, tx Tx, a Actor, r Report, c Case, joined bool) error {
	facts := ReportFacts(r)
	facts["receipt_sha256"] = sumHex(r.Receipt)
	if a.Account == account.Guest {
		facts["guest_name"], facts["guest_device"] = a.Guest.Name, hex.EncodeToString(a.Guest.Device[:])
	}
	if err := d.recordAt(ctx, tx, r.Filed, a.Account, entry{custody.ReportSubmitted, c.ID, "report/" + string(r.ID), facts}); err != nil {
		return err
	}
	if err := d.recordCaseOf(ctx, tx, r, c, joined); err != nil {
		return err
	}
	if a.Account == account.Guest {
		return nil // nobody to write to
	}
	reporter, err := tx.Account(ctx, a.Account)
	if err != nil {
		return err
	}
	return d.send(ctx, tx, reporter, c.ID, "We have your report "+string(r.ID), fmt.Sprintf(
		"Thank you. Your report %s has arrived and is sealed.\n\nFollow it, add to it and keep its receipt here:\n%s/reports/%s\n",
		r.ID, d.URL, r.ID))
}

// resolve fills in what only the server knows: the meeting's facts and the accounts of reported people.
func (d *Desk) resolve(ctx context.Context, tx Tx, a Actor, n NewReport, r *Report) error {
	roster := map[account.ID]bool{}
	if n.Meeting != "" {
		m, attendees, err := tx.Meeting(ctx, n.Meeting)
		if errors.Is(err, ErrNotFound) || err == nil && !wasThere(a, m, attendees) {
			return fieldError("meeting", "You were not in that meeting. Choose another, or write its title.")
		} else if err != nil {
			return err
		}
		r.MeetingName, r.MeetingMode = m.Title, m.Mode
		for _, at := range attendees {
			roster[at.Account] = true
		}
	}
	for _, p := range n.People {
		p.ID = PersonID(NewID(prefixPerson))
		if p.Account != "" && !roster[p.Account] {
			return fieldError("people", "Choose reported people from the meeting's list, or write their names.")
		}
		if p.Account == "" && strings.Contains(p.Identifier, "@") {
			if known, err := tx.AccountByEmail(ctx, strings.ToLower(p.Identifier)); err == nil {
				p.Account = known.ID
			} else if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if p.Account == a.Account {
			return fieldError("people", "You named yourself. Report the person who caused the harm.")
		}
		if p.Name == "" {
			p.Name = p.Identifier
		}
		r.People = append(r.People, p)
	}
	return nil
}

// wasThere tells whether somebody hosted a meeting or was in it, by the server's records.
func wasThere(a Actor, m Meeting, attendees []Attendee) bool {
	if a.Account == account.Guest {
		return m.ID == a.Meeting
	}
	return m.Host == a.Account || slices.ContainsFunc(attendees, func(at Attendee) bool { return at.Account == a.Account })
}

// planExhibits makes the exhibits of the uploads and the receipt that names them; nothing is written yet.
func (d *Desk) planExhibits(ctx context.Context, tx Tx, a Actor, r ReportID, c CaseID, ids []UploadID, after int) (
	custody.Receipt, []Exhibit, error) {
	receipt := custody.Receipt{Report: string(r), Time: d.now()}
	var xs []Exhibit
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return receipt, nil, fieldError("clips", "A clip is attached twice. Take one out.")
		}
		u, err := sealedUpload(ctx, tx, a, id)
		if err != nil {
			return receipt, nil, err
		}
		xs = append(xs, Exhibit{ID: ExhibitID(NewID(prefixExhibit)), Report: r, Case: c, Number: after + i + 1,
			Name: u.Name, SHA256: u.SHA256, Size: u.Size, Received: d.now(), Processing: ProcessingWaiting,
			Trust: TrustUnverified})
		receipt.Clips = append(receipt.Clips, custody.Clip{SHA256: [32]byte(u.SHA256), Size: u.Size})
	}
	return receipt, xs, nil
}

// takeExhibits writes the exhibits, marks their uploads as taken, and asks for their preparation.
func (d *Desk) takeExhibits(ctx context.Context, tx Tx, a Actor, xs []Exhibit, ids []UploadID) error {
	for i, x := range xs {
		if err := tx.InsertExhibit(ctx, x); err != nil {
			return err
		}
		u, err := tx.Upload(ctx, ids[i])
		if err != nil {
			return err
		}
		if u.Exhibit != "" { // since it was planned
			return Errorf(Conflict, "“%s” was just sent with another report. Upload it again to use it here.", u.Name)
		}
		u.Exhibit, u.Touched = x.ID, d.now()
		if err := tx.SaveUpload(ctx, u); err != nil {
			return err
		}
		if err := tx.ExtendBlob(ctx, x.SHA256, d.now().Add(d.Lock)); err != nil {
			return err
		}
		sealed := SealedFacts(x)
		if b, err := tx.Blob(ctx, x.SHA256); err != nil {
			return err
		} else if b.Chunks != nil {
			sealed[DetailChunks] = b.Chunks.Sum(b.Size).String()
		}
		if err := d.recordAt(ctx, tx, x.Received, a.Account, entry{custody.ExhibitSealed, x.Case, "exhibit/" + string(x.ID), sealed}); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, PrepareExhibit{Exhibit: x.ID}); err != nil {
			return err
		}
	}
	return nil
}

// ReportView is a report as its reporter sees it: no case number, no reviewer, no lane.
type ReportView struct {
	Report   Report
	State    State
	Exhibits []Exhibit
	Outcome  []Finding // of the decision in force, without its reasons
	Reached  []Reached // in order, up to where it stands; in MyReport only
	Open     bool      // may still be added to or withdrawn

	inForce time.Time // since when the decision is
}

// MyReport shows one's own report.
func (d *Desk) MyReport(ctx context.Context, a Actor, id ReportID) (v ReportView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err := tx.Report(ctx, id)
		if err != nil {
			return err
		}
		if err := Allow(a, ReportRead, Target{Owner: r.Reporter}); err != nil {
			return err
		}
		if v, err = reportView(ctx, tx, r); err != nil {
			return err
		}
		v.Reached, err = whenReached(ctx, tx, v)
		return err
	})
	return v, err
}

// MyReports lists one's own reports, newest first, from the one after a cursor on.
func (d *Desk) MyReports(ctx context.Context, a Actor, after ReportCursor, limit int) (vs []ReportView, err error) {
	if err := Allow(a, ReportRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		rs, err := tx.ReportsBy(ctx, a.Account, after, limit)
		if err != nil {
			return err
		}
		vs = vs[:0]
		for _, r := range rs {
			v, err := reportView(ctx, tx, r)
			if err != nil {
				return err
			}
			vs = append(vs, v)
		}
		return nil
	})
	return vs, err
}

func reportView(ctx context.Context, tx Tx, r Report) (ReportView, error) {
	c, err := tx.Case(ctx, r.Case)
	if err != nil {
		return ReportView{}, err
	}
	decided, err := everDecided(ctx, tx, c)
	if err != nil {
		return ReportView{}, err
	}
	v := ReportView{Report: r, State: c.State, Open: r.Withdrawn.IsZero() && !decided}
	xs, err := tx.ExhibitsOf(ctx, r.Case)
	if err != nil {
		return v, err
	}
	for _, x := range xs {
		if x.Report == r.ID {
			v.Exhibits = append(v.Exhibits, x)
		}
	}
	ds, err := tx.Decisions(ctx, r.Case)
	if err != nil {
		return v, err
	}
	for _, dec := range ds {
		if dec.State == DecisionInForce {
			v.inForce = later(dec.Answered, dec.Decided)
			for _, f := range dec.Findings {
				if !slices.ContainsFunc(r.People, func(p Person) bool { return p.ID == f.Person }) {
					continue // somebody whom another report of the case names
				}
				f.Reasons = ""
				v.Outcome = append(v.Outcome, f)
			}
		}
	}
	return v, nil
}
