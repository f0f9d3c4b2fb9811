package triage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// SignTime is how long somebody has to use their passkey after they were asked to.
const SignTime = 2 * time.Minute

// FieldPasskey is the form field in which a browser hands in what a passkey signed, and the one that errors about it name.
const FieldPasskey = "passkey"

// Asked is what a browser needs to have something signed.
type Asked struct {
	Challenge SHA256
	Allow     [][]byte // the credentials that may sign; none at a sign-in, where any may
}

// Why a signature does not count. Each says what to do next.
var (
	errNeedsPasskey = fieldError(FieldPasskey, "This needs your passkey: it signs exactly what you are about to do. Press the button again and use it (the page needs JavaScript for that).")
	errAskedLongAgo = fieldError(FieldPasskey, "This confirmation was used already, or it is older than 2 minutes. Press the button again and use your passkey at once.")
	errOtherPasskey = fieldError(FieldPasskey, "That passkey is not one of yours here, or it was removed. Press the button again and use one of your own.")
	errOtherThing   = fieldError(FieldPasskey, "What your passkey signed is not what is being done now: something changed in between. Read it again, then press the button again.")
	errUnreadable   = fieldError(FieldPasskey, "What your browser sent about the passkey cannot be read. Press the button again.")
	errNotVerified  = fieldError(FieldPasskey, "That signature does not hold. Press the button again, and let your device verify that it is you.")
)

// copied is the refusal of a passkey whose counter did not grow.
type copied struct {
	refusal *Error
	key     account.Passkey
}

func (c *copied) Error() string { return c.refusal.Msg }

func (c *copied) Unwrap() error { return c.refusal }

// site is the relying party.
func (d *Desk) site() (passkey.Site, error) { return passkey.NewSite(d.URL) }

// updateSigned is Store.Update for acts that a passkey signs. That one was refused for its counter is kept when nothing else is.
func (d *Desk) updateSigned(ctx context.Context, f func(Tx) error) error {
	err := d.Store.Update(ctx, f)
	var c *copied
	if !errors.As(err, &c) {
		return err
	}
	return errors.Join(err, d.Store.Update(ctx, func(tx Tx) error {
		return d.record(ctx, tx, c.key.Account, entry{custody.PasskeyCopied, "", "account/" + string(c.key.Account), custody.Detail{"passkey": c.key.ID}})
	}))
}

// challenge draws one over a statement and keeps it; who is "" at a sign-in.
func (d *Desk) challenge(ctx context.Context, tx Tx, who account.ID, s passkey.Statement) (SHA256, error) {
	s.Account, s.Time, s.Nonce = string(who), d.now(), passkey.NewNonce()
	c := Challenge{Challenge: s.Challenge(), Statement: s.Encode(), Account: who, Expires: d.now().Add(SignTime)}
	return c.Challenge, tx.InsertChallenge(ctx, c)
}

// ask is challenge for one of the actor's own passkeys.
func (d *Desk) ask(ctx context.Context, tx Tx, a Actor, s passkey.Statement) (*Asked, error) {
	keys, err := tx.Passkeys(ctx, a.Account)
	if err != nil {
		return nil, err
	}
	asked := &Asked{}
	for _, k := range keys {
		asked.Allow = append(asked.Allow, k.Credential)
	}
	asked.Challenge, err = d.challenge(ctx, tx, a.Account, s)
	return asked, err
}

// take reads what a browser handed in and uses its challenge up. Nothing of it is verified yet but that it was asked for lately.
func (d *Desk) take(ctx context.Context, tx Tx, answer []byte) (s passkey.Statement, err error) {
	c, err := passkey.ChallengeOf(answer)
	if err != nil {
		return s, errUnreadable
	}
	kept, err := tx.TakeChallenge(ctx, c, d.now())
	if errors.Is(err, ErrNotFound) {
		return s, errAskedLongAgo
	} else if err != nil {
		return s, err
	}
	return passkey.ParseStatement(kept.Statement)
}

// verify holds an assertion against its statement, whose challenge was taken, and the passkey, which has to be who's if that is not "".
func (d *Desk) verify(ctx context.Context, tx Tx, who account.ID, s passkey.Statement, answer []byte) (k account.Passkey, as passkey.Assertion, err error) {
	if as, err = passkey.Read(answer); err != nil {
		return k, as, errUnreadable
	}
	k, err = tx.Passkey(ctx, as.Credential)
	if errors.Is(err, ErrNotFound) || err == nil && (who != "" && k.Account != who || len(as.User) > 0 && string(as.User) != string(k.Account)) {
		return k, as, errOtherPasskey
	} else if err != nil {
		return k, as, err
	}
	site, err := d.site()
	if err != nil {
		return k, as, err
	}
	if as.Challenge != s.Challenge() {
		return k, as, errOtherThing
	}
	if err := site.Verify(as, k.Public); err != nil {
		d.Log.WarnContext(ctx, "a passkey's signature was refused", "account", string(k.Account), "passkey", k.ID, "err", err)
		return k, as, errNotVerified
	}
	if err := tx.UsePasskey(ctx, k.ID, as.Count, d.now()); errors.Is(err, ErrConflict) {
		return k, as, &copied{Errorf(Forbidden, "This passkey was refused: it counts its uses, and this one does not follow the last. Somebody may have a copy of it. "+
			"Use another passkey, remove this one, and tell an administrator."), k}
	} else if err != nil {
		return k, as, err
	}
	return k, as, nil
}

// signed lets an act pass only with a fresh signature of the actor's own passkey over exactly what is wanted: act, subject, case and digest. It keeps the
// signature and records it, in the transaction of the act.
func (d *Desk) signed(ctx context.Context, tx Tx, a Actor, answer []byte, want passkey.Statement) error {
	if len(answer) == 0 {
		return errNeedsPasskey
	}
	s, err := d.take(ctx, tx, answer)
	if err != nil {
		return err
	}
	return d.seals(ctx, tx, a, s, answer, want)
}

// signedAs is signed for what gets its number only now: the one under which it was signed. want takes that number of a kind, and says what has to be signed.
func (d *Desk) signedAs(ctx context.Context, tx Tx, a Actor, answer []byte, kind string, want func(number string) passkey.Statement) error {
	if len(answer) == 0 {
		return errNeedsPasskey
	}
	s, err := d.take(ctx, tx, answer)
	if err != nil {
		return err
	}
	number, err := idIn(s, kind)
	if err != nil {
		return err
	}
	return d.seals(ctx, tx, a, s, answer, want(number))
}

// seals is signed once the challenge was taken.
func (d *Desk) seals(ctx context.Context, tx Tx, a Actor, s passkey.Statement, answer []byte, want passkey.Statement) error {
	if s.Account != string(a.Account) {
		return errOtherPasskey
	}
	if s.Act != want.Act || s.Subject != want.Subject || s.Case != want.Case || s.Digest != want.Digest {
		return errOtherThing
	}
	k, as, err := d.verify(ctx, tx, a.Account, s, answer)
	if err != nil {
		return err
	}
	g := Signature{ID: NewID(prefixSignature), Account: a.Account, Act: custody.Act(s.Act), Subject: s.Subject, Case: CaseID(s.Case), At: d.now(),
		Statement: s.Encode(), Passkey: k.ID, Credential: as.Credential, Public: k.Public, AuthData: as.AuthData, ClientData: as.ClientData, Signature: as.Signature}
	if err := tx.InsertSignature(ctx, g); err != nil {
		return err
	}
	return d.recordAt(ctx, tx, g.At, a.Account, entry{custody.ActSigned, g.Case, "signature/" + g.ID, custody.Detail{"act": s.Act, "subject": s.Subject,
		"passkey": k.ID, "challenge": SHA256(s.Challenge()).String(), "signature": g.Digest().String()}})
}

// What digests of signed things begin with.
const (
	decisionContext = "proffer signed decision v1"
	packageContext  = "proffer signed package v1"
)

// digestOf is SHA-256(context || "\n" || JSON of the fields).
func digestOf(context string, fields ...any) [32]byte {
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err) // text and numbers always marshal
	}
	return sha256.Sum256(append([]byte(context+"\n"), b...))
}

// statementOf is what is signed of a decision: by its decider (decision.made) and by the second person (decision.approved).
func (dec Decision) statementOf(act custody.Act) passkey.Statement {
	fs := slices.Clone(dec.Findings)
	slices.SortFunc(fs, func(a, b Finding) int { return cmp.Compare(a.Person, b.Person) })
	return passkey.Statement{Act: string(act), Subject: "decision/" + string(dec.ID), Case: string(dec.Case),
		Digest: digestOf(decisionContext, dec.Case, dec.ID, dec.Number, dec.Supersedes, dec.Decider, fs)}
}

// statementOf is what is signed of a package: by who asks for it (package.requested) and by the second person (package.approved).
func (p Package) statementOf(act custody.Act) passkey.Statement {
	return passkey.Statement{Act: string(act), Subject: "package/" + string(p.ID), Case: string(p.Case),
		Digest: digestOf(packageContext, p.Case, p.ID, p.Decision, p.Requester, p.Exhibits, p.Recipient, p.Basis, p.Reference, p.Scope)}
}

// idIn is the identifier in a statement's subject, if it is of that kind.
func idIn(s passkey.Statement, kind string) (string, error) {
	id, ok := strings.CutPrefix(s.Subject, kind+"/")
	if !ok {
		return "", errOtherThing
	}
	return id, nil
}
