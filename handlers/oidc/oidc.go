// Package oidc signs staff in with a provider of the house (OpenID Connect Core 1.0), by the authorization code flow with PKCE, and maps what the
// provider says of them to roles. It knows no storage: what an identity means here is the desk's to say.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/proffer/proffer/triage/account"
)

// Config is how the provider is reached, and what its claims mean. The zero Config is none.
type Config struct {
	Issuer string `env:"ISSUER"`    // as the provider names itself, such as https://login.example.org
	ID     string `env:"CLIENT_ID"` // of this server at the provider
	Secret string `env:"SECRET"`
	Claim  string `env:"CLAIM" envDefault:"groups"` // of the ID token, with a text or a list of texts
	Roles  string `env:"ROLES"`                     // what each value means, such as "ts-reviewers=reviewer,ts-leads=lead+reviewer"
}

// CallbackPath is where the provider sends people back to.
const CallbackPath = "/sign-in/oidc/callback"

// patience is how long the provider may take to answer.
const patience = 10 * time.Second

// ErrAway means that the provider does not answer.
var ErrAway = errors.New("the sign-in provider does not answer")

// Provider is the provider. It is safe for concurrent use.
type Provider struct {
	config   Config
	redirect string
	roles    map[string]account.Roles
	client   *http.Client

	mu    sync.Mutex
	found *oidc.Provider // guarded by mu; nil until it was reached once
}

// Person is who signed in, as the provider says.
type Person struct {
	Issuer, Subject string
	Email           string // "" where the provider did not verify it
	Name            string
	Roles           account.Roles
}

// New makes a provider, for the application at an address. The provider is asked about itself when somebody first signs in.
func New(c Config, site string) (*Provider, error) {
	roles, err := ParseRoles(c.Roles)
	if err != nil {
		return nil, err
	}
	if c.Issuer == "" || c.ID == "" || c.Secret == "" || c.Claim == "" || len(roles) == 0 {
		return nil, errors.New("issuer, client id, secret, claim and roles all have to be set")
	}
	return &Provider{config: c, redirect: site + CallbackPath, roles: roles, client: &http.Client{Timeout: patience}}, nil
}

// ParseRoles reads what values of the claim mean: "VALUE=ROLE[+ROLE…]", separated by commas. There is no value for everything: each role, the
// child-safety reviewers' too, is had by those only for whom it is written here.
func ParseRoles(s string) (map[string]account.Roles, error) {
	out := map[string]account.Roles{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		i := strings.LastIndex(part, "=")
		if i < 1 {
			return nil, fmt.Errorf("%q is not of the form VALUE=ROLE", part)
		}
		value := part[:i]
		roles, err := account.ParseRoles(strings.ReplaceAll(part[i+1:], "+", ","))
		if err != nil {
			return nil, err
		}
		if _, twice := out[value]; twice || len(roles) == 0 {
			return nil, fmt.Errorf("%q is there twice, or gives no role", value)
		}
		out[value] = roles
	}
	return out, nil
}

// Attempt is one attempt to sign in, kept in the browser's session until it comes back.
type Attempt struct {
	State, Nonce, Verifier string
}

// Begin begins an attempt: the browser goes to the address.
func (p *Provider) Begin(ctx context.Context, random func() string) (address string, a Attempt, err error) {
	c, _, err := p.reach(ctx)
	if err != nil {
		return "", a, err
	}
	a = Attempt{random(), random(), oauth2.GenerateVerifier()}
	return c.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), a, nil
}

// Finish turns the code, with which the browser came back, into a person. state is what it brought.
func (p *Provider) Finish(ctx context.Context, a Attempt, state, code string) (who Person, err error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return who, errors.New("it is not an answer to what this browser asked")
	}
	c, found, err := p.reach(ctx)
	if err != nil {
		return who, err
	}
	token, err := c.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return who, fmt.Errorf("the provider did not take the code: %s", account.CleanName(refused.ErrorCode, 80))
	} else if err != nil {
		return who, fmt.Errorf("%w: %v", ErrAway, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return who, errors.New("there is no ID token in it")
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.config.ID}).Verify(oidc.ClientContext(ctx, p.client), raw) // signature, iss, aud, exp
	if err != nil {
		return who, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return who, errors.New("its nonce is another one")
	}
	return p.person(id)
}

func (p *Provider) person(id *oidc.IDToken) (Person, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return Person{}, err
	}
	text := func(name string) string { s, _ := claims[name].(string); return s }
	who := Person{Issuer: id.Issuer, Subject: id.Subject, Name: text("name")}
	if verified, _ := claims["email_verified"].(bool); verified {
		who.Email = text("email")
	}
	for _, v := range values(claims[p.config.Claim]) {
		for _, r := range p.roles[v] {
			if !who.Roles.Has(r) {
				who.Roles = append(who.Roles, r)
			}
		}
	}
	slices.SortFunc(who.Roles, func(x, y account.Role) int {
		return slices.Index(account.AllRoles, x) - slices.Index(account.AllRoles, y)
	})
	return who, nil
}

// values is a claim as texts.
func values(claim any) (out []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, x := range c {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// reach asks the provider about itself, once.
func (p *Provider) reach(ctx context.Context) (*oauth2.Config, *oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// Its keys are fetched later, when this request is over, so not under its context.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrAway, err)
		}
		p.found = found
	}
	return &oauth2.Config{ClientID: p.config.ID, ClientSecret: p.config.Secret, RedirectURL: p.redirect, Endpoint: p.found.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}, p.found, nil
}
