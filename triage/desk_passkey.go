package triage

import (
	"context"
	"errors"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// maxPasskeys is how many passkeys one account can have.
const maxPasskeys = 20

// MyPasskeys lists one's own passkeys, oldest first.
func (d *Desk) MyPasskeys(ctx context.Context, a Actor) (ks []account.Passkey, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ks, err = tx.Passkeys(ctx, a.Account)
		return err
	})
	return ks, err
}

// AskedKey is what a browser needs to make a passkey.
type AskedKey struct {
	Challenge SHA256
	Account   account.Account
	Known     [][]byte // credentials that the account has: an authenticator that holds one makes no other
	Confirm   *Asked   // one of the account's passkeys has to agree; nil: none has to
}

// AskKey begins the making of a passkey. Whoever does the work of staff and has one confirms with it that there is to be another: otherwise a
// sign-in link would be enough to sign in somebody else's name. In demonstration mode anybody can be anyone, so it would keep nobody off.
func (d *Desk) AskKey(ctx context.Context, a Actor) (k AskedKey, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return k, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if k.Account, err = tx.Account(ctx, a.Account); err != nil {
			return err
		}
		mine, err := tx.Passkeys(ctx, a.Account)
		if err != nil {
			return err
		}
		k.Known = nil
		for _, x := range mine {
			k.Known = append(k.Known, x.Credential)
		}
		if len(mine) >= maxPasskeys {
			return fieldError("name", "You have %d passkeys, which is as many as one account can. Remove one that you do not use.", len(mine))
		}
		want := passkey.Statement{Act: string(custody.PasskeyAdded), Subject: "account/" + string(a.Account)}
		if k.Challenge, err = d.challenge(ctx, tx, a.Account, want); err != nil {
			return err
		}
		k.Confirm = nil
		if d.confirmsKeys(k.Account, len(mine)) {
			want.Digest = k.Challenge
			k.Confirm, err = d.ask(ctx, tx, a, want)
		}
		return err
	})
	return k, err
}

func (d *Desk) confirmsKeys(acc account.Account, have int) bool {
	return acc.Staff() && have > 0 && !d.Demo
}

// AddPasskey keeps a new passkey of one's own. answer is what the browser said when it was made, confirm what a passkey that the account has already
// signed, where AskKey asked for it.
func (d *Desk) AddPasskey(ctx context.Context, a Actor, name string, answer, confirm []byte) (k account.Passkey, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return k, err
	}
	name = account.CleanName(name, MaxName)
	if name == "" {
		name = "Passkey"
	}
	if err := refuseKey("name", name); err != nil {
		return k, err
	}
	err = d.updateSigned(ctx, func(tx Tx) error {
		acc, err := tx.Account(ctx, a.Account)
		if err != nil {
			return err
		}
		mine, err := tx.Passkeys(ctx, a.Account)
		if err != nil {
			return err
		}
		s, err := d.take(ctx, tx, answer)
		if err != nil {
			return err
		}
		if s.Account != string(a.Account) || s.Act != string(custody.PasskeyAdded) || s.Digest != [32]byte{} {
			return errOtherThing
		}
		if d.confirmsKeys(acc, len(mine)) {
			if err := d.signed(ctx, tx, a, confirm, passkey.Statement{Act: s.Act, Subject: s.Subject, Digest: s.Challenge()}); err != nil {
				return err
			}
		}
		k, err = d.keepKey(ctx, tx, a.Account, name, s, answer)
		return err
	})
	return k, err
}

// keepKey verifies and keeps a passkey that was made for a challenge, and tells its owner.
func (d *Desk) keepKey(ctx context.Context, tx Tx, of account.ID, name string, s passkey.Statement, answer []byte) (account.Passkey, error) {
	site, err := d.site()
	if err != nil {
		return account.Passkey{}, err
	}
	made, err := site.Register(s.Challenge(), answer)
	if errors.Is(err, passkey.ErrUnreadable) {
		return account.Passkey{}, errUnreadable
	} else if err != nil {
		d.Log.WarnContext(ctx, "a new passkey was refused", "account", string(of), "err", err)
		return account.Passkey{}, errNotVerified
	}
	k := account.Passkey{ID: NewID(prefixPasskey), Account: of, Name: name, Credential: made.Credential, Public: made.Public, Count: made.Count,
		Synced: made.Synced, Created: d.now()}
	if err := tx.InsertPasskey(ctx, k); errors.Is(err, ErrConflict) {
		return k, fieldError(FieldPasskey, "This passkey is known here already. Make it on another device, or use it as it is.")
	} else if err != nil {
		return k, err
	}
	return k, d.record(ctx, tx, of, entry{custody.PasskeyAdded, "", "account/" + string(of), custody.Detail{"passkey": k.ID}})
}

// RemovePasskey removes one of one's own. Staff keep one: who has none could make a new one with a sign-in link alone.
func (d *Desk) RemovePasskey(ctx context.Context, a Actor, id string) error {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		acc, err := tx.Account(ctx, a.Account)
		if err != nil {
			return err
		}
		mine, err := tx.Passkeys(ctx, a.Account)
		if err != nil {
			return err
		}
		if d.confirmsKeys(acc, len(mine)) && len(mine) == 1 && mine[0].ID == id {
			return Errorf(Conflict, "This is your only passkey, and staff need one. Add another one first. If its device is lost, ask two administrators to let you start anew.")
		}
		if err := tx.DeletePasskey(ctx, a.Account, id); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.PasskeyRemoved, "", "account/" + string(a.Account), custody.Detail{"passkey": id}})
	})
}

// AskSignIn draws a challenge for somebody who is not known yet.
func (d *Desk) AskSignIn(ctx context.Context) (a Asked, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		a.Challenge, err = d.challenge(ctx, tx, "", passkey.Statement{Act: string(custody.SessionStarted)})
		return err
	})
	return a, err
}

// SignInWithPasskey is SignIn for who has a passkey of the account.
func (d *Desk) SignInWithPasskey(ctx context.Context, answer []byte) (acc account.Account, err error) {
	err = d.updateSigned(ctx, func(tx Tx) error {
		s, err := d.take(ctx, tx, answer)
		if err != nil {
			return err
		}
		if s.Act != string(custody.SessionStarted) || s.Account != "" {
			return errOtherThing
		}
		k, _, err := d.verify(ctx, tx, "", s, answer)
		if err != nil {
			return err
		}
		if acc, err = d.admit(ctx, tx, k.Account); err != nil {
			return err
		}
		return d.record(ctx, tx, acc.ID, entry{custody.SessionStarted, "", "account/" + string(acc.ID), custody.Detail{"passkey": k.ID}})
	})
	return acc, err
}
