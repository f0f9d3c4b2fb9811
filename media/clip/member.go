package clip

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
)

// Contexts of PROTOCOL.md section 12 under which joins and certificates are signed.
const (
	contextJoin        = "proffer join v1"
	contextCertificate = "proffer certificate v1"
)

// Member is who a join says that it is.
type Member struct {
	Join      [32]byte // J
	Device    [32]byte // Ed25519 public key; zeros for a connector
	Account   string   // "" for a guest and a connector
	Name      string   // as the others saw it; "" for a connector
	Time      uint64   // of the join, in milliseconds
	Connector bool     // a telephone or another machine of the server's, which has neither device nor account
}

// message, join and certificate are read as media/meeting does, which owns them (PROTOCOL.md sections 2 and 3).
type message struct {
	_      struct{} `cbor:",toarray"`
	Kind   string
	Signed []byte
	MAC    []byte
}

type join struct {
	_           struct{} `cbor:",toarray"`
	Kind        string
	Meeting     string
	Device      [32]byte
	HPKE        []byte
	Nonce       [16]byte
	Time        uint64
	Certificate []byte
}

type certificate struct {
	_            struct{} `cbor:",toarray"`
	Kind         string
	Device       [32]byte
	Account      string
	Name         string
	Organisation string
	Meeting      string
	Issued       uint64
	Expires      uint64
}

// early is how far a client's clock may be behind the server's (PROTOCOL.md section 2), in milliseconds.
const early = 5 * 60_000

// JoinOf is J of the message of a join. Its signature is not looked at.
func JoinOf(data []byte) (j [32]byte, err error) {
	var m message
	if err := decode(data, &m); err != nil {
		return j, err
	}
	var s signed
	if err := decode(m.Signed, &s); err != nil {
		return j, err
	}
	return joinHash(s.Body), nil
}

func joinHash(body []byte) [32]byte {
	context := sha256.Sum256([]byte(contextJoin))
	return sha256.Sum256(append(context[:], body...))
}

// openMember reads the message of a join of a meeting and checks its signature and that of its certificate. identity is the server's key; zeros:
// the certificate's signer is taken at its word.
func openMember(data []byte, meeting string, identity [32]byte) (Member, error) {
	var m message
	if err := decode(data, &m); err != nil {
		return Member{}, err
	}
	var s signed
	if err := decode(m.Signed, &s); err != nil {
		return Member{}, err
	}
	var j join
	if err := decode(s.Body, &j); err != nil {
		return Member{}, err
	}
	if m.Kind != "join" || j.Kind != "join" || j.Meeting != meeting || j.Device != s.Signer || !holds(contextJoin, &s) {
		return Member{}, errors.New("clip: a join is of another meeting, or its signature does not hold")
	}
	c, err := openCertificate(&j, identity)
	if err != nil {
		return Member{}, err
	}
	return Member{Join: joinHash(s.Body), Device: j.Device, Account: c.Account, Name: c.Name, Time: j.Time}, nil
}

func openCertificate(j *join, identity [32]byte) (c certificate, err error) {
	var s signed
	if err := decode(j.Certificate, &s); err != nil {
		return c, err
	}
	if err := decode(s.Body, &c); err != nil {
		return c, err
	}
	known := identity == [32]byte{} || s.Signer == identity
	if !known || c.Kind != "certificate" || c.Device != j.Device || c.Meeting != "" && c.Meeting != j.Meeting ||
		j.Time+early < c.Issued || j.Time > c.Expires || !holds(contextCertificate, &s) {
		return c, errors.New("clip: a certificate is of another device, meeting or time, or its signature does not hold")
	}
	return c, nil
}

func holds(context string, s *signed) bool {
	return ed25519.Verify(s.Signer[:], toSign(context, s.Body), s.Signature[:])
}

// openSender reads who sent the frames: somebody's join, or a connector's J, which has no join.
func openSender(data []byte, meeting string, identity [32]byte) (Member, error) {
	if len(data) == 32 { // no join is so short
		return Member{Join: [32]byte(data), Connector: true}, nil
	}
	return openMember(data, meeting, identity)
}
