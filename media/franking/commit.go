package franking

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// Key makes the commitments of one stream in one epoch. It may be used by several goroutines.
type Key struct {
	key [32]byte

	mu  sync.Mutex
	sum sum
}

// NewKey takes the franking key that DeriveKeys made for the same origin.
func NewKey(o Origin, key [32]byte) *Key {
	k := &Key{key: key, sum: newSum()}
	k.sum.of(&o)
	return k
}

// Commit commits to a frame:
//
//	opening    r = SHA-256(1 (4) || franking key || counter (8))
//	commitment c = SHA-256("proffer franking v2" in 32 bytes || SHA-256(origin) || r || counter (8) || time (8) || what || frame)
//
// The opening must be kept secret until the frame is reported; it tells nothing about the key or about other frames.
func (k *Key) Commit(counter, time uint64, what byte, frame []byte) (opening, commitment [32]byte) {
	opening = k.opening(counter)
	k.mu.Lock()
	defer k.mu.Unlock()
	return opening, k.sum.commit(&opening, counter, time, what, frame)
}

// opening is the one-step key derivation of NIST SP 800-56C revision 2, section 4, with SHA-256.
func (k *Key) opening(counter uint64) [32]byte {
	var b [4 + 32 + 8]byte
	b[3] = 1
	copy(b[4:], k.key[:])
	binary.BigEndian.PutUint64(b[36:], counter)
	return sha256.Sum256(b[:])
}
