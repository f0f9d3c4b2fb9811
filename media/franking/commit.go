package franking

import (
	"encoding/binary"
	"sync"
)

// Key makes the commitments of one stream in one epoch. It may be used by several goroutines.
type Key struct {
	key    [32]byte
	stream uint64
	origin []byte // the first part of every header

	mu  sync.Mutex // over both below, which are kept so that a frame costs no allocation
	mac *mac
	buf []byte
}

// NewKey takes the franking key that DeriveKeys made for the same origin.
func NewKey(o Origin, key [32]byte) *Key {
	return &Key{key: key, stream: uint64(o.Stream), origin: o.appendOrigin(nil), mac: newMAC()}
}

// Commit commits to a frame:
//
//	opening    r = HMAC-SHA256(franking key, stream (8) || counter (8))
//	commitment c = HMAC-SHA256(r, "proffer franking v1" || lp(hdr) || plaintext)
//
// The opening must be kept secret until the frame is reported; it tells nothing about the key or about other frames.
func (k *Key) Commit(counter, time uint64, what byte, prefix, plaintext []byte) (opening, commitment [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buf = binary.BigEndian.AppendUint64(k.buf[:0], k.stream)
	k.buf = binary.BigEndian.AppendUint64(k.buf, counter)
	opening = k.mac.sum(&k.key, k.buf)

	k.buf = append(k.buf[:0], k.origin...)
	k.buf = appendFrame(k.buf, counter, time, what, prefix, len(plaintext))
	return opening, k.mac.commit(&opening, k.buf, plaintext)
}
