package franking

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// mac is HMAC-SHA256 (RFC 2104) with keys of 32 bytes. crypto/hmac allocates for every key, and here every frame has its own.
type mac struct {
	hash  hash.Hash
	block [sha256.BlockSize]byte           // the key, padded
	inner [sha256.Size]byte                // what the inner hash gave
	lp    [len(contextCommitment) + 4]byte // context, and the length of what follows
}

func newMAC() *mac { return &mac{hash: sha256.New()} }

func (m *mac) sum(key *[32]byte, parts ...[]byte) [sha256.Size]byte {
	m.pad(key, 0x36)
	for _, p := range parts {
		m.hash.Write(p)
	}
	m.hash.Sum(m.inner[:0])
	m.pad(key, 0x5c)
	m.hash.Write(m.inner[:])
	m.hash.Sum(m.inner[:0])
	return m.inner
}

// pad starts the hash with the key XORed with a repeated byte.
func (m *mac) pad(key *[32]byte, b byte) {
	for i := range m.block {
		m.block[i] = b
	}
	for i, k := range key {
		m.block[i] ^= k
	}
	m.hash.Reset()
	m.hash.Write(m.block[:])
}

func (m *mac) commit(opening *[32]byte, header, plaintext []byte) [sha256.Size]byte {
	n := copy(m.lp[:], contextCommitment)
	binary.BigEndian.PutUint32(m.lp[n:], uint32(len(header)))
	return m.sum(opening, m.lp[:], header, plaintext)
}
