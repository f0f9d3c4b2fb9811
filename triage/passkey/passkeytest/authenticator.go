// Package passkeytest is an authenticator in software, for tests: it makes passkeys and signs with them as a browser and its device do together.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Authenticator holds one passkey (ES256) of one site. Tests change its fields to make it misbehave.
type Authenticator struct {
	Origin     string // that the browser says it is on
	Site       string // relying party id
	User       []byte // user handle
	Credential []byte
	Count      uint32 // signature counter, of the next answer; 0: it has none
	Unverified bool   // it does not verify its user
	key        *ecdsa.PrivateKey
}

// New makes an authenticator with a fresh passkey for a site at an address such as "https://proffer.example".
func New(origin, user string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, ":")
	a := &Authenticator{Origin: origin, Site: host, User: []byte(user), Credential: make([]byte, 32), key: key}
	rand.Read(a.Credential)
	return a
}

// Flags of authenticator data (WebAuthn section 6.1).
const (
	present  = 1
	verified = 4
	attested = 64
)

func (a *Authenticator) data(flags byte, more []byte) []byte {
	if !a.Unverified {
		flags |= verified
	}
	sum := sha256.Sum256([]byte(a.Site))
	b := append(sum[:], flags|present)
	b = binary.BigEndian.AppendUint32(b, a.Count)
	if a.Count > 0 {
		a.Count++
	}
	return append(b, more...)
}

func (a *Authenticator) clientData(kind string, challenge []byte) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": encode(challenge), "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return b
}

// Public is the passkey's public key as a COSE_Key.
func (a *Authenticator) Public() []byte {
	point, err := a.key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		panic(err)
	}
	return marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:65]})
}

// Register answers navigator.credentials.create, in JSON.
func (a *Authenticator) Register(challenge []byte) []byte {
	more := make([]byte, 16, 200) // the AAGUID of no model
	more = binary.BigEndian.AppendUint16(more, uint16(len(a.Credential)))
	more = append(append(more, a.Credential...), a.Public()...)
	object := marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(attested, more)})
	return a.answer(map[string]any{"clientDataJSON": encode(a.clientData("webauthn.create", challenge)), "attestationObject": encode(object)})
}

// Sign answers navigator.credentials.get, in JSON.
func (a *Authenticator) Sign(challenge []byte) []byte {
	client, data := a.clientData("webauthn.get", challenge), a.data(0, nil)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		panic(err)
	}
	return a.answer(map[string]any{"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(sig), "userHandle": encode(a.User)})
}

func (a *Authenticator) answer(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"id": encode(a.Credential), "rawId": encode(a.Credential), "type": "public-key", "response": response})
	if err != nil {
		panic(err)
	}
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func marshal(v any) []byte {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
