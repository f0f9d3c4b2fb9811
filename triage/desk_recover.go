package triage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// RecoveryTime is how long two administrators have to answer a recovery.
const RecoveryTime = 7 * 24 * time.Hour

// recoveriesShown is how many recoveries the administrator's page shows.
const recoveriesShown = 50

// recoveryContext starts what is signed of a recovery.
const recoveryContext = "proffer signed recovery v1"

// RecoveryView is a recovery with names, and what the actor may do about it.
type RecoveryView struct {
	account.Recovery
	Name, FirstName, SecondName, RefuserName string
	State                                    string // in words
	CanAnswer                                bool
}

// AskRecovery asks two administrators for a new start: all passkeys are lost. A person without any needs none.
func (d *Desk) AskRecovery(ctx context.Context, a Actor, words string) (r account.Recovery, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return r, err
	}
	words = account.CleanText(words)
	if n := len([]rune(words)); n < 10 || n > MaxNote {
		return r, fieldError("words", "Say in 10 to %d characters what happened, and how an administrator can reach you to check that it is you.", MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return r, err
	}
	r = account.Recovery{ID: NewID(prefixRecovery), Account: a.Account, Words: words, Asked: d.now(), Expires: d.now().Add(RecoveryTime)}
	err = d.Store.Update(ctx, func(tx Tx) error {
		acc, err := tx.Account(ctx, a.Account)
		if err != nil {
			return err
		}
		keys, err := tx.Passkeys(ctx, a.Account)
		if err != nil {
			return err
		}
		if !acc.Staff() || len(keys) == 0 {
			return Errorf(Conflict, "You can make a passkey without anybody's help: there is nothing to recover.")
		}
		if open, err := openRecovery(ctx, tx, a.Account, d.now()); err != nil || open.ID != "" {
			return cmpErr(err, Errorf(Conflict, "You asked already. Two administrators have to agree; tell them, if it takes long."))
		}
		if err := tx.InsertRecovery(ctx, r); err != nil {
			return err
		}
		if err := d.record(ctx, tx, a.Account, entry{custody.RecoveryAsked, "", "account/" + string(a.Account), custody.Detail{"recovery": r.ID, "words": words}}); err != nil {
			return err
		}
		return d.tellAdministrators(ctx, tx, acc, r)
	})
	return r, err
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// openRecovery is the one of an account that waits, or the zero one.
func openRecovery(ctx context.Context, tx Tx, of account.ID, now time.Time) (account.Recovery, error) {
	rs, err := tx.Recoveries(ctx, of, recoveriesShown)
	if i := slices.IndexFunc(rs, func(r account.Recovery) bool { return r.Open(now) }); i >= 0 {
		return rs[i], err
	}
	return account.Recovery{}, err
}

func (d *Desk) tellAdministrators(ctx context.Context, tx Tx, of account.Account, r account.Recovery) error {
	return d.tellStaff(ctx, tx, RecoveryAnswer, Target{Owner: of.ID}, "", "Somebody lost their passkeys", fmt.Sprintf("%s says that all their passkeys are lost. Make sure that it is them, by a way that you know, "+
		"before you agree; two administrators have to:\n\n%s/people/recoveries/%s\n\nIf you do not know of it, refuse it.\n", of.Name, d.URL, r.ID))
}

// MyRecovery is one's own recovery that waits, or the zero one.
func (d *Desk) MyRecovery(ctx context.Context, a Actor) (r account.Recovery, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return r, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err = openRecovery(ctx, tx, a.Account, d.now())
		return err
	})
	return r, err
}

// ListRecoveries lists recoveries, newest first.
func (d *Desk) ListRecoveries(ctx context.Context, a Actor) (vs []RecoveryView, err error) {
	if err := Allow(a, PeopleRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		rs, err := tx.Recoveries(ctx, "", recoveriesShown)
		if err != nil {
			return err
		}
		vs, err = d.viewRecoveries(ctx, tx, a, rs)
		return err
	})
	return vs, err
}

// OpenRecovery shows one.
func (d *Desk) OpenRecovery(ctx context.Context, a Actor, id string) (v RecoveryView, err error) {
	if err := Allow(a, PeopleRead, Target{}); err != nil {
		return v, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		r, err := tx.Recovery(ctx, id)
		if err != nil {
			return err
		}
		vs, err := d.viewRecoveries(ctx, tx, a, []account.Recovery{r})
		v = vs[0]
		return err
	})
	return v, err
}

func (d *Desk) viewRecoveries(ctx context.Context, tx Tx, a Actor, rs []account.Recovery) ([]RecoveryView, error) {
	var ids []account.ID
	for _, r := range rs {
		ids = append(ids, r.Account, r.First, r.Second, r.Refuser)
	}
	names, err := tx.Names(ctx, ids)
	vs := make([]RecoveryView, len(rs))
	for i, r := range rs {
		vs[i] = RecoveryView{Recovery: r, Name: names[r.Account], FirstName: names[r.First], SecondName: names[r.Second], RefuserName: names[r.Refuser],
			CanAnswer: r.Open(d.now()) && Can(a, RecoveryAnswer, Target{Owner: r.Account, Proposer: r.First})}
		switch {
		case r.Second != "":
			vs[i].State = "Granted"
		case r.Refuser != "":
			vs[i].State = "Refused"
		case !r.Open(d.now()):
			vs[i].State = "Void: too old"
		case r.First != "":
			vs[i].State = "Waits for a second administrator"
		default:
			vs[i].State = "Waits for two administrators"
		}
	}
	return vs, err
}

// recoveryToAnswer is a recovery that the actor may answer.
func (d *Desk) recoveryToAnswer(ctx context.Context, tx Tx, a Actor, id string) (account.Recovery, error) {
	if err := Allow(a, RecoveryAnswer, Target{}); err != nil {
		return account.Recovery{}, err
	}
	r, err := tx.Recovery(ctx, id)
	if err != nil {
		return r, err
	}
	if err := Allow(a, RecoveryAnswer, Target{Owner: r.Account, Proposer: r.First}); err != nil {
		return r, err
	}
	if !r.Open(d.now()) {
		return r, Errorf(Conflict, "This was answered already, or it is too old.")
	}
	return r, nil
}

func recoveryStatement(r account.Recovery) passkey.Statement {
	return passkey.Statement{Act: string(custody.RecoveryAgreed), Subject: "recovery/" + r.ID, Digest: digestOf(recoveryContext, r.ID, r.Account, factTime(r.Asked), r.Words)}
}

// AskAnswerRecovery asks for an administrator's passkey.
func (d *Desk) AskAnswerRecovery(ctx context.Context, a Actor, id string) (asked *Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		r, err := d.recoveryToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		asked, err = d.ask(ctx, tx, a, recoveryStatement(r))
		return err
	})
	return asked, err
}

// AgreeToRecovery is one administrator's agreement, signed. The second one's grants it: the person's passkeys and sessions are gone, and a one-time link
// with which they make a new passkey goes to their address. granted says whether it came to that.
func (d *Desk) AgreeToRecovery(ctx context.Context, a Actor, id string, answer []byte) (granted bool, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		r, err := d.recoveryToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := d.signed(ctx, tx, a, answer, recoveryStatement(r)); err != nil {
			return err
		}
		if granted = r.First != ""; granted {
			r.Second, r.Granted = a.Account, d.now()
		} else {
			r.First, r.FirstAt = a.Account, d.now()
		}
		if err := tx.SaveRecovery(ctx, r); err != nil {
			return err
		}
		if err := d.record(ctx, tx, a.Account, entry{custody.RecoveryAgreed, "", "account/" + string(r.Account), custody.Detail{"recovery": r.ID}}); err != nil {
			return err
		}
		if !granted {
			return nil
		}
		return d.startAnew(ctx, tx, r)
	})
	return granted, err
}

func (d *Desk) startAnew(ctx context.Context, tx Tx, r account.Recovery) error {
	if err := d.dropPasskeys(ctx, tx, account.System, r.Account); err != nil {
		return err
	}
	acc, err := tx.Account(ctx, r.Account)
	if err != nil {
		return err
	}
	link, err := d.mintLink(ctx, tx, acc.ID, LinkTime)
	if err != nil {
		return err
	}
	return d.send(ctx, tx, acc, "", "Make a new passkey", fmt.Sprintf("Two administrators agreed that you may start anew. Your old passkeys sign nothing any more. Open this link within %d minutes, "+
		"and make a new passkey at once:\n\n%s\n\nIf you did not ask for this, tell an administrator now.\n", int(LinkTime.Minutes()), link))
}

// dropPasskeys removes all passkeys of an account, with its sessions and links.
func (d *Desk) dropPasskeys(ctx context.Context, tx Tx, by, of account.ID) error {
	keys, err := tx.Passkeys(ctx, of)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := tx.DeletePasskey(ctx, of, k.ID); err != nil {
			return err
		}
		if err := d.record(ctx, tx, by, entry{custody.PasskeyRemoved, "", "account/" + string(of), custody.Detail{"passkey": k.ID}}); err != nil {
			return err
		}
	}
	if err := tx.DeleteSessions(ctx, of); err != nil {
		return err
	}
	return tx.DeleteLinks(ctx, of)
}

// RefuseRecovery is one administrator's refusal, which is enough.
func (d *Desk) RefuseRecovery(ctx context.Context, a Actor, id, words string) error {
	words = account.CleanText(words)
	if n := len([]rune(words)); n < 10 || n > MaxNote {
		return fieldError("words", "Say in 10 to %d characters why you refuse it.", MaxNote)
	}
	if err := refuseKey("words", words); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		r, err := d.recoveryToAnswer(ctx, tx, a, id)
		if err != nil {
			return err
		}
		r.Refuser, r.Refused, r.Answer = a.Account, d.now(), words
		if err := tx.SaveRecovery(ctx, r); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.RecoveryRefused, "", "account/" + string(r.Account), custody.Detail{"recovery": r.ID, "words": words}})
	})
}

// StartAnew is the operator's way, from the shell of the machine, where there are not two administrators to ask: it removes somebody's passkeys and
// returns a one-time link.
func (d *Desk) StartAnew(ctx context.Context, of account.ID, words string) (link string, err error) {
	words = account.CleanText(words)
	if n := len([]rune(words)); n < 10 || n > MaxNote {
		return "", fieldError("words", "Say with --why, in 10 to %d characters, why: it stands in the custody log.", MaxNote)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := d.record(ctx, tx, account.System, entry{custody.RecoveryAgreed, "", "account/" + string(of), custody.Detail{"by": "operator", "words": words}}); err != nil {
			return err
		}
		if err := d.dropPasskeys(ctx, tx, account.System, of); err != nil {
			return err
		}
		link, err = d.mintLink(ctx, tx, of, LinkTime)
		return err
	})
	return link, err
}
