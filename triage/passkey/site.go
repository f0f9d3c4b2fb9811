package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// MaxAnswer is the most bytes that an answer of a browser may have.
const MaxAnswer = 16 << 10

// Algorithms are the signature algorithms that are taken (COSE numbers), the best first: Ed25519, ECDSA with P-256, RSA with SHA-256.
var Algorithms = []int{-8, -7, -257}

// Site is the relying party: what passkeys are bound to.
type Site struct {
	ID     string // host name, without a port
	Origin string // as browsers say it: scheme, host and port
}

// NewSite is the site at an address such as "https://proffer.example".
func NewSite(address string) (Site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return Site{}, fmt.Errorf("%q is not the address of a site", address)
	}
	return Site{ID: strings.ToLower(u.Hostname()), Origin: strings.ToLower(u.Scheme + "://" + u.Host)}, nil
}

// Key is a new passkey as the authenticator made it.
type Key struct {
	Credential []byte // the authenticator's name for it, at most 1,023 bytes
	Public     []byte // COSE_Key (RFC 9052)
	Count      uint32 // signature counter; 0 for authenticators that have none
	Synced     bool   // it may be copied to other devices of its owner
}

// Assertion is what a passkey signed, as it is kept: anybody who has the public key and the site can check it again.
type Assertion struct {
	Credential []byte
	User       []byte // user handle: the account; empty where the authenticator keeps none
	AuthData   []byte // authenticatorData
	ClientData []byte // clientDataJSON
	Signature  []byte
	Challenge  [32]byte // in ClientData
	Count      uint32   // in AuthData
}

// ErrUnreadable means that a browser's answer is not one of WebAuthn's.
var ErrUnreadable = errors.New("what the browser sent about the passkey cannot be read")

// Register reads and verifies a new passkey. challenge is what it was asked for with.
func (s Site) Register(challenge [32]byte, answer []byte) (Key, error) {
	if len(answer) > MaxAnswer {
		return Key{}, ErrUnreadable
	}
	p, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	params := make([]protocol.CredentialParameter, len(Algorithms))
	for i, a := range Algorithms {
		params[i] = protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(a)}
	}
	if _, err := p.Verify(encode(challenge[:]), s.ID, []string{s.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, true, true, nil, params,
		protocol.AttestationPolicy{}, protocol.SignaturePolicy{}); err != nil {
		return Key{}, explain(err)
	}
	data := p.Response.AttestationObject.AuthData
	if n := len(data.AttData.CredentialID); n == 0 || n > 1023 {
		return Key{}, ErrUnreadable
	}
	return Key{Credential: data.AttData.CredentialID, Public: data.AttData.CredentialPublicKey, Count: data.Counter, Synced: data.Flags.HasBackupEligible()}, nil
}

// ChallengeOf is what a browser's answer, of either kind, says that it was asked with; nothing of it is verified.
func ChallengeOf(answer []byte) (c [32]byte, err error) {
	var a struct {
		Response struct {
			ClientData string `json:"clientDataJSON"`
		} `json:"response"`
	}
	if len(answer) > MaxAnswer || json.Unmarshal(answer, &a) != nil {
		return c, ErrUnreadable
	}
	client, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(a.Response.ClientData, "="))
	if err != nil {
		return c, ErrUnreadable
	}
	return challengeIn(client)
}

func challengeIn(clientData []byte) (c [32]byte, err error) {
	var d struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(clientData, &d) != nil {
		return c, ErrUnreadable
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(d.Challenge)
	if err != nil || len(b) != len(c) {
		return c, ErrUnreadable
	}
	return [32]byte(b), nil
}

// Read reads an assertion; nothing of it is verified.
func Read(answer []byte) (a Assertion, err error) {
	if len(answer) > MaxAnswer {
		return a, ErrUnreadable
	}
	p, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return a, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	raw := p.Raw.AssertionResponse
	a = Assertion{Credential: p.RawID, User: raw.UserHandle, AuthData: raw.AuthenticatorData, ClientData: raw.ClientDataJSON, Signature: raw.Signature,
		Count: p.Response.AuthenticatorData.Counter}
	a.Challenge, err = challengeIn(a.ClientData)
	return a, err
}

// Verify reports whether the passkey with that public key signed the challenge in the assertion, for this site, with user verification
// (WebAuthn section 7.2, steps 10 to 21).
func (s Site) Verify(a Assertion, public []byte) error {
	answer := protocol.CredentialAssertionResponse{PublicKeyCredential: protocol.PublicKeyCredential{Credential: protocol.Credential{ID: encode(a.Credential),
		Type: string(protocol.PublicKeyCredentialType)}, RawID: a.Credential}, AssertionResponse: protocol.AuthenticatorAssertionResponse{
		AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: a.ClientData}, AuthenticatorData: a.AuthData, Signature: a.Signature, UserHandle: a.User}}
	p, err := answer.Parse()
	if err != nil {
		return fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	if err := p.Verify(encode(a.Challenge[:]), s.ID, "", []string{s.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, true, true, public,
		protocol.SignaturePolicy{}); err != nil {
		return explain(err)
	}
	return nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// explain adds what the library keeps apart from its errors' words.
func explain(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s (%s)", e.Details, e.DevInfo)
	}
	return err
}
