package e2ee

import (
	"crypto/hpke"
	"errors"
	"io"
)

// hpkePublic is the length of an MLKEM768-X25519 public key: 1184 + 32.
const hpkePublic = 1216

// JoinBody is one appearance of a device (§3.1).
//
//	join = [ "join", meeting, device: bstr .size 32, hpke: bstr .size 1216, nonce: bstr .size 16, time, certificate: bstr ]
type JoinBody struct {
	_           struct{} `cbor:",toarray"`
	Kind        string
	Meeting     string
	Device      Key
	HPKE        []byte // 1216 bytes
	Nonce       [16]byte
	Time        uint64
	Certificate []byte
}

func (j *JoinBody) meta() (*string, string) { return &j.Kind, "join" }

func (j *JoinBody) check() error {
	if len(j.HPKE) != hpkePublic {
		return errors.New("e2ee: a join's HPKE key has the wrong size")
	}
	return firstError(meetingNumber(j.Meeting), whole(j.Time))
}

// Join is a join whose signature and certificate have been checked. The mac has not: see lettered.
type Join struct {
	J           J
	Device      Key
	Certificate Certificate
	hpke        hpke.PublicKey
	raw, mac    []byte // the body as signed, and its mac
}

// OpenJoin checks form, signature, meeting and certificate of a join (§3.1). The certificate must have been valid when the join was made.
func OpenJoin(m Message, meeting string, identity []Key) (*Join, error) {
	var b JoinBody
	if m.Kind != "join" {
		return nil, errors.New("e2ee: not a join")
	}
	s, err := open(m.Signed, &b)
	switch {
	case err != nil:
		return nil, err
	case b.Meeting != meeting:
		return nil, errors.New("e2ee: the join is for another meeting")
	case b.Device != s.Signer:
		return nil, errors.New("e2ee: the join is not signed by its own device")
	}
	c, err := OpenCertificate(b.Certificate, identity, b.Device, meeting, b.Time)
	if err != nil {
		return nil, err
	}
	public, err := hpke.MLKEM768X25519().NewPublicKey(b.HPKE)
	if err != nil {
		return nil, err
	}
	return &Join{J: J(hash(contextJoin, s.Body)), Device: b.Device, Certificate: c, hpke: public, raw: s.Body, mac: m.MAC}, nil
}

// lettered reports whether the join proves that its device knew the link (§3.1).
func (j *Join) lettered(link Secret) bool { return macHolds(link, contextJoinMAC, j.raw, j.mac) }

// sealable reports whether a box can be sealed to the join. A hostile key, of low order, must not keep the others from
// their keys, so the leader tries before it admits.
func (j *Join) sealable() bool {
	_, err := sealBox(j.hpke, nil, j.J, [16]byte{}, Secret{}, Secret{})
	return err == nil
}

// private is what a join keeps to itself, in memory only.
type private struct {
	J    J
	hpke hpke.PrivateKey
}

// newJoin draws a join of a device. link is nil in a standard meeting.
func newJoin(d *Device, meeting string, certificate []byte, link *Secret, random io.Reader, now uint64) (private, []byte, error) {
	var seed [32]byte
	b := JoinBody{Meeting: meeting, Device: d.Key, Time: now, Certificate: certificate}
	if err := draw(random, seed[:], b.Nonce[:]); err != nil {
		return private{}, nil, err
	}
	k, err := hpke.MLKEM768X25519().NewPrivateKey(seed[:])
	if err != nil {
		return private{}, nil, err
	}
	b.HPKE = k.PublicKey().Bytes()
	signed, raw := d.sign(&b)
	m := Message{Kind: "join", Signed: signed}
	if link != nil {
		m.MAC = mac(*link, contextJoinMAC, raw)
	}
	return private{J: J(hash(contextJoin, raw)), hpke: k}, m.Encode(), nil
}

// draw fills every target with randomness.
func draw(random io.Reader, targets ...[]byte) error {
	for _, t := range targets {
		if _, err := io.ReadFull(random, t); err != nil {
			return err
		}
	}
	return nil
}
