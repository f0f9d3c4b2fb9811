package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// demoLinkTime is how long the printed sign-in links can be used.
const demoLinkTime = 12 * time.Hour

// demoPerson is one person of the demonstration.
type demoPerson struct {
	email, name string
	roles       account.Roles
	printed     bool // gets a sign-in link at start
}

// demoHostEmail is the host of the demonstration's meetings.
const demoHostEmail = "hanna.host@northwind.example"

var demoPeople = []demoPerson{
	{demoHostEmail, "Hanna Holm", nil, true},
	{"rui.reviewer@proffer.example", "Rui Reis", account.Roles{account.Reviewer}, true},
	{"lena.lead@proffer.example", "Lena Lindqvist", account.Roles{account.Lead}, true},
	{"lior.liaison@proffer.example", "Lior Levi", account.Roles{account.Liaison}, true},
	{"robin.reviewer@proffer.example", "Robin Rossi", account.Roles{account.Reviewer, account.Investigator}, false},
	{"cleo.child-safety@proffer.example", "Cleo Castro", account.Roles{account.ChildSafety, account.Reviewer}, false},
	{"ada.auditor@proffer.example", "Ada Abara", account.Roles{account.Auditor}, false},
	{"ari.administrator@proffer.example", "Ari Aalto", account.Roles{account.Administrator}, false},
}

// demo is the demonstration: its people, and the sample reports of an empty database.
type demo struct {
	app    *application
	people []account.Account // in the order of demoPeople
}

// openDemo finds the demonstration's people, or makes them the first time.
func openDemo(ctx context.Context, a *application) (*demo, error) {
	d := &demo{app: a}
	if _, err := a.accountByEmail(ctx, demoHostEmail); errors.Is(err, triage.ErrNotFound) {
		if err := d.found(ctx); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	for _, p := range demoPeople {
		acc, err := a.accountByEmail(ctx, p.email)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.email, err)
		}
		if err := a.desk.OpenAccount(ctx, acc.ID); err != nil {
			return nil, err
		}
		d.people = append(d.people, acc)
	}
	return d, nil
}

// endDemo closes the accounts of an earlier demonstration on this database, with their sessions and links: anybody could
// have been them. openDemo opens them again.
func (s *services) endDemo(ctx context.Context) error {
	for _, p := range demoPeople {
		acc, err := s.accountByEmail(ctx, p.email)
		if errors.Is(err, triage.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if err := s.desk.CloseAccount(ctx, acc.ID); err != nil {
			return err
		}
	}
	return nil
}

// found makes the organisations and their people.
func (d *demo) found(ctx context.Context) error {
	desk := d.app.desk
	team, err := desk.AddOrganisation(ctx, "Proffer trust and safety", account.PlanEnterprise, true)
	if err != nil {
		return err
	}
	school, err := desk.AddOrganisation(ctx, "Northwind Evening School", account.PlanBusiness, true)
	if err != nil {
		return err
	}
	// The host comes last: that they are there says that everyone is.
	for i := len(demoPeople) - 1; i >= 0; i-- {
		p, org := demoPeople[i], team.ID
		if p.email == demoHostEmail {
			org = school.ID
		}
		if _, err := desk.AddAccount(ctx, account.System, p.name, p.email, org, p.roles); err != nil && !errors.Is(err, triage.ErrConflict) {
			return err
		}
	}
	return nil
}

// greet prints the sign-in links.
func (d *demo) greet(ctx context.Context, out io.Writer) {
	fmt.Fprint(out, "\nDemonstration mode. Report abuse as the host, decide as the reviewer, approve as the lead, disclose as the liaison:\n\n")
	for i, p := range demoPeople {
		if !p.printed {
			continue
		}
		link, err := d.app.desk.MintLink(ctx, d.people[i].ID, demoLinkTime)
		if err != nil {
			d.app.log.Error("a sign-in link could not be made", "person", p.name, "err", err)
			continue
		}
		fmt.Fprintf(out, "  %-44s %s\n", p.name+" ("+title(p.roles)+")", link)
	}
	if host, _, err := net.SplitHostPort(d.app.cfg.Addr); err == nil && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		fmt.Fprintf(out, "\nWARNING: %s can be reached from elsewhere, and whoever reaches a demonstration can be anyone in it.\n", d.app.cfg.Addr)
	}
	fmt.Fprintf(out, "\nEach link works once, for %d hours; inside, the person switcher goes from one to another.\n", int(demoLinkTime.Hours()))
}

func title(rs account.Roles) string {
	if len(rs) == 0 {
		return account.Role("").Title()
	}
	return rs[0].Title()
}

func (s *services) accountByEmail(ctx context.Context, email string) (acc account.Account, err error) {
	err = s.store.View(ctx, func(tx triage.Tx) error {
		acc, err = tx.AccountByEmail(ctx, email)
		return err
	})
	return acc, err
}
