package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// staffTeam is the organisation that staff made by the command line belong to.
const staffTeam = triage.StaffOrg

// staffOptions are the flags of the staff commands.
type staffOptions struct {
	name, email, roles, org, plan, key, why string
	comped                                  bool
}

// staffCommand manages people and keys from the operator's shell. With embedded servers it needs the data folder to
// itself: stop the server first.
func staffCommand(ctx context.Context, args []string, out io.Writer) error {
	commands := map[string]func(context.Context, *services, staffOptions, io.Writer) error{
		"add": addStaff, "host": addHost, "link": printLink, "keys": printKeys, "rotate": rotateKey, "restored": logRestored, "recover": startAnew,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errUsage
	}
	var o staffOptions
	f := flag.NewFlagSet("staff", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.name, "name", "", "")
	f.StringVar(&o.email, "email", "", "")
	f.StringVar(&o.roles, "roles", "", "")
	f.StringVar(&o.org, "org", "", "")
	f.StringVar(&o.plan, "plan", string(account.PlanBusiness), "")
	f.StringVar(&o.key, "key", "", "")
	f.StringVar(&o.why, "why", "", "")
	f.BoolVar(&o.comped, "comped", false, "")
	if err := f.Parse(args[1:]); err != nil || f.NArg() > 0 {
		return errUsage
	}
	cfg, err := LoadConfig()
	if err != nil {
		return err
	}
	s, err := openServices(ctx, cfg, newLogger(cfg, os.Stderr))
	if err != nil {
		return err
	}
	defer s.Close()
	return commands[args[0]](ctx, s, o, out)
}

func addStaff(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	roles, err := account.ParseRoles(o.roles)
	if err != nil {
		return err
	}
	if len(roles) == 0 {
		return fmt.Errorf("name at least one role with --roles; the roles are %v", account.AllRoles)
	}
	return s.addPerson(ctx, o, staffTeam, account.PlanEnterprise, true, roles, out)
}

func addHost(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	plan := account.Plan(o.plan)
	if plan != account.PlanFree && plan != account.PlanBusiness && plan != account.PlanEnterprise {
		return fmt.Errorf("there is no plan %q; the plans are %v", o.plan, account.Plans)
	}
	if o.org == "" {
		return fmt.Errorf("name the host's organisation with --org")
	}
	return s.addPerson(ctx, o, o.org, plan, o.comped, nil, out)
}

func (s *services) addPerson(ctx context.Context, o staffOptions, org string, plan account.Plan, comped bool, roles account.Roles, out io.Writer) error {
	id, err := s.organisation(ctx, org, plan, comped)
	if err != nil {
		return err
	}
	acc, err := s.desk.AddAccount(ctx, account.System, o.name, o.email, id, roles)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is account %s.\n", acc.Name, acc.ID)
	return printLink(ctx, s, o, out)
}

// organisation finds an organisation by name, or makes it.
func (s *services) organisation(ctx context.Context, name string, plan account.Plan, comped bool) (account.OrgID, error) {
	var found account.OrgID
	err := s.store.View(ctx, func(tx triage.Tx) error {
		all, err := tx.Organisations(ctx)
		for _, o := range all {
			if o.Name == account.CleanName(name, triage.MaxTitle) {
				found = o.ID
			}
		}
		return err
	})
	if err != nil || found != "" {
		return found, err
	}
	o, err := s.desk.AddOrganisation(ctx, name, plan, comped)
	return o.ID, err
}

func printLink(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	email, err := account.NormalizeEmail(o.email)
	if err != nil {
		return err
	}
	acc, err := s.accountByEmail(ctx, email)
	if err != nil {
		return err
	}
	link, err := s.desk.MintLink(ctx, acc.ID, triage.LinkTime)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Sign-in link, once, for %d minutes:\n%s\n", int(triage.LinkTime.Minutes()), link)
	return nil
}

// startAnew removes somebody's passkeys, where there are not two administrators to ask for it.
func startAnew(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	email, err := account.NormalizeEmail(o.email)
	if err != nil {
		return err
	}
	acc, err := s.accountByEmail(ctx, email)
	if err != nil {
		return err
	}
	link, err := s.desk.StartAnew(ctx, acc.ID, o.why)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The passkeys of %s are gone; it is in the custody log. Sign-in link, once, for %d minutes, to make a new one:\n%s\n", acc.Name, int(triage.LinkTime.Minutes()), link)
	return nil
}

func printKeys(_ context.Context, s *services, _ staffOptions, out io.Writer) error {
	_, err := out.Write(s.ring.PublicKeys())
	return err
}

func rotateKey(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	if o.key == string(custody.SeedNotary) {
		return rotateNotary(ctx, s, out)
	}
	role := custody.Role(o.key)
	if role != custody.RoleReceipt && role != custody.RoleLog && role != custody.RolePackage {
		return errUsage
	}
	key, err := s.ring.Rotate(role, time.Now())
	if err != nil {
		return err
	}
	if err := s.desk.KeyRotated(ctx, string(role)); err != nil {
		return err
	}
	fmt.Fprintf(out, "The %s key was replaced. Hand out PLATFORM.pub anew; it holds the old public key too.\n%v\n", role, key)
	return nil
}

// rotateNotary makes the notary's next secret. The older ones stay: they check what they stamped.
func rotateNotary(ctx context.Context, s *services, out io.Writer) error {
	file, err := s.ring.RotateSeed(custody.SeedNotary)
	if err != nil {
		return err
	}
	if err := s.desk.KeyRotated(ctx, string(custody.SeedNotary)); err != nil {
		return err
	}
	fmt.Fprintf(out, "The notary’s next secret is in %s. Copy it to the key folders of all servers, then start them again; keep the older files.\n", file)
	return nil
}

// logRestored says in the log that an older database was put back, so that the log goes on from there.
func logRestored(ctx context.Context, s *services, o staffOptions, out io.Writer) error {
	aside, err := s.desk.LogRestored(ctx, o.why)
	if aside != "" {
		fmt.Fprintf(out, "The checkpoint kept so far was set aside as %s in the key folder. Leave it there: auditors read it.\n", aside)
	}
	if err != nil {
		return err
	}
	kept, err := s.desk.Witness.Kept()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The restore is recorded. The custody log goes on with %d entries; its newest checkpoint is kept.\n", kept.Tree.N)
	return nil
}
