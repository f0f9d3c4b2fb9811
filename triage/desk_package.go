package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// RequestPackage asks for a law-enforcement package of named exhibits of a settled case. It waits for a second person.
func (d *Desk) RequestPackage(ctx context.Context, a Actor, n NewPackage) (p Package, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		c, err := loadCase(ctx, tx, a, PackageRequest, n.Case)
		if err != nil {
			return err
		}
		if !c.State.Settled() {
			return Errorf(Conflict, "Only a decided case can be disclosed; this one is “%s”.", strings.ToLower(c.State.Title()))
		}
		xs, err := tx.ExhibitsOf(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := n.Validate(xs); err != nil {
			return err
		}
		if p, err = d.askedAlready(ctx, tx, a, n); err != nil || p.ID != "" {
			return err
		}
		p = Package{ID: PackageID(NewID(prefixPackage)), Case: c.ID, Lane: c.Lane, Exhibits: n.Exhibits, Recipient: n.Recipient,
			Basis: n.Basis, Reference: n.Reference, Scope: n.Scope, Requester: a.Account, Requested: d.now(), State: PackageRequested}
		for _, x := range xs {
			if slices.Contains(n.Exhibits, x.ID) {
				p.Total += x.Size
			}
		}
		if err := tx.InsertPackage(ctx, p); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, p.Requested, a.Account, entry{custody.PackageRequested, c.ID, "package/" + string(p.ID), PackageFacts(p, c.Policy, nameOf(a))})
	})
	return p, err
}

// askedAlready finds the package that the same form asked for a moment ago, when its answer was lost and it was sent again.
func (d *Desk) askedAlready(ctx context.Context, tx Tx, a Actor, n NewPackage) (Package, error) {
	ps, err := tx.PackagesOf(ctx, n.Case)
	if err != nil {
		return Package{}, err
	}
	for _, p := range ps {
		same := p.Recipient == n.Recipient && p.Basis == n.Basis && p.Reference == n.Reference && p.Scope == n.Scope &&
			slices.Equal(p.Exhibits, n.Exhibits)
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

// mayLeave refuses what must not go on because its case was taken up again, or moved, since it was asked for.
func mayLeave(ctx context.Context, tx Tx, p Package) error {
	c, err := tx.Case(ctx, p.Case)
	if err == nil && !c.State.Settled() {
		return Errorf(Conflict, "The case was taken up again. Ask anew once it is decided; this package can only be refused.")
	}
	return err
}

// loadPackage fetches a package if the actor may do that with it; neither a party to its case nor anyone outside its lane
// may.
func loadPackage(ctx context.Context, tx Tx, a Actor, do Action, id PackageID) (Package, error) {
	p, err := tx.Package(ctx, id)
	if err != nil {
		return p, err
	}
	on := p.Target()
	if on.Parties, err = tx.Parties(ctx, p.Case); err != nil {
		return p, err
	}
	return p, Allow(a, do, on)
}

// AnswerPackage is the second person's approval or refusal. An approved package is built by a job.
func (d *Desk) AnswerPackage(ctx context.Context, a Actor, id PackageID, approve bool, words string) error {
	words = account.CleanText(words)
	if n := len([]rune(words)); !approve && n < 10 || n > MaxNote {
		return fieldError("words", "Say in 10 to %d characters why you refuse it.", MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		p, err := loadPackage(ctx, tx, a, PackageApprove, id)
		if err != nil {
			return err
		}
		if p.State != PackageRequested {
			return Errorf(Conflict, "This package was answered already: it is %s.", p.State)
		}
		if approve {
			if err := mayLeave(ctx, tx, p); err != nil {
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

// PackageView is a package as its page shows it.
type PackageView struct {
	Package  Package
	Exhibits []Exhibit
	Names    map[account.ID]string
}

// OpenPackage shows a package.
func (d *Desk) OpenPackage(ctx context.Context, a Actor, id PackageID) (v PackageView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		if v.Package, err = loadPackage(ctx, tx, a, PackageRead, id); err != nil {
			return err
		}
		xs, err := tx.ExhibitsOf(ctx, v.Package.Case)
		if err != nil {
			return err
		}
		v.Exhibits = slices.DeleteFunc(xs, func(x Exhibit) bool { return !slices.Contains(v.Package.Exhibits, x.ID) })
		v.Names, err = tx.Names(ctx, []account.ID{v.Package.Requester, v.Package.Approver})
		return err
	})
	return v, err
}

// ListPackages lists the packages of the lanes that the actor may know of, newest first.
func (d *Desk) ListPackages(ctx context.Context, a Actor, limit int) (ps []Package, err error) {
	if err := Allow(a, PackageRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ps, err = tx.Packages(ctx, Lanes(a, PackageRead), limit)
		return err
	})
	return ps, err
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
		if err := mayLeave(ctx, tx, p); errors.Is(err, ErrConflict) {
			done = true
			p.State, p.Why = PackageFailed, "The case was taken up again before the package was built."
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
