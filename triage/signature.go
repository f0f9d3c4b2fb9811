package triage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Challenge is what a passkey was asked to sign and did not yet.
type Challenge struct {
	Challenge SHA256     // of the statement
	Statement []byte     // passkey.Statement, encoded
	Account   account.ID // who may answer; "": whoever signs in
	Expires   time.Time
}

// Signature is what a passkey signed, kept for good beside what it is about, with all that is needed to check it again.
type Signature struct {
	ID         string // of the form "G-XXXXX-XXXXX"
	Account    account.ID
	Act        custody.Act
	Subject    string // kind/id
	Case       CaseID // "" where it is about none
	At         time.Time
	Statement  []byte // passkey.Statement, encoded; its SHA-256 is the challenge
	Passkey    string // the passkey's handle; it may have been removed since
	Credential []byte
	Public     []byte // COSE_Key
	AuthData   []byte
	ClientData []byte
	Signature  []byte
}

// signatureContext starts what the digest of a signature hashes.
const signatureContext = "proffer passkey signature v1"

// Digest is SHA-256(signatureContext || "\n" || JSON of the fields that a checker needs), which the custody log records.
func (s Signature) Digest() SHA256 {
	b, err := json.Marshal([]any{string(s.Statement), s.Credential, s.Public, s.AuthData, s.ClientData, s.Signature})
	if err != nil {
		panic(err) // text and bytes always marshal
	}
	return sha256.Sum256(append([]byte(signatureContext+"\n"), b...))
}

// PasskeyTx keeps passkeys, challenges, and what was signed.
type PasskeyTx interface {
	// InsertPasskey returns Conflict when the credential is known, be it somebody else's.
	InsertPasskey(ctx context.Context, k account.Passkey) error
	Passkey(ctx context.Context, credential []byte) (account.Passkey, error)
	Passkeys(ctx context.Context, of account.ID) ([]account.Passkey, error) // oldest first
	// UsePasskey notes a use. It returns Conflict where the counter did not grow, unless both are 0: then there is a copy of the passkey.
	UsePasskey(ctx context.Context, id string, count uint32, at time.Time) error
	// DeletePasskey forgets one of an account; NotFound if it is not theirs.
	DeletePasskey(ctx context.Context, of account.ID, id string) error

	// InsertChallenge keeps one, and forgets those whose time is over.
	InsertChallenge(ctx context.Context, c Challenge) error
	// TakeChallenge uses one up: NotFound for those that are unknown, used or too old.
	TakeChallenge(ctx context.Context, challenge SHA256, now time.Time) (Challenge, error)

	InsertRecovery(ctx context.Context, r account.Recovery) error
	Recovery(ctx context.Context, id string) (account.Recovery, error)
	// SaveRecovery saves the answers.
	SaveRecovery(ctx context.Context, r account.Recovery) error
	Recoveries(ctx context.Context, of account.ID, limit int) ([]account.Recovery, error) // newest first; "": everybody's

	// InsertIdentity notes who an account is to a sign-in provider; Conflict where that one is known.
	InsertIdentity(ctx context.Context, issuer, subject string, of account.ID) error
	Identity(ctx context.Context, issuer, subject string) (account.ID, error)

	// FindAccounts finds people whose name or address has these words in it, or whose number they are; by name.
	FindAccounts(ctx context.Context, words string, limit int) ([]account.Account, error)
	// LockAdministrators is who can sign in as administrator. Until the transaction ends nobody takes that from them.
	LockAdministrators(ctx context.Context) ([]account.ID, error)

	InsertSignature(ctx context.Context, s Signature) error              // Conflict when the statement was signed already
	Signatures(ctx context.Context, subject string) ([]Signature, error) // oldest first
}
