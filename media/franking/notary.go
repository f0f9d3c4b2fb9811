package franking

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"time"
)

// Sender is whose session a run came in: what a stamp says beside the run itself.
type Sender struct {
	Meeting string   // its number
	Account string   // "" for guests and connectors
	Device  [32]byte // Ed25519 public key; zeros for connectors
	Join    [32]byte // J
}

// Stamp is the notary's word for when it received a run, and in whose session.
type Stamp struct {
	Key uint64 // names the notary's key: generation of the secret << 20 | days since 1970-01-01
	At  uint64 // milliseconds
	MAC [32]byte
}

// NotaryKey is the notary's key of one day.
type NotaryKey [32]byte

// keyOfDay is how far the generation stands above the day in the name of a key.
const keyOfDay = 20

// Notary stamps runs. It keeps nothing but its secrets, so that any server that has them can stamp and check. It may be used by several
// goroutines.
type Notary struct{ secrets [][32]byte }

// NewNotary takes the secrets of all generations; the last one stamps, the others check what they stamped.
func NewNotary(secrets ...[32]byte) *Notary { return &Notary{secrets} }

// Key gives the key that a stamp names; false where there is no such generation.
func (n *Notary) Key(key uint64) (NotaryKey, bool) {
	generation := Generation(key)
	if generation >= uint64(len(n.secrets)) {
		return NotaryKey{}, false
	}
	return KeyOf(n.secrets[generation], key), true
}

// Generation is that of the secret from which a key is derived.
func Generation(key uint64) uint64 { return key >> keyOfDay }

// KeyOf derives the key of that name from the secret of its generation.
//
//	notary key = derive(notary secret, cbor([ "proffer notary key v1", key ]), 32)
func KeyOf(secret [32]byte, key uint64) NotaryKey {
	info := appendText(appendHead(nil, majorArray, 2), contextNotaryKey)
	info = appendUint(info, key)
	b, err := hkdf.Key(sha512.New, secret[:], nil, string(info), 32)
	if err != nil {
		panic(err) // 32 bytes are never too long
	}
	return NotaryKey(b)
}

// At names the key that stamps at a time.
func (n *Notary) At(at time.Time) uint64 {
	return uint64(len(n.secrets)-1)<<keyOfDay | dayOf(uint64(at.UnixMilli()))
}

func dayOf(ms uint64) uint64 { return ms / uint64(24*time.Hour/time.Millisecond) }

// Stamp stamps a run that came in a sender's session now.
func (n *Notary) Stamp(s *Sender, r *Run, at time.Time) Stamp {
	stamp := Stamp{Key: n.At(at), At: uint64(at.UnixMilli())}
	key, _ := n.Key(stamp.Key)
	stamp.MAC = key.mac(s, r, &stamp)
	return stamp
}

// Holds tells whether a stamp is of this key, sender and run, and names a key of the day at which it says that it was made.
func (k NotaryKey) Holds(s *Sender, r *Run, stamp *Stamp) bool {
	mac := k.mac(s, r, stamp)
	return stamp.Key&(1<<keyOfDay-1) == dayOf(stamp.At) && hmac.Equal(mac[:], stamp.MAC[:])
}

// mac is mac(notary key, "proffer stamp v1", cbor([ key, meeting, account, device, J, stream, sequence, first, count, at, root ])).
func (k NotaryKey) mac(s *Sender, r *Run, stamp *Stamp) [32]byte {
	root := r.Root()
	b := make([]byte, 0, 256)
	b = appendHead(b, majorArray, 11)
	b = appendUint(b, stamp.Key)
	b = appendText(b, s.Meeting)
	b = appendText(b, s.Account)
	b = appendBytes(b, s.Device[:])
	b = appendBytes(b, s.Join[:])
	b = appendUint(b, uint64(r.Stream))
	b = appendUint(b, r.Sequence)
	b = appendUint(b, r.First)
	b = appendUint(b, uint64(r.Count()))
	b = appendUint(b, stamp.At)
	b = appendBytes(b, root[:])
	context := sha256.Sum256([]byte(contextStamp))
	m := hmac.New(sha256.New, k[:])
	m.Write(context[:])
	m.Write(b)
	return [32]byte(m.Sum(nil))
}
