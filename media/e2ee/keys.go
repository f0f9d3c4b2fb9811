package e2ee

import (
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"slices"
)

// Sizes of a box (§3.2): what MLKEM768-X25519 encapsulates, and two secrets with a tag.
const (
	hpkeEnc    = 1120
	ciphertext = 2*32 + 16
)

// Keys hands an epoch's secret to everyone but the leader (§3.2).
//
//	keys = [ "keys", meeting, term: uint, epoch: uint, link: bstr .size 32, boxes: [ 1* box ] ]
type Keys struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Term    uint64
	Epoch   uint64
	Link    Hash // of the link that named the epoch first
	Boxes   []Box
}

// Box is the secret for one join.
//
//	box = [ to: J, live: bstr .size 16, enc: bstr .size 1120, ciphertext: bstr .size 80 ]
type Box struct {
	_          struct{} `cbor:",toarray"`
	To         J
	Live       [16]byte // the newest liveness nonce of the receiver
	Enc        []byte   // 1120 bytes: not an array, since those are decoded byte by byte
	Ciphertext []byte   // 80 bytes
}

func (k *Keys) meta() (*string, string) { return &k.Kind, "keys" }

func (k *Keys) check() error {
	if len(k.Boxes) < 1 || len(k.Boxes) > maxMembers {
		return errors.New("e2ee: keys have 1 to 1,000 boxes")
	}
	for _, b := range k.Boxes {
		if len(b.Enc) != hpkeEnc || len(b.Ciphertext) != ciphertext {
			return errors.New("e2ee: a box has the wrong size")
		}
	}
	return firstError(meetingNumber(k.Meeting), between(1, maxTerm, k.Term), between(1, maxEpoch, k.Epoch))
}

// boxInfo is the HPKE info of a box: everything that the secret is bound to (§3.2).
//
//	info = [ "proffer epoch secret v1", meeting, term, epoch, leader: J, to: J, link ]
type boxInfo struct {
	_       struct{} `cbor:",toarray"`
	Context string
	Meeting string
	Term    uint64
	Epoch   uint64
	Leader  J
	To      J
	Link    Hash
}

func infoOf(l *LinkBody, named Hash, to J) []byte {
	return encode(boxInfo{Context: contextBox, Meeting: l.Meeting, Term: l.Term, Epoch: l.Epoch, Leader: l.Leader, To: to, Link: named})
}

// sealBox seals an epoch's secret and the link's secret to a join.
func sealBox(to hpke.PublicKey, info []byte, j J, live [16]byte, epoch, link Secret) (Box, error) {
	out, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), info, slices.Concat(epoch[:], link[:]))
	if err != nil {
		return Box{}, err
	}
	return Box{To: j, Live: live, Enc: out[:hpkeEnc], Ciphertext: out[hpkeEnc:]}, nil
}

// open gives the two secrets of a box.
func (b *Box) open(k hpke.PrivateKey, info []byte) (epoch, link Secret, err error) {
	out, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info, slices.Concat(b.Enc, b.Ciphertext))
	if err != nil {
		return Secret{}, Secret{}, err
	}
	return Secret(out[:32]), Secret(out[32:]), nil
}

// commitment ties a list link to its epoch secret (§4).
//
//	hash(context, len(meeting) (1) || meeting || term (8) || epoch (8) || epoch secret (32))
func commitment(meeting string, term, epoch uint64, secret Secret) Hash {
	b := append([]byte{byte(len(meeting))}, meeting...)
	b = binary.BigEndian.AppendUint64(b, term)
	b = binary.BigEndian.AppendUint64(b, epoch)
	return hash(contextCommitment, append(b, secret[:]...))
}
