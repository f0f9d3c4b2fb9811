package triage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Limits of tokens.
const (
	TokenDays    = 90  // for which a token is good unless another number is asked for
	MaxTokenDays = 365 // for which it can be at most
	maxTokens    = 20  // of one account
	tokenUse     = 5 * time.Minute
)

// tokenPrefix starts every token, so that who finds one knows what it is.
const tokenPrefix = "pf_"

// NewToken is the form of a token.
type NewToken struct {
	Name   string
	Scopes []account.Scope
	Days   int
}

func (n *NewToken) check() error {
	n.Name = account.CleanName(n.Name, MaxName)
	if n.Name == "" {
		return fieldError("name", "Give the token a name, so that you know later what uses it.")
	}
	if err := refuseKey("name", n.Name); err != nil {
		return err
	}
	if len(n.Scopes) == 0 || len(n.Scopes) > len(account.AllScopes) ||
		slices.ContainsFunc(n.Scopes, func(s account.Scope) bool { return !slices.Contains(account.AllScopes, s) }) {
		return fieldError("scopes", "Choose what the token may do.")
	}
	if n.Days < 1 || n.Days > MaxTokenDays {
		return fieldError("days", "A token is good for 1 to %d days.", MaxTokenDays)
	}
	return nil
}

// MakeToken makes a token of one's own account: 32 random bytes, of which only the SHA-256 is kept. secret is never told again.
func (d *Desk) MakeToken(ctx context.Context, a Actor, n NewToken) (secret string, t account.Token, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return "", t, err
	}
	if err := n.check(); err != nil {
		return "", t, err
	}
	var b [32]byte
	rand.Read(b[:]) // never fails since Go 1.24
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	now := d.now()
	t = account.Token{ID: NewID(prefixToken), Account: a.Account, Name: n.Name, Scopes: n.Scopes, Created: now, Expires: now.Add(time.Duration(n.Days) * 24 * time.Hour)}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if have, err := tx.Tokens(ctx, a.Account); err != nil {
			return err
		} else if len(have) >= maxTokens {
			return fieldError("name", "You have %d tokens, which is as many as one account can. Revoke one that nothing uses.", len(have))
		}
		if err := tx.InsertToken(ctx, hashToken(secret), t); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.TokenMade, "", "account/" + string(a.Account),
			custody.Detail{"token": t.ID, "scopes": scopeWords(t.Scopes), "expires": factTime(t.Expires)}})
	})
	return secret, t, err
}

func scopeWords(ss []account.Scope) string {
	words := make([]string, len(ss))
	for i, s := range ss {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

func hashToken(secret string) SHA256 { return sha256.Sum256([]byte(secret)) }

// MyTokens lists one's own tokens that are still good, newest first.
func (d *Desk) MyTokens(ctx context.Context, a Actor) (ts []account.Token, err error) {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		ts, err = tx.Tokens(ctx, a.Account)
		return err
	})
	return ts, err
}

// RevokeToken makes one of one's own tokens worth nothing.
func (d *Desk) RevokeToken(ctx context.Context, a Actor, id string) error {
	if err := Allow(a, SelfManage, Target{}); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteToken(ctx, a.Account, id); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.TokenRevoked, "", "account/" + string(a.Account), custody.Detail{"token": id}})
	})
}

// ActorOfToken is the account behind a token, as it stands now, without its roles: no token does the work of staff. It fails with NotFound for
// tokens that are unknown, revoked or too old, and with Forbidden, in words, for accounts that may not sign in.
func (d *Desk) ActorOfToken(ctx context.Context, secret string) (a Actor, t account.Token, err error) {
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 100 {
		return a, t, Errorf(NotFound, "There is no such token.")
	}
	hash := hashToken(secret)
	err = d.Store.View(ctx, func(tx Tx) error {
		if t, err = tx.Token(ctx, hash, d.now()); err != nil {
			return err
		}
		acc, err := d.admit(ctx, tx, t.Account)
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("the account of token %s: %v", t.ID, err) // not the token's fault
		}
		a = Actor{Account: acc.ID, Org: acc.Org, Name: acc.Name}
		return err
	})
	if err != nil {
		return Actor{}, account.Token{}, err
	}
	if now := d.now(); now.Sub(t.Used) >= tokenUse {
		err = d.Store.Update(ctx, func(tx Tx) error { return tx.TouchToken(ctx, hash, now) })
	}
	return a, t, err
}
