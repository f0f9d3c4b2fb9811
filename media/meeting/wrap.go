package meeting

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
)

// Master wraps the keys of standard meetings, AES-256-GCM, so that they can lie in the database. It comes from a file beside
// the signing keys: a copy of the database, or of its write-ahead log, holds no key that could be read.
type Master struct {
	aead cipher.AEAD
	pins []byte // the key of which PINs for dialling in are made

	courier courier // of what goes between nodes
}

// NewMaster makes the master key of 32 random bytes.
func NewMaster(key [32]byte) *Master {
	return &Master{aead: sealer(key[:]), pins: derived(key, contextPIN), courier: courier{sealer(derived(key, contextNodes))}}
}

func derived(key [32]byte, context string) []byte {
	k, err := hkdf.Key(sha256.New, key[:], nil, context, sha256.Size)
	if err != nil {
		panic(err) // it is not too long
	}
	return k
}

func sealer(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// wrappedName is what a wrapped key is bound to.
//
//	[ "proffer wrapped key v1", meeting, epoch: uint ]
type wrappedName struct {
	_       struct{} `cbor:",toarray"`
	Context string
	Meeting string
	Epoch   uint64
}

func (m *Master) wrap(meeting string, epoch uint64, key [32]byte) []byte {
	return m.aead.Seal(nil, nil, key[:], encode(wrappedName{Context: contextWrapped, Meeting: meeting, Epoch: epoch}))
}

// unwrap fails where the master key is another, or the key was of another meeting or epoch.
func (m *Master) unwrap(meeting string, epoch uint64, wrapped []byte) (key [32]byte, err error) {
	raw, err := m.aead.Open(nil, nil, wrapped, encode(wrappedName{Context: contextWrapped, Meeting: meeting, Epoch: epoch}))
	if err != nil || len(raw) != len(key) {
		return key, errors.New("meeting: the wrapped key of a standard meeting does not open")
	}
	defer clear(raw)
	return [32]byte(slices.Clone(raw)), nil
}

// draw gives a fresh key of a standard meeting.
func draw() (key [32]byte) {
	rand.Read(key[:]) // never fails since Go 1.24
	return key
}
