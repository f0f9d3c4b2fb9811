package meeting

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
	MAC    []byte // under the link's secret, which the server does not know: passed on unread
}

// contexts of the signatures over each kind of body (§12).
var contexts = map[string]string{
	"certificate": contextCertificate, "join": contextJoin, "keys": contextKeys, "live": contextLive, "leave": contextLeave,
	"deny": contextDeny, "end": contextEnd, "leader": contextLeader, "upgrade": contextUpgrade, "link": contextLink,
	"session": contextSession, "testimony": contextTestimony,
}

// boardKinds makes a body for each kind that an entry of the board may have.
var boardKinds = map[string]func() body{
	"join": func() body { return new(Join) }, "link": func() body { return new(Link) }, "keys": func() body { return new(Keys) },
	"leave": func() body { return new(Leave) }, "deny": func() body { return new(Deny) }, "end": func() body { return new(End) },
	"leader": func() body { return new(Leader) }, "upgrade": func() body { return new(Upgrade) },
}

// decodeMessage reads what an entry carries. Its signature is not yet checked.
func decodeMessage(data []byte) (Message, error) {
	var m Message
	if err := strict(data, maxKeys, &m); err != nil {
		return Message{}, err
	}
	switch {
	case boardKinds[m.Kind] == nil:
		return Message{}, fmt.Errorf("meeting: the board has no messages of kind %.20q", m.Kind)
	case m.Kind != "keys" && len(data) > maxMessage:
		return Message{}, errors.New("meeting: the message is longer than the protocol allows")
	case m.Kind == "link" && len(m.MAC) != 32, m.Kind == "join" && len(m.MAC) != 32 && len(m.MAC) != 0,
		m.Kind != "link" && m.Kind != "join" && len(m.MAC) != 0:
		return Message{}, errors.New("meeting: the message's mac has the wrong length")
	}
	return m, nil
}

var errSignature = errors.New("meeting: the signature does not hold")

// open checks the signature and reads the body. It gives who signed, and the signed bytes for hashes over them.
func open(data []byte, b body) (Signed, error) {
	var s Signed
	if err := strict(data, maxKeys, &s); err != nil {
		return Signed{}, err
	}
	if _, kind := b.meta(); !signatureHolds(s.Signer, contexts[kind], s.Body, s.Signature) {
		return Signed{}, errSignature
	}
	return s, unmarshal(s.Body, b)
}

// opened is a message whose form and signature hold.
type opened struct {
	kind   string
	body   body
	hash   Hash // under the context of its kind: J for a join
	signer Key
	mac    int // its length
}

// openMessage reads a message of the board and checks its signature.
func openMessage(data []byte) (*opened, error) {
	m, err := decodeMessage(data)
	if err != nil {
		return nil, err
	}
	b := boardKinds[m.Kind]()
	s, err := open(m.Signed, b)
	if err != nil {
		return nil, err
	}
	return &opened{kind: m.Kind, body: b, hash: hash(contexts[m.Kind], s.Body), signer: s.Signer, mac: len(m.MAC)}, nil
}
