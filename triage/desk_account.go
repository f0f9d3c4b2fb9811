package triage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// LinkTime is how long a sign-in link can be used, once.
const LinkTime = 20 * time.Minute

// maxLinks is how many sign-in links one account may ask for within LinkTime.
const maxLinks = 5

// demoPrefix starts the tokens of demonstration mode, which are of no use anywhere else.
const demoPrefix = "demo."

var errClosed = Errorf(Forbidden, "This account is closed. Ask an administrator for one of your own.")

// mintLink makes every sign-in link there is: a one-time token of 32 random bytes in base64url, of which only the SHA-256
// is kept. In demonstration mode, where anybody can read anybody's mail, its token works in that mode only.
func (d *Desk) mintLink(ctx context.Context, tx Tx, to account.ID, valid time.Duration) (address string, err error) {
	var b [32]byte
	rand.Read(b[:]) // never fails since Go 1.24
	token := base64.RawURLEncoding.EncodeToString(b[:])
	if d.Demo {
		token = demoPrefix + token
	}
	return d.URL + "/sign-in/" + token, tx.InsertLink(ctx, SHA256(sha256.Sum256([]byte(token))), to, d.now().Add(valid))
}

// MintLink makes a one-time sign-in link for an account and returns its address. Whoever holds it can sign in as that
// account: only the command line and demonstration mode print one.
func (d *Desk) MintLink(ctx context.Context, to account.ID, valid time.Duration) (address string, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		acc, err := tx.Account(ctx, to)
		if err != nil {
			return err
		}
		if acc.Closed {
			return errClosed
		}
		address, err = d.mintLink(ctx, tx, to, valid)
		return err
	})
	return address, err
}

// SignedOut records that somebody ended their session themselves.
func (d *Desk) SignedOut(ctx context.Context, a Actor) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		return d.record(ctx, tx, a.Account, entry{Act: custody.SessionEnded, Subject: "account/" + string(a.Account)})
	})
}

// CloseAccount leaves no way into an account: it is signed out everywhere, its sign-in links are used up, its tokens revoked, and no new ones
// let anybody in until it is opened again.
func (d *Desk) CloseAccount(ctx context.Context, id account.ID) error {
	return d.setClosed(ctx, id, true)
}

// OpenAccount lets the person of a closed account in again.
func (d *Desk) OpenAccount(ctx context.Context, id account.ID) error {
	return d.setClosed(ctx, id, false)
}

func (d *Desk) setClosed(ctx context.Context, id account.ID, closed bool) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		acc, err := tx.Account(ctx, id)
		if err != nil || acc.Closed == closed {
			return err
		}
		if err := errors.Join(tx.SetClosed(ctx, id, closed), tx.DeleteSessions(ctx, id), tx.DeleteLinks(ctx, id), tx.DeleteTokens(ctx, id)); err != nil {
			return err
		}
		return d.record(ctx, tx, account.System, entry{custody.RoleChanged, "", "account/" + string(id), custody.Detail{"closed": fmt.Sprint(closed)}})
	})
}

// RequestLink asks for a sign-in link by e-mail. Whether the address is known is looked up by the job that it leaves
// behind: what the request itself does, answers and takes is the same for every address.
func (d *Desk) RequestLink(ctx context.Context, email string) error {
	email, err := account.NormalizeEmail(email)
	if err != nil {
		return fieldError("email", "That does not look like an e-mail address. Check it, please.")
	}
	job := SendLink{Email: email, Message: NewID(prefixMessage)}
	return d.Store.Update(ctx, func(tx Tx) error { return tx.Enqueue(ctx, job) })
}

// SendLink does the job: it puts a message with a fresh link into the outbox, unless nobody has that address, or too
// many links were asked for already.
func (d *Desk) SendLink(ctx context.Context, j SendLink) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		acc, err := tx.AccountByEmail(ctx, j.Email)
		if errors.Is(err, ErrNotFound) || acc.Closed {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := tx.Message(ctx, j.Message); !errors.Is(err, ErrNotFound) {
			return err // it is there: the job is done for the second time
		}
		if n, err := tx.LinksSince(ctx, acc.ID, d.now().Add(-LinkTime)); err != nil || n >= maxLinks {
			return err
		}
		link, err := d.mintLink(ctx, tx, acc.ID, LinkTime)
		if err != nil {
			return err
		}
		return d.sendAs(ctx, tx, j.Message, acc, "", "Your sign-in link", fmt.Sprintf(
			"Open this link to sign in to Proffer. It works once, for %d minutes.\n\n%s\n\nIf you did not ask for it, ignore this message.\n",
			int(LinkTime.Minutes()), link))
	})
}

// SignIn uses a link up. It fails with NotFound for unknown, used and expired links, and with Forbidden, in words, for
// accounts that are banned or suspended.
func (d *Desk) SignIn(ctx context.Context, token string) (acc account.Account, err error) {
	if strings.HasPrefix(token, demoPrefix) && !d.Demo {
		return acc, Errorf(NotFound, "This link belongs to a demonstration, and this server is not in demonstration mode. Ask for a new link.")
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		id, err := tx.TakeLink(ctx, SHA256(sha256.Sum256([]byte(token))), d.now())
		if errors.Is(err, ErrNotFound) {
			return Errorf(NotFound, "This link was used already or is too old. Ask for a new one.")
		} else if err != nil {
			return err
		}
		if acc, err = d.admit(ctx, tx, id); err != nil {
			return err
		}
		return d.record(ctx, tx, acc.ID, entry{Act: custody.SessionStarted, Subject: "account/" + string(acc.ID)})
	})
	return acc, err
}

// SwitchTo signs in as another person without a link. Only demonstration mode calls it.
func (d *Desk) SwitchTo(ctx context.Context, id account.ID) (acc account.Account, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		if acc, err = d.admit(ctx, tx, id); err != nil {
			return err
		}
		return d.record(ctx, tx, acc.ID, entry{Act: custody.SessionStarted, Subject: "account/" + string(acc.ID)})
	})
	return acc, err
}

// ActorOf is the account behind a session, as it stands now: roles taken away and bans take effect with the next
// request.
func (d *Desk) ActorOf(ctx context.Context, id account.ID) (a Actor, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		acc, err := d.admit(ctx, tx, id)
		a = actorOf(acc)
		return err
	})
	return a, err
}

// actorOf is an account as an actor; a closed one is a stranger.
func actorOf(acc account.Account) Actor {
	if acc.Closed {
		return Actor{}
	}
	return Actor{Account: acc.ID, Org: acc.Org, Name: acc.Name, Roles: acc.Roles}
}

func (d *Desk) admit(ctx context.Context, tx Tx, id account.ID) (account.Account, error) {
	acc, err := tx.Account(ctx, id)
	if err != nil {
		return acc, err
	}
	if acc.Closed {
		return acc, errClosed
	}
	es, err := tx.EnforcementsOn(ctx, id)
	if err != nil {
		return acc, err
	}
	for _, e := range es {
		if e.Bars(d.now()) && e.Ends.IsZero() {
			return acc, Errorf(Forbidden, "This account is banned. The message that told you so says how to object.")
		} else if e.Bars(d.now()) {
			return acc, Errorf(Forbidden, "This account is suspended until %s UTC. The message that told you so says how to object.",
				e.Ends.Format("2 January 2006, 15:04"))
		}
	}
	return acc, nil
}

// Me is one's own account and organisation.
func (d *Desk) Me(ctx context.Context, a Actor) (acc account.Account, org account.Organisation, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return acc, org, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		if acc, err = tx.Account(ctx, a.Account); err != nil {
			return err
		}
		org, err = tx.Organisation(ctx, acc.Org)
		return err
	})
	return acc, org, err
}

// MySessions lists the browsers one is signed in with.
func (d *Desk) MySessions(ctx context.Context, a Actor) (ss []account.Session, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ss, err = tx.Sessions(ctx, a.Account)
		return err
	})
	return ss, err
}

// EndSession signs one of one's own browsers out.
func (d *Desk) EndSession(ctx context.Context, a Actor, id string) error {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteSession(ctx, a.Account, id); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{Act: custody.SessionRevoked, Subject: "account/" + string(a.Account)})
	})
}

// MyMail lists the messages to oneself, newest first.
func (d *Desk) MyMail(ctx context.Context, a Actor) (ms []Message, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ms, err = tx.MessagesTo(ctx, a.Account, 100)
		return err
	})
	return ms, err
}

// MyMeetings lists one's own latest meetings with who was there, for the report form.
func (d *Desk) MyMeetings(ctx context.Context, a Actor) (ms []Meeting, rosters map[MeetingID][]Attendee, err error) {
	if err := Allow(a, ReportCreate, Target{}); err != nil {
		return nil, nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		rosters = map[MeetingID][]Attendee{}
		if ms, err = tx.MeetingsHostedBy(ctx, a.Account, 20); err != nil {
			return err
		}
		for _, m := range ms {
			if _, rosters[m.ID], err = tx.Meeting(ctx, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return ms, rosters, err
}

// MyUploads lists one's own uploads that no report has taken yet.
func (d *Desk) MyUploads(ctx context.Context, a Actor) (us []Upload, err error) {
	if err := Allow(a, ReportCreate, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		us, err = tx.UploadsOf(ctx, a.Account)
		return err
	})
	return us, err
}

// People is what the administrator sees.
type People struct {
	Accounts      []account.Account
	Organisations []account.Organisation
	Undelivered   []Message // without their texts, and without which case they are about
	Setback       bool      // nothing is signed into the custody log any more: see Desk.Setback
	Stranded      int       // cases that wait and that nobody may go on with: everyone with the role is a party to them
}

// ListPeople shows the staff, the organisations and what could not be delivered.
func (d *Desk) ListPeople(ctx context.Context, a Actor) (p People, err error) {
	if err := Allow(a, PeopleRead, Target{}); err != nil {
		return p, err
	}
	failure, err := d.Setback(ctx)
	if err != nil {
		return p, err
	}
	p.Setback = failure != nil
	err = d.Store.View(ctx, func(tx Tx) error {
		if p.Accounts, err = tx.Accounts(ctx, false); err != nil {
			return err
		}
		if p.Organisations, err = tx.Organisations(ctx); err != nil {
			return err
		}
		if p.Undelivered, err = tx.Undelivered(ctx, Lanes(a, PeopleRead), 100); err != nil {
			return err
		}
		if p.Stranded, err = strandedForAll(ctx, tx, a); err != nil {
			return err
		}
		for i := range p.Undelivered {
			p.Undelivered[i].Body, p.Undelivered[i].Subject, p.Undelivered[i].Case = "", "", ""
		}
		return nil
	})
	return p, err
}

// AddAccount makes an account; the command line uses it. NewAccount.Email must be new.
func (d *Desk) AddAccount(ctx context.Context, by account.ID, name, email string, org account.OrgID, roles account.Roles) (account.Account, error) {
	email, err := account.NormalizeEmail(email)
	if err != nil {
		return account.Account{}, err
	}
	acc := account.Account{ID: account.ID(NewID(prefixAccount)), Org: org, Name: account.CleanName(name, MaxName), Email: email,
		Roles: roles, Created: d.now()}
	if acc.Name == "" {
		return acc, fieldError("name", "The person needs a name.")
	}
	if err := refuseKey("name", acc.Name); err != nil {
		return acc, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(ctx, acc); err != nil {
			return err
		}
		return d.record(ctx, tx, by, entry{custody.RoleChanged, "", "account/" + string(acc.ID), custody.Detail{"roles": fmt.Sprint(roles)}})
	})
	return acc, err
}

// AddOrganisation makes an organisation.
func (d *Desk) AddOrganisation(ctx context.Context, name string, plan account.Plan, comped bool) (account.Organisation, error) {
	o := account.Organisation{ID: account.OrgID(NewID(prefixOrg)), Name: account.CleanName(name, MaxTitle), Plan: plan, Comped: comped, Window: account.DefaultWindow,
		Created: d.now()}
	if o.Name == "" {
		return o, fieldError("name", "The organisation needs a name.")
	}
	if err := refuseKey("name", o.Name); err != nil {
		return o, err
	}
	return o, d.Store.Update(ctx, func(tx Tx) error { return tx.InsertOrganisation(ctx, o) })
}

// AddMeeting notes a meeting and who was there. The meeting core calls it; until then, demonstrations do.
func (d *Desk) AddMeeting(ctx context.Context, m Meeting, roster []Attendee) (Meeting, error) {
	m.ID, m.Title = MeetingID(NewID(prefixMeeting)), account.CleanName(m.Title, MaxTitle)
	if err := refuseKey("title", m.Title); err != nil {
		return m, err
	}
	return m, d.Store.Update(ctx, func(tx Tx) error { return tx.InsertMeeting(ctx, m, roster) })
}
