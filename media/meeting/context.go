package meeting

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
)

// The context strings of §12 that the server has a use for. Each is used for one thing.
const (
	contextCertificate = "proffer certificate v1"
	contextJoin        = "proffer join v1"
	contextKeys        = "proffer keys v1"
	contextLive        = "proffer live v1"
	contextLeave       = "proffer leave v1"
	contextDeny        = "proffer deny v1"
	contextEnd         = "proffer end v1"
	contextLeader      = "proffer leader v1"
	contextUpgrade     = "proffer upgrade v1"
	contextLink        = "proffer link list v1"
	contextSession     = "proffer session v1"
	contextTestimony   = "proffer testimony v1"
	contextWrapped     = "proffer wrapped key v1"
	contextPIN         = "proffer dial-in pin v1"
	contextNodes       = "proffer between nodes v1"
)

type (
	// Hash is what the hash of §1 gives.
	Hash [32]byte
	// J names a join: the hash of its body (§3.1).
	J [32]byte
	// Key is an Ed25519 public key; a device's key is its name (§2).
	Key [32]byte
)

// Identity is the join's name as a participant of the media server's room: its first 32 hex digits (§10).
func (j J) Identity() string { return hex.EncodeToString(j[:16]) }

// hash is hash(context, x) of §1.
func hash(context string, x []byte) Hash {
	c := sha256.Sum256([]byte(context))
	return sha256.Sum256(append(c[:], x...))
}

// toSign is what Ed25519 signs (§1).
func toSign(context string, x []byte) []byte {
	c, h := sha256.Sum256([]byte(context)), sha256.Sum256(x)
	return append(c[:], h[:]...)
}

func signatureHolds(key Key, context string, x []byte, signature [64]byte) bool {
	return ed25519.Verify(key[:], toSign(context, x), signature[:])
}
