package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"slices"
)

// The cipher suite, RFC 9605 section 4.5: AES_256_GCM_SHA512_128.
const (
	suite     = 0x0005
	keySize   = 32 // Nk
	nonceSize = 12 // Nn
	tagSize   = 16 // Nt
)

var (
	errOtherKey = errors.New("sframe: the frame names another key")
	errOpen     = errors.New("sframe: the frame does not open: another key wrote it, or it was changed")
)

// Key is what one key identifier stands for: the keys of RFC 9605 section 4.4.2. It may be used by several goroutines at once. It
// keeps no counter: whoever seals must never use one twice (a Sender sees to it).
type Key struct {
	kid  uint64
	aead cipher.AEAD
	salt [nonceSize]byte
}

// NewKey derives the key and salt of a key identifier from a base key (RFC 9605 section 4.4.2).
func NewKey(baseKey []byte, kid uint64) (*Key, error) {
	key, salt, err := deriveKeySalt(baseKey, kid)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	k := &Key{kid: kid, salt: [nonceSize]byte(salt)}
	k.aead, err = cipher.NewGCM(block)
	return k, err
}

func deriveKeySalt(baseKey []byte, kid uint64) (key, salt []byte, err error) {
	secret, err := hkdf.Extract(sha512.New, baseKey, nil)
	if err != nil {
		return nil, nil, err
	}
	if key, err = hkdf.Expand(sha512.New, secret, label("key ", kid), keySize); err != nil {
		return nil, nil, err
	}
	salt, err = hkdf.Expand(sha512.New, secret, label("salt ", kid), nonceSize)
	return key, salt, err
}

// label is "SFrame 1.0 Secret key " || KID (8) || cipher suite (2), or the same for the salt.
func label(what string, kid uint64) string {
	b := binary.BigEndian.AppendUint64([]byte("SFrame 1.0 Secret "+what), kid)
	return string(binary.BigEndian.AppendUint16(b, suite))
}

// Seal appends header, ciphertext and tag of one frame to dst (RFC 9605 section 4.4.3).
func (k *Key) Seal(dst []byte, counter uint64, metadata, plaintext []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, maxHeader+len(plaintext)+tagSize+k.scratch(metadata))
	dst = AppendHeader(dst, k.kid, counter)
	nonce, aad := k.inputs(dst[len(dst)+len(plaintext)+tagSize:cap(dst)], dst[start:], metadata, counter)
	return k.aead.Seal(dst, nonce, plaintext, aad)
}

// Open appends the plaintext of one frame to dst (RFC 9605 section 4.4.4), where frame is header, ciphertext and tag.
func (k *Key) Open(dst, frame, metadata []byte) ([]byte, error) {
	h, err := ParseHeader(frame)
	if err != nil {
		return dst, err
	}
	if h.KID != k.kid {
		return dst, errOtherKey
	}
	sealed := frame[h.Size:]
	grown := slices.Grow(dst, len(sealed)+k.scratch(metadata))
	nonce, aad := k.inputs(grown[len(dst)+len(sealed):cap(grown)], frame[:h.Size], metadata, h.Counter)
	plain, err := k.aead.Open(grown, nonce, sealed, aad)
	if err != nil {
		return dst, errOpen
	}
	return plain, nil
}

// scratch is how much room inputs needs.
func (k *Key) scratch(metadata []byte) int { return nonceSize + maxHeader + len(metadata) }

// inputs writes nonce and additional data into room, which is the unused end of the caller's buffer: a cipher.AEAD lets its
// arguments escape, so that anything made here would cost an allocation a frame.
func (k *Key) inputs(room, header, metadata []byte, counter uint64) (nonce, aad []byte) {
	nonce = append(room[:0], k.salt[:]...) // section 4.4.3: nonce = sframe_salt XOR CTR, as long as Nn
	last := nonce[nonceSize-8:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)^counter)
	aad = append(nonce[nonceSize:], header...) // section 4.4.3: aad = header + metadata
	return nonce, append(aad, metadata...)
}
