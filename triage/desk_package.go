package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// RequestPackage asks for a law-enforcement package of named exhibits of a settled case. It waits for a second person. answer is what the actor's
// passkey signed (AskRequest).
func (d *Desk) RequestPackage(ctx context.Context, a Actor, n NewPackage, answer []byte) (p Package, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		c, there, err := d.draftPackage(ctx, tx, a, &n, &p)
		if err != nil || there {
			return err
		}
		if err := d.signedAs(ctx, tx, a, answer, "package", func(number string) passkey.Statement {
			p.ID = PackageID(number)
			return p.statementOf(custody.PackageRequested)
		}); err != nil {
			return err
		}
		if err := tx.InsertPackage(ctx, p); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, p.Requested, a.Account, entry{custody.PackageRequested, c.ID, "package/" + string(p.ID), PackageFacts(p, c.Policy, nameOf(a))})
	})
	return p, err
}

// draftPackage is the package that a form comes to, checked; there: it is one that the same form made already.
func (d *Desk) draftPackage(ctx context.Context, tx Tx, a Actor, n *NewPackage, p *Package) (c Case, there bool, err error) {
	if c, err = loadCase(ctx, tx, a, PackageRequest, n.Case); err != nil {
		return c, false, err
	}
	if !c.State.Settled() {
		return c, false, Errorf(Conflict, "Only a decided case can be disclosed; this one is “%s”.", strings.ToLower(c.State.Title()))
	}
	xs, err := tx.ExhibitsOf(ctx, c.ID)
	if err != nil {
		return c, false, err
	}
	if err := n.Validate(xs); err != nil {
		return c, false, err
	}
	dec, err := decisionInForce(ctx, tx, c.ID)
	if err != nil {
		return c, false, err
	}
	if *p, err = d.askedAlready(ctx, tx, a, *n, dec.ID); err != nil || p.ID != "" {
		return c, p.ID != "", err
	}
	*p = Package{ID: PackageID(NewID(prefixPackage)), Case: c.ID, Lane: c.Lane, Decision: dec.ID, Exhibits: n.Exhibits, Recipient: n.Recipient,
		Basis: n.Basis, Reference: n.Reference, Scope: n.Scope, Requester: a.Account, Requested: d.now(), State: PackageRequested}
	for _, x := range xs {
		if slices.Contains(n.Exhibits, x.ID) {
			p.Total += x.Size
		}
	}
	return c, false, nil
}

// askedAlready finds the package that the same form asked for a moment ago, when its answer was lost and it was sent again.
func (d *Desk) askedAlready(ctx context.Context, tx Tx, a Actor, n NewPackage, dec DecisionID) (Package, error) {
	ps, err := tx.PackagesOf(ctx, n.Case)
	if err != nil {
		return Package{}, err
	}
	for _, p := range ps {
		same := p.Recipient == n.Recipient && p.Basis == n.Basis && p.Reference == n.Reference && p.Scope == n.Scope &&
			slices.Equal(p.Exhibits, n.Exhibits) && p.Decision == dec
		if same && p.Requester == a.Account && p.State == PackageRequested && d.now().Before(p.Requested.Add(repeatTime)) {
			return p, nil
		}
	}
	return Package{}, nil
}

func joinIDs(ids []ExhibitID) string {
	ss := make([]string, len(ids))
	for i, id := range ids {
		ss[i] = string(id)
	}
	return strings.Join(ss, " ")
}

// mayLeave refuses what must not go on: a package leaves under the decision that it was asked for under, while that is in
// force and its case is not taken up again.
func mayLeave(ctx context.Context, tx Tx, p Package) error {
	c, err := tx.Case(ctx, p.Case)
	if err != nil {
		return err
	}
	if !c.State.Settled() {
		return Errorf(Conflict, "The case was taken up again, so this package does not leave. Ask anew once it is decided.")
	}
	dec, err := decisionInForce(ctx, tx, p.Case)
	if err == nil && dec.ID != p.Decision {
		return Errorf(Conflict, "The case was decided anew since this package was asked for, so it does not leave. Ask for one anew.")
	}
	return err
}

// decisionInForce is what holds in a case now; NotFound before anything was decided.
func decisionInForce(ctx context.Context, tx Tx, id CaseID) (Decision, error) {
	ds, err := tx.Decisions(ctx, id)
	if err != nil {
		return Decision{}, err
	}
	i := slices.IndexFunc(ds, func(dec Decision) bool { return dec.State == DecisionInForce })
	if i < 0 {
		return Decision{}, Errorf(NotFound, "Nothing is in force in this case yet.")
	}
	return ds[i], nil
}

// openPackage fetches a package and what Can is asked about it, if the actor may do that with it; neither a party to its
// case nor anyone outside its lane may.
func openPackage(ctx context.Context, tx Tx, a Actor, do Action, id PackageID) (Package, Target, error) {
	p, err := tx.Package(ctx, id)
	if err != nil {
		return p, Target{}, err
	}
	parties, err := tx.Parties(ctx, p.Case)
	if err != nil {
		return p, Target{}, err
	}
	on := p.target(parties)
	return p, on, Allow(a, do, on)
}

// loadPackage is openPackage for those who ask nothing more.
func loadPackage(ctx context.Context, tx Tx, a Actor, do Action, id PackageID) (Package, error) {
	p, _, err := openPackage(ctx, tx, a, do, id)
	return p, err
}

// AnswerPackage is the second person's approval or refusal. An approved package is built by a job. An approval needs answer, what their passkey
// signed (AskAnswerPackage).
func (d *Desk) AnswerPackage(ctx context.Context, a Actor, id PackageID, approve bool, words string, answer []byte) error {
	words = account.CleanText(words)
	if n := len([]rune(words)); !approve && n < 10 || n > MaxNote {
		return fieldError("words", "Say in 10 to %d characters why you refuse it.", MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return err
	}
	return d.updateSigned(ctx, func(tx Tx) error {
		p, err := packageToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if approve {
			if err := mayLeave(ctx, tx, p); err != nil {
				return err
			}
			if err := d.signed(ctx, tx, a, answer, p.statementOf(custody.PackageApproved)); err != nil {
				return err
			}
		}
		act, facts := custody.PackageApproved, custody.Detail{"words": words}
		p.State, p.Approver, p.Answered, p.Answer = PackageApproved, a.Account, d.now(), words
		if !approve {
			act, p.State = custody.PackageRefused, PackageRefused
		}
		if err := tx.SavePackage(ctx, p); err != nil {
			return err
		}
		if approve {
			if err := tx.Enqueue(ctx, BuildPackage{Package: id}); err != nil {
				return err
			}
			entries, err := boundEntries(ctx, tx, p)
			if err != nil {
				return err
			}
			facts = ApprovedFacts(words, nameOf(a), entries)
		}
		return d.recordAt(ctx, tx, p.Answered, a.Account, entry{act, p.Case, "package/" + string(id), facts})
	})
}

// boundEntries counts the entries of the log that a package will have to show of its reports and of the decisions.
func boundEntries(ctx context.Context, tx Tx, p Package) (n int, err error) {
	xs, err := tx.ExhibitsOf(ctx, p.Case)
	if err != nil {
		return 0, err
	}
	var reports []ReportID
	for _, x := range xs {
		if slices.Contains(p.Exhibits, x.ID) {
			reports = append(reports, x.Report)
		}
	}
	events, err := tx.EventsOf(ctx, p.Case)
	for _, e := range events {
		if Binds(e.Subject, reports) {
			n++
		}
	}
	return n, err
}

// RetryPackage builds an approved package again after building it failed.
func (d *Desk) RetryPackage(ctx context.Context, a Actor, id PackageID) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		p, err := loadPackage(ctx, tx, a, PackageDownload, id)
		if err != nil {
			return err
		}
		if p.State != PackageFailed {
			return Errorf(Conflict, "This package is %s; there is nothing to retry.", p.State)
		}
		if err := mayLeave(ctx, tx, p); err != nil {
			return err
		}
		p.State, p.Why, p.Done = PackageApproved, "", 0
		if err := tx.SavePackage(ctx, p); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, BuildPackage{Package: id}); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{Act: custody.PackageRetried, Case: p.Case, Subject: "package/" + string(id)})
	})
}

// PackageRow is a package as a list shows it.
type PackageRow struct {
	Package
	RequesterName string
	ApproverName  string
	CanApprove    bool // the actor may be its second person, or refuse it
}

// PackageView is a package as its page shows it.
type PackageView struct {
	PackageRow
	Exhibits    []Exhibit
	Events      []LoggedEvent // of its case's, those that are about it
	Held        string        // why it does not leave, or ""
	CanDownload bool
	CanRetry    bool
}

// OpenPackage shows a package.
func (d *Desk) OpenPackage(ctx context.Context, a Actor, id PackageID) (v PackageView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		p, on, err := openPackage(ctx, tx, a, PackageRead, id)
		if err != nil {
			return err
		}
		rows, err := packageRows(ctx, tx, a, []Package{p})
		if err != nil {
			return err
		}
		v = PackageView{PackageRow: rows[0]}
		var held *Error
		if err := mayLeave(ctx, tx, p); errors.As(err, &held) && held.Kind == Conflict {
			v.Held = held.Msg
		} else if err != nil {
			return err
		}
		takes := v.Held == "" && Can(a, PackageDownload, on)
		v.CanDownload, v.CanRetry = takes && p.State == PackageReady, takes && p.State == PackageFailed
		return v.fill(ctx, tx)
	})
	return v, err
}

func (v *PackageView) fill(ctx context.Context, tx Tx) error {
	xs, err := tx.ExhibitsOf(ctx, v.Case)
	if err != nil {
		return err
	}
	v.Exhibits = slices.DeleteFunc(xs, func(x Exhibit) bool { return !slices.Contains(v.Package.Exhibits, x.ID) })
	all, err := tx.EventsOf(ctx, v.Case)
	v.Events = slices.DeleteFunc(all, func(e LoggedEvent) bool {
		return e.Subject != "package/"+string(v.ID) && !strings.Contains(e.Detail["package"], string(v.ID))
	})
	return err
}

// packageRows adds to packages what a list shows of them. The actor is a party to none of their cases: that was asked
// before, or the query left them out.
func packageRows(ctx context.Context, tx Tx, a Actor, ps []Package) ([]PackageRow, error) {
	var ids []account.ID
	for _, p := range ps {
		ids = append(ids, p.Requester, p.Approver)
	}
	names, err := tx.Names(ctx, ids)
	rows := make([]PackageRow, len(ps))
	for i, p := range ps {
		rows[i] = PackageRow{p, names[p.Requester], names[p.Approver],
			p.State == PackageRequested && Can(a, PackageApprove, p.target(nil))}
	}
	return rows, err
}

// ListPackages lists the packages of the lanes that the actor may know of, newest first, but for cases to which they are
// a party.
func (d *Desk) ListPackages(ctx context.Context, a Actor, limit int) (rows []PackageRow, err error) {
	if err := Allow(a, PackageRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ps, err := tx.Packages(ctx, PackageQuery{Lanes: Lanes(a, PackageRead), Without: a.Account, Limit: limit})
		if err != nil {
			return err
		}
		rows, err = packageRows(ctx, tx, a, ps)
		return err
	})
	return rows, err
}

// packagesToApprove is the packages that wait for the actor as second person, at most WaitingLimit.
func packagesToApprove(ctx context.Context, tx Tx, a Actor) ([]PackageRow, error) {
	ps, err := tx.Packages(ctx, PackageQuery{Lanes: Lanes(a, PackageApprove), State: PackageRequested, Without: a.Account, Limit: WaitingLimit})
	if err != nil {
		return nil, err
	}
	rows, err := packageRows(ctx, tx, a, ps)
	return slices.DeleteFunc(rows, func(r PackageRow) bool { return !r.CanApprove }), err
}

// BeginBuilding marks a package as being built; done is true when there is nothing left to do.
func (d *Desk) BeginBuilding(ctx context.Context, id PackageID) (p Package, done bool, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if p, err = tx.Package(ctx, id); err != nil {
			return err
		}
		if done = p.State != PackageApproved && p.State != PackageBuilding; done {
			return nil
		}
		var held *Error
		if err := mayLeave(ctx, tx, p); errors.As(err, &held) && held.Kind == Conflict {
			done = true
			p.State, p.Why = PackageFailed, held.Msg
			if err := tx.SavePackage(ctx, p); err != nil {
				return err
			}
			return d.record(ctx, tx, account.System, entry{custody.PackageFailed, p.Case, "package/" + string(id), custody.Detail{"why": p.Why}})
		} else if err != nil {
			return err
		}
		p.State = PackageBuilding
		err = tx.SavePackage(ctx, p)
		p.Version++
		return err
	})
	return p, done, err
}

// FinishBuilding writes what became of the building of a package. It can be repeated.
func (d *Desk) FinishBuilding(ctx context.Context, id PackageID, key string, sum SHA256, size int64, failed string) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		p, err := tx.Package(ctx, id)
		if err != nil || p.State == PackageReady || p.State == PackageFailed {
			return err
		}
		act := custody.PackageBuilt
		p.State, p.Key, p.SHA256, p.Size, p.Built, p.Done, p.Why = PackageReady, key, sum, size, d.now(), p.Total, ""
		if failed != "" {
			act = custody.PackageFailed
			p.State, p.Why, p.Key, p.Done = PackageFailed, failed, "", 0
		}
		if err := tx.SavePackage(ctx, p); err != nil {
			return err
		}
		if failed == "" {
			for _, x := range p.Exhibits {
				if err := d.record(ctx, tx, p.Requester, entry{custody.ExhibitExported, p.Case, "exhibit/" + string(x),
					custody.Detail{"package": string(id)}}); err != nil {
					return err
				}
			}
		}
		return d.record(ctx, tx, account.System, entry{act, p.Case, "package/" + string(id), custody.Detail{
			"sha256": sum.String(), "size": fmt.Sprint(size), "why": failed}})
	})
}

// BuildProgress notes how many bytes of a package's exhibits are done.
func (d *Desk) BuildProgress(ctx context.Context, id PackageID, done, total int64) error {
	return d.Store.Update(ctx, func(tx Tx) error { return tx.Progress(ctx, id, done, total) })
}
