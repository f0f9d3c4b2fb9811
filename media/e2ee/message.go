package e2ee

import (
	"errors"
	"fmt"
)

// Signed carries a body as it was signed; the bytes are kept and passed on as they are (§1).
//
//	signed = [ body: bstr, signer: bstr .size 32, signature: bstr .size 64 ]
type Signed struct {
	_         struct{} `cbor:",toarray"`
	Body      []byte
	Signer    Key
	Signature [64]byte
}

// Message is what an entry of the board carries (§3).
//
//	message = [ kind: tstr, signed: bstr, mac: bstr ]      ; mac: 32 bytes for a link and an E2EE join, else empty
type Message struct {
	_      struct{} `cbor:",toarray"`
	Kind   string
	Signed []byte
	MAC    []byte
}

// contexts of the signatures over each kind of body (§12).
var contexts = map[string]string{
	"certificate": contextCertificate, "join": contextJoin, "keys": contextKeys, "live": contextLive, "leave": contextLeave,
	"deny": contextDeny, "end": contextEnd, "leader": contextLeader, "upgrade": contextUpgrade, "link": contextLink,
	"session": contextSession, "testimony": contextTestimony,
}

// boardKinds are the kinds that an entry of the board may have; `live` is relayed and not kept (§3.3).
var boardKinds = map[string]bool{"join": true, "link": true, "keys": true, "leave": true, "deny": true, "end": true, "leader": true, "upgrade": true}

// DecodeMessage reads what an entry carries. Its signature is not yet checked.
func DecodeMessage(data []byte) (Message, error) {
	var m Message
	if err := strict(data, maxKeys, &m); err != nil {
		return Message{}, err
	}
	switch {
	case !boardKinds[m.Kind]:
		return Message{}, fmt.Errorf("e2ee: the board has no messages of kind %.20q", m.Kind)
	case m.Kind != "keys" && len(data) > maxMessage:
		return Message{}, errors.New("e2ee: the message is longer than the protocol allows")
	case m.Kind == "link" && len(m.MAC) != 32, m.Kind == "join" && len(m.MAC) != 32 && len(m.MAC) != 0,
		m.Kind != "link" && m.Kind != "join" && len(m.MAC) != 0:
		return Message{}, errors.New("e2ee: the message's mac has the wrong length")
	}
	return m, nil
}

// Encode is the message as bytes.
func (m Message) Encode() []byte { return encode(m) }

// DecodeSigned reads a signed body. Its signature is not yet checked.
func DecodeSigned(data []byte) (Signed, error) {
	var s Signed
	err := strict(data, maxKeys, &s)
	return s, err
}

var errSignature = errors.New("e2ee: the signature does not hold")

// open checks the signature and reads the body. It gives the signed bytes apart, for hashes and macs over them.
func open(data []byte, b body) (Signed, error) {
	s, err := DecodeSigned(data)
	if err != nil {
		return Signed{}, err
	}
	if _, kind := b.meta(); !signatureHolds(s.Signer, contexts[kind], s.Body, s.Signature) {
		return Signed{}, errSignature
	}
	return s, unmarshal(s.Body, b)
}
