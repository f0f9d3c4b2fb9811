package meeting

import (
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Certificate is the server's word for who uses a device (§2). It lets nobody in.
//
//	certificate = [ "certificate", device: bstr .size 32, account: tstr, name: tstr, organisation: tstr, meeting: tstr,
//	                issued: time, expires: time ]
type Certificate struct {
	_            struct{} `cbor:",toarray"`
	Kind         string
	Device       Key
	Account      string // "" for a guest
	Name         string // of the account; of a guest, what the guest chose
	Organisation string // "" for a guest
	Meeting      string // the only meeting it is for, or "" for any; a guest's always names one
	Issued       uint64
	Expires      uint64
}

func (c *Certificate) meta() (*string, string) { return &c.Kind, "certificate" }

func (c *Certificate) check() error {
	err := firstError(text(c.Account, maxName), text(c.Name, maxName), text(c.Organisation, maxName), text(c.Meeting, 64),
		whole(c.Issued, c.Expires))
	switch {
	case err != nil:
		return err
	case c.Name == "":
		return errors.New("meeting: a certificate names somebody")
	case c.Account == "" && (c.Meeting == "" || c.Organisation != ""):
		return errors.New("meeting: a guest's certificate is for one meeting and no organisation")
	}
	return nil
}

// CertificateTime is how long a certificate can be used to join.
const CertificateTime = 24 * time.Hour

// early is how far a client's clock may be behind the server's (§2), in milliseconds.
const early = 5 * 60_000

// Subject is who a certificate is for. A guest has no account and no organisation.
type Subject struct {
	Account      account.ID
	Name         string
	Organisation string
}

// Identity is the identity provider's key (§2).
type Identity struct{ private ed25519.PrivateKey }

// NewIdentity makes the identity of a seed of 32 random bytes, which is kept in a file.
func NewIdentity(seed [32]byte) *Identity {
	return &Identity{ed25519.NewKeyFromSeed(seed[:])}
}

// Key is its public half, which clients keep.
func (id *Identity) Key() Key { return Key(id.private.Public().(ed25519.PublicKey)) }

// Issue vouches for who uses a device, in one meeting. It refuses a name with nothing to see in it.
func (id *Identity) Issue(who Subject, device Key, meeting string, now time.Time) ([]byte, error) {
	c := Certificate{Device: device, Account: string(who.Account), Name: account.CleanName(who.Name, maxName),
		Organisation: account.CleanName(who.Organisation, maxName), Meeting: meeting, Issued: millis(now), Expires: millis(now.Add(CertificateTime))}
	if c.Name == "" {
		return nil, refusal(Invalid, "Say by which name the others are to see you.")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	raw := marshal(&c)
	s := Signed{Body: raw, Signer: id.Key()}
	copy(s.Signature[:], ed25519.Sign(id.private, toSign(contextCertificate, raw)))
	return encode(s), nil
}

// check reads a certificate that this identity issued for a device in a meeting, at the time for which it must be valid.
func (id *Identity) check(data []byte, device Key, meeting string, at uint64) (*Certificate, error) {
	c := new(Certificate)
	s, err := open(data, c)
	switch {
	case err != nil:
		return nil, err
	case s.Signer != id.Key():
		return nil, errors.New("meeting: the certificate is not by this server's identity key")
	case c.Device != device:
		return nil, errors.New("meeting: the certificate is for another device")
	case c.Meeting != "" && c.Meeting != meeting:
		return nil, errors.New("meeting: the certificate is for another meeting")
	case at+early < c.Issued || at >= c.Expires:
		return nil, errors.New("meeting: the certificate is not valid at this time")
	}
	return c, nil
}

func millis(t time.Time) uint64 { return uint64(max(t.UnixMilli(), 0)) }
