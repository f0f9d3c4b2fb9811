package e2ee

import (
	"errors"
	"slices"
	"strings"
	"unicode"
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
		return errors.New("e2ee: a certificate names somebody")
	case c.Account == "" && (c.Meeting == "" || c.Organisation != ""):
		return errors.New("e2ee: a guest's certificate is for one meeting and no organisation")
	}
	return nil
}

// Guest reports whether nobody vouches for the name.
func (c *Certificate) Guest() bool { return c.Account == "" }

// Legible is a name as it may stand among a program's own words: without what turns the direction of the words around it and shows nothing
// itself. An honest server leaves none of it in (§2).
func Legible(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
}

// early is how far a client's clock may be behind the server's (§2).
const early = 5 * 60_000

// at reports whether the certificate is valid at a time.
func (c *Certificate) at(now uint64) bool { return now+early >= c.Issued && now < c.Expires }

// OpenCertificate checks a certificate as §2 says: signed by one of the identity keys, for this device, this meeting and this time.
func OpenCertificate(data []byte, identity []Key, device Key, meeting string, now uint64) (Certificate, error) {
	var c Certificate
	s, err := open(data, &c)
	switch {
	case err != nil:
		return Certificate{}, err
	case !slices.Contains(identity, s.Signer):
		return Certificate{}, errors.New("e2ee: the certificate is not by an identity key that this client knows")
	case c.Device != device:
		return Certificate{}, errors.New("e2ee: the certificate is for another device")
	case c.Meeting != "" && c.Meeting != meeting:
		return Certificate{}, errors.New("e2ee: the certificate is for another meeting")
	case !c.at(now):
		return Certificate{}, errors.New("e2ee: the certificate is not valid at this time")
	}
	return c, nil
}

// IssueCertificate signs a certificate with an identity key. Servers have a code of their own; this one is for tests and for
// programs that are their own identity provider.
func IssueCertificate(identity *Device, c Certificate) []byte {
	signed, _ := identity.sign(&c)
	return signed
}
