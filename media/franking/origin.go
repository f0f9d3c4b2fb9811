package franking

import (
	"crypto/hkdf"
	"crypto/sha512"
)

// Contexts of PROTOCOL.md section 12.
const (
	contextCommitment  = "proffer franking v2"
	contextBaseKey     = "proffer base key v1"
	contextFrankingKey = "proffer franking key v1"
	contextRun         = "proffer run v1"
	contextStamp       = "proffer stamp v1"
	contextNotaryKey   = "proffer notary key v1"
)

// Origin is where frames come from: one stream of one join in one epoch of a meeting.
type Origin struct {
	Meeting string // its number
	Term    uint16
	Epoch   uint32
	Device  [32]byte // Ed25519 public key
	Join    [32]byte // J
	Stream  uint16
}

// appendTo appends what commitments name the origin by: cbor([ meeting, term, epoch, device, J, stream ]).
func (o *Origin) appendTo(dst []byte) []byte {
	dst = appendHead(dst, majorArray, 6)
	dst = appendText(dst, o.Meeting)
	dst = appendUint(dst, uint64(o.Term))
	dst = appendUint(dst, uint64(o.Epoch))
	dst = appendBytes(dst, o.Device[:])
	dst = appendBytes(dst, o.Join[:])
	return appendUint(dst, uint64(o.Stream))
}

// DeriveKeys makes the two keys of a stream from its epoch's secret and the hash of the link that named the epoch first (PROTOCOL.md
// section 5): base is for media/sframe.NewKey, franking for NewKey.
func (o Origin) DeriveKeys(secret []byte, link [32]byte) (base, franking [32]byte, err error) {
	prk, err := hkdf.Extract(sha512.New, secret, nil)
	if err != nil {
		return base, franking, err
	}
	if base, err = o.expand(prk, contextBaseKey, link); err != nil {
		return base, franking, err
	}
	franking, err = o.expand(prk, contextFrankingKey, link)
	return base, franking, err
}

func (o Origin) expand(prk []byte, label string, link [32]byte) ([32]byte, error) {
	info := appendHead(nil, majorArray, 5)
	info = appendText(info, label)
	info = appendText(info, o.Meeting)
	info = appendBytes(info, link[:])
	info = appendBytes(info, o.Join[:])
	info = appendUint(info, uint64(o.Stream))
	key, err := hkdf.Expand(sha512.New, prk, string(info), 32)
	if err != nil {
		return [32]byte{}, err
	}
	return [32]byte(key), nil
}
